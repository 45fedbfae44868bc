"""One part, made whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, cast

from understudy.run.given import given_from_json
from understudy.run.manifest import PartRecord, part_name
from understudy.run.shots import ShotWriter, is_shot_format
from understudy.run.sinks import FORMATS, as_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from understudy.core.generator import Generator
    from understudy.data.dialect import Dialect
    from understudy.run.plan import Part, Plan
    from understudy.run.store import ChecksummedFile, Store


def make_part(
    tables: Mapping[str, Generator], plan: Plan, part: Part, store: Store, told: Callable[[int], None], name: str | None = None
) -> PartRecord:
    """Make a part's blocks and write them to its file in `store`; `told` hears the rows of every block.

    Holds a few blocks at a time. SinkError when the file cannot be written; the temporary file is removed on any error.

    Args:
        tables: the generators by name; "" is the name of one that is no collection's.
        name: of the file, where it is not the part's own.
    """
    name = name or part_name(part, plan.format)
    with store.file(name) as file:
        encode_part(tables[part.table], plan, part, file, told)
    return PartRecord(name, part.rows, file.bytes, file.sha256)


def encode_part(generator: Generator, plan: Plan, part: Part, file: ChecksummedFile, told: Callable[[int], None]) -> None:
    """A part's blocks, made and written to an open file."""
    if is_shot_format(plan.format):
        _encode_shots(generator, plan, part, file, told)
        return
    dialect = text_dialect(generator, header=plan.header == "every" or part.number == 0)
    writer = FORMATS[plan.format].open(cast("BinaryIO", file), dialect)
    for frame in part_frames(generator, plan, part):
        writer.write(frame)
        told(frame.height)
    writer.close()


def _encode_shots(generator: Generator, plan: Plan, part: Part, file: ChecksummedFile, told: Callable[[int], None]) -> None:
    writer = ShotWriter(cast("BinaryIO", file), plan.format)
    start, given = part.first_block * generator.block_size, given_from_json(plan.given)
    for batch in generator.stream(part.rows, seed=plan.seed, given=given, start=start):
        for shot in batch:
            writer.write(shot)
            told(1)
    writer.close()


def text_dialect(generator: Generator, *, header: bool) -> Dialect:
    """How delimited text is written: as the file was that the generator learned from, where it says so; else the plain way.

    The encoding is always UTF-8: made-up names may hold letters that an older one lacks.
    """
    from understudy.data.dialect import Dialect

    dialect = getattr(generator, "dialect", None)
    known = dialect if isinstance(dialect, Dialect) else Dialect()
    # The mark stands at the beginning of a file; parts without a header are joined behind others.
    return replace(known, encoding="utf-8", bom=known.bom and header, header=header)


def part_frames(generator: Generator, plan: Plan, part: Part) -> Iterator[pl.DataFrame]:
    """The part's blocks as frames, the last one cut to the rows wanted; at least one frame, so that no rows still have columns."""
    start, given = part.first_block * generator.block_size, given_from_json(plan.given)
    if part.rows == 0:
        yield as_frame(generator._collect(0, seed=plan.seed, given=given), plan.generator)
    for batch in generator.stream(part.rows, seed=plan.seed, given=given, start=start):
        yield as_frame(batch, plan.generator)
