from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.evaluate.report.test_browser import BROWSER, dump
from tests.evaluate.report.test_page import Outline

from understudy.evaluate.league import Entry, League
from understudy.evaluate.report.league import headline_of, render
from understudy.evaluate.result import Evaluation, Subject

Maker = Callable[..., Evaluation]


def league_of(evaluation: Evaluation, *more: Entry, best: bool = True) -> League:
    shown = {"figures": evaluation.figures, "families": evaluation.verdict.families, "weak_points": evaluation.verdict.weak_points}
    return League(
        entries=[
            Entry(
                engine="trees", outcome="judged", why="the hardest to tell", best=best, fit_cpu_s=3.21, rows_per_cpu_s=412_345.0, **shown
            ),
            Entry(engine="auto", outcome="judged", why="easier to tell", learned_by="copula", fit_cpu_s=300, **shown),
            Entry(engine="independent", outcome="judged", yardstick=True, **shown),
            *more,
        ],
        rule="None is best that remembers.",
        target="churn",
        train=Subject(origin="customers.csv", rows=3000, rows_used=3000),
        holdout=Subject(origin="customers.csv", rows=1000, rows_used=1000, note="1,000 rows, kept aside at random."),
        columns=5,
        seed=0,
        budget_s=120,
        seconds=90.2,
        versions={"understudy": "0.1.0"},
        created="2026-11-23T16:40:00Z",
    )


FAILED = Entry(engine="gan", outcome="failed", why="MemoryError: </script><script>alert(1)</script>", fit_cpu_s=1.0)


def test_the_page_is_well_formed_says_the_best_and_has_a_row_for_every_engine_and_the_real_rows(an_evaluation: Maker) -> None:
    outline = Outline(render(league_of(an_evaluation(), FAILED)))
    assert outline.open == []
    ids = [attributes["id"] for tag, attributes in outline.elements if tag in ("header", "section") and "id" in attributes]
    assert ids == ["top", "league", "engines", "measured", "glossary"]
    text = " ".join(outline.text)
    for part in (
        "trees does best of 2 engines on this table: the hardest to tell.", "0.554", "(0.542–0.565)", "held-out real rows", "0.502",
        "auto (took copula)", "failed: MemoryError", "3.2", "410,000 rows", "None is best that remembers.", "kept aside at random",
        "customers.csv", "churn", "for all fits together",
    ):  # fmt: skip
        assert part in text, part


def test_ids_are_unique_and_every_inner_link_leads_somewhere(an_evaluation: Maker) -> None:
    elements = Outline(render(league_of(an_evaluation()))).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for tag, a in elements if tag in ("a", "use") and a.get("href")} <= set(ids)


def test_no_text_becomes_markup_and_the_data_come_back(an_evaluation: Maker) -> None:
    league = league_of(an_evaluation(), FAILED)
    page = render(league)
    assert "<script>alert" not in page
    embedded = re.search(r'id="evaluation">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert League.from_json(json.dumps(json.loads(embedded[1]))) == league


def test_where_nothing_is_safe_or_judged_the_headline_says_so(an_evaluation: Maker) -> None:
    assert "every one remembers" in headline_of(league_of(an_evaluation(), best=False))
    nothing = league_of(an_evaluation()).model_copy(update={"entries": [FAILED]})
    assert headline_of(nothing) == "No engine could be judged."
    outline = Outline(render(nothing))
    assert outline.open == []
    assert "glossary" not in {attributes.get("id") for _, attributes in outline.elements}


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path; set UNDERSTUDY_CHROMIUM to one")
def test_its_script_runs_without_errors(an_evaluation: Maker, tmp_path: Path) -> None:
    file = tmp_path / "league.html"
    file.write_text(render(league_of(an_evaluation(), FAILED)), encoding="utf-8")
    page = dump(file)
    assert re.search(r'<html[^>]* data-ready="true"', page)
    assert re.search(r'<html[^>]* data-errors="0"', page)
