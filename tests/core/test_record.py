from __future__ import annotations

import json
import math

import numpy as np

from understudy.core.record import FitRecord, versions_at_work


def test_a_record_survives_json() -> None:
    record = FitRecord(figures={"auc": np.float64(0.5), "counts": np.arange(3), "none": math.nan}, seconds=1.5)
    record.decide("age", "kept as integer", "every value is a whole number")
    record.decide(None, "two columns dropped", "copies of others")
    record.note("quick")
    again = FitRecord.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False)))
    assert again.decisions == record.decisions
    assert again.notes == ["quick"]
    assert again.figures == {"auc": 0.5, "counts": [0, 1, 2], "none": None}
    assert again.seconds == 1.5


def test_decisions_about_one_column_are_found_by_its_name() -> None:
    record = FitRecord()
    record.decide("age", "kept", "a")
    record.decide("sex", "kept", "b")
    assert record.of("sex") == [{"column": "sex", "what": "kept", "why": "b"}]


def test_entries_of_a_newer_release_are_left_out() -> None:
    assert FitRecord.from_dict({"seconds": 2.0, "invented_later": 1}).seconds == 2.0


def test_versions_name_what_is_installed_and_leave_out_what_is_not() -> None:
    found = versions_at_work("polars", "no-such-package-anywhere")
    assert {"python", "numpy", "polars"} <= set(found)
    assert "no-such-package-anywhere" not in found
