"""Dirty tables keep the contract of generators, and their labels are written beside them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import understudy as us
from understudy.core.errors import ArgumentError
from understudy.rules.dataset import Dataset
from understudy.rules.dirt import DirtyDataset, DirtyTable
from understudy.rules.spec import parse_spec
from understudy.testing import check_generator

SPEC = parse_spec("""
understudy: rules/1
seed: 5
tables:
  people:
    rows: 3000
    columns:
      id: key
      code: {type: pattern, regex: "[A-Z]{3}[0-9]{4}"}
      city: {type: choice, values: [Rome, Paris]}
      height: {type: decimal, low: 150, high: 200}
    dirt:
      - {kind: duplicate, rate: 0.05, match: entity}
      - {kind: typo, columns: [code, city], rate: 0.1}
      - {kind: unit, columns: [height], rate: 0.05, factors: [0.01]}
  visits:
    per: {table: people, count: {poisson: {mu: 1}}}
    columns:
      id: key
      person: {type: reference, to: people.id}
""")


def test_a_dirty_table_keeps_the_contract() -> None:
    data = Dataset(SPEC)
    check_generator(DirtyTable(data.tables["people"], SPEC.tables["people"].dirt, table="people"))


def test_a_dirty_data_set_is_the_clean_one_hurt() -> None:
    data = Dataset(SPEC)
    hurt = DirtyDataset(data)
    assert hurt.sizes() == {"people": 3000 + 2 * 51 + round(952 * 0.05), "visits": data.sizes()["visits"]}
    made, clean = hurt.sample(), data.sample()
    assert made["visits"].equals(clean["visits"])
    assert made["people"].height == hurt.sizes()["people"]
    labels = pl.concat(hurt.labels())
    first = made["people"].filter(pl.col("entity").is_first_distinct())
    assert first["id"].equals(clean["people"]["id"])
    changed = int((first["code"] != clean["people"]["code"]).sum() + (first["city"] != clean["people"]["city"].cast(pl.String)).sum())
    copies = labels.filter(pl.col("column").is_null())["row"]
    assert changed == labels.filter((pl.col("kind") == "typo") & ~pl.col("row").is_in(copies.implode())).height
    assert 400 < changed < 800


def test_labels_are_written_beside(tmp_path: Path) -> None:
    hurt = DirtyDataset(Dataset(SPEC))
    hurt.write(tmp_path / "shop", workers=1)
    labels = pl.read_parquet(tmp_path / "shop.labels.parquet")
    assert labels.equals(pl.concat(hurt.labels()))
    written = pl.read_parquet(tmp_path / "shop" / "people" / "*.parquet")
    assert written.height == hurt.sizes()["people"]
    some = labels.filter(pl.col("column") == "code").head(20)
    assert written["code"].gather(some["row"]).to_list() == some["dirty"].to_list()
    with pytest.raises(ArgumentError, match="labels"):
        hurt.write("-")


def test_a_dirty_data_set_is_saved_and_loaded(tmp_path: Path) -> None:
    hurt = DirtyDataset(Dataset(SPEC))
    hurt.save(tmp_path / "dirty.understudy")
    again = us.load(tmp_path / "dirty.understudy")
    assert again.tables["people"].sample(50).equals(hurt.tables["people"].sample(50))
