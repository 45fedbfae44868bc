"""What a run will make: parts, each a run of whole blocks.

A part's bytes depend on the plan and its own block range only, never on the number of workers, the order they finish in, or an
earlier run that was killed. Two runs with equal plans therefore make equal parts, and the second needs to make only what is missing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PART_ROWS = 500_000


@dataclass(frozen=True)
class Part:
    """Blocks `first_block .. first_block + blocks - 1`, of which the first `rows` rows are kept."""

    index: int
    first_block: int
    blocks: int
    rows: int


@dataclass(frozen=True)
class Plan:
    """Everything that decides the bytes of a run.

    generator: registry name. model: checksum of the saved model. seed, given: as handed to `Generator.block`, `given` as JSON.
    rows: in all. block_rows: rows in a block of this generator. part_blocks: blocks in a part. format: a name in `sinks.FORMATS`.
    header: whether each part of delimited text has a header line ("every") or only the first ("first", parts to be joined).
    """

    generator: str
    model: str
    seed: int
    given: Any
    rows: int
    block_rows: int
    part_blocks: int
    format: str
    header: str = "every"

    @property
    def part_count(self) -> int:
        """At least one: a table of no rows still has columns."""
        return max(1, -(-self.rows // (self.part_blocks * self.block_rows)))

    def part(self, index: int) -> Part:
        first_block = index * self.part_blocks
        rows = min(self.rows - first_block * self.block_rows, self.part_blocks * self.block_rows)
        return Part(index, first_block, max(1, -(-rows // self.block_rows)), rows)

    def parts(self) -> Iterator[Part]:
        return (self.part(index) for index in range(self.part_count))

    def differences(self, other: Plan) -> list[str]:
        """Names of the keys in which two plans differ, most telling first."""
        mine, theirs = asdict(self), asdict(other)
        return [key for key in mine if mine[key] != theirs[key]]


def blocks_in_part(part_rows: int | None, block_rows: int) -> int:
    """Whole blocks that hold at least `part_rows` rows (500,000 unless told)."""
    return max(1, -(-(part_rows or PART_ROWS) // block_rows))
