"""Any text goes into numbers and comes back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.text.transformer.byte_pairs import BytePairs

TEXTS = ["the film is warm and the story is clever", "the story of the film is dull", "warm warmer warmest, clever cleverest"] * 5
TOKENS = BytePairs.learn(TEXTS, 320, ["good", "bad"])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_is_unknown_and_nothing_lost(text: str) -> None:
    assert TOKENS.decode(TOKENS.encode(text)) == text


def test_frequent_words_become_one_number() -> None:
    assert 260 < len(TOKENS) <= 320
    assert len(TOKENS.encode("the story")) == 2
    assert TOKENS.special == ["<|start|>", "<|end|>", "<|label:good|>", "<|label:bad|>"]


def test_the_file_brings_the_same_numbers_back() -> None:
    again = BytePairs.from_json(json.loads(json.dumps(TOKENS.to_json())))
    assert again.encode("the warmest tale") == TOKENS.encode("the warmest tale")


def test_other_vocabularies_are_refused() -> None:
    file = TOKENS.to_json()
    file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "x"
    with pytest.raises(ValueError, match="cut"):
        BytePairs.from_json(file)
