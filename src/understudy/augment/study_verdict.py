"""A study's figures in words: does it help, by how much, is it ahead of SMOTE, and what to do.

Several ways were tried and the best of them is spoken of, so its interval is widened for that (Bonferroni): a gain counts as shown
only where the widened interval lies above nought.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from understudy.augment.resampled import Interval, mean_interval
from understudy.augment.study_result import Estimate, Helps, Measure, StudyVerdict, VariantResult, shown


def differences(one: Sequence[float], other: Sequence[float], test_to_train: float, level: float = 0.95) -> Estimate:
    """The paired difference, first minus second."""
    return estimated(np.asarray(one, np.float64) - np.asarray(other, np.float64), test_to_train, level)


def estimated(values: Sequence[float] | np.ndarray, test_to_train: float, level: float = 0.95) -> Estimate:
    """A mean over splits with its interval."""
    mean, interval = mean_interval(list(values), test_to_train=test_to_train, level=level)
    return Estimate(value=None if np.isnan(mean) else mean, interval=interval)


def within(estimate: Estimate, bounds: tuple[float, float]) -> Estimate:
    """The estimate with its interval cut where no score can be: Student's interval does not know the ends of a scale."""
    if estimate.interval is None:
        return estimate
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in estimate.interval)
    return Estimate(value=estimate.value, interval=(low, high))


def best_of(variants: Sequence[VariantResult], family: str, measure: Measure) -> VariantResult | None:
    """The variant of a family with the best mean; None where there is none."""
    of_family = [variant for variant in variants if variant.family == family and variant.scores[measure.key].value is not None]
    sign = 1 if measure.better == "higher" else -1
    return max(of_family, key=lambda variant: sign * (variant.scores[measure.key].value or 0.0), default=None)


def helps(gain: float | None, interval: Interval | None, better: str) -> Helps:
    """Whether a difference is shown to be for the better."""
    if gain is None:
        return "unclear"
    sign = 1 if better == "higher" else -1
    if sign * gain <= 0:
        return "no"
    worst = None if interval is None else min(sign * interval[0], sign * interval[1])
    return "yes" if worst is not None and worst > 0 else "unclear"


def verdict(variants: Sequence[VariantResult], measure: Measure, target: str, against_smote: Estimate | None) -> StudyVerdict:
    """In words. `against_smote`: the best way with synthetic rows against the best SMOTE."""
    best, real = best_of(variants, "synthetic", measure), variants[0]
    if best is None:
        return StudyVerdict(
            headline="No synthetic row could be made, so nothing can be said.", helps="unclear", sentences=[], recommended=real.key, call=""
        )
    gain = best.against_real[measure.key]
    found = helps(gain.value, best.corrected, measure.better)
    versus = None if against_smote is None else helps(against_smote.value, against_smote.interval, measure.better)
    sentences = [_gain_in_words(best, real, measure, gain, found)]
    sentences += _smote_in_words(variants, best, measure, against_smote)
    sentences += _simpler(variants, best, real, measure)
    sentences += _calibration(best, real)
    call = _call(best.ask) if found == "yes" else ""
    sentences.append(_advice(found, best, call))
    return StudyVerdict(
        headline=_HEADLINES[found].format(target=target),
        helps=found,
        sentences=sentences,
        recommended=best.key if found == "yes" else real.key,
        call=call,
        beats_smote=versus,
    )


_HEADLINES: Mapping[str, str] = {
    "yes": 'Synthetic rows help to predict "{target}".',
    "unclear": 'Synthetic rows may help a little to predict "{target}", but chance would explain it as well.',
    "no": 'Synthetic rows do not help to predict "{target}".',
}


def _gain_in_words(best: VariantResult, real: VariantResult, measure: Measure, gain: Estimate, found: Helps) -> str:
    values = (
        f"{measure.name} {shown(best.scores[measure.key], interval=False)} instead of {shown(real.scores[measure.key], interval=False)}"
    )
    widened = Estimate(value=gain.value, interval=best.corrected)
    words = f"Best of what was tried: {best.name}: {values}, {shown(widened, signed=True)} against real rows alone"
    if found == "no":
        return f"{words}; real rows alone do as well or better."
    return f"{words}, the interval widened for having tried several."


def _smote_in_words(variants: Sequence[VariantResult], best: VariantResult, measure: Measure, against: Estimate | None) -> list[str]:
    smote = best_of(variants, "smote", measure)
    if smote is None or against is None:
        return []
    found = helps(against.value, against.interval, measure.better)
    words = {"yes": "ahead of", "unclear": "not shown to be ahead of", "no": "no better than"}[found]
    return [
        f"It is {words} the best SMOTE ({smote.name}, {shown(smote.scores[measure.key], interval=False)}): {shown(against, signed=True)}."
    ]


def _simpler(variants: Sequence[VariantResult], best: VariantResult, real: VariantResult, measure: Measure) -> list[str]:
    """Weights or repeated rows, which cost nothing, where they do as well."""
    plain = [v for v in (best_of(variants, family, measure) for family in ("weights", "oversampling")) if v is not None]
    sign = 1 if measure.better == "higher" else -1
    as_good = [v for v in plain if sign * ((v.scores[measure.key].value or 0.0) - (best.scores[measure.key].value or 0.0)) >= 0]
    return [
        f"{v.name[0].upper()}{v.name[1:]} does as well at no cost: {shown(v.scores[measure.key], interval=False)}." for v in as_good[:1]
    ]


def _calibration(best: VariantResult, real: VariantResult) -> list[str]:
    """Balanced classes shift the probabilities; who uses them as such must know."""
    worse = best.against_real.get("brier")
    if worse is None or worse.value is None or worse.interval is None or worse.interval[0] <= 0:
        return []
    return [f"Its probabilities are less honest than those of real rows alone (Brier score {shown(worse, signed=True)}): calibrate them."]


def _advice(found: Helps, best: VariantResult, call: str) -> str:
    if found == "yes":
        return f"Recommended: {call}"
    if found == "no":
        return "Recommended: train on the real rows alone."
    return f"Recommended: train on the real rows alone; more splits or more data would show whether {best.name} is worth it."


def _call(ask: Mapping[str, object] | None) -> str:
    words = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in (ask or {}).items())
    return f"us.augment(real, {words})"
