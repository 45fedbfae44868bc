"""From simulated to real: a small detector trained on blood smears of the world `microscopy`, tested on photographs.

    python bench/sim_to_real.py --real /data/bccd_blood_cells        two seeds, 10 and 20 real pictures

Contestants, each with the same number of steps, batches, and changes of colour and side: few real pictures alone, synthetic ones alone,
both. The test pictures are the photographs' own test split; they are read once a run, to be tested on. What the simulator's defaults
took from photographs (sizes in pixels, colours, counts) was measured in the training split alone.

The folder holds `images.zip` and `annotations_coco.json.gz` of the BCCD photographs (Shenggan/BCCD_Dataset, MIT): 205 to train, 72 to test.
Data sets are written beside each other in a temporary folder and removed. The table goes to bench/results/sim_to_real.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from understudy.data.media.image_files import jpeg
from understudy.data.media.items import Frame
from understudy.evaluate.pictures import PictureUtility, detection_utility
from understudy.scenes.generator import Scenes

CLASSES = ("RBC", "WBC", "Platelets")
NAMES = {"red cell": "RBC", "white cell": "WBC", "platelet": "Platelets"}
LEAST_SHOWN = 0.4
"""Share of a cell within the picture, and not under others, from which people mark it."""
Picture = tuple[str, bytes, int, int, list[tuple[str, list[float]]]]
"""Name, file, width, height, and class and x, y, width, height of each object."""
RESULTS = Path(__file__).parent / "results" / "sim_to_real.md"


def write_coco(folder: Path, pictures: Iterable[Picture], classes: Sequence[str]) -> None:
    """A data set of COCO's form."""
    (folder / "images").mkdir(parents=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for name, content, width, height, boxes in pictures:
        (folder / "images" / name).write_bytes(content)
        images.append({"id": len(images) + 1, "file_name": name, "width": width, "height": height})
        for kind, box in boxes:
            row = {"id": len(annotations) + 1, "image_id": len(images), "category_id": classes.index(kind) + 1, "bbox": box}
            annotations.append({**row, "area": box[2] * box[3], "iscrowd": 0})
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, start=1)]
    index = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "coco.json").write_text(json.dumps(index), "utf-8")


def photographs(source: Path, split: str) -> Iterable[Picture]:
    index = json.loads(gzip.decompress((source / "annotations_coco.json.gz").read_bytes()))
    names = {row["id"]: row["name"] for row in index["categories"]}
    with zipfile.ZipFile(source / "images.zip") as archive:
        for image in index["images"]:
            if image["split"] == split:
                boxes = [(names[row["category_id"]], row["bbox"]) for row in index["annotations"] if row["image_id"] == image["id"]]
                yield image["file_name"], archive.read(image["file_name"]), image["width"], image["height"], boxes


def smears(count: int, seed: int) -> Iterable[Picture]:
    """Synthetic pictures with boxes as people draw them: around the whole cell, also where another one lies on it, cut at the edge."""
    scenes = Scenes("microscopy-smear")
    for number, shot in enumerate(scenes.sample(count, seed=seed)):
        frame = shot.frames[0]
        names = {category.id: category.name for category in shot.categories}
        assert frame.image is not None
        yield f"{number:05}.jpg", jpeg(frame.image, 92), frame.width, frame.height, list(_boxes(frame, names))


def _boxes(frame: Frame, names: dict[int, str]) -> Iterable[tuple[str, list[float]]]:
    for one in frame.instances:
        shown = (1 - one.occlusion) * (1 - one.truncation)
        if names[one.category] in NAMES and shown >= LEAST_SHOWN:
            corners = np.clip(np.array(one.amodal_box, dtype=float), 0, [frame.width, frame.height] * 2)
            yield NAMES[names[one.category]], [*corners[:2].tolist(), *(corners[2:] - corners[:2]).tolist()]


def study_all(folder: Path, arguments: argparse.Namespace, began: float) -> None:
    """Writes the table anew after each pair of seed and share."""
    found: list[tuple[int, int, PictureUtility]] = []
    for seed in range(arguments.seeds):
        for real in arguments.shares:
            study = detection_utility(
                folder / "train", folder / "synthetic", folder / "test", classes=CLASSES, size=tuple(arguments.size),
                real_pictures=real, steps=arguments.steps, seed=seed,
            )  # fmt: skip
            print(f"seed {seed}, {real} real pictures\n{study}", flush=True)
            found.append((seed, real, study))
            arguments.output.write_text(table(found, arguments, time.process_time() - began), "utf-8")


def table(found: list[tuple[int, int, PictureUtility]], arguments: argparse.Namespace, spent: float) -> str:
    rows = [
        "# From simulated to real: cells in blood smears",
        "",
        f"`python bench/sim_to_real.py`: average precision at an overlap of one half, mean of {len(CLASSES)} classes, on "
        f"{found[0][2].test_pictures} photographs;",
        f"{arguments.steps} steps of 16 pictures at {arguments.size[0]} × {arguments.size[1]} for every model; {arguments.pictures} "
        f"synthetic pictures. Intervals: 95 % over test pictures.",
        f"{spent:.0f} CPU s on a shared core, making the pictures included.",
        "",
        "| seed | real pictures | trained on | average precision | against few real ones | RBC | WBC | Platelets |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed, real, study in found:
        for score in study.scores:
            gap = "" if score.gap is None or score.gap_interval is None else f"{score.gap:+.3f} {_interval(score.gap_interval, '+')}"
            classes = " | ".join(f"{score.by_class[name]:.2f}" for name in CLASSES)
            rows.append(f"| {seed} | {real} | {score.name} | {score.score:.3f} {_interval(score.interval)} | {gap} | {classes} |")
    return "\n".join(rows) + "\n"


def _interval(ends: tuple[float, float], sign: str = "") -> str:
    return f"[{ends[0]:{sign}.3f}, {ends[1]:{sign}.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--pictures", type=int, default=200, help="synthetic ones")
    parser.add_argument("--shares", type=int, nargs="+", default=[10, 20], help="numbers of real pictures")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--size", type=int, nargs=2, default=[96, 72])
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_coco(folder / "train", photographs(arguments.real, "train"), CLASSES)
        write_coco(folder / "test", photographs(arguments.real, "test"), CLASSES)
        write_coco(folder / "synthetic", smears(arguments.pictures, 1), CLASSES)
        print(f"{arguments.pictures} pictures, {time.process_time() - began:.0f} CPU s", flush=True)
        study_all(folder, arguments, began)


if __name__ == "__main__":
    main()
