"""`Medical`: phantoms of bodies with lesions, seen by CT, MRI and X-ray. Drawn shapes, no anatomical atlas; not for diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.data.media.items import Category, Frame, Shot
from understudy.scenes.medical import NOTICE
from understudy.scenes.medical.anatomy import CATEGORIES, CATEGORY_IDS
from understudy.scenes.medical.ct import DETAIL, Scanner, ct_volume
from understudy.scenes.medical.frames import counted_things, instance, prove, reduced, slice_view, world_pose
from understudy.scenes.medical.lesions import Wanted
from understudy.scenes.medical.mri import SEQUENCES, Coil, mri_slice, sensitivity
from understudy.scenes.medical.phantoms import Phantom, phantom, with_lesion
from understudy.scenes.medical.settings import MedicalSettings
from understudy.scenes.medical.shapes import Grid
from understudy.scenes.medical.torso import Build
from understudy.scenes.medical.xray import HIGH, Shadow, Tube, primary, radiograph, shadow
from understudy.scenes.world import EdgeCase, Video, World

if TYPE_CHECKING:
    from understudy.scenes.rendering import Studio
    from understudy.scenes.spec.draws import Draws

SHRINKS = 6
"""How often a lesion of usual size is made a fifth smaller where it does not fit."""


@dataclass(frozen=True)
class Region:
    """Of a body. body: its phantom. center: (x, y, z) mm. field_mm: usual width of slices. window: level and width in HU of their pictures.
    box_mm, voxel_mm: the volume that a radiograph needs, and its voxels. pixel_mm: of the detector at 512 pixels."""

    body: str
    center: tuple[float, float, float]
    field_mm: float
    window: tuple[float, float]
    box_mm: tuple[float, float, float]
    voxel_mm: float
    pixel_mm: float


REGIONS = {
    "chest": Region("torso", (0, 0, 150), 400, (-350, 1500), (480, 320, 410), 2.0, 0.80),
    "abdomen": Region("torso", (0, 0, 0), 400, (50, 400), (480, 320, 410), 2.0, 0.80),
    "head": Region("head", (0, -5, 12), 240, (40, 120), (210, 260, 290), 1.1, 0.62),
    "hand": Region("hand", (-2, 0, 62), 170, (300, 1800), (180, 50, 260), 0.55, 0.50),
}
# Kind, organ, least and greatest diameter in mm, contrast in HU.
USUAL: dict[str, list[tuple[str, str, float, float, float]]] = {
    "chest": [("nodule", "lung", 6, 22, 850), ("tumour", "lung", 18, 42, 870)],
    "abdomen": [("cyst", "liver", 10, 40, -50), ("tumour", "liver", 14, 48, -38),
                ("cyst", "kidney", 7, 18, -30), ("tumour", "kidney", 8, 18, -28)],
    "head": [("tumour", "white matter", 8, 22, 14), ("bleeding", "white matter", 8, 24, 34), ("cyst", "white matter", 6, 16, -24)],
    "hand": [("fracture", "hand bone", 0.9, 1.8, -900)],
}  # fmt: skip
RARE: dict[str, list[tuple[str, str, float, float, float]]] = {
    "chest": [("calcification", "lung", 3, 8, 1300), ("cyst", "lung", 10, 30, -130), ("tumour", "heart", 10, 24, -25)],
    "abdomen": [("calcification", "kidney", 3, 7, 700), ("tumour", "spleen", 10, 26, -25), ("calcification", "liver", 4, 10, 400)],
    "head": [("calcification", "deep grey matter", 3, 6, 160), ("tumour", "cerebellum", 8, 18, 16)],
    "hand": [("tumour", "hand bone", 4, 7, -260), ("cyst", "hand bone", 4, 7, -300)],
}


class Medical(World):
    """Slices of CT and MRI, and radiographs, of phantoms."""

    name: ClassVar[str] = "medical"
    about: ClassVar[str] = "phantoms with organs and lesions in CT, MRI and X-ray; no anatomical atlas, not for diagnosis"
    settings: ClassVar[type[MedicalSettings]] = MedicalSettings
    categories: ClassVar[tuple[Category, ...]] = CATEGORIES
    renderers: ClassVar[tuple[str, ...]] = ()
    traces: ClassVar[bool] = False
    formats: ClassVar[tuple[str, ...]] = ("dicom", "nifti")
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "metal": EdgeCase("metal in the body, with its streaks", {"patient.implant": True}),
        "motion": EdgeCase("the patient moves meanwhile", {"motion_mm": {"uniform": [4.0, 12.0]}}),
        "low_dose": EdgeCase("few photons, a weak signal", {"ct.milliampere_seconds": 15.0, "xray.photons": 1500.0, "mri.noise": 0.03}),
        "faint_lesion": EdgeCase("a quarter of the usual contrast", {"lesions.contrast": 0.25}),
        "rare_lesion": EdgeCase("kinds that are seldom seen", {"lesions.kind": "rare"}),
        "truncation": EdgeCase("the field of view cuts the patient off", {"field": 0.62}),
        "no_lesion": EdgeCase("nothing wrong", {"lesions.count": 0}),
        "many_lesions": EdgeCase("three to six lesions", {"lesions.count": {"integer": [3, 6]}}),
    }

    def shoot(self, settings: Any, video: Video, draw: Draws, studio: Studio) -> Shot:
        """One patient, scanned once; `video` and `studio` have no part in it.

        Raises:
            ConstraintError: a lesion has no place.
        """
        drawn = draw.settings(settings.model_copy(update={"lesions": None}), "")
        region = REGIONS[drawn.region]
        body = _patient(drawn, region, settings, draw)
        frames, arrays, meta = (_radiograph if drawn.modality == "xray" else _slices)(drawn, region, body, draw)
        for frame in frames:
            frame.proof = prove(frame)
        meta |= {
            "notice": NOTICE, "modality": drawn.modality, "region": drawn.region, "key": draw.stream("dicom").key.hex(),
            "female": drawn.patient.female,
        }  # fmt: skip
        lesions = [
            {**lesion.attributes, "track": number, "center_mm": lesion.center.round(3).tolist()}
            for number, lesion in enumerate(body.lesions, 1)
        ]
        return Shot(
            self.name, 0, frames, self.categories, edge_cases=draw.edge_cases, records={"lesions": lesions}, arrays=arrays, meta=meta
        )  # fmt: skip


# -- the patient


def _patient(drawn: Any, region: Region, settings: Any, draw: Draws) -> Phantom:
    """The phantom in the voxels that the modality needs, with its lesions."""
    scale = _scale(drawn, draw)
    center = np.array(region.center) * scale + [0.0, 0.0, drawn.shift_mm]
    build = Build(drawn.patient.fat_mm, drawn.patient.female, arms=drawn.modality == "xray" and drawn.xray.view != "lateral")
    grid = _volume_grid(drawn, region, center, scale) if drawn.modality == "xray" else _slice_grid(drawn, region, center)
    number = draw.at("lesions")(settings.lesions.count, "count")
    body = phantom(region.body, grid, draw.stream("patient"), build=build, scale=scale, implant=drawn.patient.implant)
    for position in range(number):
        body = _with_lesion(position, body, drawn, settings, draw)
    for position, lesion in enumerate(body.lesions):
        for name, value in lesion.attributes.items():
            draw.at(f"lesions/{position}").note(name, value)
    return body


def _scale(drawn: Any, draw: Draws) -> tuple[float, float, float]:
    """Of the body along x, y, z: patients differ in proportion too."""
    spread = np.clip(draw.generator("proportions").normal(0, 0.025, 3), -0.05, 0.05)
    x, y, z = (float(drawn.patient.size) * (1 + spread)).tolist()
    return x, y, z


def _slice_grid(drawn: Any, region: Region, center: NDArray[np.float64]) -> Grid:
    """DETAIL² voxels a pixel; as wide as the usual field where a lesser one is measured, for what lies beside it weakens rays too."""
    voxel = region.field_mm * drawn.field / (drawn.size * DETAIL)
    across = drawn.size * DETAIL
    if drawn.field < 1:
        across += 2 * DETAIL * int(np.ceil((region.field_mm / voxel - across) / (2 * DETAIL)))
    size = (across * voxel, across * voxel, drawn.slices * drawn.spacing_mm)
    return Grid.around(center, size, (drawn.spacing_mm, voxel, voxel))


def _volume_grid(drawn: Any, region: Region, center: NDArray[np.float64], scale: tuple[float, float, float]) -> Grid:
    """For coarse pictures coarse voxels."""
    size = np.array(region.box_mm) * np.array(scale)
    voxel = max(region.voxel_mm, 0.35 * region.pixel_mm * drawn.field * 512 / drawn.size)
    return Grid.around(center, size, (voxel,) * 3)


def _with_lesion(position: int, body: Phantom, drawn: Any, settings: Any, draw: Draws) -> Phantom:
    """One lesion more. Of usual size it is made smaller, or another kind, where it does not fit; a size that was asked for is kept or
    refused."""
    at = draw.at(f"lesions/{position}")
    kind, organ = at(settings.lesions.kind, "kind"), at(settings.lesions.organ, "organ")
    diameter, contrast = at(settings.lesions.diameter_mm, "diameter_mm"), at(settings.lesions.contrast, "contrast")
    choices = _choices(drawn.region, str(kind), str(organ))
    rng = at.generator("choice")
    order = rng.permutation(len(choices))
    share = float(rng.random())
    why: ConstraintError | None = None
    for choice in order:
        name, place, least, most, usual = choices[int(choice)]
        wanted = float(diameter) or least + share * (most - least)
        for _ in range(1 if diameter else SHRINKS):
            try:
                return with_lesion(body, Wanted(name, place, wanted, usual * float(contrast)), at.stream("place"))
            except ConstraintError as error:
                why, wanted = error, wanted * 0.8
    assert why is not None
    raise why


def _choices(region: str, kind: str, organ: str) -> list[tuple[str, str, float, float, float]]:
    """What may be placed, as rows of `USUAL`."""
    known = [*USUAL[region], *RARE[region]]
    rows = RARE[region] if kind == "rare" else USUAL[region] if kind == "usual" else [row for row in known if row[0] == kind]
    if kind not in ("usual", "rare") and not rows:
        everywhere = [row for rows in (*USUAL.values(), *RARE.values()) for row in rows if row[0] == kind]
        rows = everywhere[:1]
    if organ == "usual":
        return rows
    there = [row for row in rows if row[1] == organ]
    return there or [(name, organ, least, most, usual) for name, _, least, most, usual in rows[:1]]


# -- slices


def _slices(drawn: Any, region: Region, body: Phantom, draw: Draws) -> tuple[list[Frame], dict[str, NDArray[Any]], dict[str, Any]]:
    """Frames, the volume and its masks, and what they mean."""
    size, pixel = drawn.size, region.field_mm * drawn.field / drawn.size
    volume = (_ct if drawn.modality == "ct" else _mri)(drawn, region, body, draw)
    window = region.window if drawn.modality == "ct" else _mri_window(volume)
    categories, tracks = body.categories(), body.tracks()
    things = counted_things(body)
    margin = (body.labels.shape[1] - size * DETAIL) // 2
    z, _, _ = body.grid.axes()
    middle = body.grid.point([0, (body.labels.shape[1] - 1) / 2, (body.labels.shape[2] - 1) / 2])
    frames, masks = [], []
    for number, labels in enumerate(body.labels):
        whole = reduced(labels, DETAIL)
        cut = margin // DETAIL
        seen = whole[cut : cut + size, cut : cut + size]
        view = slice_view(pixel, size, (middle[0], middle[1], float(z[number])))
        track = tracks[seen]
        instances = []
        for thing in things:
            mask = track == thing.track
            if mask.any():
                outside = int((tracks[whole] == thing.track).sum() - mask.sum())
                instances.append(instance(thing, mask, outside, view))
        image = windowed(volume[number], *window)
        frame = Frame(drawn.modality, number, 0.0, view, image, track, categories[seen], instances, conditions=_conditions(drawn))
        frame.caption = caption(drawn, frame)
        frames.append(frame)
        masks.append(seen)
    kept = np.stack(masks)
    first = [float(middle[0] - (size - 1) / 2 * pixel), float(middle[1] - (size - 1) / 2 * pixel), float(z[0])]
    meta = {
        "spacing_mm": [drawn.spacing_mm, pixel, pixel],
        "origin_mm": first,
        "window": list(window),
        "unit": "HU" if drawn.modality == "ct" else "",
    }
    return frames, {"volume": volume, "categories": categories[kept], "tracks": tracks[kept].astype(np.uint8)}, meta


def _ct(drawn: Any, region: Region, body: Phantom, draw: Draws) -> NDArray[np.int16]:
    scanner = Scanner(
        size=drawn.size,
        field_mm=region.field_mm * drawn.field,
        views=drawn.ct.views,
        geometry=drawn.ct.geometry,
        kilovolts=drawn.ct.kilovolts,
        milliampere_seconds=drawn.ct.milliampere_seconds,
        thickness_mm=drawn.spacing_mm,
        window=drawn.ct.kernel,
        contrast=drawn.ct.contrast,
        motion_mm=drawn.motion_mm,
    )
    return ct_volume(body, scanner, draw.generator("noise"))


def _mri(drawn: Any, region: Region, body: Phantom, draw: Draws) -> NDArray[np.uint16]:
    told = drawn.mri
    coil = Coil(
        drawn.size, told.noise, told.bias, drawn.motion_mm, told.acceleration, told.fat_shift_px, tesla=told.tesla, smoothing=told.smoothing
    )  # fmt: skip
    # k-space folds what lies beside the field; scanners measure further along a line, and so does this: the field is cut out of the whole.
    rng = draw.generator("noise")
    across = body.labels.shape[1] // DETAIL
    coil = Coil(**{**coil.__dict__, "size": across})
    bias = sensitivity(body.labels.shape[1:], told.bias, draw.generator("coil"))
    field_mm = region.field_mm * drawn.field * across / drawn.size
    slices = [mri_slice(body, number, SEQUENCES[told.weighting], coil, field_mm, rng, bias) for number in range(len(body.labels))]
    cut = (across - drawn.size) // 2
    return np.stack(slices)[:, cut : cut + drawn.size, cut : cut + drawn.size]


def _mri_window(volume: NDArray[Any]) -> tuple[float, float]:
    """Level and width that show the tissues: fat and water may be cut."""
    body = volume[volume > 0.05 * np.percentile(volume, 99)]
    high = 1.7 * float(np.percentile(body, 65)) if body.size else 1.0
    return high / 2, high


def windowed(values: NDArray[Any], level: float, width: float) -> NDArray[np.uint8]:
    """The values within level ± width / 2 as grey, black and white beyond."""
    return np.rint(np.clip((values.astype(np.float64) - level + width / 2) / width, 0, 1) * 255).astype(np.uint8)


def _conditions(drawn: Any) -> dict[str, Any]:
    told = {"ct": drawn.ct, "mri": drawn.mri, "xray": drawn.xray}[drawn.modality]
    return {"modality": drawn.modality, "region": drawn.region, "motion_mm": drawn.motion_mm, **told.model_dump()}


_WORDS = {"ct": "CT slice", "mri": "MRI slice", "xray": "radiograph"}


def caption(drawn: Any, frame: Frame) -> str:
    """What a frame shows, in a sentence."""
    what = f"{_WORDS[drawn.modality]} of a synthetic phantom's {drawn.region}"
    if drawn.modality == "mri":
        what = f"{drawn.mri.weighting.upper().replace('_', ' ')}-weighted {what}"
    seen = [one.attributes for one in frame.instances if "organ" in one.attributes]
    if not seen:
        return f"A {what} without a lesion. Not for diagnosis."
    parts = [f"a {one['kind']} of {one['diameter_mm']:.3g} mm in the {one['organ']}" for one in seen]
    return f"A {what} with {', '.join(parts)}. Not for diagnosis."


# -- radiographs

LAYERS = ("lung", "liver", "heart", "vertebra", "skull", "hand bone")
"""Which class a pixel of a radiograph is where several lie behind it: the last of these that it crosses by more than MIN_MM, else soft
tissue; lesions and implants cover all. Every organ's own shadow is in the arrays `organs/NAME`."""
MIN_MM = 2.0


