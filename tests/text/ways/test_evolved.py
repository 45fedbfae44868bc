"""Texts that evolved by private votes, behind a spec: by a grammar, and by a language model."""

import json

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.core.errors import SchemaError
from understudy.text import Texts

COLUMNS = {"label": {"type": "choice", "values": ["good", "bad"]}}
RULES = {"text": {"by": "label", "good": "A [fine|lovely] {thing}.", "bad": "A [dull|broken] {thing}."}, "thing": ["kettle", "pan", "lamp"]}


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
    assert (tmp_path / "out" / ".understudy" / "evolved.begun").read_text() == "1"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"evolution": {"text": "reveiw"}}, '"review"'),
        ({"evolution": {"by": "llm"}}, "section"),
        ({"evolution": {"epsilon": 0}}, "epsilon"),
        ({"columns": {"label": {"type": "choice", "values": ["good", "poor"]}}, "template": {"rules": {"text": "x"}}}, '"bad"'),
        ({"words": [2, 5]}, "length"),
    ],
)
def test_mistakes_are_told_before_a_vote_is_held(tmp_path, changes, told):
    with pytest.raises(SchemaError) as caught:
        Texts(spec(tmp_path, **changes), folder=tmp_path)
    assert told in str(caught.value)


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
