"""What a column's name says of its values: one table for all importers.

A row of the table is a pattern over the name's words joined by underscores ("HomePhone" is home_phone), and the columns that make such
values, for texts, numbers and moments apart. The first row that fits name, kind and room wins.
"""

# ruff: noqa: E501 - the table reads best with one guess a line

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from understudy.rules.importing.declared import DeclaredColumn, DeclaredTable, words_of

Facts = dict[str, Any]
WORDS = [
    "amber", "anchor", "apple", "arrow", "aspen", "basil", "beacon", "birch", "breeze", "bridge", "canyon", "cedar", "cliff", "cloud", "coral",
    "crane", "delta", "dune", "ember", "falcon", "fern", "field", "flint", "forest", "garden", "glacier", "grove", "harbor", "hazel", "heron",
    "island", "ivory", "jade", "juniper", "lagoon", "lantern", "linden", "maple", "marble", "meadow", "mesa", "mint", "mosaic", "north", "oak",
    "ocean", "olive", "orchard", "otter", "pearl", "pine", "plain", "prairie", "quartz", "raven", "reef", "ridge", "river", "robin", "sage",
    "sand", "shore", "sierra", "silver", "slate", "spring", "stone", "summit", "swift", "thistle", "tide", "timber", "valley", "willow",
]  # fmt: skip
SENTENCES = [
    "Works as expected.", "Checked and confirmed.", "No further remarks.", "To be reviewed next month.", "Replaced by a newer version.",
    "Delivered in good condition.", "Waiting for an answer.", "Approved without changes.", "Several details are still open.",
    "Updated after the last visit.", "Contact by telephone preferred.", "Please handle with care.", "Part of the regular programme.",
    "Noted for the annual report.", "Returned and settled.", "First of a series.", "Kept for reference.", "Available on request.",
    "Moved to another department.", "Received later than planned.", "Agreed by both sides.", "Priority was raised.", "Closed after a week.",
    "Documentation is attached.",
]  # fmt: skip
_HEX = "[0-9a-f]"
UUID_REGEX = f"{_HEX}{{8}}-{_HEX}{{4}}-4{_HEX}{{3}}-[89ab]{_HEX}{{3}}-{_HEX}{{12}}"
_OCTET = "(1[0-9][0-9]|[1-9][0-9]|[1-9])"


@dataclass(frozen=True)
class Guess:
    """name: of the column; table: of the table, where it must fit too; text, number, moment: what makes the values; room: characters that
    the text needs (a shorter column gets `short`, or the next row); fraction: a number's law where it has decimals."""

    name: str
    text: Facts | None = None
    number: Facts | None = None
    decimal: Facts | None = None
    moment: Facts | None = None
    table: str | None = None
    room: int = 1
    most_room: int | None = None


def _person(field: str) -> Facts:
    return {"type": "person", "field": field}


def _pattern(regex: str) -> Facts:
    return {"type": "pattern", "regex": regex}


def _choice(**weights: float) -> Facts:
    return {"type": "choice", "values": weights}


def _whole(low: int, high: int, **law: Any) -> Facts:
    return {"type": "integer", "low": low, "high": high, **({"law": law} if law else {})}


def _number(low: float, high: float, decimals: int = 2, **law: Any) -> Facts:
    return {"type": "decimal", "low": low, "high": high, "decimals": decimals, **({"law": law} if law else {})}


def _money(middle: float, spread: float = 0.9) -> Facts:
    return _number(0.01, middle * 200, lognorm={"s": spread, "scale": middle})


def _years(first: int, last: int) -> Facts:
    return {"years": [first, last]}


_PEOPLE = r"customer|client|user|person|people|employee|staff|member|patient|student|teacher|contact|author|actor|player|driver|guest|subscriber|passenger|doctor|physician|donor|owner|tenant|applicant|candidate|attendee|participant|manager|rep|agent|visitor|profile|borrower|reader|resident|citizen|lead"
_FIRMS = r"compan|supplier|vendor|shipper|carrier|organi[sz]ation|firm|employer|manufacturer|publisher|merchant|partner|agency|distributor|brand|studio|label|airline|retailer|business"
_WARES = r"product|item|article|ware|part|goods|sku|material"

