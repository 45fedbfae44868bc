"""Blocks to files and databases: local processes, resumable parts, sinks."""

from understudy.core.lazy import table_of_contents

__getattr__, __dir__, __all__ = table_of_contents(
    __name__,
    {
        "write": "understudy.run.writing",
        "Manifest": "understudy.run.manifest",
        "PartRecord": "understudy.run.manifest",
        "load_manifest": "understudy.run.manifest",
        "Plan": "understudy.run.plan",
        "Part": "understudy.run.plan",
        "FORMATS": "understudy.run.sinks",
    },
)
