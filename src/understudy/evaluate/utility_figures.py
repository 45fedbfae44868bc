"""Usefulness in figures: what a model trained on synthetic rows keeps of what one trained on real rows can do."""

from __future__ import annotations

import numpy as np

from understudy.evaluate.grade import finite, grade, within
from understudy.evaluate.policy import Policy
from understudy.evaluate.resample import centred
from understudy.evaluate.result import Figure, Importance, ModelScore, Score, UtilityTask, Verdict
from understudy.evaluate.utility import TOP, Agreement, Scored, TaskResult

_SHOWN = 20
_KEYS = {"ROC AUC": "roc_auc", "PR AUC": "pr_auc", "macro F1": "macro_f1", "R2": "r2", "MAE": "mae"}
_LEAST_SKILL = 0.05


def utility_tasks(results: list[TaskResult], policy: Policy) -> list[UtilityTask]:
    return [_task(result, policy) for result in results]


def utility_figures(results: list[TaskResult], policy: Policy, *, named: bool) -> list[Figure]:
    """`named`: the user named the target. Otherwise single scores of five columns would say little, and only means are given."""
    if not results:
        return []
    figures = [_kept_figure(results, policy, named=named)]
    if named:
        figures += [_score_figure(results[0], scored, policy) for scored in results[0].scores]
    agreements = [result.agreement for result in results if result.agreement is not None]
    if agreements:
        figures += _agreement_figures(agreements, results, policy)
    return figures


def skill(value: float, chance: float, metric: str) -> float:
    """What a score is better than knowing nothing by; positive is better."""
    return chance - value if metric == "MAE" else value - chance


def _judged(scored: Scored, policy: Policy) -> Verdict:
    """By the loss of skill relative to the model trained on real rows; info where that model has none."""
    real = skill(scored.real, scored.chance, scored.metric)
    if not np.isfinite(real) or real <= _LEAST_SKILL * max(abs(scored.chance), 0.1):
        return "info"
    loss, ends = _loss(scored, real)
    return grade(loss, ends, policy.utility_pass, policy.utility_warn)


def _loss(scored: Scored, real: float) -> tuple[float, tuple[float, float]]:
    sign = 1.0 if scored.metric == "MAE" else -1.0
    gap, (low, high) = scored.synthetic - scored.real, scored.gap_interval
    ends = sorted((sign * low / real, sign * high / real))
    return sign * gap / real, (ends[0], ends[1])


def _task(result: TaskResult, policy: Policy) -> UtilityTask:
    task = result.task
    agreement = result.agreement
    return UtilityTask(
        target=task.target.name,
        task=task.kind,
        positive=task.positive,
        classes=len(task.classes) or None,
        rows_train=result.train_rows,
        rows_test=result.test_rows,
        scores=[_model_score(scored, policy) for scored in result.scores],
        importances=[] if agreement is None else _importances(agreement),
        agreement=None if agreement is None else _score(agreement.rank, agreement.rank_halves, policy.agreement_gap),
        top_overlap=None if agreement is None else _score(agreement.top, agreement.top_halves, policy.agreement_gap),
        note=result.note,
    )


def _model_score(scored: Scored, policy: Policy) -> ModelScore:
    return ModelScore(
        model=scored.model,
        metric=scored.metric,
        better="lower" if scored.metric == "MAE" else "higher",
        real=scored.real,
        real_interval=within(centred(scored.real, scored.real_draws)),
        synthetic=scored.synthetic,
        synthetic_interval=within(centred(scored.synthetic, scored.synthetic_draws)),
        gap=scored.synthetic - scored.real,
        gap_interval=within(scored.gap_interval),
        verdict=_judged(scored, policy),
    )


def _importances(agreement: Agreement) -> list[Importance]:
    order = np.argsort(-agreement.real.lost, kind="stable")[:_SHOWN]
    return [
        Importance(column=agreement.columns[k], real=float(agreement.real.lost[k]), synthetic=float(agreement.synthetic.lost[k]))
        for k in order
    ]


def _score(found: tuple, halves: tuple, limit: float) -> Score:  # type: ignore[type-arg]
    ends = centred(found[0] - halves[0], found[1] - halves[1])
    known = np.isfinite(found[0]) and np.isfinite(halves[0])
    return Score(
        value=finite(found[0]),
        interval=within(centred(*found), (-1.0, 1.0)),
        holdout=finite(halves[0]),
        holdout_interval=within(centred(*halves), (-1.0, 1.0)),
        verdict=grade(halves[0] - found[0], (-ends[1], -ends[0]), limit) if known else "info",
    )


