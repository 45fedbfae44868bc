"""nuScenes: tables that refer to one another by tokens, cameras and lidars in a vehicle's coordinates, 3D boxes in the world's.

    samples/CAM_FRONT/00000012_front_0003.png, samples/LIDAR_TOP/00000012_lidar_0003.pcd.bin
    v1.0-trainval/scene.json, sample.json, sample_data.json, sample_annotation.json …, maps/none.png

Format: Caesar et al., "nuScenes: A multimodal dataset for autonomous driving", CVPR 2020, and nuscenes-devkit's docs/schema_nuscenes.md.
A shot is a scene, a step of it a sample. Tokens are checksums of what they name. The vehicle's coordinates are those of the first camera
turned to x ahead, y left, z up. An object is annotated where any camera sees it; its visibility is that of the camera that sees most of
it. The format has no place for lens distortion: 3D boxes project rightly in pinhole cameras without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import CommonCategories, PictureExporter, camera_names, plain_categories, stem
from understudy.data.media.image_files import png
from understudy.data.media.items import Frame, Instance, Shot
from understudy.data.media.json_files import as_json
from understudy.data.media.lidar import Scan, scans
from understudy.data.media.rotations import inverse, quaternion

VERSION = "v1.0-trainval"
TABLES = (
    "attribute", "calibrated_sensor", "category", "ego_pose", "instance", "log", "map",
    "sample", "sample_annotation", "sample_data", "scene", "sensor", "visibility",
)  # fmt: skip
MOVING = 0.5
"""m/s from which on an object has the attribute "moving"."""
BETWEEN_SHOTS = 1_000_000_000
"""µs"""
_BODY = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""The vehicle's axes in the first camera's coordinates, one a column."""
_VISIBILITY = (("1", "v0-40", 0.4), ("2", "v40-60", 0.6), ("3", "v60-80", 0.8), ("4", "v80-100", 1.0))
_LINKS = {
    "sample": {"scene_token": "scene", "prev": "sample", "next": "sample"},
    "sample_data": {
        "sample_token": "sample", "ego_pose_token": "ego_pose", "calibrated_sensor_token": "calibrated_sensor",
        "prev": "sample_data", "next": "sample_data",
    },
    "sample_annotation": {
        "sample_token": "sample", "instance_token": "instance", "visibility_token": "visibility",
        "prev": "sample_annotation", "next": "sample_annotation",
    },
    "instance": {
        "category_token": "category", "first_annotation_token": "sample_annotation", "last_annotation_token": "sample_annotation",
    },
    "scene": {"log_token": "log", "first_sample_token": "sample", "last_sample_token": "sample"},
    "calibrated_sensor": {"sensor_token": "sensor"},
}  # fmt: skip

Row = dict[str, Any]


