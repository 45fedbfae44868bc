"""`Satellite`: places seen from above at a set ground sampling distance, alone or as pairs of dates.

The camera is orthographic. It looks straight down or aside (off-nadir); then heights are displaced by h tan(angle) on the ground, and
the ground is sampled 1 / cos(angle) more coarsely along the view. `meta["transform"]` maps pixels to the ground at height 0 exactly, in
coordinates of a real zone of UTM whose place is made up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Frame, Shot
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import still
from understudy.scenes.labels import label_frame
from understudy.scenes.satellite.air import Atmosphere, clouds_over, toward
from understudy.scenes.satellite.building import Place, built
from understudy.scenes.satellite.changing import Date, change_mask, change_rows, dates_of
from understudy.scenes.satellite.covers import BY_NAME, CATEGORIES
from understudy.scenes.satellite.draping import DrapedTracer, ground_bodies
from understudy.scenes.satellite.ground import Ground, finished
from understudy.scenes.satellite.settings import SatelliteSettings
from understudy.scenes.satellite.shading import Light, Measured, measure, shown
from understudy.scenes.satellite.site import bodies
from understudy.scenes.satellite.spectra import BANDS
from understudy.scenes.scene import Scene, Sky
from understudy.scenes.world import EdgeCase, World

if TYPE_CHECKING:
    from understudy.scenes.hits import Hits
    from understudy.scenes.rendering import Studio
    from understudy.scenes.spec.draws import Draws
    from understudy.scenes.world import Video

WHITE = 0.34
"""Reflectance that is shown bright."""

DARK = 1.0
"""Share of a clear sky's path reflectance that pictures for the eye are freed of."""

SCALE = 40_000
"""Steps of 16-bit pictures in a reflectance of 1."""

PAN = np.array([0.42, 0.33, 0.10, 0.15, 0.0])
"""Weights of the bands in a panchromatic picture."""

DAY = 86_400.0


class Satellite(World):
    """Places seen from above."""

    name = "satellite"
    about = "cities, fields, ports and coasts from above, .1 to 60 m a pixel; bands of infrared, clouds, pairs of dates"
    settings = SatelliteSettings
    categories = CATEGORIES
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "clouds": EdgeCase("half of the place under clouds", {"light.cloud": {"uniform": [0.35, 0.65]}}),
        "thin-clouds": EdgeCase("a veil over much of it", {"light.cloud": {"uniform": [0.5, 0.9]}, "cloud_thickness": 0.12}),
        "low-sun": EdgeCase("long shadows", {"light.sun_elevation_deg": {"uniform": [9, 16]}}),
        "haze": EdgeCase("thick haze", {"haze": {"uniform": [0.7, 1.4]}}),
        "off-nadir": EdgeCase("seen from 35° aside", {"off_nadir_deg": {"uniform": [32, 38]}}),
        "snow": EdgeCase("snow on the ground and on roofs", {"snow": {"uniform": [0.5, 1.0]}, "season": "winter"}),
        "stripes": EdgeCase(
            "detectors that disagree, and dead ones", {"sensor.stripes": 0.035, "sensor.dead_columns": {"integer": [0, 2]}}
        ),
        "noise": EdgeCase("little light: a noisy sensor", {"sensor.noise": {"uniform": [0.015, 0.03]}}),
        "dense-port": EdgeCase("a crowded port", {"site": "port", "port.ships": 1.0, "port.at_sea": 40, "port.containers": 1.0}),
    }
    renderers: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ("geotiff", "dota")

    def scene(self, settings: SatelliteSettings, video: Video, draw: Draws) -> Scene:
        place = built(settings, draw)
        date = dates_of(place, settings, draw)[0]
        ground = finished(date.plan, date.season, place.offset, place.relief, place.depth, place.bottom)
        return _scene(place, date, _camera(settings, draw), ground, settings, draw)

    def shoot(self, settings: SatelliteSettings, video: Video, draw: Draws, studio: Studio) -> Shot:
        place = built(settings, draw)
        camera = _camera(settings, draw)
        dates = dates_of(place, settings, draw)
        takes = [_take(place, date, camera, settings, draw, studio) for date in dates]
        shot = Shot(
            world=self.name,
            index=0,
            frames=[take[0] for take in takes],
            categories=CATEGORIES,
            edge_cases=draw.edge_cases,
            meta=_meta(settings, camera, draw),
        )
        for number, (_, measured, hits) in enumerate(takes):
            shot.arrays[f"height/{number:04d}"] = np.asarray(hits.point[..., 2], dtype=np.float32)
            shot.arrays[f"clouds/{number:04d}"] = _cloud_classes(measured)
        if len(dates) == 2:
            shot.arrays["change"] = change_mask(place, dates, [take[0] for take in takes], [take[2] for take in takes])
            shot.records["changes"] = change_rows(place, dates)
        return shot


