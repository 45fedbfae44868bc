import io
import json

import pytest
from tests.data.texts.exporting.rows import MARKED, marked_frame

from understudy.core.errors import SinkError
from understudy.data.texts.exporting import LineWriter, RowError, conll_lines, spans_line
from understudy.data.texts.exporting.marked import tokens


@pytest.mark.parametrize("row", MARKED)
def test_tokens_hold_every_sign_but_white_space_and_every_span_exactly(row):
    found = tokens(row["text"], row["spans"])
    assert "".join(token.text for token in found) == "".join(row["text"].split())
    assert all(row["text"][token.start : token.end] == token.text for token in found)
    began = [token.start for token in found if token.tag.startswith("B-")]
    assert began == [span["start"] for span in row["spans"]]
    for span in row["spans"]:
        inside = [token for token in found if span["start"] <= token.start < span["end"]]
        assert inside[-1].end == span["end"]
        assert [token.tag for token in inside] == [f"B-{span['label']}", *[f"I-{span['label']}"] * (len(inside) - 1)]


def test_conll_has_a_token_and_its_tag_a_line():
    assert conll_lines(MARKED[1]) == "Nobody\tO\ncame\tO\n.\tO\n"


def test_spans_keep_the_other_columns():
    line = json.loads(spans_line({"lang": "en", **MARKED[0]}))
    assert line == {"text": MARKED[0]["text"], "spans": MARKED[0]["spans"], "lang": "en"}


def test_the_text_may_have_another_name():
    assert json.loads(spans_line({"kind": "note", "report": "Ann", "spans": []}))["text"] == "Ann"


@pytest.mark.parametrize("spans", [[(0, 3), (2, 4)], [(0, 99)], [(2, 2)]])
def test_spans_that_cannot_be_are_refused(spans):
    row = {"text": "Anna", "spans": [{"start": start, "end": end, "label": "x"} for start, end in spans]}
    with pytest.raises(RowError, match="outside the text or overlaps"):
        conll_lines(row)


def test_a_writer_names_the_row_that_it_cannot_write():
    writer = LineWriter(io.BytesIO(), "conll", conll_lines)
    writer.write(marked_frame())
    with pytest.raises(SinkError, match="row 4") as caught:
        writer.write(marked_frame().head(1).select("text", spans=None))
    assert "conll" in str(caught.value)
