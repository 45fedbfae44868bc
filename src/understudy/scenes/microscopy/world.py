"""`Microscopy`: stained blood smears under a light microscope. Drawn cells, of no person; not for diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from understudy.data.media.items import Category, Frame, Shot
from understudy.scenes.labels.proof import prove
from understudy.scenes.microscopy import NOTICE
from understudy.scenes.microscopy.cells import USUAL_UM, Cell, platelet, red_cell, speck, white_cell
from understudy.scenes.microscopy.labelling import Slide, counts, slide_view
from understudy.scenes.microscopy.optics import field_light, picture
from understudy.scenes.microscopy.placing import Placed, place
from understudy.scenes.microscopy.settings import MicroscopySettings
from understudy.scenes.world import EdgeCase, Video, World

if TYPE_CHECKING:
    from understudy.scenes.rendering import Studio
    from understudy.scenes.spec.draws import Draws

CATEGORIES = (
    Category(1, "red cell", group="cell", color=(220, 90, 90)),
    Category(2, "white cell", group="cell", color=(120, 70, 200)),
    Category(3, "platelet", group="cell", color=(70, 130, 220)),
    Category(4, "debris", color=(120, 120, 90)),
    Category(5, "background", thing=False, color=(225, 220, 220)),
)
IDS = {category.name: category.id for category in CATEGORIES}
NAMES = {category.id: category.name for category in CATEGORIES if category.thing}


class Microscopy(World):
    """Fields of blood smears."""

    name: ClassVar[str] = "microscopy"
    about: ClassVar[str] = "blood smears under a light microscope: red and white cells, platelets; not for diagnosis"
    settings: ClassVar[type[MicroscopySettings]] = MicroscopySettings
    categories: ClassVar[tuple[Category, ...]] = CATEGORIES
    renderers: ClassVar[tuple[str, ...]] = ()
    traces: ClassVar[bool] = False
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "crowded": EdgeCase("cells upon cells", {"red.density": {"uniform": [22, 32]}, "red.clustering": 0.8}),
        "out_of_focus": EdgeCase("the focus is missed", {"optics.defocus_um": {"uniform": [0.3, 0.6]}}),
        "dark_stain": EdgeCase("stained too long", {"stain.strength": {"uniform": [1.6, 2.2]}}),
        "pale_stain": EdgeCase("hardly stained", {"stain.strength": {"uniform": [0.3, 0.5]}}),
        "clumped_platelets": EdgeCase("platelets in a heap", {"platelets.clumped": True, "platelets.count": {"integer": [8, 20]}}),
        "eosinophil": EdgeCase("a rare white cell", {"white.kind": "eosinophil", "white.count": 1}),
    }

    def shoot(self, settings: Any, video: Video, draw: Draws, studio: Studio) -> Shot:
        """One field, seen once; `video` and `studio` have no part in it."""
        scale = float(draw(settings.pixels_per_um, "pixels_per_um"))
        light, optics = draw.settings(settings.light, "light"), draw.settings(settings.optics, "optics")
        cells = _Field(settings, draw, scale, optics).cells()
        slide = Slide(cells, settings.width, settings.height, float(draw(settings.red.thinning, "red.thinning")))
        lit = field_light(light, settings.width, settings.height, draw.generator("light"))
        image = picture(lit, slide.absorbance, optics, optics.defocus_um * scale, draw.generator("sensor"))
        view = slide_view(scale * 1e6, settings.width, settings.height)
        instances, outlines = slide.instances(IDS, view, scale * 1e6)
        frame = Frame("microscope", 0, 0.0, view, image, slide.track, slide.categories(IDS), instances)
        frame.proof = prove(frame, self.categories, outlines)
        frame.conditions = {"stain": draw(settings.stain.strength, "stain.strength"), "defocus_um": optics.defocus_um}
        seen = counts(frame, NAMES)
        frame.caption = caption(seen)
        frame.questions = [(f"How many {_plural(name)} are seen?", str(seen[name])) for name in ("red cell", "white cell", "platelet")]
        return Shot(
            self.name, 0, [frame], self.categories, edge_cases=draw.edge_cases,
            meta={"notice": NOTICE, "counts": seen, "pixels_per_um": scale},
        )  # fmt: skip


class _Field:
    """Cells of one field, placed one after the other: white ones, red ones, platelets, specks."""

    def __init__(self, settings: Any, draw: Draws, scale: float, optics: Any) -> None:
        self.settings, self.draw, self.scale, self.optics = settings, draw, scale, optics
        self.stain = draw.settings(settings.stain, "stain")
        self.size = (settings.width, settings.height)

    def cells(self) -> list[Cell]:
        """From the lowest to the highest."""
        white, taken = self._white()
        red, taken = self._red(taken)
        found = [*red, *white, *self._platelets(taken), *self._specks()]
        return sorted(found, key=lambda cell: cell.height)

    def _strength(self, rng: Any) -> float:
        return float(self.stain.strength * max(0.3, 1 + self.stain.unevenness * rng.normal()))

    def _blur(self, rng: Any) -> float:
        return float(abs(rng.normal()) * self.optics.depth_um * self.scale)

    def _white(self) -> tuple[list[Cell], list[Placed]]:
        cells, taken = [], list[Placed]()
        for number in range(self.draw(self.settings.white.count, "white.count")):
            at = self.draw.at(f"white/{number}")
            kind, rng = at(self.settings.white.kind, "kind"), at.generator("form")
            radius = USUAL_UM[kind] / 2 * self.scale * at(self.settings.white.size, "size")
            x, y, _ = place(radius, taken, self.size, at.generator("place"), cut=-0.4)  # who takes pictures aims at them
            taken.append((x, y, radius))
            cells.append(white_cell(f"white/{number}", (x, y), radius, kind, self._strength(rng), rng, self._blur(rng)))
        return cells, taken

    def _red(self, taken: list[Placed]) -> tuple[list[Cell], list[Placed]]:
        draw, red, (width, height) = self.draw, self.settings.red, self.size
        cluster, drops = draw(red.clustering, "red.clustering"), draw(red.droplets, "red.droplets")
        beyond = 7 * self.scale  # cells that the edge cuts lie partly beyond it
        area = (width + 0.7 * beyond) * (height + 0.7 * beyond) / self.scale**2
        cells, fixed = [], len(taken)
        for number in range(round(draw(red.density, "red.density") * area / 1000)):
            at = draw.at(f"red/{number}")
            rng, where = at.generator("form"), at.generator("place")
            radius = at(red.diameter_um, "diameter_um") / 2 * self.scale
            clings = bool(where.random() < cluster) and len(taken) > fixed
            x, y, _ = place(radius, taken[fixed:] if clings else taken, self.size, where, cling=clings)
            taken.append((x, y, radius))
            cells.append(
                red_cell(
                    f"red/{number}", (x, y), radius, at(red.kind, "kind"), at(red.pallor, "pallor"), self._strength(rng),
                    self.stain.blueness, rng, self._blur(rng), bool(rng.random() < drops),
                )
            )  # fmt: skip
        return cells, taken

    def _platelets(self, taken: list[Placed]) -> list[Cell]:
        settings, cells = self.settings.platelets, []
        clumped, lying = self.draw(settings.clumped, "platelets.clumped"), list[Placed]()
        for number in range(self.draw(settings.count, "platelets.count")):
            at = self.draw.at(f"platelets/{number}")
            rng = at.generator("form")
            radius = at(settings.diameter_um, "diameter_um") / 2 * self.scale
            heap = bool(clumped) and bool(lying)
            x, y, _ = place(radius, lying if heap else [*taken, *lying], self.size, at.generator("place"), cling=heap)
            lying.append((x, y, radius))
            cells.append(platelet(f"platelets/{number}", (x, y), radius, self._strength(rng), rng, self._blur(rng)))
        return cells

    def _specks(self) -> list[Cell]:
        cells = []
        for number in range(self.draw(self.settings.debris, "debris")):
            at = self.draw.at(f"specks/{number}")
            rng = at.generator("form")
            radius = float(rng.uniform(0.25, 0.9)) * self.scale
            x, y, _ = place(radius, [], self.size, at.generator("place"))
            cells.append(speck(f"specks/{number}", (x, y), radius, rng, self._blur(rng)))
        return cells


def caption(seen: Mapping[str, int]) -> str:
    """What a field shows, in a sentence."""
    kinds = [f"{seen[kind]} {kind if seen[kind] == 1 else kind + 's'}" for kind in USUAL_UM if seen.get(kind)]
    cells = [f"{seen[name]} {name if seen[name] == 1 else _plural(name)}" for name in ("red cell", "platelet")]
    return f"A synthetic blood smear with {', '.join([cells[0], *kinds])} and {cells[1]}. Not for diagnosis."


def _plural(name: str) -> str:
    return name + "s"
