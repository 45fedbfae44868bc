"""Vehicles of many kinds, made by `vehicle(kind, rng, …)`."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.material import Material
from understudy.scenes.models.model import Model, model
from understudy.scenes.models.prints import plate
from understudy.scenes.models.vehicles import cars, heavy
from understudy.scenes.models.vehicles.cars import KEYPOINTS, SHAPES, CarParts
from understudy.scenes.models.vehicles.paint import COLORS, color_of, drawn_color, palette
from understudy.scenes.scene import Lamp

SWITCHES = ("brake", "left", "right")
"""Lamps that can go on and off while a vehicle is seen."""


def vehicle(
    kind: str,
    rng: np.random.Generator,
    *,
    color: str | None = None,
    lights: Collection[str] = (),
    switches: Collection[str] = (),
) -> Model:
    """A vehicle.

    Args:
        kind: one of `MODELS`.
        rng: for its measures, rims, plate and, where not given, colour.
        color: one of `paint.COLORS`; None: drawn with the shares of real cars.
        lights: that are on all the time, of `paint.LIGHTS`.
        switches: lamps whose state `Model.body` is told over time, of `SWITCHES`.
    Raises:
        ArgumentError: an unknown kind, colour, light or switch; it names the nearest.
    """
    if kind not in MODELS:
        raise ArgumentError(f'There is no vehicle "{kind}".', remedy=did_you_mean(kind, MODELS))
    for switch in switches:
        if switch not in SWITCHES:
            raise ArgumentError(f'No lamp "{switch}" of a vehicle can be switched.', remedy=did_you_mean(switch, SWITCHES))
    name = color or drawn_color(rng)
    materials = palette(color_of(name), rng, lights)
    registration, print_ = plate(rng)
    materials["plate"] = Material("number plate", (0.75, 0.75, 0.72), print=print_, roughness=0.5, retroreflection=0.5)
    made = MODELS[kind](rng, tuple(switches))
    if kind in ("truck", "semi-trailer", "bus"):
        materials.update(_load_materials(rng))
    return model(
        kind,
        made.parts,
        {role: materials[role] for part in made.parts for role in part.roles},
        keypoint_names=KEYPOINTS,
        keypoints=made.keypoints,
        lamps=_beams(made, lights),
        attributes={"kind": kind, "color": name, "plate": registration},
        traits=_traits(made),
    )


def _car(kind: str) -> Callable[[np.random.Generator, tuple[str, ...]], CarParts]:
    def make(rng: np.random.Generator, switches: tuple[str, ...]) -> CarParts:
        shape = SHAPES[kind]
        # Few measures, so that a shape is made once and shared by many vehicles.
        long = 1 + 0.03 * (int(rng.integers(3)) - 1)
        wide, tall = 1 + (long - 1) / 2, 1 + (long - 1) / 3
        shape = cars.stretched(shape, round(shape.length * long, 3), round(shape.width * wide, 3), round(shape.height * tall, 3))
        return cars.car_parts(shape, int(rng.integers(5, 8)), switches, kind == "van" and bool(rng.random() < 0.3))

    return make


def _bus(rng: np.random.Generator, switches: tuple[str, ...]) -> CarParts:
    return heavy.bus_parts(float(rng.choice([10.5, 12.0, 12.0, 13.0])), switches)


def _lorry(kind: str) -> Callable[[np.random.Generator, tuple[str, ...]], CarParts]:
    def make(rng: np.random.Generator, switches: tuple[str, ...]) -> CarParts:
        if kind == "truck":
            return heavy.lorry_parts(kind, float(rng.choice([7.0, 7.6, 8.4, 9.0])), float(rng.choice([3.2, 3.4, 3.6])), switches)
        return heavy.lorry_parts(kind, 16.5, 4.0, switches)

    return make


MODELS: dict[str, Callable[[np.random.Generator, tuple[str, ...]], CarParts]] = {
    **{kind: _car(kind) for kind in SHAPES},
    "truck": _lorry("truck"),
    "semi-trailer": _lorry("semi-trailer"),
    "bus": _bus,
}
"""Kinds of vehicles that `vehicle` makes."""


def _load_materials(rng: np.random.Generator) -> dict[str, Material]:
    tones = (
        (0.7, 0.7, 0.69),
        (0.7, 0.7, 0.69),
        (0.55, 0.56, 0.57),
        (0.07, 0.13, 0.32),
        (0.42, 0.05, 0.05),
        (0.1, 0.25, 0.12),
        (0.65, 0.4, 0.05),
    )
    cargo = tones[int(rng.integers(len(tones)))]
    return {
        "cargo": Material("lorry box", cargo, roughness=0.5, specular=0.04),
        "frame": Material("steel frame", (0.3, 0.31, 0.32), roughness=0.5),
        "sign": Material("destination sign", (0.02, 0.02, 0.02), roughness=0.3, emission=(0.25, 0.14, 0.01)),
    }


def _beams(made: CarParts, lights: Collection[str]) -> tuple[Lamp, ...]:
    """Headlights as lamps: candela over those of sunlit white at 1 m."""
    strength = 0.9 if "high" in lights else 0.3 if "low" in lights else 0.0
    if not strength:
        return ()
    down = -0.015 if "high" in lights else -0.05
    color = (strength, strength * 0.95, strength * 0.85)
    return tuple(Lamp((x + 0.05, y, z), color, (1.0, -0.03 if y < 0 else -0.01, down), 0.42, 0.35, ("", 0)) for x, y, z in made.headlights)


def _traits(made: CarParts) -> dict[str, float]:
    hubs = sorted({round(part.place[0], 6) for part in made.parts if part.joint.kind in ("steered", "wheel")})
    return {"wheelbase": float(hubs[-1] - hubs[0]), "rear_axle": float(hubs[0]), "front_axle": float(hubs[-1])}


__all__ = ["COLORS", "KEYPOINTS", "MODELS", "SWITCHES", "vehicle"]
