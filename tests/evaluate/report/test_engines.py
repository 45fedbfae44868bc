from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from understudy.evaluate.report.engines import engines
from understudy.evaluate.result import Evaluation

Maker = Callable[..., Evaluation]


def rows(page: str) -> list[str]:
    return [re.sub(r"<[^>]*>", " ", row) for row in re.findall(r"<tr.*?</tr>", page)[1:]]


def test_the_chosen_engine_comes_first_the_real_rows_last_and_what_failed_says_why(an_evaluation: Maker) -> None:
    page = engines(an_evaluation())
    assert page is not None
    first, second, failed, real = rows(page)
    assert "trees" in first
    assert "chosen" in first
    assert "0.554" in first
    assert "(0.536–0.571)" in first
    assert "easier to tell from real rows than trees; learned 2,000 rows" in second
    assert "chosen" not in second
    assert "failed: MemoryError: out of memory" in failed
    assert "real rows" in real
    assert "0.931" in real


def test_each_judged_engine_has_its_dot_and_whiskers(an_evaluation: Maker) -> None:
    page = engines(an_evaluation())
    assert page is not None
    assert page.count('class="strip spot"') == 2
    assert page.count("syn cap") == 4


@pytest.mark.parametrize("league", [None, [], "trees", [1, 2], {"trees": 1}])
def test_a_record_without_a_league_shows_no_section(an_evaluation: Maker, league: Any) -> None:
    assert engines(an_evaluation(record={"figures": {"league": league}})) is None
    assert engines(an_evaluation(record=None)) is None


def test_whatever_a_plug_in_wrote_there_is_shown_as_text(an_evaluation: Maker) -> None:
    odd = [{"engine": "<b>x</b>", "why": "<script>", "c2st_auc": "high", "seconds": None, "rows": "many", "chosen": 1}, {}]
    page = engines(an_evaluation(record={"figures": {"league": odd}}))
    assert page is not None
    assert "<b>" not in page
    assert "<script>" not in page
