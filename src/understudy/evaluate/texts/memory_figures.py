"""Do the texts give training texts away? Copies, near copies, long runs of the same words, recognition of training texts, personal data.

Each stands beside the same for held-out real texts, which say what training texts say too: greetings, quotations, set phrases. The alarms
can show a leak; they cannot prove that there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import fisher_exact

from understudy.core.random import Stream
from understudy.evaluate.copies import copies_of, repeats_of
from understudy.evaluate.membership import Attack, Attacks, clopper_pearson
from understudy.evaluate.policy import Policy
from understudy.evaluate.privacy import NO_HOLDOUT, auc_figure, blank, copies_figure, repeats_figure, tpr_figure
from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.result import Curve, Figure, Verdict
from understudy.evaluate.texts.personal import personal_figures
from understudy.evaluate.texts.reading import Corpora
from understudy.evaluate.texts.result import SharedRun
from understudy.evaluate.texts.yardstick import OTHERS, Limits, Weights, Words, beside, figure, sampled
from understudy.text.likeness.grams import Grams, grams, text_codes
from understudy.text.likeness.minhash import near_in, shingles
from understudy.text.likeness.runs import Runs, longest_runs
from understudy.text.likeness.vectors import Sparse, Tfidf, nearest_likeness
from understudy.text.likeness.words import Tokens, normalized

NEAR = 0.8
_MOST_QUERIES = 2_000
_QUANTILES = 101
_SHOWN_RUNS = 10
_LEAST_SHOWN = 8
_LEAST = 20


@dataclass(frozen=True)
class Memory:
    figures: list[Figure]
    runs: Curve
    longest: list[SharedRun]


def memory(corpora: Corpora, policy: Policy, weights: Weights, stream: Stream) -> Memory:
    reference, keys = corpora.tokens["real"], _keys(corpora)
    together = longest_runs(reference, Tokens.joined([corpora.tokens[side] for side in OTHERS]))
    middle = corpora.count("synthetic")
    made, held = (
        Runs(together.length[part], together.start[part], together.source[part]) for part in (slice(None, middle), slice(middle, None))
    )
    figures = [
        _named(copies_figure(copies_of(keys, stream), policy, withheld=corpora.withheld), "Texts that equal a training text, but for case "
        "and white space."),
        _named(repeats_figure(repeats_of(keys, policy.copies_level), {side: corpora.count(side) for side in SIDES}),
               "Share of texts that repeat a text which is rare or absent among the real ones, beyond the number that chance allows."),
        _near_copies(corpora, keys, policy),
        *_verbatim(corpora, policy, weights),
        _long_runs(made, held, policy, weights),
        *_recognised(corpora, policy, stream),
        *personal_figures(corpora, policy, weights),
    ]  # fmt: skip
    if not corpora.withheld:
        figures = [_undecided(found) for found in figures]
    return Memory([in_texts(found) for found in figures], _curve(made, held), _longest(corpora, made))


def in_texts(found: Figure) -> Figure:
    """A figure that tables have too, in the words of texts."""
    replaced = (("synthetic table", "synthetic texts"), ("real table", "real texts"), ("rows", "texts"), ("row", "text"))
    content = {}
    for name in ("name", "reason", "note"):
        words = getattr(found, name)
        for old, new in replaced:
            words = words.replace(old, new)
        content[name] = words
    return found.model_copy(update=content)


def _keys(corpora: Corpora) -> dict[Side, NDArray[np.int64]]:
    codes = text_codes([normalized(text) for side in SIDES for text in corpora.texts[side]])
    ends = np.cumsum([0, *(corpora.count(side) for side in SIDES)])
    return {side: codes[ends[place] : ends[place + 1]] for place, side in enumerate(SIDES)}


def _named(found: Figure, note: str) -> Figure:
    return found.model_copy(update={"note": note})


def _near_copies(corpora: Corpora, keys: dict[Side, NDArray[np.int64]], policy: Policy) -> Figure:
    """Not those that are copies to the letter."""
    sets = {side: shingles(corpora.tokens[side]) for side in SIDES}
    known = np.unique(keys["real"])
    near = {side: (near_in(sets[side], sets["real"], NEAR)[0] > 0) & ~np.isin(keys[side], known) for side in OTHERS}
    hits = {side: int(flags.sum()) for side, flags in near.items()}
    n = {side: corpora.count(side) for side in OTHERS}
    share = {side: hits[side] / n[side] for side in OTHERS}
    chance = float(fisher_exact([[hits[side], n[side] - hits[side]] for side in OTHERS], alternative="greater").pvalue)
    gap = share["synthetic"] - share["holdout"]
    verdict: Verdict = "pass"
    reason = f"{share['synthetic']:.2%}, no more than chance: {share['holdout']:.2%} of held-out real texts."
    if chance < policy.copies_level and gap > 0:
        verdict = "fail" if gap > policy.verbatim_pass else "warn"
        reason = (
            f"{share['synthetic']:.2%} of the synthetic texts are nearly a training text; {share['holdout']:.2%} of held-out real texts."
        )
    return Figure(
        key="near_copies", name="Near copies of training texts", family="privacy", value=share["synthetic"],
        interval=clopper_pearson(hits["synthetic"], n["synthetic"]), holdout=share["holdout"],
        holdout_interval=clopper_pearson(hits["holdout"], n["holdout"]), gap=gap, best=0.0, better="lower",
        scale=(0.0, max(0.01, 1.2 * max(share.values()))), form="share", n=n["synthetic"], n_holdout=n["holdout"], verdict=verdict,
        reason=reason,
        note=f"Texts whose set of runs of three words has a Jaccard similarity of {NEAR} or more with that of a training text, and that "
        f"are no exact copy.",
    )  # fmt: skip


def _verbatim(corpora: Corpora, policy: Policy, weights: Weights) -> list[Figure]:
    return [_passages(corpora, n, policy, weights) for n in (8, 13)]


def _passages(corpora: Corpora, n: int, policy: Policy, weights: Weights) -> Figure:
    """Texts with a run of n words that exactly one training text has."""
    known, texts = _spread(grams(corpora.tokens["real"], n))
    found = {}
    for side in OTHERS:
        runs = grams(corpora.tokens[side], n)
        shared = runs.owner[np.isin(runs.codes, known[texts == 1])]
        found[side] = np.bincount(shared, minlength=corpora.count(side)) > 0, corpora.tokens[side].lengths >= n
    words = Words(
        f"verbatim_{n}", f"Texts with {n} words on end of a training text",
        f"Share, of the texts of {n} words or more, that have a run of {n} words which exactly one training text has: set phrases that "
        "several have are left out.",
        0.0, "lower", "privacy", (0.0, 1.0), "share",
    )  # fmt: skip
    if not all(found[side][1].any() for side in OTHERS):
        return Figure(key=words.key, name=words.name, family="privacy", value=None, best=0.0, better="lower", form="share", note=words.note,
                      reason=f"No text has {n} words.")  # fmt: skip
    return figure(
        words, beside(lambda side: weights.share(side, *found[side])),
        Limits(policy.verbatim_pass, policy.verbatim_fail, percent=True, sure=True),
        n=int(found["synthetic"][1].sum()), n_holdout=int(found["holdout"][1].sum()),
    )  # fmt: skip


def _spread(runs: Grams) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Each different run, and how many texts have it."""
    order = np.lexsort((runs.owner, runs.codes))
    codes, owner = runs.codes[order], runs.owner[order]
    new = np.ones(len(codes), np.bool_)
    new[1:] = (codes[1:] != codes[:-1]) | (owner[1:] != owner[:-1])
    known, count = np.unique(codes[new], return_counts=True)
    return known, count


