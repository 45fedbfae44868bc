"""The structures that phantoms are painted with: what each is made of, and as what it is labelled.

A label of a phantom's volume is a structure's number; several structures may be one category (a rib's cortex and its marrow).
Lesions and implants come after them, from `FIRST_LESION` on.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy.data.media.items import Category

FIRST_LESION = 200
"""Labels of lesions: this and above, in their order."""


@dataclass(frozen=True)
class Structure:
    """name: "rib cortex". tissue: a name of `TISSUES`. category: a name of `CATEGORIES`."""

    name: str
    tissue: str
    category: str


def _structures(*rows: tuple[str, str, str]) -> dict[str, Structure]:
    return {name: Structure(name, tissue, category) for name, tissue, category in rows}


STRUCTURES = _structures(
    ("air", "air", "air"),
    ("skin", "skin", "skin"),
    ("fat", "fat", "fat"),
    ("inner fat", "bowel fat", "fat"),
    ("muscle", "muscle", "muscle"),
    ("diaphragm", "muscle", "muscle"),
    ("gland", "gland", "soft tissue"),
    ("soft tissue", "muscle", "soft tissue"),
    ("mucosa", "mucosa", "soft tissue"),
    ("tendon", "tendon", "soft tissue"),
    ("lung", "lung", "lung"),
    ("lung vessel", "blood", "lung"),
    ("bronchus wall", "vessel wall", "airway"),
    ("airway", "air", "airway"),
    ("heart muscle", "heart muscle", "heart"),
    ("heart blood", "blood", "heart"),
    ("aorta wall", "vessel wall", "aorta"),
    ("aorta", "blood", "aorta"),
    ("vessel", "blood", "vessel"),
    ("vein", "blood", "vessel"),
    ("oesophagus", "gut wall", "oesophagus"),
    ("liver", "liver", "liver"),
    ("liver vessel", "blood", "liver"),
    ("gallbladder", "bile", "gallbladder"),
    ("spleen", "spleen", "spleen"),
    ("kidney cortex", "kidney cortex", "kidney"),
    ("kidney medulla", "kidney medulla", "kidney"),
    ("kidney pelvis", "urine", "kidney"),
    ("adrenal", "pancreas", "soft tissue"),
    ("pancreas", "pancreas", "pancreas"),
    ("stomach wall", "gut wall", "stomach"),
    ("stomach fluid", "gut fluid", "stomach"),
    ("stomach gas", "air", "stomach"),
    ("bowel wall", "gut wall", "bowel"),
    ("bowel fluid", "gut fluid", "bowel"),
    ("bowel gas", "air", "bowel"),
    ("stool", "stool", "bowel"),
    ("rib cortex", "cortical bone", "rib"),
    ("rib marrow", "light spongy bone", "rib"),
    ("rib cartilage", "cartilage", "rib"),
    ("sternum cortex", "cortical bone", "sternum"),
    ("sternum marrow", "light spongy bone", "sternum"),
    ("vertebra cortex", "cortical bone", "vertebra"),
    ("vertebra marrow", "spongy bone", "vertebra"),
    ("disc", "disc", "disc"),
    ("canal", "cerebrospinal fluid", "cerebrospinal fluid"),
    ("cord", "cord", "cord"),
    ("shoulder cortex", "cortical bone", "shoulder bone"),
    ("shoulder marrow", "light spongy bone", "shoulder bone"),
    ("pelvis cortex", "cortical bone", "pelvis"),
    ("pelvis marrow", "spongy bone", "pelvis"),
    ("skull", "dense bone", "skull"),
    ("diploe", "spongy bone", "skull"),
    ("jaw", "cortical bone", "skull"),
    ("tooth", "dense bone", "tooth"),
    ("sinus", "air", "airway"),
    ("grey matter", "grey matter", "grey matter"),
    ("deep grey matter", "deep grey matter", "deep grey matter"),
    ("white matter", "white matter", "white matter"),
    ("ventricle", "cerebrospinal fluid", "ventricle"),
    ("cerebrospinal fluid", "cerebrospinal fluid", "cerebrospinal fluid"),
    ("plexus", "mucosa", "ventricle"),
    ("cerebellum grey", "grey matter", "cerebellum"),
    ("cerebellum white", "white matter", "cerebellum"),
    ("brain stem", "white matter", "brain stem"),
    ("dura", "tendon", "soft tissue"),
    ("sinus vein", "blood", "vessel"),
    ("eye", "vitreous", "eye"),
    ("lens", "lens", "eye"),
    ("eye wall", "vessel wall", "eye"),
    ("optic nerve", "white matter", "eye"),
    ("hand cortex", "cortical bone", "hand bone"),
    ("hand spongy", "spongy bone", "hand bone"),
    ("hand marrow", "marrow", "hand bone"),
    ("joint", "cartilage", "soft tissue"),
    ("leg cortex", "cortical bone", "leg bone"),
    ("leg spongy", "spongy bone", "leg bone"),
    ("leg marrow", "marrow", "leg bone"),
)
"""By name, in the order of their numbers."""

NUMBERS = {name: number for number, name in enumerate(STRUCTURES)}
"""Labels of structures by name."""

_COLORS = {
    "air": (0, 0, 0), "skin": (226, 178, 150), "fat": (240, 220, 150), "muscle": (170, 80, 80), "soft tissue": (200, 140, 130),
    "lung": (120, 170, 220), "airway": (60, 110, 160), "heart": (200, 40, 60), "aorta": (230, 60, 40), "vessel": (90, 90, 210),
    "oesophagus": (190, 150, 90), "liver": (150, 70, 40), "gallbladder": (90, 160, 70), "spleen": (140, 60, 110), "kidney": (190, 110, 60),
    "pancreas": (230, 180, 90), "stomach": (220, 140, 170), "bowel": (230, 170, 140), "rib": (240, 235, 210), "sternum": (230, 225, 190),
    "vertebra": (245, 240, 220), "disc": (150, 190, 190), "cerebrospinal fluid": (80, 160, 230), "cord": (240, 230, 120),
    "shoulder bone": (220, 215, 190), "pelvis": (225, 220, 195), "skull": (240, 236, 220), "tooth": (255, 255, 245),
    "grey matter": (150, 150, 150), "deep grey matter": (120, 120, 140), "white matter": (235, 235, 235), "ventricle": (50, 120, 220),
    "cerebellum": (180, 160, 120), "brain stem": (200, 200, 150), "eye": (100, 200, 220), "hand bone": (240, 235, 215),
    "leg bone": (240, 235, 215), "implant": (120, 120, 255), "nodule": (255, 60, 60), "cyst": (60, 220, 255), "tumour": (255, 0, 200),
    "calcification": (255, 255, 0), "fracture": (255, 120, 0), "bleeding": (200, 0, 0),
}  # fmt: skip
LESIONS = ("nodule", "cyst", "tumour", "calcification", "fracture", "bleeding")
"""Categories that are counted."""

CATEGORIES = tuple(
    Category(number, name, thing=name in LESIONS or name == "implant", group="lesion" if name in LESIONS else "", color=color)
    for number, (name, color) in enumerate(_COLORS.items(), start=1)
)
CATEGORY_IDS = {category.name: category.id for category in CATEGORIES}


def labels_of(*names: str) -> list[int]:
    """The labels of structures."""
    return [NUMBERS[name] for name in names]


def labels_in(category: str) -> list[int]:
    """The labels of all structures of a category."""
    return [NUMBERS[name] for name, structure in STRUCTURES.items() if structure.category == category]
