"""Rules that hold in the real table: are they kept? And does every value lie where real values lie?

The rules are the schema's constraints: those that a person declared and those that were found to hold on every real row. What held-out real
rows break of them is the measure, because a rule that held by luck is broken by fresh rows as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from understudy.data.breaches import commonest
from understudy.data.constraints import (
    Combinations,
    Constraint,
    Dependency,
    check,
    columns_of,
    discover,
    in_words,
    mapping_key,
)
from understudy.data.table import as_table
from understudy.evaluate.closeness import Share
from understudy.evaluate.domain import Domain
from understudy.evaluate.membership import clopper_pearson
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.result import Figure, RuleResult, Verdict
from understudy.evaluate.tables import Comparison


def rule_results(comparison: Comparison, policy: Policy) -> list[RuleResult]:
    """Every rule with the share of rows of each table that break it, most broken first."""
    schema = comparison.schema
    constraints = schema.constraints or discover(as_table(comparison.frames["real"], schema), schema)
    results = [_result(comparison, constraint, policy) for constraint in constraints]
    return sorted(results, key=lambda result: -(result.synthetic - (result.holdout or 0.0)))


def rules_figures(comparison: Comparison, rules: Sequence[RuleResult], domains: Mapping[str, Domain], policy: Policy) -> list[Figure]:
    figures = [_domain_figure(comparison, domains, policy)]
    decimals = {name: domain.finer for name, domain in domains.items() if domain.finer is not None}
    if decimals:
        figures.append(_decimals_figure(comparison, decimals, policy))
    if rules:
        figures.append(_worst_rule_figure(comparison, rules))
    return figures


def _result(comparison: Comparison, constraint: Constraint, policy: Policy) -> RuleResult:
    real = comparison.frames["real"]
    mappings = {mapping_key(constraint): known} if (known := _known(real, constraint)) is not None else None
    broken = {side: check(comparison.frames[side], [constraint], mappings, comparison.schema)[0] for side in SIDES}
    share = {side: broken[side] / max(1, comparison.rows[side]) for side in SIDES}
    return RuleResult(
        rule=in_words(constraint),
        columns=columns_of(constraint),
        source="found" if constraint.rows_checked else "schema",
        real=share["real"],
        holdout=share["holdout"],
        synthetic=share["synthetic"],
        verdict=_rule_verdict(broken, comparison.rows, policy),
    )


def _known(real: pl.DataFrame, rule: Constraint) -> pl.DataFrame | None:
    """What the real table says is right: the commonest dependent of every determinant, or the combinations that occur."""
    if isinstance(rule, Combinations):
        return real.select(rule.columns).unique(maintain_order=True)
    if not isinstance(rule, Dependency):
        return None
    return commonest(real, rule)


def _rule_verdict(broken: Mapping[Side, int], rows: Mapping[Side, int], policy: Policy) -> Verdict:
    made, held = broken["synthetic"] / max(1, rows["synthetic"]), broken["holdout"] / max(1, rows["holdout"])
    if made <= held + policy.rule_broken:
        return "pass"
    table = [[broken[side], rows[side] - broken[side]] for side in ("synthetic", "holdout")]
    if fisher_exact(table, alternative="greater").pvalue > policy.copies_level:
        return "pass"
    return "fail" if made > held + 10 * policy.rule_broken else "warn"


def _domain_figure(comparison: Comparison, domains: Mapping[str, Domain], policy: Policy) -> Figure:
    share = {side: _share(np.logical_or.reduce([domain.outside[side] for domain in domains.values()])) for side in SIDES}
    made, held = share["synthetic"], share["holdout"]
    columns = sorted(domains, key=lambda name: -float(domains[name].outside["synthetic"].mean()))
    excess = made.value - held.value
    beyond = made.interval[0] > held.interval[1] and excess > policy.domain_gap
    verdict: Verdict = "pass" if not beyond else "fail" if excess > 20 * policy.domain_gap else "warn"
    reason = (
        "Values lie where real values lie."
        if not beyond
        else f'{made.value:.1%} of the rows, most by "{columns[0]}"; {held.value:.1%} of held-out rows.'
    )
    return _figure(
        "out_of_domain",
        "Rows outside the real domain",
        made,
        held,
        verdict,
        reason,
        "Rows with a number beyond the real range, a level that no real row has, or a missing value where the real column has none.",
    )


def _decimals_figure(comparison: Comparison, decimals: Mapping[str, dict[Side, float]], policy: Policy) -> Figure:
    name = max(decimals, key=lambda column: decimals[column]["synthetic"] - decimals[column]["holdout"])
    column = comparison.column(name)
    share = {side: _of(decimals[name][side], len(column.present(side))) for side in SIDES}
    beyond = share["synthetic"].value > share["holdout"].value + policy.decimals_gap
    verdict: Verdict = "pass" if not beyond else "fail" if share["synthetic"].value > 0.05 else "warn"
    reason = (
        f'{share["synthetic"].value:.1%} of "{name}" have more decimals than the source.'
        if beyond
        else "No value has more decimals than its source."
    )
    return _figure(
        "decimals_broken",
        "Values with too many decimals",
        share["synthetic"],
        share["holdout"],
        verdict,
        reason,
        "Of the worst numeric column; such digits give every synthetic row away.",
    )


def _worst_rule_figure(comparison: Comparison, rules: Sequence[RuleResult]) -> Figure:
    gravity = {"fail": 2, "warn": 1}
    rule = max(rules, key=lambda entry: (gravity.get(entry.verdict, 0), entry.synthetic - (entry.holdout or 0.0)))
    made, held = _of(rule.synthetic, comparison.rows["synthetic"]), _of(rule.holdout or 0.0, comparison.rows["holdout"])
    broken = sum(entry.verdict in gravity for entry in rules)
    reason = (
        f"All {len(rules)} rules are kept as well as by real rows."
        if not broken
        else f"{broken} of {len(rules)} rules are broken; worst: {rule.rule}."
    )
    return _figure(
        "rules_broken",
        "Rows breaking the worst-kept rule",
        made,
        held,
        rule.verdict,
        reason,
        f"Share of rows that break the rule kept worst, of {len(rules)} rules.",
    )


def _figure(key: str, name: str, made: Share, held: Share, verdict: Verdict, reason: str, note: str) -> Figure:
    return Figure(
        key=key,
        name=name,
        family="rules",
        value=made.value,
        interval=made.interval,
        holdout=held.value,
        holdout_interval=held.interval,
        gap=made.value - held.value,
        best=0.0,
        better="lower",
        scale=(0.0, max(0.01, min(1.0, 1.2 * max(made.value, held.value)))),
        form="share",
        n=made.n,
        n_holdout=held.n,
        verdict=verdict,
        reason=reason,
        note=note,
    )


def _share(flags: NDArray[np.bool_]) -> Share:
    return _of(float(flags.mean()), len(flags))


def _of(value: float, n: int) -> Share:
    hits = round(value * n)
    return Share(value, clopper_pearson(hits, max(1, n)), hits, n)
