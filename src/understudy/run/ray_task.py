"""A task of the Ray engine, on the machine that makes the part: JSON and the bytes of a model file come in, JSON goes out."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

_KEPT: dict[str, Any] = {}
"""The tables of the model that this process made parts with last, by the checksum of its file."""


def make(told: str, model: bytes, index: int) -> str:
    """Make part `index` of the plan in `told`, write it into the place named there, and return its record, or what went wrong."""
    from understudy.run.engines import THREAD_LIMITS, error_to_json

    for name in THREAD_LIMITS:  # a task has one core; Ray itself has seen to what was loaded before
        os.environ.setdefault(name, "1")
    from understudy.run.part import make_part
    from understudy.run.plan import Plan
    from understudy.run.store import open_store

    job = json.loads(told)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default", UserWarning)
        try:
            plan, store = Plan.from_json(job["plan"]), open_store(job["place"])
            store.prepare()
            record = make_part(_tables(model, job), plan, plan.part(index), store, _ignore)
            said: dict[str, Any] = {"done": record.__dict__}
        except Exception as error:
            said = {"error": error_to_json(error)}
    # The rest of what Python warns of is for developers.
    said["warnings"] = sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)})
    return json.dumps({**said, "machine": platform.node()})


def _tables(model: bytes, job: dict[str, Any]) -> Any:
    from understudy.run.source import load_maker, tables_of

    checksum = hashlib.sha256(model).hexdigest()
    if checksum not in _KEPT:
        sys.path += [entry for entry in job["paths"] if entry not in sys.path]
        with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
            path = Path(folder) / "model.understudy"
            path.write_bytes(model)
            tables = tables_of(load_maker(path, job["class"]))
        _KEPT.clear()
        _KEPT[checksum] = tables
    return _KEPT[checksum]


def _ignore(rows: int) -> None:
    """The engine counts rows by finished parts."""
