"""What a proof found: one row a check, one row a test of a distribution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from understudy.core.atomic import atomic_file
from understudy.core.errors import ArgumentError


class Checked(BaseModel):
    """A rule and how many rows break it.

    rows: that were looked at. violations: that break it. doubtful: in which two engines may differ, so that nothing is said of them.
    examples: keys of rows that break it. skipped: why it was not re-checked. seconds: of its share of the query that it was part of.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    table: str
    columns: list[str]
    what: str
    rows: int = 0
    violations: int = 0
    doubtful: int = 0
    examples: list[dict[str, Any]] = Field(default_factory=list)
    sql: str = ""
    seconds: float = 0.0
    skipped: str = ""
    failed: bool = False


class Tested(BaseModel):
    """A test of a distribution. p: of the data under the law; adjusted: for the number of tests (Holm); passed: above the level."""

    model_config = ConfigDict(extra="forbid")

    name: str
    table: str
    columns: list[str]
    what: str
    test: str
    rows: int = 0
    statistic: float | None = None
    expected: float | None = None
    observed: float | None = None
    p: float | None = None
    adjusted: float | None = None
    passed: bool = True
    skipped: str = ""


class Keys(BaseModel):
    """The integrity of keys in figures: how many rows and references were looked at, and how many do not hold."""

    model_config = ConfigDict(extra="forbid")

    unique_sets: int
    repeated: int
    references: int
    references_checked: int
    dangling: int


class Proof(BaseModel):
    """What was proven of an output: every rule of its spec by SQL of its own, and the distributions by tests.

    target: what was looked at. rows: of each table. seconds, cpu_seconds: that it took. level: of all tests together.
    """

    model_config = ConfigDict(extra="forbid")

    spec: str
    target: str
    rows: dict[str, int]
    checks: list[Checked]
    distribution: list[Tested]
    level: float
    seconds: float
    cpu_seconds: float
    versions: dict[str, str]

    @property
    def violations(self) -> int:
        """Rows that break a rule, over all rules."""
        return sum(check.violations for check in self.checks)

    @property
    def broken(self) -> list[Checked]:
        """The rules that rows break."""
        return [check for check in self.checks if check.violations]

    @property
    def unchecked(self) -> list[Checked]:
        """The rules that were not checked again, each with its reason."""
        return [check for check in self.checks if check.skipped]

    @property
    def unlikely(self) -> list[Tested]:
        """The distributions that are not as declared."""
        return [test for test in self.distribution if not test.passed]

    @property
    def ok(self) -> bool:
        """No row breaks a rule, no check failed to run, and no distribution is other than declared."""
        return self.violations == 0 and not self.unlikely and not any(check.failed for check in self.checks)

    @property
    def keys(self) -> Keys:
        sets = [check for check in self.checks if not check.skipped and (".unique" in check.name or ".key(" in check.name)]
        references = [check for check in self.checks if check.name.endswith(".reference") and not check.skipped]
        return Keys(
            unique_sets=len(sets),
            repeated=sum(check.violations for check in sets),
            references=len(references),
            references_checked=sum(check.rows for check in references),
            dangling=sum(check.violations for check in references),
        )

    def check(self, name: str) -> Checked:
        """A check by its name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise ArgumentError(f'There is no check "{name}".')

    def to_json(self) -> str:
        """As JSON, with `ok`, `violations` and the figures of keys."""
        import json

        content = {"ok": self.ok, "violations": self.violations, "keys": self.keys.model_dump(), **self.model_dump(mode="json")}
        return json.dumps(content, indent=1, ensure_ascii=False)

    def to_html(self) -> str:
        """As one page that needs no other file."""
        from understudy.rules.proof.page import render

        return render(self)

    def save(self, path: str | Path) -> None:
        """Write `proof.html` or `proof.json`."""
        target = Path(path)
        makers = {".html": self.to_html, ".json": self.to_json}
        if target.suffix not in makers:
            raise ArgumentError(f'"{target.name}" is neither a page nor JSON.', remedy="Name it proof.html or proof.json.")
        with atomic_file(target) as file:
            file.write(makers[target.suffix]().encode("utf-8", "replace"))

    def __str__(self) -> str:
        unsaid = f", {len(self.unchecked)} not re-checked" if self.unchecked else ""
        unlikely = f", {len(self.unlikely)} distributions not as declared" if self.unlikely else ""
        return f"{self.violations:,} violations of {len(self.checks)} rules in {sum(self.rows.values()):,} rows{unsaid}{unlikely}"
