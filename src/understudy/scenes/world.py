"""`World`: a kind of scene, with its own things, motion, edge cases and labels.

To add a world, subclass, name it, describe its settings, and write `scene`:

    class Desk(World):
        name = "desk"
        about = "pens and cups on a desk"
        settings = DeskSettings
        categories = (Category(1, "pen"), Category(2, "cup"), Category(3, "desk", thing=False), Category(4, "air", thing=False))
        edge_cases = {"dark": EdgeCase("a desk at night", {"light.sun_elevation_deg": -10.0})}

        def scene(self, settings, video, draw):
            ...

A world whose pictures no camera takes (a scanner's) overrides `shoot` instead.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category, Shot

if TYPE_CHECKING:
    from pydantic import BaseModel

    from understudy.scenes.rendering import Studio
    from understudy.scenes.scene import Scene
    from understudy.scenes.spec.draws import Draws


@dataclass(frozen=True)
class EdgeCase:
    """Something rare or hard.

    about: in words. changes: settings that it sets, by path ("light.sun_elevation_deg"), to plain values or distributions as YAML
    writes them; () where the world itself asks `draw.shows(name)`.
    """

    about: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Video:
    """frames: 1 for a single picture. rate: frames a second."""

    frames: int = 1
    rate: float = 10.0

    @property
    def times(self) -> NDArray[np.float64]:
        """(frames,) s from 0."""
        return np.arange(self.frames) / self.rate


class World(ABC):
    """A kind of scene.

    Attributes:
        name: as a description writes it.
        about: one line for lists.
        settings: the model of the description's section `settings`; every value a constant or a distribution.
        categories: of everything that is labelled.
        edge_cases: by name.
        renderers: names of those that can show it, the default first; () where the world makes its pictures itself.
        traces: whether rays are cast for its labels or pictures, through Embree.
        formats: names of the formats that suit it beside those that suit all.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    settings: ClassVar[type[BaseModel]]
    categories: ClassVar[tuple[Category, ...]]
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {}
    renderers: ClassVar[tuple[str, ...]] = ("raycast", "mitsuba", "cycles")
    traces: ClassVar[bool] = True

    def scene(self, settings: Any, video: Video, draw: Draws) -> Scene:
        """The scene of one item. All chance comes from `draw`.

        Raises:
            ConstraintError: something could not be placed as its constraints ask.
        """
        raise NotImplementedError

    def shoot(self, settings: Any, video: Video, draw: Draws, studio: Studio) -> Shot:
        """One item, whole: the scene as the studio's renderer shows it, with labels."""
        return studio.shot(self.scene(settings, video, draw), draw)
