from __future__ import annotations

import json
import math
from collections.abc import Callable

from understudy.evaluate.report.embed import LARGEST, embedded
from understudy.evaluate.result import Evaluation


def test_the_data_reads_back_as_the_evaluation(an_evaluation: Callable[..., Evaluation]) -> None:
    evaluation = an_evaluation()
    data = json.loads(embedded(evaluation))
    for column in data["columns"]:
        if "picture" in column:
            packed = column["picture"]["cells"]
            column["picture"]["cells"] = [dict(zip(packed, values, strict=True)) for values in zip(*packed.values(), strict=True)]
    assert Evaluation.from_dict(data) == evaluation


def test_nothing_in_the_data_can_close_its_element(an_evaluation: Callable[..., Evaluation]) -> None:
    text = embedded(an_evaluation(["</script><script>alert(1)</script>", "<!--", "\u2028", "half a pair \ud800", "e"]))
    assert "<" not in text
    assert "\u2028" not in text
    assert text.encode("utf-8")
    assert json.loads(text)["columns"][0]["name"] == "</script><script>alert(1)</script>"
    assert json.loads(text)["columns"][3]["name"] == "half a pair \ud800"


def test_what_is_no_number_is_null(an_evaluation: Callable[..., Evaluation]) -> None:
    evaluation = an_evaluation(record={"figures": {"loss": math.nan, "bound": math.inf}})
    assert json.loads(embedded(evaluation))["record"]["figures"] == {"loss": None, "bound": None}


def test_pictures_of_the_best_columns_go_first_where_room_is_short(an_evaluation: Callable[..., Evaluation]) -> None:
    text = embedded(an_evaluation([f"column {at}" for at in range(3000)]))
    assert len(text.encode("utf-8")) <= LARGEST
    columns = json.loads(text)["columns"]
    kept = [column["shape"]["value"] for column in columns if "picture" in column and column["shape"]["verdict"] == "pass"]
    left = [column["shape"]["value"] for column in columns if column.get("picture_left_out") and column["shape"]["verdict"] == "warn"]
    assert not (kept and left)
    assert any("picture" in column for column in columns)
    assert any(column.get("picture_left_out") for column in columns)
