"""The card beside the parts of a data set for the Hugging Face hub."""

import polars as pl
import pytest
import yaml

from understudy.core.errors import ArgumentError, SinkError
from understudy.core.generator import Generator
from understudy.data.frame_batches import FrameBatches
from understudy.run import write


class Pairs(FrameBatches, Generator):
    name = "pairs"
    block_size = 100

    @property
    def remarks(self):
        return ["Answers are never right."]

    def _block(self, index, size, rng, given):
        numbers = rng.generator().integers(0, 10, size)
        return pl.DataFrame({"instruction": [f"Double {n}." for n in numbers], "input": "", "output": [str(2 * n) for n in numbers]})


class Marked(FrameBatches, Generator):
    name = "marked"
    block_size = 10

    def _block(self, index, size, rng, given):
        rows = [{"text": f"Ann came {index * size + i} times.", "spans": [{"start": 0, "end": 3, "label": "person"}]} for i in range(size)]
        return pl.DataFrame(rows)


def test_a_hugging_face_data_set_is_parts_and_a_card_that_names_them(tmp_path):
    write(Pairs(), 250, tmp_path / "set", format="huggingface", part_rows=100)
    text = (tmp_path / "set" / "README.md").read_text()
    front = yaml.safe_load(text.split("---")[1])
    (split,) = front["configs"][0]["data_files"]
    parts = sorted((tmp_path / "set").glob(split["path"]))
    assert [pl.read_parquet(part).height for part in parts] == [100, 100, 50]
    assert front["size_categories"] == ["n<1K"]
    assert "250 rows, all of them synthetic" in text
    assert "- Answers are never right." in text
    assert "| `instruction` |" in text


def test_a_hugging_face_data_set_is_no_single_file(tmp_path):
    with pytest.raises(ArgumentError, match="not one file"):
        write(Pairs(), 1, tmp_path / "set.parquet", format="huggingface")


def test_a_file_of_training_lines_is_joined_from_its_parts(tmp_path):
    write(Pairs(), 250, tmp_path / "all.jsonl", format="alpaca", part_rows=100)
    assert pl.read_ndjson(tmp_path / "all.jsonl").equals(Pairs().sample(250))


def test_rows_without_spans_are_not_written_as_conll(tmp_path):
    with pytest.raises(SinkError, match="no spans"):
        write(Pairs(), 10, tmp_path / "x.conll")


def test_spacy_reads_a_file_that_was_joined_from_parts(tmp_path):
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed")
    write(Marked(), 25, tmp_path / "x.spacy", part_rows=10)
    found = list(spacy.tokens.DocBin().from_disk(tmp_path / "x.spacy").get_docs(spacy.blank("xx").vocab))
    assert [document.text for document in found] == Marked().sample(25)["text"].to_list()
    assert {entity.text for document in found for entity in document.ents} == {"Ann"}
