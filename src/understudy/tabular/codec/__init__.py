"""The reversible codec that all learners share: a table's columns to tokens and positions, and back.

| file | holds |
|---|---|
| `codec.py` | `Codec`: all columns together, conditions on them, the saved form |
| `shape.py`, `granularity.py` | numbers: atoms, equal-mass bins and what lies within them; units and liked digits |
| `number.py`, `category.py`, `calendar.py`, `remade.py` | one kind of column each |
| `counting.py` | what is counted and sampled while the table streams by |
| `condition.py` | what a user may ask of a column |
| `protection.py` | what is held back |
"""
