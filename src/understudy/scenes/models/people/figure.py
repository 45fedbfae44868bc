"""A person's figure: measures by age and sex, clothes, and a mesh for each of 15 rigid links. No faces.

Segment lengths are the usual shares of body height (Drillis and Contini, "Body segment parameters", New York University 1966).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.lofts import loft
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.primitives import box, cylinder, ellipsoid
from understudy.scenes.material import Color, Material
from understudy.scenes.models.model import Assembly, Part, mirrored

Floats = NDArray[np.float64]

LINKS = (
    "pelvis",
    "chest",
    "head",
    "left upper arm",
    "left forearm",
    "left hand",
    "right upper arm",
    "right forearm",
    "right hand",
    "left thigh",
    "left shin",
    "left foot",
    "right thigh",
    "right shin",
    "right foot",
)
TOPS = ("t-shirt", "shirt", "jacket", "coat")
BOTTOMS = ("trousers", "jeans", "shorts", "skirt")
EXTRAS = ("backpack", "handbag", "hat", "cap", "helmet", "long hair", "vest")


@dataclass(frozen=True)
class Look:
    """What a person looks like.

    Attributes:
        height: m. build: 0.85 slim .. 1.25 stout, widths over the usual ones.
        age: "child", "adult" or "senior". sex: "female" or "male": widths of shoulders and hips.
        top, bottom: kinds of clothes. extras: of `EXTRAS`.
        colors: reflectance by role ("skin", "hair", "top", "bottom", "shoes", "bag", "hat").
    """

    height: float
    build: float
    age: str
    sex: str
    top: str
    bottom: str
    extras: tuple[str, ...]
    colors: tuple[tuple[str, Color], ...]


CLOTH: tuple[tuple[str, float, Color], ...] = (
    ("black", 0.22, (0.02, 0.02, 0.022)),
    ("navy", 0.14, (0.025, 0.035, 0.09)),
    ("grey", 0.14, (0.17, 0.17, 0.18)),
    ("white", 0.12, (0.72, 0.71, 0.69)),
    ("blue", 0.1, (0.08, 0.16, 0.36)),
    ("beige", 0.08, (0.46, 0.38, 0.27)),
    ("red", 0.07, (0.42, 0.05, 0.05)),
    ("green", 0.05, (0.09, 0.19, 0.09)),
    ("brown", 0.04, (0.15, 0.09, 0.05)),
    ("yellow", 0.02, (0.66, 0.48, 0.06)),
    ("pink", 0.02, (0.6, 0.24, 0.3)),
)
SKIN: tuple[Color, ...] = ((0.62, 0.42, 0.32), (0.52, 0.33, 0.24), (0.4, 0.24, 0.16), (0.26, 0.14, 0.09), (0.13, 0.07, 0.05))
HAIR: tuple[Color, ...] = (
    (0.015, 0.012, 0.01),
    (0.05, 0.03, 0.018),
    (0.12, 0.07, 0.035),
    (0.38, 0.27, 0.13),
    (0.25, 0.24, 0.23),
    (0.2, 0.06, 0.02),
)


def look(
    rng: np.random.Generator,
    *,
    age: str | None = None,
    sex: str | None = None,
    height: float | None = None,
    extras: tuple[str, ...] | None = None,
) -> Look:
    """A person's looks, what is not given drawn at random.

    Raises:
        ArgumentError: an age, sex or extra that is not known.
    """
    for given, known in ((age, ("child", "adult", "senior")), (sex, ("female", "male")), *((extra, EXTRAS) for extra in extras or ())):
        if given is not None and given not in known:
            raise ArgumentError(f'A person cannot be "{given}".', remedy=did_you_mean(given, known))
    years = age or str(rng.choice(["child", "adult", "senior"], p=[0.12, 0.72, 0.16]))
    kind = sex or str(rng.choice(["female", "male"]))
    mean, spread = {"child": (1.28, 0.14), "senior": (1.64 if kind == "female" else 1.73, 0.06)}.get(
        years, (1.66 if kind == "female" else 1.79, 0.065)
    )
    tall = height or round(float(np.clip(rng.normal(mean, spread), 0.95, 2.05)), 2)
    build = round(float(np.clip(rng.normal(1.0 if years != "senior" else 1.06, 0.08), 0.85, 1.25)), 2)
    top = str(rng.choice(TOPS, p=[0.34, 0.22, 0.28, 0.16]))
    skirt = 0.18 if kind == "female" else 0.0
    bottom = str(rng.choice(BOTTOMS, p=[0.4, 0.44 - skirt, 0.16, skirt]))
    chosen = _drawn_extras(rng, kind, years) if extras is None else extras
    _, shares, tones = zip(*CLOTH, strict=True)
    picked = [tones[int(rng.choice(len(tones), p=shares))] for _ in range(5)]
    jeans: Color = (0.05, 0.085, 0.18)
    hair = HAIR[4] if years == "senior" and rng.random() < 0.7 else HAIR[int(rng.choice(6, p=[0.3, 0.27, 0.2, 0.14, 0.05, 0.04]))]
    colors: dict[str, Color] = {
        "skin": SKIN[int(rng.choice(5, p=[0.35, 0.27, 0.18, 0.12, 0.08]))],
        "hair": hair,
        "top": picked[0],
        "bottom": jeans if bottom == "jeans" else picked[1],
        "shoes": picked[2],
        "bag": picked[3],
        "hat": picked[4],
        "vest": (0.75, 0.55, 0.02),
    }
    return Look(tall, build, years, kind, top, bottom, tuple(chosen), tuple(colors.items()))


def _drawn_extras(rng: np.random.Generator, sex: str, age: str) -> list[str]:
    found = ["backpack"] if rng.random() < (0.35 if age == "child" else 0.15) else []
    if sex == "female":
        found += ["handbag"] if age != "child" and rng.random() < 0.25 else []
        found += ["long hair"] if rng.random() < 0.65 else []
    if rng.random() < 0.12:
        found.append(str(rng.choice(["hat", "cap"])))
    return found


def palette(person: Look) -> dict[str, Material]:
    """Materials by role."""
    colors = dict(person.colors)
    knit = 0.004 if person.top in ("t-shirt", "shirt") else 0.01
    return {
        "skin": Material("skin", colors["skin"], pattern="skin", roughness=0.55, temperature=10.0),
        "hair": Material("hair", colors["hair"], pattern="hair", scale=0.01, roughness=0.6, temperature=4.0),
        "top": Material(person.top, colors["top"], _darker(colors["top"]), "fabric", knit, 0.35, roughness=0.9, temperature=5.0),
        "bottom": Material(
            person.bottom, colors["bottom"], _darker(colors["bottom"]), "fabric", 0.005, 0.35, roughness=0.9, temperature=5.0
        ),
        "shoes": Material("shoes", colors["shoes"], roughness=0.5, temperature=3.0),
        "sole": Material("sole", (0.5, 0.5, 0.48) if colors["shoes"][0] > 0.1 else (0.03, 0.03, 0.03), roughness=0.8, temperature=2.0),
        "bag": Material("bag", colors["bag"], _darker(colors["bag"]), "fabric", 0.006, 0.3, roughness=0.7),
        "hat": Material("hat", colors["hat"], _darker(colors["hat"]), "fabric", 0.006, 0.3, roughness=0.9),
        "vest": Material("safety vest", colors["vest"], roughness=0.6, retroreflection=0.5),
    }


def _darker(color: Color) -> Color:
    r, g, b = (0.7 * channel for channel in color)
    return r, g, b


@dataclass(frozen=True)
class Skeleton:
    """Lengths in m of what poses are computed from; places of joints relative to their link's parent joint."""

    hip: float
    hip_half: float
    waist: float
    shoulder: float
    shoulder_half: float
    neck: float
    upper_arm: float
    forearm: float
    thigh: float
    shin: float
    ankle: float
    ball: float
    heel: float
    toe: float


