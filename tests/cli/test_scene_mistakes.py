"""Every mistake in a description or an option is told before work: what is wrong, where, and what is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("embreex")

import understudy
from understudy.cli.application import run

PRODUCTS = "understudy: scenes/1\nworld: products\n"
SMALL = PRODUCTS + "labels: fast\nsettings: {setup: turntable, room: studio, camera: {sensor: {width: 48, height: 32}}}\n"
MEDICAL = "understudy: scenes/1\nworld: medical\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("understudy: scenes/1\nworld: prodcts\n", ['called "prodcts"', "line 2: world", '"products"']),
        ("understudy: scenes/1\n", ['"world" is missing', "products"]),
        ("understudy: scenes/2\nworld: products\n", ["scenes/1"]),
        (PRODUCTS + "lables: all\n", ['"lables" is not a key', "line 3", '"labels"']),
        (PRODUCTS + "labels: fst\n", ['"fst" is not a choice', '"fast"']),
        (PRODUCTS + "labels: [boxs]\n", ['"boxs" is no label', '"boxes"']),
        (PRODUCTS + "settings: 3\n", ["line 3: settings", "keys with values"]),
        (PRODUCTS + "settings: {camra: {}}\n", ["settings.camra", '"camera"']),
        (PRODUCTS + "settings: {sensor: {width: 64}}\n", ["settings.sensor", '"camera.sensor"']),
        (PRODUCTS + "settings: {kind: bottel}\n", ['"bottel" is not a choice', "settings.kind", '"bottle"']),
        (PRODUCTS + "settings: {kind: {choice: [bottel, box]}}\n", ['"bottel" is not a choice', '"bottle"']),
        (PRODUCTS + "settings: {things: many}\n", ["'many' is no number", "settings.things"]),
        (PRODUCTS + "settings: {camera: {sensor: {noise: {unifrm: [3, 4]}}}}\n", ['"unifrm" is no distribution', '"uniform"']),
        (PRODUCTS + "settings: {camera: {sensor: {noise: {uniform: [3]}}}}\n", ["sensor.noise.uniform", "number 2 is missing"]),
        (PRODUCTS + "settings: {camera: {sensor: {noise: {uniform: [4, 3]}}}}\n", ["The lesser end"]),
        (PRODUCTS + "settings: {camera: {sensor: {noise: {mixture: [{weight: 1, vale: 3}]}}}}\n", ['"vale" is not a key', '"value"']),
        (PRODUCTS + "settings: {camera: {sensor: {width: {uniform: [30, 40]}}}}\n", ["sensor.width", "no distribution"]),
        (PRODUCTS + "settings: {camera: {sensor: {width: 1000000}}}\n", ['"width" is 1000000', "8192"]),
        (PRODUCTS + "settings: {camera: {sensor: {width: -3}}}\n", ['"width" is -3', "16"]),
        (PRODUCTS + "settings: {camera: {sensor: {noise: 100}}}\n", ["sensor.noise", "outside 0 .. 50"]),
        (PRODUCTS + "settings: {camera: {sensor: {noise: 1e1}}}\n", ["'1e1' is no number", "1.000000e+01"]),
        (PRODUCTS + "video: {frames: 0}\n", ['"frames" is 0', "line 3: video.frames"]),
        (PRODUCTS + "video: {frames: -1}\n", ['"frames" is -1']),
        (PRODUCTS + "frames: 3\n", ['"frames" is not a key', '"video.frames"']),
        (PRODUCTS + "edge_cases: {blured: 0.2}\n", ['no edge case "blured"', '"blurred"']),
        (PRODUCTS + "edge_cases: {own: {rate: 2}}\n", ["edge_cases.own.rate", '"rate" is 2']),
        (PRODUCTS + "edge_cases: {own: {rate: 1, changes: {spread: 3}}}\n", ['no setting "spread"', '"spread_m"']),
        (PRODUCTS + "constraints: {visble: 0.5}\n", ['"visble" is not a key', '"visible"']),
        (PRODUCTS + "constraints: {visible: 3}\n", ["constraints.visible"]),
        (PRODUCTS + "renderer: raycats\n", ['renderer called "raycats"', '"raycast"']),
        (PRODUCTS + "renderer: {mitsuba: {smples: 4}}\n", ['no option "smples"', '"samples"']),
        (PRODUCTS + "renderer: {raycast: {samples: many}}\n", ["samples", "1 to 4", "'many'"]),
        (PRODUCTS + "renderer: {none: {x: 1}}\n", ['no option "x"', "It takes none"]),
        (PRODUCTS + "renderer: {raycast: 3}\n", ["renderer.raycast"]),
        (MEDICAL + "renderer: raycast\n", ["makes its pictures itself", '"raycast"', "Leave the renderer out"]),
        (MEDICAL + "settings: {ct: {geometry: paralel}}\n", ['"paralel" is not a choice for "geometry"', '"parallel"']),
        ("understudy: scenes/1\nworld: products\n\tx: 1\n", ["line 3", "not YAML"]),
    ],
)
def test_a_mistake_in_a_description_is_told_with_its_place_and_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: list[str]
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(text)
    assert run(["generate", str(spec), "-n", "1", "-o", str(tmp_path / "out"), "--workers", "1"]) in (1, 2)
    said = capsys.readouterr().err
    assert all(words in said for words in says), said
    assert "unforeseen" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["-n", "0"], 2, "at least one"),
        (["-n", "-2"], 2, "at least one"),
        (["-n", "many"], 2, "integer"),
        (["-n", "99999999999999999999"], 2, "1,000,000 at most"),
        (["--workers", "0"], 2, "--workers"),
        (["--seed", "-1"], 2, "seed"),
        (["--format", "coko"], 2, '"coco"'),
        (["--format", "parquet"], 2, "no format of labelled pictures"),
        (["--format", "coco:imge=png"], 2, '"image"'),
        (["--renderer", "mitsba"], 2, '"mitsuba"'),
        (["--set", "camera.sensr.width=64"], 1, '"camera.sensor.width"'),
        (["--set", "camera.sensor.width=0"], 1, "16"),
        (["--set", "kind=bottel"], 1, '"bottle"'),
        (["--rows", "people=3"], 2, "tables"),
        (["--scale", "2"], 2, "tables"),
        (["--dirty"], 2, "tables"),
        (["-o", "sqlite:///x.db"], 2, "go to a folder"),
    ],
)
def test_a_mistake_in_an_option_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SMALL)
    assert run(["generate", "spec.yaml", "-n", "1", "-o", "out", *options]) == code
    said = capsys.readouterr().err
    assert says in said
    assert "unforeseen" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"]


def test_a_renderer_is_not_asked_of_a_world_that_makes_its_pictures_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(MEDICAL)
    assert run(["generate", str(tmp_path / "spec.yaml"), "-n", "1", "-o", str(tmp_path / "out"), "--renderer", "mitsuba"]) == 2
    assert "medical makes its pictures itself" in capsys.readouterr().err


def test_an_impossible_constraint_is_named_with_its_budget_and_another_try_needs_no_clearing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = tmp_path / "spec.yaml", tmp_path / "out"
    spec.write_text(SMALL + "constraints: {things: 1000, tries: 2}\n")
    asked = ["generate", str(spec), "-n", "1", "-o", str(out), "--workers", "1", "--quiet"]
    assert run(asked) == 1
    said = capsys.readouterr().err
    assert "in 2 tries" in said
    assert "1000 were asked for" in said
    assert "constraints: things" in said
    assert "Weaken the constraint" in said
    spec.write_text(SMALL)
    assert run(asked) == 0  # nothing had been finished, so that nothing stands in the way


def test_places_that_cannot_be_written_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, file, full = tmp_path / "spec.yaml", tmp_path / "file", tmp_path / "full"
    spec.write_text(SMALL)
    file.write_text("")
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for place, code, says in ((file, 2, "This is a file"), (file / "out", 4, "not a folder"), (full, 4, "not empty (notes.txt)")):
        assert run(["generate", str(spec), "-n", "1", "-o", str(place), "--workers", "1"]) == code
        assert says in capsys.readouterr().err
    assert [path.name for path in full.iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(SMALL)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert run(["generate", str(tmp_path / "spec.yaml"), "-n", "1", "-o", str(closed / "out"), "--workers", "1"]) == 4
    assert "No permission" in capsys.readouterr().err


def test_a_data_set_of_another_size_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(SMALL)
    asked = ["generate", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "out"), "--workers", "1", "-n"]
    assert run([*asked, "2"]) == 0
    assert run([*asked, "1"]) == 4
    assert "its rows is 2, now asked for is 1" in capsys.readouterr().err
    assert run([*asked, "2"]) == 0
    assert "1 part kept from an earlier run" in capsys.readouterr().out


def test_files_that_are_no_descriptions_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "random.yaml").write_bytes(bytes(range(128, 256)) * 9)
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("random.yaml", "empty.yaml", "folder.yaml"):
        assert run(["generate", str(tmp_path / name), "-n", "1", "-o", str(tmp_path / "out")]) == 2
        assert "describes no scenes" in capsys.readouterr().err
    assert run(["generate", str(tmp_path / "absent.yaml"), "-n", "1", "-o", str(tmp_path / "out")]) == 2
    assert "is no file" in capsys.readouterr().err
    assert run(["preview", "products-shelf", "-o", str(tmp_path / "sheet.jpg")]) == 2
    assert ".png" in capsys.readouterr().err
    assert run(["preview", "products-shelf", "-n", "0"]) == 2


ABSENT = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder

class WithoutSome(PathFinder):
    absent = ""
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == cls.absent else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutSome
from understudy.cli.application import run
for WithoutSome.absent, arguments in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = run(arguments)
    print(json.dumps([code, said.getvalue()]))
"""