def _camera(settings: SatelliteSettings, draw: Draws) -> Camera:
    """Looks at the origin, north (y) up; tilted by turning about a level axis."""
    spacing = draw(settings.gsd_m, "gsd_m")
    angle, azimuth = (
        math.radians(draw(settings.off_nadir_deg, "off_nadir_deg")),
        math.radians(draw(settings.view_azimuth_deg, "view_azimuth_deg")),
    )
    width, height = settings.sensor.width, settings.sensor.height
    rotation = tilt(angle, azimuth) @ np.diag([1.0, -1.0, -1.0])
    far = 800.0 + 1.5 * max(width, height) * spacing
    return Camera("satellite", width, height, "orthographic", 1 / spacing, motion=still(-far * rotation[:, 2], rotation))


def tilt(angle: float, azimuth: float) -> NDArray[np.float64]:
    """(3, 3): from straight down to a view from `azimuth`, `angle` from the vertical."""
    x, y = -math.sin(azimuth), math.cos(azimuth)
    cross = np.array([[0.0, 0.0, y], [0.0, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


def _scene(place: Place, date: Date, camera: Camera, ground: Ground, settings: SatelliteSettings, draw: Draws) -> Scene:
    near = place.within_sight(date.things, camera, math.tan(max(date.sun_elevation, 0.1)))
    covered = draw(settings.light.cloud, "light/cloud")
    return Scene(
        world="satellite",
        bodies=(*ground_bodies(ground, place.reach), *bodies(near, date.plan, place.relief, place.tracks)),
        cameras=(camera,),
        times=np.array([date.time]),
        categories=CATEGORIES,
        sky_category=BY_NAME["outside"],
        sky=Sky(sun_elevation=date.sun_elevation, sun_azimuth=date.sun_azimuth, cloud=covered),
    )


def _take(
    place: Place, date: Date, camera: Camera, settings: SatelliteSettings, draw: Draws, studio: Studio
) -> tuple[Frame, Measured, Hits]:
    """One date's picture with its labels."""
    ground = finished(date.plan, date.season, place.offset, place.relief, place.depth, place.bottom)
    scene = _scene(place, date, camera, ground, settings, draw)
    tracer = DrapedTracer(scene, ground)
    hits = tracer.hits(camera, date.time)
    light = _light(date, camera, settings, draw)
    measured = measure(tracer, camera, hits, light, draw(settings.gsd_m, "gsd_m"))
    rng = draw.stream(f"frames/satellite/{date.number}")
    image = _picture(measured.bands, light.air, settings, draw, rng.child("noise").generator())
    frame = label_frame(scene, tracer, camera, 0, hits, image, studio.wanted, rng)
    frame.index = date.number
    frame.conditions |= _conditions(date, settings, draw)
    _note_clouds(frame, measured)
    return frame, measured, hits


def _light(date: Date, camera: Camera, settings: SatelliteSettings, draw: Draws) -> Light:
    sun = toward(date.sun_elevation, date.sun_azimuth)
    forward = camera.motion.at(0.0)[:3, 2]
    air = Atmosphere(draw(settings.haze, "haze"), float(sun[2]), float(-forward[2]))
    offset = draw.generator(f"clouds/{date.number}").uniform(0, 1e5, 2)
    spacing = 1 / camera.focal
    shift = (float(forward[0] / forward[2]), float(forward[1] / forward[2]))
    clouds = clouds_over(
        draw(settings.light.cloud, "light/cloud"), camera.width * spacing, camera.height * spacing, (float(offset[0]), float(offset[1])),
        draw(settings.cloud_thickness, "cloud_thickness"), shift,
    )  # fmt: skip
    return Light(sun, air, clouds)


def _picture(
    bands: NDArray[np.float32], air: Atmosphere, settings: SatelliteSettings, draw: Draws, rng: np.random.Generator
) -> NDArray[Any]:
    """What the sensor gives: noise, errors of its detectors, and the asked bands."""
    asked = draw(settings.bands, "bands")
    if asked == "panchromatic":
        bands = np.asarray(bands @ PAN.astype(np.float32), dtype=np.float32)[..., None]
    elif asked == "rgb":
        bands = bands[..., :3]
    noise, stripes = draw(settings.sensor.noise, "sensor/noise"), draw(settings.sensor.stripes, "sensor/stripes")
    wobble: NDArray[np.float32] = rng.standard_normal(bands.shape, dtype=np.float32) * np.float32(noise)
    bands = np.asarray(bands + wobble * (np.float32(0.5) + np.sqrt(np.maximum(bands, 0))), dtype=np.float32)
    if stripes:
        bands = bands * (1 + np.float32(stripes) * rng.standard_normal((1, *bands.shape[1:]), dtype=np.float32))
    for column in rng.integers(0, bands.shape[1], draw(settings.sensor.dead_columns, "sensor/dead_columns")):
        bands[:, column] = 0.0
    if asked == "rgb":
        clear = Atmosphere(min(air.aerosol, 0.08), air.sun_height, air.view_height)
        return shown(bands, DARK * clear.path[:3], WHITE)
    counts = np.asarray(np.clip(bands * SCALE + 0.5, 0, 65_535), dtype=np.uint16)
    return counts[..., 0] if asked == "panchromatic" else counts


def _conditions(date: Date, settings: SatelliteSettings, draw: Draws) -> dict[str, Any]:
    """Of one date. Compass azimuths count from north, clockwise."""
    return {
        "gsd_m": draw(settings.gsd_m, "gsd_m"),
        "off_nadir_deg": draw(settings.off_nadir_deg, "off_nadir_deg"),
        "view_compass_deg": round((90 - draw(settings.view_azimuth_deg, "view_azimuth_deg")) % 360, 3),
        "sun_compass_deg": round((90 - math.degrees(date.sun_azimuth)) % 360, 3),
        "haze": draw(settings.haze, "haze"),
        "season": date.season_name,
        "snow": date.season.snow,
        "day": round(date.time / DAY, 3),
    }


def _cloud_classes(measured: Measured) -> NDArray[np.uint8]:
    """0 clear, 1 thin cloud, 2 cloud, 3 in shadow (of clouds, things or hills)."""
    classes = np.where(measured.shade > 0.6, 3, 0)
    classes = np.where(measured.cloud > 0.08, 1, classes)
    return np.asarray(np.where(measured.cloud > 0.5, 2, classes), dtype=np.uint8)


def _note_clouds(frame: Frame, measured: Measured) -> None:
    """How much of each object clouds hide, where there are any."""
    if not measured.cloud.any():
        return
    size = int(frame.track.max(initial=0)) + 1
    total = np.bincount(frame.track.ravel(), weights=measured.cloud.ravel(), minlength=size)
    for instance in frame.instances:
        instance.attributes["clouded"] = round(float(total[instance.track] / instance.pixels), 3)


def _meta(settings: SatelliteSettings, camera: Camera, draw: Draws) -> dict[str, Any]:
    rng = draw.generator("origin")
    zone, east, north = int(rng.integers(1, 61)), 10 * int(rng.integers(20_000, 80_000)), 10 * int(rng.integers(50_000, 600_000))
    asked = draw(settings.bands, "bands")
    return {
        "site": draw(settings.site, "site"),
        "bands": {"rgb": list(BANDS[:3]), "multispectral": list(BANDS), "panchromatic": ["pan"]}[asked],
        "unit": "sRGB" if asked == "rgb" else f"reflectance above the air x {SCALE}",
        "gsd_m": 1 / camera.focal,
        "crs": f"EPSG:{32600 + zone}",
        "scale": 1.0 if asked == "rgb" else 1 / SCALE,
        "transform": ground_transform(camera, (east, north)),
        "georeference": "synthetic: no real place",
    }


def ground_transform(camera: Camera, origin: tuple[float, float] = (0.0, 0.0)) -> list[float]:
    """a, b, c, d, e, f: x = a column + b row + c, y = d column + e row + f of the ground at height 0, pixels counted from their corners."""
    pose = camera.motion.at(0.0)
    start, _ = camera.rays(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    places = start @ pose[:3, :3].T + pose[:3, 3]
    forward = pose[:3, 2]
    ground = (places - places[:, 2:3] / forward[2] * forward)[:, :2] + np.asarray(origin)
    across, down = ground[1] - ground[0], ground[2] - ground[0]
    return [float(value) for value in (across[0], down[0], ground[0, 0], across[1], down[1], ground[0, 1])]
