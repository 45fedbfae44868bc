"""Rows written by a language model: the journal, the contract, what is asked, what it costs."""

import json

import polars as pl
import pytest

from understudy.core.errors import BudgetError, EndpointError, SchemaError
from understudy.text import Texts
from understudy.text.serving import FaultPlan, Options

REVIEWS = {
    "task": "classification",
    "about": "reviews of kettles",
    "columns": {
        "label": {"type": "choice", "values": {"good": 3, "bad": 1}},
        "stars": {"type": "integer", "low": 1, "high": 5},
        "secret": {"type": "constant", "value": "hush", "hidden": True},
    },
    "cases": {"sarcasm": {"rate": 0.1, "about": "the words are kind, the meaning is not", "set": {"label": "bad"}}},
    "label": "label",
}


def said(prompt, number):
    label = prompt.split("label: ")[1].split("\n")[0]
    return {"text": f"A {label} kettle, number {number}."}


def test_a_row_is_asked_for_with_its_values_and_comes_back_with_them(asked):
    texts = asked(said, REVIEWS)
    made = texts.sample(40)
    assert made.columns == ["label", "stars", "case", "text", "problem"]
    assert made["problem"].is_null().all()
    assert all(label in text for label, text in made.select("label", "text").iter_rows())
    assert len(texts.prompts) == 40
    assert all("reviews of kettles" in prompt and "stars:" in prompt and "hush" not in prompt for prompt in texts.prompts)
    assert sum('rare case, "sarcasm": the words are kind' in prompt for prompt in texts.prompts) == (made["case"] == "sarcasm").sum()


def test_what_was_answered_is_not_asked_again_and_nobody_is_asked_for_more_than_is_wanted(asked):
    texts = asked(said, REVIEWS)
    first = texts.sample(10)
    assert texts.sample(10).equals(first)
    assert texts.block(0).head(10).equals(first)
    assert len(texts.prompts) == texts.block_size
    assert texts.sample(0).columns == first.columns


def test_rows_over_several_blocks_are_asked_together_and_come_in_order(asked):
    texts = asked(said, REVIEWS, options=Options(faults=FaultPlan(delay_s=0.02)), concurrency=32)
    whole = texts.sample(300)
    assert whole.height == 300
    assert len(texts.prompts) == 300
    pieces = list(texts.stream(300))
    assert pl.concat(pieces).equals(whole)
    assert len(texts.prompts) == 300


def test_another_seed_is_another_data_set(asked):
    texts = asked(said, REVIEWS)
    assert not texts.sample(20, seed=1).equals(texts.sample(20, seed=2))
    assert len(texts.prompts) == 40


def test_written_parts_are_those_that_sample_gives(asked, tmp_path):
    texts = asked(said, REVIEWS)
    manifest = texts.write(300, tmp_path / "out", part_rows=128)
    assert manifest.rows == 300
    parts = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "out").glob("part-*.parquet"))])
    assert parts.equals(texts.sample(300).drop("problem"))
    assert len(texts.prompts) == 300


def test_a_saved_generator_finds_its_journal_again(asked, tmp_path):
    texts = asked(said, REVIEWS)
    first = texts.sample(5)
    texts.save(tmp_path / "texts.understudy")
    again = Texts.load(tmp_path / "texts.understudy")
    assert again.sample(5).equals(first)
    assert len(texts.prompts) == 5


def test_a_reply_that_cannot_be_used_leaves_its_row_with_the_reason(asked):
    texts = asked(lambda prompt, number: {"text": "Fine." if "label: good" in prompt else ""}, REVIEWS, tries=1)
    made = texts.sample(60)
    bad = made.filter(pl.col("label") == "bad")
    assert bad.height > 5
    assert bad["text"].is_null().all()
    assert bad["problem"].str.contains("does not fit, twice: text").all()
    assert made.filter(pl.col("label") == "good")["problem"].is_null().all()


def test_a_text_of_the_wrong_length_is_asked_for_once_more_with_the_fault(asked):
    def script(prompt, number):
        told = "3 words, not 4 to 6" in prompt
        return {"text": "Now it has five words." if told else "Only three words"}

    texts = asked(script, {**REVIEWS, "words": [4, 6]})
    made = texts.sample(4)
    assert set(made["text"]) == {"Now it has five words."}
    assert len(texts.prompts) == 8


def test_a_limit_is_never_passed_and_what_was_made_is_kept(asked):
    texts = asked(said, REVIEWS, price={"input": 10, "output": 10}, budget={"money": 0.05}, max_tokens=100, concurrency=4)
    with pytest.raises(BudgetError):
        texts.sample(500)
    spent = texts._way.spent()
    assert 0 < spent.money <= 0.05
    asked_for = len(texts.prompts)
    with pytest.raises(BudgetError):
        texts.sample(500)
    assert len(texts.prompts) <= asked_for + 1


