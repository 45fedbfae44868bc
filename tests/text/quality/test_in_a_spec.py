"""The list of filters of a text spec: read, and refused where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.core.errors import UnderstudyError
from understudy.text import read_text_spec
from understudy.text.quality import filters_of

SPEC = """understudy: text/1
task: classification
columns:
  label: {type: choice, values: [good, bad]}
label: label
template:
  rules:
    start: ["the pan is [label]"]
  start: start
quality:
  - exact_duplicates
  - length: {words: [2, 9]}
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "spec.yaml").write_text(text, "utf-8")
    return tmp_path / "spec.yaml"


def test_the_filters_of_a_spec_are_those_of_sift(tmp_path: Path) -> None:
    spec = read_text_spec(written(tmp_path, SPEC))
    assert [each.name for each in filters_of(spec.quality)] == ["exact_duplicates", "length"]


def test_a_wrong_filter_is_told_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnderstudyError, match='Did you mean "exact_duplicates"') as caught:
        read_text_spec(written(tmp_path, SPEC.replace("exact_duplicates", "exact_duplicate")))
    assert "line 11" in str(caught.value)