GUESSES: tuple[Guess, ...] = (
    # persons
    Guess(r"(^|_)e?_?mail(_address)?\d*$", text=_person("email"), room=45),
    Guess(r"(^|_)e?_?mail(_address)?\d*$", text=_pattern(r"[a-z]{4,8}@[a-z]{3}\.org"), room=16),
    Guess(r"(^|_)(first|given|fore)_?name$|^fname$|^forename$", text=_person("first_name"), room=3),
    Guess(r"(^|_)(last|family|sur)_?name$|^lname$|^surname$", text=_person("last_name"), room=3),
    Guess(r"(^|_)(middle_?name|initials?)$", text=_pattern("[A-Z]")),
    Guess(r"(^|_)(full_?name|contact_?name|display_?name|real_?name|card_?holder(_name)?|recipient(_name)?|author|composer|ship_name)$", text=_person("name"), room=8),
    Guess(r"(^|_)(user_?name|login|nick_?name|screen_?name|handle|account_name)$", text=_person("user_name"), room=8),
    Guess(r"^(salutation|title_of_courtesy|honorific|name_prefix|prefix)$", text=_person("prefix"), room=3),
    Guess(r"(^|_)(phone|mobile|cell|tel|telephone|fax|phone_?(number|no|nr))\d*$|(home|work|cell)_?phone", text=_person("phone"), room=17),
    Guess(r"(^|_)(phone|mobile|cell|tel|telephone|fax|phone_?(number|no|nr))\d*$", text=_pattern("[1-9][0-9]{5,8}"), room=6),
    Guess(r"(^|_)(birth_?da(te|y)|date_of_birth|dob|born(_on)?|birth)$", moment=_years(1940, 2005)),
    Guess(r"(^|_)(hire|hired|employment|joining)(_date|_on|_at)?$", moment=_years(2008, 2025)),
    Guess(r"(^|_)age$", number=_person("age")),
    Guess(r"(^|_)(sex|gender)$", text=_person("sex"), room=6),
    Guess(r"(^|_)(sex|gender)$", text=_choice(F=0.5, M=0.5)),
    Guess(r"(^|_)(job|job_?title|occupation|profession|position|contact_?title|role_?title)$", text=_person("job"), room=6),
    Guess(r"^title$", text=_person("job"), room=6, table=_PEOPLE),
    Guess(r"(^|_)(ssn|social_security(_number)?|tax_?id|national_?id)$", text=_pattern("[1-8][0-9]{2}-[0-9]{2}-[0-9]{4}"), room=11),
    Guess(r"(^|_)iban$", text=_person("iban"), room=15),
    Guess(r"(^|_)bank(_?name)?$", text=_person("bank"), room=6),
    # places
    Guess(r"(^|_)(address_?(line)?_?[23]|apartment|apt|suite|unit_?no)$", text=_pattern("(Apt|Suite) [1-9][0-9]?"), room=8),
    Guess(r"(^|_)(street(_?name|_?address)?|address(_?(line)?_?1)?|addr)$", text=_person("street"), room=8),
    Guess(r"(^|_)(city|town|municipality|locality)(_?name)?$", text=_person("city"), room=5),
    Guess(r"(^|_)(state|region|province|county|territory_?description)(_?(name|description))?$", text=_person("region"), room=5),
    Guess(r"(^|_)(state|region|province)(_?code)?$", text=_pattern("[A-Z]{2}"), most_room=4, room=2),
    Guess(r"(^|_)(zip|zip_?code|postal_?code|post_?code|postcode|plz)$", text=_person("post_code"), number=_whole(10_000, 99_999), room=5),
    Guess(r"(^|_)(country_?(code|iso)|iso_?country|nationality_?code)$", text=_person("country_code"), room=2),
    Guess(r"(^|_)(country|nation|nationality)(_?name)?$", text=_person("country"), room=8),
    Guess(r"(^|_)(country|nation|nationality)(_?name)?$", text=_person("country_code"), room=2),
    Guess(r"(^|_)(lat|latitude)$", decimal=_number(-90, 90, 5)),
    Guess(r"(^|_)(lon|lng|long|longitude)$", decimal=_number(-180, 180, 5)),
    # firms and wares
    Guess(r"(^|_)(compan(y|ies)|employer|organi[sz]ation|supplier|vendor|manufacturer|publisher|brand)(_?name)?$", text=_person("company"), room=8),
    Guess(r"(^|_)product(_?name)?$|^(item|article|part)_?name$", text={"type": "word", "of": "product"}, room=8),
    Guess(r"^name$", text={"type": "word", "of": "company"}, room=8, table=_FIRMS),
    Guess(r"^(name|title)$", text={"type": "word", "of": "product"}, room=8, table=_WARES),
    Guess(r"^name$", text={"type": "word", "of": "city"}, room=5, table=r"^(city|cities|town)"),
    Guess(r"^name$", text={"type": "word", "of": "country"}, room=8, table=r"^countr"),
    Guess(r"^name$", text=_person("name"), room=8, table=_PEOPLE),
    Guess(r"(^|_)quantity_per_unit$", text=_pattern("(6|10|12|24|48) (boxes|bottles|bags|jars|pieces)"), room=10),
    # codes and technical texts
    Guess(r"(^|_)(uuid|guid)$", text=_pattern(UUID_REGEX), room=36),
    Guess(r"(^|_)(url|website|web_?site|home_?page|link|web)$", text=_pattern(r"https://www\.[a-z]{4,9}\.(com|org|net)/[a-z]{3,7}"), room=33),
    Guess(r"(^|_)(path|file_?name|file|photo_path|image|avatar)$", text=_pattern(r"/[a-z]{4,8}/[a-z0-9]{8}\.(png|jpg|pdf)"), room=22),
    Guess(r"(^|_)(ip|ip_?address|ipv4|remote_addr)$", text=_pattern(rf"{_OCTET}(\.{_OCTET}){{3}}"), room=15),
    Guess(r"(^|_)mac(_?address)?$", text=_pattern(f"{_HEX}{{2}}(:{_HEX}{{2}}){{5}}"), room=17),
    Guess(r"(^|_)(password|passwd|pwd)(_?hash)?$|(^|_)(hash|digest|checksum|token|secret|api_key)$", text=_pattern(f"{_HEX}{{40}}"), room=40),
    Guess(r"(^|_)(card_?(number|no)|credit_?card)$", text=_pattern("4[0-9]{3}( [0-9]{4}){3}"), room=19),
    Guess(r"(^|_)isbn$", text=_pattern("978-[0-9]-[0-9]{4}-[0-9]{4}-[0-9]"), room=17),
    Guess(r"(^|_)(currency|currency_?code)$", text=_choice(USD=0.5, EUR=0.3, GBP=0.1, JPY=0.1), room=3),
    Guess(r"(^|_)(language|lang|locale)(_?code)?$", text=_choice(en=0.5, es=0.2, fr=0.15, de=0.15), room=2),
    Guess(r"(^|_)(color|colour)$", text=_choice(black=3, white=3, blue=2, red=2, green=1, grey=1), room=5),
    Guess(r"(^|_)(size)$", text=_choice(S=2, M=4, L=3, XL=1), room=2, number=_whole(1, 100_000)),
    Guess(r"(^|_)(sku|code|reference|ref|serial|serial_?(no|number)|number|no|barcode|ean)$", text=_pattern("[A-Z]{3}-[0-9]{5}"), room=9),
    Guess(r"(^|_)(sku|code|reference|ref|number|no)$", text=_pattern("[A-Z]{2}[0-9]"), room=3),
    Guess(r"(^|_)extension$", text=_pattern("[1-9][0-9]{2,3}"), room=4),
    Guess(r"(^|_)(status|state)$", text=_choice(active=6, pending=2, closed=2), room=7, number=_whole(0, 3)),
    Guess(r"(^|_)(type|kind|category|class|segment|tier|level|grade|group|priority)$", text=_choice(standard=6, premium=3, basic=3, trial=1), room=8, number=_whole(1, 5)),
    Guess(r"(^|_)(payment_?method|method)$", text=_choice(card=6, transfer=3, cash=1), room=8),
    Guess(r"(^|_)(description|desc|notes?|comments?|remarks?|bio|body|summary|text|message|content|details|about|abstract|reason|feedback|customer_desc)$",
          text={"type": "list", "list": "sentences"}, room=12),
    # flags
    Guess(r"^(is|has|can|was|allow|enable)_|(^|_)(flag|active|enabled|deleted|discontinued|verified|archived|visible|paid)$",
          number={"type": "choice", "values": {0: 0.8, 1: 0.2}}, text={"type": "choice", "values": {"0": 0.8, "1": 0.2}}),
    # numbers
    Guess(r"(^|_)(year|yr)$", number=_whole(1990, 2025)),
    Guess(r"(^|_)month$", number=_whole(1, 12)),
    Guess(r"(^|_)(day|day_of_month)$", number=_whole(1, 28)),
    Guess(r"(^|_)hour$", number=_whole(0, 23)),
    Guess(r"(^|_)(minutes?)$", number=_whole(1, 600, gamma={"a": 2, "scale": 30})),
    Guess(r"(^|_)(seconds?|duration)$", number=_whole(1, 36_000, gamma={"a": 2, "scale": 120}), decimal=_number(0, 36_000, gamma={"a": 2, "scale": 120})),
    Guess(r"(^|_)(milliseconds?|millis|ms|latency)$", number=_whole(1, 3_600_000, gamma={"a": 3, "scale": 80_000})),
    Guess(r"(^|_)(bytes|file_size|length)$", number=_whole(1, 1_000_000_000, lognorm={"s": 1, "scale": 500_000})),
    Guess(r"(^|_)(quantity|qty)$", number=_whole(1, 500, geom={"p": 0.2}), decimal=_number(1, 500, 2, gamma={"a": 1.5, "scale": 4})),
    Guess(r"(^|_)(stock|inventory|on_hand|in_stock|on_order|reorder_level|units)$", number=_whole(0, 1000, nbinom={"n": 2, "p": 0.05})),
    Guess(r"(^|_)(count|num|number|total_?count|visits|views|clicks|likes|attempts|seats|floors|rooms|guests)$|^(num|number|no)_", number=_whole(0, 1000, nbinom={"n": 1.5, "p": 0.15})),
    Guess(r"(^|_)(rating|stars)$", number=_whole(1, 5), decimal=_number(1, 5, 1)),
    Guess(r"(^|_)(score|points)$", number=_whole(0, 100, norm={"loc": 65, "scale": 15}), decimal=_number(0, 100, 2, norm={"loc": 65, "scale": 15})),
    Guess(r"(^|_)(discount|rate|ratio|share|fraction|probability|tax_?rate)$", decimal=_number(0, 0.5, 3, beta={"a": 1.5, "b": 6}), number=_whole(0, 50)),
    Guess(r"(^|_)(percent|percentage|pct)$", decimal=_number(0, 100, 2), number=_whole(0, 100)),
    Guess(r"(^|_)(salary|wage|income)$", decimal=_number(15_000, 500_000, lognorm={"s": 0.5, "scale": 50_000}), number=_whole(15_000, 500_000, lognorm={"s": 0.5, "scale": 50_000})),
    Guess(r"(^|_)(price|cost|unit_?price|fee|fare|freight|shipping|tax|tip|charge|commission|msrp)$", decimal=_money(15), number=_whole(1, 3000, lognorm={"s": 0.9, "scale": 15})),
    Guess(r"(^|_)(amount|total|sub_?total|balance|budget|revenue|sales|credit_?limit|value|payment|grand_total|net|gross)$", decimal=_money(80), number=_whole(1, 16_000, lognorm={"s": 0.9, "scale": 80})),
    Guess(r"(^|_)(weight|mass)(_?kg)?$", decimal=_number(0.05, 200, 2, lognorm={"s": 0.8, "scale": 4}), number=_whole(1, 200, lognorm={"s": 0.8, "scale": 6})),
    Guess(r"(^|_)(height|width|depth)(_?cm)?$", decimal=_number(1, 300, 1, gamma={"a": 3, "scale": 25}), number=_whole(1, 300, gamma={"a": 3, "scale": 25})),
    Guess(r"(^|_)(temperature|temp)$", decimal=_number(-20, 45, 1, norm={"loc": 15, "scale": 9}), number=_whole(-20, 45, norm={"loc": 15, "scale": 9})),
    Guess(r"(^|_)(position|rank|order|sort|sequence|seq|line_?(no|number))$", number=_whole(1, 100)),
    Guess(r"(^|_)(version|revision)$", number=_whole(1, 12, geom={"p": 0.5}), text=_pattern(r"[0-9]\.[0-9]\.[0-9]"), room=5),
    # names of things
    Guess(r"(^|_)(name|title|label|subject|headline|topic|term|tag|word|nachname)$", text={"type": "list", "list": "names"}, room=14),
)  # fmt: skip

