import gzip
import io

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from understudy.core.errors import SinkError
from understudy.data.columnar_writers import ROW_GROUP_ROWS
from understudy.data.dialect import Dialect
from understudy.run.sinks import FORMATS, as_frame

FRAME = pl.DataFrame(
    {
        "n": [1, None, 3],
        "text": ["a,b", "", None],
        "level": pl.Series(["low", "high", "low"], dtype=pl.Enum(["low", "high"])),
        "category": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
        "day": pl.Series(["2020-01-01", None, "2020-12-31"]).str.to_date(),
    }
)


PLAIN = Dialect()
PLAIN_FORMATS = [name for name, form in FORMATS.items() if form.told_by_suffix and name not in ("conll", "spacy")]


def encoded(name, frames, dialect=PLAIN):
    file = io.BytesIO()
    writer = FORMATS[name].open(file, dialect)
    for frame in frames:
        writer.write(frame)
    writer.close()
    return file.getvalue()


def read(name, content):
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    if name.startswith("parquet"):
        return pl.read_parquet(io.BytesIO(content))
    if name.startswith("arrow"):
        return pl.read_ipc(io.BytesIO(content))
    if name == "jsonl.zst":
        content = pa.input_stream(io.BytesIO(content), compression="zstd").read()
    if name.startswith("jsonl"):
        return pl.read_ndjson(io.BytesIO(content))
    options = arrow_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    parse = arrow_csv.ParseOptions(delimiter="\t" if name.startswith("tsv") else ",")
    stream = pa.input_stream(io.BytesIO(content), compression="zstd" if name.endswith(".zst") else None)
    return pl.from_arrow(arrow_csv.read_csv(stream, parse_options=parse, convert_options=options))


@pytest.mark.parametrize("name", PLAIN_FORMATS)
def test_a_format_gives_back_every_cell(name):
    back = read(name, encoded(name, [FRAME, FRAME]))
    texts = [pl.col(column).cast(pl.String) for column in FRAME.columns]
    assert back.select(texts).rows() == pl.concat([FRAME, FRAME]).select(texts).rows()


@pytest.mark.parametrize("name", PLAIN_FORMATS)
def test_equal_frames_give_equal_bytes(name):
    assert encoded(name, [FRAME]) == encoded(name, [FRAME])


def test_parquet_keeps_types_and_gathers_blocks_into_row_groups():
    block = pl.DataFrame({"n": range(ROW_GROUP_ROWS // 4)})
    content = encoded("parquet", [block] * 6)
    file = pq.ParquetFile(io.BytesIO(content))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS // 2]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert pl.read_parquet(io.BytesIO(encoded("parquet", [FRAME]))).schema["level"] == FRAME.schema["level"]


def test_delimited_text_without_a_header_begins_with_the_first_row():
    assert encoded("csv", [FRAME], Dialect(header=False)).startswith(b"1,")


def test_only_tables_are_written():
    with pytest.raises(SinkError, match="list blocks"):
        as_frame([1, 2], "dice")


def test_delimited_text_follows_the_dialect_of_the_source():
    frame = pl.DataFrame({"a": [True, False], "b": ["x", None]})
    dialect = Dialect(delimiter=";", spellings={"a": ("nein", "ja")}, bom=True)
    assert encoded("csv", [frame, frame], dialect).decode("utf-8-sig") == "a;b\nja;x\nnein;\nja;x\nnein;\n"
    assert encoded("tsv", [frame], dialect).decode("utf-8-sig").startswith("a\tb\nja\t")
