"""The ground floor: what every kind of generator stands on. It imports nothing from the floors above.

| file | holds |
|---|---|
| `generator.py` | `Generator`, `Synthesizer`, `Collection`, `load`: the contract |
| `storable.py` | what can be saved to one file |
| `random.py` | `Stream`: randomness keyed by a path |
| `artifact.py` | `State`, `save_artifact`, `load_artifact`: a model as one file |
| `record.py` | `FitRecord`: what a fit did, and why |
| `budget.py`, `progress.py`, `cancellation.py` | how long, how far, and how to stop |
| `registry.py` | names for generators, built in or plugged in |
| `atomic.py` | files that appear whole or not at all |
| `errors.py`, `fingerprint.py`, `lazy.py` | errors, hashes of plain values, packages that load on use |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.core.artifact import State as State
    from understudy.core.artifact import load_artifact as load_artifact
    from understudy.core.artifact import save_artifact as save_artifact
    from understudy.core.budget import Budget as Budget
    from understudy.core.generator import Batch as Batch
    from understudy.core.generator import Collection as Collection
    from understudy.core.generator import Generator as Generator
    from understudy.core.generator import Synthesizer as Synthesizer
    from understudy.core.generator import load as load
    from understudy.core.progress import Progress as Progress
    from understudy.core.progress import listening as listening
    from understudy.core.progress import resolve_progress as resolve_progress
    from understudy.core.random import Stream as Stream
    from understudy.core.record import FitRecord as FitRecord
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Generator": "understudy.core.generator",
            "Synthesizer": "understudy.core.generator",
            "Collection": "understudy.core.generator",
            "Batch": "understudy.core.generator",
            "load": "understudy.core.generator",
            "Stream": "understudy.core.random",
            "State": "understudy.core.artifact",
            "save_artifact": "understudy.core.artifact",
            "load_artifact": "understudy.core.artifact",
            "FitRecord": "understudy.core.record",
            "Budget": "understudy.core.budget",
            "Progress": "understudy.core.progress",
            "listening": "understudy.core.progress",
            "resolve_progress": "understudy.core.progress",
        },
    )
