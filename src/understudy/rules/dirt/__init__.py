"""Dirt: what goes wrong with data on its way, at stated rates, with a label for every hurt cell.

| file | holds |
|---|---|
| `plan.py` | the kinds of dirt, as a spec states them |
| `slips.py` | what goes wrong in a text |
| `hurting.py` | `dirty`: a frame hurt, and its labels |
| `table.py` | `DirtyTable`, `DirtyDataset`: generators whose rows are hurt |
"""

from understudy.rules.dirt.hurting import Dirty, dirty
from understudy.rules.dirt.plan import plan_of, read_plan

__all__ = ["Dirty", "dirty", "plan_of", "read_plan"]
