"""What vehicles are painted with, and the materials of their parts."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

import numpy as np

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.material import Color, Material

COLORS: MappingProxyType[str, tuple[float, Color]] = MappingProxyType(
    {
        "white": (0.33, (0.78, 0.78, 0.77)),
        "black": (0.21, (0.012, 0.012, 0.014)),
        "grey": (0.18, (0.11, 0.115, 0.12)),
        "silver": (0.09, (0.42, 0.43, 0.44)),
        "blue": (0.08, (0.03, 0.075, 0.24)),
        "red": (0.06, (0.36, 0.02, 0.025)),
        "green": (0.015, (0.03, 0.11, 0.06)),
        "brown": (0.015, (0.10, 0.06, 0.04)),
        "beige": (0.01, (0.5, 0.43, 0.32)),
        "yellow": (0.005, (0.7, 0.45, 0.03)),
        "orange": (0.005, (0.6, 0.16, 0.02)),
    }
)
"""Share of new cars in the world (paint makers' yearly surveys, rounded) and reflectance."""

LIGHTS = ("low", "high", "daytime", "tail", "brake", "left", "right", "reverse")


def drawn_color(rng: np.random.Generator) -> str:
    shares = np.array([share for share, _ in COLORS.values()])
    return str(rng.choice(list(COLORS), p=shares / shares.sum()))


def color_of(name: str) -> Color:
    if name not in COLORS:
        raise ArgumentError(f'There is no car paint "{name}".', remedy=did_you_mean(name, COLORS))
    return COLORS[name][1]


def body_paint(color: Color, rng: np.random.Generator) -> Material:
    shade = 1 + rng.normal(0, 0.06)
    r, g, b = (float(np.clip(value * shade, 0.005, 0.9)) for value in color)
    return Material("car paint", (r, g, b), (r, g, b), "carpaint", 0.002, 0.2, roughness=0.35, clearcoat=1.0, specular=0.05)


def palette(color: Color, rng: np.random.Generator, lights: Collection[str] = ()) -> dict[str, Material]:
    """Materials by role, lamps lit as asked.

    Raises:
        ArgumentError: a light that vehicles do not have.
    """
    unknown = [light for light in lights if light not in LIGHTS]
    if unknown:
        raise ArgumentError(f'Vehicles have no light "{unknown[0]}".', remedy=did_you_mean(unknown[0], LIGHTS))
    metal = (0.62, 0.63, 0.65) if rng.random() < 0.7 else (0.06, 0.06, 0.065)
    return {
        "paint": body_paint(color, rng),
        "trim": Material("black plastic", (0.018, 0.018, 0.02), roughness=0.55),
        "dark": Material("underside", (0.008, 0.008, 0.008), roughness=1.0, temperature=4.0),
        "seam": Material("gap", (0.006, 0.006, 0.006), roughness=1.0, specular=0.0),
        "glass": Material("car glass", (0.012, 0.015, 0.016), roughness=0.03, opacity=0.25, specular=0.05),
        "chrome": Material("chrome", (0.7, 0.7, 0.72), roughness=0.12, metallic=1.0),
        "tyre": Material("rubber", (0.022, 0.022, 0.023), roughness=0.9, temperature=6.0),
        "rim": Material("alloy", metal, roughness=0.3, metallic=1.0),
        "rim dark": Material("wheel well", (0.015, 0.015, 0.016), roughness=0.8, temperature=8.0),
        "reflector": Material("reflector", (0.35, 0.012, 0.012), roughness=0.2, retroreflection=0.4),
        **lamps(lights),
    }


def lamps(lights: Collection[str]) -> dict[str, Material]:
    """The lenses' materials: lit where `lights` names them."""
    front = 14.0 if "high" in lights else 8.0 if "low" in lights else 2.0 if "daytime" in lights else 0.0
    rear = 4.0 if "brake" in lights else 0.7 if {"tail", "low", "high"} & set(lights) else 0.0
    return {
        "headlight": _lens("headlight", (0.55, 0.57, 0.6), (1.0, 0.96, 0.88), front, metallic=1.0),
        "taillight": _lens("taillight", (0.28, 0.008, 0.01), (1.0, 0.03, 0.02), rear),
        "left": _lens("indicator", (0.5, 0.17, 0.02), (1.0, 0.38, 0.02), 4.0 if "left" in lights else 0.0),
        "right": _lens("indicator", (0.5, 0.17, 0.02), (1.0, 0.38, 0.02), 4.0 if "right" in lights else 0.0),
        "reverse": _lens("reversing light", (0.6, 0.6, 0.6), (1.0, 0.97, 0.9), 3.0 if "reverse" in lights else 0.0),
        "lit taillight": _lens("taillight", (0.28, 0.008, 0.01), (1.0, 0.03, 0.02), 4.0),
        "lit indicator": _lens("indicator", (0.5, 0.17, 0.02), (1.0, 0.38, 0.02), 4.0),
    }


def _lens(name: str, color: Color, light: Color, strength: float, metallic: float = 0.0) -> Material:
    r, g, b = (strength * channel for channel in light)
    return Material(name, color, roughness=0.08, clearcoat=1.0, metallic=metallic, emission=(r, g, b))
