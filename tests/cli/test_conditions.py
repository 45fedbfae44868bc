import datetime as dt
from types import SimpleNamespace

import pytest

from understudy.cli.conditions import parse_conditions
from understudy.core.errors import ConditionError
from understudy.data.schema import ColumnSchema, TableSchema

MODEL = SimpleNamespace(
    schema=TableSchema(
        columns=[
            ColumnSchema(name="age", kind="integer", dtype="Int64"),
            ColumnSchema(name="rate", kind="decimal", dtype="Float64"),
            ColumnSchema(name="city", kind="categorical", dtype="String"),
            ColumnSchema(name="stars", kind="categorical", dtype="Int64"),
            ColumnSchema(name="active", kind="boolean", dtype="Boolean"),
            ColumnSchema(name="day", kind="date", dtype="Date"),
            ColumnSchema(name="a=b", kind="integer", dtype="Int64"),
            ColumnSchema(name="at", kind="time", dtype="Time"),
            ColumnSchema(name="grade", kind="categorical", dtype="String", categories=["mix:0.5", "pure"]),
        ]
    )
)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("age=30", {"age": 30}),
        ("age=20..30", {"age": (20, 30)}),
        ("age=-5..-1", {"age": (-5, -1)}),
        ("age=..30", {"age": (None, 30)}),
        ("rate=0.5..", {"rate": (0.5, None)}),
        ("age=1,2, 3", {"age": [1, 2, 3]}),
        ("city=Paris", {"city": "Paris"}),
        ("city=Paris,New York", {"city": ["Paris", "New York"]}),
        ('city="Washington, DC",Paris', {"city": ["Washington, DC", "Paris"]}),
        ("city=a..b", {"city": "a..b"}),
        ("city=", {"city": None}),
        ("city=x=y", {"city": "x=y"}),
        ("stars=5", {"stars": 5}),
        ("active=yes", {"active": True}),
        ("day=2024-01-01..2024-12-31", {"day": (dt.date(2024, 1, 1), dt.date(2024, 12, 31))}),
        ("a=b=3", {"a=b": 3}),
        ("city=Paris:0.5", {"city": {"Paris": 0.5}}),
        ("city=Paris:50%, Rome:0.25", {"city": {"Paris": 0.5, "Rome": 0.25}}),
        ('city="Washington, DC:0.1",Paris:.2', {"city": {"Washington, DC": 0.1, "Paris": 0.2}}),
        ("city=:0.1", {"city": {None: 0.1}}),
        ("age=18..29:0.3,60..:12.5%", {"age": {(18, 29): 0.3, (60, None): 0.125}}),
        ("active=yes:0.5", {"active": {True: 0.5}}),
        ("city=a:1", {"city": "a:1"}),
        ("city=a:0.5,b", {"city": ["a:0.5", "b"]}),
        ("grade=mix:0.5", {"grade": "mix:0.5"}),
        ("at=12:30", {"at": dt.time(12, 30)}),
        ("at=10:00", {"at": dt.time(10)}),
        ("at=12:30:00.5", {"at": dt.time(12, 30, 0, 500_000)}),
        ("at=10:00..12:30", {"at": (dt.time(10), dt.time(12, 30))}),
        ("at=10:00..12:30:0.25", {"at": {(dt.time(10), dt.time(12, 30)): 0.25}}),
    ],
)
def test_a_condition_is_read_as_its_column_has_it(text, given):
    assert parse_conditions([text], MODEL) == given


def test_several_conditions_hold_together():
    assert parse_conditions(["age=30", "city=Paris"], MODEL) == {"age": 30, "city": "Paris"}


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["agee=30"], '"age"'),
        (["age"], "COLUMN=VALUE"),
        (["age=thirty"], '"thirty" is no integer'),
        (["day=01.02.2024"], "2024-05-31"),
        (["active=maybe"], "true or false"),
        (["age=3", "age=4"], "two conditions"),
    ],
)
def test_a_wrong_condition_is_refused_with_the_way_to_write_it(texts, says):
    with pytest.raises(ConditionError, match=says):
        parse_conditions(texts, MODEL)
