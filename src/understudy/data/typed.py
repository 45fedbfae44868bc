"""Between a column as the source holds it and the values that it means.

`typed` reads: text such as "1.234,50 €", "31/12/2020" or "Yes" becomes numbers, dates, booleans. `written` goes back to the
source's own type and form. `written(typed(x)) == x` for columns whose schema was inferred from `x`, up to what the schema's
reason says is unified (several date formats, several offsets).

Dates with a time zone are read as local clock time, because the hour of the day is what carries meaning.
"""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl

from understudy.core.errors import DataError
from understudy.data.dtypes import polars_dtype
from understudy.data.schema import ColumnSchema

NUMBERS = frozenset({"integer", "decimal", "latitude", "longitude"})
CALENDAR = frozenset({"datetime", "date", "time"})
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def typed(series: pl.Series, column: ColumnSchema, *, first_row: int = 0) -> pl.Series:
    """The values that a source column means; missing texts and NaN become null.

    Returns Int64 (integer), Float64 (decimal, latitude, longitude), Boolean, Datetime without zone (local clock time), Date, Time,
    Duration; for all other kinds the source's own numbers or String. `first_row` is the row number of the series' head,
    for the error. Raises `DataError` naming column, row and cell where a value does not fit its kind.
    """
    present, result = _read(series, column)
    _refuse_misfits(series, present, result, column, first_row)
    return result.alias(series.name)


def misfits(series: pl.Series, column: ColumnSchema) -> pl.Series:
    """Which values of a source column its schema does not explain (bool a row)."""
    present, result = _read(series, column)
    return _unexplained(present, result, column)


def _read(series: pl.Series, column: ColumnSchema) -> tuple[pl.Series, pl.Series]:
    """The source values with all that stands for missing made null, and what they mean (null where unreadable)."""
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if series.dtype == pl.String and column.missing_text:
        series = series.set(series.is_in(column.missing_text), None)
    if series.dtype.is_float():
        series = series.fill_nan(None)
    if column.kind in NUMBERS:
        return series, _numbers(series, column)
    if column.kind in CALENDAR:
        return series, _calendar(series, column)
    if column.kind == "boolean":
        return series, _booleans(series, column)
    if column.kind == "duration":
        return series, _durations(series)
    return series, series


def written(series: pl.Series, column: ColumnSchema) -> pl.Series:
    """Typed values in the source column's own type and form."""
    dtype = polars_dtype(column.dtype, [str(c) for c in column.categories or []])
    if dtype == pl.String:
        texts = _as_text(series, column)
        return texts.fill_null(column.missing_text[0]) if column.missing_text else texts
    if column.kind in NUMBERS:
        return _as_number(series, column, dtype)
    if column.kind == "boolean" and column.spelling is not None:
        low, high = column.spelling
        return _pick(series, low, high).cast(dtype)
    if column.kind in CALENDAR and (dtype.is_integer() or dtype.is_float()):
        return series.dt.strftime(column.format or "%Y%m%d").cast(dtype)
    if isinstance(dtype, pl.Datetime) and series.dtype.is_temporal():
        return _as_datetime(series, dtype)
    return series.cast(dtype)


# Reading


def _numbers(series: pl.Series, column: ColumnSchema) -> pl.Series:
    if series.dtype == pl.String:
        series = number_text(series, column).cast(pl.Float64 if column.kind != "integer" else pl.Int64, strict=False)
    return series.cast(pl.Int64 if column.kind == "integer" else pl.Float64, strict=False)


def number_text(series: pl.Series, column: ColumnSchema) -> pl.Series:
    """Numbers as text, stripped to what a number is made of: [-]digits[.digits]."""
    text = series.str.strip_chars()
    for mark in (column.prefix, column.suffix):
        if mark:
            text = text.str.replace(mark, "", literal=True).str.strip_chars()
    if column.thousands:
        text = text.str.replace_all(column.thousands, "", literal=True)
    if column.decimal_comma:
        text = text.str.replace(",", ".", literal=True)
    return text


def _calendar(series: pl.Series, column: ColumnSchema) -> pl.Series:
    if series.dtype.is_integer() or series.dtype.is_float():
        series = series.cast(pl.Int64).cast(pl.String)
    if series.dtype == pl.String:
        formats = [column.format or "%Y-%m-%d", *(column.also_read or [])]
        return _read_formats(series, column, formats)
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone:
        series = series.dt.replace_time_zone(None)
    if column.kind == "date":
        return series.cast(pl.Date)
    return series


def _read_formats(series: pl.Series, column: ColumnSchema, formats: list[str]) -> pl.Series:
    result = parse_dates(series, formats[0], column.time_zone)
    for pattern in formats[1:]:
        if result.null_count() == series.null_count():
            break
        more = parse_dates(series, pattern, column.time_zone)
        result = result.to_frame("a").with_columns(b=more).select(pl.coalesce("a", "b"))["a"]
    return result.cast({"date": pl.Date, "time": pl.Time}.get(column.kind, result.dtype))


