"""Texts: learned from a column of texts, declared by a grammar, or written by a language model; with the same words for all.

| file | holds |
|---|---|
| `pieces.py`, `fills.py` | texts as pieces, and what stands for what must not be repeated |
| `scrubbing.py`, `alike.py` | personal data in free text; texts that are nearly the same |
| `corpus.py` | a column of texts as a learner may see it |
| `synthesizer.py`, `conditions.py` | what every learner of texts shares |
| `ngram/` | `NgramText`: counts of words in context |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.text.ngram.model import NgramText as NgramText
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "NgramText": "understudy.text.ngram.model",
        },
    )
