"""Counts of words and pairs of words under differential privacy: what comes out hardly depends on any one text (or any one owner's texts).

Five releases, each a sum over units (texts, or all texts of an owner) of a vector that is cut to a Euclidean norm, with normal noise from
the operating system (`core.gaussian_mechanism`): labels; pieces; words by label; pairs of words; lengths by label. Labels, pieces and pairs
are not known beforehand: only what units hold gets noise, and only what passes a threshold comes out, so high that what one unit alone
holds passes with a chance that is part of δ (Korolova et al., WWW 2009; Gopi et al., "Differentially private set union", ICML 2020).
Everything after the five releases works on them alone. A unit more or less is what is protected: (ε, δ) for adding or removing one.

What a piece becomes where it did not pass is decided by the piece and by what passed: another spelling of it, or a fill for its shape.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from understudy.core.errors import DataError
from understudy.core.gaussian_mechanism import strength_for, system_normal
from understudy.data.texts.corpus import Prepared, variant
from understudy.data.texts.fills import GLUE, default_detail, fill, is_fill, parts_of, shape_of
from understudy.data.texts.ngram.levels import Levels, Table
from understudy.data.texts.scrubbing import KINDS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

SHARES = {"labels": 0.03, "lengths": 0.05, "pieces": 0.27, "words": 0.4, "pairs": 0.25}
"""Of the squared strength of the whole."""
NORMS = {"labels": 1.0, "lengths": 1.0, "pieces": 1.0, "words": 5.0, "pairs": 5.0}
MOST_ITEMS = {"labels": 8, "pieces": 100, "pairs": 100}
UNKNOWN = {"labels": 0.1, "pieces": 0.45, "pairs": 0.45}
"""Of the half of δ that is for what is not known beforehand."""
LONGEST = 200
LENGTH_EDGES = np.unique(np.round(np.geomspace(1, LONGEST, 20)).astype(np.int64))
MOST_PAIRED = 0.5
"""Of what follows a word, at most this share comes from its pairs."""
CLEAR = 2.0
"""Counts of words below so many standard deviations of the noise say nothing: what is left of many such would drown the others."""
SHAPES = ("aa", "Aa", "AA", "aA", "??")


@dataclass
class Release:
    """What the releases are, for the record: norm, noise and threshold of each."""

    epsilon: float
    delta: float
    parts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.strength = strength_for(self.epsilon, self.delta / 2)

    def noise(self, what: str) -> float:
        """The standard deviation of a release's noise."""
        return NORMS[what] / (self.strength * math.sqrt(SHARES[what]))

    def known(self, what: str, sums: Floats) -> Floats:
        """Sums over what is known beforehand, with noise."""
        sigma = self.noise(what)
        self._tell(what, sigma, None)
        return sums + system_normal(sums.shape, sigma)

    def unknown(self, what: str, sums: Mapping[Any, float]) -> dict[Any, float]:
        """Sums over what is not known beforehand, with noise, where they pass."""
        sigma = self.noise(what)
        passes = threshold(sigma, NORMS[what], MOST_ITEMS[what], UNKNOWN[what] * self.delta / 2)
        self._tell(what, sigma, passes)
        order = sorted(sums, key=repr)
        noisy = np.array([sums[item] for item in order]) + system_normal(len(order), sigma)
        return {item: value for item, value in zip(order, noisy.tolist(), strict=True) if value >= passes}

    def _tell(self, what: str, sigma: float, passes: float | None) -> None:
        self.parts.append({"release": what, "norm": NORMS[what], "noise": round(sigma, 4), "threshold": passes and round(passes, 4)})

    def to_dict(self) -> dict[str, Any]:
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "unit": "one text, or all texts of one owner, added or removed",
            "releases": self.parts,
        }


def threshold(sigma: float, norm: float, most: int, delta: float) -> float:
    """The least sum that may come out, so that none of up to `most` items that one unit alone holds does, but with chance `delta`."""
    items = np.arange(1, most + 1)
    each = np.minimum(1.0, norm / np.sqrt(items))
    return float(np.max(each + sigma * -ndtri(delta / items)))


