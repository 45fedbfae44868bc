"""From figures to words: a light for each family with its reasons, the weak points worst first, and one sentence.

Nothing is averaged. A family is as good as its gravest figure, and the sentence says first what forbids using the table.
"""

from __future__ import annotations

from understudy.evaluate.lights import GRAVITY, MOST_WEAK, Speech, family_verdict, headline
from understudy.evaluate.policy import Policy
from understudy.evaluate.result import (
    ColumnResult,
    Family,
    Figure,
    GiveAway,
    OverallVerdict,
    PairResult,
    RuleResult,
    Verdict,
    WeakPoint,
)

_TITLES: dict[Family, str] = {
    "fidelity": "Looks like the real data",
    "utility": "Is as useful",
    "privacy": "Does not give away training rows",
    "rules": "Keeps the rules",
}
_SENTENCES: dict[Family, dict[Verdict, str]] = {
    "fidelity": {
        "pass": "The synthetic rows look like held-out real rows.",
        "warn": "The synthetic rows look much like real ones, with differences to know.",
        "fail": "The synthetic rows differ clearly from real ones.",
        "undecided": "Likeness cannot be judged fully with so few rows.",
        "info": "Likeness was not judged.",
    },
    "utility": {
        "pass": "Models trained on it work about as well as models trained on real rows.",
        "warn": "Models trained on it work noticeably worse than models trained on real rows.",
        "fail": "Models trained on it work much worse than models trained on real rows.",
        "undecided": "Usefulness cannot be judged with so few rows.",
        "info": "Usefulness was not judged: nothing can be predicted.",
    },
    "privacy": {
        "pass": "No attack tried here finds training rows. That is an alarm that stayed silent, not a proof.",
        "warn": "Some signs that it keeps too near to training rows.",
        "fail": "It gives training rows away. Do not release it as anonymous.",
        "undecided": "Whether it gives training rows away is not decided.",
        "info": "Privacy was not judged.",
    },
    "rules": {
        "pass": "Rules, ranges and decimals of the source are kept.",
        "warn": "A few rows break rules or ranges of the source.",
        "fail": "Rows break rules or ranges that hold in the source.",
        "undecided": "Rules cannot be judged with so few rows.",
        "info": "There was no rule to check.",
    },
}
_ORDER = tuple(_TITLES)
_SPEECH = Speech(_TITLES, _SENTENCES, "table", "rows")
_PRAISE = "it looks like held-out real rows, serves as well for training models, and no attack tried here finds training rows."
# A lost rare level, a short tail, a weaker model or a score at one threshold alone makes no table useless: at most a warning.
_ADVISORY = frozenset({"rare_levels_covered", "levels_covered", "heaping", "tail_error", "missing_patterns", "tstr_trees_macro_f1"})


def verdict(
    figures: list[Figure],
    columns: list[ColumnResult],
    pairs: list[PairResult],
    giveaways: list[GiveAway],
    rules: list[RuleResult],
    policy: Policy,
    *,
    withheld: bool,
) -> OverallVerdict:
    families = [family_verdict(family, figures, _SPEECH, _weight) for family in _ORDER]
    weak = _weak_points(figures, columns, pairs, giveaways, rules, policy)
    told = headline(families, weak, _SPEECH, _PRAISE, withheld=withheld)
    return OverallVerdict(headline=told, families=families, weak_points=weak[:MOST_WEAK])


def _weight(figure: Figure) -> Verdict:
    """What a figure counts for its family."""
    advisory = figure.key in _ADVISORY or figure.key.startswith("tstr_linear")
    if advisory and figure.verdict == "fail":
        return "warn"
    # Single scores of few test rows are wide; whether usefulness is decided is read off `utility_kept`.
    if (advisory or figure.key.startswith("tstr_")) and figure.verdict == "undecided":
        return "info"
    return figure.verdict


def _weak_points(
    figures: list[Figure],
    columns: list[ColumnResult],
    pairs: list[PairResult],
    giveaways: list[GiveAway],
    rules: list[RuleResult],
    policy: Policy,
) -> list[WeakPoint]:
    points = [
        WeakPoint(severity=_weight(figure), family=figure.family, text=f"{figure.name}: {figure.reason}")
        for figure in figures
        if _weight(figure) in GRAVITY and figure.key != "rules_broken"
    ]
    points += [_broken(rule) for rule in rules if rule.verdict in ("fail", "warn")][:5]
    points += _worst_columns(columns)
    points += _worst_pairs(pairs)
    points += _telling_columns(figures, giveaways)
    return sorted(
        points,
        key=lambda point: (
            GRAVITY[point.severity],
            _ORDER.index(point.family) if point.severity != "fail" else -(point.family == "privacy"),
        ),
    )


def _broken(rule: RuleResult) -> WeakPoint:
    return WeakPoint(
        severity=rule.verdict,
        family="rules",
        columns=rule.columns,
        text=f"{rule.rule}: broken in {rule.synthetic:.2%} of the rows ({rule.holdout or 0:.2%} of held-out real rows).",
    )


def _worst_columns(columns: list[ColumnResult]) -> list[WeakPoint]:
    bad = [(column, column.shape) for column in columns if column.shape is not None and column.shape.verdict in ("fail", "warn")]
    bad.sort(key=lambda entry: (entry[1].value or 0.0) - (entry[1].holdout or 0.0))
    return [
        WeakPoint(
            severity="warn",
            family="fidelity",
            columns=[column.name],
            text=f'Column "{column.name}" has a shape of {shape.value:.3f} ({shape.holdout:.3f} for held-out rows)'
            + (": " + "; ".join(column.notes) if column.notes else "")
            + ".",
        )
        for column, shape in bad[:5]
    ]


def _worst_pairs(pairs: list[PairResult]) -> list[WeakPoint]:
    bad = [pair for pair in pairs if pair.score.verdict in ("fail", "warn")][:5]
    return [
        WeakPoint(
            severity="warn",
            family="fidelity",
            columns=[pair.a, pair.b],
            text=f'"{pair.a}" and "{pair.b}" go together differently: {pair.score.value:.3f} ({pair.score.holdout:.3f} for held-out rows).',
        )
        for pair in bad
    ]


def _telling_columns(figures: list[Figure], giveaways: list[GiveAway]) -> list[WeakPoint]:
    told = next((figure for figure in figures if figure.key == "c2st_auc"), None)
    if told is None or told.verdict not in ("warn", "fail") or not giveaways:
        return []
    first = giveaways[:3]
    words = ", ".join(f'"{entry.column}" ({entry.share:.0%}{": " + entry.hint if entry.hint else ""})' for entry in first)
    return [
        WeakPoint(
            severity="warn", family="fidelity", text=f"What gives synthetic rows away: {words}.", columns=[entry.column for entry in first]
        )
    ]
