"""Every limit that a verdict uses, in one place; a report prints them all.

The limits follow the practice that is cited beside them. A gap is always synthetic minus held-out real data, so that what a finite
sample does to any table is not held against the synthetic one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Policy:
    """Tolerances. A figure passes within its limit, is warned about within twice the limit (or `..._warn`), and fails beyond."""

    shape_gap: float = 0.02  # column shapes, share of mass misplaced beyond that of real data
    pair_gap: float = 0.03  # pair trends and two-column tables
    triple_gap: float = 0.05  # three-column tables
    missing_gap: float = 0.01  # missing rates and patterns
    tail_gap: float = 0.15  # far quantiles, in interquartile ranges
    coverage_gap: float = 0.10  # levels covered
    rare_gap: float = 0.25  # rare levels covered: protection drops some on purpose
    domain_gap: float = 0.005  # share of rows outside the real domain
    decimals_gap: float = 0.001  # share of values with more decimals than the source
    heaping_gap: float = 0.02  # mass on shared values
    column_shape: float = 0.05  # a single column's gap worth a line
    single_pair: float = 0.08  # a single pair's gap worth a line
    c2st_pass: float = 0.05  # AUC above the yardstick's
    c2st_warn: float = 0.15
    utility_pass: float = 0.05  # relative loss of TSTR against TRTR
    utility_warn: float = 0.10
    agreement_gap: float = 0.20  # rank correlation of importances below that of two halves of real
    rule_broken: float = 0.0005  # share of rows breaking a rule beyond the holdout's
    auc_pass: float = 0.55  # membership AUC: upper end of the interval
    auc_fail: float = 0.60  # lower end
    auc_yardstick: float = 0.03  # or within this of the yardstick's
    tpr_fpr: float = 0.01  # the false-positive rate at which the attack is read
    tpr_pass: float = 0.02  # true-positive rate there: upper end
    tpr_fail: float = 0.03  # lower end
    dcr_alarm: float = 0.02  # DCR share: its interval excludes .5 by more than this
    copies_level: float = 0.01  # one-sided error rate of the tests on copies
    text_shape_gap: float = 0.05  # texts: lengths, words, labels, share of mass misplaced beyond that of real texts
    text_grams_gap: float = 0.02  # divergence of n-grams beyond the yardstick's, bits
    perplexity_pass: float = 0.15  # log of the perplexity above the yardstick's
    perplexity_warn: float = 0.40
    frontier_gap: float = 0.10  # frontier, density and coverage under the yardstick's
    kernel_gap: float = 0.01  # squared kernel distance above the yardstick's
    diversity_pass: float = 0.10  # share of the yardstick's diversity that is lost
    diversity_warn: float = 0.25
    label_gap: float = 0.05  # accuracy of labels under the yardstick's
    verbatim_pass: float = (
        0.03  # share of texts with a run of the training texts, beyond that of held-out texts; two thirds of one set lie up to .02 apart
    )
    verbatim_fail: float = 0.10
    personal_gap: float = 0.02  # share of texts with a personal value of a training text beyond that of held-out texts
    exposure_pass: float = 3.0  # mean exposure of canaries, bits; guessing gives 1.44

    def to_dict(self) -> dict[str, float]:
        return asdict(self)