ROLES = ("billing", "bill", "shipping", "ship", "delivery", "sender", "receiver", "recipient", "buyer", "seller", "emergency", "contact")
"""First words of a name that speak of another person or place than the row's own."""
EARLIER_LATER: tuple[tuple[str, str], ...] = (
    (r"^(created|inserted|registered|added|opened|submitted|signup|joined)(_|$)", r"^(updated|modified|changed|edited|deleted|archived|closed|resolved|last)(_|$)"),
    (r"^(start|started|begin|began|from|valid_from|effective|open|check_in|departure|pickup)(_|$)", r"^(end|ended|finish|finished|to|until|valid_to|valid_until|expir\w*|close|check_out|arrival|dropoff)(_|$)"),
    (r"(^|_)birth|^dob$", r"^(hire|hired|joined|death|died|graduation)"),
    (r"^(order|ordered|purchase|purchased|invoice|booking|booked)(_|$)", r"^(ship|shipped|required|due|delivery|delivered|paid|payment|returned|cancel\w*)(_|$)"),
    (r"^(ship|shipped)(_|$)", r"^(delivered|received|returned)(_|$)"),
    (r"^issued?(_|$)", r"^(due|expir\w*|valid_until)(_|$)"),
)  # fmt: skip
"""Names of days and moments of one row that come one after the other."""


