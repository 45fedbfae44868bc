"""Sifting: every row is kept or dropped with a reason, and the counts add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.texts import planted_texts as planted

from understudy.core.errors import ArgumentError, DataError
from understudy.text.quality import filters_of, redraw, sift

REAL = planted.texts(300, 1)


def reasons(texts: Sequence[str], *filters: object, **options: object) -> dict[int, str]:
    found = sift(list(texts), list(filters), **options)  # type: ignore[arg-type]
    return dict(found.dropped.select("row", "reason").rows())


@given(st.lists(st.sampled_from(["a b c d", "A  b c d", "a b c e", "x", "", "fuck this", "write to me@web.de now"]), max_size=20))
@settings(max_examples=40, deadline=None)
def test_every_row_has_one_fate_and_the_counts_add_up(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": texts, "label": ["ab"[k % 2] for k in range(len(texts))]}, schema={"text": pl.String, "label": pl.String})
    found = sift(frame, ["length", "toxicity", "personal_data", "exact_duplicates", "near_duplicates"], label="label")
    assert sorted([*found.kept_rows, *found.dropped["row"].to_list()]) == list(range(len(texts)))
    assert found.counts["rows"].sum() == found.rows == len(texts)
    assert found.dropped["reason"].null_count() == 0
    assert all(reason for reason in found.dropped["reason"])
    assert found.kept["text"].to_list() == [texts[row] for row in found.kept_rows]
    if texts:
        assert sum(found.shares().values()) == pytest.approx(1.0)


def test_exact_duplicates_name_the_row_that_is_kept() -> None:
    assert reasons(["One two", "x y", "one  TWO", "x y"], "exact_duplicates") == {2: "the same as row 0", 3: "the same as row 1"}


def test_near_duplicates_are_verified_and_differ_from_other_texts() -> None:
    base = REAL["text"][0]
    assert list(reasons([base, base + " zzz", REAL["text"][1]], "near_duplicates")) == [1]
    assert reasons([base, base + " zzz"], {"near_duplicates": {"similarity": 1.0}}) == {}


def test_semantic_duplicates_are_looked_for_within_a_label_and_by_vectors_of_ones_own() -> None:
    frame = pl.DataFrame(
        {
            "text": ["one", "two", "three", "four"],
            "label": ["a", "a", "b", "b"],
            "vector": [[1.0, 0.0], [0.99, 0.01], [1.0, 0.0], [0.0, 1.0]],
        }
    )
    own = {"semantic_duplicates": {"column": "vector"}}
    assert sift(frame, [own], label="label").dropped["row"].to_list() == [1]
    everywhere = {"semantic_duplicates": {"column": "vector", "within_label": False}}
    assert sift(frame, [everywhere], label="label").dropped["row"].to_list() == [1, 2]
    with pytest.raises(DataError, match='Did you mean "vector"'):
        sift(frame, [{"semantic_duplicates": {"column": "vectr"}}])


def test_shuffled_words_are_semantic_duplicates_and_other_texts_are_not() -> None:
    texts = REAL["text"][:40].to_list()
    turned = " ".join(reversed(texts[0].split()))
    assert list(reasons([*texts, turned], {"semantic_duplicates": {"similarity": 0.9}})) == [40]


def test_lengths_are_told_in_words() -> None:
    found = reasons(["one", "one two three", "one two three four five!"], {"length": {"words": [2, 4]}})
    assert found == {0: "1 word, fewer than 2", 2: "5 words, more than 4"}
    assert reasons(["abc", "abcdef"], {"length": {"characters": [1, 3]}}) == {1: "6 characters, more than 3"}


def test_abuse_is_found_between_word_ends_only(tmp_path) -> None:
    assert list(reasons(["you Bastard!", "the bastardised sound", "fine"], "toxicity")) == [0]
    (tmp_path / "own.txt").write_text("# mine\nblast it\n", "utf-8")
    own = {"toxicity": {"file": str(tmp_path / "own.txt"), "built_in": False}}
    assert reasons(["oh Blast  it", "bastard"], own) == {0: 'abuse: "blast it"'}
    with pytest.raises(ArgumentError, match="no file"):
        sift(["a b"], [{"toxicity": {"file": "nowhere.txt"}}])


def test_a_model_that_speaks_of_itself_or_around_the_matter_is_found() -> None:
    texts = [
        "As an AI language model I have no taste.",
        "Here is a review: good pan.",
        "The pan is here, is a good one.",
        "I’m sorry, I can’t assist with it",
    ]
    assert list(reasons(texts, "phrases")) == [0, 1, 3]
    assert list(reasons(texts, {"phrases": {"boilerplate": False, "words": ["good pan"]}})) == [0, 1, 3]


def test_personal_data_are_told_by_kind_and_not_repeated() -> None:
    found = reasons(["write to jo@web.de", "nothing here"], "personal_data")
    assert found == {0: "personal data: email"}
    assert reasons(["write to jo@web.de"], {"personal_data": {"kinds": ["phone"]}}) == {}


def test_passages_of_real_texts_and_whole_short_ones_are_found() -> None:
    real = [REAL["text"][0], "thanks a lot"]
    words = REAL["text"][0].split()
    texts = [" ".join(["new", *words[1:10], "end"]), " ".join(["new", *words[1:5], "end"]), "thanks a lot", "thanks"]
    found = reasons(texts, {"training_overlap": {"words": 8}}, real=real)
    assert list(found) == [0, 2]
    assert found[0] == "9 words on end of real text 0"
    assert list(reasons(texts, {"training_overlap": {"words": 8, "share": 0.95}}, real=real)) == [2]


def test_test_sets_are_kept_out(tmp_path) -> None:
    question = REAL["text"][5]
    inside = f"well {' '.join(question.split()[:13])} and so on"
    assert reasons([inside, "free"], "contamination", tests={"exam": [question]}) == {0: 'shares a passage with the test set "exam"'}
    assert list(reasons(["What is 2 + 2 ?", "What is it"], "contamination", tests={"exam": ["what is 2 + 2 ?"]})) == [0]
    pl.DataFrame({"text": [question]}).write_csv(tmp_path / "exam.csv")
    assert list(reasons([inside, "free"], {"contamination": {"files": [str(tmp_path / "exam.csv")]}})) == [0]
    with pytest.raises(ArgumentError, match="Pass the test sets"):
        sift(["a b"], ["contamination"])
    with pytest.raises(ArgumentError, match='no test set "exma"'):
        sift(["a b"], [{"contamination": {"sets": ["exma"]}}], tests={"exam": ["x"]})


def test_labels_that_do_not_fit_are_found() -> None:
    made = planted.texts(200, 2)
    wrong = made.with_columns(label=pl.when(pl.int_range(pl.len()) < 60).then(pl.lit("good")).otherwise("label"))
    mistaken = ((made["label"] != wrong["label"]).arg_true()).to_list()
    found = sift(wrong, [{"label_check": {"least": 0.4}}], label="label", real=planted.texts(1500, 1))
    dropped = set(found.dropped["row"].to_list())
    assert len(dropped & set(mistaken)) > 0.6 * len(mistaken)
    assert len(dropped - set(mistaken)) < 0.2 * (200 - len(mistaken))
    strange = sift(made[:50].with_columns(label=pl.lit("odd")), ["label_check"], label="label", real=REAL)
    assert strange.dropped.height == 50
    assert "which no real text has" in strange.dropped["reason"][0]
    assert any("drops 100%" in note for note in strange.notes)


def test_a_filter_that_shifts_the_balance_of_labels_is_told() -> None:
    frame = pl.DataFrame({"text": ["x"] * 20 + ["one two"] * 80, "label": ["a"] * 50 + ["b"] * 50})
    assert sift(frame, ["length"], label="label").notes == ['"length" drops 40% of "a" and 0% of "b": the balance of labels shifts.']


def test_filters_that_lack_what_they_need_are_refused_before_any_work() -> None:
    class Counts:
        asked = 0

        def score(self, rows: pl.DataFrame) -> list[float]:
            self.asked += 1
            return [1.0] * rows.height

    judge = Counts()
    with pytest.raises(ArgumentError, match="Name the column of labels"):
        sift(REAL, [{"judged": {"judge": "mine", "least": 0.5}}, "label_check"], judges={"mine": judge})
    with pytest.raises(ArgumentError, match="real="):
        sift(REAL, ["training_overlap"])
    with pytest.raises(ArgumentError, match="real="):
        sift(REAL, ["quota"])
    with pytest.raises(ArgumentError, match='Did you mean "mine"'):
        sift(REAL, [{"judged": {"judge": "mien", "least": 0.5}}], judges={"mine": judge})
    assert judge.asked == 0


def test_a_judge_drops_what_it_gives_too_little_and_what_it_does_not_answer() -> None:
    class Length:
        def score(self, rows: pl.DataFrame) -> list[float | None]:
            return [None if text == "?" else float(len(text)) for text in rows["text"]]

    asked = {"judged": {"judge": "length", "least": 3}}
    found = sift(["abcd", "ab", "?"], [asked], judges={"length": Length()})
    assert found.kept["text"].to_list() == ["abcd"]
    assert found.dropped["reason"].to_list() == ['the judge "length" gave 2, less than 3', 'the judge "length" gave no answer']
    kept = sift(["abcd", "?"], [{"judged": {"judge": "length", "least": 3, "keep_unanswered": True}}], judges={"length": Length()})
    assert kept.dropped.is_empty()


def test_more_than_a_kind_of_texts_its_share_is_dropped() -> None:
    real = ["red apple pie with cream"] * 50 + ["fast train to the city"] * 50
    made = ["red apple pie with sugar"] * 90 + ["slow train to the city"] * 10
    found = sift([f"{text} {k}" for k, text in enumerate(made)], [{"quota": {"clusters": 2, "most": 1.2}}], real=real)
    assert found.kept.height == 60 + 10
    assert "times the share" in found.dropped["reason"][0]


def test_rows_without_a_text_go_first_with_the_problem_that_they_tell() -> None:
    frame = pl.DataFrame({"text": ["a b", None, " ", "c d"], "problem": [None, "cut at 512 tokens", None, "labels disagree"]})
    found = sift(frame, [])
    assert found.kept_rows == [0]
    assert found.dropped["reason"].to_list() == ["cut at 512 tokens", "there is no text", "labels disagree"]
    assert found.dropped["filter"].unique().to_list() == ["no_text"]


def test_messages_and_several_columns_are_read_as_one_text() -> None:
    messages = [
        [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "bastard"}],
        [{"role": "user", "content": "hi you"}],
        None,
    ]
    talk = pl.DataFrame({"messages": messages})
    assert sift(talk, ["toxicity"], text="messages").dropped["row"].to_list() == [0, 2]
    qa = pl.DataFrame({"question": ["why", "why"], "answer": ["because of it", "because of that"]})
    assert sift(qa, ["exact_duplicates"], text="question").dropped.height == 1
    assert sift(qa, ["exact_duplicates"], text=["question", "answer"]).dropped.height == 0


def test_the_callers_kind_of_frame_comes_back() -> None:
    found = sift(pd.DataFrame({"text": ["one two", "one two", "three four"]}), ["exact_duplicates"])
    assert isinstance(found.kept, pd.DataFrame)
    assert found.kept["text"].tolist() == ["one two", "three four"]


def test_the_same_filter_twice_is_counted_twice() -> None:
    found = sift(["a", "a b", "a b c"], [{"length": {"words": [2, 9]}}, {"length": {"words": [3, 9]}}])
    assert found.shares() == pytest.approx({"length": 1 / 3, "length (2)": 1 / 3, "kept": 1 / 3})


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (["near_duplicate"], 'Did you mean "near_duplicates"'),
        ([{"length": {"word": [1, 2]}}], 'Did you mean "words"'),
        ([{"length": {"words": [5, 2]}}], "from 5 to 2"),
        ([{"near_duplicates": {"similarity": 1.5}}], "less than or equal to 1"),
        ([{"language": {"allowed": ["xx"]}}], "no language that is known"),
        ([{"personal_data": {"kinds": ["mail"]}}], "no kind of personal data"),
        ([{"length": 3}], "are a mapping"),
        ([{"length": {}, "phrases": {}}], "one name with its options"),
        ("length", "are a list"),
    ],
)
def test_wrong_filters_are_told_with_their_place_and_the_nearest_word(declared: list, told: str) -> None:
    with pytest.raises(ArgumentError, match=told) as caught:
        filters_of(declared)
    assert "quality" in str(caught.value)


def test_a_bare_name_and_one_with_no_options_are_the_same() -> None:
    assert filters_of(["length", {"length": None}])[0] == filters_of([{"length": {}}])[0]


def test_drawing_again_fills_what_was_dropped_and_counts_all() -> None:
    def draw(count: int, label: str | None, before: int) -> pl.DataFrame:
        # Every second row is bad.
        numbers = np.arange(before, before + count)
        texts = [f"{label} number {k}" if k % 2 else "x" for k in numbers.tolist()]
        return pl.DataFrame({"text": texts, "label": [label] * count})

    found = redraw(draw, {"a": 30, "b": 12}, ["length", "exact_duplicates"], label="label")
    assert found.kept["label"].value_counts(sort=True).rows() == [("a", 30), ("b", 12)]
    assert found.counts["rows"].sum() == found.rows
    assert found.notes == [] or all("could not be had" not in note for note in found.notes)


def test_what_cannot_be_drawn_is_told() -> None:
    def draw(count: int, label: str | None, before: int) -> pl.DataFrame:
        return pl.DataFrame({"text": ["always the same"] * count})

    found = redraw(draw, 5, ["exact_duplicates"], rounds=3)
    assert found.kept.height == 1
    assert "4 of 5 rows could not be had." in found.notes
    with pytest.raises(ArgumentError, match="1 or more"):
        redraw(draw, 0)
