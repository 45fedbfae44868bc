"""Fingerprints of frames: equal exactly where the frames are."""

import itertools

import polars as pl

from understudy.data.frame_batches import FrameBatches

CALL = pl.Struct({"name": pl.String, "tags": pl.List(pl.Int64)})
ROWS = [
    None,
    [],
    [None],
    [{"name": "a", "tags": [1, 2]}],
    [{"name": "a", "tags": [1]}, {"name": None, "tags": [2]}],
    [{"name": "a", "tags": [1, 2]}, {"name": None, "tags": []}],
    [{"name": "a", "tags": [1, 2]}, {"name": None, "tags": None}],
    [{"name": "a", "tags": [1, None]}],
]


def fingerprint(rows):
    return FrameBatches()._fingerprint(pl.DataFrame({"calls": rows}, schema={"calls": pl.List(CALL)}))


def test_lists_of_records_have_the_fingerprint_of_what_is_in_them():
    columns = [list(pair) for pair in itertools.product(ROWS, repeat=2)]
    found = [fingerprint(rows) for rows in columns]
    assert len(set(found)) == len(columns)
    assert found == [fingerprint(rows) for rows in columns]


def test_a_nested_frame_is_as_one_that_was_put_together_from_pieces():
    whole = pl.DataFrame({"calls": ROWS}, schema={"calls": pl.List(CALL)})
    pieces = FrameBatches()._concat([whole[:3], whole[3:]])
    assert FrameBatches()._fingerprint(pieces) == FrameBatches()._fingerprint(whole)
    assert FrameBatches()._fingerprint(whole.rename({"calls": "x"})) != FrameBatches()._fingerprint(whole)
