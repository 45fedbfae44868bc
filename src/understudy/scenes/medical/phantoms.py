"""`Phantom`: a body of labelled voxels, its lesions and implants; and `phantom`, which draws one.

Phantoms are drawn shapes: no anatomical atlas, no person, not for diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.medical.anatomy import CATEGORY_IDS, FIRST_LESION, STRUCTURES
from understudy.scenes.medical.attenuation import MATERIALS
from understudy.scenes.medical.hand import paint_hand
from understudy.scenes.medical.head import paint_head
from understudy.scenes.medical.implants import FIRST_IMPLANT, Implant, implanted
from understudy.scenes.medical.lesions import Lesion, Wanted, lesion_densities, lesion_tissue, placed_lesion
from understudy.scenes.medical.noise import Labels
from understudy.scenes.medical.shapes import Canvas, Grid
from understudy.scenes.medical.tissues import TISSUES, Tissue
from understudy.scenes.medical.torso import Build, paint_torso

Painter = Callable[[Canvas, Build, np.random.Generator], None]

PAINTERS: dict[str, Painter] = {"torso": paint_torso, "head": paint_head, "hand": paint_hand}
"""Bodies by name."""


@dataclass
class Phantom:
    """A body in voxels.

    Attributes:
        body: "torso".
        labels: (nz, ny, nx) of structures' numbers (`anatomy.NUMBERS`); lesions from `FIRST_LESION`, implants from `FIRST_IMPLANT`.
        grid: where the voxels lie, patient coordinates in mm.
        lesions, implants: in the order of their labels.
        seed: of the noise inside its tissues.
    """

    body: str
    labels: Labels
    grid: Grid
    lesions: list[Lesion] = field(default_factory=list)
    implants: list[Implant] = field(default_factory=list)
    seed: int = 1

    def tissue(self, label: int) -> Tissue:
        """What a label is made of, without contrast agent."""
        if label >= FIRST_IMPLANT:
            return TISSUES[self.implants[label - FIRST_IMPLANT].tissue]
        if label >= FIRST_LESION:
            return lesion_tissue(self.lesions[label - FIRST_LESION])
        return TISSUES[STRUCTURE_LIST[label].tissue]

    def categories(self) -> NDArray[np.uint8]:
        """(256,): the category's id of each label."""
        ids = np.full(256, CATEGORY_IDS["air"], dtype=np.uint8)
        for number, structure in enumerate(STRUCTURE_LIST):
            ids[number] = CATEGORY_IDS[structure.category]
        for number, lesion in enumerate(self.lesions):
            ids[FIRST_LESION + number] = CATEGORY_IDS[lesion.kind]
        ids[FIRST_IMPLANT : FIRST_IMPLANT + len(self.implants)] = CATEGORY_IDS["implant"]
        return ids

    def tracks(self) -> NDArray[np.int32]:
        """(256,): the number of the counted object behind each label, 0 for stuff."""
        numbers = np.zeros(256, dtype=np.int32)
        numbers[FIRST_LESION : FIRST_LESION + len(self.lesions)] = np.arange(1, len(self.lesions) + 1)
        numbers[FIRST_IMPLANT : FIRST_IMPLANT + len(self.implants)] = len(self.lesions) + np.arange(1, len(self.implants) + 1)
        return numbers


STRUCTURE_LIST = list(STRUCTURES.values())


def phantom(
    body: str,
    grid: Grid,
    rng: Stream,
    *,
    build: Build | None = None,
    scale: Sequence[float] = (1.0, 1.0, 1.0),
    lesions: Sequence[Wanted] = (),
    implant: bool = False,
) -> Phantom:
    """A body, drawn.

    Args:
        body: a name of `PAINTERS`.
        grid: the voxels that are wanted; any part of the body.
        rng: all chance. The body depends on it and on `build` and `scale` alone, not on the grid; lesions lie at voxels of the grid.
        build, scale: of the patient; scale: along x, y, z.
        lesions: what is to be placed in it.
        implant: whether metal is in it.

    Raises:
        ArgumentError: no such body. ConstraintError: a lesion has no place.
    """
    if body not in PAINTERS:
        raise ArgumentError(f'There is no body called "{body}".', remedy=did_you_mean(body, PAINTERS))
    canvas = Canvas(grid.scaled(scale))
    PAINTERS[body](canvas, build or Build(), rng.child("body").generator())
    found = Phantom(body, canvas.labels, grid, seed=int(rng.child("texture").generator().integers(1, 2**31 - 1)))
    if implant:
        found.implants += implanted(body, canvas, rng.child("implant").generator())
    for number, wanted in enumerate(lesions):
        found = with_lesion(found, wanted, rng.child("lesions", number))
    return found


def with_lesion(body: Phantom, wanted: Wanted, rng: Stream) -> Phantom:
    """The same body with one lesion more. Raises `ConstraintError` where it has no place."""
    labels = body.labels.copy()
    lesion = placed_lesion(labels, body.grid, wanted, FIRST_LESION + len(body.lesions), rng.generator())
    return replace(body, labels=labels, lesions=[*body.lesions, lesion])


@dataclass(frozen=True)
class Matter:
    """What the labels of a phantom are for X-rays: (256, materials) g/cm³ with contrast agent; texture and grain: (256,) of their noise."""

    densities: NDArray[np.float32]
    texture: NDArray[np.float32]
    grain: NDArray[np.float32]


def matter(body: Phantom, contrast: float = 0.0) -> Matter:
    """contrast: how much iodine it took up, 0 for none, 1 in the portal venous phase. A lesion differs from its organ by what was asked."""
    densities = np.zeros((256, len(MATERIALS)), dtype=np.float32)
    texture, grain = np.zeros(256, dtype=np.float32), np.ones(256, dtype=np.float32)
    for label in np.unique(body.labels).tolist():
        tissue = body.tissue(label)
        row = np.array(tissue.densities)
        row[MATERIALS.index("iodine")] += tissue.iodine * contrast / 1000.0
        if FIRST_LESION <= label < FIRST_IMPLANT:
            lesion = body.lesions[label - FIRST_LESION]
            organ = TISSUES[STRUCTURE_LIST[lesion.organ_label].tissue]
            row = lesion_densities(lesion, organ, contrast)
        densities[label], texture[label], grain[label] = row, tissue.texture, tissue.grain
    return Matter(densities, texture, grain)
