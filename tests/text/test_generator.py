"""Texts as a generator: the contract, shares that hold, conditions, saving."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import chisquare

from understudy import load
from understudy.core.errors import ConditionError, ConstraintError, ProofError, SchemaError
from understudy.core.random import Stream
from understudy.testing import check_generator
from understudy.text import Texts
from understudy.text.ready import ready_names
from understudy.text.spec.text_spec import parse_text_spec, read_text_spec

SMALL = {
    "understudy": "text/1",
    "task": "classification",
    "columns": {
        "label": {"type": "choice", "values": {"good": 3, "bad": 1}},
        "city": {"type": "word", "of": "city"},
        "visits": {"type": "integer", "low": 1, "high": 9},
    },
    "cases": {"irony": {"rate": 0.1, "set": {"label": "bad"}}},
    "template": {
        "rules": {
            "text": {"by": "case", "irony": "Oh {praise}, sure.", "else": "{verdict} {visits|words|capital} [visits|trips] to {city}."},
            "verdict": {"by": "label", "good": "{praise|capital}!", "bad": "[Awful|Dreadful]."},
            "praise": ["lovely", "great", "[very |]nice"],
        }
    },
}


def test_texts_keep_the_contract_of_generators():
    check_generator(Texts(SMALL), given={"label": "bad"})


def test_shares_of_labels_and_rates_of_cases_hold_together():
    frame = Texts(SMALL).sample(20_000, seed=11)
    labels = frame["label"].value_counts(sort=True)["count"].to_list()
    assert chisquare(labels, [15_000, 5_000]).pvalue > 1e-3
    irony = (frame["case"] == "irony").sum()
    assert chisquare([irony, 20_000 - irony], [2_000, 18_000]).pvalue > 1e-3
    assert set(frame.filter(pl.col("case") == "irony")["label"]) == {"bad"}


def test_declared_shares_of_a_ready_made_spec_hold():
    texts = Texts("kitchen-reviews")
    frame = texts.sample(6_000, seed=13)
    for name in ("label", "tone", "length"):
        weights = texts.spec.columns[name].weights
        seen = [(frame[name] == value).sum() for value in weights]
        assert chisquare(seen, [weight / sum(weights.values()) * 6_000 for weight in weights.values()]).pvalue > 1e-3
    shown = [(frame["case"] == case).sum() for case in texts.spec.cases]
    rates = [stated.rate for stated in texts.spec.cases.values()]
    assert chisquare([*shown, 6_000 - sum(shown)], [6_000 * rate for rate in [*rates, 1 - sum(rates)]]).pvalue > 1e-3


def test_a_text_speaks_of_its_row():
    for row in Texts(SMALL).sample(500, given={"case": None}).iter_rows(named=True):
        assert row["city"] in row["text"]
        assert row["text"].startswith(("Awful.", "Dreadful.")) == (row["label"] == "bad")


def test_a_row_does_not_depend_on_the_rows_beside_it():
    texts = Texts(SMALL)
    rows = texts._rows.frame(texts._rows.plain, texts.sample(0)["visits"].cast(pl.Int64).to_numpy(), Stream(0))
    assert rows.height == 0
    whole = texts.sample(5_000, seed=3)
    assert whole[4_999].equals(texts.block(4_999 // texts.block_size, seed=3)[4_999 % texts.block_size])
    alone = texts._way.write(whole[4_999], np.array([4_999]), Stream(3))
    assert alone["text"][0] == whole["text"][4_999]


def test_given_fills_labels_and_cases_on_demand():
    texts = Texts(SMALL)
    assert set(texts.sample(50, given={"label": "bad"})["label"]) == {"bad"}
    assert set(texts.sample(50, given={"case": "irony"})["case"]) == {"irony"}
    even = texts.sample(4_000, given={"label": {"good": 1, "bad": 1}})["label"].value_counts()["count"].to_list()
    assert chisquare(even).pvalue > 1e-3
    good = texts.sample(2_000, given={"label": "good"})
    assert good["case"].null_count() == 2_000, "a case that sets another label does not show"
    half = texts.sample(4_000, given={"case": {"irony": 0.5}})["case"].null_count()
    assert 1_800 < half < 2_200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label": "god"}, 'Did you mean "good"'),
        ({"lable": "good"}, 'Did you mean "label"'),
        ({"case": "ironic"}, 'Did you mean "irony"'),
        ({"case": "irony", "label": "good"}, 'sets "label" to something else'),
        ({"case": {"irony": 2}}, "names with their rates"),
        ({"visits": "many"}, '"many" is no value'),
        ({"visits": {}}, "Shares are numbers"),
        ({"label": object()}, "no value that a column could be given"),
        ("good", "mapping"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(given, said):
    with pytest.raises(ConditionError, match=said):
        Texts(SMALL).sample(1, given=given)


def test_a_case_may_not_take_more_than_a_labels_share():
    with pytest.raises(SchemaError, match='Cases set "label" to "bad" in more rows than its share of 0.25'):
        Texts({**SMALL, "cases": {"irony": {"rate": 0.3, "set": {"label": "bad"}}}})


def test_saved_texts_make_the_same(tmp_path):
    texts = Texts(SMALL)
    texts.save(tmp_path / "texts.understudy")
    assert load(tmp_path / "texts.understudy").sample(100, seed=2).equals(texts.sample(100, seed=2))


def test_texts_for_the_rows_of_a_table(tmp_path):
    table = pl.DataFrame({"name": ["Ada", "Bo", "Cy"], "age": [36, None, 9]})
    spec = {
        "understudy": "text/1",
        "task": "column",
        "text": "note",
        "rows": "people.csv",
        "template": {
            "rules": {
                "note": [
                    {"when": {"age": None}, "text": "{name}, age unknown."},
                    {"when": {"age": {"least": 0}}, "text": "{name} is {age|words}."},
                ]
            }
        },
    }
    table.write_csv(tmp_path / "people.csv")
    texts = Texts(spec, folder=tmp_path)
    assert texts.sample(3)["note"].to_list() == ["Ada is thirty-six.", "Bo, age unknown.", "Cy is nine."]
    assert texts.from_real_data
    with pytest.raises(ConstraintError, match="at most 3"):
        texts.sample(4)
    texts.save(tmp_path / "notes.understudy")
    assert load(tmp_path / "notes.understudy").sample(3).equals(texts.sample(3))
    assert Texts(spec, rows=table.head(2)).sample(2)["note"].to_list() == ["Ada is thirty-six.", "Bo, age unknown."]


def test_lengths_are_kept_by_writing_again():
    spec = {
        **SMALL,
        "words": {"by": "label", "good": [1, 2], "bad": [3, 5]},
        "template": {"rules": {"text": "a [|b] [|c] [|d] [|e]"}},
    }
    frame = Texts(spec).sample(2_000)
    counts = frame["text"].str.split(" ").list.len()
    assert set(counts.filter(frame["label"] == "good")) == {1, 2}
    assert set(counts.filter(frame["label"] == "bad")) == {3, 4, 5}


def test_a_length_that_cannot_be_kept_is_told():
    with pytest.raises(ProofError, match="1 words, where 3 to 5 were asked for"):
        Texts({**SMALL, "words": [3, 5], "template": {"rules": {"text": "no"}}}).sample(5)


@pytest.mark.parametrize("name", ready_names())
def test_ready_made_specs_make_true_and_varied_texts_and_every_case(name):
    spec = read_text_spec(name)
    assert spec.about
    assert parse_text_spec(spec.to_yaml()).to_dict() == spec.to_dict()
    texts = Texts(name)
    rows = texts.sample(1_000, seed=5).select(list(spec.of_task.outputs(spec))).rows()
    assert len(set(map(str, rows))) > 600
    for case in list(spec.cases)[:2]:
        assert set(texts.sample(40, given={"case": case})["case"]) == {case}
