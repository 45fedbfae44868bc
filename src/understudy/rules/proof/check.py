"""What a check is: a named rule of a spec, and the rows that break it, said in SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Join = tuple[str, str, str, str]
Scope = Literal["row", "along", "joined", "owned", "unique", "adjacent", "rows", "none"]


@dataclass(frozen=True)
class Check:
    """One named rule of a spec.

    Attributes:
        name: `table.column.rule`, `table.rules.NAME`, `table.unique(a, b)`, `table.per.least` …
        table, columns: what it speaks of. rule: its last word. what: the rule in words.
        scope: where the rows that break it are found: in a row; in a row and its neighbours; in a row and those that it refers to; in an
            owner and what belongs to it; in all rows at once. "none": nowhere, `skipped` says why.
        broken: SQL that is true where a row breaks it. doubt: SQL conditions under which that cannot be told.
        windows: SQL of what is looked up in neighbouring rows, by name. joins: rows referred to, by alias: (of which alias,
            reference, table, key).
        child: the table whose rows belong to the owner; figures: SQL of the figures taken over them, by name.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    rule: str
    what: str
    scope: Scope = "row"
    broken: str = "false"
    doubt: tuple[str, ...] = ()
    skipped: str = ""
    windows: dict[str, str] = field(default_factory=dict)
    joins: dict[str, Join] = field(default_factory=dict)
    child: str = ""
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """SQL that is true where a row breaks the rule beyond doubt."""
        if not self.doubt:
            return self.broken
        return f"({self.broken}) AND NOT ({self.doubtful})"

    @property
    def doubtful(self) -> str:
        """SQL that is true where nothing can be told of a row."""
        return " OR ".join(f"coalesce({one}, false)" for one in self.doubt)
