"""A whole evaluation of texts: the right verdict on sets whose faults are known, what it holds, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.evaluate.texts import planted_texts as planted

from understudy.core.errors import Cancelled, DataError
from understudy.evaluate.texts import TextEvaluation, evaluate_texts

ROWS = 500


@pytest.fixture(scope="module")
def train() -> pl.DataFrame:
    return planted.texts(ROWS, 1)


@pytest.fixture(scope="module")
def holdout() -> pl.DataFrame:
    return planted.texts(ROWS, 2)


@pytest.fixture(scope="module")
def fresh(train: pl.DataFrame, holdout: pl.DataFrame) -> TextEvaluation:
    return judged(train, planted.fresh_real(train), holdout)


def judged(train: pl.DataFrame, made: pl.DataFrame, holdout: pl.DataFrame | None, **options: Any) -> TextEvaluation:
    return evaluate_texts(train, made, text="text", label="label", holdout=holdout, **options)


def lights(found: TextEvaluation) -> dict[str, str]:
    return {family.family: family.verdict for family in found.verdict.families}


def test_fresh_real_texts_are_a_good_stand_in(fresh: TextEvaluation) -> None:
    assert all(light in ("pass", "undecided") for light in lights(fresh).values()), fresh.verdict
    assert not any(figure.verdict in ("fail", "warn") for figure in fresh.figures)
    assert fresh.verdict.headline.startswith("A good stand-in")


def test_every_judged_figure_stands_beside_real_texts_and_has_an_interval(fresh: TextEvaluation) -> None:
    for figure in fresh.figures:
        if figure.verdict == "info" or figure.key == "repeated_rows":
            continue
        assert figure.holdout is not None, figure.key
        assert figure.interval is not None, figure.key
        assert figure.interval[0] - 1e-9 <= figure.value <= figure.interval[1] + 1e-9, figure.key


def test_a_copy_is_refused_release_first_of_all(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.full_copy(train), holdout)
    assert lights(found)["privacy"] == "fail"
    assert found.verdict.headline.startswith("Do not release")
    assert found.figure("exact_copies").value == 1.0
    assert found.figure("verbatim_8").verdict == "fail"
    assert found.figure("membership_auc").verdict == "fail"
    assert lights(found)["fidelity"] == "pass"
    assert found.longest[0].words >= 20


def test_a_copy_with_a_word_in_ten_replaced_is_seen(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.jittered_copy(train), holdout)
    assert found.figure("exact_copies").value < 0.3
    for key in ("verbatim_8", "longest_run", "membership_ratio_auc", "membership_tpr"):
        assert found.figure(key).verdict == "fail", key
    assert lights(found)["privacy"] == "fail"


def test_five_per_cent_of_training_texts_are_seen(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.some_verbatim(train), holdout)
    assert found.figure("exact_copies").value == pytest.approx(0.05)
    assert found.figure("exact_copies").verdict == "fail"
    assert lights(found)["privacy"] == "fail"


def test_shuffled_words_keep_the_vocabulary_and_lose_the_language(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.word_salad(train), holdout)
    assert found.figure("vocabulary").verdict == "pass"
    for key in ("ngram_js_2", "perplexity_of_synthetic", "perplexity_of_real", "c2st_auc"):
        assert found.figure(key).verdict == "fail", key
    assert lights(found)["fidelity"] == "fail"
    assert lights(found)["privacy"] in ("pass", "undecided")
    assert found.verdict.headline.startswith("Not good enough")


def test_one_text_again_and_again_is_neither_varied_nor_harmless(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.one_text(train), holdout)
    assert lights(found) == {"fidelity": "fail", "diversity": "fail", "utility": "fail", "privacy": "fail"}
    assert found.figure("vendi").value == pytest.approx(1.0, abs=0.01)
    assert found.figure("self_bleu").value == pytest.approx(1.0)
    assert found.figure("perplexity_of_real").verdict == "fail"
    assert found.figure("repeated_rows").verdict == "fail"


def test_wrong_labels_fail_usefulness_alone(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = judged(train, planted.wrong_labels(train), holdout)
    assert found.figure("label_consistency").verdict == "fail"
    assert found.figure("utility_kept").verdict == "fail"
    assert lights(found)["fidelity"] in ("pass", "undecided")


def test_usefulness_stands_beside_as_many_real_texts_and_all_of_them(fresh: TextEvaluation) -> None:
    assert [entry.name for entry in fresh.trained] == ["synthetic", "real, as many", "real, all", "real + synthetic"]
    assert fresh.trained[3].texts == 2 * ROWS
    assert fresh.figure("tstr_accuracy").value == fresh.trained[0].accuracy
    assert fresh.figure("tstr_accuracy").holdout == fresh.trained[1].accuracy
    assert fresh.trained[2].accuracy > 0.8


def test_equal_seeds_give_equal_figures(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    few = [frame[:120] for frame in (train, planted.fresh_real(train), holdout)]
    one, other = (judged(few[0], few[1], few[2], seed=3) for _ in range(2))
    assert one.figures == other.figures


def test_without_a_label_and_a_holdout_less_is_said(train: pl.DataFrame) -> None:
    found = evaluate_texts(train["text"].to_list(), planted.fresh_real(train)["text"].to_list())
    assert found.label is None
    assert found.trained == []
    assert lights(found)["utility"] == "info"
    assert lights(found)["privacy"] == "undecided"
    assert found.holdout is None
    assert any("split at random" in note for note in found.notes)
    assert "no held-out texts" in found.verdict.headline


def test_saved_and_read_back_is_the_same(fresh: TextEvaluation, tmp_path: Path) -> None:
    fresh.save(tmp_path / "texts.json")
    assert TextEvaluation.from_json((tmp_path / "texts.json").read_text("utf-8")) == fresh
    assert "frontier-tfidf" in str(fresh)


def test_bad_columns_and_few_texts_are_refused_with_a_remedy(train: pl.DataFrame) -> None:
    with pytest.raises(DataError, match='Did you mean "text"'):
        evaluate_texts(train, train, text="txet")
    with pytest.raises(DataError, match='Did you mean "label"'):
        evaluate_texts(train, train, text="text", label="labels")
    with pytest.raises(DataError, match="not text"):
        evaluate_texts(train.with_columns(n=1), train, text="n")
    with pytest.raises(DataError, match="too few to judge"):
        evaluate_texts(train, train[:1], text="text")
    with pytest.raises(DataError, match="too few to judge"):
        evaluate_texts(train, [" ", ""], text="text")


def test_rows_without_a_text_are_left_out_and_told(train: pl.DataFrame) -> None:
    holes = pl.concat(
        [train[:60], pl.DataFrame({"text": [None, "  "], "label": ["good", "bad"]}), pl.DataFrame({"text": ["a b"], "label": [None]})]
    )
    found = judged(train[60:160], holes, train[160:260])
    assert found.synthetic.rows == 63
    assert found.synthetic.rows_used == 60
    assert any("3 of the synthetic rows" in note for note in found.notes)


def test_texts_of_no_words_of_other_scripts_and_of_one_word_are_judged() -> None:
    odd = ["...", "!!!", "你好世界", "日本語のテキスト", "ok", "Ω", "😀 😀", "a", "", "привет как дела"] * 4
    found = evaluate_texts(odd, odd, holdout=odd)
    assert found.figure("exact_copies").value == 1.0


def test_of_few_texts_nothing_is_condemned_but_copies() -> None:
    few = [planted.texts(12, seed) for seed in (1, 2, 3)]
    found = judged(few[0], few[1], few[2])
    assert not any(figure.verdict in ("fail", "warn") for figure in found.figures), [f.key for f in found.figures if f.verdict == "fail"]
    assert judged(few[0], few[0], few[2]).figure("exact_copies").verdict == "fail"


def test_long_texts_that_share_nothing_are_judged() -> None:
    texts = [" ".join(planted.texts(40, seed)["text"]) for seed in range(12)]
    found = evaluate_texts(texts[:4], texts[4:8], holdout=texts[8:])
    assert found.figure("verbatim_8").value is not None
    assert found.figure("longest_run").verdict in ("pass", "undecided")


def test_a_listener_can_stop_it(train: pl.DataFrame) -> None:
    with pytest.raises(Cancelled):
        evaluate_texts(train, train, text="text", progress=lambda event: event.get("stage") != "fluency")