@dataclass
class Private:
    """What was released, as a model needs it."""

    vocabulary: list[str]
    members: tuple[Integers, Integers]
    levels: list[int]
    shares: Floats
    counts: Levels
    lengths: Floats
    release: Release


def learn(found: Prepared, epsilon: float, delta: float) -> Private:
    """Learn under (ε, δ)-differential privacy; takes no seed.

    Raises:
        DataError: too little comes out to make texts of.
    """
    release = Release(epsilon, delta)
    units = _by_unit(found.units)
    labels = release.unknown("labels", _summed(([(found.labels[i], 1.0) for i in unit] for unit in units), "labels"))
    levels = sorted(labels)
    if not levels:
        raise DataError("No label passes the noise.", remedy="Give more texts, a greater epsilon, or no label.")
    place = {level: i for i, level in enumerate(levels)}
    units = [[i for i in unit if int(found.labels[i]) in place] for unit in units]
    pieces = release.unknown(
        "pieces", _summed(([(p, 1.0) for p in sorted({p for i in unit for p in found.rows[i]})] for unit in units), "pieces")
    )
    vocabulary = _vocabulary(pieces)
    number = {piece: i for i, piece in enumerate(vocabulary)}
    texts = [[number[name] for piece in row for name in _names(piece, number)] for row in found.rows]
    text_labels = [place.get(int(label), -1) for label in found.labels]
    size = len(vocabulary)
    words = _words(release, units, texts, text_labels, (len(levels), size + 1))
    pairs = release.unknown("pairs", _summed((_pairs(unit, texts, size) for unit in units), "pairs"))
    lengths = _lengths(release, units, texts, text_labels, len(levels))
    shares = np.maximum([labels[level] for level in levels], 1e-9)
    counts = Levels.of(_tables(words, pairs, size))
    return Private(vocabulary, _members(vocabulary, pieces), levels, shares / shares.sum(), counts, lengths, release)


# -- sums over units


def _by_unit(units: Integers) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for i, unit in enumerate(units.tolist()):
        found.setdefault(unit, []).append(i)
    return list(found.values())


def _cut(items: Iterable[tuple[Hashable, float]], what: str) -> dict[Any, float]:
    """A unit's vector, of so few items and so short that no unit counts for more than another may."""
    vector: dict[Any, float] = {}
    for item, value in items:
        vector[item] = vector.get(item, 0.0) + value
    most = MOST_ITEMS.get(what)
    kept = list(vector.items())[:most]
    if most is not None:
        kept = [(item, min(1.0, value)) for item, value in kept]
    norm = math.sqrt(sum(value * value for _, value in kept))
    return {item: value * min(1.0, NORMS[what] / norm) for item, value in kept} if kept else {}


def _summed(units: Iterable[Iterable[tuple[Hashable, float]]], what: str) -> dict[Any, float]:
    total: dict[Any, float] = {}
    for unit in units:
        for item, value in _cut(unit, what).items():
            total[item] = total.get(item, 0.0) + value
    return total


def _words(release: Release, units: list[list[int]], texts: list[list[int]], labels: list[int], shape: tuple[int, int]) -> Floats:
    sums = np.zeros(shape)
    for unit in units:
        own = _cut((((labels[i], word), 1.0) for i in unit for word in [*texts[i], shape[1] - 1]), "words")
        for (label, word), value in own.items():
            sums[label, word] += value
    noisy = release.known("words", sums)
    return np.where(noisy > CLEAR * release.noise("words"), noisy, 0.0)


def _pairs(unit: list[int], texts: list[list[int]], size: int) -> list[tuple[tuple[int, int], float]]:
    """The different pairs of words of a unit, of its beginnings and ends too."""
    found = {pair for i in unit for pair in zip([size + 1, *texts[i]], [*texts[i], size], strict=True)}
    return [(pair, 1.0) for pair in sorted(found)]


