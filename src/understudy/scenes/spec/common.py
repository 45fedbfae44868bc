"""Settings that worlds share: light, weather, the camera's sensor; and what they are in a scene."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from understudy.scenes.camera import Camera, Faults
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.scene import Sky, Weather
from understudy.scenes.spec.draws import Draws
from understudy.scenes.spec.values import AnyValue, count, number


class Settings(BaseModel):
    """A section of a description; unknown keys are mistakes. Defaults may be distributions: `Field(default={"uniform": [5, 20]})`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True, validate_default=True)


class Light(Settings):
    """Daylight. Below the horizon it is night."""

    sun_elevation_deg: Annotated[AnyValue, number(-90, 90)] = Field(default=40.0, description="height of the sun above the horizon")
    sun_azimuth_deg: Annotated[AnyValue, number(-360, 360)] = Field(default=120.0, description="where the sun is, counter-clockwise from x")
    cloud: Annotated[AnyValue, number(0, 1)] = Field(default=0.2, description="share of the sky that is covered")
    glow: Annotated[AnyValue, number(0, 1)] = Field(default=0.15, description="of a lit city at night")


class Air(Settings):
    """Weather."""

    fog: Annotated[AnyValue, number(0, 1)] = Field(default=0.0, description="extinction per m; visibility is 3 / fog: .03 is 100 m")
    rain: Annotated[AnyValue, number(0, 100)] = Field(default=0.0, description="mm/h")
    snow: Annotated[AnyValue, number(0, 50)] = Field(default=0.0, description="mm/h of water")
    wet: Annotated[AnyValue, number(0, 1)] = Field(default=0.0, description="water on the ground, 1 for puddles everywhere")
    haze: Annotated[AnyValue, number(0, 0.05)] = Field(default=0.0004, description="extinction per m of dry haze")


class Sensor(Settings):
    """A camera's sensor and its faults."""

    width: int = Field(default=640, ge=16, le=8192)
    height: int = Field(default=480, ge=16, le=8192)
    exposure_ms: Annotated[AnyValue, number(0, 1000)] = Field(default=4.0, description="time that the shutter is open")
    readout_ms: Annotated[AnyValue, number(0, 200)] = Field(default=0.0, description="from the first row to the last (rolling shutter)")
    noise: Annotated[AnyValue, number(0, 50)] = Field(default=1.0, description="read noise, standard deviation in steps of 8 bits")
    vignette: Annotated[AnyValue, number(0, 1)] = 0.2
    quality: Annotated[AnyValue, count(0, 100)] = Field(default=0, description="of JPEG compression in the picture, 1 .. 100; 0 for none")
    dirt: Annotated[AnyValue, number(0, 1)] = Field(default=0.0, description="share of the lens that is dirty")
    drops: Annotated[AnyValue, count(0, 500)] = Field(default=0, description="rain drops on the lens")
    flare: Annotated[AnyValue, number(0, 1)] = Field(default=0.2, description="of lamps and the sun in the lens")
    dead_rows: Annotated[AnyValue, count(0, 100)] = 0
    noise_bands: Annotated[AnyValue, count(0, 100)] = 0
    stuck: Annotated[AnyValue, number(0, 0.1)] = Field(default=0.0, description="share of pixels that are always bright")
    blur: Annotated[AnyValue, number(0, 20)] = Field(default=0.0, description="px of defocus")


def sky_of(light: Light, draw: Draws, studio: tuple[float, float, float] | None = None) -> Sky:
    """The sky that `light` describes, its values drawn at "light/…" of `draw`."""
    drawn = draw.settings(light, "light")
    elevation = math.radians(drawn.sun_elevation_deg)
    height = math.sin(elevation)
    cloud = drawn.cloud
    through = max(0.0, 1.0 - cloud) ** 1.5 if cloud > 0.5 else 1.0 - 0.4 * cloud
    strength = through * max(0.0, min(1.0, (height + 0.05) / 0.25)) if elevation > -0.05 else 0.0
    day = max(0.0, min(1.0, (height + 0.12) / 0.4))
    ambient = (0.22 + 0.38 * cloud) * day
    return Sky(
        sun_elevation=elevation,
        sun_azimuth=math.radians(drawn.sun_azimuth_deg),
        sun=strength,
        ambient=max(ambient, 0.0),
        cloud=cloud,
        glow=drawn.glow * (1 - day),
        studio=studio,
    )


def weather_of(air: Air, draw: Draws) -> Weather:
    """The weather that `air` describes, its values drawn at "weather/…" of `draw`."""
    drawn = draw.settings(air, "weather")
    return Weather(fog=drawn.fog, rain=drawn.rain, snow=drawn.snow, wet=max(drawn.wet, min(1.0, drawn.rain / 10)), haze=drawn.haze)


def camera_of(
    sensor: Sensor,
    draw: Draws,
    name: str,
    focal: float,
    motion: Motion,
    *,
    model: Literal["pinhole", "fisheye", "orthographic"] = "pinhole",
    **more: Any,
) -> Camera:
    """A camera with this sensor, its values drawn at "cameras/NAME/…" of `draw`. focal: px. more: further fields of `Camera`."""
    drawn = draw.settings(sensor, f"cameras/{name}")
    return Camera(
        name=name,
        width=drawn.width,
        height=drawn.height,
        model=model,
        focal=focal,
        motion=motion,
        exposure=drawn.exposure_ms / 1000,
        readout=drawn.readout_ms / 1000,
        noise=drawn.noise,
        vignette=drawn.vignette,
        quality=drawn.quality,
        faults=Faults(drawn.dirt, drawn.drops, drawn.flare, drawn.dead_rows, drawn.noise_bands, drawn.stuck, drawn.blur),
        **more,
    )


def focal_of(field_of_view_deg: float, width: int) -> float:
    """Pixels, of a pinhole camera that sees so many degrees across."""
    return width / 2 / math.tan(math.radians(field_of_view_deg) / 2)
