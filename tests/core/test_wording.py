from __future__ import annotations

from understudy.core.wording import counted


def test_nouns_agree_with_their_numbers() -> None:
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert counted(3, "value of its own", "values of their own") == "3 values of their own"
