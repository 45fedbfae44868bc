"""Blocks to files and databases: local processes or a cluster, resumable parts, sinks.

| file | holds |
|---|---|
| `writing.py` | `write`: the one call |
| `verifying.py`, `comparing.py` | `verify`: parts made again and compared; what differs, in words |
| `plan.py`, `manifest.py` | what a run will make, and what it has made |
| `part.py`, `sinks.py`, `join.py` | one part, its formats, and parts joined into one file |
| `folder.py`, `streamed.py`, `target.py` | a folder of parts; tables of databases and the standard output; which of them a name means |
| `store.py`, `url_store.py` | where files lie: a folder on a disk, or a place behind a URL |
| `engines.py` | who makes the parts: `workers.py`, `worker.py` (processes), `ray_cluster.py`, `ray_task.py` (a cluster) |
| `source.py` | the model that workers load |
| `given.py`, `lock.py` | conditions as JSON; one run at a time |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.run.manifest import Manifest as Manifest
    from understudy.run.manifest import PartRecord as PartRecord
    from understudy.run.manifest import load_manifest as load_manifest
    from understudy.run.plan import Part as Part
    from understudy.run.plan import Plan as Plan
    from understudy.run.sinks import FORMATS as FORMATS
    from understudy.run.verifying import Verification as Verification
    from understudy.run.verifying import verify as verify
    from understudy.run.writing import write as write
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "write": "understudy.run.writing",
            "verify": "understudy.run.verifying",
            "Verification": "understudy.run.verifying",
            "Manifest": "understudy.run.manifest",
            "PartRecord": "understudy.run.manifest",
            "load_manifest": "understudy.run.manifest",
            "Plan": "understudy.run.plan",
            "Part": "understudy.run.plan",
            "FORMATS": "understudy.run.sinks",
        },
    )