def _radiograph(drawn: Any, region: Region, body: Phantom, draw: Draws) -> tuple[list[Frame], dict[str, NDArray[Any]], dict[str, Any]]:
    size = drawn.size
    hand = drawn.region == "hand"
    tube = Tube(
        view=drawn.xray.view,
        width=size,
        height=size,
        pixel_mm=region.pixel_mm * drawn.field * 512 / size,
        distance_mm=1000.0 if hand else 1800.0,
        gap_mm=20.0 if hand else 170.0,
        kilovolts=drawn.xray.kilovolts or (55.0 if hand else 120.0),
        photons=drawn.xray.photons,
        scatter=drawn.xray.scatter * (0.2 if hand else 1.0),
        blur_px=0.5,
    )
    middle = body.grid.point([(n - 1) / 2 for n in body.grid.shape])
    cast = shadow(body, tube, (float(middle[0]), float(middle[1]), float(middle[2])))
    straight = primary(body, cast, tube)
    if drawn.motion_mm:
        straight = _smeared(straight, drawn.motion_mm * 0.5 / tube.pixel_mm)
    picture = radiograph(straight, tube, draw.generator("noise"))
    frame, organs = _shadow_frame(drawn, tube, cast, body, picture)
    meta = {"spacing_mm": [tube.pixel_mm, tube.pixel_mm], "view": tube.view, "unit": "", "bits": 12}
    arrays: dict[str, NDArray[Any]] = {"radiograph": picture, "categories": frame.category, "tracks": frame.track.astype(np.uint8)}
    return [frame], arrays | {f"organs/{name}": mask for name, mask in organs.items()}, meta


