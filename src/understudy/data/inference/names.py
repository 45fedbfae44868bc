"""What a column's name says."""

from __future__ import annotations

from understudy.data.inference.evidence import Evidence

_ID_WORDS = ("id", "ids", "uuid", "guid", "udi", "nbr", "pk", "identifier", "serial", "key", "rowid", "oid")
_NUMBERED = frozenset(
    {
        "customer", "account", "order", "invoice", "policy", "case", "employee", "ticket", "serial", "patient", "member",
        "record", "row", "user", "client", "contract", "transaction", "booking", "reference", "ref", "document", "item", "student",
    }
)  # fmt: skip
# yearID and month_key number the calendar, not rows.
_CALENDAR_WORDS = frozenset({"year", "month", "week", "day", "date", "hour", "age"})
_NUMBER_WORDS = frozenset({"no", "nr", "num", "number", "nummer", "index", "idx", "ref", "reference"})


def id_name(e: Evidence) -> str | None:
    """The word by which the name says "identifier", or None: `encounter_id`, `InvoiceNo`, `Account Number`."""
    if _CALENDAR_WORDS & set(e.words):
        return None
    word = e.named(*_ID_WORDS)
    if word:
        return word
    for first, second in zip(e.words, e.words[1:], strict=False):
        if first in _NUMBERED and second in _NUMBER_WORDS:
            return f"{first} {second}"
    if len(e.words) == 1 and e.words[0] in {"index", "idx", "rownum", "nr", "instant"}:
        return e.words[0]
    return None
