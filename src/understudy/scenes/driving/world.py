"""`Driving`: a scenario of the catalogue, acted out on roads with other traffic, and seen by the ego vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.data.media.items import Category
from understudy.scenes.detail import as_seen
from understudy.scenes.driving.actors import Actor, actor, motion_of
from understudy.scenes.driving.cameras import rig
from understudy.scenes.driving.categories import IDS, categories
from understudy.scenes.driving.found import found_row
from understudy.scenes.driving.ground import ground_bodies
from understudy.scenes.driving.moving import as_arrays, as_rows, with_actors
from understudy.scenes.driving.places import place_of
from understudy.scenes.driving.settings import DrivingSettings
from understudy.scenes.driving.surroundings import surroundings
from understudy.scenes.driving.traffic import traffic_actors, traffic_around
from understudy.scenes.driving.walking import walkers_around
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.models.people import KEYPOINTS as PERSON_POINTS
from understudy.scenes.models.vehicles import KEYPOINTS as VEHICLE_POINTS
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.scene import Scene, Sensor
from understudy.scenes.sensors import Gnss, Imu, Radar, spinning
from understudy.scenes.spec.common import sky_of, weather_of
from understudy.scenes.spec.draws import Draws
from understudy.scenes.spec.values import normal_score
from understudy.scenes.traffic.safety import Conflicts, conflicts
from understudy.scenes.traffic.scenarios import Scenario, scenario
from understudy.scenes.traffic.trajectories import Trajectories, joined
from understudy.scenes.world import EdgeCase, Video, World

Floats = NDArray[np.float64]
DARK = 0.07
"""Radians of the sun's height under which headlights are on."""


