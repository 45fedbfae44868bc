"""A learned model behind a spec: its texts go by the spec's labels."""

import polars as pl
import pytest

from understudy import load
from understudy.core.errors import SchemaError, UnderstudyError
from understudy.text import NgramText, Texts

SPEC = {
    "understudy": "text/1",
    "task": "classification",
    "columns": {"label": {"type": "choice", "values": {"positive": 1, "negative": 3}}, "source": {"type": "constant", "value": "web"}},
    "way": "ngram",
    "ngram": {"examples": "reviews.csv", "text": "review", "label": "label"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("reviews")
    made = Texts("kitchen-reviews").sample(600, given={"label": {"positive": 1, "negative": 1}, "case": None})
    made.select("label", review="text").write_csv(place / "reviews.csv")
    return place


def test_a_spec_runs_on_a_model_that_learns_from_examples(folder, tmp_path):
    texts = Texts(SPEC, folder=folder)
    assert texts.from_real_data
    assert texts.needs()
    frame = texts.sample(300, seed=4)
    assert frame.columns == ["label", "source", "text"]
    assert 0.6 < (frame["label"] == "negative").mean() < 0.9
    assert frame["text"].n_unique() > 200
    assert texts.sample(300, seed=4).equals(frame)
    texts.save(tmp_path / "texts.understudy")
    assert load(tmp_path / "texts.understudy").sample(300, seed=4).equals(frame)


def test_a_saved_model_and_another_way_for_the_same_spec(folder):
    model = NgramText().fit(pl.read_csv(folder / "reviews.csv"), text="review", label="label")
    model.save(folder / "reviews.understudy")
    both = {**SPEC, "ngram": {"model": "reviews.understudy"}, "template": {"rules": {"text": "{label}!"}}}
    assert Texts(both, folder=folder).sample(20)["text"].n_unique() > 10
    assert set(Texts(both, folder=folder, way="template").sample(20)["text"]) == {"positive!", "negative!"}


def test_a_label_that_was_never_learned_is_refused_before_work(folder):
    columns = {"label": {"type": "choice", "values": ["positive", "negativ"]}}
    with pytest.raises(SchemaError, match='no texts with the label "negativ"'):
        Texts({**SPEC, "columns": columns}, folder=folder)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"examples": "gone.csv", "text": "review"}, "gone.csv"),
        ({"examples": "reviews.csv"}, "Which column"),
        ({}, "a saved model, or examples"),
        ({"examples": "reviews.csv", "text": "revue", "label": "label"}, "revue"),
        ({"examples": "reviews.csv", "text": "review", "budget": "soon"}, "soon"),
    ],
)
def test_what_it_cannot_learn_from_is_told(folder, section, said):
    with pytest.raises(UnderstudyError, match=said):
        Texts({**SPEC, "ngram": section}, folder=folder)


def test_other_tasks_are_refused(folder):
    with pytest.raises(SchemaError, match="writes one text for a label"):
        Texts({**SPEC, "task": "instruction"}, folder=folder)
