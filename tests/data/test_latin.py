"""Names in the letters a to z."""

from __future__ import annotations

import pytest

from understudy.data.latin import latin


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Müller-Łuczak", "muellerluczak"), ("Çağrı", "cagri"), ("O'Brien", "obrien"), ("Ångström", "aangstroem"), ("Żądło", "zadlo"),
     ("İbrahim", "ibrahim"), ("Nguyễn", "nguyen"), ("de la Cruz", "delacruz"), ("Straße", "strasse"), ("Søren", "soeren")],
)  # fmt: skip
def test_a_name_is_written_in_plain_letters(name: str, plain: str) -> None:
    assert latin(name) == plain


def test_letters_written_in_two_parts_are_the_same() -> None:
    assert latin("Mu\u0308ller") == latin("Müller")
