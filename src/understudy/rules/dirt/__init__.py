"""Dirt: what goes wrong with data on its way, at stated rates, with a label for every hurt cell.

| file | holds |
|---|---|
| `plan.py` | the kinds of dirt, as a spec states them |
| `slips.py` | what goes wrong in a text |
| `hurting.py` | `dirty`: a frame hurt, and its labels |
| `table.py` | `DirtyTable`, `DirtyDataset`: generators whose rows are hurt |
"""

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.rules.dirt.hurting import Dirty as Dirty
    from understudy.rules.dirt.hurting import dirty as dirty
    from understudy.rules.dirt.plan import plan_of as plan_of
    from understudy.rules.dirt.plan import read_plan as read_plan
    from understudy.rules.dirt.table import DirtyDataset as DirtyDataset
    from understudy.rules.dirt.table import DirtyTable as DirtyTable
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Dirty": "understudy.rules.dirt.hurting",
            "dirty": "understudy.rules.dirt.hurting",
            "plan_of": "understudy.rules.dirt.plan",
            "read_plan": "understudy.rules.dirt.plan",
            "DirtyTable": "understudy.rules.dirt.table",
            "DirtyDataset": "understudy.rules.dirt.table",
        },
    )
