"""Settings of the surveillance world."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from understudy.scenes.spec.common import Air, Light, Sensor, Settings
from understudy.scenes.spec.values import AnyValue, Choice, Uniform, count, number, switch, word

PLACES = ("square", "car-park", "shop", "lobby")
EVENTS = ("none", "fall", "loitering", "abandoned-bag", "intrusion", "crowd", "running")


class Cameras(Settings):
    """Fixed cameras. height_m: indoors the ceiling is the limit. dome: one more, a fisheye that looks down."""

    fixed: Annotated[AnyValue, count(1, 3)] = Field(default=1, description="how many, beside the dome")
    field_of_view_deg: Annotated[AnyValue, number(30, 120)] = 75.0
    height_m: Annotated[AnyValue, number(2.5, 12)] = Field(
        default=Uniform(uniform=(4.0, 6.5)), description="above the ground; indoors under the ceiling at most"
    )
    distortion: Annotated[AnyValue, number(-0.3, 0.3)] = Field(default=-0.06, description="k1 of the lens; 0 for none")
    dome: Annotated[AnyValue, switch()] = False
    band: Annotated[AnyValue, word("rgb", "infrared", "thermal")] = "rgb"
    sensor: Sensor = Sensor(quality=80, exposure_ms=8.0)


class SurveillanceSettings(Settings):
    """A place, who is there, and what happens."""

    place: Annotated[AnyValue, word(*PLACES)] = Choice(choice=dict.fromkeys(PLACES, 1.0))
    event: Annotated[AnyValue, word(*EVENTS)] = Choice(choice=dict.fromkeys(EVENTS, 1.0))
    people: Annotated[AnyValue, count(0, 60)] = Field(default=6, description="who walk about, beside those of the event")
    crowd: Annotated[AnyValue, count(5, 14)] = Field(default=7, description="people who gather, of the event crowd")
    parked: Annotated[AnyValue, number(0, 1)] = Field(default=0.6, description="share of a car park's bays that are taken")
    lit: Annotated[AnyValue, number(0, 1)] = Field(default=1.0, description="brightness of lamps indoors")
    light: Light = Light.model_validate({"sun_elevation_deg": {"uniform": [15, 60]}, "sun_azimuth_deg": {"uniform": [-180, 180]}})
    weather: Air = Air()
    cameras: Cameras = Cameras()
