"""Settings of the driving world."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from understudy.scenes.spec.common import Air, Light, Sensor, Settings
from understudy.scenes.spec.values import AnyValue, Choice, Uniform, count, number, word

SCENARIOS = (
    "cut-in", "cut-out", "hard-brake", "occluded-pedestrian", "crossing-cyclist", "red-light-runner", "wrong-way", "debris", "animal",
    "stalled-car", "tailgater", "fog-queue-end",
)  # fmt: skip


class Cameras(Settings):
    """The ego's cameras. rig: "front" (one), "stereo" (two, 0.4 m apart), "surround" (six around) or "fisheye" (four, 180° each)."""

    rig: Literal["front", "stereo", "surround", "fisheye"] = "front"
    field_of_view_deg: Annotated[AnyValue, number(10, 150)] = 70.0
    height_m: Annotated[AnyValue, number(0.3, 4)] = Field(default=1.5, description="of the cameras above the ground")
    pitch_deg: Annotated[AnyValue, number(-30, 30)] = Field(default=2.0, description="downwards")
    distortion: Annotated[AnyValue, number(-0.5, 0.5)] = Field(default=-0.05, description="k1 of the lens; 0 for none")
    sensor: Sensor = Sensor()


class Around(Settings):
    """What stands and drives around the scenario."""

    oncoming_per_km: Annotated[AnyValue, number(0, 60)] = Field(default=12.0, description="vehicles a km on the other side")
    parked: Annotated[AnyValue, number(0, 1)] = Field(default=0.45, description="share of the places at the street that are taken")
    walkers: Annotated[AnyValue, count(0, 60)] = Field(default=6, description="pedestrians on sidewalks")
    trees: Annotated[AnyValue, number(0, 1)] = Field(default=0.6, description="how densely trees stand")
    buildings: Annotated[AnyValue, number(0, 1)] = Field(default=0.85, description="share of the plots at a street that are built on")


class Kinds(Settings):
    """How often vehicles of traffic are of each kind, as weights."""

    car: Annotated[AnyValue, number(0, 1)] = 0.8
    van: Annotated[AnyValue, number(0, 1)] = 0.07
    truck: Annotated[AnyValue, number(0, 1)] = 0.04
    semi_trailer: Annotated[AnyValue, number(0, 1)] = 0.04
    bus: Annotated[AnyValue, number(0, 1)] = 0.02
    motorcycle: Annotated[AnyValue, number(0, 1)] = 0.03


class Traffic(Settings):
    """Traffic that flows around the ego and the scenario: drivers follow, change lanes, stop at lights and give way; walkers keep clear of
    each other. simulator: "flow" (IDM and MOBIL) or "sumo" (extra `sumo`). Where traffic flows, nothing else comes the other way."""

    per_km: Annotated[AnyValue, number(0, 80)] = Field(default=0.0, description="vehicles a km of each lane; 0 for none")
    kinds: Kinds = Kinds()
    spread: Annotated[AnyValue, number(0, 0.4)] = Field(default=0.12, description="of the speeds that drivers wish, as a share of the mean")
    walkers: Annotated[AnyValue, count(0, 80)] = Field(default=0, description="pedestrians on sidewalks, moved by social forces")
    simulator: Literal["flow", "sumo"] = "flow"


class Sensors(Settings):
    """Other sensors of the ego."""

    lidar: bool = False
    radar: bool = False
    gnss: bool = False


class DrivingSettings(Settings):
    """A scenario of the catalogue, seen by the ego. parameters: values of the scenario's own parameters; those left out follow their laws.
    found: a table that `understudy scenarios search` wrote; each item then plays one of its rows and carries its likelihood weight."""

    scenario: Annotated[AnyValue, word(*SCENARIOS)] = Choice(choice=dict.fromkeys(SCENARIOS, 1.0))
    parameters: dict[str, AnyValue] = Field(default_factory=dict)
    found: str | None = None
    moment_s: Annotated[AnyValue, number(0, 60)] = Field(default=Uniform(uniform=(1.0, 6.5)), description="of the first frame")
    light: Light = Light.model_validate(
        {
            "sun_elevation_deg": {"uniform": [12, 60]},
            "sun_azimuth_deg": {"uniform": [-180, 180]},
            "cloud": {"law": {"beta": {"a": 1, "b": 2}}},
        }
    )
    weather: Air = Air()
    cameras: Cameras = Cameras()
    around: Around = Around()
    traffic: Traffic = Traffic()
    sensors: Sensors = Sensors()
    ttc_threshold_s: float = Field(default=2.0, gt=0, description="an event is told while the time to collision is below")
