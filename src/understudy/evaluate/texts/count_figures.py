"""Are lengths, words and runs of words as frequent as in real texts? Distances between counts, with a joint bootstrap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.grade import sampled_figure
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, Side, Statistic, one_minus_ks, overlap
from understudy.evaluate.result import Cell, Figure, Picture
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.result import WordUse
from understudy.text.likeness.grams import grams, mixed
from understudy.text.likeness.words import Tokens

_CELLS = 3_000  # n-grams counted by themselves; the rarer ones share cells
_SHARED = 1_000
_LENGTHS = 200
_SHOWN = 12
_BINS = 30
Index = NDArray[np.int64]


def count_figures(corpora: Corpora, policy: Policy, stream: Stream) -> Iterator[Figure]:
    """Lengths in words and characters, the vocabulary, runs of two and three words."""
    groups = Groups({"real": corpora.count("real"), "synthetic": corpora.level, "holdout": corpora.level}, stream)
    for found in _counted(corpora, groups, policy):
        # As many synthetic as held-out texts were counted, so there is no other number to match.
        yield found.model_copy(update={"matched": None})


def _counted(corpora: Corpora, groups: Groups, policy: Policy) -> Iterator[Figure]:
    yield _lengths(corpora, groups, policy, "words", corpora.tokens)
    yield _lengths(corpora, groups, policy, "characters", corpora.letters)
    yield _vocabulary(corpora, groups, policy)
    for n in (1, 2, 3):
        yield _divergence(corpora, groups, policy, n)


def _lengths(corpora: Corpora, groups: Groups, policy: Policy, unit: str, tokens: dict[Side, Tokens]) -> Figure:
    lengths = {side: tokens[side].lengths[: groups.rows[side]] for side in SIDES}
    edges = np.unique(np.quantile(np.concatenate(list(lengths.values())), np.linspace(0, 1, _LENGTHS), method="nearest"))
    counts = {side: groups.counts(side, np.searchsorted(edges, lengths[side]), len(edges)) for side in SIDES}
    return sampled_figure(
        f"length_{unit}", f"Lengths in {unit}", groups.sampled(counts, one_minus_ks), policy.text_shape_gap,
        n=corpora.level, n_holdout=corpora.level,
        note=f"One minus the largest gap between the two cumulative curves of lengths in {unit} (1-KS); 1 is best.",
    )  # fmt: skip


def _vocabulary(corpora: Corpora, groups: Groups, policy: Policy) -> Figure:
    return sampled_figure(
        "vocabulary", "Words used as often", _gram_counts(corpora, groups, 1, overlap), policy.text_shape_gap,
        n=corpora.level, n_holdout=corpora.level,
        note="One minus the share of words that would have to be exchanged (1-TVD); 1 is best. Samples of texts never agree wholly.",
    )  # fmt: skip


def _divergence(corpora: Corpora, groups: Groups, policy: Policy, n: int) -> Figure:
    runs = {1: "words", 2: "pairs of words", 3: "runs of three words"}[n]
    return sampled_figure(
        f"ngram_js_{n}", f"Divergence of {runs}", _gram_counts(corpora, groups, n, jensen_shannon), policy.text_grams_gap, error=True,
        n=corpora.level, n_holdout=corpora.level, percent=False,
        note=f"Jensen-Shannon divergence of the frequencies of {runs}, in bits: 0 alike, 1 nothing in common. The {_CELLS:,} most frequent "
        "are counted by themselves, the others in shared cells.",
    )  # fmt: skip


def _gram_counts(corpora: Corpora, groups: Groups, n: int, statistic: Statistic) -> Sampled:
    found = {side: grams(corpora.tokens[side].head(groups.rows[side]), n) for side in SIDES}
    codes, number, counted = np.unique(np.concatenate([found[side].codes for side in SIDES]), return_inverse=True, return_counts=True)
    if not len(codes):
        return Sampled(np.nan, np.nan, np.nan, np.full(1, np.nan), np.full(1, np.nan))
    own = np.argsort(-counted, kind="stable")[:_CELLS]
    cell = len(own) + (mixed(codes) % np.uint64(_SHARED)).astype(np.int64)
    cell[own] = np.arange(len(own))
    cells, ends = len(own) + _SHARED, np.cumsum([0, *(len(found[side].codes) for side in SIDES)])
    counts = {}
    for place, side in enumerate(SIDES):
        member = groups.member[side][found[side].owner]
        flat = np.bincount(member * cells + cell[number[ends[place] : ends[place + 1]]], minlength=groups.size[side] * cells)
        counts[side] = flat.reshape(groups.size[side], cells).astype(np.float32)
    return groups.sampled(counts, statistic)


def jensen_shannon(real: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
    """In bits (Lin 1991)."""
    middle = (real + other) / 2

    def apart(one: NDArray[np.float32]) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(one > 0, one * np.log2(one / middle), 0.0).sum(axis=-1), np.float64)

    return np.asarray((apart(real) + apart(other)) / 2)


def length_picture(corpora: Corpora) -> Picture:
    """Lengths in words, as counts on shared bins."""
    lengths = {side: corpora.tokens[side].lengths for side in SIDES}
    together = np.concatenate(list(lengths.values()))
    top = max(float(np.quantile(together, 0.995)), 1.0)
    width = max(1, int(np.ceil(top / _BINS)))
    edges = np.arange(0, top + width, width).astype(np.int64)
    counts = {side: np.histogram(np.minimum(lengths[side], edges[-1]), edges)[0] for side in SIDES}
    cells = [
        Cell(
            label=f"{low}" if width == 1 else f"{low}-{low + width - 1}", low=float(low), high=float(low + width),
            real=int(counts["real"][k]), holdout=int(counts["holdout"][k]), synthetic=int(counts["synthetic"][k]),
        )
        for k, low in enumerate(edges[:-1].tolist())
    ]  # fmt: skip
    totals = {side: int(counts[side].sum()) for side in SIDES}
    return Picture(
        form="histogram", axis="number", cells=cells, total_real=totals["real"], total_holdout=totals["holdout"],
        total_synthetic=totals["synthetic"],
    )  # fmt: skip


def telling_words(corpora: Corpora) -> list[WordUse]:
    """The words that are used too often and too seldom, most telling first: log odds over their standard error, with the frequencies of
    all texts as prior (Monroe et al. 2008)."""
    size = len(corpora.vocabulary)
    count = {side: np.bincount(corpora.tokens[side].ids, minlength=size).astype(np.float64) for side in SIDES}
    total = {side: max(float(count[side].sum()), 1.0) for side in SIDES}
    prior = np.sum(list(count.values()), axis=0)
    prior = prior / max(float(prior.sum()), 1.0) * 1_000 + 1e-9
    mass = float(prior.sum())

    def odds(side: Side) -> Floats:
        return np.asarray(np.log((count[side] + prior) / (total[side] + mass - count[side] - prior)))

    score = (odds("synthetic") - odds("real")) / np.sqrt(1 / (count["synthetic"] + prior) + 1 / (count["real"] + prior))
    # A word of a single real text stays where it is: the page may be shown to others.
    spread = np.bincount(np.unique(np.stack([corpora.tokens["real"].owner, corpora.tokens["real"].ids]), axis=1)[1], minlength=size)
    known = (count["synthetic"] >= 5) | (spread >= 5)
    order = [number for number in np.argsort(-np.abs(score), kind="stable").tolist() if known[number] and abs(score[number]) > 2.6]
    words = corpora.vocabulary.words
    often = [number for number in order if score[number] > 0][:_SHOWN]
    seldom = [number for number in order if score[number] < 0][:_SHOWN]
    return [
        WordUse(
            word=words[number], score=float(score[number]),
            **{side: float(count[side][number] / total[side]) for side in SIDES},
        )
        for number in [*often, *seldom]
    ]  # fmt: skip