def test_a_prompt_of_ones_own_may_use_columns_steps_and_hidden_ones(asked):
    def script(prompt, number):
        if prompt.startswith("Three points"):
            return "dry; loud; cheap"
        return {"text": prompt}

    steps = {
        "points": {"prompt": "Three points for a {{ label }} review."},
        "frame": {"template": "<{{ points }}|{{ secret }}>"},
    }
    texts = asked(script, REVIEWS, prompt="{{ frame }} {{ stars }} stars", steps=steps)
    made = texts.sample(3)
    assert all(text == f"<dry; loud; cheap|hush> {stars} stars" for text, stars in made.select("text", "stars").iter_rows())


def test_evolution_shows_the_record_and_asks_for_another(asked):
    def script(prompt, number):
        return {"text": "harder"} if '"text": "easy"' in prompt else {"text": "easy"}

    texts = asked(script, REVIEWS, evolve=["Make it harder."])
    assert set(texts.sample(3)["text"]) == {"harder"}
    assert sum("Make it harder." in prompt for prompt in texts.prompts) == 3


def test_a_judge_refuses_with_its_reason_and_another_record_is_tried(asked):
    def script(prompt, number):
        if "This is what came" in prompt:
            return {"reason": "dull", "score": 5 if number % 3 == 0 else 1}
        return {"text": f"Text {number}."}

    texts = asked(script, REVIEWS, judge={"least": 4}, tries=3)
    made = texts.sample(60)
    refused = made.filter(pl.col("problem").is_not_null())
    assert 0.1 < refused.height / 60 < 0.55  # (2/3)³ = .30
    assert refused["problem"].str.contains("the judge gives it 1 of 5: dull").all()
    assert refused["text"].is_null().all()


def test_examples_are_of_the_rows_label_without_personal_data_and_as_often_as_agreed(asked, tmp_path):
    rows = [{"kind": label, "words": f"{label} one {i}, write to ann.lee{i}@example.com"} for label in ("good", "bad") for i in range(6)]
    (tmp_path / "real.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    section = {"file": str(tmp_path / "real.jsonl"), "text": "words", "label": "kind", "shots": 2, "consent": True}
    texts = asked(said, REVIEWS, examples=section)
    texts.sample(20)
    assert texts.from_real_data
    for prompt in texts.prompts:
        label = prompt.split("label: ")[1].split("\n")[0]
        assert prompt.count(f"- {label} one") == 2
        assert "@" not in prompt
    limited = asked(said, {**REVIEWS, "seed": 5}, examples={**section, "most_uses": 1})
    limited.sample(40)
    shown = "\n".join(limited.prompts)
    assert all(shown.count(f"{label} one {i},") <= 1 for label in ("good", "bad") for i in range(6))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"examples": {"file": "x.csv", "text": "t"}}, "consent: true"),
        ({"promt": "x"}, 'Did you mean "prompt"'),
        ({"judge": {"leats": 2}}, 'Did you mean "least"'),
        ({"prompt": "{{ lable }}"}, "label"),
        ({"prompt": "{{ label "}, "cannot be read"),
        ({"steps": {"a": {"prompt": "{{ b }}"}, "b": {"prompt": "{{ a }}"}}}, "circle"),
        ({"steps": {"a": {}}}, "a check"),
        ({"judge": {"least": 9}}, "scale"),
        ({"document": "nothing"}, "no column"),
        ({"endpoint": None}, "endpoint"),
    ],
)
def test_a_section_that_cannot_be_is_refused_before_anything_is_asked(asked, change, match):
    with pytest.raises(SchemaError, match=match):
        asked(said, REVIEWS, **change)


def test_an_endpoint_that_is_not_there_and_a_limit_of_nothing_are_told_before_work(asked):
    with pytest.raises(EndpointError):
        asked(said, REVIEWS, endpoint="http://127.0.0.1:9/v1").sample(3)
    with pytest.raises(EndpointError, match="model"):
        asked(said, REVIEWS, model="another").sample(3)
    with pytest.raises(BudgetError):
        asked(said, REVIEWS, budget={"tokens": 0}).sample(3)


def test_it_says_what_the_way_costs_in_truth(asked):
    texts = asked(said, REVIEWS, judge={})
    assert any("scripted" in remark for remark in texts.remarks)
    assert texts.needs() == [f"an endpoint at {texts.server.url} that has the model scripted"]
