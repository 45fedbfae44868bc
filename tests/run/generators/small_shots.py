"""A small generator of shots and a format for them, in a module of their own so that worker processes can import them."""

import json

import numpy as np

from understudy.core.artifact import State
from understudy.core.errors import SinkError
from understudy.core.generator import Generator
from understudy.data.media.exporting import EXPORTERS, Exporter
from understudy.data.media.items import CameraView, Category, Frame, Shot

VIEW = CameraView("pinhole", np.eye(3), (), np.eye(4))


class SmallShots(Generator):
    """Shots of one frame of noise. fails_at: an item that cannot be made."""

    name = "small_shots"
    items = "shots"
    block_size = 1

    def __init__(self, fails_at=None):
        self.fails_at = fails_at

    def _block(self, index, size, rng, given):
        if index == self.fails_at:
            raise SinkError(f"Item {index} cannot be made.")
        image = rng.generator().integers(0, 256, (4, 6, 3)).astype(np.uint8)
        frame = Frame("front", 0, 0.0, VIEW, image, np.zeros((4, 6), np.int32), np.ones((4, 6), np.uint8), [])
        return [Shot("small", index, [frame], (Category(1, "wall", thing=False),))]

    def _state(self):
        return State({"fails_at": self.fails_at}, {}, {})

    @classmethod
    def _from_state(cls, state):
        return cls(state.manifest["fails_at"])


class RawPictures(Exporter):
    """Pixels as they are, and a list of them."""

    name = "raw"

    def __init__(self, suffix: str = "raw"):
        self.suffix = suffix

    def files(self, shot):
        yield f"deep/pictures/{shot.index:05d}.{self.suffix}", shot.frames[0].image.tobytes()

    def record(self, shot):
        return {"item": shot.index, "mean": float(shot.frames[0].image.mean())}

    def finish(self, records):
        yield "list.json", json.dumps(list(records)).encode()

    @classmethod
    def problems(cls, folder):
        listed = json.loads((folder / "list.json").read_text())
        return [f"{entry['item']}: no picture" for entry in listed if not list(folder.glob(f"deep/pictures/{entry['item']:05d}.*"))]


EXPORTERS["raw"] = "small_shots:RawPictures"
