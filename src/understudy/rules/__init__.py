"""Structured data declared, not learned: exact, addressable cell by cell, and proven.

| file | holds |
|---|---|
| `spec.py`, `columns.py`, `law.py`, `checking.py` | what a spec says, in YAML and Python alike, and whether it can be meant |
| `dataset.py`, `compiling.py`, `sources.py` | the tables that it declares; what makes each column; what they are taken from |
| `cells.py`, `fan_out.py`, `inverse.py` | rows asked for and what belongs to them; whose rows are whose; laws as tables |
| `importing/`, `ddl.py` | specs from schemas of other kinds; the SQL that makes a spec's tables |
| `determined.py` | sets of columns that cannot repeat |
| `making/` | one maker a type of column |
| `people.py`, `accounts.py`, `words.py`, `pools.py` | persons whose data agree; words by themselves; the vocabularies compiled |
| `regex/` | the strings of regular expressions |
| `proof/`, `negatives.py` | every rule asked again of DuckDB; rows that break exactly one |
| `edges.py`, `edge_values.py`, `covered.py`, `covering.py`, `setting.py` | rows at the edges, and rows that cover all pairs |
| `dirt/` | what goes wrong with rows, at stated rates and labelled |
| `stream.py`, `streaming.py`, `versions.py`, `playing.py` | rows that come, change and go in time |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.rules.covered import CoveringRows as CoveringRows
    from understudy.rules.covered import covering_rows as covering_rows
    from understudy.rules.dataset import Dataset as Dataset
    from understudy.rules.dataset import RuleTable as RuleTable
    from understudy.rules.dirt import Dirty as Dirty
    from understudy.rules.dirt import DirtyDataset as DirtyDataset
    from understudy.rules.dirt import DirtyTable as DirtyTable
    from understudy.rules.dirt import dirty as dirty
    from understudy.rules.edges import EdgeRows as EdgeRows
    from understudy.rules.edges import edge_rows as edge_rows
    from understudy.rules.negatives import named_rules as named_rules
    from understudy.rules.negatives import negatives as negatives
    from understudy.rules.proof import Proof as Proof
    from understudy.rules.proof import prove as prove
    from understudy.rules.spec import Spec as Spec
    from understudy.rules.spec import TableSpec as TableSpec
    from understudy.rules.spec import read_spec as read_spec
    from understudy.rules.stream import ChangeStream as ChangeStream
    from understudy.rules.stream import replayed as replayed
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "ChangeStream": "understudy.rules.stream",
            "CoveringRows": "understudy.rules.covered",
            "covering_rows": "understudy.rules.covered",
            "EdgeRows": "understudy.rules.edges",
            "edge_rows": "understudy.rules.edges",
            "Dirty": "understudy.rules.dirt",
            "DirtyDataset": "understudy.rules.dirt",
            "DirtyTable": "understudy.rules.dirt",
            "dirty": "understudy.rules.dirt",
            "replayed": "understudy.rules.stream",
            "Dataset": "understudy.rules.dataset",
            "RuleTable": "understudy.rules.dataset",
            "named_rules": "understudy.rules.negatives",
            "negatives": "understudy.rules.negatives",
            "Proof": "understudy.rules.proof.result",
            "prove": "understudy.rules.proof.proving",
            "Spec": "understudy.rules.spec",
            "TableSpec": "understudy.rules.spec",
            "read_spec": "understudy.rules.spec",
        },
    )
