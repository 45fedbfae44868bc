"""Labels drawn: on a picture (boxes, 3D boxes, masks, skeletons, names), and as pictures of their own (classes, depth, normals, flow)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.data.media.items import CameraView, Category, Frame, Instance
from understudy.scenes.camera import Camera

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

Bytes = NDArray[np.uint8]
Color = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]
FINE = 2
"""Lines are drawn at this many times the size and then made smaller, so that their edges are smooth."""

TINT = 0.24
NAMED_PIXELS = 150
"""In the picture as it is shown; smaller objects are boxed but not named."""

SOLID_PIXELS = 900
"""From which the 3D box is drawn too."""

EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1]
STEPS = 12
"""Pieces of an edge of a 3D box, which a lens may bend."""

_DEPTHS = np.array(
    [[253, 231, 110], [244, 158, 76], [219, 87, 94], [161, 48, 126], [92, 26, 130], [37, 22, 92], [8, 9, 32]], dtype=np.float64
)
"""Colours from near to far."""


def shown(image: NDArray[Any]) -> Bytes:
    """Any picture as (H, W, 3) for the eye: further bands left out, 16 bits stretched over what they use."""
    rgb = image[..., :3] if image.ndim == 3 and image.shape[2] >= 3 else np.repeat(image.reshape(*image.shape[:2], -1)[..., :1], 3, axis=2)
    if rgb.dtype == np.uint8:
        return np.ascontiguousarray(rgb)
    low, high = np.percentile(rgb[::2, ::2], (0.5, 99.5))
    return np.asarray(np.clip((rgb.astype(np.float64) - low) / max(high - low, 1e-9), 0, 1) * 255, dtype=np.uint8)


def annotated(frame: Frame, categories: Sequence[Category], width: int) -> Image.Image:
    """The picture, `width` wide, with all its objects' labels on it."""
    pil = _pillow()
    scale = width / frame.width
    size = (width, max(round(frame.height * scale), 1))
    base = pil.fromarray(_tinted(frame)).resize(size, pil.Resampling.LANCZOS)
    overlay = pil.new("RGBA", (size[0] * FINE, size[1] * FINE), (0, 0, 0, 0))
    pen = _Pen(overlay, scale * FINE, frame.view)
    by_id = {category.id: category for category in categories}
    far_first = sorted(frame.instances, key=lambda instance: -instance.distance)
    for instance in far_first:
        pen.outline(instance, color_of(instance.track), instance.pixels * scale**2)
    for instance in far_first:
        if instance.keypoints is not None:
            pen.skeleton(instance.keypoints, by_id[instance.category].skeleton, color_of(instance.track))
    small = overlay.resize(size, pil.Resampling.BOX)
    made = pil.alpha_composite(base.convert("RGBA"), small)
    named: list[Rectangle] = []
    for instance in reversed(far_first):
        if instance.pixels * scale**2 >= NAMED_PIXELS:
            _name(made, instance, f"{by_id[instance.category].name.replace('_', ' ')} {instance.track}", scale, named)
    plain: Image.Image = made.convert("RGB")
    return plain


def panels(frame: Frame, categories: Sequence[Category]) -> dict[str, Bytes]:
    """Pictures of the labels that the frame has, by name."""
    made = {"classes": classes(frame, categories), "objects": objects(frame)}
    if frame.depth is not None:
        made["depth"] = depth(frame.depth)
    if frame.normal is not None:
        made["normals"] = np.asarray(np.where(frame.normal.any(axis=2, keepdims=True), frame.normal * 0.5 + 0.5, 0.1) * 255, dtype=np.uint8)
    moving = next((flow for flow in (frame.flow_forward, frame.flow_backward) if flow is not None and np.isfinite(flow).any()), None)
    if moving is not None:
        made["flow"] = flow_colors(moving)
    return made


