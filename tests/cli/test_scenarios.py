"""`understudy scenarios`: the catalogue, the search, and driving that plays what was found."""

import json

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.scenes.generator import Scenes


def told(capsys, *arguments):
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_catalogue_is_listed_and_one_is_shown(capsys):
    assert "cut_in" in told(capsys, "scenarios", "list")["scenarios"]
    shown = told(capsys, "scenarios", "show", "cut-in")
    assert shown["parameters"]["gap_m"]["law"] == "lognorm"


def test_what_a_search_found_is_played_by_driving(tmp_path, capsys):
    file = tmp_path / "found.csv"
    told_of = told(capsys, "scenarios", "search", "cut-in", "--event", "min_ttc_s<1.5", "--runs", "500", "-o", str(file))
    table = pl.read_csv(file)
    assert told_of["low"] < told_of["probability"] < told_of["high"]
    assert len(table) == told_of["events"] > 20
    assert (table["min_ttc_s"] <= 1.5).all()
    scenes = Scenes(
        {
            "understudy": "scenes/1", "world": "driving", "renderer": "none", "labels": "fast",
            "settings": {
                "scenario": "cut-in", "found": str(file), "cameras": {"sensor": {"width": 64, "height": 48}}, "around": {"trees": 0.0},
            },
        }
    )  # fmt: skip
    shot = scenes.block(0)[0]
    again = Scenes({**scenes.spec.to_dict(), "settings": {"scenario": "cut-in"}, "renderer": "none"})
    assert again.sample(1, given={"found": str(file)})[0].meta["likelihood_weight"] == shot.meta["likelihood_weight"]
    row = table.filter((pl.col("gap_m") - shot.meta["parameters"]["gap_m"]).abs() < 1e-9)
    assert row["likelihood_weight"].to_list() == [pytest.approx(shot.meta["likelihood_weight"])]
    assert shot.meta["min_ttc_s"] == pytest.approx(row["min_ttc_s"][0], abs=1e-6)


def test_coverage_of_a_table_is_told(tmp_path, capsys):
    file = tmp_path / "found.parquet"
    told(capsys, "scenarios", "search", "hard-brake", "--method", "monte-carlo", "--runs", "300", "--all", "-o", str(file))
    seen = told(capsys, "scenarios", "coverage", "hard-brake", str(file))
    assert seen["runs"] == 300
    assert all(0 < share <= 1 for share in seen["of_law"].values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "cutin"], "cut_in"),
        (["search", "cut-in", "--event", "colision"], "collision"),
        (["search", "cut-in", "--event", "min_ttc_s<low"], "no number"),
        (["search", "cut-in", "--method", "cross-entrpy"], "cross_entropy"),
        (["search", "cut-in", "-o", "found.xlsx", "--runs", "200"], ".csv or .parquet"),
    ],
)
def test_mistakes_are_told_with_the_nearest_word(arguments, said, capsys):
    assert run(["scenarios", *arguments]) in (1, 2)
    assert said in capsys.readouterr().err
