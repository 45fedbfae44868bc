"""One result a column: its shape, what is missing, what lies outside, its tails, its picture, and what is off in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from understudy.data.schema import ColumnSchema
from understudy.evaluate.domain import Domain
from understudy.evaluate.fidelity import Fidelity
from understudy.evaluate.grade import score_of
from understudy.evaluate.picture import label, picture
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.result import ColumnResult, GiveAway, Remade, Tail
from understudy.evaluate.tables import Column, Comparison
from understudy.evaluate.tails import PROBABILITIES

_SHOWN = 20


@dataclass(frozen=True)
class Findings:
    """What has been computed about the columns."""

    domains: Mapping[str, Domain]
    fidelity: Fidelity
    remade: Mapping[str, Remade]
    policy: Policy


def column_results(comparison: Comparison, findings: Findings) -> list[ColumnResult]:
    """In the table's order."""
    learned = {column.name: column for column in comparison.columns}
    results = []
    for entry in comparison.schema.columns:
        if entry.name in learned:
            results.append(_learned(comparison, learned[entry.name], findings))
        else:
            results.append(_other(comparison, entry, findings.remade.get(entry.name)))
    return results


def gives_away(findings: Findings, comparison: Comparison) -> list[GiveAway]:
    """Columns whose shuffling costs the two-sample test most, those that cost nothing left out."""
    test = findings.fidelity.two_sample
    if test is None:
        return []
    gained = {name: lost for name, lost in test.lost.items() if lost > 0}
    total = sum(gained.values())
    order = sorted(gained, key=lambda name: -gained[name])[:_SHOWN]
    return [
        GiveAway(column=name, auc_lost=gained[name], share=gained[name] / total, hint="; ".join(_notes(comparison.column(name), findings)))
        for name in order
    ]


def _learned(comparison: Comparison, column: Column, findings: Findings) -> ColumnResult:
    domain = findings.domains[column.name]
    missing = {side: float(column.missing(side).mean()) for side in SIDES}
    outside = {side: float(domain.outside[side].mean()) for side in SIDES}
    test = findings.fidelity.two_sample
    lost = {} if test is None else {name: max(0.0, value) for name, value in test.lost.items()}
    return ColumnResult(
        name=column.name,
        kind=column.schema.kind,
        role=column.role,
        reason=column.schema.reason,
        measure="1-KS" if column.numeric else "1-TVD",
        shape=score_of(findings.fidelity.shapes[column.name], findings.policy.column_shape),
        missing_real=missing["real"],
        missing_holdout=missing["holdout"],
        missing_synthetic=missing["synthetic"],
        out_of_domain=outside["synthetic"],
        out_of_domain_holdout=outside["holdout"],
        levels_real=domain.distinct,
        levels_covered=None if domain.covered is None else domain.covered["synthetic"],
        rare_levels=None if column.numeric else domain.rare,
        rare_covered=None if domain.rare_covered is None else domain.rare_covered["synthetic"],
        decimals_real=domain.decimals,
        decimals_broken=None if domain.finer is None else domain.finer["synthetic"],
        heaped_real=float(domain.atom_mass["real"].sum()) if len(domain.atoms) else None,
        heaped_synthetic=float(domain.atom_mass["synthetic"].sum()) if len(domain.atoms) else None,
        tails=_tails(column, findings),
        gives_away=lost.get(column.name, 0.0) / sum(lost.values()) if sum(lost.values()) > 0 else None,
        picture=picture(column),
        notes=_notes(column, findings),
    )


def _tails(column: Column, findings: Findings) -> list[Tail]:
    ends = findings.fidelity.tails
    if ends is None or column.name not in ends.quantiles:
        return []
    quantiles = ends.quantiles[column.name]
    return [Tail(probability=p, **{side: float(quantiles[side][k]) for side in SIDES}) for k, p in enumerate(PROBABILITIES)]


def _notes(column: Column, findings: Findings) -> list[str]:
    """Simple causes of unlikeness, the plainest first."""
    domain, policy = findings.domains[column.name], findings.policy
    missing = {side: float(column.missing(side).mean()) for side in SIDES}
    outside = {side: float(domain.outside[side].mean()) for side in SIDES}
    notes = []
    if domain.finer is not None and domain.finer["synthetic"] > domain.finer["holdout"] + policy.decimals_gap:
        notes.append(f"{domain.finer['synthetic']:.1%} of the values have more than the source's {domain.decimals} decimals")
    if abs(missing["synthetic"] - missing["real"]) > 2 * policy.missing_gap:
        notes.append(f"{missing['synthetic']:.1%} missing, {missing['real']:.1%} in the source")
    if outside["synthetic"] > outside["holdout"] + policy.domain_gap:
        where = "outside the source's range" if column.numeric else "of levels that the source does not have"
        notes.append(f"{outside['synthetic']:.1%} of the rows {where}")
    notes += _atom_notes(column, domain, policy)
    if domain.covered is not None and domain.covered["synthetic"] < domain.covered["holdout"] - policy.coverage_gap:
        notes.append(f"only {domain.covered['synthetic']:.0%} of the levels occur")
    return notes


def _atom_notes(column: Column, domain: Domain, policy: Policy) -> list[str]:
    if not len(domain.atoms):
        return []
    gaps = domain.atom_mass["synthetic"] - domain.atom_mass["real"]
    worst = int(abs(gaps).argmax())
    if abs(gaps[worst]) <= policy.heaping_gap:
        return []
    value = label(float(domain.atoms[worst]), column.axis)
    return [
        f"the value {value} has {domain.atom_mass['synthetic'][worst]:.1%} of the rows, {domain.atom_mass['real'][worst]:.1%} in the source"
    ]


def _other(comparison: Comparison, entry: ColumnSchema, remade: Remade | None) -> ColumnResult:
    series = {side: comparison.frames[side][entry.name] for side in SIDES}
    missing = {side: values.null_count() / max(1, len(values)) for side, values in series.items()}
    notes, outside = [], 0.0
    if entry.kind == "constant":
        outside = _other_values(series)
        if outside:
            notes.append(f"{outside:.1%} of the values are not the constant of the source")
    elif remade is not None and remade.verdict in ("fail", "warn"):
        notes.append(remade.reason)
    return ColumnResult(
        name=entry.name,
        kind=entry.kind,
        role="constant" if entry.kind == "constant" else "remade",
        reason=entry.reason,
        missing_real=missing["real"],
        missing_holdout=missing["holdout"],
        missing_synthetic=missing["synthetic"],
        out_of_domain=outside,
        remade=remade,
        notes=notes,
    )


def _other_values(series: dict[Side, pl.Series]) -> float:
    known = series["real"].drop_nulls().unique()
    made = series["synthetic"].drop_nulls()
    return float((~made.is_in(known.implode())).mean() or 0.0) if len(made) else 0.0  # type: ignore[arg-type]
