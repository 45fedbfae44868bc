"""What a description of the world `medical` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from understudy.scenes.medical.anatomy import CATEGORIES, LESIONS
from understudy.scenes.medical.mri import SEQUENCES
from understudy.scenes.spec.common import Settings
from understudy.scenes.spec.values import AnyValue, Normal, Uniform, number, switch, word
from understudy.scenes.spec.values import count as whole

REGIONS = ("chest", "abdomen", "head", "hand")


class Patient(Settings):
    """How a patient is built."""

    size: Annotated[AnyValue, number(0.8, 1.25)] = Field(default=Normal(normal=(1.0, 0.05), within=(0.86, 1.16)), description="1: usual")
    fat_mm: Annotated[AnyValue, number(3, 60)] = Field(default=Uniform(uniform=(8, 30)), description="under the skin of the belly")
    female: Annotated[AnyValue, switch()] = Field(default=False, description="with breasts")
    implant: Annotated[AnyValue, switch()] = Field(default=False, description="metal: screws in the spine, fillings, a plate on the hand")


class Lesions(Settings):
    """What is wrong with a patient; drawn for each lesion anew."""

    count: Annotated[AnyValue, whole(0, 8)] = 1
    kind: Annotated[AnyValue, word("usual", "rare", *LESIONS)] = Field(default="usual", description="usual, rare: what suits the region")
    organ: Annotated[AnyValue, word("usual", *(category.name for category in CATEGORIES))] = Field(
        default="usual", description="where: a class of the labels; usual: what suits the kind"
    )
    diameter_mm: Annotated[AnyValue, number(0, 200)] = Field(default=0.0, description="0: usual for the kind; else as said, or refused")
    contrast: Annotated[AnyValue, number(0, 5)] = Field(default=1.0, description="times what is usual for kind and organ (HU in CT)")


class Ct(Settings):
    """A CT scanner."""

    geometry: Literal["parallel", "fan"] = "parallel"
    views: int = Field(default=360, ge=16, le=4000)
    kilovolts: Annotated[AnyValue, number(60, 150)] = 120.0
    milliampere_seconds: Annotated[AnyValue, number(1, 2000)] = 200.0
    contrast: Annotated[AnyValue, number(0, 1)] = Field(default=0.0, description="uptake of contrast agent, 1: portal venous phase")
    kernel: Literal["hann", "ramp"] = "hann"


class Mri(Settings):
    """A magnetic resonance scanner."""

    weighting: Annotated[AnyValue, word(*SEQUENCES)] = "t2"
    tesla: Annotated[AnyValue, number(0.5, 3)] = 1.5
    noise: Annotated[AnyValue, number(0, 0.5)] = Field(default=0.006, description="1: the signal of water without relaxation")
    bias: Annotated[AnyValue, number(0, 1)] = Field(default=0.2, description="how unevenly the coil sees")
    acceleration: Annotated[AnyValue, whole(1, 8)] = Field(default=1, description="every how many lines of k-space are measured")
    smoothing: Annotated[AnyValue, number(0, 1)] = Field(default=0.5, description="of edges, against ringing")
    fat_shift_px: Annotated[AnyValue, number(0, 10)] = 1.2


class Xray(Settings):
    """A radiograph's tube and detector."""

    view: Literal["pa", "ap", "lateral"] = "pa"
    kilovolts: Annotated[AnyValue, number(0, 150)] = Field(default=0.0, description="0: 120 for trunks, 55 for hands")
    photons: Annotated[AnyValue, number(50, 1e7)] = Field(default=8e4, description="a pixel, without a patient")
    scatter: Annotated[AnyValue, number(0, 3)] = Field(default=0.3, description="to what comes straight through")


class MedicalSettings(Settings):
    """Everything."""

    modality: Annotated[AnyValue, word("ct", "mri", "xray")] = "ct"
    region: Annotated[AnyValue, word(*REGIONS)] = "chest"
    patient: Patient = Patient()
    lesions: Lesions = Lesions()
    size: int = Field(default=256, ge=32, le=1024, description="pixels of a picture's side")
    slices: int = Field(default=4, ge=1, le=512, description="of CT and MRI")
    spacing_mm: float = Field(default=5.0, gt=0, le=50, description="between slices")
    shift_mm: Annotated[AnyValue, number(-300, 300)] = Field(default=0.0, description="of the middle, towards the head")
    field: Annotated[AnyValue, number(0.3, 1.5)] = Field(
        default=1.0, description="of view, 1: usual for the region; less cuts the patient off"
    )
    motion_mm: Annotated[AnyValue, number(0, 60)] = Field(default=0.0, description="how far the patient moves meanwhile")
    ct: Ct = Ct()
    mri: Mri = Mri()
    xray: Xray = Xray()
