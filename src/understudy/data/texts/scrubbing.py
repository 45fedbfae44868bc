"""Personal data in free text, found and replaced by typed fills.

Found by form, and by check digits where there are any: e-mail and web addresses, telephone numbers, IBANs (ISO 13616), card numbers (Luhn,
ISO/IEC 7812-1), IP addresses, social security numbers, user names with an @. Found by cue and list: names of persons after forms of
address ("Mr Smith", "my name is …"), and a common first name followed by another capitalised word.

What no rule can see stays: a nickname, a rare family story. Whoever learns from text therefore also keeps out what too few documents
share (`corpus.py`). `scan` finds, `scrub` replaces; every finding is a span of characters, so that text[start:end] is what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import polars as pl

from understudy.data.checkdigits import CHECKS
from understudy.data.vocabulary import all_first_names

KINDS = ("email", "url", "iban", "card", "ssn", "ip", "phone", "user", "name")


@dataclass(frozen=True, order=True)
class Finding:
    """Personal data at text[start:end]; `kind` is one of `KINDS`."""

    start: int
    end: int
    kind: str


_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_FORMS = {
    "email": r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+",
    "url": r"(?:https?|ftp)://\S+?(?=[.,;:!?)\]}'\"]*(?:\s|$))|www\.[\w-]+(?:\.[\w-]+)*(?:/[^\s,;)]*)?"
    r"|(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:com|net|org|co\.uk|info|tv|biz|edu|gov)(?:/[^\s,;)]*)?(?![\w-])",
    "iban": r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
    "card": r"(?<![\w-])(?:[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{5})(?![\w-])",
    "ssn": r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])",
    "ip": rf"(?<![\w.])(?:{_BYTE}\.){{3}}{_BYTE}(?![\w.])|(?<![\w:])(?:[0-9a-fA-F]{{1,4}}:){{7}}[0-9a-fA-F]{{1,4}}(?![\w:])",
    "phone": r"(?<![\w.,/-])(?:\+|00)?\(?\d{1,5}\)?(?:[ .\-/]?\(?\d{2,5}\)?){2,5}(?![\w-]|[.,/]\d)"
    r"|(?<![\w.,/-])\+?\d{7,15}(?![\w-]|[.,/]\d)",
    "user": r"(?<![\w@])@\w{2,30}",
}
_ANY = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _FORMS.items()))
_LIKELY = re.compile(r"\d{3}|[@:/]|\w\.\w|\d[ -.]\d")
"""What every form has; texts without it are not looked at twice."""

_CUES = (
    r"(?:[Mm]y name is|[Mm]y name's|[Nn]ame:|[Mm]r\.?|[Mm]rs\.?|[Mm]s\.?|[Mm]iss|[Dd]r\.?|[Pp]rof\.?|[Hh]err|[Ff]rau|[Dd]ear|[Ss]igned:?"
    r"|[Pp]atient|[Rr]egards,|[Ss]incerely,)"
)
_NAMED = re.compile(
    rf"\b(?:{_CUES}\s+)+(?P<cued>[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z][\w'’-]+)?)"
    r"|(?P<pair>\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][\w'’-]+)"
)
_NO_NAMES = frozenset(
    "sir madam all team friend friends customer customers colleague colleagues editor the a an i you we it mr mrs ms dr doctor lord god"
    " santa mum mom dad hiring support everyone valued member winner subscriber".split()
)
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d\d ?[-/] ?(?:19|20)?\d\d)")
_FEWEST_DIGITS = 7


def scan(texts: Iterable[str]) -> list[list[Finding]]:
    """What is found in each text, in order; spans do not overlap."""
    return [find(text) for text in texts]


def find(text: str) -> list[Finding]:
    """Personal data in one text."""
    found = _formed(text) if _LIKELY.search(text) else []
    found += _named(text)
    return _apart(found)


def scrub(text: str, fill: Callable[[str, str], str] | None = None, findings: list[Finding] | None = None) -> str:
    """The text with what was found replaced.

    Args:
        fill: from a kind and what was found to what stands there instead; the default writes the kind in brackets: "[EMAIL]".
        findings: of `find`, where they are known.
    """
    parts, end = [], 0
    for found in find(text) if findings is None else findings:
        what = text[found.start : found.end]
        parts += [text[end : found.start], f"[{found.kind.upper()}]" if fill is None else fill(found.kind, what)]
        end = found.end
    return "".join([*parts, text[end:]])


def _formed(text: str) -> list[Finding]:
    found = []
    for match in _ANY.finditer(text):
        kind, what = match.lastgroup or "", match[0]
        if kind == "iban" and not _keeps("iban", what):
            continue
        if kind == "card" and not _keeps("luhn", what):
            kind = "phone"
        if kind == "phone" and not _telephone(what):
            continue
        found.append(Finding(match.start(), match.end(), kind))
    return found


def _telephone(what: str) -> bool:
    return sum(character.isdigit() for character in what) >= _FEWEST_DIGITS and not _DATE.fullmatch(what.strip())


@cache
def _keeps(check: str, what: str) -> bool:
    return bool(CHECKS[check].holds(pl.Series([what]))[0])


def _named(text: str) -> list[Finding]:
    found = []
    for match in _NAMED.finditer(text):
        group = "cued" if match["cued"] else "pair"
        first = match[group].split()[0].lower()
        if first in _NO_NAMES or (group == "pair" and first not in all_first_names()):
            continue
        found.append(Finding(match.start(group), match.end(group), "name"))
    return found


def _apart(found: list[Finding]) -> list[Finding]:
    """Without those that overlap an earlier one."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    return kept
