"""Free text is put together from what at least five rows, or owners, share, row by row."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ArtifactError
from understudy.core.random import Stream
from understudy.data.regenerator import Regenerator, fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema
from understudy.data.text import LONGEST, FreeText
from understudy.data.vocabulary import plain_words

COLUMN = ColumnSchema(name="remark", kind="text")
ROWS = np.arange(1500)
RNG = np.random.default_rng(0)
SOURCE = pl.Series(
    [
        f"{a} room in {b} near Zyx{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 40]}w"
        for i, (a, b) in enumerate(zip(RNG.choice(["nice", "big"], 400), RNG.choice(["Camden", "Soho"], 400), strict=True))
    ]
)
WORDS = [f"w{'abcdefgh'[i // 8]}{'abcdefgh'[i % 8]}" for i in range(64)]


@pytest.fixture(scope="module")
def rooms() -> Regenerator:
    return fit_regenerator(SOURCE, COLUMN, Stream(1))


def made_of(texts: list[str], rows: int = 300) -> list[str]:
    return fit_regenerator(pl.Series(texts, dtype=pl.String), COLUMN, Stream(1)).make(np.arange(rows), Stream(2)).to_list()


def test_only_shared_words_appear_and_in_their_order(rooms: Regenerator) -> None:
    made = rooms.make(ROWS, Stream(2))
    assert set(" ".join(made.to_list()).split()) == {"nice", "big", "room", "in", "Camden", "Soho", "near"}
    assert made.str.contains("room in (?:Camden|Soho) near").mean() > 0.5  # type: ignore[operator]


def test_nothing_rare_is_in_the_model(rooms: Regenerator) -> None:
    held = rooms.tables()["vocabulary"]["piece"].str.join("")[0]
    assert "Zyx" not in held
    assert "Camden" in held


def test_a_row_has_the_same_text_in_any_block_and_after_loading(rooms: Regenerator) -> None:
    again = regenerator_from_dict(rooms.to_dict(), rooms.arrays(), rooms.tables())
    some = ROWS[::-7].copy()
    assert again.make(some, Stream(2)).equals(rooms.make(ROWS, Stream(2)).gather(some))
    assert not again.make(some, Stream(3)).equals(again.make(some, Stream(2)))


def test_words_of_one_owner_are_not_kept_however_many_rows_have_them() -> None:
    texts = pl.Series(
        [f"{RNG.choice(WORDS)} {RNG.choice(WORDS)} {RNG.choice(WORDS)} flowerpot{' zanzibar' * (i < 40)}" for i in range(400)]
    )
    owners = pl.Series(["anna"] * 40 + [f"owner {i % 90}" for i in range(360)])
    alone, counted = FreeText.learn(texts, Stream(1)), FreeText.learn(texts, Stream(1), owners=owners)
    assert " zanzibar" in alone.tables()["vocabulary"]["piece"].to_list()
    assert " zanzibar" not in counted.tables()["vocabulary"]["piece"].to_list()
    assert " flowerpot" in counted.tables()["vocabulary"]["piece"].to_list()
    assert "owners" in counted.notes[0]


def test_personal_data_never_come_back() -> None:
    texts = [f"write to jo.smith@mail.com or call 020 7946 00{i % 90 + 10} about the {RNG.choice(WORDS)}" for i in range(200)]
    made = " ".join(made_of(texts))
    assert "jo.smith" not in made
    assert "@example.org" in made
    assert "020 7946 00" not in made


def test_codes_and_numbers_of_formulaic_texts_are_made_up_in_their_shape() -> None:
    texts = [f"POS {RNG.choice(['TESCO', 'SHELL'])} REF {RNG.integers(10**8, 10**9)}" for _ in range(300)]
    made = made_of(texts)
    assert pl.Series(made).str.contains(r"^POS (TESCO|SHELL) REF \d{9}$").mean() > 0.9  # type: ignore[operator]
    assert not {text.split()[-1] for text in made} & {text.split()[-1] for text in texts}


def test_texts_go_with_the_classes_that_they_are_told() -> None:
    side = RNG.integers(0, 2, 600)
    texts = pl.Series([" ".join(RNG.choice(WORDS[:40] if s else WORDS[24:], 8)) for s in side])
    learned = FreeText.learn(texts, Stream(1), [RNG.integers(0, 4, 600), side])
    assert [branch.column for branch in learned.classes.branches] == [1]
    classes = learned.classes.of([ROWS % 2], len(ROWS))
    made = learned.make(ROWS, Stream(2), classes)
    told = [set(text.split()) & set(WORDS[:24]) != set() for text in made]
    assert np.mean(np.array(told)[ROWS % 2 == 1]) > 0.9
    assert np.mean(np.array(told)[ROWS % 2 == 0]) < 0.1


@pytest.mark.parametrize(
    ("texts", "known"),
    [
        (["All is well today."] * 50, {"All is well today."}),
        (["", "good thing here"] * 50, {"", "good thing here"}),
        (["one\ttab\nand a line"] * 20, {"one\ttab\nand a line"}),
    ],
)
def test_what_all_rows_say_comes_back_as_it_was(texts: list[str], known: set[str]) -> None:
    assert set(made_of(texts)) == known


@pytest.mark.parametrize("texts", [[], [""], ["only me"], [f"{a}zz {b}qq" for a in "abcd" for b in "wxyz"][:5]])
def test_texts_that_share_nothing_become_plain_words(texts: list[str]) -> None:
    assert set(" ".join(made_of(texts, 50)).split()) <= set(plain_words())


@pytest.mark.parametrize("signs", ["我你他是在有个大小中国人学习", "سلعكمرحبيفاوطقج", "😀🎉🚗🍎🎈🐶"])
def test_other_scripts_are_texts_too(signs: str) -> None:
    space = " " * signs.startswith("س")
    texts = [space.join(RNG.choice(list(signs), 6)) + " ok" for _ in range(80)]
    made = made_of(texts, 60)
    assert set("".join(made)) <= set(signs) | set(" ok")
    assert len(set(made)) > 30


def test_long_texts_are_long_and_cut_at_the_most() -> None:
    texts = [" ".join(RNG.choice(WORDS, 3 * LONGEST)) for _ in range(8)]
    lengths = [len(text.split()) for text in made_of(texts, 8)]
    assert min(lengths) >= 0.95 * LONGEST
    assert max(lengths) <= 1.2 * LONGEST


def test_a_model_of_an_earlier_release_is_refused() -> None:
    with pytest.raises(ArtifactError, match="Learn it again"):
        regenerator_from_dict({"tag": "text", "words": [], "starts": [0], "followers": [], "counts": [], "lengths": [1]})
