"""The figures of likeness, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from understudy.core.random import Stream
from understudy.evaluate.accuracy import accuracies
from understudy.evaluate.c2st import TwoSample, two_sample_test
from understudy.evaluate.coverage import heaping, levels_covered
from understudy.evaluate.domain import RARE, Domain
from understudy.evaluate.grade import gap_reason, grade, sampled_figure, within
from understudy.evaluate.missingness import Missing, missing_values
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import Groups, Sampled
from understudy.evaluate.result import Figure
from understudy.evaluate.shapes import shapes
from understudy.evaluate.tables import Comparison
from understudy.evaluate.tails import Tails, tails
from understudy.evaluate.trends import Trends, trends

_WORDS = {1: "One-column accuracy", 2: "Two-column accuracy", 3: "Three-column accuracy"}


@dataclass(frozen=True)
class Fidelity:
    figures: list[Figure]
    shapes: dict[str, Sampled]
    trends: Trends | None
    missing: Missing | None
    tails: Tails | None
    two_sample: TwoSample | None


def fidelity(
    comparison: Comparison, domains: Mapping[str, Domain], policy: Policy, stream: Stream, stage: Callable[[str], None]
) -> Fidelity:
    """All of it; `stage` is told what comes next."""
    groups = Groups(comparison.rows, stream)
    figures: list[Figure] = []

    def add(key: str, name: str, sampled: Sampled | None, limit: float, note: str, **form: object) -> None:
        if sampled is not None:
            rows = comparison.rows
            figures.append(sampled_figure(key, name, sampled, limit, n=rows["synthetic"], n_holdout=rows["holdout"], note=note, **form))  # type: ignore[arg-type]

    stage("columns")
    by_column = shapes(comparison, groups)
    add(
        "column_shapes",
        "Column shapes",
        Sampled.mean(list(by_column.values())),
        policy.shape_gap,
        "Mean over the columns of 1-KS (numbers) and 1-TVD (categories); 1 is best.",
    )
    stage("pairs of columns")
    pairs = trends(comparison, groups, stream)
    if pairs is not None:
        of = "" if pairs.counted >= pairs.possible else f" A random {pairs.counted:,} of {pairs.possible:,} pairs."
        how = f"1-|difference of correlations|/2 (two numbers) and 1-TVD of the two-column table (others).{of}"
        if pairs.related is not None:
            add(
                "pair_trends",
                "Pair trends, related columns",
                pairs.related,
                policy.pair_gap,
                f"Mean over the {pairs.related_counted:,} pairs that go together in the real table of {how}",
            )
        add("pair_trends_all", "Pair trends, all columns", pairs.mean, policy.pair_gap, f"Mean over all pairs of {how}")
    limits = {1: policy.shape_gap, 2: policy.pair_gap, 3: policy.triple_gap}
    for columns, (sampled, counted) in accuracies(comparison, groups, stream).items():
        add(
            f"accuracy_{columns}",
            _WORDS[columns],
            sampled,
            limits[columns],
            f"Mean overlap of {counted:,} tables of {columns} decile-binned column{'s' if columns > 1 else ''}.",
        )
    stage("telling tables apart")
    test = two_sample_test(comparison, stream.child("c2st"))
    if test is not None:
        figures.append(_c2st_figure(test, policy))
    stage("tails, levels, missing values")
    missing = missing_values(comparison, groups)
    if missing is not None:
        add(
            "missing_rates",
            "Missing rates, error",
            missing.rate_error,
            policy.missing_gap,
            "Mean absolute difference of the columns' missing rates.",
            error=True,
        )
        add(
            "missing_patterns",
            "Missing patterns",
            missing.pattern_overlap,
            policy.shape_gap,
            "Overlap of the combinations of columns that are missing together.",
        )
    ends = tails(comparison, groups)
    if ends is not None:
        add(
            "tail_error",
            "Tails, error",
            ends.error,
            policy.tail_gap,
            "Mean distance of the .1 %, 1 %, 99 % and 99.9 % points, in interquartile ranges.",
            error=True,
            scale=(0.0, 10.0),
            percent=False,
        )
    add(
        "levels_covered",
        "Levels covered",
        levels_covered(comparison, groups),
        policy.coverage_gap,
        "Share of the real categories that occur, mean over columns.",
    )
    add(
        "rare_levels_covered",
        "Rare levels covered",
        levels_covered(comparison, groups, rare_below=RARE),
        policy.rare_gap,
        "The same for categories of under 1 % of the rows; a protected model drops some of them on purpose.",
    )
    add(
        "heaping",
        "Shared values kept",
        heaping(comparison, domains, groups),
        policy.heaping_gap,
        "Overlap of the mass on values that at least 1 % of the real rows share: zeros, caps, round numbers.",
    )
    return Fidelity(figures, by_column, pairs, missing, ends, test)


def _c2st_figure(test: TwoSample, policy: Policy) -> Figure:
    # A yardstick under .5 is chance, not a better standard.
    standard = max(0.5, test.holdout.value)
    excess = test.synthetic.value - standard
    reach = 1.96 * (test.synthetic.standard_error**2 + test.holdout.standard_error**2) ** 0.5
    ends = (excess - reach, excess + reach)
    verdict = grade(excess, ends, policy.c2st_pass, policy.c2st_warn)
    reason = gap_reason(verdict, excess, ends, policy.c2st_pass, percent=False, unit=" of AUC")
    if verdict != "undecided" and excess <= 0:
        reason = "A classifier cannot tell synthetic rows from real ones."
    return Figure(
        key="c2st_auc",
        name="Told apart from real (AUC)",
        family="fidelity",
        value=test.synthetic.value,
        interval=within(test.synthetic.interval),
        holdout=test.holdout.value,
        holdout_interval=within(test.holdout.interval),
        gap=excess,
        gap_interval=ends,
        best=0.5,
        better="closer",
        scale=(0.4, 1.0),
        form="score",
        n=test.rows,
        n_holdout=test.rows,
        verdict=verdict,
        reason=reason,
        note="Boosted trees, five folds, as many synthetic as held-out real rows; .5: cannot be told apart. Equal rows share a fold.",
    )
