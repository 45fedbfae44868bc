"""Structured data declared, not learned: exact, addressable cell by cell, and proven.

| file | holds |
|---|---|
| `spec.py`, `columns.py`, `law.py`, `checking.py` | what a spec says, in YAML and Python alike, and whether it can be meant |
"""

from __future__ import annotations
