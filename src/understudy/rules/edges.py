"""Edge rows: rows that are valid but for standing at the edge of what the spec allows, one edge at a time.

    made = edge_rows(data, "orders", zone="Europe/Vienna")
    made.frame                   # the rows
    made.labels                  # row, column, edge, value, inside

Least and greatest values, a step inside them, zero and its negative, ends of types where they are in range, leap days, the first and last
moment, moments that a zone's clocks skip or show twice, empty, longest and foreign texts, missing values; then all columns at their
least, and all at their greatest. What is computed from an edge follows it, and every rule of the table holds: edges that a rule never
allows are named in `refused`. With `beyond=True` come rows just outside as well, marked so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.keyed import Rows
from understudy.rules.dataset import Dataset
from understudy.rules.edge_values import Edge, edges_of
from understudy.rules.making.choices import ListMaker
from understudy.rules.setting import Following, entry_of, large_enough, place

LABELS = {"row": pl.Int64, "column": pl.String, "edge": pl.String, "value": pl.String, "inside": pl.Boolean}


@dataclass(frozen=True)
class EdgeRows:
    """frame: the rows, with keys of their own. labels: for each row what it is the edge of (`column` is null where all are).
    refused: the edges that no row may stand at, for a rule forbids it."""

    frame: pl.DataFrame
    labels: pl.DataFrame
    refused: pl.DataFrame


def edge_rows(
    data: Dataset,
    table: str,
    *,
    columns: Sequence[str] | None = None,
    zone: str | None = None,
    beyond: bool = False,
    seed: int | None = None,
) -> EdgeRows:
    """Rows at the edges of a table's columns.

    Args:
        data: tables declared by a spec.
        table: one of them.
        columns: of which edges are wanted; all visible ones unless told.
        zone: a time zone ("America/New_York"), for moments that its clocks skip or show twice.
        beyond: rows just outside what is allowed come too, with `inside` false; no rule is held for them.
        seed: of the rows around the edges; the spec's unless told.

    Raises:
        ArgumentError: there is no such table, column or zone.
    """
    edges = [*_edges(data, table, columns, zone, beyond)]
    settings = [_setting(data, table, [edge]) for edge in edges]
    single = len(edges)
    for extreme, edge in ((-1, "all at their least"), (1, "all at their greatest")):
        together = {e.column: e for e in edges if e.extreme == extreme}
        if len(together) > 1:
            edges.append(Edge("", edge, None))
            settings.append(_setting(data, table, list(together.values())))
    larger = large_enough(data, table, len(edges))
    rows: Rows = np.arange(len(edges))
    inside = np.array([edge.inside for edge in edges], bool)
    made = place(larger, table, rows, settings, seed=seed)
    labels = pl.DataFrame(
        {
            "row": rows, "column": [edge.column or None for edge in edges], "edge": [edge.edge for edge in edges],
            "value": [_shown(made.frame, i, edge) if i < single else None for i, edge in enumerate(edges)], "inside": inside,
        },
        schema=LABELS,
    )  # fmt: skip
    kept = np.flatnonzero(made.kept | ~inside)
    refused = labels.filter(pl.Series(~made.kept & inside)).drop("row", "inside")
    labels = labels[kept].with_columns(row=pl.int_range(len(kept), dtype=pl.Int64))
    return EdgeRows(made.frame[kept], labels, refused)


def _edges(data: Dataset, table: str, columns: Sequence[str] | None, zone: str | None, beyond: bool) -> list[Edge]:
    compiled = data.world(data.seed).tables
    if table not in compiled:
        raise ArgumentError(f'There is no table "{table}".', remedy=did_you_mean(table, list(compiled)))
    stated = data.spec.tables[table]
    for name in columns or ():
        if name not in stated.visible:
            raise ArgumentError(f'There is no column "{name}".', where=table, remedy=did_you_mean(name, stated.visible))
    if zone is not None:
        _require_zone(zone)
    wanted = [name for name in stated.visible if columns is None or name in columns]
    kept = set(stated.key) | {name for names in stated.unique for name in names}
    found = []
    for name in wanted:
        edges = edges_of(name, stated.columns[name], compiled[table].makers[name], zone, beyond=beyond)
        # What names a row stays as it is, or two rows would have the same name.
        found += [edge for edge in edges if name not in kept or not edge.inside]
    return found


def _require_zone(zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentError(f'There is no time zone "{zone}".', where="zone", remedy=did_you_mean(zone, available_timezones())) from None


def _setting(data: Dataset, table: str, edges: list[Edge]) -> dict[Any, Any]:
    """The cells that edges set; of lists the entry, so that all columns of it go along."""
    makers = data.world(data.seed).tables[table].makers
    found: dict[Any, Any] = {}
    for edge in edges:
        maker = makers[edge.column]
        if isinstance(maker, ListMaker) and isinstance(edge.value, int) and not isinstance(edge.value, bool):
            found[entry_of(maker)] = edge.value
        else:
            found[edge.column] = edge.value
    return found


def _shown(frame: pl.DataFrame, row: int, edge: Edge) -> str | None:
    value = frame[edge.column][row] if isinstance(edge.value, Following) or edge.column in frame.columns else edge.value
    return None if value is None else str(value)
