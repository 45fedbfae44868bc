"""Columns that are made anew and never learned: identifiers, personal data, codes, text.

Nothing is compared with the real values, because nothing was to be learned. What is checked: that values which were unique still are,
that their form occurs in the source, and that no real value came back more often than fresh real rows would bring it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from scipy.stats import fisher_exact

from understudy.data.schema import ColumnSchema
from understudy.evaluate.resample import SIDES, Side
from understudy.evaluate.result import Remade, Verdict
from understudy.evaluate.tables import Comparison

_SHAPES_COUNTED = 2_000
_FORMED = frozenset({"identifier", "code"})


@dataclass(frozen=True)
class _Counts:
    present: int
    distinct: int
    reused: int  # values that occur in the real column


def remade_columns(comparison: Comparison, level: float) -> dict[str, Remade]:
    """The checks of every column that is not learned; `level`: error rate of the test on reused values."""
    return {entry.name: _check(comparison, entry, level) for entry in comparison.remade}


def _check(comparison: Comparison, entry: ColumnSchema, level: float) -> Remade:
    texts = {side: comparison.frames[side][entry.name].cast(pl.String).drop_nulls() for side in SIDES}
    seen = texts["real"] if comparison.withheld else pl.concat([texts["real"], texts["holdout"]])
    counts = {side: _Counts(len(text), text.n_unique(), int(text.is_in(seen.unique().implode()).sum())) for side, text in texts.items()}
    kept = (
        _form_kept(seen, texts["synthetic"])
        if entry.kind in _FORMED or entry.personal in ("email", "phone", "iban", "card", "ip")
        else None
    )
    unique = {side: counts[side].distinct / counts[side].present if counts[side].present else 1.0 for side in SIDES}
    verdict, reason = _judge(entry, counts, unique, kept, comparison.withheld, level)
    return Remade(
        unique_real=unique["real"],
        unique_synthetic=unique["synthetic"],
        reused=_share(counts["synthetic"]),
        reused_holdout=_share(counts["holdout"]) if comparison.withheld else None,
        form_kept=kept,
        verdict=verdict,
        reason=reason,
    )


def _judge(
    entry: ColumnSchema, counts: dict[Side, _Counts], unique: dict[Side, float], kept: float | None, withheld: bool, level: float
) -> tuple[Verdict, str]:
    synthetic, holdout = counts["synthetic"], counts["holdout"]
    if not synthetic.present:
        return "info", "No synthetic value is present."
    # Short texts repeat by chance: they are no identifiers.
    if entry.kind != "text" and unique["real"] == 1.0 and counts["real"].present > 1 and unique["synthetic"] < 1.0:
        return "fail", f"Every real value occurs once, but {1 - unique['synthetic']:.2%} of the synthetic values repeat another."
    if synthetic.reused:
        worst: Verdict = "fail" if entry.kind in ("identifier", "personal", "text") else "warn"
        if not withheld:
            return (
                "undecided",
                f"{_share(synthetic):.2%} of the synthetic values are real ones; without a holdout nobody can say whether by chance.",
            )
        table = [[synthetic.reused, synthetic.present - synthetic.reused], [holdout.reused, max(0, holdout.present - holdout.reused)]]
        if fisher_exact(table, alternative="greater").pvalue < level:
            return (
                worst,
                f"{_share(synthetic):.2%} of the synthetic values are real ones; of fresh real rows {_share(holdout):.2%} would be.",
            )
    if kept is not None and kept < 0.95:
        return "warn", f"{1 - kept:.1%} of the synthetic values have a form that no real value has."
    if entry.kind == "text":
        return "pass", "No real text reused beyond chance."
    return "pass", "Unique where the source is, no real value reused beyond chance" + (", form kept." if kept is not None else ".")


def _share(counts: _Counts) -> float:
    return counts.reused / counts.present if counts.present else 0.0


def _form_kept(real: pl.Series, synthetic: pl.Series) -> float | None:
    """Share of synthetic values whose shape (letters as A, digits as 9) a real value has; None where there are too many shapes."""
    shapes = _shapes(real).unique()
    if len(shapes) > _SHAPES_COUNTED or not len(synthetic):
        return None
    return float(_shapes(synthetic).is_in(shapes.implode()).mean())  # type: ignore[arg-type]


def _shapes(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a").str.replace_all(r"\d", "9")
