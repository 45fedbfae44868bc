"""Across renderers: a small detector trained on pictures of one renderer, tested on pictures of another: a cheap stand-in for real ones.

    python bench/across_renderers.py                                     goods on a table: trained on `raycast`, tested on `mitsuba`
    python bench/across_renderers.py --other cycles --samples 4          tested on Blender's pictures

Trained on the default renderer's pictures, on a few of the other renderer's own, and on both. Beside them two detectors without any
picture to learn from: the training set's typical boxes in every picture, and blobs that stand out from the picture's edges. No scene
is shown twice. One class, "thing". The table goes to bench/results/across_renderers.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.cluster.vq import kmeans2
from sim_to_real import Picture, write_coco

from understudy.data.media.image_files import jpeg, read_image
from understudy.evaluate.pictures import PictureUtility, detection_utility
from understudy.evaluate.pictures.average_precision import matched
from understudy.evaluate.pictures.boxes import Boxes, read_boxes
from understudy.scenes.generator import Scenes

THING = ("thing",)
LEAST_SHOWN = 0.25
TYPICAL = 24
RESULTS = Path(__file__).parent / "results" / "across_renderers.md"
Floats = NDArray[np.float64]


def goods(renderer: Any, count: int, seed: int, size: tuple[int, int]) -> Iterable[Picture]:
    """Pictures of goods on a table with the boxes of what is seen of each."""
    settings = {"setup": "clutter", "camera": {"sensor": {"width": size[0], "height": size[1]}}}
    scenes = Scenes({"understudy": "scenes/1", "world": "products", "renderer": renderer, "labels": ["boxes"], "settings": settings})
    for number, shot in enumerate(scenes.sample(count, seed=seed)):
        frame = shot.frames[0]
        boxes = []
        for one in frame.instances:
            if (1 - one.occlusion) * (1 - one.truncation) >= LEAST_SHOWN:
                x0, y0, x1, y1 = (float(value) for value in one.box)
                boxes.append(("thing", [x0, y0, x1 - x0, y1 - y0]))
        yield f"{number:05}.jpg", jpeg(frame.image, 92), frame.width, frame.height, boxes


def by_typical_boxes(train: Boxes, test: Boxes) -> float:
    """Average precision of the centres of clusters of training boxes, the most frequent first, in every picture."""
    centres, which = kmeans2(train.box, TYPICAL, seed=0, minit="++")
    share = np.bincount(which, minlength=TYPICAL) / len(which)
    return _scored([(centres, share)] * test.pictures, test)


def by_blobs(test: Boxes) -> float:
    """Average precision of what stands out from the colour at the picture's edges, the largest first."""
    found = []
    for file in test.files:
        image = ndimage.uniform_filter(read_image(file.read_bytes(), str(file)).astype(float), (3, 3, 0))
        edge = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0)
        apart = np.abs(image - edge).sum(axis=2)
        labels, _ = ndimage.label(apart > 60)
        height, width = labels.shape
        spots = [(x.start / width, y.start / height, x.stop / width, y.stop / height) for y, x in ndimage.find_objects(labels)]
        boxes = np.array(spots).reshape(-1, 4)
        found.append((boxes, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))
    return _scored(found, test)


def _scored(found: list[tuple[Floats, Floats]], test: Boxes) -> float:
    order = [np.argsort(-scores, kind="stable") for _, scores in found]
    found = [(boxes[first], scores[first]) for (boxes, scores), first in zip(found, order, strict=True)]
    return float(matched(found, [test.box[test.picture == number] for number in range(test.pictures)]).average_precision())


def table(study: PictureUtility, baselines: dict[str, float], arguments: argparse.Namespace, spent: float) -> str:
    other = arguments.other
    names = {"synthetic": "raycast", "real": f"{other}, few", "real + synthetic": "both"}
    rows = [
        "# Across renderers",
        "",
        f"`python bench/across_renderers.py`: goods on a table, {arguments.size[0]} × {arguments.size[1]}; average precision at an "
        "overlap of one half, one class,",
        f"on {study.test_pictures} pictures by {other} ({arguments.samples} samples a pixel). Each model: {arguments.steps} steps of 16 "
        f"pictures. Intervals: 95 % over test pictures. {spent:.0f} CPU s.",
        "",
        "| trained on | pictures | average precision |",
        "|---|---|---|",
    ]
    rows += [
        f"| {names[one.name]} | {one.pictures} | {one.score:.3f} [{one.interval[0]:.3f}, {one.interval[1]:.3f}] |" for one in study.scores
    ]
    rows += [f"| {name} | – | {value:.3f} |" for name, value in baselines.items()]
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", default="mitsuba", help="the renderer that is tested on")
    parser.add_argument("--samples", type=int, default=8, help="of the other renderer, a pixel")
    parser.add_argument("--pictures", type=int, default=80, help="of the default renderer, to train on")
    parser.add_argument("--few", type=int, default=12, help="of the other renderer, to train on")
    parser.add_argument("--test", type=int, default=24, help="of the other renderer, to test on")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--size", type=int, nargs=2, default=[96, 72])
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    began, size = time.process_time(), (arguments.size[0], arguments.size[1])
    other = {arguments.other: {"samples": arguments.samples}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, renderer, count, seed in (
            ("train", "raycast", arguments.pictures, 1), ("few", other, arguments.few, 2), ("test", other, arguments.test, 3),
        ):  # fmt: skip
            write_coco(folder / part, goods(renderer, count, seed, size), THING)
            print(f"{part}: {count} pictures, {time.process_time() - began:.0f} CPU s so far", flush=True)
        train, test = read_boxes(folder / "train"), read_boxes(folder / "test")
        assert train is not None
        assert test is not None
        baselines = {"typical boxes": by_typical_boxes(train, test), "blobs": by_blobs(test)}
        print(baselines, flush=True)
        study = detection_utility(folder / "few", folder / "train", folder / "test", size=size, steps=arguments.steps)
    arguments.output.write_text(table(study, baselines, arguments, time.process_time() - began), "utf-8")
    print(arguments.output.read_text("utf-8"))


if __name__ == "__main__":
    main()
