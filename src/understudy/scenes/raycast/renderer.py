"""`Raycast`: the default renderer. One ray a pixel, more where edges are.

Sun, sky, lamps, mirrored surroundings; then weather, lens and sensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits, Tracer
from understudy.scenes.raycast import lighting, sensor, weather
from understudy.scenes.raycast.bands import band_colors, infrared_colors, lamp_at_camera, thermal_picture
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.lamps import lamp_row
from understudy.scenes.raycast.motion_blur import blurred
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.raycast.sky import Light, light_of
from understudy.scenes.raycast.smoothing import edge_pixels, merged, sky_colors, sub_rays, unlike
from understudy.scenes.raycast.surfaces import FOOTPRINT, Surfaces, looked_at, surfaces_of
from understudy.scenes.rendering import Renderer, require_whole
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
SUN_RADIUS = 0.0055
"""Radians; the sun's is .0047, and its aureole softens shadows a little more."""
SHADOWED_LAMPS = 5
STUDIO_RADIUS = 0.08
Mirrored = tuple[Floats, NDArray[np.bool_]]
"""(N, 3) light along the mirrored rays, and (N,) whether it was looked for."""


@dataclass
class Ray:
    """N rays of a picture and what they met. which: the pixel that each belongs to."""

    which: NDArray[np.int32]
    directions: Floats
    distance: Floats
    made: Singles
    places: Floats


@dataclass
class LampsSeen:
    """order: of lamps by what they give. visible: (S, N) whether surfaces see the first S of them. least: light that counts."""

    order: NDArray[np.int64]
    visible: NDArray[np.bool_]
    least: float

    def of(self, which: NDArray[np.int32]) -> LampsSeen:
        return LampsSeen(self.order, np.ascontiguousarray(self.visible[:, which]), self.least)


@dataclass
class Pixels:
    """What is known of all pixels of a picture from their first rays; `origins` are those of the rays."""

    main: Ray
    surfaces: Surfaces
    opened: Floats
    sunlit: Floats
    mirrored: Mirrored
    lamps: Floats
    seen: LampsSeen | None
    origins: Floats