class Driving(World):
    """Roads, vehicles, people and animals; twelve kinds of critical situations with all their parameters."""

    name: ClassVar[str] = "driving"
    formats: ClassVar[tuple[str, ...]] = ("commonroad", "openscenario", "trajectories")
    about: ClassVar[str] = "critical traffic situations, seen by the cameras, lidar and radar of a car"
    settings: ClassVar[type[DrivingSettings]] = DrivingSettings
    categories: ClassVar[tuple[Category, ...]] = categories(VEHICLE_POINTS, PERSON_POINTS)
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "night": EdgeCase("after dark, by headlights and street lamps", {"light.sun_elevation_deg": {"uniform": [-30, -9]}}),
        "dusk": EdgeCase("the sun at the horizon", {"light.sun_elevation_deg": {"uniform": [-3, 4]}}),
        "glare": EdgeCase(
            "the low sun ahead",
            {
                "light.sun_elevation_deg": {"uniform": [4, 12]}, "light.sun_azimuth_deg": {"uniform": [-18, 18]}, "light.cloud": 0.0,
                "cameras.sensor.flare": {"uniform": [0.6, 1]},
            },
        ),
        "fog": EdgeCase("sight of 50 to 300 m", {"weather.fog": {"uniform": [0.01, 0.06]}, "light.cloud": 0.9}),
        "rain": EdgeCase(
            "heavy rain, a wet road, drops on the lens",
            {
                "weather.rain": {"uniform": [5, 40]}, "weather.wet": {"uniform": [0.6, 1]}, "light.cloud": 1.0,
                "cameras.sensor.drops": {"integer": [5, 60]},
            },
        ),
        "snow": EdgeCase("snowfall", {"weather.snow": {"uniform": [1, 6]}, "light.cloud": 1.0}),
        "dirty-lens": EdgeCase("dirt on the lens", {"cameras.sensor.dirt": {"uniform": [0.1, 0.4]}}),
        "sensor-fault": EdgeCase(
            "dead rows, hot pixels and bands of noise",
            {
                "cameras.sensor.dead_rows": {"integer": [1, 8]}, "cameras.sensor.stuck": {"uniform": [0.0005, 0.005]},
                "cameras.sensor.noise_bands": {"integer": [0, 4]},
            },
        ),
        "motion-blur": EdgeCase("a long exposure", {"cameras.sensor.exposure_ms": {"uniform": [25, 50]}}),
        "occlusion": EdgeCase("somebody steps out from behind a van", {"scenario": "occluded-pedestrian", "moment_s": {"uniform": [1, 4]}}),
        "rare-class": EdgeCase("an animal or debris on the road", {"scenario": {"choice": ["animal", "debris"]}}),
        "dense-traffic": EdgeCase("much traffic, close together", {"traffic.per_km": {"uniform": [30, 50]}}),
        "crowded": EdgeCase("many people and parked cars", {"around.walkers": {"integer": [20, 40]}, "around.parked": 0.95}),
    }  # fmt: skip

    def scene(self, settings: DrivingSettings, video: Video, draw: Draws) -> Scene:
        staged = scenario(str(draw(settings.scenario, "scenario")))
        values, weight = self._values(settings, staged, draw)
        trajectories = staged.trajectories(values)
        start = _start(settings, video, float(trajectories.times_s[-1]), draw)
        place, sky = place_of(staged), sky_of(settings.light, draw)
        dark = sky.sun_elevation < DARK or draw.settings(settings.weather, "weather").fog > 0.008
        ego = motion_of(trajectories, 0)
        own = vehicle("sedan", draw.generator("ego"), lights=("low", "tail") if dark else ("daytime",))
        actors = self._actors(trajectories, draw, dark)
        sizes = [own.size, *(one.body.size for one in actors)]
        traffic = traffic_around(settings.traffic, place, trajectories, sizes, draw)
        actors += traffic_actors(traffic, draw, dark=dark, first_track=len(actors) + 1)
        moving = joined([trajectories, traffic])
        around = surroundings(
            settings.around, place, trajectories, draw, dark=dark, first_track=len(actors) + 1, flows=bool(traffic.agents)
        )
        ground = ground_bodies(place.network, draw.generator("ground"), place.motion, land="field" if place.kind == "motorway" else "grass")
        first = len(actors) + 1 + sum(one.body.track > 0 for one in around)
        around += walkers_around(settings.traffic, place, moving, around, draw, first)
        everybody = with_actors(moving, around)
        named = {agent.id: number for number, agent in enumerate(moving.agents)}
        made = Scene(
            world=self.name,
            bodies=(*ground, own.body("ego", IDS["ego vehicle"], 0, ego), *(one.body for one in (*actors, *around))),
            cameras=rig(settings.cameras, ego, draw),
            times=start + video.times,
            categories=self.categories,
            sky_category=IDS["sky"],
            ground=IDS["road"],
            rate=video.rate if video.frames > 1 else 0.0,
            sky=sky,
            weather=weather_of(settings.weather, draw),
            lamps=(*(own.lamps_of("ego") if dark else ()), *(lamp for one in (*actors, *around) for lamp in one.lamps)),
            events=_events(moving, start, video, settings.ttc_threshold_s),
            records={"safety": _safety(moving, start + video.times)},
            arrays=as_arrays(everybody),
            meta=_meta(staged, values, weight, as_rows(everybody, {one.body.name: one.body.track for one in around} | named)),
            sensors=_sensors(settings, ego, draw),
        )
        return as_seen(made)

    def _values(self, settings: DrivingSettings, staged: Scenario, draw: Draws) -> tuple[Floats, float]:
        """The scenario's parameters, (k,), and the likelihood weight of this choice."""
        if settings.found is not None:
            return found_row(settings.found, staged, draw.quantile("found"))
        unknown = [name for name in settings.parameters if name not in staged.names]
        if unknown and not isinstance(settings.scenario, str):
            unknown = []  # the scenario varies, and with it the parameters
        if unknown:
            staged.with_parameters(**dict.fromkeys(unknown, 0.0))  # tells the nearest name
        values = []
        for parameter in staged.parameters:
            path = f"parameters/{parameter.name}"
            if parameter.name in settings.parameters:
                value = float(np.clip(draw(settings.parameters[parameter.name], path), parameter.low, parameter.high))
            else:
                value = float(parameter.from_normal(np.array([normal_score(draw.quantile(path))]))[0])
                draw.note(path, value)
            values.append(value)
        return np.array(values), 1.0

    def _actors(self, trajectories: Trajectories, draw: Draws, dark: bool) -> list[Actor]:
        """All agents but the ego; tracks count from 1."""
        return [
            actor(f"agents/{agent.id}", number, agent.kind, motion_of(trajectories, number), draw.at(f"agents/{agent.id}"), dark=dark)
            for number, agent in enumerate(trajectories.agents)
            if number > 0
        ]


