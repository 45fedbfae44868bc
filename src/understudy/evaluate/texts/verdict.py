"""From figures to words: a light for each family with its reasons, the weak points worst first, and one sentence.

Nothing is averaged. A family is as good as its gravest figure, and the sentence says first what forbids using the texts.
"""

from __future__ import annotations

from understudy.evaluate.lights import GRAVITY, MOST_WEAK, Speech, family_verdict, headline
from understudy.evaluate.result import Family, Figure, OverallVerdict, Verdict, WeakPoint

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
        "pass": "Classifiers trained on them work about as well as those trained on as many real texts, and their labels fit.",
        "warn": "Classifiers trained on them work noticeably worse than those trained on as many real texts, or some labels do not fit.",
        "fail": "Classifiers trained on them work much worse than those trained on as many real texts, or their labels do not fit.",
        "undecided": "Usefulness cannot be judged with so few texts.",
        "info": "Usefulness was not judged: no label was named.",
    },
    "privacy": {
        "pass": "No attack tried here finds training texts. That is an alarm that stayed silent, not a proof.",
        "warn": "Some signs that they keep too near to training texts.",
        "fail": "They give training texts away. Do not release them as anonymous.",
        "undecided": "Whether they give training texts away is not decided.",
        "info": "Privacy was not judged.",
    },
}
_ORDER = tuple(_TITLES)
_SPEECH = Speech(_TITLES, _SENTENCES, "texts", "texts")
# Of short texts lengths in characters say what lengths in words do, and rare runs are few: alone they make no set of texts useless.
_ADVISORY = frozenset({"length_characters", "distinct_1", "label_shares"})


def text_verdict(figures: list[Figure], *, withheld: bool) -> OverallVerdict:
    families = [family_verdict(family, figures, _SPEECH, _weight) for family in _ORDER]
    weak = sorted(
        (
            WeakPoint(severity=_weight(found), family=found.family, text=f"{found.name}: {found.reason}")
            for found in figures
            if _weight(found) in GRAVITY
        ),
        key=lambda point: (GRAVITY[point.severity], -(point.family == "privacy"), _ORDER.index(point.family)),
    )
    useful = ", serve as well for training" if any(entry.family == "utility" and entry.verdict == "pass" for entry in families) else ""
    praise = f"they read like held-out real texts, are as varied{useful}, and no attack tried here finds training texts."
    told = headline(families, weak, _SPEECH, praise, withheld=withheld)
    return OverallVerdict(headline=told, families=families, weak_points=weak[:MOST_WEAK])


def _weight(found: Figure) -> Verdict:
    """What a figure counts for its family."""
    return "warn" if found.key in _ADVISORY and found.verdict == "fail" else found.verdict
