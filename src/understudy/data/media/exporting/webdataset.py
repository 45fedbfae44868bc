"""WebDataset: tar files with a sample a frame, each as files with the same name and other endings.

    train-000000.tar: 00000012_front_0003.png, .json, .npz; shots' other arrays with their first frame as .arrays.npz
    dataset.json

Format: https://github.com/webdataset/webdataset. The JSON holds all labels that are no arrays, the .npz the arrays under the names of
`Frame`'s fields. Which shots a tar file holds follows from their numbers alone.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.frames import frame_problems
from understudy.data.media.exporting.pictures import CommonCategories, SplitExporter, plain_categories, stem
from understudy.data.media.image_files import QUALITY, npz
from understudy.data.media.items import Frame, Shot
from understudy.data.media.json_files import as_json
from understudy.data.media.native import ARRAYS, frame_row, read_frame


class WebDataset(SplitExporter):
    """The exporter.

    Args:
        image, quality, val, test: as for `SplitExporter`.
        shard: shots in a tar file at most.
    """

    name: ClassVar[str] = "webdataset"

    def __init__(self, *, image: str = "png", quality: int = QUALITY, val: float = 0.2, test: float = 0.0, shard: int = 64) -> None:
        super().__init__(image=image, quality=quality, val=val, test=test)
        if isinstance(shard, bool) or not isinstance(shard, int) or shard < 1:
            raise ArgumentError(f"A tar file holds 1 shot or more, not {shard!r}.", remedy="Pass shard=64.")
        self.shard = shard

    def files(self, shot: Shot) -> Iterator[Member]:
        folder = self._tar(shot.index)
        for position, frame in enumerate(shot.frames):
            key = f"{folder}/{stem(shot, frame)}"
            yield f"{key}.{self.image}", self.picture(frame)
            yield f"{key}.json", as_json(self._labels(shot, frame))
            arrays = {name: array for name in ("track", "category", *ARRAYS) if (array := getattr(frame, name)) is not None}
            yield f"{key}.npz", npz(arrays)
            if position == 0 and shot.arrays:
                yield f"{key}.arrays.npz", npz(shot.arrays)

    def _tar(self, index: int) -> str:
        return f"{self.split(index)}-{index // self.shard:06d}.tar"

    def _labels(self, shot: Shot, frame: Frame) -> dict[str, Any]:
        row = {"shot": shot.index, "world": shot.world, "edge_cases": list(shot.edge_cases), "meta": shot.meta}
        if frame is shot.frames[0]:
            row |= {"events": shot.events, "records": shot.records, "drawn": shot.drawn}
        return row | frame_row(frame)

    def record(self, shot: Shot) -> Any:
        tar = self._tar(shot.index)
        return {"shot": shot.index, "tar": tar, "samples": len(shot.frames), "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories = CommonCategories()
        shards: dict[str, int] = {}
        for record in records:
            categories.see(record["categories"], record["shot"])
            shards[record["tar"]] = shards.get(record["tar"], 0) + record["samples"]
        yield "dataset.json", as_json({"shards": shards, "categories": categories.rows}, indent=1)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        index = findings.json(folder / "dataset.json") or {"shards": {}, "categories": []}
        with findings.reading(folder / "dataset.json"):
            classes = {row["id"] for row in index["categories"]}
            found = {path.name for path in folder.glob("*.tar")}
            findings.expect(found == set(index["shards"]), folder / "dataset.json", "its tar files are not those of the folder.")
            for name, count in index["shards"].items():
                with findings.reading(folder / name):
                    samples = _samples(folder / name)
                    findings.expect(len(samples) == count, folder / name, f"it holds {len(samples)} samples, not {count}.")
                    for key, files in samples.items():
                        with findings.reading(f"{name}/{key}"):
                            for what in frame_problems(_frame(files), classes):
                                findings.add(f"{name}/{key}", what)
        return findings.problems


def _samples(path: Path) -> dict[str, dict[str, bytes]]:
    """The files of each sample by their ending, as WebDataset groups them: neighbours with the same name up to the first point."""
    samples: dict[str, dict[str, bytes]] = {}
    last = ""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                key, _, ending = member.name.partition(".")
                if key != last and key in samples:
                    raise DataError(f"the files of the sample {key} do not follow one another.")
                content = archive.extractfile(member)
                if ending in samples.setdefault(key, {}) or content is None:
                    raise DataError(f"the file {member.name} is there twice or is none.")
                samples[key][ending] = content.read()
                last = key
    except tarfile.TarError as error:
        raise DataError(f"it is no tar file that can be read: {error}.") from None
    return samples


def _frame(files: dict[str, bytes]) -> Frame:
    """A sample as the frame that it was."""
    row = {**json.loads(files["json"]), "files": "sample"}
    ending = "jpg" if "jpg" in files else "png"
    names = {"sample.labels.npz": files["npz"], f"sample.image.{ending}": files[ending]}
    return read_frame(row, names.__getitem__, set(names))
