"""Steps beside the record: what each kind gives, what is made again, what is asked once for all, what is told before anybody is asked."""

import polars as pl
import pytest

from understudy.core.errors import SchemaError

REVIEWS = {
    "task": "classification",
    "columns": {"label": {"type": "choice", "values": ["good", "bad"]}, "stars": {"type": "integer", "low": 1, "high": 5}},
    "label": "label",
}
OUTLINE = {"prompt": "Outline for {{ label }}."}


def script(prompt, number):
    """Answers by what a prompt begins with; a record says back its prompt."""
    if prompt.startswith("Outline"):
        return f"outline {number % 10}"
    if prompt.startswith("Facts"):
        return {"topic": "the lid", "age": 3, "mood": "calm"}
    if "score from" in prompt:
        return {"reason": "because", "score": 4}
    return {"text": prompt}


def test_every_kind_of_step_gives_its_value_and_is_put_out_where_it_is_kept(asked):
    steps = {
        "outline": {**OUTLINE, "keep": True},
        "facts": {
            "prompt": "Facts of {{ outline }}",
            "fields": {"topic": "text", "age": "integer", "mood": ["calm", "angry"]},
            "keep": True,
        },
        "framed": {"template": "<{{ facts.topic }}, {{ strength }}, {{ strength.reason }}>", "keep": True},
        "strength": {"judge": "Is the outline clear for {{ label }}?", "of": ["outline", "facts.topic"], "keep": True},
        "years": {"expression": 'strength + col("facts.age") * 2.5', "keep": True},
        "odd": {"check": "strength > 3 and length(outline) > 5"},
        "grade": {"judge": "Is the review good?", "scale": [1, 10], "keep": True},
        "words": {"expression": "length(text)", "keep": True},
        "told": {"prompt": "Outline of {{ text }}", "keep": True},
    }
    texts = asked(script, REVIEWS, prompt="{{ framed }} {{ years }}", steps=steps)
    made = texts.sample(3)
    assert made["problem"].is_null().all()
    assert dict(made.drop("stars").schema) == {
        "label": pl.String, "text": pl.String, "outline": pl.String, "facts_topic": pl.String, "facts_age": pl.Int64,
        "facts_mood": pl.String, "framed": pl.String, "strength": pl.Int64, "strength_reason": pl.String, "years": pl.Float64,
        "grade": pl.Int64, "grade_reason": pl.String, "words": pl.Int64, "told": pl.String, "problem": pl.String,
    }  # fmt: skip
    assert set(made["text"]) == {"<the lid, 4, because> 11.5"}
    assert made["words"].to_list() == [26] * 3
    assert made["told"].str.starts_with("outline").all()
    seen = [prompt for prompt in texts.prompts if prompt.startswith("This is to be judged")]
    assert len(seen) == 3
    assert all('"outline": "outline ' in prompt and '"facts.topic": "the lid"' in prompt for prompt in seen)
    assert sum("Is the review good?" in prompt and '{"text": "<the lid' in prompt for prompt in texts.prompts) == 3
    assert len(texts.prompts) == 3 * 6
    assert texts.sample(3).equals(made)
    assert len(texts.prompts) == 3 * 6


def test_a_step_may_be_of_another_model_with_limits_of_its_own(asked):
    texts = asked(script, REVIEWS, prompt="{{ outline }}", steps={"outline": {**OUTLINE, "model": "another"}}, tries=1)
    with pytest.raises(Exception, match="another"):
        texts.sample(2)


def test_a_check_has_the_step_made_again_that_it_depends_on_and_nothing_else(asked):
    outlines = []

    def fickle(prompt, number):
        if prompt.startswith("Outline"):
            outlines.append(prompt)
            return "too short" if len(outlines) % 2 else "long enough by now"
        return {"topic": "a lid"} if prompt.startswith("Facts") else script(prompt, number)

    steps = {
        "facts": {"prompt": "Facts", "fields": {"topic": "text"}},
        "outline": OUTLINE,
        "checked": {"check": "length(outline) > 12", "message": "{{ outline|length }} characters"},
    }
    texts = asked(fickle, REVIEWS, prompt="{{ outline }} {{ facts }}", steps=steps, concurrency=1, reuse=False)
    made = texts.sample(1)
    assert made["problem"].to_list() == [None]
    assert made["text"][0].startswith("long enough by now")
    assert len(outlines) == 2
    assert sum(prompt.startswith("Facts") for prompt in texts.prompts) == 1
    assert sum(prompt.startswith("long") for prompt in texts.prompts) == 1  # no record of the first outline was asked for


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"check": "length(outline) > 12", "message": "{{ outline|length }} characters"}, 'the check "last": 9 characters'),
        ({"check": "outline", "matches": "^in"}, 'outline is "outline'),
        ({"check": "text", "one_of": ["yes", "no"]}, "which is none of yes, no"),
        ({"check": "contains(text, 'xyz')", "retry": "outline"}, "contains\\(text, 'xyz'\\) does not hold"),
        ({"judge": "Fine?", "least": 5}, 'the judge "last" gives 4 of 5: because'),
    ],
)
def test_what_refuses_leaves_the_row_with_its_message(asked, step, problem):
    texts = asked(script, REVIEWS, prompt="Say {{ outline }}", steps={"outline": OUTLINE, "last": step}, tries=2)
    made = texts.sample(1)
    assert made["problem"].str.contains(problem).all()
    assert made["text"].is_null().all()
    of_record = {"text", "judge"} & ({str(step.get("check")), *step})
    again = sum(prompt.startswith("Outline") for prompt in texts.prompts)
    assert again == (1 if of_record else 2)


