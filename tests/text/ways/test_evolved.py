"""Texts that evolved by private votes, behind a spec: by a grammar, and by a language model."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.core.errors import BudgetError, SchemaError
from understudy.text import Texts
from understudy.text.evolution.account import FILE

LLM = {"endpoint": "http://127.0.0.1:9/v1", "model": "none"}
COLUMNS = {"label": {"type": "choice", "values": ["good", "bad"]}}
RULES = {"text": {"by": "label", "good": "A [fine|lovely] {thing}.", "bad": "A [dull|broken] {thing}."}, "thing": ["kettle", "pan", "lamp"]}


@pytest.fixture(autouse=True)
def nothing_from_before(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def spec(tmp_path, **changes):
    rows = [{"review": f"the {w} kettle, number {i}", "stars": s} for i in range(40) for s, w in (("good", "lovely"), ("bad", "broken"))]
    pl.DataFrame(rows).write_csv(tmp_path / "private.csv")
    evolution = {"private": "private.csv", "text": "review", "label": "stars", "size": 30, "rounds": 1, "variations": 1}
    changed = changes.pop("evolution", {})
    return {
        "understudy": "text/1", "task": "classification", "columns": COLUMNS, "label": "label", "way": "evolution",
        "template": {"rules": RULES}, "evolution": {**evolution, **changed}, **changes,
    }  # fmt: skip


def test_rows_get_evolved_texts_of_their_label_and_the_same_again(tmp_path):
    texts = Texts(spec(tmp_path), folder=tmp_path)
    made = texts.sample(60)
    words = {"good": ("fine", "lovely"), "bad": ("dull", "broken")}
    assert all(any(word in text for word in words[label]) for label, text in made.select("label", "text").iter_rows())
    assert made.columns == ["label", "text"]
    texts.save(tmp_path / "t.understudy")
    assert Texts.load(tmp_path / "t.understudy").sample(60).equals(made)
    assert any("epsilon 4" in said for said in texts.says())


def test_votes_are_held_once_for_a_folder(tmp_path):
    stated = Texts(spec(tmp_path), folder=tmp_path).spec
    stated.save(tmp_path / "text.yaml")
    command = ["generate", str(tmp_path / "text.yaml"), "-n", "50", "-o", str(tmp_path / "out"), "--quiet"]
    assert run(command) == 0
    first = (tmp_path / "out" / "part-00000.parquet").read_bytes()
    assert run(command) == 0
    assert (tmp_path / "out" / "part-00000.parquet").read_bytes() == first
    assert len(list((tmp_path / "out" / ".understudy").glob("evolved-*.understudy"))) == 1
    assert votes_of(tmp_path) == 1
    assert run([*command[:4], "-o", str(tmp_path / "other"), "--quiet"]) == 0  # another folder, the same votes
    assert (tmp_path / "other" / "part-00000.parquet").read_bytes() == first
    assert votes_of(tmp_path) == 1


def votes_of(tmp_path):
    entries = (json.loads(line) for line in (Path(os.environ["XDG_STATE_HOME"]) / "understudy" / FILE).read_text().splitlines() if line)
    return len({entry["evolution"] for entry in entries if entry["file"] == str(tmp_path / "private.csv")})


def test_the_same_spec_and_texts_vote_once_whoever_builds_it(tmp_path):
    made = Texts(spec(tmp_path), folder=tmp_path).sample(60)
    again = Texts(spec(tmp_path, evolution={"total": 50}), folder=tmp_path)
    assert again.sample(60).equals(made)
    real = {"real": {"file": "private.csv", "text": "review", "label": "stars"}, "mix": {"share": 0.9}, "quality": ["exact_duplicates"]}
    assert Texts(spec(tmp_path, **real), folder=tmp_path).sample(60).equals(made)  # what becomes of rows is no matter of votes
    assert votes_of(tmp_path) == 1


def test_another_vote_of_the_same_texts_is_refused_unless_it_is_allowed(tmp_path):
    Texts(spec(tmp_path), folder=tmp_path).sample(1)
    with pytest.raises(BudgetError, match="voted in 1 evolution") as caught:
        Texts(spec(tmp_path, seed=8), folder=tmp_path).sample(1)
    allowed = float(caught.value.remedy.split("total: ")[1].split(",")[0])
    assert 4 < allowed < 8
    texts = Texts(spec(tmp_path, seed=8, evolution={"total": allowed}), folder=tmp_path)
    texts.sample(1)
    assert any("2 evolutions" in said for said in texts.says())
    assert votes_of(tmp_path) == 2


@pytest.mark.parametrize(
    ("column", "private"),
    [
        ({"type": "choice", "values": [1, 2]}, [1, 2]),
        ({"type": "choice", "values": ["1", "2"]}, [1, 2]),
        ({"type": "integer", "low": 1, "high": 2}, ["1", "2"]),
        ({"type": "boolean", "share": 0.5}, ["true", "false"]),
        ({"type": "choice", "values": [1, 2, 3]}, [1, 2]),
    ],
)
def test_labels_may_be_numbers_and_truths_and_some_have_no_private_text(tmp_path, column, private):
    values = column.get("values") or ([True, False] if column["type"] == "boolean" else [1, 2])
    by_label = {value: f"label {value} of [a|some|any|one] {{thing}}" for value in values}
    stated = spec(tmp_path, columns={"label": column}, template={"rules": {"text": {"by": "label", **by_label}, "thing": ["pan", "lamp"]}})
    pl.DataFrame([{"review": f"number {i}", "stars": star} for i in range(60) for star in private]).write_csv(tmp_path / "private.csv")
    made = Texts(stated, folder=tmp_path).sample(40)
    told = {str(label): set(texts) for label, texts in made.group_by("label").agg("text").iter_rows()}
    assert len(told) == len(values)
    assert all({text.split()[1] for text in texts} == {label} for label, texts in told.items())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"evolution": {"text": "reveiw"}}, '"review"'),
        ({"evolution": {"by": "llm"}}, "section"),
        ({"evolution": {"epsilon": 0}}, "epsilon"),
        ({"columns": {"label": {"type": "choice", "values": ["good", "poor"]}}, "template": {"rules": {"text": "x"}}}, '"bad"'),
        ({"words": [2, 5]}, "length"),
        ({"evolution": {"vary": "continue"}}, "by: llm"),
        ({"llm": {**LLM, "judge": {}}, "evolution": {"by": "llm", "vary": "continue"}}, "judge"),
        (
            {"llm": {**LLM, "examples": {"file": "private.csv", "text": "review", "consent": True}}, "evolution": {"by": "llm"}},
            "nothing would",
        ),
    ],
)
def test_mistakes_are_told_before_a_vote_is_held(tmp_path, changes, told):
    with pytest.raises(SchemaError) as caught:
        Texts(spec(tmp_path, **changes), folder=tmp_path)
    assert told in str(caught.value)


def test_a_base_model_goes_on_with_texts_and_hears_none_that_is_private(tmp_path, monkeypatch):
    pytest.importorskip("httpx")
    pytest.importorskip("jinja2")
    pytest.importorskip("uvicorn")
    from understudy.text.serving import Server
    from understudy.text.serving.writers import Writer

    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))

    class Base(Writer):
        """Goes on with whatever it is given, in words that do not end."""

        name, holds_schemas = "base", False

        def __init__(self):
            self.heard = []

        def text(self, prompt, number):
            raise AssertionError("A base model follows no instructions.")

        def completion(self, prompt, number, most_tokens):
            self.heard.append(prompt)
            kind = "lovely" if prompt.startswith("good:") else "broken"
            return f" the {kind} kettle, {number % 99}. And then it goes on\n\nOther text"

    model = Base()
    with Server(model) as server:
        llm = {"endpoint": server.url, "model": "base", "prompt": "{{ label }}:", "journal": str(tmp_path / "j.sqlite"), "timeout": 5}
        stated = spec(tmp_path, llm=llm, evolution={"by": "llm", "vary": "continue", "rounds": 2})
        made = Texts(stated, folder=tmp_path).sample(20)
    words = {"good": "lovely", "bad": "broken"}
    assert all(text.startswith(f"the {words[label]} kettle") for label, text in made.select("label", "text").iter_rows())
    assert not made["text"].str.contains("Other").any()
    begun = [prompt for prompt in model.heard if len(prompt) > len("good:")]
    assert begun
    assert all(prompt.split(":")[1].strip().startswith("the") for prompt in begun)
    assert not any("number" in prompt for prompt in model.heard)


def test_a_language_model_draws_and_varies_and_sees_no_private_text(tmp_path, monkeypatch):
    pytest.importorskip("httpx")
    pytest.importorskip("jinja2")
    pytest.importorskip("uvicorn")
    from understudy.text.serving import Server
    from understudy.text.serving.writers import Writer

    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))

    class Scripted(Writer):
        name = "scripted"

        def __init__(self):
            self.prompts = []

        def text(self, prompt, number):
            return json.dumps(self.value({}, prompt, number))

        def value(self, schema, prompt, number):
            if "ready" in prompt:
                return {"ready": True}
            self.prompts.append(prompt)
            return {"text": f"A {'good' if 'label: good' in prompt else 'bad'} thing, {number % 1000}."}

    model = Scripted()
    with Server(model) as server:
        llm = {"endpoint": server.url, "model": "scripted", "journal": str(tmp_path / "j.sqlite"), "timeout": 5}
        texts = Texts(spec(tmp_path, llm=llm, evolution={"by": "llm"}), folder=tmp_path)
        assert not model.prompts
        made = texts.sample(20)
        assert all(f"A {label} thing" in text for label, text in made.select("label", "text").iter_rows())
        assert any("Here is a text" in prompt for prompt in model.prompts)
        assert not any("kettle, number" in prompt for prompt in model.prompts)
        asked = len(model.prompts)
        again = Texts(spec(tmp_path, llm=llm, evolution={"by": "llm"}), folder=tmp_path)
        assert again.sample(20).equals(made)
        assert len(model.prompts) == asked
