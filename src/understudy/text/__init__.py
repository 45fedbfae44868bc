"""Texts: learned from a column of texts, declared by a grammar, or written by a language model; with the same words for all.

| file | holds |
|---|---|
| `synthesizer.py`, `conditions.py` | what every learner of texts shares |
| `ngram/` | `NgramText`: counts of words in context, plain or under differential privacy |
| `transformer/` | `TransformerText`: a small causal transformer (extra `neural`) |
| `evolution/` | `Evolution`: texts of others, chosen by the votes of private ones |
| `spec/`, `generator.py` | `TextSpec`: a data set declared: task, columns, cases, way; `Texts` makes it |
| `tasks/` | what each task puts out, and what must be true of it |
| `ways/` | how rows become texts |
| `job.py`, `kept.py` | a set of texts asked for, sifted and written to a folder, to be gone on with; the rows that were kept |
| `llm/`, `serving/` | language models asked, with a journal and a limit; models served over the same wire, with faults on demand |
| `quality/`, `likeness/` | which texts are good enough, each dropped with a reason; what texts have in common |
| `grammar/`, `specs/` | rules with alternatives, slots and marks, words in their forms; ready-made specs |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.data.texts.scrubbing import scan as scan
    from understudy.data.texts.scrubbing import scrub as scrub
    from understudy.text.evolution.synthesizer import Evolution as Evolution
    from understudy.text.generator import Texts as Texts
    from understudy.text.ngram.model import NgramText as NgramText
    from understudy.text.quality.sifting import sift as sift
    from understudy.text.spec.text_spec import TextSpec as TextSpec
    from understudy.text.spec.text_spec import read_text_spec as read_text_spec
    from understudy.text.transformer.model import TransformerText as TransformerText
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Evolution": "understudy.text.evolution.synthesizer",
            "NgramText": "understudy.text.ngram.model",
            "Texts": "understudy.text.generator",
            "TextSpec": "understudy.text.spec.text_spec",
            "read_text_spec": "understudy.text.spec.text_spec",
            "sift": "understudy.text.quality.sifting",
            "TransformerText": "understudy.text.transformer.model",
            "scan": "understudy.data.texts.scrubbing",
            "scrub": "understudy.data.texts.scrubbing",
        },
    )