def test_what_is_not_installed_is_told_with_the_line_that_installs_it_before_work(tmp_path: Path) -> None:
    satellite = "understudy: scenes/1\nworld: satellite\nsettings: {sensor: {width: 32, height: 32}}\n"
    cases = [
        ("embreex", SMALL, [], "understudy[scenes]"),
        ("embreex", satellite, [], "understudy[scenes]"),
        ("mitsuba", SMALL, ["--renderer", "mitsuba"], "understudy[mitsuba]"),
        ("bpy", SMALL, ["--renderer", "cycles"], "understudy[cycles]"),
        ("av", SMALL, ["--format", "video"], "understudy[video]"),
        ("rasterio", satellite, ["--format", "geotiff"], "understudy[satellite]"),
        ("pydicom", MEDICAL, ["--format", "dicom"], "understudy[medical]"),
        ("nibabel", MEDICAL, ["--format", "nifti"], "understudy[medical]"),
    ]
    orders = []
    for number, (name, text, options, _) in enumerate(cases):
        (tmp_path / f"{number}.yaml").write_text(text)
        orders.append((name, ["generate", str(tmp_path / f"{number}.yaml"), "-n", "1", "-o", str(tmp_path / "out"), *options]))
    environment = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    environment.pop("UNDERSTUDY_BLENDER_PYTHON", None)
    done = subprocess.run(
        [sys.executable, "-c", ABSENT, json.dumps(orders)], capture_output=True, text=True, env=environment, check=True
    )  # fmt: skip
    for (name, _, _, line), answer in zip(cases, done.stdout.splitlines(), strict=True):
        code, said = json.loads(answer)
        assert code == 1, (name, said)
        assert f'pip install "{line}"' in said, said
    assert not (tmp_path / "out").exists()
