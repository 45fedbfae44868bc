"""Columns of text that are no numbers and no dates: booleans, ordinals, categories, codes and free text."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import polars as pl

from understudy.core.wording import counted
from understudy.data.inference.evidence import Evidence, examples, no_rare_ends, percent, plain
from understudy.data.inference.numbers import describe_mix

Facts = dict[str, Any]

_BOOLEANS = (
    ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("off", "on"), ("nein", "ja"), ("non", "oui"),
    ("0", "1"), ("absent", "present"), ("inactive", "active"), ("disabled", "enabled"), ("fail", "pass"),
)  # fmt: skip

SCALES = (
    "very low|low|medium low|medium|medium high|high|very high", "low|moderate|high|very high|extreme",
    "low|mid|high", "low|average|high", "low|normal|high",
    "xxs|xs|s|m|l|xl|xxl|2xl|xxxl|3xl|4xl|5xl", "extra small|small|medium|large|extra large", "tiny|small|medium|big|huge",
    "strongly disagree|disagree|somewhat disagree|neutral|neither agree nor disagree|somewhat agree|agree|strongly agree",
    "very dissatisfied|dissatisfied|neutral|satisfied|very satisfied", "very unlikely|unlikely|neutral|likely|very likely",
    "never|rarely|seldom|occasionally|sometimes|often|usually|frequently|always", "very poor|poor|fair|average|good|very good|excellent",
    "very bad|bad|ok|good|very good|excellent", "none|very mild|mild|moderate|severe|very severe", "none|low|medium|high|critical",
    "beginner|intermediate|advanced|expert", "junior|mid|senior|lead|principal", "bronze|silver|gold|platinum|diamond",
    "basic|standard|premium|enterprise",
    "debug|info|warning|error|critical", "minor|major|critical", "primary|secondary|tertiary", "freshman|sophomore|junior|senior",
    "first|second|third|fourth|fifth|sixth", "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", "q1|q2|q3|q4",
    "january|february|march|april|may|june|july|august|september|october|november|december", "mon|tue|wed|thu|fri|sat|sun",
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday", "child|teen|adult|senior", "young|middle|old", "weak|medium|strong",
    "cold|cool|mild|warm|hot", "slow|medium|fast", "daily|weekly|monthly|quarterly|yearly", "niedrig|mittel|hoch",
    "klein|mittel|groß", "faible|moyen|élevé",
)  # fmt: skip
_RANKED_PREFIXES = frozenset(
    {"grade", "level", "stage", "class", "tier", "step", "year", "week", "quarter", "phase", "rank", "group", "band", "score"}
)
_MOST_ORDERED = 60


def decide_boolean_text(e: Evidence) -> Facts | None:
    """Two spellings of no and yes."""
    if e.distinct != 2:
        return None
    by_lower = {str(text).strip().lower(): str(text) for text in e.levels}
    for low, high in _BOOLEANS:
        if set(by_lower) == {low, high}:
            spelling = [by_lower[low], by_lower[high]]
            return {
                "kind": "boolean",
                "spelling": spelling,
                "reason": f"the only texts are '{spelling[0]}' and '{spelling[1]}' ({e.of()} values)",
            }
    return None


def decide_ordinal(e: Evidence) -> Facts | None:
    """Texts with an order of their own: intervals, scales of words, numbered grades. Two texts have no order worth learning."""
    if not 3 <= e.distinct <= _MOST_ORDERED or e.unique:
        return None
    texts = [str(text) for text in e.levels]
    order, why = _interval_order(texts), "intervals"
    if order is None:
        order, why = _scale_order(texts), "words of one scale"
    if order is None:
        order, why = _numbered_order(texts), "numbered grades"
    if order is None:
        return None
    ends = f", from '{order[0]}' to '{order[-1]}'" if no_rare_ends(e, order) else ""
    return {"kind": "ordinal", "order": order, "reason": f"the {e.distinct} texts are {why}{ends}"}


_NUMBER = r"[$€£]?\s?-?\d[\d,]*(?:\.\d+)?\s?[kKmM%]?"
_BETWEEN = re.compile(rf"[\[(]?\s*({_NUMBER})\s*(?:-|–|—|to|,|;|and|bis|\.\.)\s*({_NUMBER})\s*[\])]?(?:\s*[a-z]+)?", re.I)
_BELOW = re.compile(rf"(?:<=?|≤|under|below|less than|up to|at most|younger than)\s*({_NUMBER})(?:\s*[a-z]+)?", re.I)
_ABOVE = re.compile(
    rf"(?:>=?|≥|over|above|more than|greater than|at least|older than)\s*({_NUMBER})(?:\s*[a-z]+)?"
    rf"|({_NUMBER})\s*(?:\+|and (?:over|above|older|more)|or (?:more|older|above))",
    re.I,
)


def _interval_order(texts: list[str]) -> list[str] | None:
    spans: list[tuple[float, float, str]] = []
    for text in texts:
        span = _span(text.strip())
        if span is None:
            return None
        spans.append((*span, text))
    spans.sort()
    if sum(math.isfinite(low) and math.isfinite(high) for low, high, _ in spans) == 0:
        return None
    overlaps = any(high > low + 1e-9 for (_, high, _), (low, _, _) in pairwise(spans))
    return None if overlaps else [text for _, _, text in spans]


def _span(text: str) -> tuple[float, float] | None:
    if match := _BETWEEN.fullmatch(text):
        low, high = _amount(match[1]), _amount(match[2])
        return (low, high) if low <= high else None
    if match := _BELOW.fullmatch(text):
        return -math.inf, _amount(match[1])
    if match := _ABOVE.fullmatch(text):
        return _amount(match[1] or match[2]), math.inf
    return None


def _amount(text: str) -> float:
    scale = {"k": 1e3, "m": 1e6}.get(text[-1].lower(), 1.0)
    return float(re.sub(r"[^\d.\-]", "", text)) * scale


def _scale_order(texts: list[str]) -> list[str] | None:
    by_word = {re.sub(r"[\s_-]+", " ", text.strip().lower()): text for text in texts}
    for scale in SCALES:
        words = scale.split("|")
        if len(by_word) == len(texts) and set(by_word) <= set(words):
            return [by_word[word] for word in words if word in by_word]
    return None


def _numbered_order(texts: list[str]) -> list[str] | None:
    leading = [re.fullmatch(r"(\d{1,3})\s*(?:[-–.:)=]\s*|\s)(\D.*)", text.strip()) for text in texts]
    if all(leading):
        ranks = [int(match[1]) for match in leading if match]
    else:
        trailing = [re.fullmatch(r"([A-Za-z]+)[\s_-]*(\d{1,3})", text.strip()) for text in texts]
        if not all(trailing) or len({match[1] for match in trailing if match}) > 1:
            return None
        if trailing[0] is None or trailing[0][1].lower() not in _RANKED_PREFIXES:
            return None
        ranks = [int(match[2]) for match in trailing if match]
    if len(set(ranks)) < len(ranks):
        return None
    return [text for _, text in sorted(zip(ranks, texts, strict=True))]


def decide_words(e: Evidence) -> Facts:
    """Categories where values repeat, a code where short texts share a few shapes, free text otherwise."""
    share_common = float(e.counts.filter(pl.col("count") >= 5)["count"].sum() or 0) / max(1, len(e.values))
    mix = describe_mix(e)
    repeats = e.rows_per_level >= 5 or (e.distinct <= 50 and e.rows_per_level >= 2) or (e.rows_per_level >= 2 and share_common >= 0.6)
    few = e.distinct <= 10 and not e.unique
    if (repeats and not (mix and e.distinct > 50 and e.rows_per_level < 5)) or few:
        note = f"; {mix}" if mix else ""
        return {
            "kind": "categorical",
            "reason": f"{counted(e.distinct, 'different text')} in {e.of()} rows, {plain(e.rows_per_level)} rows each on average{note}",
        }
    words = e.values.str.split(" ").list.len()
    mean_words, length = float(words.mean() or 0), e.values.str.len_chars()  # type: ignore[arg-type]
    masks = masks_of(e.levels)
    shapes = masks.n_unique()
    coded = e.share(r".*\d.*|[A-Z0-9./ -]+") >= 0.8 and bool((length <= 40).all()) and mean_words <= 3
    if coded and (shapes <= max(30, e.distinct // 3)):
        common = examples(masks.value_counts(sort=True)["mask"], 2)
        reason = f"{e.distinct:,} different short texts in {e.of()} share {counted(shapes, 'shape')}, such as {common}"
        return {"kind": "code", "reason": f"{reason}; {mix}" if mix else reason}
    share = percent(e.distinct / max(1, len(e.values)))
    reason = f"{e.distinct:,} different texts in {e.of()} ({share} different), {plain(mean_words)} words on average: free text"
    return {"kind": "text", "reason": f"{reason}; {mix}" if mix else reason}


def masks_of(texts: pl.Series) -> pl.Series:
    """The shape of each text: 9 for digits, A and a for letters, everything else as it is."""
    letters = texts.str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\p{Ll}", "a").str.replace_all(r"\p{Lo}", "a")
    return letters.str.replace_all(r"\d", "9").alias("mask")
