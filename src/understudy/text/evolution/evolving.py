"""Private evolution: texts of a model that never saw the private ones, chosen by their votes.

Each round, every private text votes for the synthetic text most like it; noise is added to the votes, texts are kept in proportion to
them, and variations of them are made for the next round (Lin et al., "Differentially private synthetic data via foundation model APIs 1",
ICLR 2024; Xie et al., "... 2: text", ICML 2024, whose several variations a round this follows). What is learned from the private texts is
the noisy votes alone, so whoever makes the texts, a language model behind an endpoint for one, learns nothing else of them.

Votes are counted between features that do not depend on the private texts: hashed words and pairs of words, weighted and turned by what
the synthetic texts of the round say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import Cancelled
from understudy.core.gaussian_mechanism import noise_scale, system_normal

if TYPE_CHECKING:
    from understudy.core.progress import Progress
    from understudy.core.random import Stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Embedding = Callable[[Sequence[str]], tuple[Floats, Floats]]
"""Synthetic texts → features of these and of the private texts, rows of unit length. What is fitted must be fitted on the first alone."""

_VOTES_TO_NOISE = 4.0
"""Votes that a text gets on average, in standard deviations of the noise."""
_HASHED = 1 << 18
_TURNED = 128
_LEAST_VARIANCE = 1e-12


class Provider(Protocol):
    """Who makes texts without having seen the private ones."""

    def draw(self, labels: Sequence[str | None], stream: Stream) -> list[str]:
        """A text of each of these labels."""
        ...

    def vary(self, texts: Sequence[str], labels: Sequence[str | None], stream: Stream) -> list[str]:
        """Another text near each of these, of the same label."""
        ...

    def says(self) -> list[str]:
        """What a reader of the texts has to know of who made them."""
        ...


@dataclass(frozen=True)
class Private:
    """The texts that are to be kept private. labels: a number each. owners: whose they are: all of one owner's votes weigh as one."""

    texts: list[str]
    labels: Ints
    owners: Ints


@dataclass(frozen=True)
class Course:
    """How texts evolve.

    Args:
        size: texts at the end, at least as many as there are labels. Votes are held on so few of them that a text gets more votes than
            noise; the others are variations of those that win.
        rounds: votes that are held, at least 1. variations: texts made of each that is kept, for the next vote.
        epsilon, delta: what all votes and the counting of labels promise together.
    """

    size: int
    rounds: int
    variations: int
    epsilon: float
    delta: float

    @property
    def noise(self) -> float:
        """The standard deviation of the noise on every count."""
        return noise_scale(self.epsilon, self.delta, releases=self.rounds + 1)


@dataclass
class Evolved:
    """The texts at the end, with their labels' numbers, best first within a label, and what the course was like."""

    texts: list[str]
    labels: Ints
    figures: dict[str, Any] = field(default_factory=dict)


def evolve(
    private: Private,
    names: Sequence[str | None],
    provider: Provider,
    course: Course,
    stream: Stream,
    progress: Progress,
    embed: Embedding | None = None,
) -> Evolved:
    """Evolve texts towards the private ones. names: the labels, which count as public.

    Raises:
        Cancelled: asked to stop before the first round had ended; later it returns the best so far.
    """
    sizes, voted = _sizes(private, len(names), course)
    labels: Ints = np.repeat(np.arange(len(names)), voted * (1 + course.variations))
    progress.stage("evolve texts", total=course.rounds)
    texts = provider.draw([names[int(label)] for label in labels], stream.child("draw"))
    features = embed or HashedFeatures(private.texts)
    best: Evolved | None = None
    for number in range(course.rounds):
        if progress.cancelled:
            break
        votes = _votes(private, texts, labels, len(names), features) + system_normal(len(texts), course.noise)
        kept = _in_proportion(np.maximum(votes - course.noise, 0), labels, voted, stream.child("choice", number).generator())
        best = Evolved([texts[i] for i in kept], labels[kept], {"rounds": number + 1, "noise": course.noise, "candidates": len(texts)})
        progress.advance(number + 1)
        if number + 1 < course.rounds:
            texts, labels = _next(best, names, provider, course.variations, stream.child("round", number))
    if best is None:
        raise Cancelled("Stopped before the first vote; nothing was learned.")
    return _filled(best, sizes, names, provider, stream.child("fill"))


def _filled(best: Evolved, sizes: Ints, names: Sequence[str | None], provider: Provider, stream: Stream) -> Evolved:
    """As many texts of each label as there shall be: those that won, each once, then variations of all of them in turn."""
    first = _firsts(best.texts)
    sources = [np.zeros(0, dtype=np.int64)]
    for label, size in enumerate(sizes):
        winners = np.flatnonzero(best.labels == label)
        missing = int(size) - int(np.isin(winners, first).sum())
        sources.append(np.resize(winners, missing) if missing > 0 else winners[:0])
    source: Ints = np.concatenate(sources)
    made = provider.vary([best.texts[i] for i in source], [names[int(best.labels[i])] for i in source], stream) if len(source) else []
    return Evolved([*(best.texts[i] for i in first), *made], np.concatenate([best.labels[first], best.labels[source]]), best.figures)