def test_a_check_of_columns_alone_refuses_at_once_and_asks_nobody(asked):
    texts = asked(script, REVIEWS, prompt="Say {{ outline }}", steps={"outline": OUTLINE, "few": {"check": "stars > 9"}}, tries=5)
    assert texts.sample(2)["problem"].str.contains("stars > 9 does not hold").all()
    assert texts.prompts == []


def test_steps_that_nothing_uses_are_not_asked_and_that_is_said(asked):
    texts = asked(script, REVIEWS, steps={"outline": OUTLINE, "on": {"template": "{{ outline }}!"}})
    assert texts.sample(1)["problem"].is_null().all()
    assert not any(prompt.startswith("Outline") for prompt in texts.prompts)
    assert any("outline, on" in note and "keep: true" in note for note in texts._way.notes())


def test_the_same_question_is_asked_once_for_all_rows(asked):
    steps = {
        "outline": {**OUTLINE, "temperature": 0},
        "tone": {"judge": "Which tone?", "of": "label"},
        "own": {"prompt": "Outline at will for {{ label }}", "temperature": 1},
    }
    texts = asked(script, REVIEWS, prompt="{{ outline }} {{ tone }} {{ own }} {{ stars }}", steps=steps, reuse=True)
    made = texts.sample(12)
    assert made["problem"].is_null().all()
    labels = made["label"].n_unique()
    asked_of = [sum(prompt.startswith(words) for prompt in texts.prompts) for words in ("Outline for", "This is to be", "Outline at")]
    assert asked_of == [labels, labels, 12]
    assert len(texts.prompts) == labels * 2 + 24  # and 12 records
    assert f"24 questions of reused steps were asked {labels * 2} times." in texts._way.notes()
    before = texts._way.spent()
    assert texts.sample(12).equals(made)
    assert texts._way.spent() == before


@pytest.mark.parametrize(
    ("steps", "match"),
    [
        ({"a": {"promt": "x"}}, 'Did you mean "prompt"'),
        ({"a": {"prompt": "x", "template": "y"}}, "not prompt and template together"),
        ({"a": {"template": "x", "model": "m"}}, '(?s)has no "model".*`prompt` or `judge`'),
        ({"a": {"judge": "x", "off": "b"}}, 'Did you mean "of"'),
        ({"a": {"judge": "x", "of": "lable"}}, 'Did you mean "label"'),
        ({"a": {"judge": "x", "least": 7}}, "must lie on the scale"),
        ({"a": {"judge": "x", "retry": "record"}}, "without `least`"),
        ({"a": {"expression": "lenght(label)"}}, 'Did you mean "length"'),
        ({"a": {"expression": "stras * 2"}}, 'Did you mean "stars"'),
        ({"a": {"expression": "label * 2"}}, "not made for a text"),
        ({"a": {"expression": "b.age > 2"}, "b": {"prompt": "x", "fields": {"age": "integer"}}}, r'col\("b.age"\)'),
        ({"a": {"expression": 'col("b.aeg")'}, "b": {"prompt": "x", "fields": {"age": "integer"}}}, 'Did you mean "age"'),
        ({"a": {"template": "{{ b.aeg }}"}, "b": {"prompt": "x", "fields": {"age": "integer"}}}, 'Did you mean "age"'),
        ({"b": {"prompt": "x", "fields": {"age": "intger"}}}, 'Did you mean "integer"'),
        ({"b": {"prompt": "x", "fields": {"mood": ["one"]}}}, "two texts or more"),
        ({"a": {"check": "stars"}}, "true or false"),
        ({"a": {"check": "label", "matches": "("}}, "regular expression"),
        ({"a": {"check": "lable", "matches": "g"}}, 'Did you mean "label"'),
        ({"a": {"check": "b == 'x'", "retry": "c"}, "b": {"prompt": "x"}, "c": {"prompt": "y"}}, "would change nothing"),
        ({"a": {"check": "b == 'x'", "retry": "bb"}, "b": {"prompt": "x"}}, 'Did you mean "b"'),
        ({"a": {"check": "a"}}, "circle: a → a"),
        ({"a": {"template": "{{ b }}"}, "b": {"judge": "x", "of": "a"}}, "circle: a → b → a"),
        ({"label": {"prompt": "x"}}, "something else already"),
        ({"two words": {"prompt": "x"}}, "cannot be the name of a step"),
        ({"a": {"prompt": "x", "keep": True, "fields": {"b": "text"}}, "a_b": {"prompt": "y", "keep": True}}, 'a column "a_b"'),
        ({"a": {"expression": "messages"}}, "There is no column or step"),
    ],
)
def test_a_step_that_cannot_be_is_told_with_its_place(asked, steps, match):
    with pytest.raises(SchemaError, match=match) as told:
        asked(script, REVIEWS, steps=steps)
    assert "llm.steps" in str(told.value.where)


@pytest.mark.parametrize(
    ("prompt", "match"),
    [("{{ text }}", "not there yet"), ("{{ grade }}", "comes after the record"), ("{{ outlin }}", 'Did you mean "outline"')],
)
def test_a_prompt_speaks_of_what_comes_before_it(asked, prompt, match):
    with pytest.raises(SchemaError, match=match):
        asked(script, REVIEWS, prompt=prompt, steps={"outline": OUTLINE, "grade": {"judge": "Fine?"}})


def test_steps_read_conversations_as_lines(asked):
    said = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Yes."}]
    steps = {"lines": {"template": "{{ messages }}", "keep": True}, "fine": {"check": "lines", "matches": "^user: Hello"}}
    made = asked(lambda prompt, number: {"messages": said}, {"task": "conversation"}, steps=steps).sample(1)
    assert made["lines"].to_list() == ["user: Hello?\nassistant: Yes."]
