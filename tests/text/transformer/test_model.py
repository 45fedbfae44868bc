"""`TransformerText` keeps the contract, learns what follows what and the label's words, and goes to a folder and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch")

import understudy as us
from understudy.core.errors import ArgumentError, ArtifactError
from understudy.testing import check_synthesizer
from understudy.text import TransformerText

GOOD, BAD = "warm bright clever funny moving fresh".split(), "dull slow stale cold clumsy flat".split()


def reviews(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    stars = rng.choice([1, 5], n, p=[0.4, 0.6])
    texts = [
        f"the {rng.choice(['film', 'story'])} is {rng.choice(GOOD if s == 5 else BAD)} and {rng.choice(GOOD if s == 5 else BAD)}"
        for s in stars
    ]
    return pl.DataFrame({"review": texts, "stars": stars})


def small(**options: object) -> TransformerText:
    return TransformerText(text="review", label="stars", width=32, depth=1, entries=320, merge=False, dropout=0.0, **options)


@pytest.fixture(scope="module")
def model() -> TransformerText:
    return small(candidates=2).fit(reviews())


@pytest.mark.slow
def test_the_contract_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    for course in ("LEAST_STEPS", "EPOCHS"):
        monkeypatch.setattr(f"understudy.text.transformer.model.{course}", 5)
    check_synthesizer(lambda: small(candidates=2), reviews(40), given={"stars": 5})


def test_it_learns_what_follows_what_and_the_words_of_a_label(model: TransformerText) -> None:
    made = model.sample(200, seed=1)
    assert made["review"].str.starts_with("the ").mean() > 0.9
    words = " ".join(made.filter(stars=5)["review"].to_list()).split()
    assert sum(word in GOOD for word in words) > 4 * sum(word in BAD for word in words)


def test_a_folder_holds_the_network_and_its_vocabulary(model: TransformerText, tmp_path: Path) -> None:
    model.export(tmp_path / "hf")
    config = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert {path.name for path in (tmp_path / "hf").iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    again = TransformerText.from_folder(tmp_path / "hf", text="review", label="stars")
    made = again.sample(100, given={"stars": "5"})
    words = " ".join(made["review"].to_list()).split()
    assert sum(word in GOOD for word in words) > 4 * sum(word in BAD for word in words)
    again.save(tmp_path / "m.understudy")
    assert us.load(tmp_path / "m.understudy").sample(5).equals(again.sample(5))


def test_guidance_makes_labels_show_more(model: TransformerText) -> None:
    def share(guidance: float) -> float:
        model.guidance = guidance
        words = " ".join(model._texts(np.ones(200, np.int64), us.core.random.Stream(1))).split()
        return sum(word in GOOD for word in words) / max(1, sum(word in BAD for word in words) + sum(word in GOOD for word in words))

    plain, guided = share(0.0), share(2.0)
    model.guidance = 0.0
    assert guided >= plain


def test_folders_that_are_no_such_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="missing"):
        TransformerText.from_folder(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ArtifactError, match="no model that understudy exported"):
        TransformerText.from_folder(tmp_path)


@pytest.mark.parametrize("option", [{"width": 40}, {"depth": 0}, {"dropout": 1.0}, {"entries": 10}, {"guidance": -1.0}, {"candidates": 0}])
def test_options_out_of_range_are_refused(option: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(option))):
        TransformerText(**option)