def parse_dates(texts: pl.Series, pattern: str, time_zone: str | None = None) -> pl.Series:
    """Texts read by one strftime format as local Datetime[us] (Time where the format has no date); null where they do not fit."""
    if not any(mark in pattern for mark in ("%Y", "%y")):
        return texts.str.to_time(pattern, strict=False)
    if "%d" not in pattern.replace("%-d", "%d"):
        # A month needs a day to be a date: the first.
        return (texts + " 1").str.to_datetime(pattern + " %d", strict=False, time_unit="us")
    if not any(mark in pattern for mark in ("%H", "%-H", "%I", "%-I")):
        return texts.str.to_date(pattern, strict=False).cast(pl.Datetime("us"))
    if "%z" not in pattern and "%:z" not in pattern:
        return texts.str.to_datetime(pattern, strict=False, time_unit="us")
    utc = texts.str.to_datetime(pattern, strict=False, time_unit="us", time_zone="UTC").dt.replace_time_zone(None)
    return utc + offset_of(time_zone)


def offset_of(time_zone: str | None) -> timedelta:
    """The offset from UTC that a fixed zone such as "+02:00" stands for; zero for UTC."""
    match = _OFFSET.fullmatch(time_zone or "+00:00")
    if match is None:
        return timedelta(0)
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return size if match[1] == "+" else -size


def _booleans(series: pl.Series, column: ColumnSchema) -> pl.Series:
    if series.dtype == pl.Boolean:
        return series
    if column.spelling is None:
        return series.cast(pl.Boolean, strict=False)
    low, high = (str(word) if series.dtype == pl.String else word for word in column.spelling)
    frame = series.to_frame("v")
    is_high, is_low = pl.col("v") == pl.lit(high), pl.col("v") == pl.lit(low)
    return frame.select(v=pl.when(is_high).then(True).when(is_low).then(False))["v"]


def _durations(series: pl.Series) -> pl.Series:
    """Text as [-][days ]hours:minutes:seconds[.fraction] becomes Duration[us]."""
    if series.dtype != pl.String:
        return series
    parts = series.str.extract_groups(r"^(-?)(?:(\d+)(?: days?,?)? )?(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$").struct.unnest()
    sign, days, hours, minutes, seconds, fraction = (pl.col(name) for name in parts.columns)
    whole = [part.cast(pl.Int64).fill_null(0) for part in (days, seconds)]
    micros = fraction.str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    total = ((whole[0] * 24 + hours.cast(pl.Int64)) * 60 + minutes.cast(pl.Int64)) * 60 + whole[1]
    signed = (total * 1_000_000 + micros) * pl.when(sign == "-").then(-1).otherwise(1)
    return parts.select(v=signed.cast(pl.Duration("us")))["v"]


def _refuse_misfits(source: pl.Series, series: pl.Series, result: pl.Series, column: ColumnSchema, first_row: int) -> None:
    if result.dtype.is_float() and (infinite := result.is_infinite().fill_null(False)).any():
        row = int(infinite.arg_max() or 0)
        raise DataError(
            f'Column "{column.name}" holds an infinite value ({int(infinite.sum())} of {len(result)} rows).',
            where=f"row {first_row + row + 1}",
            remedy="Replace infinities by a number or by a missing value.",
        )
    odd = _unexplained(series, result, column)
    if odd.any():
        row = int(odd.arg_max() or 0)
        if column.kind == "integer" and (source.dtype in (pl.UInt64, pl.Int128) or source.dtype.is_decimal()):
            raise DataError(
                f'Column "{column.name}" holds {source[row]}, which is beyond the whole numbers that are learned (64 bits with a sign; '
                f"{int(odd.sum())} of {len(source)} rows).",
                where=f"row {first_row + row + 1}",
                remedy="If it stands for missing, make it so; if the column names things, declare it identifier, categorical or code.",
            )
        raise DataError(
            f'Column "{column.name}" is declared {column.kind}, but {source[row]!r} is not one ({int(odd.sum())} of {len(source)} rows).',
            where=f"row {first_row + row + 1}",
            remedy="Change the column's kind or format in the schema, or list the text under missing_text.",
        )


def _unexplained(series: pl.Series, result: pl.Series, column: ColumnSchema) -> pl.Series:
    odd = series.is_not_null() & result.is_null()
    if column.kind == "integer" and series.dtype.is_float():
        odd = odd | (series != series.round()).fill_null(False)
    return odd


# Writing


def _as_number(series: pl.Series, column: ColumnSchema, dtype: pl.DataType) -> pl.Series:
    if column.decimals is not None and series.dtype.is_float():
        series = series.round(column.decimals)
    if dtype.is_integer() and series.dtype.is_float():
        series = series.round()
    return series.cast(dtype)


