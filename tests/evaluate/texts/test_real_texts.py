"""The right verdict on real texts with planted faults."""

from __future__ import annotations

import polars as pl
import pytest
from tests.data.real_data import real_frame
from tests.evaluate.texts import planted_texts as planted

from understudy.evaluate.texts import evaluate_texts

pytestmark = [pytest.mark.data, pytest.mark.slow]


def parts(name: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Training texts, fresh ones, held-out ones."""
    frame = real_frame(f"text/{name}/{name}.parquet").unique("text", maintain_order=True).sample(fraction=1.0, shuffle=True, seed=1)
    third = frame.height // 3
    return frame[:third], frame[third : 2 * third], frame[2 * third :]


@pytest.mark.parametrize("name", ["sentence_polarity", "sms_spam"])
def test_fresh_texts_pass_and_five_per_cent_of_copies_do_not(name: str) -> None:
    train, fresh, holdout = parts(name)
    found = evaluate_texts(train, fresh, text="text", label="label", holdout=holdout)
    assert not any(figure.verdict == "fail" for figure in found.figures)
    # Of so few rare labels usefulness may be warned about by chance.
    assert all(found.verdict[family].verdict in ("pass", "undecided") for family in ("fidelity", "diversity", "privacy"))
    count = fresh.height // 20
    leaky = pl.concat([train.sample(count, seed=3), fresh[count:]])
    caught = evaluate_texts(train, leaky, text="text", label="label", holdout=holdout)
    assert caught.verdict["privacy"].verdict == "fail"
    assert caught.verdict["fidelity"].verdict in ("pass", "undecided")


def test_shuffled_reviews_are_no_reviews() -> None:
    train, fresh, holdout = parts("sentence_polarity")
    salad = planted.shuffled_words(fresh)
    found = evaluate_texts(train, salad, text="text", label="label", holdout=holdout)
    assert found.figure("c2st_auc").value > 0.9
    assert found.figure("perplexity_of_synthetic").verdict == "fail"
    assert found.verdict["privacy"].verdict in ("pass", "undecided")