def _lengths(release: Release, units: list[list[int]], texts: list[list[int]], labels: list[int], levels: int) -> Floats:
    """(levels, LONGEST + 1) shares of lengths in words."""
    sums = np.zeros((levels, len(LENGTH_EDGES)))
    step = np.maximum(np.searchsorted(LENGTH_EDGES, np.arange(LONGEST + 1), side="right") - 1, 0)
    for unit in units:
        for (label, edge), value in _cut((((labels[i], int(step[min(len(texts[i]), LONGEST)])), 1.0) for i in unit), "lengths").items():
            sums[label, edge] += value
    noisy = np.maximum(release.known("lengths", sums), 1e-3)
    spread = noisy[:, step] / np.bincount(step)[step]
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))


# -- pieces


def _vocabulary(pieces: Iterable[str]) -> list[str]:
    """What passed, and fills that are there whatever the texts."""
    fills = [fill("word", f"{'_' if space else ''}{shape}·", space) for shape in SHAPES for space in (False, True)]
    fills += [fill(kind, default_detail(kind), space) for kind in (*KINDS, "code") for space in (False, True)]
    return sorted({*pieces, *fills, GLUE})


def _names(piece: str, number: Mapping[str, int]) -> list[str]:
    """What stands for a piece."""
    if piece in number:
        return [piece]
    space = piece.startswith(" ")
    if is_fill(piece):
        kind = parts_of(piece)[0]
        return [fill(kind, default_detail(kind), space)]
    other = variant(piece, number)
    if other is not None:
        return [GLUE, other.removeprefix(GLUE)] if other.startswith(GLUE) else [other]
    bare = piece.removeprefix(" ")
    if any(character.isdigit() for character in bare):
        return [fill("code", default_detail("code"), space)]
    return [fill("word", f"{'_' if space else ''}{shape_of(bare)}·", space)]


def _members(vocabulary: Sequence[str], pieces: Mapping[str, float]) -> tuple[Integers, Integers]:
    """For each fill of a word the rarer half of what passed in its shape."""
    by_shape: dict[tuple[bool, str], list[int]] = {}
    for number, piece in enumerate(vocabulary):
        if not is_fill(piece):
            by_shape.setdefault((piece.startswith(" "), shape_of(piece.strip())), []).append(number)
    starts, members = [0], []
    for piece in vocabulary:
        if is_fill(piece) and parts_of(piece)[0] == "word":
            kind = by_shape.get((piece.startswith(" "), parts_of(piece)[1].strip("_·")), [])
            kind = sorted(kind, key=lambda n: pieces[vocabulary[n]])
            members += kind[: max(1, len(kind) // 2)]
        starts.append(len(members))
    return np.array(starts, np.int64), np.array(members, np.int64)


# -- tables


def _tables(words: Floats, pairs: Mapping[tuple[int, int], float], size: int) -> list[Table]:
    """Pairs without label, then what they leave of the words of each label, then that of all."""
    classes = len(words)
    before = words.sum(axis=0)
    before = np.append(before, before[size])  # a beginning for every end
    followers: dict[int, list[tuple[int, float]]] = {}
    for (left, right), count in sorted(pairs.items()):
        followers.setdefault(left, []).append((right, count))
    paired, table = np.zeros(size + 1), []
    for left, found in followers.items():
        total = sum(count for _, count in found)
        whole = max(before[left], total / MOST_PAIRED)
        table.append((0, (left,), [(right, count / whole) for right, count in found]))
        for right, count in found:
            paired[right] += count
    of_label = words.sum(axis=1, keepdims=True) / max(words.sum(), 1e-9)
    left_over = np.maximum(words - paired * of_label, 0.02 * words + 1e-6 * (words.sum() > 0))
    left_over[:, size] = np.maximum(left_over[:, size], 1e-6)
    by_label = [(k + 1, (), [(w, share) for w, share in enumerate(left_over[k] / left_over[k].sum()) if share > 0]) for k in range(classes)]
    whole = left_over.sum(axis=0)
    return [
        Table(2, False, table),
        Table(1, True, by_label),
        Table(1, False, [(0, (), [(w, share) for w, share in enumerate(whole / whole.sum()) if share > 0])]),
    ]
