"""Edge rows and covering rows: at the edges, each labelled, and every rule holds."""

from __future__ import annotations

import math
import unicodedata
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.rules.columns import PersonColumn
from understudy.rules.covered import covering_rows
from understudy.rules.covering import Allowed, coverage, covering_array
from understudy.rules.dataset import Dataset
from understudy.rules.edge_values import edges_of
from understudy.rules.edges import edge_rows
from understudy.rules.making.choices import ConstantMaker
from understudy.rules.making.maker import Place
from understudy.rules.spec import parse_spec

SPEC = """
understudy: rules/1
seed: 5
lists:
  brands: {values: {Acme: 3, Bolt: 1, Cog: 1}}
tables:
  people:
    rows: 500
    key: id
    columns:
      id: key
      plan: {type: choice, values: {free: .8, pro: .2, corporate: .1}}
      vip: {type: boolean, share: .1, nulls: .1}
      brand: {type: list, list: brands}
      size: {type: choice, values: [1, 2, 3]}
      level: {type: integer, low: -5, high: 3000000000}
      score: {type: decimal, law: {norm: {loc: 3, scale: 1}}, low: -1, high: 10, decimals: 2, nulls: .1}
      twice: {type: expression, formula: "score * 2"}
      code: {type: pattern, regex: "[A-Z]{2}[0-9]{1,4}"}
      joined: {type: datetime, between: [2022-01-01, 2025-12-31], resolution: s}
      left: {type: datetime, above: joined, gap: {expon: {scale: 90}}, unit: days}
      day: {type: date, between: [2023-06-01, 2024-06-30], weekdays: {thu: 0}}
      open: {type: time, hours: "9-17"}
    rules:
      sane: "score <= 9"
      paid: "plan != 'free' or vip != True"
      small: "plan != 'corporate' or size > 1"
  steps:
    per: {table: people, count: {poisson: {mu: 3}}}
    columns:
      id: key
      state: {type: state, initial: {new: 1}, transitions: {new: {open: .7, shut: .3}, open: {shut: .5, open: .5}}}
      mode: {type: choice, values: [x, y]}
"""
DATA = Dataset(parse_spec(SPEC))


def test_each_row_stands_at_the_edge_that_its_label_tells() -> None:
    made = edge_rows(DATA, "people", zone="America/New_York")
    edges = {(row["column"], row["edge"]): made.frame[row["row"]].to_dicts()[0] for row in made.labels.to_dicts()}
    assert edges["level", "least"]["level"] == -5
    assert edges["level", "greatest"]["level"] == 3_000_000_000
    assert edges["level", "above 32 bits"]["level"] == 2**31
    assert ("level", "above 32 bits unsigned") not in edges
    assert math.copysign(1, edges["score", "negative zero"]["score"]) == -1
    assert edges["score", "missing"]["score"] is None
    assert edges["score", "least"]["twice"] == -2
    assert str(edges["joined", "leap day"]["joined"]) == "2024-02-29 00:00:00"
    assert str(edges["joined", "last"]["joined"]) == "2025-12-31 23:59:59"
    assert str(edges["joined", "skipped when America/New_York moves its clocks on"]["joined"]) == "2022-03-13 02:00:00"
    assert str(edges["joined", "twice when America/New_York moves its clocks back"]["joined"]) == "2022-11-06 01:00:00"
    assert edges["left", 'as near to "joined" as may be']["left"] == edges["left", 'as near to "joined" as may be']["joined"]
    assert ("day", "leap day") not in edges  # a Thursday, and no Thursday is allowed
    assert str(edges["open", "last"]["open"]) == "16:59:59"
    assert edges["brand", "last entry"]["brand"] == "Cog"
    assert edges["code", "first in order"]["code"] == "AA0"


def test_free_texts_have_the_edges_of_scripts_and_lengths() -> None:
    maker = ConstantMaker(Place("people", "name"), "x")
    edges = {e.edge: e for e in edges_of("name", PersonColumn(field="last_name", longest=40), maker, None, beyond=True)}
    assert edges["empty"].value == ""
    assert edges["emoji"].value == "👩\u200d🚀🎉"
    assert len(edges["40 characters"].value) == len(edges["40 characters of 4 bytes"].value) == 40
    assert max(edges["beyond the first plane"].value) > "\uffff"
    assert unicodedata.combining(edges["combining marks"].value[1])
    assert unicodedata.bidirectional(edges["right to left"].value[0]) == "R"
    assert len(edges["one character too long"].value) == 41
    assert not edges["one character too long"].inside


def test_every_rule_holds_at_the_edges_and_what_cannot_be_is_named() -> None:
    made = edge_rows(DATA, "people")
    assert (made.frame["score"].drop_nulls() <= 9).all()
    assert made.frame.filter((pl.col("plan") == "free") & pl.col("vip").fill_null(False)).height == 0
    assert (made.frame["left"] >= made.frame["joined"]).all()
    assert made.frame["id"].n_unique() == made.frame.height == made.labels.height
    assert set(made.refused.filter(pl.col("column") == "score")["edge"]) == {"greatest", "greatest - a step"}
    assert "all at their least" in made.labels["edge"].to_list()
    assert made.labels["inside"].all()


