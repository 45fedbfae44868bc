"""A study as one page, in the look of the evaluation report: self-contained, offline, without any script."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from understudy.augment.study_result import Estimate, Study, VariantResult
from understudy.evaluate.report.markup import Child, Markup, join, tag
from understudy.evaluate.report.measured import moment
from understudy.evaluate.report.names import name, sentence, shown
from understudy.evaluate.report.numbers import NONE, count, formatted, interval, plural, seconds, share, signed
from understudy.evaluate.report.table import Heading, table
from understudy.evaluate.report.verdicts import light, shapes

_LIGHTS = {"yes": "pass", "unclear": "undecided", "no": "warn"}
_TITLES = {"gains": "Gains", "figures": "Every figure", "measured": "How measured"}
_ROW, _MIDDLE = 22, 11
_HEADLINE_LONG = 90


def render(study: Study) -> str:
    """The study as one HTML page that needs no other file and no network."""
    style = resources.files("understudy.evaluate.report").joinpath("assets", "report.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    body = tag(
        "body",
        tag("a", "Skip to the verdict", href="#top", class_="skip"),
        shapes(),
        _bar(),
        tag("main", _headline(study), _gains(study), _figures(study), _measured(study)),
        _foot(study),
    )
    return f"<!doctype html>\n{tag('html', _head(study, style), body, lang='en')}\n".encode("utf-8", "replace").decode("utf-8")


def _head(study: Study, style: str) -> Markup:
    # Only this very style may be used, no script, and nothing may be fetched, whatever a column is called.
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="understudy"),
        tag("title", f"Study: {shown(study.target, 80)}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )


def _bar() -> Markup:
    links = [tag("a", title, href=f"#{section}") for section, title in _TITLES.items()]
    return tag("div", tag("a", "understudy", href="#top", class_="brand"), tag("nav", links, aria_label="Sections"), class_="topbar")


# -- the top


def _headline(study: Study) -> Markup:
    verdict = study.verdict
    title = tag("h1", sentence(verdict.headline, 600), class_="long" if len(verdict.headline) > _HEADLINE_LONG else None)
    words = [tag("li", _mark(study, place), tag("span", sentence(text, 600))) for place, text in enumerate(verdict.sentences)]
    found = tag("div", tag("h2", "What was found"), tag("ul", words), class_="weak")
    return tag("header", _subjects(study), title, found, class_=f"hero {_LIGHTS[verdict.helps]}", id="top")


def _mark(study: Study, place: int) -> Markup:
    """The first sentence is the gain, the second, where SMOTE was tried, the comparison with it; the others judge nothing."""
    verdict = study.verdict
    if place == 0:
        return light(_LIGHTS[verdict.helps])
    if place == 1 and verdict.beats_smote is not None:
        return light(_LIGHTS[verdict.beats_smote])
    return light("info")


def _subjects(study: Study) -> Markup:
    facts: list[tuple[str, Child, str]] = [
        ("Real", name(study.origin, 40), plural(study.rows, "row")),
        ("Target", name(study.target, 40), study.task),
    ]
    if study.rare is not None and study.rare_share is not None:
        facts.append(("Rare class", name(study.rare, 40), share(study.rare_share)))
    facts.append(("Splits", str(study.splits), f"{count(study.rows_train)} to learn, {count(study.rows_test)} to test"))
    return tag(
        "dl",
        [tag("div", tag("dt", role), tag("dd", tag("b", what), " ", tag("span", more))) for role, what, more in facts],
        class_="subjects",
    )


# -- the gains


def _gains(study: Study) -> Markup:
    first = study.measures[0]
    others = [variant for variant in study.variants if variant.against_real]
    low, high = _span([variant.against_real[first.key] for variant in others])
    headings = [
        Heading("Trained on"),
        Heading("Rows", number=True),
        Heading(first.name, number=True),
        Heading("Difference", number=True),
        Heading("95 % interval", wide=True),
    ]
    rows = [_gain(study, variant, first.key, low, high) for variant in study.variants]
    better = "to the right" if first.better == "higher" else "to the left"
    intro = (
        f"The same model, trained on each of these and tested on the same {count(study.rows_test)} untouched real rows, "
        f"{study.splits} times over. Differences are from real rows alone, split by split; the dashed line is no difference, "
        f"and {better} is better."
    )
    legend = tag(
        "p",
        tag("span", "with synthetic rows", class_="key syn"),
        tag("span", "without", class_="key hold"),
        tag("span", "real rows alone", class_="key best"),
        tag("span", f"The axis goes from {_signed(low)} to {_signed(high)}.", class_="said"),
        class_="legend",
    )
    body = table(headings, rows, caption="Ways to train and what they gain", first=100, noun="way")
    return tag("section", tag("h2", "What each way gains"), tag("p", intro), legend, body, id="gains")


def _gain(study: Study, variant: VariantResult, key: str, low: float, high: float) -> list[Child]:
    score = variant.scores[key]
    recommended = variant.key == study.verdict.recommended
    title: Child = [sentence(variant.name), tag("p", "recommended", class_="aside") if recommended else None]
    if not variant.against_real:
        return [title, count(variant.rows), _value(score), NONE, None]
    gain = variant.against_real[key]
    return [title, count(variant.rows), _value(score), signed(gain.value, "score"), _whisker(gain, variant.family, low, high)]


def _span(gains: list[Estimate]) -> tuple[float, float]:
    """The axis: nought, all means and, unless they run far away, all intervals."""
    ends = [0.0, *(gain.value for gain in gains if gain.value is not None)]
    reach = 3 * max(max(map(abs, ends)), 1e-3)
    ends += [max(min(end, reach), -reach) for gain in gains for end in gain.interval or ()]
    margin = 0.05 * ((max(ends) - min(ends)) or 1.0)
    return min(ends) - margin, max(ends) + margin


def _whisker(gain: Estimate, family: str, low: float, high: float) -> Markup:
    """A dot, its interval and the line of no difference; places in per cent, so that it fits any screen."""
    kind = "syn" if family in ("synthetic", "alone") else "hold"

    def place(value: float) -> str:
        return f"{100 * min(max((value - low) / (high - low), 0.0), 1.0):.2f}%"

    marks = [tag("line", x1=place(0.0), x2=place(0.0), y1=0, y2=_ROW, class_="best")]
    if gain.interval is not None:
        left, right = place(gain.interval[0]), place(gain.interval[1])
        marks.append(tag("line", x1=left, x2=right, y1=_MIDDLE, y2=_MIDDLE, class_=f"{kind} bar"))
    if gain.value is not None:
        marks.append(_dot(place(gain.value), kind))
    words = f"{signed(gain.value, 'score')}, 95 % interval {_between(gain)}"
    return tag("svg", join(*marks), class_="strip", height=_ROW, role="img", aria_label=words)


def _dot(x: str, kind: str) -> Markup:
    """A circle with synthetic rows, a diamond without, as in the legend."""
    if kind == "syn":
        return tag("circle", cx=x, cy=_MIDDLE, r=4.5, class_="syn dot")
    # A path has no places in per cent; an inner picture carries it there.
    path = tag("path", d=f"M0 {_MIDDLE - 5}l5 5-5 5-5-5z", class_="hold dot")
    return tag("svg", path, x=x, y="0", overflow="visible", width="1", height="1")


# -- all figures


def _figures(study: Study) -> Markup:
    titles = [measure.name if measure.better == "higher" else f"{measure.name}, less is better" for measure in study.measures]
    headings = [Heading("Trained on"), Heading("Made", number=True), *(Heading(title, number=True) for title in titles)]
    rows: list[list[Child]] = []
    for variant in study.variants:
        cells = [[_value(variant.scores[m.key]), tag("br"), tag("small", _between(variant.scores[m.key]))] for m in study.measures]
        rows.append([sentence(variant.name), count(variant.made), *cells])
    intro = "Means over the splits with 95 % intervals."
    if study.task != "regression":
        intro += " Probabilities of models trained on balanced classes are shifted: see the Brier score."
    body = table(headings, rows, caption="All scores of all ways to train", first=100, noun="way")
    return tag("section", tag("h2", "Every figure"), tag("p", intro), body, id="figures")


# -- how it was measured


def _measured(study: Study) -> Markup:
    sifted = "rows made for a class stay with the probability that the real training rows give them of being of it"
    facts: list[tuple[str, Child]] = [
        ("Model", sentence(study.estimator)),
        ("Generator", f"{_generator(study)}; fitted anew in each split, on its training rows only"),
        ("Sieve", sifted if study.sieve else "none"),
        ("Splits", f"{study.splits} at random, the same for all ways, {share(study.rows_test / study.rows)} of the rows tested on"),
        ("Intervals", "corrected resampled t: training sets of repeated splits overlap (Nadeau and Bengio 2003)"),
        ("Several tried", "the best of several ways is judged by an interval widened for their number (Bonferroni)"),
        ("Seed", str(study.seed)),
        ("Time", seconds(study.seconds)),
        ("Releases", ", ".join(f"{package} {release}" for package, release in study.versions.items())),
        ("Made", moment(study.created)),
    ]
    listed = tag("dl", [tag("div", tag("dt", title), tag("dd", words)) for title, words in facts], class_="facts")
    notes = tag("ul", [tag("li", sentence(note)) for note in study.notes], class_="said-aloud") if study.notes else None
    return tag("section", tag("h2", "How it was measured"), notes, listed, id="measured")


def _generator(study: Study) -> str:
    """The method, and what it chose where it was one that chooses."""
    if list(study.engines) == [study.method]:
        return study.method
    return f"{study.method}, which came to " + ", ".join(f"{name} in {plural(times, 'split')}" for name, times in study.engines.items())


def _foot(study: Study) -> Markup:
    release = study.versions.get("understudy")
    made = f"Made by understudy {release} " if release else "Made by understudy "
    return tag("footer", tag("p", made, f"on {moment(study.created)}. This page makes no request and needs no network."))


def _value(estimate: Estimate) -> str:
    return formatted(estimate.value, "score")


def _between(estimate: Estimate) -> str:
    return interval(estimate.interval, "score") if estimate.interval else ""


def _signed(value: float) -> str:
    return signed(value, "score")
