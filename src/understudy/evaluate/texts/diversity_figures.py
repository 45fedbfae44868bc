"""Are there as many different texts, words and turns of phrase among them? Each beside as many held-out real texts.

All of these grow or fall with the number and the length of the texts, so both sides are cut to as many words or bytes where that matters
(Shaib et al. 2024; arXiv 2507.15092 shows what length does to scores of diversity).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import Floats, Side
from understudy.evaluate.result import Figure
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.space_figures import Space
from understudy.evaluate.texts.yardstick import OTHERS, Index, Limits, Statistic, Weights, Words, beside, by_halves, figure
from understudy.text.likeness.grams import grams, text_codes
from understudy.text.likeness.vectors import Rows
from understudy.text.likeness.words import Tokens, normalized

_MOST_BYTES = 400_000
_MOST_BLEU = 2_000


def diversity_figures(corpora: Corpora, space: Space, policy: Policy, weights: Weights, stream: Stream) -> Iterator[Figure]:
    lost = Limits(policy.diversity_pass, policy.diversity_warn, "share")
    level = corpora.level
    words = _level_words(corpora)
    for n in (1, 2, 3):
        yield figure(
            Words(f"distinct_{n}", f"distinct-{n}", f"Different runs of {n} words among all of them, in as many words of each set; more "
            f"is more varied.",
                  1.0, "higher", "diversity", form="share"),
            by_halves({side: _distinct(words[side], n) for side in OTHERS}, (2, len(words["synthetic"]), len(words["holdout"])),
            stream.child("distinct", n)),
            lost, n=len(words["synthetic"]), n_holdout=len(words["holdout"]),
        )  # fmt: skip
    some = corpora.some(_MOST_BLEU)
    yield figure(
        Words("self_bleu", "self-BLEU", "BLEU-4 of each text against all others of its set: how much of it the others say too; less is "
        "more varied.",
              0.0, "lower", "diversity"),
        beside(lambda side: weights.mean(side, self_bleu(corpora.tokens[side].head(some)))),
        lost, n=some, n_holdout=some,
    )  # fmt: skip
    size = min(_MOST_BYTES, *(sum(len(text.encode("utf-8", "replace")) + 1 for text in corpora.texts[side][:level]) for side in OTHERS))
    yield figure(
        Words("compression", "Compression ratio", f"Bytes over compressed bytes (zlib) of {size:,} bytes of each set; less is more varied.",
              1.0, "lower", "diversity", scale=(0.0, 0.0), form="number"),
        by_halves({side: _compression(corpora.texts[side][:level], size // 2) for side in OTHERS}, (2, level, level),
        stream.child("compression")),
        lost, n=level, n_holdout=level,
    )  # fmt: skip
    n = len(space.rows["synthetic"])
    yield figure(
        Words("vendi", "Vendi score", "How many different texts there are in effect, by the cosines of their TF-IDF features: e to the "
        "entropy of the "
              f"eigenvalues of their similarities (at most {space.rows['real'].shape[1]} here).", float(space.rows["real"].shape[1]),
              "higher", "diversity",
              scale=(0.0, 0.0), form="number"),
        by_halves({side: _vendi(space.rows[side]) for side in OTHERS}, (2, n, n), stream.child("vendi")),
        lost, n=n, n_holdout=n,
    )  # fmt: skip
    yield figure(
        Words("repeats", "Texts said before", "Share of the texts that equal an earlier one of their set, but for case and white space.",
        0.0, "lower",
              "diversity", form="share"),
        beside(lambda side: weights.share(side, _said_before(corpora.texts[side][:level]))),
        Limits(policy.verbatim_pass, policy.verbatim_fail, percent=True), n=level, n_holdout=level,
    )  # fmt: skip


def _level_words(corpora: Corpora) -> dict[Side, Tokens]:
    """The first documents of each set that hold about as many words."""
    parts = {side: corpora.tokens[side].head(corpora.level) for side in OTHERS}
    least = min(len(part.ids) for part in parts.values())
    return {side: part.head(max(2, int(np.searchsorted(part.starts, least, "right")) - 1)) for side, part in parts.items()}


def _distinct(tokens: Tokens, n: int) -> Statistic:
    found = grams(tokens, n)
    number = np.unique(found.codes, return_inverse=True)[1]

    def statistic(_: Index, documents: Index) -> float:
        chosen = np.zeros(len(tokens), np.bool_)
        chosen[documents] = True
        own = number[chosen[found.owner]]
        return float((np.bincount(own) > 0).sum() / len(own)) if len(own) else np.nan

    return statistic


def self_bleu(tokens: Tokens, order: int = 4) -> Floats:
    """(documents,) BLEU of each against all others as its references, exact: a run counts as often as that other document has it which has
    it most often. A precision of nought counts as half a hit (Chen and Cherry 2014, method 1)."""
    size = len(tokens)
    logs, known = np.zeros(size), np.zeros(size)
    for n in range(1, order + 1):
        found = grams(tokens, n)
        hits = _clipped(found.codes, found.owner, size)
        total = np.bincount(found.owner, minlength=size)
        has = total > 0
        precision = np.maximum(hits, 0.5) / np.maximum(total, 1)
        logs[has] += np.log(np.minimum(precision[has], 1.0))
        known += has
    return np.asarray(np.where(known > 0, np.exp(logs / np.maximum(known, 1)), 0.0) * _brevity(tokens.lengths))


def _clipped(codes: NDArray[np.uint64], owner: Index, size: int) -> Floats:
    """(documents,) how many of its runs some other document has as often."""
    if not len(codes):
        return np.zeros(size)
    number = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    pairs, count = np.unique(number * size + owner, return_counts=True)
    gram, document = pairs // size, pairs % size
    order = np.lexsort((-count, gram))
    gram, document, count = gram[order], document[order], count[order]
    first = np.flatnonzero(np.r_[True, np.diff(gram) != 0])
    most = count[first][gram]
    following = np.minimum(first + 1, len(gram) - 1)
    second = np.where(gram[following] == gram[first], np.where(following > first, count[following], 0), 0)
    leads = np.zeros(len(gram), np.bool_)
    leads[first] = True
    others = np.where(leads, second[gram], most)
    return np.bincount(document, weights=np.minimum(count, others), minlength=size).astype(np.float64)


def _brevity(lengths: Index) -> Floats:
    """The brevity penalty against the other document whose length is nearest."""
    ordered = np.sort(lengths)
    low = ordered[np.maximum(np.searchsorted(ordered, lengths) - 1, 0)]
    twice = np.searchsorted(ordered, lengths, "right") - np.searchsorted(ordered, lengths) > 1
    above = ordered[np.minimum(np.searchsorted(ordered, lengths, "right"), len(ordered) - 1)]
    nearest = np.where(twice, lengths, np.where(np.abs(low - lengths) <= np.abs(above - lengths), low, above))
    return np.asarray(np.where((nearest > lengths) & (lengths > 0), np.exp(1 - nearest / np.maximum(lengths, 1)), 1.0))


def _compression(texts: list[str], size: int) -> Statistic:
    """Of so many bytes of some documents, which half of them have too."""
    coded = [text.encode("utf-8", "replace") for text in texts]

    def statistic(_: Index, documents: Index) -> float:
        content = b"\n".join(coded[number] for number in documents.tolist())[:size]
        return len(content) / len(zlib.compress(content, 6))

    return statistic


def _vendi(rows: Rows) -> Statistic:
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def statistic(_: Index, documents: Index) -> float:
        some = unit[documents]
        # The eigenvalues of the similarities of all pairs are those of the small matrix of directions.
        values = np.linalg.eigvalsh(some.T @ some / len(some))
        values = values[values > 1e-12]
        return float(np.exp(-(values * np.log(values)).sum()))

    return statistic


def _said_before(texts: list[str]) -> NDArray[np.bool_]:
    codes = text_codes([normalized(text) for text in texts])
    first = np.zeros(len(codes), np.bool_)
    first[np.unique(codes, return_index=True)[1]] = True
    return ~first
