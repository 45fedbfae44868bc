"""How each kind of dirt hurts: one function a kind, from what is to be hurt to new values and their labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.core.random import Stream
from understudy.data import keyed
from understudy.rules.dirt import plan as p
from understudy.rules.dirt import slips
from understudy.rules.dirt.work import GROUP, LABELS, Work, as_text, below, duplicates_in


def _typo(work: Work, entry: p.TypoHurt, stream: Stream) -> None:
    for name in entry.columns:
        work.rewrite(name, work.hit(name, entry.rate, stream), lambda text, bits: slips.typo(text, bits, entry.ways), stream, "typo")


def _case(work: Work, entry: p.CaseHurt, stream: Stream) -> None:
    for name in entry.columns:
        work.rewrite(name, work.hit(name, entry.rate, stream), lambda text, bits: slips.recased(text, bits, entry.ways), stream, "case")


def _encoding(work: Work, entry: p.EncodingHurt, stream: Stream) -> None:
    for name in entry.columns:
        work.rewrite(name, work.hit(name, entry.rate, stream), lambda text, _: slips.misread(text), stream, "encoding")


def _whitespace(work: Work, entry: p.WhitespaceHurt, stream: Stream) -> None:
    for name in entry.columns:
        places = work.hit(name, entry.rate, stream)
        work.rewrite(name, places, lambda text, bits: slips.spaced(text, bits, entry.ways), stream, "whitespace")


def _missing(work: Work, entry: p.MissingHurt, stream: Stream) -> None:
    for name in entry.columns:
        places, dtype = work.hit(name, entry.rate, stream), work.columns[name].dtype
        markers = entry.markers or _usual_markers(dtype)
        chosen = (work.bits(places, stream, name, "how") % np.uint64(len(markers))).astype(np.int64)
        known = pl.Series([None if m is None else str(m) if dtype == pl.String else m for m in markers], strict=False)
        try:
            work.put(name, places, known.cast(dtype).gather(chosen), "missing")
        except pl.exceptions.PolarsError:
            raise ConstraintError(f'The markers {entry.markers} cannot stand in the column "{name}" of type {dtype}.') from None


def _usual_markers(dtype: Any) -> list[Any]:
    if dtype == pl.String:
        return ["N/A", "n/a", "NULL", "-", "?", ""]
    if dtype == pl.Boolean:
        return [None]
    if dtype.is_numeric():
        return [0] if dtype.is_unsigned_integer() else [-999, -1]
    return [datetime(1900, 1, 1)] if dtype == pl.Date or dtype == pl.Datetime else [None]


def _swapped(work: Work, entry: p.SwapHurt, stream: Stream) -> None:
    one, two = entry.columns
    met = below(keyed.words(work.rows, keyed.key_of(stream, one, two, "where")), entry.rate)
    places = np.flatnonzero(met & ~work.taken[one] & ~work.taken[two])
    first, second = work.columns[one].gather(places), work.columns[two].gather(places)
    work.put(one, places, second, "swap")
    work.put(two, places, first, "swap")


def _unit(work: Work, entry: p.UnitHurt, stream: Stream) -> None:
    factors = np.array(entry.factors)
    for name in entry.columns:
        places = work.hit(name, entry.rate, stream)
        chosen = (work.bits(places, stream, name, "how") % np.uint64(len(factors))).astype(np.int64)
        _multiply(work, name, places, factors[chosen], "unit")


def _outlier(work: Work, entry: p.OutlierHurt, stream: Stream) -> None:
    least, most = entry.times
    for name in entry.columns:
        places = work.hit(name, entry.rate, stream)
        bits = work.bits(places, stream, name, "how")
        times = least + (most - least) * (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
        unsigned = work.columns[name].dtype.is_unsigned_integer()
        times = times if unsigned else np.where(bits & np.uint64(1), -times, times)
        _multiply(work, name, places, times, "outlier", zero=True)


def _multiply(work: Work, name: str, places: keyed.Rows, by: NDArray[np.float64], kind: str, *, zero: bool = False) -> None:
    """Numbers times `by`; with `zero`, by itself where there is 0. What leaves a whole number's range stays as it was."""
    old = work.columns[name].gather(places)
    numbers = old.cast(pl.Float64).to_numpy()
    made = np.where((numbers == 0) & zero, by, numbers * by)
    values = pl.Series(np.rint(made), dtype=pl.Float64).cast(old.dtype, strict=False) if old.dtype.is_integer() else pl.Series(made)
    work.put(name, places, values.cast(old.dtype).fill_null(old), kind)


def _format(work: Work, entry: p.FormatHurt, stream: Stream) -> None:
    for name in entry.columns:
        moments = work.typed[name]
        formats = entry.formats or ([*_DAYS] if moments.dtype == pl.Date else [f"{day} %H:%M" for day in _DAYS])
        places = work.hit(name, entry.rate, stream)
        chosen = (work.bits(places, stream, name, "how") % np.uint64(len(formats))).astype(np.int64)
        for i, form in enumerate(formats):
            here = places[chosen == i]
            work.put(name, here, moments.gather(here).dt.to_string(form), "format")


_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%b %d, %Y", "%Y%m%d")


