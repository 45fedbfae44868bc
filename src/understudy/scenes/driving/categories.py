"""What is labelled in driving scenes, and which category each model has."""

from __future__ import annotations

from understudy.data.media.items import Category

NAMES: tuple[tuple[str, bool, str, tuple[int, int, int]], ...] = (
    ("road", False, "flat", (128, 64, 128)),
    ("sidewalk", False, "flat", (244, 35, 232)),
    ("lane marking", False, "flat", (230, 230, 200)),
    ("parking", False, "flat", (250, 170, 160)),
    ("kerb", False, "flat", (196, 196, 196)),
    ("terrain", False, "nature", (152, 251, 152)),
    ("vegetation", False, "nature", (107, 142, 35)),
    ("building", False, "construction", (70, 70, 70)),
    ("guard rail", False, "construction", (180, 165, 180)),
    ("pole", False, "object", (153, 153, 153)),
    ("traffic sign", True, "object", (220, 220, 0)),
    ("traffic light", True, "object", (250, 170, 30)),
    ("car", True, "vehicle", (0, 0, 142)),
    ("van", True, "vehicle", (0, 40, 160)),
    ("truck", True, "vehicle", (0, 0, 70)),
    ("bus", True, "vehicle", (0, 60, 100)),
    ("motorcycle", True, "vehicle", (0, 0, 230)),
    ("bicycle", True, "vehicle", (119, 11, 32)),
    ("pedestrian", True, "human", (220, 20, 60)),
    ("animal", True, "animal", (165, 42, 42)),
    ("debris", True, "object", (255, 120, 0)),
    ("ego vehicle", False, "ego", (30, 30, 30)),
    ("sky", False, "sky", (70, 130, 180)),
)
IDS = {name: number for number, (name, *_) in enumerate(NAMES, 1)}
OF_KIND = {
    "sedan": "car", "hatchback": "car", "estate": "car", "suv": "car", "pickup": "car", "car": "car", "van": "van", "truck": "truck",
    "semi-trailer": "truck", "bus": "bus", "motorcycle": "motorcycle", "bicycle": "bicycle", "cyclist": "bicycle",
    "pedestrian": "pedestrian", "deer": "animal", "dog": "animal", "boar": "animal", "cow": "animal", "cat": "animal",
}  # fmt: skip
"""Kind of a model or agent → category; everything else that lies about is debris."""


def categories(vehicle_points: tuple[str, ...], person_points: tuple[str, ...]) -> tuple[Category, ...]:
    """All categories; cars and pedestrians with the keypoints that their models have."""
    points = {"car": vehicle_points, "van": vehicle_points, "truck": vehicle_points, "bus": vehicle_points, "pedestrian": person_points}
    return tuple(
        Category(number, name, thing, group, color, points.get(name, ()), flips=_flips(points.get(name, ())))
        for number, (name, thing, group, color) in enumerate(NAMES, 1)
    )


def category_of(kind: str) -> int:
    """The id of the category that a kind of model has."""
    return IDS[OF_KIND.get(kind, "debris")]


def _flips(points: tuple[str, ...]) -> tuple[int, ...]:
    def mirror(name: str) -> str:
        return name.replace("left", "#").replace("right", "left").replace("#", "right")

    return tuple(points.index(mirror(name)) if mirror(name) in points else place for place, name in enumerate(points))