def _kept_figure(results: list[TaskResult], policy: Policy, *, named: bool) -> Figure:
    """Mean over the tasks of TSTR's skill over TRTR's, boosted trees, first metric."""
    kept, draws = [], []
    for result in results:
        scored = result.scores[0]
        real = skill(scored.real, scored.chance, scored.metric)
        if real > _LEAST_SKILL * max(abs(scored.chance), 0.1):
            loss, _ = _loss(scored, real)
            sign = 1.0 if scored.metric == "MAE" else -1.0
            kept.append(1 - loss)
            draws.append(1 - sign * (scored.synthetic_draws - scored.real_draws) / real)
    of = f'"{results[0].task.target.name}"' if named else ", ".join(f'"{result.task.target.name}"' for result in results)
    note = (
        f"What boosted trees trained on synthetic rows keep of the skill (beyond guessing) of those trained on real rows, predicting {of}."
    )
    base = {
        "key": "utility_kept",
        "name": "Usefulness kept",
        "family": "utility",
        "best": 1.0,
        "better": "higher",
        "scale": (0.0, 1.1),
        "form": "share",
        "n": results[0].train_rows,
        "n_holdout": results[0].test_rows,
        "note": note,
    }
    if not kept:
        return Figure(**base, value=None, verdict="info", reason="Even models trained on real rows predict no better than guessing.")
    value = float(np.mean(kept))
    ends = centred(value, np.mean(draws, axis=0))
    verdict = grade(1 - value, (1 - ends[1], 1 - ends[0]), policy.utility_pass, policy.utility_warn)
    reason = (
        f"Too few rows to say: between {ends[0]:.0%} and {ends[1]:.0%} of the skill is kept."
        if verdict == "undecided"
        else f"{max(0.0, value):.1%} of the skill of models trained on real rows is kept."
    )
    return Figure(
        **base,
        value=value,
        interval=ends,
        holdout=1.0,
        gap=value - 1,
        gap_interval=(ends[0] - 1, ends[1] - 1),
        verdict=verdict,
        reason=reason,
    )


def _score_figure(result: TaskResult, scored: Scored, policy: Policy) -> Figure:
    verdict = _judged(scored, policy)
    real = skill(scored.real, scored.chance, scored.metric)
    reason = "Even the model trained on real rows does no better than guessing."
    if verdict != "info":
        loss, ends = _loss(scored, real)
        reason = f"{min(1.0, loss):.1%} of the skill is lost" if loss > 0 else "No skill is lost"
        reason += f" (between {ends[0]:.1%} and {ends[1]:.1%})." if verdict == "undecided" else "."
    error = scored.metric == "MAE"
    top = max(scored.real, scored.synthetic, scored.chance) * 1.1 if error else 1.0
    positive = f' of "{result.task.positive}"' if scored.metric == "PR AUC" and result.task.positive else ""
    return Figure(
        key=f"tstr_{'trees' if scored.model == 'boosted trees' else 'linear'}_{_KEYS[scored.metric]}",
        name=f"{scored.metric}{positive}, {scored.model}",
        family="utility",
        value=finite(scored.synthetic),
        interval=within(centred(scored.synthetic, scored.synthetic_draws)),
        holdout=finite(scored.real),
        holdout_interval=within(centred(scored.real, scored.real_draws)),
        gap=finite(scored.synthetic - scored.real),
        gap_interval=within(scored.gap_interval),
        best=0.0 if error else 1.0,
        better="lower" if error else "higher",
        scale=(min(0.0, scored.synthetic), top),
        form="number" if error else "score",
        n=result.train_rows,
        n_holdout=result.test_rows,
        verdict=verdict,
        reason=reason,
        note=f'Predicting "{result.task.target.name}": trained on synthetic, tested on held-out real rows; beside it, on real. '
        f"Guessing gives {scored.chance:.3g}.",
    )


def _agreement_figures(agreements: list[Agreement], results: list[TaskResult], policy: Policy) -> list[Figure]:
    found = []
    for key, name, pick, halves, note in (
        (
            "importance_agreement",
            "Same columns matter (rank correlation)",
            "rank",
            "rank_halves",
            "Spearman's correlation of the columns' importances, synthetic against real rows; beside it, two halves of the real rows.",
        ),
        ("importance_top", "Same top columns", "top", "top_halves", f"Share of the {TOP} most important columns in common."),
    ):
        usable = [entry for entry in agreements if np.isfinite(getattr(entry, pick)[0]) and np.isfinite(getattr(entry, halves)[0])]
        if not usable:
            continue
        value = _mean_of(usable, pick)
        beside = _mean_of(usable, halves)
        score = _score(value, beside, policy.agreement_gap)
        # Ranks of columns that matter little are noise, so this alone does not make a table useless.
        verdict: Verdict = "warn" if score.verdict == "fail" else score.verdict
        found.append(
            Figure(
                key=key,
                name=name,
                family="utility",
                value=score.value,
                interval=score.interval,
                holdout=score.holdout,
                holdout_interval=score.holdout_interval,
                gap=value[0] - beside[0],
                gap_interval=within(centred(value[0] - beside[0], value[1] - beside[1])),
                best=1.0,
                better="higher",
                scale=(min(0.0, value[0]), 1.0),
                form="score" if key == "importance_agreement" else "share",
                n=results[0].train_rows,
                n_holdout=results[0].test_rows,
                verdict="info" if key == "importance_top" else verdict,
                reason="" if key == "importance_top" else f"{value[0]:.2f}, where two halves of the real rows agree to {beside[0]:.2f}.",
                note=note,
            )
        )
    return found


def _mean_of(entries: list[Agreement], name: str) -> tuple[float, np.ndarray]:
    return float(np.mean([getattr(entry, name)[0] for entry in entries])), np.nanmean(
        [getattr(entry, name)[1] for entry in entries], axis=0
    )