def _stale(work: Work, entry: p.StaleHurt, stream: Stream) -> None:
    met = below(keyed.words(work.rows, keyed.key_of(stream, "where")), entry.rate)
    free = ~np.logical_or.reduce([work.taken[name] for name in entry.named])
    places = np.flatnonzero(met & free)
    if not len(places):
        return
    group = GROUP + duplicates_in(work.plan, GROUP)
    start = (places // group) * group
    size = np.minimum(group, len(work.rows) - start)
    share = (work.bits(places, stream, "whose") >> np.uint64(11)).astype(np.float64) * 2.0**-53
    donors = start + (places - start + 1 + np.floor(share * np.maximum(size - 1, 1)).astype(np.int64)) % size
    clean = {name: work.columns[name].gather(donors) for name in entry.columns}
    for name in entry.columns:
        work.put(name, places, clean[name], "stale")
    if entry.stamp is not None:
        bits = (work.bits(places, stream, "stamp") >> np.uint64(11)).astype(np.float64) * 2.0**-53
        back = pl.Series((bits * entry.days * 86_400_000_000).astype(np.int64)).cast(pl.Duration("us"))
        work.put(entry.stamp, places, work.columns[entry.stamp].gather(places).cast(pl.Datetime("us")) - back, "stale")


def _late(work: Work, entry: p.LateHurt, stream: Stream) -> None:
    uniform = keyed.uniforms(work.rows, keyed.key_of(stream, "delay"))
    late = below(keyed.words(work.rows, keyed.key_of(stream, "where")), entry.rate)
    low, high = entry.delays
    seconds = np.where(late, low + uniform * (high - low), uniform * entry.usual)
    moments = work.columns[entry.column].cast(pl.Datetime("us"))
    arrival = (moments + pl.Series((seconds * 1e6).astype(np.int64)).cast(pl.Duration("us"))).rename(entry.arrival)
    work.columns[entry.arrival], work.taken[entry.arrival] = arrival, np.zeros(len(arrival), bool)
    places = np.flatnonzero(late & moments.is_not_null().to_numpy())
    work.label(places, entry.arrival, "late", as_text(moments.gather(places)), as_text(arrival.gather(places)))


def _duplicate(work: Work, entry: p.DuplicateHurt, stream: Stream) -> None:
    number = next(i for i, other in enumerate(work.plan) if other is entry) + 1
    places = np.flatnonzero(work.copy_of == number)
    fuzzy = below(work.bits(places, stream, "fuzzy"), entry.fuzzy)
    for kind, here in (("duplicate", places[~fuzzy]), ("fuzzy duplicate", places[fuzzy])):
        first = pl.Series(work.origin[here]).cast(pl.String)
        work.label(here, None, kind, first, pl.Series([None] * len(here), dtype=pl.String))
    chosen = (work.bits(places[fuzzy], stream, "column") % np.uint64(max(1, len(entry.columns)))).astype(np.int64)
    for i, name in enumerate(entry.columns):
        here = places[fuzzy][chosen == i]
        here = here[work.columns[name].gather(here).is_not_null().to_numpy() & ~work.taken[name][here]]
        work.rewrite(name, here, lambda text, bits: slips.typo(text, bits, slips.WAYS), stream, "typo")
    if entry.match is not None:
        work.columns[entry.match] = pl.Series(entry.match, work.origin)
        work.taken[entry.match] = np.zeros(len(work.rows), bool)


def _schema(work: Work, entry: p.SchemaHurt, stream: Stream) -> None:
    if isinstance(entry.start, p.Since):
        moments = work.columns[entry.start.column].cast(pl.Datetime("us"), strict=False)
        after = (moments >= datetime.fromisoformat(entry.start.moment)).fill_null(False).to_numpy()
        row: int | None = None
    else:
        after, row = work.origin >= entry.start, entry.start
    changes = [("rename", old, new) for old, new in entry.rename.items()] + [("drop", name, None) for name in entry.drop]
    changes += [("add", name, str(value)) for name, value in entry.add.items()] + [("retype", name, "text") for name in entry.retype]
    mask = pl.Series(after)
    for old, new in entry.rename.items():
        work.columns[new] = _where(mask, work.columns[old]).rename(new)
    for name in (*entry.rename, *entry.drop):
        work.columns[name] = _where(~mask, work.columns[name])
    for name, value in entry.add.items():
        work.columns[name] = _where(mask, pl.Series(name, [value]).new_from_index(0, len(mask)))
    if len(work.rows) and work.origin[0] == 0:
        work.labels.append(
            pl.DataFrame(
                [(work.table, row, row, name, f"schema {what}", name, new) for what, name, new in changes], schema=LABELS, orient="row"
            )
        )
    work.drifts.append((entry, after))


def _where(mask: pl.Series, series: pl.Series) -> pl.Series:
    return pl.select(pl.when(mask).then(series).alias(series.name)).to_series()


HURTS: dict[type[p.Hurt], Callable[[Work, Any, Stream], None]] = {
    p.TypoHurt: _typo, p.CaseHurt: _case, p.EncodingHurt: _encoding, p.WhitespaceHurt: _whitespace, p.MissingHurt: _missing,
    p.SwapHurt: _swapped, p.UnitHurt: _unit, p.OutlierHurt: _outlier, p.FormatHurt: _format, p.StaleHurt: _stale, p.LateHurt: _late,
    p.DuplicateHurt: _duplicate, p.SchemaHurt: _schema,
}  # fmt: skip
