"""The reversible codec that all learners share: a table's columns to tokens and positions, and back.

| file | holds |
|---|---|
| `codec.py` | `Codec`: all columns together, conditions on them, the saved form |
| `shape.py`, `granularity.py` | numbers: atoms, equal-mass bins and what lies within them; units and liked digits |
| `column.py` | what the codec of one column must do |
| `number.py`, `category.py`, `calendar.py`, `remade.py` | one kind of column each; `number_field.py`: one field of numbers |
| `counting.py` | what is counted and sampled while the table streams by |
| `protection.py` | what is held back |
| `stored.py` | values of any column in a saved model |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.tabular.codec.codec import Codec as Codec
    from understudy.tabular.codec.codec import Restricted as Restricted
    from understudy.tabular.codec.protection import Protection as Protection
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Codec": "understudy.tabular.codec.codec",
            "Restricted": "understudy.tabular.codec.codec",
            "Protection": "understudy.tabular.codec.protection",
        },
    )
