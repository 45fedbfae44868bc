"""`NgramText` keeps the contract, the label's signal, and secrets to itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.data.real_data import real_frame

import understudy as us
from understudy.core.errors import ArgumentError
from understudy.testing import check_synthesizer
from understudy.text import NgramText

GOOD, BAD = "warm bright clever funny moving fresh".split(), "dull slow stale cold clumsy flat".split()
PLAIN = "the a film story and with it is of scenes actors ending plot .".split()


def reviews(n: int = 300, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    stars = rng.choice([1, 5], n, p=[0.3, 0.7])
    texts = [" ".join(rng.choice([*PLAIN, *(GOOD if s == 5 else BAD)], rng.integers(6, 14))) for s in stars]
    return pl.DataFrame({"id": np.arange(n), "review": texts, "stars": stars})


def test_the_contract_holds() -> None:
    check_synthesizer(lambda: NgramText(label="stars", candidates=4), reviews(150), given={"stars": {1: 0.5, 5: 0.5}})


def test_labels_and_their_words_belong_together() -> None:
    made = NgramText().fit(reviews(), text="review", label="stars").sample(500, seed=1)
    assert made.columns == ["stars", "review"]
    assert made.schema == reviews().select("stars", "review").schema
    assert (made["stars"] == 5).mean() == pytest.approx(0.7, abs=0.06)
    for stars, own, other in ((5, GOOD, BAD), (1, BAD, GOOD)):
        words = " ".join(made.filter(stars=stars)["review"].to_list()).split()
        assert sum(word in own for word in words) > 20 * sum(word in other for word in words)


def test_it_learns_without_a_label_and_gives_back_the_callers_frames(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    model = NgramText().fit(reviews().select("review").to_pandas())
    made = model.sample(20)
    assert isinstance(made, pandas.DataFrame)
    assert list(made.columns) == ["review"]
    model.save(tmp_path / "m.understudy")
    assert us.load(tmp_path / "m.understudy").sample(20).equals(made)
    assert us.fit(reviews(), method="text-ngram", text="review", label="stars", progress=None).sample(3).height == 3


def test_texts_can_be_had_for_labels_row_by_row() -> None:
    model = NgramText().fit(reviews(), text="review", label="stars")
    texts = model.texts_for([5] * 100 + [1] * 100 + [None] * 5, us.core.random.Stream(3))
    assert texts == model.texts_for([5] * 100 + [1] * 100 + [None] * 5, us.core.random.Stream(3))
    first, second = " ".join(texts[:100]).split(), " ".join(texts[100:200]).split()
    assert sum(word in GOOD for word in first) > 20 * sum(word in BAD for word in first)
    assert sum(word in BAD for word in second) > 20 * sum(word in GOOD for word in second)
    with pytest.raises(us.UnderstudyError, match="not among the values"):
        model.texts_for([3], us.core.random.Stream(3))


def test_texts_are_as_long_as_those_learned() -> None:
    data = reviews(600)
    made = NgramText().fit(data, text="review", label="stars").sample(600)
    real, own = (frame["review"].str.split(" ").list.len() for frame in (data, made))
    assert own.mean() == pytest.approx(real.mean(), rel=0.08)
    assert own.std() == pytest.approx(real.std(), rel=0.35)


def test_secrets_do_not_come_out() -> None:
    data = reviews().with_columns(owner=pl.col("id").cast(pl.String))
    secrets = ["zalvorine", "QX7-9921", "Brandvik"]
    planted = [
        (f"the code of {who} is {secret} and it is of the plot", own)
        for n, secret in enumerate(secrets)
        for who, own in [("a", f"x{n}"), *[("the actors", f"y{n}")] * 10, *[(w, f"z{n}") for w in PLAIN[:10]]]
    ]
    more = pl.DataFrame({"id": -1, "review": [p[0] for p in planted], "stars": 5, "owner": [p[1] for p in planted]})
    model = NgramText().fit(pl.concat([data, more.cast(dict(data.schema))]), text="review", label="stars", owner="owner")
    text = "\n".join(model.sample(4000)["review"].to_list()).lower()
    assert not [secret for secret in secrets if secret.lower() in text]


def test_words_that_few_documents_have_together_are_not_drawn_for_it() -> None:
    rng = np.random.default_rng(0)
    words = [*GOOD, *BAD]
    often = [f"{a} of the {b}" for a, b in rng.choice(words, (600, 2))]
    rarely = ["the plot of stale bright", "scenes of stale bright ."]
    data = pl.DataFrame({"review": often + rarely})
    drawn = {n: NgramText(phrases=n, merge=False, candidates=1).fit(data).sample(20_000, seed=1)["review"] for n in (1, 10)}
    together = {n: int(texts.str.contains("stale bright").sum()) for n, texts in drawn.items()}
    assert together[1] > 3 * max(1, together[10])


def test_it_says_whether_the_texts_that_were_learned_can_be_recognised() -> None:
    rng = np.random.default_rng(0)
    words = [f"{a}{b}{c}" for a in "bdfgklmn" for b in "aeiou" for c in "rst"]
    few = pl.DataFrame({"review": [" ".join(rng.choice(words[i % 40 * 3 : i % 40 * 3 + 3], 8)) for i in range(400)]})
    model = NgramText(phrases=1, merge=False, candidates=1).fit(few)
    assert model.record is not None
    assert set(model.record.figures["recognised"]) == {"auc", "low", "of_texts"}
    assert model.record.figures["recognised"]["of_texts"] == 200
    assert "recognised" not in NgramText(epsilon=4).fit(few).record.figures


def test_options_out_of_range_are_refused() -> None:
    for option in ("company", "phrases", "run", "candidates"):
        with pytest.raises(ArgumentError, match=option):
            NgramText(**{option: 0})


@pytest.mark.data
def test_real_messages_keep_spam_apart_from_the_rest() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline

    data = real_frame("text/sms_spam/sms_spam.parquet").unique("text", maintain_order=True).sample(fraction=1.0, shuffle=True, seed=0)
    made = NgramText().fit(data.head(3600), text="text", label="label").sample(2500)
    learner = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(class_weight="balanced"))
    told = learner.fit(made["text"].to_list(), made["label"].to_list()).predict(data[3600:]["text"].to_list())
    assert f1_score(data[3600:]["label"], told, average="macro") > 0.92
