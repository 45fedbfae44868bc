from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from understudy.core.errors import SinkError
from understudy.evaluate.report import render
from understudy.evaluate.report.numbers import formatted, interval
from understudy.evaluate.result import Evaluation, Subject

Maker = Callable[..., Evaluation]

AWKWARD = [
    "a \"quoted\" 'name'",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "line\nbreak\x00\x1b[31m",
    "",
]
_VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """The elements of a page and the text of each id; complains about elements that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def test_the_page_is_well_formed_and_in_reading_order(an_evaluation: Maker) -> None:
    outline = Outline(render(an_evaluation()))
    assert outline.open == []
    ids = [attributes["id"] for tag, attributes in outline.elements if tag in ("header", "section") and "id" in attributes]
    assert ids == [
        "top", "glance", "away", "columns-section", "dependence", "tails", "utility", "privacy", "rules", "missing", "done", "engines",
        "measured", "glossary",
    ]  # fmt: skip


def test_ids_are_unique_and_every_inner_link_leads_somewhere(an_evaluation: Maker) -> None:
    elements = Outline(render(an_evaluation())).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in elements if tag in ("a", "use")}
    assert {link[1:] for link in links if link} <= set(ids)


def test_every_figure_stands_beside_its_yardstick_with_both_intervals(an_evaluation: Maker) -> None:
    evaluation = an_evaluation()
    text = " ".join(Outline(render(evaluation)).text)
    for figure in evaluation.figures:
        assert figure.name in text
        assert formatted(figure.value, figure.form) in text
        assert formatted(figure.holdout, figure.form) in text
        assert interval(figure.interval, figure.form) in text
        assert interval(figure.holdout_interval, figure.form) in text


def test_what_must_be_known_first_comes_first(an_evaluation: Maker) -> None:
    text = " ".join(Outline(render(an_evaluation())).text)
    places = [text.index(part) for part in ("Usable, but look at income.", "too few zeros", "What was done.", "Looks like the real data")]
    assert places == sorted(places)


def test_a_weak_figure_is_never_a_press_away(an_evaluation: Maker) -> None:
    evaluation = an_evaluation()
    pattern = evaluation.figure("column_shapes")
    names = [f"figure {at}" for at in range(10)]
    figures = [pattern.model_copy(update={"key": name, "name": name, "verdict": "pass"}) for name in names]
    figures[9] = figures[9].model_copy(update={"verdict": "fail"})
    family = evaluation.verdict.families[0].model_copy(update={"figures": names})
    verdict = evaluation.verdict.model_copy(update={"families": [family]})
    page = render(an_evaluation(figures=figures, verdict=verdict))
    card = page[page.index('<article class="card') : page.index('id="away"')]
    assert card.count("<summary>") == 1
    assert card.index("figure 0") < card.index("figure 9") < card.index("<summary>6 more figures") < card.index("figure 8")


def test_every_section_holds_its_content(an_evaluation: Maker) -> None:
    text = " ".join(Outline(render(an_evaluation())).text)
    for part in (
        "0.912", "0.432", "0.334", "65.4", "zeros of income are too few", "20,234", "0.932", "0.928", "4.1", "income determines email",
        "2 rare levels protected, because fewer than 11 rows have them", "learned by trees", "The leaves were widened",
        "Nothing is reused.", "copula", "0.712", "(0.692–0.731)", "holdout.csv", "Does not show",
    ):  # fmt: skip
        assert part in text, part


def test_no_text_of_a_table_becomes_markup(an_evaluation: Maker) -> None:
    plain = [(tag, attributes.get("class")) for tag, attributes in Outline(render(an_evaluation(list("abcde"), label="x"))).elements]
    page = render(an_evaluation(AWKWARD, label="</script><b>", synthetic=Subject(origin="</title><script>", rows=1, rows_used=1)))
    outline = Outline(page)
    assert [(tag, attributes.get("class")) for tag, attributes in outline.elements] == plain
    assert not any(name.startswith("on") or name == "style" for _, attributes in outline.elements for name in attributes)
    assert "\x00" not in page
    assert "(empty)" in " ".join(outline.text)


def test_a_name_of_a_megabyte_costs_no_more_than_itself(an_evaluation: Maker) -> None:
    plain, long = len(render(an_evaluation())), len(render(an_evaluation(["n" * 1_000_000, "b", "c", "d", "e"], record=None)))
    # It is in the embedded data as often as the evaluation names it, and nowhere else in full.
    mentions = an_evaluation(["NAME", "b", "c", "d", "e"], record=None).to_json().count("NAME")
    assert long < plain + mentions * 1_000_000 + 20_000


def test_the_page_asks_for_nothing(an_evaluation: Maker) -> None:
    page = render(an_evaluation())
    for _, attributes in Outline(page).elements:
        assert not attributes.keys() & {"src", "srcset", "action", "poster", "background", "data", "ping"}
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert set(re.findall(r"https?://[^\"'\s]+", page)) == {"http://www.w3.org/2000/svg"}  # the name of SVG, which nobody fetches
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|\bimport\(", page)


def test_the_policy_lets_only_this_style_and_this_script_run(an_evaluation: Maker) -> None:
    page = render(an_evaluation())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    directives = dict(part.strip().split(" ", 1) for part in policy[1].replace("&#x27;", "'").split(";"))
    assert directives["default-src"] == "'none'"
    for directive, pattern in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        blocks = re.findall(pattern, page, re.DOTALL)
        assert len(blocks) == 1
        digest = base64.b64encode(hashlib.sha256(blocks[0].encode("utf-8")).digest()).decode("ascii")
        assert directives[directive] == f"'sha256-{digest}'"


@pytest.mark.parametrize("columns", [500, 3000])
def test_many_columns_fit_into_three_megabytes(an_evaluation: Maker, columns: int) -> None:
    page = render(an_evaluation([f"measurement_of_sensor_{at}" for at in range(columns)]))
    assert len(page.encode("utf-8")) <= 3_000_000
    assert "measurement_of_sensor_499" in page


def test_without_a_holdout_the_page_shows_no_yardstick(an_evaluation: Maker) -> None:
    evaluation = an_evaluation(holdout=None)
    text = " ".join(Outline(render(evaluation)).text)
    assert "none given" in text
    assert "Held-out real  " not in text


def test_an_evaluation_with_nothing_in_it_is_still_a_page(an_evaluation: Maker) -> None:
    bare = an_evaluation(
        ["only"], figures=[], pairs=[], matrix=None, missingness=None, gives_away=[], rules=[], utility=[], target=None, distances=None,
        record=None, holdout=None, notes=[], tolerances={}, stage_seconds={}, versions={},
    )  # fmt: skip
    outline = Outline(render(bare))
    text = " ".join(outline.text)
    assert outline.open == []
    assert "No model was trained." in text
    assert "No rule is declared" in text
    assert "No record of a fit came" in text


def test_the_same_evaluation_gives_the_same_page(an_evaluation: Maker) -> None:
    assert render(an_evaluation()) == render(Evaluation.from_json(an_evaluation().to_json()))


def test_save_writes_the_page_whole(an_evaluation: Maker, tmp_path: Path) -> None:
    evaluation = an_evaluation()
    target = evaluation.save(tmp_path / "reports" / "report.html")
    assert target.read_text(encoding="utf-8") == render(evaluation)
    assert [entry.name for entry in target.parent.iterdir()] == ["report.html"]


def test_save_onto_a_folder_says_so(an_evaluation: Maker, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(SinkError, match="folder"):
        an_evaluation().save(tmp_path / "report.html")
