"""Which texts are good enough: filters with a reason for every row dropped, judges and their calibration, variety, mixing.

    from understudy.text import sift

    found = sift(made, ["length", "exact_duplicates", {"near_duplicates": {"similarity": 0.8}}], text="review", label="stars")
    print(found)                    # how many each filter dropped; the numbers add up
    found.dropped                   # every row dropped, with its reason

| file | holds |
|---|---|
| `sifting.py` | `sift`, `redraw`, `Sifted` |
| `filters.py`, `filter.py`, `batch.py` | filters by name; what a filter is and looks at |
| `duplicates.py`, `forms.py`, `language.py`, `judged.py`, `overlap.py`, `quota.py` | one family of filters each |
| `judging.py` | `Judge`, `calibrate`, `order_swap` |
| `declared.py` | what the filters of a spec are given: files, and judges held against known rows |
| `mixing.py` | `mix`: real and synthetic rows with their provenance |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.text.quality.filter import Filter as Filter
    from understudy.text.quality.filters import FILTERS as FILTERS
    from understudy.text.quality.filters import filters_of as filters_of
    from understudy.text.quality.judging import Calibration as Calibration
    from understudy.text.quality.judging import Judge as Judge
    from understudy.text.quality.judging import PairJudge as PairJudge
    from understudy.text.quality.judging import calibrate as calibrate
    from understudy.text.quality.judging import order_swap as order_swap
    from understudy.text.quality.language import language_of as language_of
    from understudy.text.quality.mixing import mix as mix
    from understudy.text.quality.quota import Coverage as Coverage
    from understudy.text.quality.quota import coverage as coverage
    from understudy.text.quality.sifting import Sifted as Sifted
    from understudy.text.quality.sifting import redraw as redraw
    from understudy.text.quality.sifting import sift as sift
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Calibration": "understudy.text.quality.judging",
            "Coverage": "understudy.text.quality.quota",
            "FILTERS": "understudy.text.quality.filters",
            "Filter": "understudy.text.quality.filter",
            "Judge": "understudy.text.quality.judging",
            "PairJudge": "understudy.text.quality.judging",
            "Sifted": "understudy.text.quality.sifting",
            "calibrate": "understudy.text.quality.judging",
            "coverage": "understudy.text.quality.quota",
            "filters_of": "understudy.text.quality.filters",
            "language_of": "understudy.text.quality.language",
            "mix": "understudy.text.quality.mixing",
            "order_swap": "understudy.text.quality.judging",
            "redraw": "understudy.text.quality.sifting",
            "sift": "understudy.text.quality.sifting",
        },
    )
