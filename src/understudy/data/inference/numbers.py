"""Columns of numbers, and of numbers kept as text."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from understudy.data.inference.evidence import MISSING_WORDS, Evidence, examples, no_rare_ends, percent, span
from understudy.data.inference.names import id_name

Facts = dict[str, Any]

_LABEL_WORDS = (
    "type", "code", "class", "pclass", "category", "zone", "cluster", "label", "status", "sex", "gender", "race",
    "region", "district", "plan", "segment", "vendor", "zip", "zipcode", "postcode", "plz",
)  # fmt: skip
_MOST_LABELS = 300
_MOST_DECIMALS = 9
_EXACT_INTEGERS = 2**53


def decide_number(e: Evidence) -> Facts:
    """The kind of a numeric column."""
    if e.dtype.is_float() and not _is_whole(e.values):
        return _decide_decimal(e)
    if e.dtype.is_decimal():
        scale = getattr(e.dtype, "scale", 0)
        if scale:
            return {"kind": "decimal", "decimals": scale, "reason": f"its type has {scale} decimals"}
    return _decide_whole(e)


def _is_whole(values: pl.Series) -> bool:
    if values.dtype.is_float() and float(values.abs().max() or 0) > _EXACT_INTEGERS:  # type: ignore[arg-type]
        return False
    return bool((values == values.round()).all())


def _decide_whole(e: Evidence) -> Facts:
    low, high = int(e.low or 0), int(e.high or 0)
    kept = " kept as floats" if e.dtype.is_float() else ""
    if set(e.levels.to_list()) == {0, 1}:
        spelling: list[Any] = [0.0, 1.0] if e.dtype.is_float() else [0, 1]
        return {"kind": "boolean", "spelling": spelling, "reason": f"the only values are 0 and 1 ({e.of()} values)"}
    found = _whole_identifier(e, low, high) or _calendar_number(e, low, high) or _labels(e)
    if found:
        return found
    reason = f"all {e.of()} values are whole numbers{kept}{span(e)}, {e.distinct:,} different"
    if e.unique and e.present > 20:
        reason += "; no value repeats, but neither the name nor a sequence says that it is an identifier"
    decimals = {"decimals": 0} if e.dtype.is_float() else {}
    return {"kind": "integer", **decimals, "reason": reason}


def _whole_identifier(e: Evidence, low: int, high: int) -> Facts | None:
    word = id_name(e)
    room = high - low + 1
    if e.unique and e.present >= 3 and word:
        return {"kind": "identifier", "unique": True, "reason": f"all {e.of()} values differ and the name says '{word}'"}
    if e.unique and e.present >= 20 and not e.dtype.is_float() and not e.named("time", "timestamp", "date", "year", "epoch"):
        if room == e.present:
            return {"kind": "identifier", "unique": True, "reason": f"the {e.of()} values are numbers in a row, each once: a counter"}
        # Numbers drawn at random from so short a range would have repeated many times (birthday bound).
        if e.present**2 / (2 * room) >= 20:
            return {
                "kind": "identifier", "unique": True,
                "reason": f"no value repeats among {e.of()}, although so short a range would make them repeat: they were numbered",
            }  # fmt: skip
    if word and e.distinct > _MOST_LABELS and e.rows_per_level < 1000:
        return {
            "kind": "identifier", "unique": False,
            "reason": f"the name says '{word}' and {e.distinct:,} different numbers stand in {len(e.values):,} rows: a key that repeats",
        }  # fmt: skip
    return None


def _calendar_number(e: Evidence, low: int, high: int) -> Facts | None:
    if not (low >= 19000101 and high <= 21001231 and e.distinct >= 5):
        return None
    dates = e.levels.cast(pl.Int64).cast(pl.String).str.to_date("%Y%m%d", strict=False)
    if dates.null_count():
        return None
    return {"kind": "date", "format": "%Y%m%d", "resolution": "day", "reason": f"all {e.of()} numbers are dates as year, month, day"}


def _labels(e: Evidence) -> Facts | None:
    if e.dtype.is_float() and e.distinct > 20:
        return None
    word = e.named(*_LABEL_WORDS) or id_name(e)
    if word and e.distinct <= min(_MOST_LABELS, max(2, len(e.values) // 5)):
        return {
            "kind": "categorical",
            "reason": f"the name says '{word}' and there are {e.distinct} different numbers: labels, not amounts",
        }
    if e.distinct == 2 and len(e.values) >= 20:
        such = f": {examples(e.levels.sort())}" if no_rare_ends(e, e.levels) else ""
        return {"kind": "categorical", "reason": f"only two different values occur{such}"}
    return None


def _decide_decimal(e: Evidence) -> Facts:
    decimals = decimals_of(e.values) if float(e.values.abs().max() or 0) <= _EXACT_INTEGERS else None  # type: ignore[arg-type]
    place = coordinate(e)
    written = f"with {decimals} decimals" if decimals is not None else "of full precision"
    if place:
        return {"kind": place, "decimals": decimals, "reason": f"the name says {place} and all {e.of()} values are in its range"}
    return {
        "kind": "decimal", "decimals": decimals,
        "reason": f"the {e.of()} values are numbers {written}{span(e)}",
    }  # fmt: skip


def coordinate(e: Evidence) -> str | None:
    """latitude or longitude, where name and range say so."""
    if e.low is None or e.high is None:
        return None
    latitude = e.named("latitude", "lat")
    longitude = e.named("longitude", "lon", "lng")
    if not longitude and e.named("long") and any("lat" in s.lower() for s in e.siblings):
        longitude = "long"
    if latitude and e.low >= -90 and e.high <= 90:
        return "latitude"
    if longitude and e.low >= -180 and e.high <= 180:
        return "longitude"
    return None


def decimals_of(values: pl.Series) -> int | None:
    """The fewest decimals (0 to 9) that all the values keep; None where nine do not suffice."""
    precision = 1e-6 if values.dtype == pl.Float32 else 1e-12
    values = values.cast(pl.Float64)
    sizes = values.abs().filter(values != 0)
    # Rounding leaves crumbs such as 5.6e-17 beside values of ordinary size; where all are tiny, they are no crumbs.
    crumb = 1e-12 * min(1.0, float(sizes.median() or 1.0))  # type: ignore[arg-type]
    slack = values.abs() * precision + crumb
    for decimals in range(_MOST_DECIMALS + 1):
        if bool(((values - values.round(decimals)).abs() <= slack).all()):
            return decimals
    return None


# Numbers as text: sign, a mark such as $ or € before or after, digits with group marks, decimals.
_NUMBER = re.compile(
    r"^\s*(?P<a>[-+]?)(?P<prefix>[^\d\s.,+-]{0,4}?)\s?(?P<b>[-+]?)(?P<body>\d[\d.,' ]*?|\.\d+)"
    r"(?P<exponent>[eE][-+]?\d+)?\s?(?P<suffix>[^\d\s.,]{0,8})\s*$"
)


def decide_number_text(e: Evidence) -> Facts | None:
    """Integer or decimal, where all texts are numbers but for a few that stand for missing; else None."""
    levels, counts = e.levels.to_list(), e.counts["count"].to_list()
    if not any(character.isdigit() for character in levels[0] + levels[-1]):
        return None
    parsed = [(text, count, _NUMBER.match(text)) for text, count in zip(levels, counts, strict=True)]
    strays = [(text, count) for text, count, match in parsed if match is None]
    if any(text.strip().lower() not in MISSING_WORDS for text, _ in strays) or len(strays) > 3:
        return None
    matches = [match for _, _, match in parsed if match is not None]
    if len(matches) < 2 or any(_zero_padded(match["body"]) for match in matches):
        return None
    affix = _one_affix(matches)
    marks = _marks([match["body"] for match in matches])
    if affix is None or marks is None or any(match["a"] and match["b"] for match in matches):
        return None
    if e.unique and id_name(e):
        return None
    return _number_text_facts(e, matches, affix, marks, strays)


def _number_text_facts(e: Evidence, matches: list[re.Match[str]], affix: Facts, marks: Facts, strays: list[tuple[str, int]]) -> Facts:
    point = "," if marks.get("decimal_comma") else "."
    exponent = any(match["exponent"] for match in matches)
    fractions = [match["body"].partition(point)[2] for match in matches]
    decimals = None if exponent else max(len(fraction) for fraction in fractions)
    facts: Facts = {"kind": "decimal" if decimals is None or decimals > 0 else "integer", **affix, **marks}
    if facts["kind"] == "decimal":
        facts["decimals"] = decimals
        if any(fraction.endswith("0") for fraction in fractions):
            facts["trailing_zeros"] = True
    note = marks.get("note", "")
    facts.pop("note", None)
    reason = f"all {e.of()} texts are numbers{note}"
    if strays:
        facts["missing_text"] = [text for text, _ in strays]
        total = sum(count for _, count in strays)
        reason = f"all texts but {total} of {e.of()} are numbers; {', '.join(repr(text) for text, _ in strays)} stands for missing{note}"
    return {**facts, "reason": reason}


def _zero_padded(body: str) -> bool:
    return len(body) > 1 and body[0] == "0" and body[1].isdigit()


def _one_affix(matches: list[re.Match[str]]) -> Facts | None:
    """The mark before and after, where every number has the same; None where they differ."""
    facts: Facts = {}
    for side in ("prefix", "suffix"):
        marks = {match[side] for match in matches}
        if len(marks) > 1:
            return None
        mark = marks.pop()
        if mark and mark.isalpha() and mark.isascii() and len(mark) > 3:
            return None
        if mark and side == "prefix" and mark.isalnum():
            # Letters before digits are a code such as A11, not a unit.
            return None
        if mark:
            sample = matches[0]
            spaced = f"{mark} {sample['body']}" if side == "prefix" else f"{sample['body']} {mark}"
            padding = spaced in sample.group(0)
            facts[side] = (f"{mark} " if side == "prefix" else f" {mark}") if padding else mark
    if "suffix" in facts and facts["suffix"].isalpha() and len(facts["suffix"]) == 1:
        # 12A is a code; a one-letter unit is written apart from its number.
        return None
    return facts


def _marks(bodies: list[str]) -> Facts | None:
    """Which mark groups thousands and which one is the decimal point; None where the texts contradict each other."""
    used = {mark for body in bodies for mark in ".,' " if mark in body}
    for point, group in ((".", None), (".", ","), (",", None), (",", "."), (".", "'"), (".", " "), (",", " "), (",", "'")):
        if used <= {point, group} and all(_well_formed(body, point, group) for body in bodies):
            facts: Facts = {}
            if group is not None:
                facts["thousands"] = group
            if point == ",":
                facts["decimal_comma"] = True
            if used == {","} and group == ",":
                facts["note"] = "; commas are group marks, because three digits follow each of them"
            return facts
    return None


def _well_formed(body: str, point: str, group: str | None) -> bool:
    whole, _, fraction = body.partition(point)
    if fraction and not fraction.isdigit():
        return False
    if group is None or group not in whole:
        return whole.isdigit() or (whole == "" and fraction != "") if group is None or group not in fraction else False
    head, *groups = whole.split(group)
    return head.isdigit() and len(head) <= 3 and all(len(part) == 3 and part.isdigit() for part in groups)


def describe_mix(e: Evidence) -> str | None:
    """Where numbers and other texts are mixed: what share each has; None where they are not."""
    number = r"\s*[-+]?\d+(?:[.,]\d+)?\s*"
    share = e.share(number)
    if not 0.05 <= share <= 0.999:
        return None
    rest = e.counts.filter(~pl.col("value").str.contains(f"^(?:{number})$") & (pl.col("count") >= 5))
    such = f" such as {examples(rest['value'], 2)}" if rest.height else ""
    return f"{percent(share)} of the cells are numbers and {percent(1 - share)} are texts{such}"