def classes(frame: Frame, categories: Sequence[Category]) -> Bytes:
    table = np.zeros((256, 3), dtype=np.uint8)
    for category in categories:
        table[category.id] = category.color
    return _edged(table[frame.category], frame.track)


def objects(frame: Frame) -> Bytes:
    """Each object in a colour of its own, stuff dark."""
    tracks, position = np.unique(frame.track, return_inverse=True)
    table = np.array([color_of(int(track)) if track else (34, 36, 42) for track in tracks], dtype=np.uint8)
    return _edged(table[position.reshape(frame.track.shape)], frame.track)


def depth(values: NDArray[np.float32]) -> Bytes:
    """Near is bright, far is dark; even steps of inverse depth."""
    seen = np.isfinite(values) & (values > 0)
    if not seen.any():
        return np.full((*values.shape, 3), 8, dtype=np.uint8)
    inverse = np.where(seen, 1 / np.where(seen, values, 1), 0)
    low, high = np.percentile(inverse[seen], (2, 98))
    place = np.clip((high - inverse) / max(high - low, 1e-9), 0, 1) * (len(_DEPTHS) - 1)
    colors = np.stack([np.interp(place, np.arange(len(_DEPTHS)), _DEPTHS[:, channel]) for channel in range(3)], axis=2)
    return np.asarray(np.where(seen[..., None], colors, 0), dtype=np.uint8)


