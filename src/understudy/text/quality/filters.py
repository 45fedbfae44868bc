"""Filters by name with options, as they stand in a spec:

    quality:
      - exact_duplicates
      - near_duplicates: {similarity: 0.8}
      - length: {words: [5, 200]}

Each is a pydantic model with a method that gives a reason for every row that it drops. `filters_of` reads the list and tells a wrong name
with the nearest one. One file here holds one family of them; a new filter is a model and a line in `FILTERS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.text.quality.duplicates import ExactDuplicates, NearDuplicates, SemanticDuplicates
from understudy.text.quality.filter import Filter
from understudy.text.quality.forms import Language, Length, PersonalData, Phrases, Toxicity
from understudy.text.quality.judged import Judged, LabelCheck
from understudy.text.quality.overlap import Contamination, TrainingOverlap
from understudy.text.quality.quota import KindsCovered, Quota

FILTERS: dict[str, type[Filter]] = {
    made.kind(): made
    for made in (
        ExactDuplicates, NearDuplicates, SemanticDuplicates, Length, Language, Toxicity, Phrases, PersonalData, LabelCheck, TrainingOverlap,
        Contamination, Judged, Quota, KindsCovered,
    )
}  # fmt: skip
USUAL = ("length", "phrases", "exact_duplicates", "near_duplicates", "personal_data")
"""The filters that need nothing but the rows, and that most sets of texts want."""

Declared = str | dict[str, Any] | Filter


def filters_of(declared: Sequence[Declared], where: str = "quality") -> list[Filter]:
    """Filters from names, mappings of a name to its options, or filters themselves.

    Raises:
        ArgumentError: an unknown name or option (with the nearest), or a value out of its range; says which entry.
    """
    if isinstance(declared, (str, dict)):
        raise ArgumentError("Filters are a list.", where=where, remedy=f"Write a list: {where}: [exact_duplicates, near_duplicates]")
    return [_filter(entry, f"{where}[{place}]") for place, entry in enumerate(declared)]


def _filter(entry: Declared, where: str) -> Filter:
    if isinstance(entry, Filter):
        return entry
    options: Any = {}
    if isinstance(entry, str):
        name = entry
    elif isinstance(entry, dict) and len(entry) == 1:
        name, options = next(iter(entry.items()))
        options = {} if options is None else options
    else:
        raise ArgumentError(
            f"A filter is a name, or one name with its options, not {entry!r}.", where=where, remedy="- length: {words: [5, 200]}"
        )
    if name not in FILTERS:
        raise ArgumentError(f'There is no filter "{name}".', where=where, remedy=did_you_mean(str(name), FILTERS))
    if not isinstance(options, dict):
        raise ArgumentError(
            f'The options of "{name}" are a mapping, not {options!r}.', where=where, remedy=f"Options: {_options(FILTERS[name])}."
        )
    try:
        return FILTERS[name](**options)
    except ValidationError as error:
        raise _told(error, name, where) from None


def _told(error: ValidationError, name: str, where: str) -> ArgumentError:
    """The first fault, in the words of the list."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ArgumentError(f'"{name}" has no option "{place}".', where=where, remedy=did_you_mean(place, FILTERS[name].model_fields))
    words = first["msg"].removeprefix("Value error, ")
    return ArgumentError(f'"{name}": {place + ": " if place else ""}{words}.', where=where, remedy=f"Options: {_options(FILTERS[name])}.")


def _options(kind: type[Filter]) -> str:
    return ", ".join(kind.model_fields) or "none"