def _long_runs(made: Runs, held: Runs, policy: Policy, weights: Weights) -> Figure:
    edge = int(np.quantile(held.length, 0.99, method="higher"))
    return figure(
        Words(
            "longest_run", "Longer runs of training texts than almost any real text has",
            f"Share of the texts whose longest run of words in common with a training text is longer than {edge} words, which 99 % of "
            f"held-out real "
            "texts stay within.",
            0.0, "lower", "privacy", (0.0, 1.0), "share",
        ),
        sampled(weights.share("synthetic", made.length > edge), weights.share("holdout", held.length > edge)),
        Limits(policy.verbatim_pass, policy.verbatim_fail, percent=True, sure=True), n=len(made.length), n_holdout=len(held.length),
    )  # fmt: skip


def _curve(made: Runs, held: Runs) -> Curve:
    at = np.linspace(0, 1, _QUANTILES)
    quantiles = [[float(value) for value in np.quantile(runs.length, at)] for runs in (made, held)]
    return Curve(probabilities=[round(float(p), 4) for p in at], synthetic=quantiles[0], holdout=quantiles[1])


def _longest(corpora: Corpora, made: Runs) -> list[SharedRun]:
    order = np.argsort(-made.length, kind="stable")[:_SHOWN_RUNS].tolist()
    return [
        SharedRun(words=int(made.length[k]), row=int(corpora.rows["synthetic"][k]), training_row=int(corpora.rows["real"][made.source[k]]))
        for k in order
        if made.length[k] >= _LEAST_SHOWN
    ]