def guessed(column: DeclaredColumn, table: DeclaredTable) -> Facts | None:
    """What makes the values of a column of this name, kind and room; None where the name says nothing."""
    name = "_".join(column.words)
    about = "_".join(table.words)
    for guess in GUESSES:
        if not re.search(guess.name, name) or (guess.table is not None and not re.search(guess.table, about)):
            continue
        facts = _fitting(guess, column)
        if facts is not None:
            return _roled(facts, column)
    return None


def _fitting(guess: Guess, column: DeclaredColumn) -> Facts | None:
    match column.kind:
        case "integer":
            return guess.number
        case "decimal":
            return guess.decimal or guess.number
        case "date" | "datetime":
            return guess.moment
        case "text" | "unknown":
            room = column.length
            if guess.text is None or (room is not None and room < guess.room):
                return None
            if guess.most_room is not None and (room is None or room > guess.most_room):
                return None
            return guess.text
    return None


def _roled(facts: Facts, column: DeclaredColumn) -> Facts:
    """Persons and places of another role, billing_city beside city, are others."""
    role = column.words[0]
    if facts.get("type") == "person" and role in ROLES and len(column.words) > 1:
        same = {"billing": "bill", "shipping": "ship", "delivery": "ship"}
        return {**facts, "who": same.get(role, role)}
    return facts


def comes_before(earlier: str, later: str) -> bool:
    """Whether the names of two moments of one row say that the first comes before the second."""
    first, second = "_".join(words_of(earlier)), "_".join(words_of(later))
    return any(re.search(a, first) and re.search(b, second) for a, b in EARLIER_LATER)
