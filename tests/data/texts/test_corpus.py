"""A corpus holds nothing that one document alone holds."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ArgumentError, DataError
from understudy.data.keyed import words
from understudy.data.table import as_table
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.fills import Fills, is_fill

WORDS = "the a film story actor scene plays long dull bright clever slow fine poor great little".split()


def reviews(n: int = 200, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 8)) + " ." for _ in range(n)]


def corpus(texts: list[str | None], **columns: object) -> Corpus:
    frame = pl.DataFrame({"text": texts, **columns}, schema_overrides={"text": pl.String})
    names = {name: name for name in ("label", "owner") if name in columns}
    return Corpus.of(as_table(frame), "text", **names)


def remade(found: Corpus) -> list[str]:
    fills = Fills(found.vocabulary, found.member_starts, found.members)
    return fills.texts(found.tokens.astype(np.int64), found.starts, words(np.arange(found.texts), np.uint64(1)))


def test_texts_of_shared_words_come_back_as_they_were() -> None:
    texts = reviews()
    assert remade(corpus(texts)) == texts


@pytest.mark.parametrize("secret", ["zalvorine", "Zalvorine", "QX7-9921", "77120453", "4471", "zal-vor-ine"])
def test_what_one_document_holds_is_not_in_the_vocabulary(secret: str) -> None:
    once = corpus([*reviews(), f"my word is {secret}"])
    owner = corpus([*reviews(), *[f"{word} is {secret} now" for word in WORDS]], owner=[*map(str, range(200)), *["me"] * len(WORDS)])
    repeated = corpus([*reviews(), *[f"please keep my secret {secret} safe until {word}" for word in WORDS]])
    for found in (once, owner, repeated):
        kept = "|".join(piece for piece in found.vocabulary if not is_fill(piece))
        assert not any(part in kept for part in (secret, secret.lower()) if len(part) > 3)
        assert not any(secret.lower() in text.lower() for text in remade(found)[200:])
        assert secret not in json.dumps([found.decisions, found.notes])


def test_long_codes_are_never_kept_however_many_share_them() -> None:
    found = corpus([f"{text} ref 9981237" for text in reviews()])
    assert not any("9981237" in piece for piece in found.vocabulary)
    assert all(len(text.rsplit(" ", 1)[1]) == 7 for text in remade(found))


def test_rare_forms_of_shared_words_take_the_shared_form() -> None:
    texts = remade(corpus([*reviews(), "The FILM", "clever-film"]))
    assert texts[200].lower() == "the film"
    assert texts[201].endswith("film")
    assert texts[201].startswith("clever")


def test_personal_data_are_fills_of_their_kind() -> None:
    found = corpus([*reviews(), *[f"{text} mail u{i}@web.de" for i, text in enumerate(reviews(20, 1))]])
    assert not any("web.de" in piece for piece in found.vocabulary)
    assert all("@example.org" in text for text in remade(found)[200:])
    assert ("text", "20 × e-mail addresses replaced by made-up ones before learning", "they point to someone") in found.decisions


def test_repeats_share_one_weight() -> None:
    found = corpus([*reviews(), *["the very same thing said again and again"] * 10])
    assert found.weights[:200].mean() > 0.95
    assert found.weights[200:] == pytest.approx(0.1)
    assert len(set(found.documents[200:].tolist())) == 1


def test_repeats_are_documents_of_their_own_where_many_people_say_the_same() -> None:
    rows = ["your parcel has been shipped today"] * 50
    table = as_table(pl.DataFrame({"text": [*reviews(50), *rows]}))
    merged, apart = Corpus.of(table, "text"), Corpus.of(table, "text", merge=False)
    assert " parcel" not in merged.vocabulary
    assert any("merge=False" in note for note in merged.notes)
    assert " parcel" in apart.vocabulary
    assert apart.weights.tolist() == [1.0] * 100


def test_rows_without_text_or_label_are_set_aside_and_told() -> None:
    texts = reviews(10)
    found = corpus([*texts, None, " ", *texts[:1]], label=[*["a", "b"] * 6, None])
    assert found.texts == 10
    assert found.notes == ["2 rows were set aside: no text.", '1 rows were set aside: no value in "label".']


def test_labels_of_one_document_are_left_out() -> None:
    found = corpus(reviews(21), label=[*["a", "b"] * 10, "only mine"])
    assert found.levels is not None
    assert found.levels.to_list() == ["a", "b"]
    assert found.texts == 20
    assert "only mine" not in json.dumps(found.decisions)


@pytest.mark.parametrize(
    ("texts", "columns", "message"),
    [
        ([None, None], {}, "No text can be used"),
        (["one text only"], {}, "One text can be used"),
        (["a b", "c d", "e f"], {"label": ["x", "y", "z"]}, "2 documents or more"),
        (reviews(1500), {"label": list(range(1500))}, "1,500 different values"),
    ],
)
def test_what_cannot_be_learned_is_refused(texts: list[str | None], columns: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        corpus(texts, **columns)


def test_unknown_columns_and_wrong_types_are_refused_with_the_nearest() -> None:
    table = as_table(pl.DataFrame({"review": reviews(5), "stars": [1, 2, 3, 4, 5]}))
    with pytest.raises(DataError, match='Did you mean "review"'):
        Corpus.of(table, "reviews")
    with pytest.raises(DataError, match="holds no text"):
        Corpus.of(table, "stars")
    with pytest.raises(ArgumentError, match="company"):
        Corpus.of(table, "review", company=0)
