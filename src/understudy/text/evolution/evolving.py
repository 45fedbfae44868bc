"""Private evolution: texts of a model that never saw the private ones, chosen by their votes.

Each round, every private text votes for the synthetic text most like it; noise is added to the votes, texts are kept in proportion to
them, and variations of them are made for the next round (Lin et al., "Differentially private synthetic data via foundation model APIs 1",
ICLR 2024; Xie et al., "... 2: text", ICML 2024, whose several variations a round this follows). What is learned from the private texts is
the noisy votes alone, so whoever makes the texts, a language model behind an endpoint for one, learns nothing else of them.

Votes are counted between features that do not depend on the private texts: hashed words and pairs of words, weighted and turned by what
the synthetic texts of the round say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import Cancelled
from understudy.core.gaussian_mechanism import noise_scale, system_normal
from understudy.text.evolution.votes import Standing, Votes

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.random import Stream

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Embedding = Callable[[Sequence[str]], tuple[Floats, Floats]]
"""Synthetic texts → features of these and of the private texts, rows of unit length. What is fitted must be fitted on the first alone."""

_VOTES_TO_NOISE = 4.0
"""Votes that a text gets on average, in standard deviations of the noise."""
_SIMILARITIES = 1 << 24
"""Between private and made texts, looked at together."""
_TOGETHER = 10_000
_HASHED = 1 << 18
_TURNED = 128
_LEAST_VARIANCE = 1e-12


class Provider(Protocol):
    """Who makes texts without having seen the private ones. Labels are values of the label's column, or None."""

    def draw(self, labels: Sequence[Any], stream: Stream) -> list[str]:
        """A text of each of these labels."""
        ...

    def vary(self, texts: Sequence[str], labels: Sequence[Any], stream: Stream) -> list[str]:
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
        even: as many texts of each label at the end, in the place of their shares among the private ones.
    """

    size: int
    rounds: int
    variations: int
    epsilon: float
    delta: float
    even: bool = False

    @property
    def noise(self) -> float:
        """The standard deviation of the noise on every count."""
        return noise_scale(self.epsilon, self.delta, releases=self.rounds + 1)

    @property
    def strength(self) -> float:
        """Of all counts together, as one release."""
        return math.sqrt(self.rounds + 1) / self.noise

    def sizes(self, counts: Floats) -> Ints:
        """How many texts of each label there shall be at the end, by noisy counts of the private ones."""
        return _shared_out(np.ones(len(counts)) if self.even else _positive(counts), self.size)

    def winners(self, counts: Floats) -> Ints:
        """How many of each label win a vote."""
        counts = _positive(counts)
        voted = int(counts.sum() / (_VOTES_TO_NOISE * self.noise) / (1 + self.variations))
        return _shared_out(counts, min(max(voted, len(counts)), self.size))

    def few(self, counts: Floats) -> Ints:
        """Labels of which there are so few private texts that noise decides."""
        return np.flatnonzero(counts < _VOTES_TO_NOISE * self.noise)


@dataclass
class Evolved:
    """The texts at the end, with their labels' numbers, best first within a label, and what the course was like."""

    texts: list[str]
    labels: Ints
    figures: dict[str, Any] = field(default_factory=dict)


def evolve(
    private: Private,
    names: Sequence[Any],
    provider: Provider,
    course: Course,
    stream: Stream,
    progress: Progress,
    embed: Embedding | None = None,
    *,
    votes: Votes | None = None,
    limit: Budget | None = None,
) -> Evolved:
    """Evolve texts towards the private ones.

    Args:
        names: the labels, which count as public: values of the label's column, or one None.
        votes: what was voted, kept; those that were held in an earlier run are not held again.
        limit: no further vote is begun after it; one is held.

    Raises:
        Cancelled: asked to stop before the first round had ended, or at any time where a file keeps the votes; else it returns the best so
            far.
    """
    votes = votes or Votes()
    standing = votes.standing or _counted(private, names, provider, course, stream, votes)
    features = embed
    while standing.rounds < course.rounds and not _ends(standing, progress, limit):
        features = features or HashedFeatures(private.texts)
        texts, labels = _candidates(standing, names, provider, course, stream, progress)
        if progress.cancelled:
            break
        standing = _chosen(private, texts, labels, standing, course, stream, progress, features, votes)
    if not standing.rounds:
        raise Cancelled("Stopped before the first vote; nothing was learned.")
    if progress.cancelled and votes.place is not None:
        raise Cancelled(f"Stopped after {standing.rounds} of {course.rounds} votes; what they chose is kept, and the same call goes on.")
    return _filled(standing, names, provider, course, stream.child("fill"), progress)


def _ends(standing: Standing, progress: Progress, limit: Budget | None) -> bool:
    return progress.cancelled or (limit is not None and standing.rounds > 0 and limit.exhausted)


def _counted(private: Private, names: Sequence[Any], provider: Provider, course: Course, stream: Stream, votes: Votes) -> Standing:
    """How many private texts of each label there are, noisy. A text of each is made first: who cannot make one spends nothing."""
    provider.draw(list(names), stream.child("try"))
    votes.release(0, course.noise)
    counts = np.bincount(private.labels, weights=_weights(private), minlength=len(names)) + system_normal(len(names), course.noise)
    votes.keep(Standing(counts))
    return Standing(counts)


