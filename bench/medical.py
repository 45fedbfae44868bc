"""What phantoms and scans cost: CPU seconds a slice, a radiograph, an item; the second of two runs, when kernels are compiled.

python bench/medical.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from understudy.core.random import Stream
from understudy.scenes.generator import Scenes
from understudy.scenes.medical.ct import DETAIL, Scanner, ct_volume
from understudy.scenes.medical.mri import SEQUENCES, Coil, mri_slice, sensitivity
from understudy.scenes.medical.phantoms import phantom
from understudy.scenes.medical.shapes import Grid

BOUNDS = {"CT slice, 256², 360 views": 2.0, "MRI slice, 256²": 0.3}


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of the second run."""
    work()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    chest = phantom("torso", Grid.around([0, 0, 150], [400, 400, 5], [5, 400 / 256 / DETAIL, 400 / 256 / DETAIL]), Stream(1))
    head = phantom("head", Grid.around([0, 0, 10], [240, 240, 5], [5, 240 / 256 / DETAIL, 240 / 256 / DETAIL]), Stream(1))
    field = sensitivity(head.labels.shape[1:], 0.2, np.random.default_rng(1))
    figures = {
        "CT slice, 256², 360 views": seconds(lambda: ct_volume(chest, Scanner(), np.random.default_rng(1))),
        "MRI slice, 256²": seconds(lambda: mri_slice(head, 0, SEQUENCES["t2"], Coil(), 240.0, np.random.default_rng(1), field)),
    }
    for name, settings in {
        "chest CT, 16 slices, an item": {"region": "chest", "slices": 16},
        "head MRI, 16 slices, an item": {"region": "head", "modality": "mri", "slices": 16},
        "chest radiograph, 512², an item": {"region": "chest", "modality": "xray", "size": 512},
        "hand radiograph, 512², an item": {"region": "hand", "modality": "xray", "size": 512},
    }.items():
        made = Scenes({"understudy": "scenes/1", "world": "medical", "renderer": "none", "settings": settings})
        figures[name] = seconds(lambda made=made: made.block(0, seed=1))  # type: ignore[misc]
    for name, cost in figures.items():
        bound = f"   bound {BOUNDS[name]:.2f}, ratio {cost / BOUNDS[name]:.2f}" if name in BOUNDS else ""
        print(f"{name:36} {cost:7.2f} CPU s{bound}")


if __name__ == "__main__":
    main()