class NuScenes(PictureExporter):
    """The exporter."""

    name: ClassVar[str] = "nuscenes"

    def files(self, shot: Shot) -> Iterator[Member]:
        for frame in shot.frames:
            yield self._picture_name(shot, frame), self.picture(frame)
        for scan in scans(shot):
            rows = np.column_stack([scan.points[:, :3], scan.points[:, 3] * 255, scan.ring])  # intensity 0 .. 255, as theirs
            yield _scan_name(shot, scan), rows.astype("<f4").tobytes()

    def _picture_name(self, shot: Shot, frame: Frame) -> str:
        return f"samples/{_camera_channel(shot, frame.camera)}/{stem(shot, frame)}.{self.image}"

    def record(self, shot: Shot) -> Any:
        steps: dict[int, Row] = {}
        for frame in shot.frames:
            step = steps.setdefault(frame.index, {"time": frame.time, "vehicle": _vehicle(frame), "data": [], "objects": {}})
            vehicle = np.array(step["vehicle"])
            step["data"].append(self._camera_data(shot, frame, vehicle))
            for instance in frame.instances:
                _see(step["objects"], shot, instance)
        for scan in scans(shot):
            if scan.step in steps:
                _add_scan(steps[scan.step], shot, scan)
        caption = next((frame.caption for frame in shot.frames if frame.caption), "")
        return {
            "shot": shot.index,
            "world": shot.world,
            "caption": caption,
            "categories": plain_categories(shot),
            "steps": list(steps.values()),
        }

    def _camera_data(self, shot: Shot, frame: Frame, vehicle: NDArray[np.float64]) -> Row:
        return {
            "channel": _camera_channel(shot, frame.camera),
            "modality": "camera",
            "filename": self._picture_name(shot, frame),
            "fileformat": self.image,
            "height": frame.height,
            "width": frame.width,
            "time": frame.time,
            "intrinsic": frame.view.matrix.tolist(),
            "mounted": (inverse(vehicle) @ frame.view.pose).tolist(),
        }

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        tables, categories = _Tables(), CommonCategories()
        for record in records:
            categories.see(record["categories"], record["shot"])
            tables.add_scene(record)
        tables.add_common(categories.rows)
        for table in TABLES:
            yield f"{VERSION}/{table}.json", as_json(list(tables.rows[table].values()), indent=0)
        yield "maps/none.png", png(np.zeros((10, 10), dtype=np.uint8), flat=True)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        tables: dict[str, list[Row]] = {}
        for name in TABLES:
            tables[name] = findings.json(folder / VERSION / f"{name}.json") or []
        _check_tokens(findings, tables)
        for name, rows in tables.items():
            path = folder / VERSION / f"{name}.json"
            for row in rows:
                with findings.reading(path):
                    _check_row(findings, path, name, row)
        for check in (_check_chains, _check_files):
            with findings.reading(folder / VERSION):
                check(findings, tables)
        return findings.problems


def _camera_channel(shot: Shot, camera: str) -> str:
    return f"CAM_{camera_names(shot)[camera].upper().replace('-', '_')}"


def _scan_name(shot: Shot, scan: Scan) -> str:
    return f"samples/{_lidar_channel(scan)}/{shot.index:08d}_{scan.sensor}_{scan.step:04d}.pcd.bin"


def _lidar_channel(scan: Scan) -> str:
    return "LIDAR_TOP" if scan.sensor == "lidar" else f"LIDAR_{scan.sensor.upper().replace('-', '_')}"


def _vehicle(frame: Frame) -> list[list[float]]:
    """(4, 4) vehicle to world, of the step's first camera."""
    body = np.eye(4)
    body[:3, :3] = _BODY
    rows: list[list[float]] = (frame.view.pose @ body).tolist()
    return rows


def _see(objects: dict[str, Row], shot: Shot, instance: Instance) -> None:
    """Notes an object of one camera; of several cameras, the largest visible share counts."""
    if not shot.category(instance.category).thing:
        return
    length, width, height = (float(value) for value in instance.size)
    visible = (1 - instance.occlusion) * (1 - instance.truncation)
    row = objects.setdefault(
        str(instance.track),
        {
            "category": instance.category,
            "translation": instance.center.tolist(),
            "size": [width, length, height],
            "rotation": quaternion(instance.rotation),
            "moving": bool(np.linalg.norm(instance.velocity) > MOVING),
            "visible": visible,
            "points": 0,
        },
    )
    row["visible"] = max(row["visible"], visible)


def _add_scan(step: Row, shot: Shot, scan: Scan) -> None:
    mounted = inverse(np.array(step["vehicle"])) @ scan.pose
    facts = {"channel": _lidar_channel(scan), "modality": "lidar", "filename": _scan_name(shot, scan), "fileformat": "pcd"}
    step["data"].append({**facts, "height": 0, "width": 0, "time": step["time"], "intrinsic": [], "mounted": mounted.tolist()})
    for track, row in step["objects"].items():
        row["points"] += scan.hits(int(track))