def _candidates(
    standing: Standing, names: Sequence[Any], provider: Provider, course: Course, stream: Stream, progress: Progress
) -> tuple[list[str], Ints]:
    """The texts that are voted on: drawn for the first vote; then those that won, and variations of them."""
    if standing.rounds:
        progress.stage(f"vary texts after vote {standing.rounds} of {course.rounds}")
        return _next(standing, names, provider, course.variations, stream.child("round", standing.rounds - 1))
    progress.stage("draw texts")
    labels: Ints = np.repeat(np.arange(len(names)), course.winners(standing.counts) * (1 + course.variations))
    return provider.draw([names[int(label)] for label in labels], stream.child("draw")), labels


def _chosen(
    private: Private, texts: list[str], labels: Ints, before: Standing, course: Course, stream: Stream, progress: Progress,
    embed: Embedding, votes: Votes,
) -> Standing:  # fmt: skip
    """What the private texts choose."""
    progress.stage(f"vote {before.rounds + 1} of {course.rounds}", total=len(private.texts))
    exact = _votes(private, texts, labels, len(before.counts), embed, progress)
    votes.release(before.rounds + 1, course.noise)
    noisy = exact + system_normal(len(texts), course.noise)
    rng = stream.child("choice", before.rounds).generator()
    kept = _in_proportion(np.maximum(noisy - course.noise, 0), labels, course.winners(before.counts), rng)
    standing = Standing(before.counts, before.rounds + 1, [texts[i] for i in kept], labels[kept], len(texts))
    votes.keep(standing)
    return standing


def _filled(best: Standing, names: Sequence[Any], provider: Provider, course: Course, stream: Stream, progress: Progress) -> Evolved:
    """As many texts of each label as there shall be: those that won, each once, then variations of all of them in turn."""
    progress.stage("fill up")
    first = _firsts(best.texts)
    kept, sources = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for label, size in enumerate(course.sizes(best.counts).tolist()):
        winners = np.flatnonzero(best.labels == label)
        once = winners[np.isin(winners, first)][:size]
        kept.append(once)
        sources.append(np.resize(winners, size - len(once)))
    source, once = np.concatenate(sources), np.concatenate(kept)
    made = provider.vary([best.texts[i] for i in source], [names[int(best.labels[i])] for i in source], stream) if len(source) else []
    figures = {"rounds": best.rounds, "noise": course.noise, "candidates": best.candidates}
    return Evolved([*(best.texts[i] for i in once), *made], np.concatenate([best.labels[once], best.labels[source]]), figures)


def _firsts(texts: list[str]) -> Ints:
    """Where each text is for the first time."""
    return np.array(sorted({text: i for i, text in reversed(list(enumerate(texts)))}.values()), dtype=np.int64)


def _positive(counts: Floats) -> Floats:
    return np.maximum(counts, 0) + _LEAST_VARIANCE


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


def _votes(private: Private, texts: list[str], labels: Ints, names: int, embed: Embedding, progress: Progress) -> Floats:
    """What each made text gets: the weights of the private ones of its label that are nearest to it."""
    votes = np.zeros(len(texts))
    weights = _weights(private)
    made, real = embed(texts)
    done = 0
    for label in range(names):
        candidates, voters = np.flatnonzero(labels == label), np.flatnonzero(private.labels == label)
        for begin in range(0, len(voters), together := max(1, _SIMILARITIES // len(candidates))):
            chunk = voters[begin : begin + together]
            nearest = np.argmax(real[chunk] @ made[candidates].T, axis=1)
            np.add.at(votes, candidates[nearest], weights[chunk])
            done += len(chunk)
            progress.advance(done)
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


def _next(best: Standing, names: Sequence[Any], provider: Provider, variations: int, stream: Stream) -> tuple[list[str], Ints]:
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

        self._hashing = HashingVectorizer(n_features=_HASHED, ngram_range=(1, 2), norm=None, alternate_sign=False, dtype=np.float32)
        self._private = self._hashing.transform(private)

    def __call__(self, made: Sequence[str]) -> tuple[Floats, Floats]:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.preprocessing import normalize

        counts = self._hashing.transform(made)
        said = np.unique(counts.indices)  # what no made text says tells none of them apart
        counts = counts[:, said]
        weighing = TfidfTransformer(sublinear_tf=True).fit(counts)
        ours = weighing.transform(counts)
        size = min(_TURNED, min(ours.shape) - 1)
        turning = TruncatedSVD(size, random_state=0).fit(ours) if size >= 2 else None

        def features(weighted: Any) -> Floats:
            return np.asarray(weighted.toarray() if turning is None else normalize(turning.transform(weighted)), np.float32)

        parts = [self._private[i : i + _TOGETHER] for i in range(0, self._private.shape[0], _TOGETHER)]
        return features(ours), np.concatenate([features(weighing.transform(part[:, said])) for part in parts])