def skeleton(person: Look) -> Skeleton:
    h = person.height
    broad = 0.117 if person.sex == "male" else 0.106
    return Skeleton(
        0.53 * h,
        0.052 * h,
        0.09 * h,
        0.195 * h,
        broad * h * (0.9 + 0.1 * person.build),
        0.235 * h,
        0.172 * h,
        0.15 * h,
        0.245 * h,
        0.246 * h,
        0.039 * h,
        0.075 * h,
        0.035 * h,
        0.112 * h,
    )


def limb(sections: list[tuple[float, float, float, float]], count: int = 10, *, hem: bool = False) -> Mesh:
    """A rounded body part through elliptic sections.

    sections: (z, radius along x, radius along y, x of the middle) from the lowest to the highest; the ends become domes.
    hem: the lower end is nearly flat, as of cloth.
    """
    low, high = sections[0], sections[-1]

    def dome(section: tuple[float, float, float, float], sign: float, share: float) -> tuple[float, float, float, float]:
        z, rx, ry, x = section
        shrink = float(np.sqrt(1 - share**2))
        deep = (0.12 if hem and sign < 0 else 1.0) * min(rx, ry)
        return z + sign * share * deep, rx * shrink, ry * shrink, x

    ends = (1.0, 0.87, 0.5)
    rows = np.array([*(dome(low, -1, share) for share in ends), *sections, *(dome(high, 1, share) for share in ends[::-1])])
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    rings = np.empty((len(rows), count, 3))
    rings[..., 0] = rows[:, 3:4] + rows[:, 1:2] * np.cos(angle)
    rings[..., 1] = rows[:, 2:3] * np.sin(angle)
    rings[..., 2] = rows[:, :1]
    return loft(rings, caps=(False, False))


