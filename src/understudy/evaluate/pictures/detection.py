"""Train on synthetic, test on real: detection with a small model, beside the same model trained on real pictures and on both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.data.media.image_files import read_image
from understudy.evaluate.pictures.average_precision import Matched, matched
from understudy.evaluate.pictures.boxes import Boxes, read_boxes
from understudy.evaluate.pictures.result import PictureUtility, TrainedOn
from understudy.neural.backend import find_device, require_torch

Floats = NDArray[np.float64]
STEPS = 600
BATCH = 16
_DRAWS = 200


@dataclass(frozen=True)
class Examples:
    """pictures: (N, 3, H, W) uint8. boxes: (N, K, 5) float32, class (-1 for none) and x0, y0, x1, y1 of 0 .. 1."""

    pictures: NDArray[np.uint8]
    boxes: NDArray[np.float32]


def detection_utility(
    real: str | Path,
    synthetic: str | Path,
    test: str | Path,
    *,
    classes: Sequence[str] | None = None,
    size: tuple[int, int] = (256, 192),
    real_pictures: int | None = None,
    steps: int = STEPS,
    seed: int = 0,
    device: str | None = None,
    progress: ProgressLike = None,
) -> PictureUtility:
    """Average precision on real test pictures of a small detector trained on real, on synthetic, and on real + synthetic pictures.

    Each model takes the same number of steps. Where real and synthetic are mixed, half of the rows are real, repeated as often as needed.

    Args:
        real, synthetic, test: folders of data sets with boxes: the native form, COCO or YOLO. No picture of `test` may be in `real`.
        classes: names of the classes to find; None: those that real and synthetic have in common.
        size: width and height in pixels that pictures are squeezed to, multiples of 8.
        real_pictures: train on this many real pictures only, chosen by the seed: synthetic pictures help most where real ones are few.

    Raises:
        ArgumentError: a size or number that cannot be. DataError: no boxes, no class in common, or a picture cannot be read.
        MissingExtraError: torch or Pillow is not installed.
    """
    require_torch("Training a detector")
    _check(size, steps)
    began, stream = time.perf_counter(), Stream(seed).child("detection utility")
    sets = {name: _boxes(folder) for name, folder in (("real", real), ("synthetic", synthetic), ("test", test))}
    names = _classes(sets, classes)
    if real_pictures is not None:
        sets["real"] = _some(sets["real"], real_pictures, stream.child("real"))
    examples = {name: _examples(boxes, names, size) for name, boxes in sets.items()}
    trained = {"real": examples["real"], "synthetic": examples["synthetic"]}
    trained["real + synthetic"] = _mixed(examples["real"], examples["synthetic"])
    with listening(progress) as listener:
        found = {
            name: _trained_and_tested(rows, examples["test"], len(names), steps, stream.child("train"), device, listener)
            for name, rows in trained.items()
        }
    pictures = {"real": len(examples["real"].pictures), "synthetic": len(examples["synthetic"].pictures)}
    pictures["real + synthetic"] = sum(pictures.values())
    return PictureUtility(
        task="detection", metric="mean average precision at an overlap of one half", classes=names,
        test_pictures=len(examples["test"].pictures), steps=steps, scores=_scores(found, pictures, names, stream.child("draws")),
        seed=seed, seconds=time.perf_counter() - began,
    )  # fmt: skip


def _check(size: tuple[int, int], steps: int) -> None:
    if len(size) != 2 or any(side % 8 or side < 32 for side in size):
        raise ArgumentError(f"Pictures are squeezed to multiples of 8, 32 or more, not to {size}.", remedy="Pass size=(256, 192).")
    if steps < 1:
        raise ArgumentError(f"A model is trained in one step or more, not in {steps}.", remedy=f"Pass steps={STEPS}.")


def _boxes(folder: str | Path) -> Boxes:
    boxes = read_boxes(folder)
    if boxes is None or not boxes.pictures:
        raise DataError(
            "There are no pictures with boxes here.", where=str(folder), remedy="Name a data set in the native form, COCO's or YOLO's."
        )
    return boxes


def _classes(sets: dict[str, Boxes], classes: Sequence[str] | None) -> list[str]:
    known = {name: set(boxes.names.tolist()) for name, boxes in sets.items()}
    common = sorted(known["real"] & known["synthetic"] & known["test"]) if classes is None else list(classes)
    lacking = {name for name in common if name not in known["test"]}
    if not common or lacking:
        raise DataError(
            f"The test pictures lack the classes {sorted(lacking)}."
            if lacking
            else "Real, synthetic and test pictures have no class in common.",
            remedy=f"Real: {sorted(known['real'])}; synthetic: {sorted(known['synthetic'])}. Give the same things the same names.",
        )
    return common


def _some(boxes: Boxes, count: int, stream: Stream) -> Boxes:
    if not 1 <= count <= boxes.pictures:
        raise ArgumentError(f"real_pictures is {count}; there are {boxes.pictures}.", where="real_pictures")
    taken = np.zeros(boxes.pictures, dtype=np.bool_)
    taken[stream.generator().permutation(boxes.pictures)[:count]] = True
    return boxes.part(taken)


def _examples(boxes: Boxes, names: list[str], size: tuple[int, int]) -> Examples:
    pictures = np.stack([read_small(path, size) for path in boxes.files])
    rows = [[] for _ in range(boxes.pictures)]  # type: list[list[list[float]]]
    for number, name, box in zip(boxes.picture.tolist(), boxes.names.tolist(), boxes.box.tolist(), strict=True):
        if name in names:
            rows[number].append([float(names.index(name)), *box])
    most = max(1, max(len(objects) for objects in rows))
    padded = np.full((boxes.pictures, most, 5), -1.0, dtype=np.float32)
    for number, objects in enumerate(rows):
        padded[number, : len(objects)] = np.array(objects, dtype=np.float32).reshape(-1, 5)
    return Examples(pictures, padded)


def read_small(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(3, H, W) a picture squeezed to a size."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError.of("scenes", "Reading pictures") from None
    if not path.is_file():
        raise DataError("The picture is missing.", where=str(path), remedy="Put it there, or take it out of the labels.")
    image = read_image(path.read_bytes(), str(path))
    image = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    image = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def _mixed(real: Examples, synthetic: Examples) -> Examples:
    """As many rows of one as of the other."""
    count = max(len(real.pictures), len(synthetic.pictures))
    most = max(real.boxes.shape[1], synthetic.boxes.shape[1])
    parts = []
    for examples in (real, synthetic):
        index = np.arange(count) % len(examples.pictures)
        padded = np.pad(examples.boxes, ((0, 0), (0, most - examples.boxes.shape[1]), (0, 0)), constant_values=-1.0)
        parts.append((examples.pictures[index], padded[index]))
    return Examples(np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))


def _trained_and_tested(
    rows: Examples, test: Examples, classes: int, steps: int, stream: Stream, device: str | None, listener: Progress
) -> list[Matched]:
    """The test detections of each class, matched."""
    import torch

    from understudy.evaluate.pictures.detector import DetectionTask, Detector, detect
    from understudy.neural.backend import seeded
    from understudy.neural.training import Schedule, train

    place = find_device(device)
    with seeded(stream.child("weights"), place):
        network = Detector(classes).to(place)
    schedule = Schedule(steps, batch=BATCH, rate=2e-3, average=0.99, evaluate_every=max(1, steps // 4), patience=None)
    data = [torch.from_numpy(rows.pictures), torch.from_numpy(rows.boxes)]
    train(DetectionTask(network, place), data, schedule, stream=stream, budget=Budget.parse(None).start(), progress=listener)
    with seeded(stream.child("test"), place):
        found = detect(network, test.pictures, place)
    return [
        matched([picture[number] for picture in found], [_of_class(boxes, number) for boxes in test.boxes]) for number in range(classes)
    ]


def _of_class(boxes: NDArray[np.float32], number: int) -> Floats:
    return boxes[boxes[:, 0] == number, 1:].astype(np.float64)


def _scores(found: dict[str, list[Matched]], pictures: dict[str, int], names: list[str], stream: Stream) -> list[TrainedOn]:
    rng, count = stream.generator(), len(found["real"][0].objects)
    times = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(_DRAWS)]
    drawn = {name: np.array([_mean(classes, draw) for draw in times]) for name, classes in found.items()}
    real = _mean(found["real"])
    scores = []
    for name, classes in found.items():
        value, gaps = _mean(classes), drawn[name] - drawn["real"]
        by_class = {names[number]: each.average_precision() for number, each in enumerate(classes)}
        facts = {} if name == "real" else {"gap": value - real, "gap_interval": interval(gaps)}
        scores.append(
            TrainedOn(name=name, pictures=pictures[name], score=value, interval=interval(drawn[name]), by_class=by_class, **facts)
        )
    return scores


def _mean(classes: list[Matched], times: NDArray[np.int64] | None = None) -> float:
    values = [each.average_precision(times) for each in classes]
    present = [value for value in values if not np.isnan(value)]
    return float(np.mean(present)) if present else 0.0


def interval(values: Floats) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