def _smeared(straight: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Moved up and down by `length` pixels while it was taken."""
    from scipy import ndimage

    found: NDArray[np.float64] = ndimage.uniform_filter1d(straight, max(round(length), 1), axis=0, mode="nearest")
    return found


def _shadow_frame(
    drawn: Any, tube: Tube, cast: Shadow, body: Phantom, picture: NDArray[np.uint16]
) -> tuple[Frame, dict[str, NDArray[np.uint8]]]:
    """The frame, and masks (H, W) of each class's shadow."""
    ids, numbers = body.categories()[cast.labels], body.tracks()[cast.labels]
    thick = {category.name: cast.lengths[..., ids == category.id].sum(axis=2) for category in CATEGORIES if (ids == category.id).any()}
    category = np.full(picture.shape, CATEGORY_IDS["air"], dtype=np.uint8)
    category[cast.lengths.sum(axis=2) > MIN_MM] = CATEGORY_IDS["soft tissue"]
    for name in LAYERS:
        if name in thick:
            category[thick[name] > MIN_MM] = CATEGORY_IDS[name]
    pose = world_pose(cast.pose)
    view = slice_view(1.0, tube.width, (0, 0, 0))
    view = type(view)("pinhole", cast.matrix, (), pose)
    track = np.zeros(picture.shape, dtype=np.int32)
    least = 0.5 * min(body.grid.spacing)
    instances = []
    things = counted_things(body)
    for thing in things:
        mask = cast.lengths[..., numbers == thing.track].sum(axis=2) > least
        track[mask], category[mask] = thing.track, thing.category
    for thing in things:
        mask = track == thing.track
        if mask.any():
            instances.append(instance(thing, mask, 0, view))
    frame = Frame(
        "xray", 0, 0.0, view, (picture // ((HIGH + 1) // 256)).astype(np.uint8), track, category, instances, conditions=_conditions(drawn)
    )  # fmt: skip
    frame.caption = caption(drawn, frame)
    return frame, {name: (length > least).astype(np.uint8) for name, length in thick.items()}