@lru_cache(maxsize=256)
def figure(height: float, build: float, age: str, sex: str, top: str, bottom: str, extras: tuple[str, ...]) -> tuple[Part, ...]:
    """A part for each of `LINKS`; limbs hang down from their joint, which is the origin."""
    person = Look(height, build, age, sex, top, bottom, extras, ())
    bones = skeleton(person)
    arms = _arm(person, bones)
    legs = _leg(person, bones)
    hands = [_hand(person, with_bag="handbag" in extras and side == "left") for side in ("left", "right")]
    flip = [Part(mirrored(part.mesh), part.roles) for part in (*arms, *legs)]
    return (
        _pelvis(person),
        _chest(person, bones),
        _head(person),
        *arms,
        hands[0],
        *flip[:2],
        hands[1],
        *legs,
        *flip[2:],
    )


def _pelvis(p: Look) -> Part:
    h, b = p.height, p.build
    hips = 1.06 if p.sex == "female" else 1.0
    made = Assembly()
    rows = [(-0.035, 0.066, 0.088, -0.004), (0.01, 0.073, 0.097 * hips, -0.006), (0.045, 0.066, 0.088, 0.0), (0.085, 0.06, 0.08, 0.0)]
    made.add(limb([(z * h, rx * h * b, ry * h * b, x * h) for z, rx, ry, x in rows], 16), "bottom")
    if p.bottom == "skirt":
        rows = [(-0.24, 0.1, 0.115, 0.01), (-0.12, 0.09, 0.107, 0.0), (0.0, 0.078, 0.1, -0.004), (0.06, 0.068, 0.09, 0.0)]
        made.add(limb([(z * h, rx * h * b, ry * h * b, x * h) for z, rx, ry, x in rows], 16, hem=True), "bottom")
    hem = {"t-shirt": -0.01, "shirt": 0.0, "jacket": -0.03, "coat": -0.19}[p.top]
    loose = {"t-shirt": 1.02, "shirt": 1.04, "jacket": 1.09, "coat": 1.12}[p.top]
    flare = 1.2 if p.top == "coat" else 1.0
    rows = [(hem, 0.075 * flare, 0.099 * flare, -0.004), (0.03, 0.071, 0.094 * hips, -0.003), (0.085, 0.063, 0.085, 0.0)]
    made.add(limb([(z * h, rx * h * b * loose, ry * h * b * loose, x * h) for z, rx, ry, x in rows], 16, hem=True), "top")
    return made.part()


