"""MOTChallenge, read back by motmetrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import CRATE, photo, shot, shots

from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.mot import Mot


def written(folder: Path) -> Path:
    write_dataset(opened_exporter("mot"), shots(2), folder)
    return folder


def overlaps(boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of each two; motmetrics' own fails with NumPy 2."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (boxes[:, :2] + boxes[:, 2:])[None])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = boxes[:, 2:].prod(axis=1)
    return shared / (areas[:, None] + areas[None] - shared)


@pytest.mark.filterwarnings("ignore")  # of motmetrics, with the pandas of today
def test_the_truth_scores_one_against_itself(tmp_path: Path) -> None:
    motmetrics = pytest.importorskip("motmetrics")
    truth = next(written(tmp_path).glob("train/*/gt/gt.txt"))
    frames = motmetrics.io.loadtxt(truth, fmt="mot15-2D")
    assert len(frames) == 8
    judge = motmetrics.metrics.create()
    accumulator = motmetrics.MOTAccumulator()
    for number, rows in frames.groupby("FrameId"):
        boxes, tracks = rows[["X", "Y", "Width", "Height"]].to_numpy(), rows.index.get_level_values("Id")
        accumulator.update(tracks, tracks, 1 - overlaps(boxes), frameid=number)
    figures = judge.compute(accumulator, metrics=["mota", "idf1", "num_switches"], name="self").iloc[0]
    assert (figures["mota"], figures["idf1"], figures["num_switches"]) == (1.0, 1.0, 0)


def test_boxes_are_of_the_whole_object_and_counted_from_one() -> None:
    text = dict(Mot().files(shot(0)))["train/00000000-front/gt/gt.txt"].decode()
    rows = [[float(word) for word in line.split(",")] for line in text.splitlines()]
    cut = next(row for row in rows if row[1] == 70000)
    assert cut[2:6] == [55, 19, 22, 10]  # 54, 18 counted from nought; it reaches over the edge at 64
    assert cut[8] < 10 / 22 + 1e-3
    assert {row[7] for row in rows} == {3, 13 + 5, 13 + CRATE}
    assert {row[0] for row in rows} == {1, 3}  # the second frame is empty


def test_a_photo_is_a_sequence_of_one() -> None:
    assert "seqLength=1\n" in dict(Mot().files(photo(3)))["train/00000003-front/seqinfo.ini"].decode()


@pytest.mark.filterwarnings("ignore")  # of TrackEval, with the NumPy of today
def test_trackeval_finds_its_sequences_and_the_truth_is_a_perfect_tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trackeval = pytest.importorskip("trackeval", reason="TrackEval is not installed")
    for name, kind in (("float", float), ("int", int), ("bool", bool)):  # which it asks of NumPy, and NumPy 2 no longer has
        monkeypatch.setattr(np, name, kind, raising=False)
    folder = written(tmp_path / "set")
    made = tmp_path / "made" / "understudy-train" / "truth" / "data"
    made.mkdir(parents=True)
    (tmp_path / "truth").mkdir()
    (folder / "train").rename(tmp_path / "truth" / "understudy-train")
    for path in (tmp_path / "truth" / "understudy-train").glob("*/gt/gt.txt"):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        path.write_text("".join(",".join([*row[:7], "1", *row[8:]]) + "\n" for row in rows))  # it judges class 1 alone, the pedestrians
        (made / f"{path.parents[1].name}.txt").write_text("".join(",".join([*row[:6], "1", "-1", "-1", "-1"]) + "\n" for row in rows))
    quiet = {"PRINT_CONFIG": False}
    data = trackeval.datasets.MotChallenge2DBox(
        {"GT_FOLDER": str(tmp_path / "truth"), "TRACKERS_FOLDER": str(tmp_path / "made"), "BENCHMARK": "understudy",
         "SPLIT_TO_EVAL": "train", "SEQMAP_FILE": str(next((folder / "seqmaps").glob("*.txt"))), **quiet}
    )  # fmt: skip
    shown = ("PLOT_CURVES", "OUTPUT_SUMMARY", "OUTPUT_DETAILED", "TIME_PROGRESS", "PRINT_RESULTS", "USE_PARALLEL")
    judge = trackeval.Evaluator({**quiet, **dict.fromkeys(shown, False), "BREAK_ON_ERROR": True})
    found, _ = judge.evaluate([data], [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR()])
    whole = found["MotChallenge2DBox"]["truth"]["COMBINED_SEQ"]["pedestrian"]
    assert whole["HOTA"]["HOTA"].mean() == pytest.approx(1.0)
    assert whole["CLEAR"]["MOTA"] == pytest.approx(1.0)
    assert len(found["MotChallenge2DBox"]["truth"]) == 1 + len(list((tmp_path / "truth" / "understudy-train").iterdir()))


def first_row(**change: str) -> spoil.Spoil:
    places = ("frame", "track", "left", "top", "width", "height", "counted", "kind", "visible")

    def edit(text: str) -> str:
        words = text.splitlines()[0].split(",")
        for name, value in change.items():
            words[places.index(name)] = value
        return "\n".join([",".join(words), *text.splitlines()[1:]]) + "\n"

    return spoil.text_changed("train/*/gt/gt.txt", edit)


SPOILT = {
    "a picture is missing": (spoil.removed("train/*/img1/*.png"), "the file is missing"),
    "a picture is of another size": (spoil.shrunk("train/*/img1/*.png"), "said to be 64 × 48"),
    "a picture is one too many": (spoil.copied("train/*/img1/*.png", "000009.png"), "no index speaks of this file"),
    "the truth is missing": (spoil.removed("train/*/gt/gt.txt"), "the file is missing"),
    "the facts are missing": (spoil.removed("train/*/seqinfo.ini"), "the file is missing"),
    "the list is missing": (spoil.removed("seqmaps/*.txt"), "the file is missing"),
    "a sequence is missing from the list": (
        spoil.text_changed("seqmaps/*.txt", lambda text: text.rsplit("\n", 2)[0] + "\n"),
        "are not those of train/",
    ),
    "a frame is beyond the end": (first_row(frame="9"), "is not among the 3"),
    "a track comes twice in a frame": (
        spoil.text_changed("train/*/gt/gt.txt", lambda text: text.splitlines()[0] + "\n" + text),
        "is twice in frame",
    ),
    "a box has no area": (first_row(width="0"), "has no area"),
    "a box lies beside": (first_row(left="500"), "beside the picture"),
    "a class is unknown": (first_row(kind="99"), "not in classes.txt"),
    "a share is beyond one": (first_row(visible="1.5"), "visible share is 1.5"),
    "a number is none": (first_row(top="x"), "cannot be read"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = Mot.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
