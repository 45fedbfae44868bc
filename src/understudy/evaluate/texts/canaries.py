"""Canaries: sentences of known content, planted in the training texts before a model learns, and looked for in what it makes.

A canary begins like any text (a real one lends its first words) and ends with a secret that nobody would say: words of the corpus drawn at
random, or a code. Odd beginnings never come back and so show nothing (Meeus et al., "The Canary's Echo", ICML 2025); an ordinary beginning
and an unlikely end is what leaks. *Exposure* (Carlini et al., "The Secret Sharer", 2019) is log2 of how many secrets there could have been,
minus log2 of the true one's rank among them by probability under a model of the synthetic texts: 1.44 bits on average for a model that
remembers nothing, log2(alternatives + 1) for one that remembers all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.evaluate.policy import Policy
from understudy.evaluate.result import Figure, Verdict
from understudy.text.likeness.kneser_ney import KneserNey
from understudy.text.likeness.words import Vocabulary, words

ALTERNATIVES = 1_023
SECRET_WORDS = 5
_PREFIX_WORDS = 4
_CODE = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 9
_ORDER = 3
GUESSING = 1 / math.log(2)
"""Mean exposure of a secret that nobody remembers, bits."""


@dataclass(frozen=True)
class Canary:
    """A planted sentence: its prefix, its secret, how often it was planted, and the secrets that could have been drawn instead."""

    prefix: str
    secret: str
    repeats: int
    alternatives: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.prefix} {self.secret}"


@dataclass(frozen=True)
class Planted:
    """The corpus with the canaries in it, in random places, and the canaries."""

    corpus: Any
    canaries: list[Canary]


@runtime_checkable
class Scores(Protocol):
    """A model that knows how probable texts are."""

    def log_probability(self, texts: Sequence[str]) -> Sequence[float]: ...


def plant(
    corpus: Any,
    n: int = 10,
    repeats: int | Sequence[int] = 1,
    seed: int = 0,
    *,
    text: str = "text",
    secret: Literal["words", "code"] = "words",
) -> Planted:
    """Put canaries into a corpus.

    Args:
        corpus: a list of strings, or a Polars frame, whose other columns are those of the row that lends its beginning.
        n: how many. repeats: how often each; one number, or one of each canary in turn (repeats=[1, 10] plants half of them once).
        seed: of everything. text: the column of texts.
        secret: what a secret is made of: words of the corpus, or a code of letters and digits.

    Raises:
        ArgumentError: n or a repeat under 1. DataError: no such column, or too few texts and words.
    """
    counts = [repeats] if isinstance(repeats, int) else list(repeats)
    if n < 1 or not counts or min(counts) < 1:
        raise ArgumentError(
            f"Canaries and their repeats are 1 or more, not {n} and {repeats}.", remedy="Try plant(corpus, n=10, repeats=[1, 10])."
        )
    frame = corpus if isinstance(corpus, pl.DataFrame) else pl.DataFrame({text: list(corpus)}, schema={text: pl.String})
    if text not in frame.columns:
        raise DataError(f'There is no column "{text}" in the corpus.', remedy=did_you_mean(text, frame.columns))
    stream = Stream(seed).child("canaries")
    texts = frame[text].fill_null("").to_list()
    lending = [row for row, content in enumerate(texts) if len(words(content)) >= _PREFIX_WORDS]
    known = sorted({word for content in texts for word in words(content) if word.isalpha()})
    if not lending or len(known) < 2 * SECRET_WORDS:
        raise DataError(
            f"The corpus has too few texts of {_PREFIX_WORDS} words, or too few words, to hide canaries in.",
            remedy="Plant in a larger corpus.",
        )
    chosen = stream.child("rows").generator().choice(len(lending), n, replace=n > len(lending)).tolist()
    rows = [lending[place] for place in chosen]
    canaries = [_canary(texts[row], counts[k % len(counts)], known, secret, stream.child("secret", k)) for k, row in enumerate(rows)]
    added = [
        frame[row].with_columns(pl.lit(made.text).alias(text))
        for row, made in zip(rows, canaries, strict=True)
        for _ in range(made.repeats)
    ]
    together = pl.concat([frame, *added])
    together = together[stream.child("order").generator().permutation(together.height)]
    return Planted(together if isinstance(corpus, pl.DataFrame) else together[text].to_list(), canaries)


def _canary(text: str, repeats: int, known: list[str], secret: str, stream: Stream) -> Canary:
    prefix = " ".join(text.split()[:_PREFIX_WORDS])
    rng = stream.generator()
    drawn = [_secret(known, secret, rng) for _ in range(ALTERNATIVES + 1)]
    return Canary(prefix, drawn[0], repeats, tuple(drawn[1:]))


def _secret(known: list[str], secret: str, rng: np.random.Generator) -> str:
    if secret == "code":
        return "".join(_CODE[place] for place in rng.integers(0, len(_CODE), _CODE_LENGTH).tolist())
    return " ".join(known[place] for place in rng.integers(0, len(known), SECRET_WORDS).tolist())


@dataclass(frozen=True)
class Echo:
    """What is left of one canary: its exposure in bits, and in how many texts its secret stands to the letter."""

    canary: Canary
    exposure: float
    found: int


@dataclass(frozen=True)
class Exposure:
    """echoes: one a canary. most: the exposure of a canary that is remembered wholly, bits."""

    echoes: list[Echo]
    most: float

    @property
    def mean(self) -> float:
        return float(np.mean([echo.exposure for echo in self.echoes]))

    @property
    def found(self) -> int:
        """Canaries whose secret stands in some text to the letter."""
        return sum(echo.found > 0 for echo in self.echoes)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the mean, by the spread among canaries or that of guessing, whichever is wider."""
        values = [echo.exposure for echo in self.echoes]
        spread = max(float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, GUESSING)
        reach = 1.96 * spread / math.sqrt(len(values))
        return max(0.0, self.mean - reach), min(self.most, self.mean + reach)

    def figure(self, policy: Policy) -> Figure:
        low, high = self.interval
        verdict: Verdict = "pass" if high <= policy.exposure_pass else "undecided"
        reason = f"{self.mean:.2f} bits, {GUESSING:.2f} where nothing is remembered; {self.found} of {len(self.echoes)} secrets came back."
        if self.found or low > policy.exposure_pass:
            verdict = "fail"
        elif low > GUESSING:
            verdict = "warn"
        return Figure(
            key="canary_exposure", name="Exposure of planted canaries (bits)", family="privacy", value=self.mean, interval=(low, high),
            holdout=GUESSING,
            best=GUESSING, better="lower", scale=(0.0, self.most), form="number", n=len(self.echoes), verdict=verdict, reason=reason,
            note=f"How far up the true secret of a planted sentence stands among {len(self.echoes[0].canary.alternatives):,} that could "
            f"have been planted, by "
            "a model of the synthetic texts. Beside it, what guessing gives.",
        )  # fmt: skip


