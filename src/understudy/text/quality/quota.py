"""Variety: texts spread over what real texts are about, and no kind of them far beyond its share.

Real texts are put into clusters by their TF-IDF features; each synthetic text belongs to the nearest. `coverage` tells which clusters are
there, the filter `quota` drops what goes beyond a multiple of a cluster's share, and `redraw` draws again until the numbers are met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from understudy.core.errors import ArgumentError
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.text.likeness.vectors import Directions, Tfidf, bag
from understudy.text.likeness.words import characters
from understudy.text.quality.batch import Batch, Index, Materials
from understudy.text.quality.filter import Filter, Reasons

_DIRECTIONS = 48


class Quota(Filter):
    """Texts of a kind of which there are enough. clusters: how many kinds real texts are put into. most: times their share there."""

    clusters: int = Field(default=20, ge=2)
    most: float = Field(default=2.0, gt=0)

    def missing(self, materials: Materials) -> str | None:
        if materials.real is None:
            return "Pass the real texts: sift(…, real=…)."
        few = len(materials.real.texts) < 2 * self.clusters
        return f"{self.clusters} clusters need {2 * self.clusters} real texts or more: lower clusters." if few else None

    def reasons(self, batch: Batch) -> Reasons:
        real, made = clustered(batch.real.texts, batch.texts, self.clusters, batch.materials.seed)
        share = np.bincount(real, minlength=self.clusters) / len(real)
        room = np.maximum(1, np.floor(self.most * share * len(batch)))
        found: Reasons = []
        for cluster in made.tolist():
            room[cluster] -= 1
            found.append(
                None if room[cluster] >= 0 else f"more than {self.most:g} times the share that real texts of its kind have (kind {cluster})"
            )
        return found


class KindsCovered(Filter):
    """Drops nothing, and tells which share of the real texts is of a kind that there are made ones of.

    clusters: how many kinds real texts are put into. wanted: the share from which nothing more is said.
    """

    clusters: int = Field(default=20, ge=2)
    wanted: float = Field(default=0.9, gt=0, le=1)

    @classmethod
    def kind(cls) -> str:
        return "coverage"

    def missing(self, materials: Materials) -> str | None:
        return Quota(clusters=self.clusters).missing(materials)

    def reasons(self, batch: Batch) -> Reasons:
        return [None] * len(batch)

    def notes(self, batch: Batch) -> list[str]:
        found = coverage(batch.real.texts, batch.texts, self.clusters, batch.materials.seed)
        empty = sum(real > 0 and made == 0 for real, made in zip(found.real, found.synthetic, strict=True))
        told = f"The texts are of kinds that {found.covered:.0%} of the real ones have ({empty} of {self.clusters} kinds have none)"
        return [f"{told}." if found.covered >= self.wanted else f"{told}, less than the {self.wanted:.0%} wanted: ask for more variety."]


@dataclass(frozen=True)
class Coverage:
    """real, synthetic: the share of each cluster. covered: of the real texts, the share whose cluster has a synthetic text."""

    real: list[float]
    synthetic: list[float]
    covered: float


def coverage(real: Sequence[str], synthetic: Sequence[str], clusters: int = 20, seed: int = 0) -> Coverage:
    """Which kinds of real texts the synthetic ones cover."""
    mine, theirs = clustered(list(real), list(synthetic), clusters, seed)
    shares = [np.bincount(part, minlength=clusters) / max(len(part), 1) for part in (mine, theirs)]
    return Coverage(shares[0].tolist(), shares[1].tolist(), float(shares[0][shares[1] > 0].sum()))


def clustered(real: list[str], other: list[str], clusters: int, seed: int) -> tuple[Index, Index]:
    """The cluster of each real text and of each other one; clusters are found among the real ones."""
    from sklearn.cluster import KMeans

    stream = Stream(seed).child("kinds of texts")
    counts = [bag(characters(texts), (3, 4), bits=16) for texts in (real, other)]
    tfidf = Tfidf(counts[0])
    known = tfidf(counts[0])
    directions = Directions(known, _DIRECTIONS, stream)
    number = int(stream.child("clusters").generator().integers(2**31))
    model = KMeans(clusters, n_init=2, random_state=number).fit(directions(known))
    made = model.predict(directions(tfidf(counts[1]))) if other else np.zeros(0, np.int64)
    return model.labels_.astype(np.int64), made.astype(np.int64)


Draw = Callable[[int, str | None, int], pl.DataFrame]
"""So many rows, of that label (None: any), of which so many were drawn before."""


def draws_of(generator: Generator, label: str | None, seed: int = 0) -> Draw:
    """Rows of a generator of texts, each drawn once; of a label by `given`."""

    def draw(count: int, wanted: str | None, before: int) -> pl.DataFrame:
        given = None if wanted is None or label is None else {label: wanted}
        frames: list[pl.DataFrame] = list(generator.stream(count, seed=seed, given=given, start=before))
        return pl.concat(frames)

    return draw


def wanted_by_label(wanted: int | Mapping[str, int]) -> dict[str | None, int]:
    """How many rows of each label; None where any will do."""
    found: dict[str | None, int] = {None: wanted} if isinstance(wanted, int) else {name: count for name, count in wanted.items()}  # noqa: C416
    if not found or min(found.values()) < 1:
        raise ArgumentError(f"Rows to be drawn are 1 or more, not {wanted!r}.", where="wanted")
    return found