def flow_colors(values: NDArray[np.float32]) -> Bytes:
    """Direction as hue, length as saturation."""
    known = np.asarray(np.isfinite(values).all(axis=2))
    x, y = (np.where(known, values[..., axis], 0.0) for axis in (0, 1))
    length = np.hypot(x, y)
    most = max(float(np.percentile(length[known], 98)), 1e-6) if known.any() else 1.0
    hue, strength = np.arctan2(y, x) / (2 * np.pi) + 0.5, np.clip(length / most, 0, 1)
    ramp = np.abs((hue[..., None] * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    colors = 1 - strength[..., None] * (1 - np.clip(ramp, 0, 1))
    return np.asarray(np.where(np.expand_dims(known, 2), colors, 0.15) * 255, dtype=np.uint8)


def color_of(track: int) -> Color:
    """Bright, and far from those of its neighbours in number (steps of the golden ratio around the circle of hues)."""
    hue = (track * 0.618034) % 1.0
    ramp = np.clip(np.abs((hue * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    red, green, blue = (int(value) for value in 255 * (0.25 + 0.75 * ramp) * (0.8 + 0.2 * ((track * 7) % 3) / 2))
    return red, green, blue


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    _pillow()
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError.of("scenes", "Drawing pictures") from None
    return Image


def _tinted(frame: Frame) -> Bytes:
    """The picture with every object in its colour."""
    image = shown(frame.image).astype(np.float32)
    tracks, position = np.unique(frame.track, return_inverse=True)
    table = np.array([color_of(int(track)) for track in tracks], dtype=np.float32)
    share = np.where(frame.track > 0, np.float32(TINT), np.float32(0))[..., None]
    return np.asarray(image * (1 - share) + table[position.reshape(frame.track.shape)] * share, dtype=np.uint8)


def _edged(colors: Bytes, tracks: NDArray[np.int32]) -> Bytes:
    """With a light line where one object ends."""
    edge = np.zeros(tracks.shape, dtype=np.bool_)
    edge[:, 1:] |= tracks[:, 1:] != tracks[:, :-1]
    edge[1:] |= tracks[1:] != tracks[:-1]
    return np.where(edge[..., None], np.uint8(245), colors).astype(np.uint8)


def _name(image: Image.Image, instance: Instance, text: str, scale: float, named: list[Rectangle]) -> None:
    """A tag at the box's upper left corner, within the picture, in the object's colour and a colour that can be read on it; left out
    where it would cover the tag of a nearer object."""
    from PIL import ImageDraw

    draw: ImageDraw.ImageDraw = ImageDraw.Draw(image)
    color, face = color_of(instance.track), font(10)
    left, top, right, bottom = (int(value) for value in draw.textbbox((0, 0), text, font=face))
    wide, high = right - left + 5, bottom - top + 4
    x = int(min(max(instance.box[0] * scale, 0), image.width - wide - 1))
    y = int(instance.box[1] * scale) - high - 1
    y = y if y >= 0 else int(min(max(instance.box[1] * scale, 0), image.height - high - 1))
    if any(x < other[2] and other[0] < x + wide and y < other[3] and other[1] < y + high for other in named):
        return
    named.append((x, y, x + wide, y + high))
    bright = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2] > 140
    draw.rectangle((x, y, x + wide, y + high), fill=color)
    draw.text((x + 3 - left, y + 2 - top), text, font=face, fill=(10, 12, 16) if bright else (255, 255, 255))


class _Pen:
    """Draws in pixels of the frame. scale: of the canvas."""

    def __init__(self, canvas: Image.Image, scale: float, view: CameraView) -> None:
        from PIL import ImageDraw

        self.draw = ImageDraw.Draw(canvas)
        self.scale, self.view = scale, view

    def outline(self, instance: Instance, color: Color, pixels: float) -> None:
        """Seen from above the oriented box, else the box; of larger objects the 3D box too, in thin lines."""
        if self.view.model == "orthographic":
            corners = np.vstack([instance.oriented_box, instance.oriented_box[:1]])
            self._line(corners, (*color, 255), 3)
            return
        if pixels >= SOLID_PIXELS:
            for piece in self._solid(instance):
                self._line(piece, (*color, 150), 2)
        x0, y0, x1, y1 = instance.box
        self._line(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]), (*color, 255), 3)

    def skeleton(self, keypoints: NDArray[np.float64], bones: Sequence[tuple[int, int]], color: Color) -> None:
        """Bones between points in the picture; a visible point is filled, a hidden one is a ring."""
        shown = keypoints[:, 2] > 0
        for a, b in bones:
            if shown[a] and shown[b]:
                self._line(keypoints[[a, b], :2], (255, 255, 255, 210), FINE)
        tall = float(np.ptp(keypoints[shown, 1])) * self.scale if shown.any() else 0.0
        radius = FINE * float(np.clip(tall / FINE / 45, 0.7, 2.2))
        for x, y, seen in keypoints[shown] * (self.scale, self.scale, 1):
            place = (x - radius, y - radius, x + radius, y + radius)
            self.draw.ellipse(place, fill=(*color, 255) if seen == 2 else None, outline=(255, 255, 255, 255), width=1)

    def _line(self, points: NDArray[np.float64], color: tuple[int, int, int, int], width: int) -> None:
        self.draw.line([(float(x), float(y)) for x, y in points * self.scale], fill=color, width=width, joint="curve")

    def _solid(self, instance: Instance) -> list[NDArray[np.float64]]:
        """Edges of the 3D box, as far as they are before the camera."""
        view = self.view
        signs = np.array([[k & 1, k >> 1 & 1, k >> 2 & 1] for k in range(8)]) - 0.5
        corners = (signs * instance.size) @ instance.rotation.T + instance.center
        seen = (corners - view.pose[:3, 3]) @ view.pose[:3, :3]
        center = (float(view.matrix[0, 2]), float(view.matrix[1, 2]))
        camera = Camera("", 1, 1, view.model, float(view.matrix[0, 0]), center, tuple(view.distortion))  # type: ignore[arg-type]
        pieces = []
        for a, b in EDGES:
            share = np.linspace(0, 1, STEPS + 1)[:, None]
            points = seen[a] * (1 - share) + seen[b] * share
            pixels, ahead = camera.project(points)
            near = ahead & (points[:, 2] > 0.05) & (np.abs(pixels) < 1e5).all(axis=1)
            pieces += [pixels[near]] if np.count_nonzero(near) > 1 else []
        return pieces