def token(*path: str | int) -> str:
    """32 hexadecimal digits that name what lies at a path, in every data set the same."""
    return hashlib.blake2b("\x1f".join(str(part) for part in path).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class _Tables:
    """All tables, each row by its token."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in TABLES}

    def put(self, table: str, name: str, /, **values: Any) -> str:
        self.rows[table].setdefault(name, {"token": name, **values})
        return name

    def add_common(self, categories: list[Row]) -> None:
        for row in categories:
            if row["thing"]:
                self.put("category", token("category", row["id"]), name=row["name"], description=row["group"], index=row["id"])
        for number, level, _ in _VISIBILITY:
            self.put("visibility", number, level=level, description=f"visibility of the whole object is {level[1:]} %")
        for name in ("moving", "stationary"):
            self.put("attribute", token("attribute", name), name=name, description=f"faster or slower than {MOVING} m/s")
        self.put("map", token("map"), category="semantic_prior", filename="maps/none.png", log_tokens=sorted(self.rows["log"]))

    def add_scene(self, record: Row) -> None:
        shot, steps = record["shot"], record["steps"]
        log = token("log", shot)
        self.put(
            "log", log, logfile=f"{record['world']}-{shot:08d}", vehicle=record["world"], date_captured="1970-01-01", location="simulated"
        )
        samples = [token("sample", shot, number) for number in range(len(steps))]
        description = record["caption"] or record["world"]
        self.put(
            "scene", token("scene", shot), name=f"scene-{shot:08d}", description=description, log_token=log, nbr_samples=len(steps),
            first_sample_token=samples[0], last_sample_token=samples[-1],
        )  # fmt: skip
        for number, step in enumerate(steps):
            before, after = _neighbours(samples, number)
            time = _timestamp(shot, step["time"])
            self.put("sample", samples[number], timestamp=time, prev=before, next=after, scene_token=token("scene", shot))
        self._add_data(shot, steps, samples)
        self._add_objects(shot, steps, samples)

    def _add_data(self, shot: int, steps: list[Row], samples: list[str]) -> None:
        chains: dict[str, list[tuple[int, Row]]] = {}
        for number, step in enumerate(steps):
            for data in step["data"]:
                chains.setdefault(data["channel"], []).append((number, {**data, "vehicle": step["vehicle"]}))
        for channel, chain in chains.items():
            tokens = [token("sample_data", shot, channel, number) for number, _ in chain]
            for position, (number, data) in enumerate(chain):
                before, after = _neighbours(tokens, position)
                time = _timestamp(shot, data["time"])
                rotation, translation = _placed(data["vehicle"])
                pose = self.put(
                    "ego_pose", token("ego_pose", shot, channel, number), timestamp=time, rotation=rotation, translation=translation
                )
                self.put(
                    "sample_data", tokens[position], sample_token=samples[number], ego_pose_token=pose,
                    calibrated_sensor_token=self._sensor(shot, data), timestamp=time, fileformat=data["fileformat"], is_key_frame=True,
                    height=data["height"], width=data["width"], filename=data["filename"], prev=before, next=after,
                )  # fmt: skip

    def _sensor(self, shot: int, data: Row) -> str:
        """The calibration of a sensor, one for all steps in which it stays where it is in the vehicle."""
        sensor = self.put("sensor", token("sensor", data["channel"]), channel=data["channel"], modality=data["modality"])
        rotation, translation = _placed(np.round(data["mounted"], 6))
        name = token("calibrated_sensor", shot, data["channel"], str(np.round([*rotation, *translation], 5) + 0.0), str(data["intrinsic"]))
        return self.put(
            "calibrated_sensor", name, sensor_token=sensor, translation=translation, rotation=rotation, camera_intrinsic=data["intrinsic"]
        )

    def _add_objects(self, shot: int, steps: list[Row], samples: list[str]) -> None:
        chains: dict[str, list[tuple[int, Row]]] = {}
        for number, step in enumerate(steps):
            for track, row in step["objects"].items():
                chains.setdefault(track, []).append((number, row))
        for track, chain in chains.items():
            tokens = [token("sample_annotation", shot, track, number) for number, _ in chain]
            instance = self.put(
                "instance", token("instance", shot, track), category_token=token("category", chain[0][1]["category"]),
                nbr_annotations=len(chain), first_annotation_token=tokens[0], last_annotation_token=tokens[-1],
            )  # fmt: skip
            for position, (number, row) in enumerate(chain):
                before, after = _neighbours(tokens, position)
                self.put(
                    "sample_annotation", tokens[position], sample_token=samples[number], instance_token=instance,
                    visibility_token=next(name for name, _, most in _VISIBILITY if row["visible"] <= most + 1e-9),
                    attribute_tokens=[token("attribute", "moving" if row["moving"] else "stationary")],
                    translation=row["translation"], size=row["size"], rotation=row["rotation"], prev=before, next=after,
                    num_lidar_pts=row["points"], num_radar_pts=0,
                )  # fmt: skip


def _neighbours(tokens: list[str], position: int) -> tuple[str, str]:
    return tokens[position - 1] if position else "", tokens[position + 1] if position + 1 < len(tokens) else ""


def _timestamp(shot: int, time: float) -> int:
    """Microseconds, a shot's beginning some time behind the last one's: readers sort scenes by it, and it must not be the same for two."""
    return round(time * 1e6) + shot * BETWEEN_SHOTS


def _placed(pose: Any) -> tuple[list[float], list[float]]:
    """Rotation and translation of a (4, 4) pose."""
    matrix = np.array(pose, dtype=np.float64)
    return quaternion(matrix[:3, :3]), matrix[:3, 3].tolist()


# -- reading back


def _check_tokens(findings: Findings, tables: dict[str, list[Row]]) -> None:
    """Tokens are there once, and what refers to one finds it."""
    known: dict[str, set[str]] = {}
    for name, rows in tables.items():
        path = findings.folder / VERSION / f"{name}.json"
        with findings.reading(path):
            known[name] = {row["token"] for row in rows}
            findings.expect(len(known[name]) == len(rows), path, "a token is there twice.")
    for name, links in _LINKS.items():
        path = findings.folder / VERSION / f"{name}.json"
        for row in tables[name]:
            with findings.reading(path):
                for field, other in links.items():
                    found = row[field] in known.get(other, set()) or (field in ("prev", "next") and row[field] == "")
                    findings.expect(found, path, f"{field} of {row['token']} is not in {other}.json.")


def _check_row(findings: Findings, path: Path, table: str, row: Row) -> None:
    of = row["token"]
    if table in ("ego_pose", "calibrated_sensor", "sample_annotation"):
        findings.expect(abs(float(np.linalg.norm(row["rotation"])) - 1) < 1e-6, path, f"the rotation of {of} is none.")
        findings.expect(bool(np.isfinite(row["translation"]).all()), path, f"the place of {of} is not finite.")
    if table == "sample_annotation":
        findings.expect(min(row["size"]) > 0, path, f"the box of {of} has no volume: {row['size']}.")
        findings.expect(row["num_lidar_pts"] >= 0, path, f"{of} has fewer than no points.")


def _check_chains(findings: Findings, tables: dict[str, list[Row]]) -> None:
    """`next` and `prev` are each other's way back, first and last are the ends, and counts are right."""
    for name in ("sample", "sample_data", "sample_annotation"):
        path = findings.folder / VERSION / f"{name}.json"
        rows = {row["token"]: row for row in tables[name]}
        for row in rows.values():
            after = rows.get(row["next"])
            findings.expect(after is None or after["prev"] == row["token"], path, f"next of {row['token']} does not lead back.")
    for name, part, key, count in (
        ("scene", "sample", "scene_token", "nbr_samples"),
        ("instance", "sample_annotation", "instance_token", "nbr_annotations"),
    ):
        path = findings.folder / VERSION / f"{name}.json"
        of_whole: dict[str, int] = {}
        for row in tables[part]:
            of_whole[row[key]] = of_whole.get(row[key], 0) + 1
        for row in tables[name]:
            findings.expect(row[count] == of_whole.get(row["token"], 0), path, f"{count} of {row['token']} is {row[count]}.")


def _check_files(findings: Findings, tables: dict[str, list[Row]]) -> None:
    known = set()
    for row in tables["sample_data"]:
        path = findings.folder / row["filename"]
        known.add(path)
        if row["fileformat"] == "pcd":
            with findings.reading(path):
                findings.expect(len(path.read_bytes()) % 20 == 0, path, "it does not hold whole points of five numbers.")
        else:
            findings.image_of(path, row["width"], row["height"])
    findings.strays(findings.folder / "samples", known)
    for row in tables["map"]:
        findings.image(findings.folder / row["filename"])