class Raycast(Renderer):
    """Args:
    samples: rays for a pixel on an edge, 1 .. 4; where the first two see the same, and off the edges, there are no more.
    occlusion: rays for the sky's light at every fourth pixel, 0 .. 16.
    """

    name: ClassVar[str] = "raycast"

    def __init__(self, samples: int = 3, occlusion: int = 2) -> None:
        require_whole(Raycast, "samples", samples, 1, 4)
        require_whole(Raycast, "occlusion", occlusion, 0, 16)
        self.samples, self.occlusion = samples, occlusion
        self._known: tuple[int, dict[str, Any]] = (0, {})

    def image(self, scene: Scene, tracer: Tracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> NDArray[Any]:
        """The picture: see `Renderer`."""
        rays = tracer if isinstance(tracer, EmbreeTracer) else EmbreeTracer(scene)
        if camera.band == "thermal":
            picture = thermal_picture(scene, rays, camera, time, hits, self._surfaces(scene, "rgb"), rng)
            return sensor.spoiled(np.repeat(picture[..., None], 3, axis=2), camera, rng)[..., 0]
        exposed = Exposure(self, scene, rays, camera, time, hits, rng)
        linear = exposed.light("infrared" if camera.band == "infrared" else "rgb")
        picture = exposed.developed(linear)
        if camera.band == "infrared":
            gray = (picture @ np.array([0.3, 0.4, 0.3])).astype(np.uint8)
            return sensor.spoiled(np.repeat(gray[..., None], 3, axis=2), camera, rng)[..., 0]
        picture = sensor.spoiled(picture, camera, rng)
        return exposed.with_bands(picture) if camera.bands else picture

    def _surfaces(self, scene: Scene, band: str) -> Surfaces:
        """Materials as numbers, kept as long as the scene is the same."""
        if self._known[0] != id(scene) or self._known[1].get("scene") is not scene:
            self._known = (id(scene), {"scene": scene})
        kept = self._known[1]
        if band not in kept:
            colors = None if band == "rgb" else infrared_colors if band == "infrared" else band_colors(tuple(band.split(",")))
            kept[band] = surfaces_of(scene, colors)
        made: Surfaces = kept[band]
        return made


class Exposure:
    """One picture in the making."""

    def __init__(self, look: Raycast, scene: Scene, tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> None:
        self.look, self.scene, self.tracer, self.camera, self.time, self.hits, self.rng = look, scene, tracer, camera, time, hits, rng
        self.height, self.width = hits.link.shape
        self.poses = tracer.poses(time)
        rolling = camera.readout > 0 and camera.motion.moves
        self.views: Floats = Motions.of([camera.motion]).at(hits.times if rolling else np.array([time]))[:, 0]
        self.parallel = camera.model == "orthographic"
        self.spread = 1.0 / camera.focal
        self.sky: Light = light_of(scene.sky, scene.weather, shift=0.01 * time)
        self._least = 1e-9

    # -- light

    def light(self, band: str) -> Floats:
        """(H, W, 3) light that reaches the sensor, before its lens."""
        surfaces = self.look._surfaces(self.scene, band)
        main, origins = self.seen(surfaces)
        pixels, made, distance = self.height * self.width, main.made, main.distance
        opened = self._openness(main)
        lamps = self._lamps(band)
        lamps_seen = self._lamps_seen(main, lamps)
        sunlit = self._sunlit(main)
        sunlit = np.asarray(lighting.softened(sunlit, made, distance, self.height, self.width, 2 if self.scene.sky.studio is None else 3))
        mirrored = np.zeros((pixels, 3)), np.zeros(pixels, dtype=np.bool_)
        some, seen = self._mirrored(main, surfaces, lamps)
        mirrored[0][some], mirrored[1][some] = seen, True
        if len(some):
            mirrored = lighting.mirrors_softened(*mirrored, made, distance, self.height, self.width)
        colors = self._shaded(main, opened, sunlit, mirrored, lamps, lamps_seen)
        if self.look.samples > 1:
            colors = self._smoothed(colors, main, surfaces, opened, sunlit, mirrored, lamps, lamps_seen, origins)
        return colors.reshape(self.height, self.width, 3)

    def seen(self, surfaces: Surfaces) -> tuple[Ray, Floats]:
        """The rays through the middles of all pixels, with the surfaces that they met, and their origins."""
        hits, pixels = self.hits, self.height * self.width
        origins, directions = self.tracer.world_rays(self.camera, self.views)
        distance = hits.distance.ravel()
        u, v = np.ascontiguousarray(hits.barycentric.reshape(pixels, 2).T)
        which = np.arange(pixels, dtype=np.int32)
        made, spots = self._looked_at(surfaces, hits.link.ravel(), hits.face.ravel(), u, v, directions, distance)
        return Ray(which, directions, distance, made, spots), origins

    def _looked_at(
        self, surfaces: Surfaces, link: Any, face: Any, u: Any, v: Any, directions: Floats, distance: Floats
    ) -> tuple[Singles, Floats]:
        air = self.scene.weather
        snow = min(air.snow / 2, 1.0) if air.snow > 0 else 0.0
        return looked_at(
            surfaces, self.tracer.packed, link, face, u, v, directions, distance, self.spread, self.parallel, self.poses, air.wet, snow
        )

    def _sunlit(self, rays: Ray) -> Floats:
        """Share of the sun that each sees."""
        seen = np.ones(len(rays.which))
        if self.sky.sun_color.max() <= 1e-3 or self.sky.sun[2] < -0.02:
            return seen if self.sky.sun_color.max() > 1e-3 else np.zeros(len(rays.which))
        spread = SUN_RADIUS if self.scene.sky.studio is None else STUDIO_RADIUS
        which, origins, directions = lighting.sun_rays(rays.made, rays.places, self.sky.sun, self.width, rays.which, spread)
        if len(which):
            seen[which] = ~self.tracer.blocked(origins, directions, self.time)
        return seen

    def _openness(self, rays: Ray) -> Floats:
        """Share of the sky that each pixel sees."""
        if self.look.occlusion == 0:
            return np.ones(len(rays.which))
        near = rays.distance if not self.parallel else np.where(np.isfinite(rays.distance), 40.0, np.inf)
        least, most = (0.05, 0.6) if self.scene.sky.studio is not None else (0.5, 8.0)
        count = self.look.occlusion
        cells, origins, directions, limits = lighting.hemisphere_rays(
            rays.made, rays.places, near, self.height, self.width, count, least, most
        )
        blocked = self.tracer.blocked(origins, directions, self.time, limits, alike=False)
        opened: Floats = lighting.openness(cells, blocked, count, rays.made, rays.distance, self.height, self.width)
        return opened

    def _lamps(self, band: str) -> Floats:
        """(K, 13) lamps in the world, see `lamp_row`; none by day, when none sees their light."""
        if band == "infrared":
            return lamp_at_camera(self.camera, self.time)
        if not self.scene.lamps or (self.scene.sky.studio is None and self.sky.up.mean() > 0.15):
            return np.zeros((0, 13))
        numbers = {(self.scene.bodies[body].name, link): k for k, (body, link, _) in enumerate(self.scene.links())}
        rows = []
        for lamp in self.scene.lamps:
            pose = np.eye(4)[:3] if lamp.link is None else self.poses[numbers[lamp.link]]
            direction = pose[:, :3] @ np.asarray(lamp.direction, dtype=np.float64)
            place = pose[:, :3] @ np.asarray(lamp.place, dtype=np.float64) + pose[:, 3]
            rows.append(lamp_row(place, lamp.color, direction, lamp.cone, lamp.soft))
        return np.array(rows)

    def _lamp_light(self, rays: Ray, lamps: Floats, seen: LampsSeen | None) -> tuple[Floats, Floats]:
        """Light of lamps for the matt and for the glossy part. seen: what hides lamps; None: nothing does."""
        if not len(lamps):
            return np.zeros((1, 3)), np.zeros((1, 3))
        seen = seen or LampsSeen(np.arange(len(lamps)), np.ones((0, len(rays.which)), dtype=np.bool_), self._least)
        return lighting.lamp_light(rays.made, rays.places, rays.directions, lamps, seen.visible, seen.order, 0.1 * seen.least)  # type: ignore[no-any-return]

    def _lamps_seen(self, rays: Ray, lamps: Floats) -> LampsSeen | None:
        """Which surfaces see the lamps that give most to the picture."""
        if not len(lamps):
            return None
        rank = lighting.lamps_rank(rays.made, rays.places, lamps, max(len(rays.which) // 4000, 1))
        order = np.argsort(-rank, kind="stable")
        self._least = 0.03 * float(lighting.lamps_level(rays.made, rays.places, lamps, max(len(rays.which) // 2000, 1))) + 1e-9
        shadowed = order[:SHADOWED_LAMPS]
        visible = np.ones((len(shadowed), len(rays.which)), dtype=np.bool_)
        for position, lamp in enumerate(shadowed):
            which, origins, directions, limits = lighting.lamp_rays(rays.made, rays.places, lamps, lamp, self._least)
            if len(which):
                visible[position, which] = ~self.tracer.blocked(origins, directions, self.time, limits)
        return LampsSeen(order, visible, self._least)

    def _shaded(self, rays: Ray, opened: Floats, sunlit: Floats, mirrored: Mirrored, lamps: Floats, seen: LampsSeen | None) -> Floats:
        """(N, 3) light of what rays met, seen through the air; the sky where they met nothing."""
        matt, gloss = self._lamp_light(rays, lamps, seen)
        sky = self.sky
        colors = lighting.shade(
            rays.made, rays.directions, sky.values, sky.up, sky.side, sky.down, sky.maps, sunlit, opened, *mirrored, matt, gloss
        )
        sky_colors(colors, rays.made, rays.directions, sky.values)
        self._through_air(colors, rays, lamps)
        return np.asarray(colors)

    def _mirrored(self, rays: Ray, surfaces: Surfaces, lamps: Floats) -> tuple[NDArray[np.int32], Floats]:
        """What those that shine mirror: whatever is there, lit simply."""
        least = 0.035 if self.sky.up.mean() > 0.05 else 0.02
        which, origins, directions = lighting.mirror_rays(rays.made, rays.places, rays.directions, rays.which, self.width, least)
        if not len(which):
            return which, np.zeros((0, 3))
        found = self.tracer.trace(origins, directions, self.time, alike=False)
        whole = rays.distance[which] + found.distance
        made, places = self._looked_at(surfaces, found.link, found.face, found.u, found.v, directions, whole * 2)
        second = Ray(rays.which[which], directions, found.distance, made, places)
        count = len(which)
        matt, gloss = self._lamp_light(second, lamps, None)
        sky = self.sky
        sunlit = self._sunlit(second)
        colors = lighting.shade(
            made, directions, sky.values, sky.up, sky.side, sky.down, sky.maps, sunlit, np.full(count, 0.75),
            np.zeros((count, 3)), np.zeros(count, dtype=np.bool_), matt, gloss,
        )  # fmt: skip
        sky_colors(colors, made, directions, sky.values)
        return which, np.minimum(colors, 12.0)

    def _through_air(self, colors: Floats, rays: Ray, lamps: Floats) -> None:
        """Fog and haze between the surfaces and the eye. The sky's own colours have the haze in them already."""
        if self.scene.sky.studio is not None:
            return
        sky, air = self.sky, self.scene.weather
        distance = np.minimum(rays.distance, 40.0) if self.parallel else rays.distance
        lights = self._airlight(lamps)
        values = sky.values.copy()
        values[9:12] += lights
        met = rays.made[:, FOOTPRINT] > 0
        lighting.through_air(colors, np.where(met, distance, 0.0), rays.directions, values, sky.down, weather.extinction(air), 1e9)
        thick = weather.extinction(air, haze=0.0)
        if thick.max() > 2e-4:
            lighting.through_air(colors, np.where(met, 0.0, 3e4), rays.directions, values, sky.down, thick, 90.0)

    def _airlight(self, lamps: Floats) -> Floats:
        """What fog sends back of the lamps around the camera."""
        if not len(lamps):
            return np.zeros(3)
        away = np.sqrt(((lamps[:, :3] - self.views[0, :, 3]) ** 2).sum(1))
        reach = np.exp(-weather.extinction(self.scene.weather)[0] * away)
        strength: Floats = (lamps[:, 3:6] * (reach / (30.0 + away**2) * np.minimum(lamps[:, 9] / 1.5, 1.0))[:, None]).sum(0)
        return 0.04 * strength

    def finished(self, light: Floats, plain: Floats) -> NDArray[np.uint8]:
        """The picture from (H, W, 3) light that another renderer traced, with surfaces of the colours `plain` (H, W, 3) instead of
        patterns.

        Patterns, sky, air, lens and sensor are put in here.
        """
        surfaces = self.look._surfaces(self.scene, "rgb")
        main, _ = self.seen(surfaces)
        met = main.made[:, FOOTPRINT] > 0
        colors = np.asarray(light, dtype=np.float64).reshape(-1, 3).copy()
        colors[met] *= np.clip(main.made[met, :3] / np.maximum(plain.reshape(-1, 3)[met], 1e-3), 0.0, 4.0)
        sky_colors(colors, main.made, main.directions, self.sky.values)
        self._through_air(colors, main, self._lamps("rgb"))
        return sensor.spoiled(self.developed(colors.reshape(self.height, self.width, 3)), self.camera, self.rng)

    # -- edges

    def _smoothed(
        self,
        colors: Floats,
        main: Ray,
        surfaces: Surfaces,
        opened: Floats,
        sunlit: Floats,
        mirrored: Mirrored,
        lamps: Floats,
        seen: LampsSeen | None,
        origins: Floats,
    ) -> Floats:
        """More rays where edges are."""
        hits = self.hits
        edges = edge_pixels(hits.link, hits.face, hits.normal, hits.distance, main.made, sunlit.reshape(hits.link.shape), colors)
        if not len(edges):
            return colors
        pixels = Pixels(main, surfaces, opened, sunlit, mirrored, lamps, seen, origins)
        more = np.zeros((len(edges), self.look.samples - 1, 3))
        more[:, 0] = self._again(edges, 0, pixels)
        unsure = unlike(colors, edges, more[:, 0])
        for place in range(1, self.look.samples - 1):
            more[unsure, place] = self._again(edges[unsure], place, pixels)
        counts = np.ones(len(edges), np.int64)
        counts[unsure] = self.look.samples - 1
        return np.asarray(merged(colors, edges, more, counts))

    def _again(self, edges: NDArray[np.int64], place: int, known: Pixels) -> Floats:
        """(E, 3) light along one more ray through each of these pixels."""
        hits, main = self.hits, known.main
        starts, directions = sub_rays(edges, main.directions, known.origins, self.height, self.width, place)
        which = edges.astype(np.int32)
        rolling = self.camera.readout > 0
        moments = hits.times if rolling else np.array([self.time])
        moment = (which // self.width).astype(np.int32) if rolling else np.zeros(len(which), np.int32)
        found = self.tracer.trace_at(starts, directions, moments, moment)
        made, places = self._looked_at(known.surfaces, found.link, found.face, found.u, found.v, directions, found.distance)
        rays = Ray(which, directions, found.distance, made, places)
        lit = known.sunlit[which]
        new = found.link != hits.link.ravel()[which]
        lit[new] = self._sunlit(Ray(which[new], directions[new], found.distance[new], made[new], places[new]))
        mirrored = known.mirrored[0][which], known.mirrored[1][which]
        return self._shaded(rays, known.opened[which], lit, mirrored, known.lamps, known.seen and known.seen.of(which))

    # -- lens and sensor

    def developed(self, linear: Floats) -> NDArray[np.uint8]:
        camera, air, sky = self.camera, self.scene.weather, self.sky
        linear = blurred(linear, self.tracer, camera, self.time, self.hits)
        if not self.parallel and (air.rain > 0 or air.snow > 0) and self.scene.sky.studio is None:
            glow = 0.75 * sky.side + 0.25 * sky.up + self._airlight(self._lamps("rgb")) * 3
            weather.fall(linear, air, glow, camera.focal, camera.exposure, self.rng.child("fall").generator())
        if camera.faults.blur > 0:
            linear = sensor.blur(linear, camera.faults.blur)
        dark = self.sky.up.mean() < 0.05 and self.scene.sky.studio is None
        balance = self._balance(linear)
        gain = camera.gain if camera.gain is not None else sensor.exposure_of(linear, self._gray())
        self._lights_seen(linear, gain)
        linear = sensor.glare(linear, (0.08 if dark else 0.04) + 0.1 * min(air.fog * 20, 1.0), 24.0 / gain)
        linear = sensor.on_the_lens(linear, camera, self._sun_place(), self.rng)
        return sensor.developed(linear, camera, balance, gain, self.rng)

    def _gray(self) -> float:
        """What the middle of the picture is exposed for: studios and snow are meant to be bright."""
        return 0.42 if self.scene.sky.studio is not None else 0.29 if self.scene.weather.snow > 0 else 0.215

    def _balance(self, linear: Floats) -> Floats:
        """Gains that bring the light's colour most of the way to white, and then the picture's mean some of the way to grey."""
        if self.scene.sky.studio is not None or self.camera.band != "rgb":
            return np.ones(3)
        lit = self.sky.up + self.sky.sun_color * max(float(self.sky.sun[2]), 0.1) + 1e-4
        warm = 0.35 + 0.4 * float(np.clip(self.sky.sun[2] / 0.4, 0.0, 1.0))  # cameras leave evenings some of their colour
        cloudy = self.sky.sun_color.max() < 0.1
        gains: Floats = np.power(lit.mean() / lit, 0.75 if cloudy and self.sky.up.mean() > 0.05 else warm)
        seen = linear[::4, ::4].reshape(-1, 3)
        mean = np.minimum(seen, np.quantile(seen, 0.95)).mean(0) * gains + 1e-9
        gains = gains * np.clip(np.power(mean.mean() / mean, 0.4), 0.8, 1.25)
        balance: Floats = gains / gains[1]
        return balance

    def _sun_place(self) -> tuple[float, float] | None:
        """Where the sun is in the picture, or near it, if nothing hides it."""
        if self.camera.faults.flare <= 0 or self.scene.sky.studio is not None or self.sky.sun_color.max() < 0.02:
            return None
        pose = self.camera.motion.at(self.time)
        pixels, ahead = self.camera.project(1e5 * (self.sky.sun[None] @ pose[:3, :3]))
        if not ahead[0] or self.tracer.blocked(pose[None, :3, 3], self.sky.sun[None], self.time)[0]:
            return None
        return float(np.clip(pixels[0, 0], -self.width, 2 * self.width)), float(np.clip(pixels[0, 1], -self.height, 2 * self.height))

    def _lights_seen(self, linear: Floats, gain: float) -> None:
        """Lamps that shine into the lens, however small they are in the picture."""
        lamps = self._lamps("rgb") if self.camera.band == "rgb" else np.zeros((0, 13))
        if not len(lamps) or self.parallel:
            return
        pose = self.camera.motion.at(self.time)
        offset = lamps[:, :3] - pose[:3, 3]
        away = np.sqrt((offset**2).sum(1))
        pixels, ahead = self.camera.project(offset @ pose[:3, :3])
        inside = ahead & (pixels >= 0).all(1) & (pixels[:, 0] < self.width) & (pixels[:, 1] < self.height) & (away > 1.0)
        angle = np.arccos(np.clip(-(offset * lamps[:, 6:9]).sum(1) / np.maximum(away, 1e-6), -1, 1))
        inside &= (lamps[:, 9] > 3.1) | (angle < lamps[:, 9] + 0.5)
        some = np.flatnonzero(inside)
        if not len(some):
            return
        towards = offset[some] / away[some, None]
        hidden = self.tracer.blocked(
            np.repeat(pose[None, :3, 3], len(towards), axis=0), towards, self.time, np.maximum(away[some] - 0.6, 0.05)
        )
        fog = np.exp(-weather.extinction(self.scene.weather)[0] * away[some])
        for number, left in zip(some[~hidden], fog[~hidden], strict=True):
            beam = 1.0 if lamps[number, 9] > 3.1 else float(np.clip(1.2 - angle[number] / (lamps[number, 9] + 0.5), 0.05, 1.0))
            power = lamps[number, 3:6] * beam * left
            splash(linear, pixels[number], power, away[number], self.width, gain)

    # -- further bands

    def with_bands(self, picture: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Red, green, blue and further bands, 16 bits: bands as shares of the light, 10,000 for all of it."""
        bands = self.camera.bands
        layers = [picture.astype(np.uint16) * 257]
        white = self.sky.up + self.sky.sun_color * max(float(self.sky.sun[2]), 0.0)
        for start in range(0, len(bands), 3):
            some = bands[start : start + 3]
            names = (*some, *some[-1:] * (3 - len(some)))
            light = self.light(",".join(names)) / white * 10000
            noise = self.rng.child("bands", start).generator().normal(0, 12 * self.camera.noise, light.shape)
            layers.append(np.clip(light + noise + 0.5, 0, 65535).astype(np.uint16)[..., : len(some)])
        return np.concatenate(layers, axis=2)


def splash(linear: Floats, pixel: Floats, power: Floats, away: float, width: int, gain: float) -> None:
    """A lamp's image: a core that is never less than a pixel wide, a soft disk around it; brighter than a few times white makes no odds."""
    unit = width / 640
    core = float(np.clip(0.09 * width / away, 0.8, 6.0)) * unit
    reach = int(7 * core + 2)
    x0, y0 = int(pixel[0]), int(pixel[1])
    ys, xs = slice(max(y0 - reach, 0), y0 + reach + 1), slice(max(x0 - reach, 0), x0 + reach + 1)
    part = linear[ys, xs]
    y, x = np.mgrid[ys.start : ys.start + part.shape[0], xs.start : xs.start + part.shape[1]]
    square = ((x + 0.5 - pixel[0]) ** 2 + (y + 0.5 - pixel[1]) ** 2) / (core * core)
    peak = np.minimum(power * 0.12 / (1 + away / 25), 18.0 / gain)
    part += peak * (np.exp(-square) + 0.05 * np.exp(-square / 9))[..., None]