def _as_datetime(series: pl.Series, dtype: pl.Datetime) -> pl.Series:
    series = series.cast(pl.Datetime(dtype.time_unit))
    if dtype.time_zone is None:
        return series
    local = series.dt.replace_time_zone(dtype.time_zone, ambiguous="earliest", non_existent="null")
    if local.null_count() == series.null_count():
        return local
    # The clock skips an hour once a year; a time drawn inside it is moved behind it.
    later = (series + timedelta(hours=1)).dt.replace_time_zone(dtype.time_zone, ambiguous="earliest", non_existent="null")
    return local.to_frame("a").with_columns(b=later).select(pl.coalesce("a", "b"))["a"]


def _as_text(series: pl.Series, column: ColumnSchema) -> pl.Series:
    if series.dtype == pl.String:
        return series
    if column.kind in NUMBERS:
        return _number_as_text(series, column)
    if column.kind == "boolean" and column.spelling is not None:
        low, high = (str(word) for word in column.spelling)
        return _pick(series, low, high)
    if column.kind in CALENDAR and column.format:
        return _calendar_as_text(series, column)
    if column.kind == "duration":
        return _duration_as_text(series, column.format or "%H:%M:%S")
    return series.cast(pl.String)


def _pick(series: pl.Series, low: object, high: object) -> pl.Series:
    value = pl.col("v")
    return series.to_frame("v").select(v=pl.when(value).then(pl.lit(high)).when(~value).then(pl.lit(low)))["v"]


def _number_as_text(series: pl.Series, column: ColumnSchema) -> pl.Series:
    decimals = column.decimals if column.kind != "integer" else 0
    if decimals is None or series.dtype.is_integer():
        text = series.cast(pl.String)
    else:
        text = _fixed(series, decimals)
        if decimals and not column.trailing_zeros:
            text = text.str.strip_chars_end("0").str.strip_chars_end(".")
    if column.thousands:
        text = _grouped(text, column.thousands if column.thousands != "." else "\x00")
    if column.decimal_comma:
        text = text.str.replace(".", ",", literal=True)
    text = text.str.replace_all("\x00", ".", literal=True)
    if column.prefix:
        text = text.str.replace(r"^(-?)", "${1}" + column.prefix.replace("$", "$$"))
    return text + column.suffix if column.suffix else text


def _fixed(series: pl.Series, decimals: int) -> pl.Series:
    """Numbers with exactly `decimals` digits after the point."""
    if decimals == 0:
        return series.round().cast(pl.Int64).cast(pl.String)
    scale = 10**decimals
    units = (series * scale).round().cast(pl.Int64)
    frame: pl.DataFrame = units.to_frame("u").select(
        sign=pl.when(pl.col("u") < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        whole=(pl.col("u").abs() // scale).cast(pl.String),
        part=(pl.col("u").abs() % scale).cast(pl.String).str.zfill(decimals),
    )
    return frame.select(v=pl.concat_str("sign", "whole", pl.lit("."), "part"))["v"]


def _grouped(text: pl.Series, mark: str) -> pl.Series:
    """A group mark before each three digits of the whole part; twelve digits and more get their first four groups."""
    for _ in range(6):
        grouped = text.str.replace(r"^(-?\d+)(\d{3})((?:\D\d{3})*)(\.\d+)?$", "${1}" + mark + "${2}${3}${4}")
        if (grouped == text).all():
            break
        text = grouped
    return text


def _calendar_as_text(series: pl.Series, column: ColumnSchema) -> pl.Series:
    pattern = column.format or "%Y-%m-%d"
    if "%z" in pattern or "%:z" in pattern:
        offset = column.time_zone if _OFFSET.fullmatch(column.time_zone or "") else "+00:00"
        pattern = pattern.replace("%:z", str(offset)).replace("%z", str(offset).replace(":", ""))
    if column.kind == "date" and series.dtype != pl.Date:
        series = series.cast(pl.Date)
    return series.dt.to_string(pattern)


def _duration_as_text(series: pl.Series, pattern: str) -> pl.Series:
    """[-][days ]hours:minutes:seconds[.fraction]; `pattern` says whether days are apart and hours below ten have a zero."""
    value = pl.col("v").cast(pl.Duration("us")).cast(pl.Int64)
    seconds = value.abs() // 1_000_000
    micros = value.abs() % 1_000_000
    hours = (seconds // 3600 % 24 if "days" in pattern else seconds // 3600).cast(pl.String)
    days = (seconds // 86400).cast(pl.String) + " days " if "days" in pattern else pl.lit("")
    parts = series.to_frame("v").select(
        sign=pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit("")) + days,
        hours=hours if "%-H" in pattern else hours.str.zfill(2),
        minutes=(seconds // 60 % 60).cast(pl.String).str.zfill(2),
        seconds=(seconds % 60).cast(pl.String).str.zfill(2),
        fraction=pl.when(micros > 0).then("." + micros.cast(pl.String).str.zfill(6)).otherwise(pl.lit("")),
    )
    return parts.select(v=pl.format("{}{}:{}:{}{}", *parts.columns))["v"]
