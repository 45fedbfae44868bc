"""Who is best, tied or behind is decided by figures and their intervals, not by names."""

import polars as pl
import pytest
from peers import JUDGEMENTS, _as_learned, standing, verdicts

C2ST, TRENDS, _ = JUDGEMENTS


def found(maker: str, c2st: float, trends: float = 0.98, half: float = 0.01, member: float = 0.5, cpu_s: float = 1.0):
    def figure(value: float):
        return {"value": value, "half": half, "holdout": None}

    figures = {"c2st": figure(c2st), "trends": figure(trends), "tstr": figure(0.9), "member": figure(member)}
    return {"set": "s", "maker": maker, "figures": figures, "fit_cpu_s": cpu_s}


def test_the_least_told_apart_is_best():
    assert standing(found("understudy:auto", 0.55), [found("tvae", 0.8), found("ctgan", 0.9)], C2ST).startswith("best")


def test_a_difference_within_both_intervals_is_a_tie_and_beyond_them_is_not():
    peers = [found("ctgan", 0.9), found("tabular-argn", 0.55)]
    assert standing(found("understudy:auto", 0.563), peers, C2ST).startswith("tied")
    assert standing(found("understudy:auto", 0.566), peers, C2ST).startswith("BEHIND")


def test_an_auc_below_one_half_is_no_better_than_one_half():
    assert standing(found("understudy:auto", 0.5, half=0.0), [found("tvae", 0.45, half=0.0)], C2ST).startswith("best")


def test_for_trends_more_is_better():
    assert standing(found("understudy:auto", 0.5, trends=0.9), [found("tvae", 0.5, trends=0.97)], TRENDS).startswith("BEHIND")


def test_a_peer_that_memorises_is_told_as_such_and_is_no_measure_of_speed():
    smote, honest = found("smote", 0.51, member=0.7, cpu_s=0.1), found("tabular-argn", 0.6, cpu_s=100.0)
    (row,) = verdicts([smote, honest, found("understudy:auto", 0.5, cpu_s=5.0)])
    assert row[6].startswith("1/20.0 of tabular-argn")
    assert "memorises" in standing(found("understudy:auto", 0.6), [smote, honest], C2ST)


@pytest.mark.parametrize(
    ("change", "place"), [({"cpu_s": 11.0}, 6), ({"member": 0.53}, 5), ({"c2st": 0.9}, 2)], ids=["too slow", "memorises", "behind"]
)
def test_all_is_met_only_where_each_part_is(change: dict, place: int):
    peer = found("tabular-argn", 0.6, cpu_s=100.0)
    (good,) = verdicts([peer, found("understudy:auto", 0.55)])
    (bad,) = verdicts([peer, found("understudy:auto", **{"c2st": 0.55, **change})])
    assert good[-1] == "met"
    assert bad[-1] == "NOT MET"
    assert bad[place] != good[place]


def test_made_rows_come_in_the_types_of_the_learned_ones_with_whole_numbers_rounded():
    train = pl.DataFrame({"n": [1, 2], "k": ["a", None], "code": [1, 0]})
    made = _as_learned(pl.DataFrame({"n": [1.6, 2.2], "k": ["a", "b"], "code": ["1.0", "0"]}), train)
    assert made.schema == train.schema
    assert made["n"].to_list() == [2, 2]
    assert made["code"].to_list() == [1, 0]