def _firsts(texts: list[str]) -> Ints:
    """Where each text is for the first time."""
    return np.array(sorted({text: i for i, text in reversed(list(enumerate(texts)))}.values()), dtype=np.int64)


def _sizes(private: Private, labels: int, course: Course) -> tuple[Ints, Ints]:
    """How many texts of each label there shall be, by noisy shares, and how many of them win a vote."""
    counts = np.bincount(private.labels, weights=_weights(private), minlength=labels) + system_normal(labels, course.noise)
    counts = np.maximum(counts, 0) + _LEAST_VARIANCE
    voted = int(counts.sum() / (_VOTES_TO_NOISE * course.noise) / (1 + course.variations))
    return _shared_out(counts, course.size), _shared_out(counts, min(max(voted, labels), course.size))


def _shared_out(counts: Floats, total: int) -> Ints:
    """A total in whole numbers, one each at least, by shares."""
    sizes: Ints = np.maximum(1, np.floor(counts / counts.sum() * total)).astype(np.int64)
    while sizes.sum() < total:
        sizes[np.argmax(counts / (sizes + 1))] += 1
    while sizes.sum() > total and sizes.max() > 1:
        sizes[np.argmax(sizes)] -= 1
    return sizes


def _weights(private: Private) -> Floats:
    """What each text's vote weighs, so that all votes of an owner together have length 1 at most, wherever they go."""
    _, whose, counts = np.unique(private.owners, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[whose], dtype=np.float64)


def _votes(private: Private, texts: list[str], labels: Ints, names: int, embed: Embedding) -> Floats:
    votes = np.zeros(len(texts))
    weights = _weights(private)
    made, real = embed(texts)
    for label in range(names):
        candidates, voters = np.flatnonzero(labels == label), np.flatnonzero(private.labels == label)
        if not len(candidates):
            continue
        for chunk in np.array_split(voters, max(1, len(voters) // 2000)):
            nearest = np.argmax(real[chunk] @ made[candidates].T, axis=1)
            np.add.at(votes, candidates[nearest], weights[chunk])
    return votes


def _in_proportion(votes: Floats, labels: Ints, counts: Ints, rng: np.random.Generator) -> Ints:
    """As many texts of each label as there shall be, in proportion to their votes (systematic resampling); any, where none has a vote."""
    kept: list[Ints] = []
    for label, count in enumerate(counts):
        candidates = np.flatnonzero(labels == label)
        shares = votes[candidates] if votes[candidates].sum() > 0 else np.ones(len(candidates))
        edges = np.cumsum(shares / shares.sum())
        kept.append(candidates[np.minimum(np.searchsorted(edges, (np.arange(count) + rng.random()) / count), len(candidates) - 1)])
    return np.concatenate(kept)


def _next(best: Evolved, names: Sequence[str | None], provider: Provider, variations: int, stream: Stream) -> tuple[list[str], Ints]:
    """What was kept, each text once and variations for its other places; and further variations of all."""
    named = [names[int(label)] for label in best.labels]
    again = np.setdiff1d(np.arange(len(best.texts)), _firsts(best.texts))
    texts, labels = list(best.texts), [best.labels]
    if len(again):
        for i, text in zip(again, provider.vary([texts[i] for i in again], [named[i] for i in again], stream.child("again")), strict=True):
            texts[i] = text
    for number in range(variations):
        texts += provider.vary(best.texts, named, stream.child("vary", number))
        labels.append(best.labels)
    return texts, np.concatenate(labels)


class HashedFeatures:
    """Words and pairs of words, hashed, weighted by their rarity among the made texts and turned to their main directions."""

    def __init__(self, private: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer

        self._hashing = HashingVectorizer(n_features=_HASHED, ngram_range=(1, 2), norm=None, alternate_sign=False)
        self._private = self._hashing.transform(private)

    def __call__(self, made: Sequence[str]) -> tuple[Floats, Floats]:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.preprocessing import normalize

        counts = self._hashing.transform(made)
        said = np.unique(counts.indices)  # what no made text says tells none of them apart
        counts, private = counts[:, said], self._private[:, said]
        weighing = TfidfTransformer(sublinear_tf=True).fit(counts)
        ours, theirs = weighing.transform(counts), weighing.transform(private)
        size = min(_TURNED, min(ours.shape) - 1)
        if size < 2:
            return np.asarray(ours.toarray()), np.asarray(theirs.toarray())
        turning = TruncatedSVD(size, random_state=0).fit(ours)
        return normalize(turning.transform(ours)), normalize(turning.transform(theirs))
