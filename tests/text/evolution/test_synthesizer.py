"""Evolution as a synthesizer: the contract, columns, conditions, saving and what it says of itself."""

import numpy as np
import polars as pl
import pytest

import understudy as us
from understudy.core.errors import ArgumentError, ConditionError, ConstraintError, DataError
from understudy.core.generator import Generator
from understudy.data.frame_batches import FrameBatches
from understudy.testing import check_generator
from understudy.text.evolution.synthesizer import Evolution

WORDS = {"good": "fine lovely great nice warm kind clear bright".split(), "bad": "poor broken late cold rude dull wrong cheap".split()}


class Talker(FrameBatches, Generator):
    """A public generator of texts with a label."""

    name = "talker"
    block_size = 64

    def _prepare(self, given):
        return given

    def _block(self, index, size, rng, given):
        draws = rng.generator()
        stars = [given["stars"] if given else ("good", "bad")[draws.integers(2)] for _ in range(size)]
        return pl.DataFrame({"stars": stars, "text": [" ".join(draws.choice([*WORDS[star], "the", "it", "was"], 9)) for star in stars]})


@pytest.fixture(scope="module")
def reviews():
    rng = np.random.default_rng(3)
    rows = [(star, " ".join(rng.choice(WORDS[star][:4], 6)), i // 2) for i, star in enumerate(["good"] * 450 + ["bad"] * 150)]
    return pl.DataFrame(rows, schema=["stars", "review", "customer"], orient="row")


@pytest.fixture(scope="module")
def model(reviews):
    return Evolution(Talker(), size=300, rounds=2).fit(reviews, text="review", label="stars", owner="customer", seed=1)


def test_it_keeps_the_contract(model):
    check_generator(model)


def test_it_gives_the_sources_columns_and_shares(model, reviews):
    made = model.sample(300)
    assert made.columns == ["stars", "review"]
    assert (made["stars"] == "good").mean() == pytest.approx(0.75, abs=0.06)
    assert not set(made["review"]) & set(reviews["review"])


def test_votes_lead_to_the_words_of_the_private_texts(model):
    words = " ".join(model.sample(300, seed=2)["review"]).split()
    liked, other = (sum(words.count(word) for star in WORDS for word in WORDS[star][part]) for part in (slice(0, 4), slice(4, 8)))
    assert liked > 1.1 * other


def test_a_label_can_be_asked_for_as_long_as_there_are_texts(model):
    made = model.sample(50, given={"stars": "bad"})
    assert set(made["stars"]) == {"bad"}
    with pytest.raises(ConstraintError, match="texts evolved"):
        model.sample(290, given={"stars": "bad"})
    with pytest.raises(ConditionError, match='"bda" is no value'):
        model.sample(1, given={"stars": "bda"})


def test_a_saved_model_gives_the_same_texts_and_says_the_same(model, tmp_path):
    model.save(tmp_path / "m.understudy")
    again = us.load(tmp_path / "m.understudy")
    assert again.sample(300, seed=5).equals(model.sample(300, seed=5))
    assert again.record.figures == model.record.figures
    assert any("epsilon 4" in note for note in again.remarks)


def test_nothing_of_the_private_texts_is_in_the_record(model, reviews):
    told = str(model.record.to_dict())
    assert not any(text in told for text in reviews["review"])
    assert "450" not in told
    assert "600" not in told


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda rows: Evolution().fit(rows, text="review"), ArgumentError, "somebody"),
        (lambda rows: Evolution(Talker(), epsilon=0), ArgumentError, "epsilon"),
        (lambda rows: Evolution(Talker(), size=0), ArgumentError, "size"),
        (lambda rows: Evolution(Talker()).fit(rows), ArgumentError, "which column"),
        (lambda rows: Evolution(Talker()).fit(rows, text="reviw"), DataError, "review"),
        (lambda rows: Evolution(Talker()).fit(rows.head(0).cast({"review": pl.String}), text="review"), DataError, "No row|no rows"),
    ],
)
def test_what_cannot_be_is_refused_before_work(reviews, make, error, match):
    with pytest.raises(error, match=match):
        make(reviews)
