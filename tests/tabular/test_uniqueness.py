"""Keys that do not repeat, whatever the number of blocks; and how many of them there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy
from understudy.core.errors import ConstraintError
from understudy.core.random import Stream
from understudy.data.constraints import Range, Unique, check
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular import uniqueness
from understudy.tabular.independent import Independent
from understudy.tabular.uniqueness import Registry, Uniqueness, capacity, first_of_each, hashed

COLUMNS = {name: ColumnSchema(name=name, kind="categorical") for name in ("a", "b")} | {
    "n": ColumnSchema(name="n", kind="integer", dtype="Int64")
}


def shops(rows: int = 800, seed: int = 0) -> pl.DataFrame:
    g = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "n": g.integers(0, 10**6, rows),
            "shop": g.choice(list("abcde"), rows, p=[0.3, 0.2, 0.2, 0.15, 0.15]),
            "month": [f"{m:02d}" for m in g.integers(1, 13, rows)],
            "day": pl.Series(g.integers(1, 1000, rows)).set(pl.Series(g.random(rows) < 0.3), None),
            "x": np.round(g.normal(0, 1, rows), 2),
        }
    )


def schema(*rules: object) -> TableSchema:
    kinds = {"n": "integer", "shop": "categorical", "month": "categorical", "day": "integer", "x": "decimal"}
    dtypes = {"integer": "Int64", "decimal": "Float64"}
    columns = [
        ColumnSchema.model_validate({"name": n, "kind": k, "dtype": dtypes.get(k, "String"), **({"decimals": 2} if n == "x" else {})})
        for n, k in kinds.items()
    ]
    return TableSchema.model_validate({"columns": columns, "constraints": list(rules)})


def fitted(*rules: object, rows: int = 800) -> Independent:
    return Independent().fit(shops(rows), schema=schema(*rules), seed=1)


def test_hashes_tell_keys_apart_and_are_the_same_everywhere() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "xy", None], "b": ["yz", "y", "z", "q"]})
    keys, there = hashed(frame, ("a", "b"), COLUMNS)
    assert len(set(keys.tolist())) == 4
    assert there.tolist() == [True, True, True, False]
    assert int(hashed(frame.head(1), ("a",), COLUMNS)[0][0]) == int(hashed(frame, ("a",), COLUMNS)[0][1])


def test_the_first_of_each_key_is_kept() -> None:
    keys = np.array([5, 3, 5, 9, 3], np.uint64)
    assert first_of_each(keys, np.array([9], np.uint64)).tolist() == [True, True, False, False, False]


def test_every_key_belongs_to_one_block_and_rows_without_a_key_to_all_alike() -> None:
    unique = Uniqueness((("n",),), 4_000, 4, 0)
    frame = pl.DataFrame({"n": np.arange(4_000)})
    owned = [Registry(unique, block, COLUMNS, Stream(3).child("block", block)).admitted(frame) for block in range(4)]
    assert (np.sum(owned, axis=0) == 1).all()
    assert all(900 < mask.sum() < 1_100 for mask in owned)
    nothing = pl.DataFrame({"n": [None] * 4_000}, schema={"n": pl.Int64})
    shares = [Registry(unique, block, COLUMNS, Stream(3).child("block", block)).admitted(nothing).mean() for block in range(4)]
    assert all(0.2 < share < 0.3 for share in shares)


def test_a_registry_remembers_what_it_admitted() -> None:
    registry = Registry(Uniqueness((("a",), ("b",)), 10, 1, 0), 0, COLUMNS, Stream(0))
    first = pl.DataFrame({"a": ["x", "y", "x"], "b": ["1", "1", "2"]})
    assert registry.admitted(first).tolist() == [True, False, False]
    assert registry.admitted(pl.DataFrame({"a": ["y", "x"], "b": ["2", "3"]})).tolist() == [True, False]


@pytest.mark.parametrize("law", ["even", "uneven", "known"])
def test_capacity_is_near_what_can_be_had_and_not_above_it(law: str) -> None:
    g = np.random.default_rng(0)
    size = {"even": 5_000, "uneven": 5_000, "known": 50}[law]
    weights = 1.0 / np.arange(1, size + 1) if law == "uneven" else np.ones(size)
    wanted = 4_000
    draws = g.choice(size, 10 * wanted, p=weights / weights.sum()).astype(np.uint64)
    found = capacity(draws[:wanted], np.ones(wanted, bool), wanted)
    real = len(np.unique(draws[: 4 * wanted]))
    assert found == min(size, wanted) if law == "known" else 0.25 * min(real, wanted) < found <= real


def test_keys_do_not_repeat_in_many_blocks_and_the_head_stays_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uniqueness, "LARGEST_BLOCK", 1_000)
    rules = [Unique(columns=["n"], most=5_000), Range(column="n", high=900_000)]
    model = fitted(*rules)
    assert model.block_size <= 1_000
    most = model.constraints.unique.rows  # type: ignore[union-attr]
    made = model.sample(most, seed=2)
    assert made["n"].n_unique() == most > 4_000
    assert check(made, rules) == [0, 0]
    assert model.sample(1_500, seed=2).equals(made.head(1_500))
    assert pl.concat(model.stream(1_500, seed=2, start=1_700)).equals(made.slice(1_700, 1_500))
    assert set(made["n"]).isdisjoint(set(made["n"]) - set(made["n"]))
    assert not model.sample(100, seed=3).equals(made.head(100))


def test_missing_keys_may_repeat_and_stay_as_frequent() -> None:
    model = fitted(Unique(columns=["day", "shop"], most=1_500))
    made = model.sample(1_500)
    assert made.drop_nulls("day").select("day", "shop").is_unique().all()
    assert 0.22 < made["day"].null_count() / made.height < 0.45


def test_all_of_a_small_set_of_keys_can_be_had_and_no_more(tmp_path: Path) -> None:
    model = fitted(Unique(columns=["shop", "month"]))
    made = model.sample(60)
    assert made.select("shop", "month").n_unique() == 60
    for refuse in (lambda: model.sample(61), lambda: model.write(61, tmp_path / "rows.csv"), lambda: model.stream(61)):
        with pytest.raises(ConstraintError, match=r"at most 60 can be made: no two of them may have the same shop and month"):
            refuse()
    assert not (tmp_path / "rows.csv").exists()
    assert sum(batch.height for batch in model.stream()) == 60


def test_conditions_leave_fewer_keys_and_more_are_refused() -> None:
    model = fitted(Unique(columns=["shop", "month"]))
    assert model.sample(12, given={"shop": "e"})["month"].n_unique() == 12
    with pytest.raises(ConstraintError, match="at most 12 can be made"):
        model.sample(13, given={"shop": "e"})


def test_a_saved_model_keeps_its_blocks(tmp_path: Path) -> None:
    model = fitted(Unique(columns=["shop", "month"]))
    model.save(tmp_path / "m.understudy")
    again = understudy.load(tmp_path / "m.understudy")
    assert again.block_size == model.block_size == 60
    assert again.sample(60, seed=4).equals(model.sample(60, seed=4))


def test_what_is_made_anew_is_unique_by_construction_or_refused() -> None:
    g = np.random.default_rng(0)
    groups = np.repeat(np.arange(150), 4)
    frame = pl.DataFrame({"who": [f"P-{k * 37 % 9_000 + 1_000:04d}" for k in groups], "x": np.round(g.normal(0, 1, 600), 2)})
    columns = [ColumnSchema(name="who", kind="identifier"), ColumnSchema(name="x", kind="decimal", decimals=2, dtype="Float64")]

    def fit(*rules: object) -> Independent:
        return Independent().fit(frame, schema=TableSchema.model_validate({"columns": columns, "constraints": list(rules)}), seed=1)

    assert fit().sample(400)["who"].n_unique() < 400
    alone = fit(Unique(columns=["who"]))
    assert alone.sample(4_000)["who"].n_unique() == 4_000
    assert any("450 rows of the source" in note for note in alone.record.notes)  # type: ignore[union-attr]
    with pytest.raises(ConstraintError, match='"who" are made anew .* and repeat'):
        fit(Unique(columns=["who", "x"]))


def test_conditions_over_many_blocks_give_a_block_its_share_of_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uniqueness, "LARGEST_BLOCK", 500)
    model = fitted(Unique(columns=["n"], most=2_000))
    some = {"n": (0, 5_000)}
    with pytest.raises(ConstraintError, match="can be made") as caught:
        model.sample(2_000, given=some)
    most = int(str(caught.value).rsplit("Ask for ", 1)[1].split()[0])
    made = model.sample(most, given=some)
    assert made["n"].n_unique() == most
    assert made["n"].is_between(0, 5_000).all()


def test_keys_computed_from_what_is_made_anew_are_refused() -> None:
    frame = pl.DataFrame({"who": [f"P-{k:04d}" for k in range(600)], "label": [f"p-{k:04d}" for k in range(600)], "x": range(600)})
    columns = [ColumnSchema(name="who", kind="identifier"), ColumnSchema(name="label", kind="code"), ColumnSchema(name="x", kind="integer")]
    rules = [{"type": "formula", "target": "label", "expression": "lower(who)"}, {"type": "unique", "columns": ["label", "x"]}]
    with pytest.raises(ConstraintError, match='"label" are made anew'):
        Independent().fit(frame, schema=TableSchema.model_validate({"columns": columns, "constraints": rules}), seed=1)
    made = Independent().fit(frame, schema=TableSchema.model_validate({"columns": columns, "constraints": rules[:1]}), seed=1).sample(300)
    assert (made["label"] == made["who"].str.to_lowercase()).all()
