"""Evolution as a synthesizer: the contract, columns, conditions, saving and what it says of itself."""

import numpy as np
import polars as pl
import pytest

import understudy as us
from understudy.core.errors import ArgumentError, BudgetError, Cancelled, ConditionError, ConstraintError, DataError
from understudy.core.generator import Generator
from understudy.data.frame_batches import FrameBatches
from understudy.testing import check_generator
from understudy.text.evolution.labels import label_name
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


def test_a_label_of_no_private_text_has_texts_and_is_told(reviews):
    made = Evolution(Talker(), size=40, rounds=1, labels=["good", "bad", "so so"], even=True)
    made.provider = Anything()
    model = made.fit(reviews, text="review", label="stars", seed=1)
    assert model.sample(40)["stars"].value_counts().sort("stars")["count"].to_list() == pytest.approx([13, 13, 13], abs=1)
    assert model.record.figures["label_few"] == ["so so"]
    assert any("so so" in note for note in model.remarks)
    with pytest.raises(DataError, match='"bad", which is none'):
        Evolution(Anything(), labels=["good", "bda"]).fit(reviews, text="review", label="stars")


class Anything:
    """Makes a text of any label."""

    def draw(self, labels, stream):
        rng = stream.generator()
        return [f"{label} {rng.integers(1 << 30)}" for label in labels]

    def vary(self, texts, labels, stream):
        return self.draw(labels, stream)

    def says(self):
        return []


@pytest.mark.parametrize("values", [[1, 5], [1.0, 2.5], [True, False]])
def test_labels_may_be_numbers_and_truths(values):
    rows = pl.DataFrame({"text": [f"text {i % 7}" for i in range(400)], "label": [values[i % 2] for i in range(400)]})
    made = Evolution(Anything(), size=20, rounds=1).fit(rows, text="text", label="label").sample(20)
    assert made.schema["label"] == rows.schema["label"]
    assert all(text.startswith(f"{label} ") for label, text in made.rows())
    told = Evolution(Anything(), size=20, rounds=1, labels=[label_name(value) for value in values]).fit(rows, text="text", label="label")
    assert set(told._labels) == {0, 1}


@pytest.mark.parametrize("texts", [["a lonely text"], ["", "  ", "one"]])
def test_one_private_text_is_enough_and_too_few(texts):
    model = Evolution(Anything(), size=5, rounds=2).fit(pl.DataFrame({"text": texts}), text="text")
    assert model.sample(5).height == 5
    assert any("few beside the noise" in note for note in model.remarks)


def test_what_was_spent_on_the_same_texts_before_is_told_and_held_to(reviews):
    rows = reviews.with_columns(pl.col("review") + " indeed")
    assert not any("have voted" in note for note in Evolution(Anything(), size=5, rounds=1).fit(rows, text="review").remarks)
    again = Evolution(Anything(), size=5, rounds=1, epsilon=2).fit(rows.reverse(), text="review")
    assert again.record.figures["evolutions_in_all"] == 2
    assert 4 < again.record.figures["epsilon_in_all"] < 6
    assert any("2 evolutions" in note for note in again.remarks)
    with pytest.raises(BudgetError, match="2 evolution"):
        Evolution(Anything(), size=5, rounds=1, total=4).fit(rows, text="review")


def test_stopped_with_a_file_of_votes_it_goes_on_from_them(reviews, tmp_path):
    stages = []

    def listen(event):
        stages.append(event.get("stage"))
        return event.get("stage") != "vary texts after vote 1 of 2"

    with pytest.raises(Cancelled, match="goes on"):
        Evolution(Anything(), size=5, rounds=2).fit(reviews, text="review", votes=tmp_path / "v.json", progress=listen)
    assert stages[:2] == ["read", "draw texts"]
    assert "vote 1 of 2" in stages
    stages.clear()
    model = Evolution(Anything(), size=5, rounds=2).fit(reviews, text="review", votes=tmp_path / "v.json", progress=stages.append)
    told = [event.get("stage") for event in stages]
    assert "vote 1 of 2" not in told
    assert "vote 2 of 2" in told
    assert model.record.figures["rounds"] == 2


def test_a_saved_model_gives_the_same_texts_and_says_the_same(model, tmp_path):
    model.save(tmp_path / "m.understudy")
    again = us.load(tmp_path / "m.understudy")
    assert again.sample(300, seed=5).equals(model.sample(300, seed=5))
    assert again.record.figures == model.record.figures
    assert any("epsilon 4" in note for note in again.remarks)


def test_nothing_of_the_private_texts_is_in_the_record(model, reviews):
    told = str(model.record.to_dict())
    assert not any(text in told for text in reviews["review"])
    assert not {450, 150, 600} & {figure for figure in model.record.figures.values() if isinstance(figure, int)}


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