def exposure(canaries: Sequence[Canary], source: Any, *, samples: int = 5_000, seed: int = 0, text: str = "text") -> Exposure:
    """How far planted canaries come back.

    Args:
        canaries: from `plant`. source: synthetic texts (a list, or a frame with a column of texts); a generator, of which `samples` texts
            are drawn; or a model with `log_probability(texts)`, which is asked itself.
        samples, seed: of the texts that a generator draws. text: the column of texts.

    Raises:
        ArgumentError: no canaries. DataError: no such column.
    """
    if not canaries:
        raise ArgumentError("There are no canaries to look for.", remedy="Plant some: plant(corpus, n=10).")
    texts: list[str] = []
    if isinstance(source, Scores):
        scored = [np.asarray(source.log_probability(_candidates(canary)), np.float64) for canary in canaries]
    else:
        texts = _texts(source.sample(samples, seed=seed) if isinstance(source, Generator) else source, text)
        scored = _scored(canaries, texts)
    plain = [" ".join(words(content)) for content in texts]
    echoes = [_echo(canary, scores, plain) for canary, scores in zip(canaries, scored, strict=True)]
    return Exposure(echoes, math.log2(1 + max(len(canary.alternatives) for canary in canaries)))


def _texts(source: Any, text: str) -> list[str]:
    if isinstance(source, Sequence) and not isinstance(source, str):
        return [str(content) for content in source]
    from understudy.data.table import as_table

    table = as_table(source)
    if text not in table.columns:
        raise DataError(f'There is no column "{text}".', where=table.origin, remedy=did_you_mean(text, table.columns))
    return [str(content) for content in table.frame[text].drop_nulls().to_list()]


def _candidates(canary: Canary) -> list[str]:
    return [f"{canary.prefix} {secret}" for secret in (canary.secret, *canary.alternatives)]


def _scored(canaries: Sequence[Canary], texts: list[str]) -> list[NDArray[np.float64]]:
    """The log probability of each canary with each secret under a model of the texts."""
    vocabulary = Vocabulary()
    learned = vocabulary.encode(texts)
    asked = [vocabulary.encode(_candidates(canary)) for canary in canaries]
    model = KneserNey(learned, len(vocabulary), _ORDER)
    return [model.log_probabilities(candidates)[0] for candidates in asked]


def _echo(canary: Canary, scores: NDArray[np.float64], texts: list[str]) -> Echo:
    # Ties, such as secrets of which nothing is known at all, count half.
    rank = 1 + int((scores[1:] > scores[0]).sum()) + 0.5 * int((scores[1:] == scores[0]).sum())
    secret = " ".join(words(canary.secret))
    return Echo(canary, math.log2(len(scores)) - math.log2(rank), sum(secret in content for content in texts))
