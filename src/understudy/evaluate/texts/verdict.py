"""From figures to words: a light for each family with its reasons, the weak points worst first, and one sentence.

Nothing is averaged. A family is as good as its gravest figure, and the sentence says first what forbids using the texts.
"""

from __future__ import annotations

from understudy.evaluate.grade import worst
from understudy.evaluate.result import Family, FamilyVerdict, Figure, OverallVerdict, Verdict, WeakPoint

_TITLES: dict[Family, str] = {
    "fidelity": "Reads like the real texts",
    "diversity": "Is as varied",
    "utility": "Is as useful",
    "privacy": "Does not give away training texts",
}
_SENTENCES: dict[Family, dict[Verdict, str]] = {
    "fidelity": {
        "pass": "The synthetic texts are like held-out real texts.",
        "warn": "The synthetic texts are much like real ones, with differences to know.",
        "fail": "The synthetic texts differ clearly from real ones.",
        "undecided": "Likeness cannot be judged fully with so few texts.",
        "info": "Likeness was not judged.",
    },
    "diversity": {
        "pass": "The synthetic texts are as varied as real ones.",
        "warn": "The synthetic texts are less varied than real ones.",
        "fail": "The synthetic texts repeat themselves: much less varied than real ones.",
        "undecided": "Variety cannot be judged with so few texts.",
        "info": "Variety was not judged.",
    },
    "utility": {
        "pass": "Classifiers trained on it work about as well as those trained on as many real texts, and its labels fit.",
        "warn": "Classifiers trained on it work noticeably worse than those trained on as many real texts, or some labels do not fit.",
        "fail": "Classifiers trained on it work much worse than those trained on as many real texts, or its labels do not fit.",
        "undecided": "Usefulness cannot be judged with so few texts.",
        "info": "Usefulness was not judged: no label was named.",
    },
    "privacy": {
        "pass": "No attack tried here finds training texts. That is an alarm that stayed silent, not a proof.",
        "warn": "Some signs that it keeps too near to training texts.",
        "fail": "It gives training texts away. Do not release it as anonymous.",
        "undecided": "Whether it gives training texts away is not decided.",
        "info": "Privacy was not judged.",
    },
}
_ORDER: tuple[Family, ...] = ("fidelity", "diversity", "utility", "privacy")
_GRAVITY = {"fail": 0, "warn": 1, "undecided": 2}
# Of short texts lengths in characters say what lengths in words do, and rare runs are few: alone they make no set of texts useless.
_ADVISORY = frozenset({"length_characters", "distinct_1", "label_shares"})
_MOST_WEAK = 20


def text_verdict(figures: list[Figure], *, withheld: bool) -> OverallVerdict:
    families = [_family(family, figures) for family in _ORDER]
    weak = sorted(
        (
            WeakPoint(severity=_weight(found), family=found.family, text=f"{found.name}: {found.reason}")
            for found in figures
            if _weight(found) in _GRAVITY
        ),
        key=lambda point: (_GRAVITY[point.severity], -(point.family == "privacy"), _ORDER.index(point.family)),
    )
    return OverallVerdict(headline=_headline(families, weak, withheld=withheld), families=families, weak_points=weak[:_MOST_WEAK])


def _weight(found: Figure) -> Verdict:
    """What a figure counts for its family."""
    return "warn" if found.key in _ADVISORY and found.verdict == "fail" else found.verdict


def _family(family: Family, figures: list[Figure]) -> FamilyVerdict:
    own = [found for found in figures if found.family == family]
    light = worst([_weight(found) for found in own])
    telling = sorted((found for found in own if _weight(found) in _GRAVITY), key=lambda found: _GRAVITY[_weight(found)])
    reasons = [f"{found.name}: {found.reason}" for found in telling]
    reasons = reasons or [f"{found.name}: {found.reason}" for found in own if found.verdict == "pass" and found.reason][:3]
    return FamilyVerdict(
        family=family,
        title=_TITLES[family],
        verdict=light,
        sentence=_SENTENCES[family][light],
        reasons=reasons,
        figures=[found.key for found in own],
    )


def _headline(families: list[FamilyVerdict], weak: list[WeakPoint], *, withheld: bool) -> str:
    light = {entry.family: entry.verdict for entry in families}
    if light["privacy"] == "fail":
        gravest = next((point.text for point in weak if point.family == "privacy"), "")
        return f"Do not release: it gives training texts away. {gravest}".strip()
    broken = [entry for entry in families if entry.verdict == "fail"]
    if broken:
        return "Not good enough: " + " ".join(entry.sentence for entry in broken)
    warned = [entry for entry in families if entry.verdict == "warn"]
    good = (
        "Usable, with points to know: " + " ".join(entry.sentence for entry in warned) if warned else "A good stand-in for the real texts"
    )
    if not withheld:
        return good.rstrip(".") + ". Whether it memorised is not decided: no held-out texts were given."
    open_questions = [entry.title.lower() for entry in families if entry.verdict == "undecided"]
    if open_questions:
        return good.rstrip(".") + f". Not decided with so few texts: {', '.join(open_questions)}."
    useful = ", serves as well for training" if light["utility"] == "pass" else ""
    return (
        good
        if warned
        else good + f": it reads like held-out real texts, is as varied{useful}, and no attack tried here finds training texts."
    )
