"""The evaluation as one page: self-contained, offline, light and dark, made from an `Evaluation` and nothing else.

`page.py` puts the sections in order; each section is one file here; `assets/` holds the style and the scripts that are copied
into the page. Pictures that scale with the number of columns are drawn in the reader's browser when they come into view, from
the numbers embedded in the page; everything a reader must know is text and stands in the page without any script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.evaluate.report.page import render as render
else:
    __getattr__, __dir__, __all__ = table_of_contents(__name__, {"render": "understudy.evaluate.report.page"})
