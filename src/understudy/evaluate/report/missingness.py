"""What is missing: column by column, and which columns are missing together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.evaluate.report.bars import dots
from understudy.evaluate.report.markup import Markup, join, tag
from understudy.evaluate.report.names import name, names
from understudy.evaluate.report.numbers import NONE, plural, share
from understudy.evaluate.report.table import Heading, table

if TYPE_CHECKING:
    from understudy.evaluate.result import ColumnResult, Evaluation, Missingness


def missingness(evaluation: Evaluation) -> Markup:
    """The section on missing values."""
    columns = [column for column in evaluation.columns if column.missing_real or column.missing_synthetic or column.missing_holdout]
    columns.sort(key=lambda column: abs(column.missing_synthetic - column.missing_real), reverse=True)
    if not columns and evaluation.missingness is None:
        body = tag("p", "Nothing is missing in any of the tables.", class_="note")
    else:
        legend = tag(
            "p",
            tag("span", "real", class_="key block"),
            tag("span", "held-out real", class_="key hold") if evaluation.holdout else None,
            tag("span", "synthetic", class_="key syn"),
            class_="legend",
        )
        body = join(legend, _columns(columns), _patterns(evaluation.missingness))
    return tag("section", tag("h2", "Missing values"), body, id="missing")


def _columns(columns: list[ColumnResult]) -> Markup | None:
    if not columns:
        return None
    most = max(max(column.missing_real, column.missing_synthetic, column.missing_holdout or 0.0) for column in columns)
    rows = [
        [
            name(column.name),
            dots(column.missing_real / most, column.missing_synthetic / most, _part(column.missing_holdout, most)),
            share(column.missing_real),
            share(column.missing_holdout) if column.missing_holdout is not None else NONE,
            share(column.missing_synthetic),
        ]
        for column in columns
    ]
    return table(_headings("Column", "Share missing"), rows, caption="Share of missing values by column", noun="column")


def _patterns(found: Missingness | None) -> Markup | None:
    if found is None or not found.patterns:
        return None
    # Rows that miss nothing are most of the table; on their scale the others would all lie at nought.
    largest = [max(pattern.real, pattern.synthetic, pattern.holdout or 0.0) for pattern in found.patterns if pattern.columns]
    most = max(largest, default=0.0) or 1.0
    rows = [
        [
            names(pattern.columns) if pattern.columns else "nothing missing",
            dots(pattern.real / most, pattern.synthetic / most, _part(pattern.holdout, most)) if pattern.columns else None,
            share(pattern.real),
            share(pattern.holdout) if pattern.holdout is not None else NONE,
            share(pattern.synthetic),
        ]
        for pattern in found.patterns
    ]
    omitted = tag("p", f"{plural(found.omitted, 'rarer combination')} left out.", class_="aside") if found.omitted else None
    return join(
        tag("h3", "Missing together"),
        table(_headings("Missing in one row", "Share of rows"), rows, caption="Combinations of missing columns", noun="combination"),
        omitted,
    )


def _headings(first: str, second: str) -> list[Heading]:
    return [
        Heading(first),
        Heading(second, wide=True),
        Heading("Real", number=True),
        Heading("Held-out real", number=True),
        Heading("Synthetic", number=True),
    ]


def _part(value: float | None, most: float) -> float | None:
    return None if value is None else value / (most or 1.0)
