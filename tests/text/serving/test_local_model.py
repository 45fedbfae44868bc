"""A real causal language model, made on the spot, on this machine: served, asked, and refused where there is none."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from understudy.core.errors import DataError
from understudy.text import Texts
from understudy.text.serving.local_model import LocalModel

TOOL = Path(__file__).parents[3] / "tools" / "tiny_model.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    loaded = importlib.util.spec_from_file_location("tiny_model", TOOL)
    tool = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(tool)
    place = tmp_path_factory.mktemp("tiny") / "tiny-llama"
    tool.make(place)
    return place


def test_the_same_request_gets_the_same_reply_and_another_one_another(folder):
    model = LocalModel(folder, most_tokens=12)
    assert model.name == "tiny-llama"
    assert model.text("Write a review.", 5) == model.text("Write a review.", 5)
    assert len({model.text("Write a review.", number) for number in range(4)}) > 1
    assert LocalModel(folder, most_tokens=12, temperature=0).text("Hi", 1) == LocalModel(folder, most_tokens=12, temperature=0).text(
        "Hi", 2
    )


def test_it_goes_on_with_a_prompt_as_it_stands_and_no_further_than_asked(folder):
    model = LocalModel(folder, most_tokens=12)
    short, long = (model.completion("The kettle is", 3, most) for most in (2, 12))
    assert long.startswith(short)
    assert 0 < len(short) < len(long)
    assert model.completion("The pan is", 3, 12) != long
    assert isinstance(model.completion("word " * 5000, 3, 2), str)


def test_a_spec_may_name_a_folder_and_what_does_not_fit_is_told(folder, tmp_path):
    spec = {
        "understudy": "text/1",
        "task": "classification",
        "columns": {"label": {"type": "choice", "values": ["good", "bad"]}},
        "label": "label",
        "way": "llm",
        "llm": {"local": str(folder), "max_tokens": 24, "tries": 1, "journal": str(tmp_path / "journal.sqlite")},
    }
    texts = Texts(spec)
    made = texts.sample(2)
    assert made["problem"].is_not_null().all()  # random weights write no JSON
    assert made["problem"].str.contains("does not fit|cut off").all()
    assert texts._way.spent().requests >= 2
    assert texts.sample(2).equals(made)
    assert texts.needs() == [f"the language model in {folder}"]


def test_a_folder_without_a_model_is_told(tmp_path):
    with pytest.raises(DataError, match="no config.json"):
        LocalModel(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match="cannot be read"):
        LocalModel(tmp_path)
