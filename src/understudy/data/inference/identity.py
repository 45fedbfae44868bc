"""Text that names a row or a person: identifiers and personal data."""

from __future__ import annotations

from typing import Any

import polars as pl

from understudy.data.checkdigits import CHECKS
from understudy.data.inference.evidence import Evidence, percent, plain
from understudy.data.inference.names import id_name
from understudy.data.inference.words import masks_of

Facts = dict[str, Any]

_UUID = r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
_EMAIL = r"\s*[^@\s]+@[^@\s]+\.[A-Za-z]{2,}\s*"
_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV6 = r"(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}"
_URL = r"(?:https?|ftp)://\S+|www\.\S+"
_PHONE = r"\+?[\d\s().\-/]{6,20}(?:\s?(?:x|ext\.?)\s?\d{1,5})?"
_SSN = r"\d{3}-\d{2}-\d{4}"
_NAME = r"[\p{L}][\p{L}\p{M}'’.,\-()\" /]{0,80}"
_MOST_LETTERS_LEVELS = 20


def decide_text_identifier(e: Evidence) -> Facts | None:
    """Identifiers kept as text: UUIDs, coded keys that never repeat, keys that repeat but are named so."""
    if e.share(_UUID) == 1 and len(e.values) >= 3:
        return {"kind": "identifier", "unique": e.unique, "reason": f"all {e.of()} texts are UUIDs"}
    word = id_name(e)
    single = e.share(r"\S+") >= 0.99
    if e.unique and e.present >= 5:
        if word and single:
            return {
                "kind": "identifier",
                "unique": True,
                "reason": f"all {e.of()} texts differ, such as {_shape(e)}, and the name says '{word}'",
            }
        if single and e.present >= 20 and _coded(e):
            return {"kind": "identifier", "unique": True, "reason": f"all {e.of()} texts differ and share the shape {_shape(e)}"}
    if word and single and e.distinct > 300 and _digits(e) >= 0.9:
        return {
            "kind": "identifier",
            "unique": False,
            "reason": f"the name says '{word}' and {e.distinct:,} different codes stand in {len(e.values):,} rows: a key that repeats",
        }
    return None


def _coded(e: Evidence) -> bool:
    """Few shapes, digits in nearly all: made by a numbering, not by a person's hand."""
    masks = masks_of(e.values.str.replace_all(r"[a-f]", "9") if e.share(r"[0-9a-f_\-]+") == 1 else e.values)
    common = masks.value_counts()["count"].top_k(5).sum()
    return _digits(e) >= 0.95 and (common / len(e.values) >= 0.9 or e.share(r"[0-9a-f\-]{8,}") >= 0.99)


def _digits(e: Evidence) -> float:
    return e.share(r".*\d.*")


def _shape(e: Evidence) -> str:
    return str(masks_of(e.values).value_counts(sort=True)["mask"][0])


def decide_personal(e: Evidence) -> Facts | None:
    """Personal data, by what the texts are and, where that does not settle it, by what the column's name says."""
    return _by_content(e) or _by_name_and_content(e)


def _by_content(e: Evidence) -> Facts | None:
    for personal, pattern, what in (
        ("email", _EMAIL, "e-mail addresses"),
        ("ip", f"{_IPV4}|{_IPV6}", "IP addresses"),
        ("url", _URL, "web addresses"),
    ):
        share = e.share(pattern)
        if share >= 0.95 and (personal != "url" or e.rows_per_level < 5):
            return _personal(e, personal, f"{percent(share)} of {e.of()} texts are {what}")
    if e.share(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}") >= 0.99 and _keeping("iban", e) >= 0.95:
        return _personal(e, "iban", f"all {e.of()} texts are IBANs with valid check digits")
    if (
        e.share(r"[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{5}") >= 0.99
        and e.distinct >= 5
        and _keeping("luhn", e) >= 0.95
    ):
        return _personal(e, "card", f"all {e.of()} texts are card numbers with valid check digits")
    if e.share(_SSN) >= 0.98 and e.rows_per_level < 5:
        return _personal(e, "national_id", f"all {e.of()} texts have the form of social security numbers")
    if e.share(r"\+\d[\d\s().\-/]{7,18}") >= 0.95:
        return _personal(e, "phone", f"all {e.of()} texts are telephone numbers with a country code")
    return None


def _keeping(check: str, e: Evidence) -> float:
    """Share of the different texts whose check digit is right."""
    return float(CHECKS[check].holds(e.levels).to_numpy().mean())