def test_one_edge_at_a_time_leaves_the_rest_as_it_was() -> None:
    made = edge_rows(DATA, "people", columns=["level"])
    plain = DATA.tables["people"].sample(made.frame.height, seed=DATA.seed)
    assert made.frame.drop("level").equals(plain.drop("level"))
    assert made.frame["level"].to_list() != plain["level"].to_list()


def test_beyond_comes_just_outside_and_is_marked() -> None:
    made = edge_rows(DATA, "people", columns=["level", "plan", "id", "left", "day"], beyond=True)
    outside = made.labels.filter(~pl.col("inside"))
    rows = {(row["column"], row["edge"]): made.frame[row["row"]].to_dicts()[0] for row in outside.to_dicts()}
    assert rows["level", "below the least"]["level"] == -6
    assert rows["level", "above the greatest"]["level"] == 3_000_000_001
    assert rows["plan", "no such choice"]["plan"] == "~none of these~"
    assert rows["id", "missing where a value must be"]["id"] is None
    assert str(rows["day", "after the last"]["day"]) == "2024-07-01"
    row = rows["left", 'on the wrong side of "joined"']
    assert row["left"] < row["joined"]


def test_more_edges_than_rows_still_have_keys_of_their_own() -> None:
    small = Dataset(parse_spec(SPEC.replace("rows: 500", "rows: 3")))
    made = edge_rows(small, "people")
    assert made.frame["id"].n_unique() == made.frame.height > 3


def test_all_pairs_that_can_be_are_covered_by_few_valid_rows() -> None:
    made = covering_rows(DATA, "people")
    names = ["plan", "vip", "brand", "size"]
    assert made.labels.columns == names
    assert made.coverage.complete
    assert made.coverage.impossible == 2  # free with vip; corporate with size 1
    assert made.refused.height == 0
    pairs = sum(made.frame.select(pair).unique().height for pair in combinations(names, 2))
    assert pairs == made.coverage.covered == made.coverage.tuples - 2
    assert made.frame.height <= 13
    assert made.frame.filter((pl.col("plan") == "free") & pl.col("vip").fill_null(False)).height == 0
    assert made.frame["id"].n_unique() == made.frame.height


def test_states_are_found_in_histories_that_came_to_them() -> None:
    made = covering_rows(DATA, "steps")
    assert made.coverage.complete
    whole = DATA.tables["steps"].sample(DATA.sizes()["steps"], seed=DATA.seed)
    joined = made.frame.join(whole, on="id", suffix="_there")
    assert (joined["state"].cast(pl.String) == joined["state_there"].cast(pl.String)).all()
    assert made.frame.select("state", "mode").unique().height == 6


@pytest.mark.parametrize(
    ("sizes", "strength", "most"),
    [([4] * 10, 2, 30), ([3] * 4, 2, 9), ([2] * 10, 2, 9), ([3] * 13, 2, 20), ([2] * 6, 3, 14), ([5, 4, 3, 2], 2, 21), ([7], 1, 7)],
)
def test_covering_arrays_cover_all_and_are_small(sizes: list[int], strength: int, most: int) -> None:
    rows = covering_array(sizes, strength)
    assert len(rows) <= most
    assert coverage(rows, sizes, strength).complete
    for columns in combinations(range(len(sizes)), strength):
        assert len(np.unique(rows[:, columns], axis=0)) == np.prod([sizes[i] for i in columns])


def test_coverage_sees_what_is_missing() -> None:
    rows = covering_array([3, 3, 3])
    found = coverage(rows[1:], [3, 3, 3], 2)
    assert not found.complete
    assert found.covered < found.tuples == 27


def test_what_rules_forbid_is_neither_made_nor_asked_for() -> None:
    mask = ~np.eye(4, dtype=bool)
    rules = [Allowed((0, 1), mask), Allowed((1, 2), mask), Allowed((0, 2), mask), Allowed((0, 3), mask), Allowed((1, 3), mask)]
    rows = covering_array([4, 4, 4, 4, 4], forbidden=rules)
    for rule in rules:
        assert rule.mask[tuple(rows[:, i] for i in rule.columns)].all()
    found = coverage(rows, [4] * 5, 2, rules)
    assert found.complete
    assert found.impossible == 5 * 4
    with pytest.raises(ConstraintError, match="no row at all"):
        covering_array([2, 2], forbidden=[Allowed((0, 1), np.zeros((2, 2), bool))])


def test_what_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match='Did you mean "people"'):
        edge_rows(DATA, "poeple")
    with pytest.raises(ArgumentError, match='Did you mean "score"'):
        edge_rows(DATA, "people", columns=["scor"])
    with pytest.raises(ArgumentError, match="Europe/Vienna"):
        edge_rows(DATA, "people", zone="Europe/Viena")
    with pytest.raises(ArgumentError, match="strength"):
        covering_rows(DATA, "people", strength=4, columns=["plan", "vip", "brand", "size"])