def _start(settings: DrivingSettings, video: Video, duration: float, draw: Draws) -> float:
    """The scenario's time of the first frame, so that all frames lie within it."""
    needed = (video.frames - 1) / video.rate
    if needed > duration:
        raise ArgumentError(
            f"{video.frames} frames at {video.rate:g} a second last {needed:.1f} s, the scenario {duration:.1f} s.",
            where="video",
            remedy="Ask for fewer frames, or more a second.",
        )
    return float(min(draw(settings.moment_s, "moment_s"), duration - needed))


def _events(trajectories: Trajectories, start: float, video: Video, threshold: float) -> tuple[dict[str, Any], ...]:
    """Collisions, and while the time to collision with the ego is below the threshold; s from the first frame."""
    end = start + (video.frames - 1) / video.rate
    number = {agent.id: place for place, agent in enumerate(trajectories.agents)}
    events: list[dict[str, Any]] = []
    events += [
        {
            "kind": "near-collision",
            "start": interval.begin_s - start,
            "end": interval.end_s - start,
            "tracks": [number[name] for name in interval.pair if number[name]],
            "least_ttc_s": interval.least_ttc_s,
        }
        for interval in _with_ego(trajectories).intervals(ttc_s=threshold)
        if interval.end_s >= start and interval.begin_s <= end
    ]
    collision = trajectories.events.get("collision")
    if collision is not None and start <= collision <= end:
        events.append({"kind": "collision", "start": collision - start, "end": collision - start, "tracks": [1]})
    return tuple(events)


def _safety(trajectories: Trajectories, times: Floats) -> list[dict[str, Any]]:
    """Time to collision, needed deceleration and gap between the ego and each other, at each frame's nearest step."""
    found = _with_ego(trajectories)
    rows: list[dict[str, Any]] = []
    for frame, time in enumerate(times):
        step = int(np.argmin(np.abs(trajectories.times_s - time)))
        for pair, (_, second) in enumerate(found.pairs):
            track = next(place for place, agent in enumerate(trajectories.agents) if agent.id == second)
            rows.append(
                {
                    "frame": frame,
                    "track": track,
                    "ttc_s": _finite(found.ttc_s[step, pair]),
                    "drac_mps2": _finite(found.drac_mps2[step, pair]),
                    "gap_m": _finite(found.gap_m[step, pair]),
                }
            )
    return rows


def _with_ego(trajectories: Trajectories) -> Conflicts:
    """The conflicts of the ego with all others."""
    ego, *others = (agent.id for agent in trajectories.agents)
    return conflicts(trajectories, [(ego, other) for other in others], pet_horizon_s=0.1)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _meta(staged: Scenario, values: Floats, weight: float, agents: list[dict[str, Any]]) -> dict[str, Any]:
    outcome = staged.run(values[None, :])
    return {
        "scenario": staged.name,
        "parameters": {name: float(value) for name, value in zip(staged.names, values, strict=True)},
        "likelihood_weight": weight,
        "collision": bool(outcome.collision[0]),
        "min_ttc_s": _finite(float(outcome.min_ttc_s[0])),
        "min_gap_m": _finite(float(outcome.min_gap_m[0])),
        "max_drac_mps2": _finite(float(outcome.max_drac_mps2[0])),
        "pet_s": _finite(float(outcome.pet_s[0])),
        "agents": agents,
    }


def _sensors(settings: DrivingSettings, ego: Motion, draw: Draws) -> tuple[Sensor, ...]:
    """The sensors asked for, where cars have them: a lidar on the roof, a radar in the front, an antenna on the roof."""
    made: list[Sensor] = []
    if settings.sensors.lidar:
        made.append(spinning("lidar", _fixed(ego, (0.0, 0.0, 1.85)), 32))
    if settings.sensors.radar:
        made.append(Radar("radar", _fixed(ego, (2.3, 0.0, 0.5))))
    if settings.sensors.gnss:
        roof = _fixed(ego, (-0.3, 0.0, 1.55))
        made += [Gnss("gnss", roof, draw.stream("sensors/gnss")), Imu("imu", _fixed(ego, (0.0, 0.0, 0.4)), draw.stream("sensors/imu"))]
    return tuple(made)


def _fixed(ego: Motion, place: tuple[float, float, float]) -> Motion:
    """The motion of what is fixed to the ego."""
    return Motion(ego.times, ego.positions + ego.rotations @ np.array(place), ego.rotations)
