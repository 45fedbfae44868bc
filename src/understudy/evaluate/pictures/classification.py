"""Train on synthetic, test on real: classification with a small model, beside the same model trained on real pictures and on both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError, DataError
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.data.media.reading import PICTURES
from understudy.evaluate.pictures.detection import BATCH, STEPS, interval, read_small
from understudy.evaluate.pictures.result import PictureUtility, TrainedOn
from understudy.neural.backend import find_device, require_torch

_DRAWS = 400


@dataclass(frozen=True)
class Labelled:
    """pictures: (N, 3, H, W) uint8. classes: (N,) numbers of classes."""

    pictures: NDArray[np.uint8]
    classes: NDArray[np.int64]


def classification_utility(
    real: str | Path,
    synthetic: str | Path,
    test: str | Path,
    *,
    classes: Sequence[str] | None = None,
    size: tuple[int, int] = (96, 96),
    real_pictures: int | None = None,
    steps: int = STEPS,
    mirror: bool = True,
    seed: int = 0,
    device: str | None = None,
    progress: ProgressLike = None,
) -> PictureUtility:
    """Balanced accuracy on real test pictures of a small classifier trained on real, on synthetic, and on real + synthetic pictures.

    Each model takes the same number of steps. Where real and synthetic are mixed, half of the rows are real, repeated as often as needed.

    Args:
        real, synthetic, test: folders with a folder a class (format "imagefolder" with a label, or one split of it).
        classes: names of the classes; None: those that all three have.
        size: width and height in pixels that pictures are squeezed to, multiples of 8.
        real_pictures: train on this many real pictures only, chosen by the seed.
        mirror: whether a picture may be seen with left and right exchanged; not for letters and digits.

    Raises:
        ArgumentError: a size or number that cannot be. DataError: fewer than two classes, or a picture cannot be read.
        MissingExtraError: torch or Pillow is not installed.
    """
    require_torch("Training a classifier")
    if len(size) != 2 or any(side % 8 or side < 16 for side in size) or steps < 1:
        raise ArgumentError(f"Sizes are multiples of 8, and steps 1 or more, not {size} and {steps}.", remedy="Pass size=(96, 96).")
    began, stream = time.perf_counter(), Stream(seed).child("classification utility")
    files = {name: class_files(folder) for name, folder in (("real", real), ("synthetic", synthetic), ("test", test))}
    names = _classes(files, classes)
    sets = {name: _labelled(found, names, size, stream, real_pictures if name == "real" else None) for name, found in files.items()}
    trained = {"real": sets["real"], "synthetic": sets["synthetic"], "real + synthetic": _mixed(sets["real"], sets["synthetic"])}
    with listening(progress) as listener:
        guesses = {
            name: _guessed(rows, sets["test"].pictures, len(names), steps, mirror, stream.child("train"), device, listener)
            for name, rows in trained.items()
        }
    pictures = {"real": len(sets["real"].classes), "synthetic": len(sets["synthetic"].classes)}
    pictures["real + synthetic"] = sum(pictures.values())
    return PictureUtility(
        task="classification", metric="balanced accuracy", classes=names, test_pictures=len(sets["test"].classes), steps=steps,
        scores=_scores(guesses, sets["test"].classes, pictures, names, stream.child("draws")), seed=seed,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def class_files(folder: str | Path) -> dict[str, list[Path]]:
    """The pictures of each class, by the name of the folder that they lie in; splits (train, val, test) are put together."""
    found: dict[str, list[Path]] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in PICTURES and path.parent != Path(folder):
            found.setdefault(path.parent.name, []).append(path)
    if not found:
        raise DataError(
            "There are no folders of classes with pictures here.", where=str(folder), remedy="Put pictures in a folder a class."
        )
    return found


def _classes(files: dict[str, dict[str, list[Path]]], classes: Sequence[str] | None) -> list[str]:
    common = sorted(set.intersection(*(set(found) for found in files.values())))
    names = common if classes is None else list(classes)
    lacking = [name for name in names if name not in common]
    if len(names) < 2 or lacking:
        known = "; ".join(f"{name}: {sorted(found)}" for name, found in files.items())
        raise DataError(
            f"At least two classes must be in all three sets{f', and {lacking} are not' if lacking else ''}.", remedy=f"{known}."
        )
    return names


def _labelled(found: dict[str, list[Path]], names: list[str], size: tuple[int, int], stream: Stream, most: int | None) -> Labelled:
    pairs = [(path, number) for number, name in enumerate(names) for path in found[name]]
    if most is not None:
        if not len(names) <= most <= len(pairs):
            raise ArgumentError(f"real_pictures is {most}; it can be {len(names)} to {len(pairs)}.", where="real_pictures")
        pairs = _some(pairs, most, len(names), stream.child("real"))
    return Labelled(np.stack([read_small(path, size) for path, _ in pairs]), np.array([number for _, number in pairs], dtype=np.int64))


def _some(pairs: list[tuple[Path, int]], most: int, classes: int, stream: Stream) -> list[tuple[Path, int]]:
    """At most so many, of each class in turn."""
    order = [pairs[place] for place in stream.generator().permutation(len(pairs)).tolist()]
    queues = [[pair for pair in order if pair[1] == number] for number in range(classes)]
    turns = [queue[turn] for turn in range(max(map(len, queues))) for queue in queues if turn < len(queue)]
    return turns[:most]


def _mixed(real: Labelled, synthetic: Labelled) -> Labelled:
    count = max(len(real.classes), len(synthetic.classes))
    index = [np.arange(count) % len(part.classes) for part in (real, synthetic)]
    return Labelled(
        np.concatenate([real.pictures[index[0]], synthetic.pictures[index[1]]]),
        np.concatenate([real.classes[index[0]], synthetic.classes[index[1]]]),
    )


def _guessed(
    rows: Labelled,
    test: NDArray[np.uint8],
    classes: int,
    steps: int,
    mirror: bool,
    stream: Stream,
    device: str | None,
    listener: Progress,
) -> NDArray[np.int64]:
    """The class of each test picture, as a model trained on the rows has it."""
    import torch

    from understudy.evaluate.pictures.classifier import ClassificationTask, Classifier, classify
    from understudy.neural.backend import seeded
    from understudy.neural.training import Schedule, train

    place = find_device(device)
    with seeded(stream.child("weights"), place):
        network = Classifier(classes).to(place)
    weights = torch.from_numpy(1 / np.maximum(np.bincount(rows.classes, minlength=classes), 1)).float()
    task = ClassificationTask(network, weights / weights.mean(), place, mirror=mirror)
    schedule = Schedule(steps, batch=2 * BATCH, rate=2e-3, average=0.99, evaluate_every=max(1, steps // 4), patience=None)
    data = [torch.from_numpy(rows.pictures), torch.from_numpy(rows.classes)]
    train(task, data, schedule, stream=stream, budget=Budget.parse(None).start(), progress=listener)
    with seeded(stream.child("test"), place):
        return classify(network, test, place)


def _scores(
    guesses: dict[str, NDArray[np.int64]], truth: NDArray[np.int64], pictures: dict[str, int], names: list[str], stream: Stream
) -> list[TrainedOn]:
    rng = stream.generator()
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(_DRAWS)]
    drawn = {name: np.array([balanced_accuracy(truth[draw], guess[draw]) for draw in draws]) for name, guess in guesses.items()}
    real = balanced_accuracy(truth, guesses["real"])
    scores = []
    for name, guess in guesses.items():
        value = balanced_accuracy(truth, guess)
        by_class = {names[number]: float((guess[truth == number] == number).mean()) for number in np.unique(truth).tolist()}
        facts = {} if name == "real" else {"gap": value - real, "gap_interval": interval(drawn[name] - drawn["real"])}
        scores.append(
            TrainedOn(name=name, pictures=pictures[name], score=value, interval=interval(drawn[name]), by_class=by_class, **facts)
        )
    return scores


def balanced_accuracy(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> float:
    """The mean over classes of the share of their pictures that were told rightly."""
    return float(np.mean([(guess[truth == number] == number).mean() for number in np.unique(truth)]))
