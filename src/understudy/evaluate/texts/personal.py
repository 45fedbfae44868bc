"""Personal data in the texts: how often something is found, and how often it is a value of a training text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.data.texts.scrubbing import scan
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES
from understudy.evaluate.result import Figure
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.yardstick import OTHERS, Limits, Weights, Words, beside, figure
from understudy.text.likeness.words import normalized


def personal_figures(corpora: Corpora, policy: Policy, weights: Weights) -> Iterator[Figure]:
    found = {side: personal_values(corpora.texts[side]) for side in SIDES}
    kinds = Counter(kind for values in found["synthetic"] for kind, _ in values)
    counted = ", ".join(f"{kind} {number:,}" for kind, number in kinds.most_common(6)) or "none"
    yield figure(
        Words(
            "personal_rate", "Texts with personal data",
            "Share of texts in which something is found that looks like personal data: e-mail and web addresses, telephone numbers, "
            f"accounts, cards, names. Found here: {counted}.",
            0.0, "lower", "privacy", form="share",
        ),
        beside(lambda side: weights.share(side, _any(found[side]))), None,
        n=corpora.count("synthetic"), n_holdout=corpora.count("holdout"),
    )  # fmt: skip
    known = Counter(value for values in found["real"] for value in set(values))
    alone = {value for value, texts in known.items() if texts == 1}
    reused = {side: np.array([any(value in alone for value in values) for values in found[side]]) for side in OTHERS}
    yield figure(
        Words(
            "personal_reused", "Texts with a personal value of a training text",
            "Share of texts that hold a personal value which exactly one training text has; some, such as short names, are held by real "
            "texts by chance.",
            0.0, "lower", "privacy", form="share",
        ),
        beside(lambda side: weights.share(side, reused[side])),
        Limits(policy.personal_gap, 3 * policy.personal_gap, percent=True, sure=True),
        n=corpora.count("synthetic"), n_holdout=corpora.count("holdout"),
    )  # fmt: skip


def _any(found: list[list[tuple[str, str]]]) -> NDArray[np.bool_]:
    return np.array([bool(values) for values in found])


def personal_values(texts: list[str]) -> list[list[tuple[str, str]]]:
    """Of each text the kinds and values found."""
    return [
        [(span.kind, normalized(text[span.start : span.end])) for span in spans] for text, spans in zip(texts, scan(texts), strict=True)
    ]