def _chest(p: Look, bones: Skeleton) -> Part:
    h, b = p.height, p.build
    loose = {"t-shirt": 1.0, "shirt": 1.02, "jacket": 1.07, "coat": 1.08}[p.top]
    wide = bones.shoulder_half / h
    bust = 0.012 if p.sex == "female" and p.age != "child" else 0.0
    rows = [
        (-0.02, 0.061, 0.082, 0.0),
        (0.04, 0.063, 0.083, 0.003),
        (0.1, 0.066 + bust / 2, wide * 0.82, 0.004 + bust),
        (0.15, 0.064 + bust / 3, wide * 0.92, bust / 2),
        (0.185, 0.053, wide * 0.98, -0.004),
        (0.205, 0.043, wide * 0.8, -0.008),
        (0.222, 0.034, wide * 0.42, -0.008),
    ]
    made = Assembly()
    made.add(limb([(z * h, rx * h * b * loose, ry * h * (0.6 + 0.4 * b) * loose, x * h) for z, rx, ry, x in rows], 16), "top")
    if "vest" in p.extras:
        made.add(
            limb([(z * h, rx * h * b * (loose + 0.06), ry * h * (0.6 + 0.4 * b) * (loose + 0.02), x * h) for z, rx, ry, x in rows[:5]], 16),
            "vest",
        )
    if p.top in ("jacket", "coat"):
        made.add(limb([(0.212 * h, 0.043 * h, 0.05 * h, -0.006 * h), (0.235 * h, 0.04 * h, 0.045 * h, -0.004 * h)], 12), "top")
    if "backpack" in p.extras:
        made.add(box((0.15, 0.3, 0.42), bevel=0.05).scaled(h / 1.75).moved(offset=(-0.125 * h * b, 0, 0.1 * h)), "bag")
        for y in (0.09, -0.09):
            made.add(
                limb([(0.05 * h, 0.078 * h * b * loose, 0.02, 0.0), (0.17 * h, 0.076 * h * b * loose, 0.02, 0.0)], 10).moved(
                    offset=(0, y * h / 1.3, 0)
                ),
                "bag",
            )
    return made.part()


def _head(p: Look) -> Part:
    h = p.height
    size = 0.23 * (0.72 + 0.28 * h / 1.75)  # children's heads are large
    centre = 0.305 * h - 0.235 * h + 0.03 * size
    made = Assembly()
    made.add(limb([(-0.02 * h, 0.033 * h, 0.034 * h, -0.004 * h), (0.045 * h, 0.031 * h, 0.031 * h, 0.004 * h)], 12), "skin")
    made.add(ellipsoid((0.83 * size, 0.67 * size, size), 18).moved(offset=(0.012, 0, centre)), "skin")
    jaw = ellipsoid((0.55 * size, 0.5 * size, 0.5 * size), 12).moved(offset=(0.03, 0, centre - 0.22 * size))
    made.add(jaw, "skin")
    for side in (1, -1):
        made.add(
            ellipsoid((0.17 * size, 0.06 * size, 0.27 * size), 8).moved(offset=(0.0, side * 0.335 * size, centre - 0.03 * size)), "skin"
        )
    made.add(ellipsoid((0.12 * size, 0.09 * size, 0.17 * size), 8).moved(offset=(0.012 + 0.41 * size, 0, centre - 0.08 * size)), "skin")
    made.add(ellipsoid((0.84 * size, 0.72 * size, 0.8 * size), 16).moved(offset=(-0.012, 0, centre + 0.135 * size)), "hair")
    if "long hair" in p.extras:
        rows = [(-0.75, 0.12, 0.26, -0.36), (-0.3, 0.17, 0.34, -0.27), (0.1, 0.26, 0.36, -0.17)]
        made.add(limb([(z * size + centre, rx * size, ry * size, x * size) for z, rx, ry, x in rows], 12), "hair")
    top = centre + 0.3 * size
    if {"hat", "cap", "helmet"} & set(p.extras):
        made.add(ellipsoid((0.96 * size, 0.82 * size, 0.75 * size), 16).moved(offset=(-0.005, 0, centre + 0.21 * size)), "hat")
    if "hat" in p.extras:
        made.add(cylinder(0.62 * size, 0.02, 18).moved(offset=(0, 0, top - 0.03)), "hat")
    if "cap" in p.extras:
        made.add(ellipsoid((0.5 * size, 0.62 * size, 0.06 * size), 12).moved(offset=(0.5 * size, 0, top - 0.05)), "hat")
    return made.part()


