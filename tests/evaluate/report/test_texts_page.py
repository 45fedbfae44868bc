"""The page about texts: what stands on it, that it holds what texts may hold, and that a browser opens it without a fault."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.evaluate.report.test_browser import BROWSER, dump
from tests.evaluate.texts import planted_texts as planted

from understudy.evaluate.report.texts import render
from understudy.evaluate.texts import TextEvaluation, evaluate_texts

OWNED = "</script><script>document.documentElement.dataset.owned = 1</script>"


@pytest.fixture(scope="module")
def evaluation() -> TextEvaluation:
    train, made, holdout = (planted.texts(120, seed) for seed in (1, 2, 3))
    named = {"text": f"text {OWNED}", "label": "label <b>"}
    frames = [frame.rename(named) for frame in (train, made, holdout)]
    return evaluate_texts(frames[0], frames[1], text=named["text"], label=named["label"], holdout=frames[2])


def test_every_figure_stands_on_the_page_and_in_its_data(evaluation: TextEvaluation) -> None:
    page = render(evaluation)
    for figure in evaluation.figures:
        assert f'id="term-{figure.key}"' in page, figure.key
    embedded = re.search(r'id="evaluation">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert TextEvaluation.model_validate(json.loads(embedded[1])) == evaluation


def test_no_text_of_the_real_set_stands_on_the_page(evaluation: TextEvaluation) -> None:
    page = render(evaluation)
    assert not any(text in page for text in planted.texts(120, 1)["text"].to_list())


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the path; set UNDERSTUDY_CHROMIUM to one")
def test_a_browser_opens_the_page_without_a_fault(evaluation: TextEvaluation, tmp_path: Path) -> None:
    (tmp_path / "texts.html").write_text(render(evaluation), encoding="utf-8")
    opened = dump(tmp_path / "texts.html")
    assert 'data-ready="true"' in opened
    assert 'data-errors="0"' in opened
    assert "data-owned" not in opened
