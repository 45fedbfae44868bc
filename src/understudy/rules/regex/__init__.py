"""Texts of a regular expression: as many as there are, numbered, or drawn.

| file | holds |
|---|---|
| `reading.py` | the expression as a tree: what is taken, and where what is not |
| `automaton.py` | its strings counted, exactly, and told apart |
| `filling.py` | rows to characters |
| `pattern.py` | `Pattern`: what columns use |
"""

from understudy.rules.regex.pattern import Pattern

__all__ = ["Pattern"]