_NAMED: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("phone", ("phone", "telephone", "tel", "mobile", "fax", "cell", "telefon", "handy", "msisdn"), _PHONE,
     "their form is that of telephone numbers"),
    ("national_id", ("ssn", "nino", "passport", "socialsecurity", "nationalid", "taxid", "steuerid", "dni",
      "nif", "cpf", "nir", "pesel", "bsn", "svnr"),
     r"[A-Za-z0-9 .\-/]{6,20}", "their form is that of an official number"),
    ("street", ("street", "strasse", "straße", "road", "rue"), r".*\p{L}{2}.*", "they are texts"),
    ("address", ("address", "addr", "adresse", "direccion"), r"(?s).*\p{L}{2}.*", "they are texts"),
    ("username", ("username", "login", "nickname", "handle", "screenname"), r"\S{2,40}", "they are single words"),
)  # fmt: skip


def _by_name_and_content(e: Evidence) -> Facts | None:
    for personal, words, pattern, what in _NAMED:
        word = e.named(*words)
        if word and e.share(pattern) >= 0.9 and e.distinct > 10:
            if personal in ("phone", "national_id") and _digits(e) < 0.9:
                continue
            return _personal(e, personal, f"the name says '{word}' and {what} ({e.of()} values)")
    return _person_name(e) or _place(e)


_FIRST = ("firstname", "forename", "givenname", "vorname", "prenom", "prénom", "fname")
_LAST = ("lastname", "surname", "familyname", "nachname", "nom", "lname")
_FULL = (
    "fullname",
    "customername",
    "clientname",
    "patientname",
    "employeename",
    "personname",
    "contactname",
    "passengername",
    "applicantname",
    "author",
    "name",
)
_NOT_PERSONS = frozenset(
    {
        "file", "product", "company", "department", "host", "brand", "item", "country", "city", "state", "region", "school", "station",
        "hotel", "neighborhood", "team", "category", "event", "model", "shop", "store", "restaurant",
        "bank", "course", "project", "device", "service",
    }
)  # fmt: skip


def _person_name(e: Evidence) -> Facts | None:
    if e.share(_NAME) < 0.95 or (e.distinct <= _MOST_LETTERS_LEVELS and e.rows_per_level > 2) or _NOT_PERSONS & set(e.words):
        return None
    part = "first_name" if e.named(*_FIRST) else "last_name" if e.named(*_LAST) else None
    if part:
        if e.rows_per_level >= 10:
            # A table of counts or statistics by name: the names are its categories and point to no one.
            often = f"each of the {e.distinct:,} texts stands in {plain(e.rows_per_level)} rows on average"
            reason = f"the name says {part}, but {often}: names as categories"
            return {"kind": "categorical", "reason": f"{reason}; set kind: personal, personal: {part} to replace them"}
        return _personal(e, part, f"the name says {part.replace('_', ' ')} ({e.distinct:,} different in {e.of()})")
    known = known_names_share(e.values)
    titled = e.share(r".*\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sir|Master)\b.*")
    word = e.named(*_FULL)
    several = e.share(r"\S+[ ,].+") >= 0.8
    if word and several and (known >= 0.15 or titled >= 0.3):
        return _personal(
            e, "name", f"the name says '{word}' and {percent(max(known, titled))} of {e.of()} texts hold a common first name or a title"
        )
    if known >= 0.6 and several and e.rows_per_level < 5:
        return _personal(e, "name", f"{percent(known)} of {e.of()} texts hold a common first name, in two or more words")
    return None


def known_names_share(values: pl.Series) -> float:
    """Share of the texts one of whose first four words is a first name of the vocabulary."""
    from understudy.data.vocabulary import all_first_names

    known = all_first_names()
    words = values.head(5000).str.to_lowercase().str.replace_all(r"[^\p{L}'-]+", " ").str.strip_chars().str.split(" ")
    return sum(any(word in known for word in text[:5]) for text in words.to_list()) / max(1, len(words))


def _place(e: Evidence) -> Facts | None:
    if e.rows_per_level >= 5 or e.distinct <= _MOST_LETTERS_LEVELS:
        return None
    if (word := e.named("city", "town", "ort", "stadt", "ville", "municipality")) and e.share(_NAME) >= 0.9:
        return _personal(e, "city", f"the name says '{word}' and {e.distinct:,} different texts in {e.of()} would point to persons")
    if (word := e.named("zip", "zipcode", "postcode", "postalcode", "postal", "plz")) and e.share(r"[A-Z0-9 \-]{3,10}") >= 0.9:
        return _personal(e, "postcode", f"the name says '{word}' and {e.distinct:,} different texts in {e.of()} would point to persons")
    return None


def _personal(e: Evidence, personal: str, why: str) -> Facts:
    unique = {"unique": True} if e.unique and e.present >= 5 else {}
    return {"kind": "personal", "personal": personal, **unique, "reason": f"{why}; replaced by made-up ones, never learned"}
