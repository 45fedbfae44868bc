"""A light for each family of figures with its reasons, and one sentence about all: of tables as of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from understudy.evaluate.grade import worst
from understudy.evaluate.result import Family, FamilyVerdict, Figure, Verdict, WeakPoint

GRAVITY = {"fail": 0, "warn": 1, "undecided": 2}
MOST_WEAK = 20
Weight = Callable[[Figure], Verdict]
"""What a figure counts for its family."""


@dataclass(frozen=True)
class Speech:
    """How a verdict is put into words.

    titles, sentences: of the families, in their order. thing, parts: what is judged, and what it is made of ("table", "rows").
    """

    titles: Mapping[Family, str]
    sentences: Mapping[Family, Mapping[Verdict, str]]
    thing: str
    parts: str


def family_verdict(family: Family, figures: list[Figure], speech: Speech, weight: Weight) -> FamilyVerdict:
    own = [figure for figure in figures if figure.family == family]
    light = worst([weight(figure) for figure in own])
    telling = sorted((figure for figure in own if weight(figure) in GRAVITY), key=lambda figure: GRAVITY[weight(figure)])
    reasons = [f"{figure.name}: {figure.reason}" for figure in telling]
    reasons = reasons or [f"{figure.name}: {figure.reason}" for figure in own if figure.verdict == "pass" and figure.reason][:3]
    return FamilyVerdict(
        family=family, title=speech.titles[family], verdict=light, sentence=speech.sentences[family][light], reasons=reasons,
        figures=[figure.key for figure in own],
    )  # fmt: skip


def headline(families: list[FamilyVerdict], weak: list[WeakPoint], speech: Speech, praise: str, *, withheld: bool) -> str:
    """One sentence, first of what forbids use. praise: what is said where nothing is to be said. withheld: there were held-out parts."""
    light = {entry.family: entry.verdict for entry in families}
    if light["privacy"] == "fail":
        gravest = next((point.text for point in weak if point.family == "privacy"), "")
        return f"Do not release: training {speech.parts} are given away. {gravest}".strip()
    if broken := [entry for entry in families if entry.verdict == "fail"]:
        return "Not good enough: " + " ".join(entry.sentence for entry in broken)
    warned = [entry for entry in families if entry.verdict == "warn"]
    good = f"A good stand-in for the real {speech.thing}"
    if warned:
        good = "Usable, with points to know: " + " ".join(entry.sentence for entry in warned)
    if not withheld:
        return f"{good.rstrip('.')}. Whether it memorised is not decided: no held-out {speech.parts} were given."
    if open_questions := [entry.title.lower() for entry in families if entry.verdict == "undecided"]:
        return f"{good.rstrip('.')}. Not decided with so few {speech.parts}: {', '.join(open_questions)}."
    return good if warned else f"{good}: {praise}"
