"""What a run will make: parts of tables, each a run of whole blocks.

A part's bytes depend on the plan and its own block range only, never on the number of workers, the machines they run on, the order
they finish in, or an earlier run that was killed. Two runs with equal plans therefore make equal parts, and the second needs to make
only what is missing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PART_ROWS = 500_000
PART_SHOTS = 8
MOST_PARTS = 1_000_000
"""Of a run: each is a file and a line of the manifest."""


@dataclass(frozen=True)
class Part:
    """Blocks `first_block .. first_block + blocks - 1` of a table, of which the first `rows` rows are kept.

    index: among all parts of the run. number: among those of its table.
    """

    index: int
    table: str
    number: int
    first_block: int
    blocks: int
    rows: int


@dataclass(frozen=True)
class TablePlan:
    """One table of a run: `name` is "" for a generator that is no collection's. block_rows: rows in a block of its generator."""

    name: str
    rows: int
    block_rows: int
    part_blocks: int

    @property
    def part_count(self) -> int:
        """At least one: a table of no rows still has columns."""
        return max(1, -(-self.rows // (self.part_blocks * self.block_rows)))

    def part(self, number: int, index: int) -> Part:
        first_block = number * self.part_blocks
        rows = min(self.rows - first_block * self.block_rows, self.part_blocks * self.block_rows)
        return Part(index, self.name, number, first_block, max(1, -(-rows // self.block_rows)), rows)


class Difference(NamedTuple):
    """A key in which two plans differ, in the caller's words, and both its values."""

    key: str
    mine: Any
    other: Any


@dataclass(frozen=True)
class Plan:
    """Everything that decides the bytes of a run.

    generator: registry name. model: checksum of the saved model. seed, given: as handed to `Generator.block`, `given` as JSON.
    format: a name in `sinks.FORMATS`, or that of an exporter of shots with its options. tables: each after those that it refers to.
    header: whether each part of delimited text has a header line ("every") or only the first ("first", parts to be joined).
    """

    generator: str
    model: str
    seed: int
    given: Any
    format: str
    tables: tuple[TablePlan, ...]
    header: str = "every"

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def part_count(self) -> int:
        return sum(table.part_count for table in self.tables)

    def part(self, index: int) -> Part:
        before = 0
        for table in self.tables:
            if index < before + table.part_count:
                return table.part(index - before, index)
            before += table.part_count
        raise IndexError(index)

    def parts(self) -> Iterator[Part]:
        index = 0
        for table in self.tables:
            for number in range(table.part_count):
                yield table.part(number, index)
                index += 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"tables": [asdict(table) for table in self.tables]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Plan:
        return cls(**{**document, "tables": tuple(TablePlan(**table) for table in document["tables"])})

    def differences(self, other: Plan) -> list[Difference]:
        """Where two plans differ, most telling first."""
        mine, theirs = _in_words(self), _in_words(other)
        return [Difference(key, mine.get(key), theirs.get(key)) for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]


def blocks_in_part(part_rows: int | None, block_rows: int, items: str = "rows") -> int:
    """Whole blocks that hold at least `part_rows` items (500,000 rows, or 8 shots, unless told)."""
    return max(1, -(-(part_rows or (PART_ROWS if items == "rows" else PART_SHOTS)) // block_rows))


def _in_words(plan: Plan) -> dict[str, Any]:
    """The plan's keys as a caller names them."""
    keys = {key: value for key, value in plan.to_json().items() if key != "tables"}
    keys["tables"] = [table.name for table in plan.tables]
    for table in plan.tables:
        prefix = f"{table.name}: " if table.name else ""
        keys[f"{prefix}rows"] = table.rows
        keys[f"{prefix}block_rows"] = table.block_rows
        keys[f"{prefix}part_rows"] = table.part_blocks * table.block_rows
    return keys