def _arm(p: Look, bones: Skeleton) -> list[Part]:
    h, b = p.height, 0.5 + 0.5 * p.build
    loose = {"t-shirt": 1.08, "shirt": 1.12, "jacket": 1.24, "coat": 1.28}[p.top]
    upper, lower = Assembly(), Assembly()
    rows = [(-bones.upper_arm, 0.0235), (-0.5 * bones.upper_arm, 0.0275), (-0.1 * bones.upper_arm, 0.03)]
    if p.top == "t-shirt":
        upper.add(limb([(z, r * h * b, r * h * b, 0.0) for z, r in rows]), "skin")
        upper.add(
            limb(
                [(-0.55 * bones.upper_arm, 0.031 * h * b, 0.031 * h * b, 0.0), (-0.08 * bones.upper_arm, 0.034 * h * b, 0.033 * h * b, 0.0)]
            ),
            "top",
        )
    else:
        upper.add(limb([(z, r * h * b * loose, r * h * b * loose, 0.0) for z, r in rows]), "top")
    sleeve = "skin" if p.top == "t-shirt" else "top"
    size = 1.0 if p.top == "t-shirt" else loose * 0.95
    rows = [(-0.95 * bones.forearm, 0.0165), (-0.35 * bones.forearm, 0.0235), (0.0, 0.0225)]
    lower.add(limb([(z, r * h * b * size, r * h * b * size, 0.0) for z, r in rows]), sleeve)
    return [upper.part(), lower.part()]


def _hand(p: Look, *, with_bag: bool) -> Part:
    h = p.height
    made = Assembly()
    made.add(
        limb(
            [(-0.075 * h, 0.014 * h, 0.007 * h, 0.012 * h), (-0.04 * h, 0.022 * h, 0.012 * h, 0.004 * h), (0.0, 0.015 * h, 0.013 * h, 0.0)],
            8,
        ),
        "skin",
    )
    made.add(limb([(-0.055 * h, 0.008 * h, 0.008 * h, 0.03 * h), (-0.02 * h, 0.008 * h, 0.008 * h, 0.015 * h)], 6), "skin")
    if with_bag:
        made.add(box((0.3, 0.11, 0.22), bevel=0.03).moved(offset=(0, 0, -0.075 * h - 0.2)), "bag")
        for x in (0.07, -0.07):
            made.add(box((0.015, 0.02, 0.14)).moved(offset=(x, 0, -0.075 * h - 0.03)), "bag")
    return made.part()


