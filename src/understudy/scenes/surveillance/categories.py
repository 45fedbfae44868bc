"""What is labelled in surveillance pictures."""

from __future__ import annotations

from understudy.data.media.items import Category
from understudy.scenes.models.people import KEYPOINTS

NAMES: tuple[tuple[str, bool, str, tuple[int, int, int]], ...] = (
    ("floor", False, "flat", (128, 64, 128)),
    ("marking", False, "flat", (230, 230, 200)),
    ("wall", False, "construction", (102, 102, 156)),
    ("ceiling", False, "construction", (150, 150, 170)),
    ("furniture", False, "object", (190, 153, 153)),
    ("building", False, "construction", (70, 70, 70)),
    ("vegetation", False, "nature", (107, 142, 35)),
    ("pole", False, "object", (153, 153, 153)),
    ("person", True, "human", (220, 20, 60)),
    ("bag", True, "object", (255, 120, 0)),
    ("vehicle", True, "vehicle", (0, 0, 142)),
    ("sky", False, "sky", (70, 130, 180)),
)
IDS = {name: number for number, (name, *_) in enumerate(NAMES, 1)}


def _mirrored(name: str) -> str:
    return name.replace("left", "#").replace("right", "left").replace("#", "right")


FLIPS = tuple(KEYPOINTS.index(_mirrored(name)) if _mirrored(name) in KEYPOINTS else place for place, name in enumerate(KEYPOINTS))
CATEGORIES = tuple(
    Category(number, name, thing, group, color, KEYPOINTS, flips=FLIPS) if name == "person" else Category(number, name, thing, group, color)
    for number, (name, thing, group, color) in enumerate(NAMES, 1)
)
