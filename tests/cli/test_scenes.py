"""`understudy scenes`, `preview`, and `generate` of scenes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("embreex")

from understudy.cli.application import run
from understudy.scenes.ready import ready_names
from understudy.scenes.worlds import world, world_names

SPEC = """\
understudy: scenes/1
about: one cut-in, small
world: driving
renderer: none
labels: fast
settings:
  scenario: cut-in
  moment_s: 2.0
  around: {walkers: 1, trees: 0.1, buildings: 0.2, oncoming_per_km: 4}
  cameras: {sensor: {width: 96, height: 72}}
"""
TABLES = "understudy: rules/1\ntables:\n  a:\n    rows: 3\n    key: id\n    columns: {id: key}\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


def test_all_worlds_and_ready_made_descriptions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenes"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in (*world_names(), *ready_names()))
    assert run(["scenes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["worlds"]) == world_names()
    assert list(told["ready"]) == ready_names()
    assert all(told["ready"].values())


def test_a_world_tells_its_settings_edge_cases_and_classes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenes", "driving"]) == 0
    said = capsys.readouterr().out
    assert "weather.fog" in said
    assert run(["scenes", "driving", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["around.parked"] == 0.45
    assert set(told["edge_cases"]) == set(world("driving").edge_cases)
    assert "pedestrian" in told["categories"]


def test_editors_get_the_schema_of_a_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenes", "driving", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["world"] == {"const": "driving"}
    assert "scenario" in schema["properties"]["settings"]["properties"]


def test_a_ready_made_description_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenes", "driving-cut-in"]) == 0
    assert "scenario: cut-in" in capsys.readouterr().out


@pytest.mark.parametrize(("wrong", "meant"), [("drivng", '"driving"'), ("driving-cutin", '"driving-cut-in"'), ("zzz", '"satellite-port"')])
def test_a_wrong_name_is_told_with_the_nearest(wrong: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--schema"]):
        assert run(["scenes", wrong, *more]) == 2
        assert meant in capsys.readouterr().err


def test_a_preview_is_a_picture_of_the_size_that_is_told(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    sheet = tmp_path / "sheet.png"
    assert run(["preview", str(spec), "-n", "1", "-o", str(sheet), "--set", "weather.fog=0.01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    with Image.open(sheet) as picture:
        assert picture.size == (told["width"], told["height"])
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10


def test_pictures_are_written_and_verified(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(["generate", str(spec), "-n", "1", "-o", str(out), "--format", "coco", "--workers", "1"]) == 0
    assert "1 item to" in capsys.readouterr().out
    assert run(["verify", str(out), "-k", "1", "--quiet"]) == 0


def test_traffic_is_written_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    small = ["--set", "cameras.sensor.width=32", "--set", "cameras.sensor.height=24", "--set", "around.buildings=0"]
    assert run(["generate", "driving-cut-in", "-n", "1", "-o", str(out), "--format", "trajectories", "--workers", "1", *small]) == 0
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == ["00000000.csv", "scenarios.jsonl"]
    assert run(["verify", str(out), "-k", "1", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--set", "weather.fgo=0.1"], 1, '"weather.fog"'),
        (["--set", "edge_case=nigth"], 1, '"night"'),
        (["--set", "fog"], 2, "weather.fog=0.02"),
        (["--format", "coko"], 2, '"coco"'),
        (["--renderer", "raycats"], 2, '"raycast"'),
        (["-n", "0"], 2, "at least one"),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    out = tmp_path / "out"
    assert run(["generate", str(spec), "-n", "1", "-o", str(out), *options]) == code
    said = capsys.readouterr().err
    assert says in said
    assert "unforeseen" not in said
    assert not out.exists()


def test_a_number_and_a_place_are_asked_for(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", str(spec), "-o", str(tmp_path / "out")]) == 2
    assert "-n 100" in capsys.readouterr().err
    assert run(["generate", str(spec), "-n", "1"]) == 2
    assert "-o DIR" in capsys.readouterr().err


def test_tables_take_no_options_of_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = tmp_path / "tables.yaml"
    tables.write_text(TABLES)
    assert run(["generate", str(tables), "-n", "3", "-o", str(tmp_path / "out")]) == 2
    assert "--rows" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["generate", "-n", "3"], ["preview"]])
@pytest.mark.parametrize("wrong", ["driving-cutin", "driving-cutin.yaml", "scenes/driving-cutin.yaml"])
def test_a_description_that_is_not_there_offers_ready_made_ones(command: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, wrong]) == 2
    said = capsys.readouterr().err
    assert '"driving-cut-in"' in said
    assert "for tables" not in said
