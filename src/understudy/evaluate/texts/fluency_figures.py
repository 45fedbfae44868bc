"""Are the texts put together like real ones? Perplexity both ways, by models of n-grams.

*Of synthetic texts*, under a model of the real ones: high where words stand in an order that real texts do not have. *Of real texts*,
under a model of the synthetic ones: high where the synthetic texts lack what real ones say. Either alone can be fooled, by one good
sentence said a thousand times and by noise; both together cannot.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from understudy.evaluate.policy import Policy
from understudy.evaluate.result import Figure
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.yardstick import Limits, Weights, Words, figure, sampled
from understudy.text.likeness.kneser_ney import KneserNey
from understudy.text.likeness.words import Tokens

ORDER = 5


def fluency_figures(corpora: Corpora, policy: Policy, weights: Weights) -> Iterator[Figure]:
    limits = Limits(policy.perplexity_pass, policy.perplexity_warn, "ratio")
    size, level = len(corpora.vocabulary), corpora.level
    real, made, held = corpora.tokens["real"], corpora.tokens["synthetic"], corpora.tokens["holdout"]
    under_real = KneserNey(real, size, ORDER)
    yield figure(
        Words(
            "perplexity_of_synthetic", "Perplexity of synthetic texts",
            f"How many words a model of the real texts hesitates between at each word of a synthetic text (interpolated Kneser-Ney, "
            f"{ORDER} "
            "words). Fewer than for held-out real texts: the texts are more predictable than real ones, or copied.",
            1.0, "lower", scale=(0.0, 0.0), form="number",
        ),
        sampled(_perplexity(under_real, made, "synthetic", weights), _perplexity(under_real, held, "holdout", weights)),
        limits, n=len(made), n_holdout=len(held),
    )  # fmt: skip
    yield figure(
        Words(
            "perplexity_of_real", "Perplexity of real texts",
            "The other way round: held-out real texts under a model of the synthetic ones; beside it, under a model of as many real ones.",
            1.0, "lower", scale=(0.0, 0.0), form="number",
        ),
        sampled(
            _perplexity(KneserNey(made.head(level), size, ORDER), held, "holdout", weights),
            _perplexity(KneserNey(real.head(level), size, ORDER), held, "holdout", weights),
        ),
        limits, n=level, n_holdout=len(held),
    )  # fmt: skip


def _perplexity(model: KneserNey, texts: Tokens, side: str, weights: Weights) -> tuple[float, np.ndarray]:
    sums, lengths = model.log_probabilities(texts)
    value, draws = weights.ratio(side, -sums, lengths)
    return float(np.exp(value)), np.exp(draws)
