"""From a file through a model to files and databases, as the file was written."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from understudy.core.generator import load
from understudy.data import read
from understudy.run import write
from understudy.tabular.independent import Independent

HEADER = ["amount", "paid", "day"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Semicolons, decimal commas, TRUE and FALSE, a byte-order mark and Windows line ends, as a spreadsheet writes it."""
    path = tmp_path_factory.mktemp("source") / "orders.csv"
    rows = [f"{1000 + 37 * i % 900},{i % 100:02d};{'TRUE' if i % 3 else 'FALSE'};2021-0{1 + i % 9}-1{i % 9}" for i in range(300)]
    path.write_bytes("\r\n".join([";".join(HEADER), *rows, ""]).encode("utf-8-sig"))
    return path


@pytest.fixture(scope="module")
def saved(source: Path) -> Path:
    path = source.parent / "orders.understudy"
    Independent().fit(source).save(path)
    return path


def test_a_model_remembers_how_its_source_was_written(source: Path, saved: Path) -> None:
    model = load(saved)
    assert isinstance(model, Independent)
    assert model.dialect == read(source).dialect
    assert model.dialect is not None
    assert (model.dialect.delimiter, model.dialect.spellings["paid"]) == (";", ("FALSE", "TRUE"))


def test_a_model_of_a_frame_has_no_dialect(tmp_path: Path) -> None:
    Independent().fit(pl.DataFrame({"a": list(range(60))})).save(tmp_path / "m")
    assert load(tmp_path / "m").dialect is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 2])
def test_delimited_text_is_written_as_the_source_was(saved: Path, tmp_path: Path, workers: int) -> None:
    write(load(saved), 30_000, tmp_path / "fake.csv", workers=workers, part_rows=10_000)
    content = (tmp_path / "fake.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfamount;paid;day\r\n")
    assert content.count(b"\xef\xbb\xbf") == 1
    header, *rows = csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";")
    assert header == HEADER
    assert len(rows) == 30_000
    assert {paid for _, paid, _ in rows} == {"TRUE", "FALSE"}
    assert all("," in amount and "." not in amount for amount, _, _ in rows)


def test_what_was_written_reads_back_as_the_source_reads(source: Path, saved: Path, tmp_path: Path) -> None:
    write(load(saved), 200, tmp_path / "fake.csv")
    assert read(tmp_path / "fake.csv").frame.equals(load(saved).sample(200))
    assert read(tmp_path / "fake.csv").frame.schema == read(source).frame.schema


def _into_a_database(saved: Path, url: str) -> None:
    manifest = write(load(saved), 10_000, url, seed=3)
    assert manifest.rows == 10_000
    # SQLite keeps true and false as 1 and 0, which are equal to them.
    assert read(url).frame.rows() == load(saved).sample(10_000, seed=3).rows()


def test_a_learned_table_goes_into_sqlite(saved: Path, tmp_path: Path) -> None:
    _into_a_database(saved, f"sqlite:///{tmp_path / 'shop.db'}#orders")


@pytest.mark.postgres
def test_a_learned_table_goes_into_postgresql(saved: Path, postgres: str) -> None:
    _into_a_database(saved, f"{postgres}#learned_orders")
