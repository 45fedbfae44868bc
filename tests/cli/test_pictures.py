from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from understudy.cli.application import run
from understudy.data.media.image_files import png


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    for seed, name in enumerate(("real", "made")):
        rng = np.random.default_rng(seed)
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{number}.png").write_bytes(png(rng.integers(0, 256, (32, 40, 3), dtype=np.uint8)))
    return str(tmp_path / "real"), str(tmp_path / "made")


def test_two_folders_of_pictures_are_judged_as_pictures(
    folders: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "figures.json"
    assert run(["evaluate", *folders, "-o", str(output), "--json"]) == 0
    told, written = json.loads(capsys.readouterr().out), json.loads(output.read_text())
    assert told["figures"] == written["figures"]
    assert {"told_apart", "frechet_color", "duplicates"} <= {figure["key"] for figure in told["figures"]}


def test_figures_about_pictures_are_no_page(folders: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", *folders, "-o", str(tmp_path / "report.html")]) != 0
    assert "written as .json" in capsys.readouterr().err


def test_the_table_of_figures_is_shown(folders: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", *folders]) == 0
    assert "Told apart from real" in capsys.readouterr().out
