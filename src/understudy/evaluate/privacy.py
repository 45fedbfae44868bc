"""The privacy alarm in figures. It can show a leak; it cannot prove that there is none, and says so.

Verdict: membership decides (both attacks, AUC and true-positive rate at few false positives), and copies beyond what held-out rows show.
Distances raise warnings only. Without held-out rows that the model never saw, nothing is decided except copies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from understudy.core.random import Stream
from understudy.evaluate.closeness import Closeness, closeness
from understudy.evaluate.copies import Copies, Repeats, copies, repeats
from understudy.evaluate.grade import within
from understudy.evaluate.membership import Attack, membership
from understudy.evaluate.policy import Policy
from understudy.evaluate.proximity import Space, space
from understudy.evaluate.resample import Side
from understudy.evaluate.result import Curve, Figure, Remade, Verdict
from understudy.evaluate.tables import Comparison

NO_HOLDOUT = "Not decidable without held-out rows that the model never saw: pass them as holdout."
_QUANTILES = 101
# With fewer, the threshold that one in a hundred others passes rests on a handful of rows.
_LEAST_FOR_RATE = 500
# Several attacks are tried, so each must beat guessing by more than two standard errors to be called a sign.
_SURE = 2.6
_NEEDED_FOR_RATE = 1_500


def privacy(comparison: Comparison, remade: Mapping[str, Remade], policy: Policy, stream: Stream) -> tuple[list[Figure], Curve | None]:
    figures = [
        copies_figure(copies(comparison, stream), policy, withheld=comparison.withheld),
        repeats_figure(repeats(comparison, policy.copies_level), comparison.rows),
    ]
    if remade:
        figures.append(_remade_figure(comparison, remade))
    if not comparison.withheld:
        return [*figures, *_undecided()], None
    points = space(comparison, stream)
    attacks = _membership_figures(points, policy, stream)
    near = closeness(points, stream)
    if near is None:
        return [*figures, *attacks], None
    return [*figures, *attacks, *_closeness_figures(points, near, policy)], _curve(near)


def _membership_figures(points: Space, policy: Policy, stream: Stream) -> list[Figure]:
    found = membership(points, stream, policy.tpr_fpr)
    if found is None:
        return [blank(key, name, "Too few rows: at least 20 of each table are needed.") for key, name in _MEMBERSHIP]
    return [
        auc_figure(
            "membership_auc",
            "Training rows recognised (AUC)",
            found.distance,
            found.distance_null,
            policy,
            "Are training rows nearer to the synthetic table than held-out rows? .5: no better than guessing.",
        ),
        auc_figure(
            "membership_ratio_auc",
            "The same, calibrated (AUC)",
            found.ratio,
            found.ratio_null,
            policy,
            "Distance to the nearest synthetic row against the distance to the nearest of other held-out rows.",
        ),
        tpr_figure(found.ratio, found.ratio_null, policy),
    ]


_MEMBERSHIP = (
    ("membership_auc", "Training rows recognised (AUC)"),
    ("membership_ratio_auc", "The same, calibrated (AUC)"),
    ("membership_tpr", "Training rows found at 1 % false alarms"),
)


def _undecided() -> list[Figure]:
    names = (*_MEMBERSHIP, ("dcr_share", "Nearer to training than to held-out rows"))
    return [blank(key, name, NO_HOLDOUT) for key, name in names]


def blank(key: str, name: str, reason: str) -> Figure:
    rate = key == "membership_tpr"
    return Figure(
        key=key,
        name=name,
        family="privacy",
        value=None,
        best=0.01 if rate else 0.5,
        better="lower",
        verdict="undecided",
        reason=reason,
        form="share" if rate or key == "dcr_share" else "score",
    )


def auc_figure(key: str, name: str, attack: Attack, null: Attack, policy: Policy, note: str) -> Figure:
    low, high = attack.auc.interval
    # What halves of the holdout show by luck of the draw is granted to the synthetic table as well.
    passes = max(policy.auc_pass, min(null.auc.value, 0.55) + policy.auc_yardstick)
    verdict: Verdict
    if low > policy.auc_fail:
        verdict, reason = "fail", f"Training rows can be told from others: AUC {attack.auc.value:.3f}, at least {low:.3f}."
    elif high <= passes:
        verdict, reason = "pass", f"No better than guessing, as far as this attack can tell: AUC at most {high:.3f}."
    elif attack.auc.value - _SURE * attack.auc.standard_error <= 0.5 or high - low > 2 * (passes - 0.5):
        needed = math.ceil(attack.others * ((high - low) / 2 / (0.8 * (passes - 0.5))) ** 2 / 10) * 10
        verdict, reason = (
            "undecided",
            f"Not decidable with {attack.others:,} held-out rows: AUC between {low:.3f} and {high:.3f}; about {needed:,} are needed.",
        )
    else:
        verdict, reason = (
            "warn",
            f"Training rows can be recognised a little better than by guessing: AUC {attack.auc.value:.3f} ({low:.3f} to {high:.3f}).",
        )
    return Figure(
        key=key,
        name=name,
        family="privacy",
        value=attack.auc.value,
        interval=(low, high),
        holdout=null.auc.value,
        holdout_interval=null.auc.interval,
        best=0.5,
        better="lower",
        scale=(0.4, 1.0),
        form="score",
        n=attack.members,
        n_holdout=attack.others,
        verdict=verdict,
        reason=reason,
        note=note + " Beside it, the same attack on two halves of the held-out rows.",
    )


def tpr_figure(attack: Attack, null: Attack, policy: Policy) -> Figure:
    low, high = attack.found_interval
    few = min(attack.others, attack.members)
    verdict: Verdict
    if few < _LEAST_FOR_RATE:
        verdict, reason = (
            "undecided",
            f"Not decidable with {few:,} rows: one in a hundred is too few of them; about {_NEEDED_FOR_RATE:,} held-out rows are needed.",
        )
    elif low > policy.tpr_fail:
        verdict, reason = "fail", f"{attack.found:.1%} of the training rows are found while only 1 % of others are accused."
    elif high <= policy.tpr_pass:
        verdict, reason = "pass", f"Hardly more training rows are found than others are accused: at most {high:.1%}."
    elif low <= 1.2 * policy.tpr_fpr:
        needed = max(_NEEDED_FOR_RATE, 2 * few)
        verdict, reason = (
            "undecided",
            f"Not decidable with {few:,} rows: between {low:.1%} and {high:.1%}; about {needed:,} held-out rows are needed.",
        )
    else:
        verdict, reason = "warn", f"{attack.found:.1%} of the training rows are found where 1 % is chance ({low:.1%} to {high:.1%})."
    return Figure(
        key="membership_tpr",
        name="Training rows found at 1 % false alarms",
        family="privacy",
        value=attack.found,
        interval=(low, high),
        holdout=null.found,
        holdout_interval=null.found_interval,
        best=policy.tpr_fpr,
        better="lower",
        scale=(0.0, max(0.1, min(1.0, high))),
        form="share",
        n=attack.members,
        n_holdout=attack.others,
        verdict=verdict,
        reason=reason,
        note="The calibrated attack, set so sharp that it names one in a hundred rows never seen; a leak of a few rows shows here first.",
    )


def copies_figure(found: Copies, policy: Policy, *, withheld: bool) -> Figure:
    made, held = found.synthetic, found.holdout
    beyond = found.beyond_chance < policy.copies_level and made.value > held.value
    half = "real rows of one half equal one of the other" if not withheld else "held-out rows do"
    verdict: Verdict
    if beyond and (found.beyond_holdout < policy.copies_level or not withheld):
        verdict, reason = "fail", f"{made.value:.2%} of the synthetic rows equal a training row; {held.value:.2%} of the {half}."
    elif beyond:
        verdict, reason = (
            "pass",
            f"{made.value:.2%} equal a training row ({held.value:.2%} of the {half}), but held-out rows as often: not memorised.",
        )
    elif made.hits == 0:
        verdict, reason = "pass", "No synthetic row equals a training row."
    else:
        verdict, reason = "pass", f"{made.value:.2%} equal a training row, no more than chance: {held.value:.2%} of the {half}."
    if not withheld and verdict == "pass" and made.hits:
        verdict = "undecided"
    return Figure(
        key="exact_copies",
        name="Exact copies of training rows",
        family="privacy",
        value=made.value,
        interval=made.interval,
        holdout=held.value,
        holdout_interval=held.interval,
        gap=made.value - held.value,
        best=0.0,
        better="lower",
        scale=(0.0, max(0.01, made.value * 1.2, held.value * 1.2)),
        form="share",
        n=made.n,
        n_holdout=held.n,
        verdict=verdict,
        reason=reason,
        note="Synthetic rows that equal a training row in every learned column, numbers to six digits. Fresh real rows do so too.",
    )


def repeats_figure(found: Repeats, rows: Mapping[Side, int]) -> Figure:
    verdict: Verdict = "pass"
    reason = "No rare row is repeated beyond chance."
    if found.most and found.of_training_row:
        verdict, reason = "fail", f"One rare training row comes back {found.most:,} times."
    elif found.most:
        verdict, reason = "warn", f"One made-up row comes back {found.most:,} times: the generator has too few ideas somewhere."
    return Figure(
        key="repeated_rows",
        name="Rare rows repeated",
        family="privacy",
        value=found.synthetic,
        holdout=found.holdout,
        gap=found.synthetic - found.holdout,
        best=0.0,
        better="lower",
        scale=(0.0, max(0.01, found.synthetic * 1.2)),
        form="share",
        n=rows["synthetic"],
        n_holdout=rows["holdout"],
        verdict=verdict,
        reason=reason,
        note="Share of rows that repeat a row which is rare or absent in the real table, beyond the number that chance allows.",
    )


def _remade_figure(comparison: Comparison, remade: Mapping[str, Remade]) -> Figure:
    name, check = max(
        remade.items(), key=lambda entry: (("info", "pass", "undecided", "warn", "fail").index(entry[1].verdict), entry[1].reused)
    )
    return Figure(
        key="values_reused",
        name="Identifiers and personal values reused",
        family="privacy",
        value=check.reused,
        holdout=check.reused_holdout,
        best=0.0,
        better="lower",
        form="share",
        n=comparison.rows["synthetic"],
        n_holdout=comparison.rows["holdout"],
        verdict=check.verdict,
        reason=f'"{name}": {check.reason}',
        note="Worst of the columns that are made anew: share of synthetic values that occur in the real column.",
    )


def _closeness_figures(points: Space, near: Closeness, policy: Policy) -> list[Figure]:
    n, n_holdout = min(points.queries, len(points["synthetic"])), min(points.queries, len(points["holdout"]))
    low, high = near.dcr_share.interval
    alarm = low > 0.5 + policy.dcr_alarm
    share = Figure(
        key="dcr_share",
        name="Nearer to training than to held-out rows",
        family="privacy",
        value=near.dcr_share.value,
        interval=(low, high),
        holdout=near.dcr_share_null.value,
        holdout_interval=near.dcr_share_null.interval,
        best=0.5,
        better="lower",
        scale=(0.3, 1.0),
        form="share",
        n=n,
        n_holdout=n_holdout,
        verdict="warn" if alarm else "pass" if high <= 0.5 + 3 * policy.dcr_alarm else "undecided",
        reason=f"Synthetic rows lie nearer to the training rows: {near.dcr_share.value:.1%} where 50 % is neutral."
        if alarm
        else f"Not clearly nearer to training rows: {low:.1%} to {high:.1%}, 50 % is neutral.",
        note="DCR share brought to a 50 % baseline; an alarm only. Synthetic rows near one real row count as one in the interval.",
    )
    too_near = near.near.interval[0] > near.near_holdout.interval[1]
    copies_near = Figure(
        key="near_copies",
        name="Nearer to a training row than almost any fresh row",
        family="privacy",
        value=near.near.value,
        interval=near.near.interval,
        holdout=near.near_holdout.value,
        holdout_interval=near.near_holdout.interval,
        gap=near.near.value - near.near_holdout.value,
        best=0.0,
        better="lower",
        scale=(0.0, max(0.05, min(1.0, near.near.interval[1]))),
        form="share",
        n=n,
        n_holdout=n_holdout,
        verdict="warn" if too_near else "pass",
        reason=f"{near.near.value:.1%} of the synthetic rows are nearer to a training row than 99 % of fresh real rows."
        if too_near
        else "No more near copies than among fresh real rows.",
        note="The distance that only the nearest 1 % of held-out rows fall under; an alarm only.",
    )
    spread = near.ratio.interval[1] < near.ratio_holdout.interval[0] - 0.02
    ratio = Figure(
        key="nndr",
        name="Nearest to second nearest training row",
        family="privacy",
        value=near.ratio.value,
        interval=within(near.ratio.interval),
        holdout=near.ratio_holdout.value,
        holdout_interval=within(near.ratio_holdout.interval),
        gap=near.ratio.value - near.ratio_holdout.value,
        best=1.0,
        better="higher",
        form="score",
        n=n,
        n_holdout=n_holdout,
        verdict="warn" if spread else "pass",
        reason="Synthetic rows hug single training rows more than fresh real rows do."
        if spread
        else "Synthetic rows hug single training rows no more than fresh real rows do.",
        note="Median ratio of the distances (NNDR); near 0 means that one training row is much nearer than all others. An alarm only.",
    )
    return [share, copies_near, ratio]


def _curve(near: Closeness) -> Curve:
    at = np.linspace(0, 1, _QUANTILES)
    return Curve(
        probabilities=[round(float(p), 4) for p in at],
        synthetic=[float(d) for d in np.quantile(near.to_train, at)],
        holdout=[float(d) for d in np.quantile(near.holdout_to_train, at)],
    )