def _leg(p: Look, bones: Skeleton) -> list[Part]:
    h, b = p.height, 0.4 + 0.6 * p.build
    loose = {"trousers": 1.12, "jeans": 1.04, "shorts": 1.15, "skirt": 1.0}[p.bottom]
    upper, lower, foot = Assembly(), Assembly(), Assembly()
    bare = p.bottom == "skirt"
    rows = [(-bones.thigh, 0.033), (-0.5 * bones.thigh, 0.045), (-0.1 * bones.thigh, 0.052), (0.0, 0.053)]
    upper.add(limb([(z, r * h * b * loose, r * h * b * loose, 0.0) for z, r in rows], 12), "skin" if bare else "bottom")
    covered = p.bottom in ("trousers", "jeans")
    wide = 1.35 if p.bottom == "trousers" else 1.15
    rows3 = [(-bones.shin, 0.021, 0.0), (-0.75 * bones.shin, 0.023, 0.0), (-0.3 * bones.shin, 0.034, -0.008), (0.0, 0.031, 0.0)]
    if covered:
        rows3 = [(z, r * (wide if r < 0.03 else loose), x) for z, r, x in rows3]
    lower.add(limb([(z, r * h * b, r * h * b, x * h) for z, r, x in rows3], 12, hem=covered), "bottom" if covered else "skin")
    _shoe(foot, h, bones)
    return [upper.part(), lower.part(), foot.part()]


def _shoe(made: Assembly, h: float, bones: Skeleton) -> None:
    """A shoe around the ankle joint, its sole at -ankle."""
    a = bones.ankle
    outline = [(-0.035, 0.016), (-0.02, 0.021), (0.02, 0.021), (0.06, 0.025), (0.09, 0.024), (0.108, 0.015)]
    left = [(x * h, y * h) for x, y in outline]
    ring = np.array([*[(x, -y) for x, y in left], *[(x, y) for x, y in left[::-1]]])

    def level(scale: float, z: float, fall: float) -> Floats:
        share = np.clip((ring[:, 0] - 0.02 * h) / (0.09 * h), 0, 1)
        return np.column_stack([ring[:, 0] * scale + 0.001, ring[:, 1] * scale, np.full(len(ring), z) - fall * share])

    sole = np.stack([level(1.0, -a, 0.0), level(1.04, -a + 0.006, 0.0), level(1.04, -a + 0.014 * h, 0.0)])
    made.add(loft(sole), "sole")
    upper = np.stack([level(1.0, -a + 0.013 * h, 0.0), level(0.98, -a + 0.03 * h, 0.012 * h), level(0.8, -a + 0.045 * h, 0.02 * h)])
    made.add(loft(upper), "shoes")
    made.add(limb([(-0.02 * h, 0.026 * h, 0.023 * h, -0.004 * h), (0.018 * h, 0.024 * h, 0.022 * h, -0.006 * h)], 10), "shoes")


KEYPOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""COCO's, in its order."""


def keypoint_places(person: Look) -> list[tuple[int, tuple[float, float, float], float]]:
    """Link, place in it, and reach of each of `KEYPOINTS`."""
    h, bones = person.height, skeleton(person)
    size = 0.23 * (0.72 + 0.28 * h / 1.75)
    centre = 0.07 * h + 0.03 * size
    head = [
        ((0.43 * size + 0.012, 0.0, centre - 0.07 * size), 0.07),
        ((0.37 * size, 0.14 * size, centre + 0.03 * size), 0.07),
        ((0.37 * size, -0.14 * size, centre + 0.03 * size), 0.07),
        ((0.0, 0.34 * size, centre - 0.02 * size), 0.07),
        ((0.0, -0.34 * size, centre - 0.02 * size), 0.07),
    ]
    found = [(2, place, reach) for place, reach in head]
    thick = 0.5 + 0.5 * person.build
    joints = ((3, 6, 0.06), (4, 7, 0.05), (5, 8, 0.045), (9, 12, 0.1), (10, 13, 0.065), (11, 14, 0.06))
    for left, right, reach in joints:
        found += [(link, (0.0, 0.0, 0.0), reach * thick * h / 1.75 + 0.02) for link in (left, right)]
    return found if bones.hip > 0 else []