def _recognised(corpora: Corpora, policy: Policy, stream: Stream) -> list[Figure]:
    """The attack of `membership` by cosines of TF-IDF vectors: a text that was trained on lies nearer to the synthetic texts, set against
    its distance to texts that nobody trained on."""
    if min(corpora.count(side) for side in SIDES) < _LEAST:
        return [blank(key, name, f"Too few texts: at least {_LEAST} of each set are needed.") for key, name in _NAMES]
    tfidf = Tfidf(sparse.vstack([corpora.bags[side] for side in SIDES], format="csr"))
    members, made, others = (tfidf(corpora.bags[side]) for side in ("real", "synthetic", "holdout"))
    members = members[:_MOST_QUERIES]
    middle = others.shape[0] // 2
    halves = others[:middle], others[middle:]
    asked = [half[:_MOST_QUERIES] for half in halves]
    apart = members[: members.shape[0] // 2], members[members.shape[0] // 2 :]
    reference = [
        np.concatenate([_far(part, half) for part, half in zip(apart, halves, strict=True)]),
        _far(asked[0], halves[1]),
        _far(asked[1], halves[0]),
    ]
    near = [_far(part, made) for part in (members, *asked)]
    tiny = 0.02
    scores = [np.log(far + tiny) - np.log(close + tiny) for far, close in zip(reference, near, strict=True)]
    attacks = Attacks(stream.child("recognised"), policy.tpr_fpr)

    def both(name: str, values: list[NDArray[np.float64]]) -> tuple[Attack, Attack]:
        return attacks.attack(name, values[0], np.concatenate(values[1:])), attacks.attack(f"{name} null", values[1], values[2])

    plain, calibrated = both("distance", [-value for value in near]), both("ratio", scores)
    return [
        auc_figure(
            *_NAMES[0], *plain, policy, "Are training texts nearer to the synthetic ones than held-out texts? .5: no better than guessing."
        ),
        auc_figure(
            *_NAMES[1],
            *calibrated,
            policy,
            "Distance to the nearest synthetic text against the distance to the nearest of other held-out texts.",
        ),
        tpr_figure(*calibrated, policy),
    ]


_NAMES = (
    ("membership_auc", "Training rows recognised (AUC)"),
    ("membership_ratio_auc", "The same, calibrated (AUC)"),
    ("membership_tpr", "Training rows found at 1 % false alarms"),
)


def _far(queries: Sparse, base: Sparse) -> NDArray[np.float64]:
    return np.maximum(1 - nearest_likeness(queries, base), 0.0)


def _undecided(found: Figure) -> Figure:
    """Without held-out texts only a copy of what the model learned can be seen, and not what chance does."""
    if found.key in ("exact_copies", "repeated_rows", "personal_rate"):
        return found
    return found.model_copy(update={"verdict": "undecided", "reason": NO_HOLDOUT})
