"""Streams of changes: in order, consistent at every moment, any stretch remade alone, and replayed they give the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.core.errors import ArgumentError, ConstraintError, SchemaError
from understudy.rules.dataset import Dataset
from understudy.rules.playing import played, rate_of, speed_of
from understudy.rules.spec import parse_spec
from understudy.rules.stream import ChangeStream, replayed

SPEC = """
understudy: rules/1
name: shop
seed: 5
tables:
  people:
    rows: 300
    columns:
      id: key
      plan: {type: choice, values: {free: .8, pro: .2}}
      score: {type: decimal, low: 0, high: 10, decimals: 2, nulls: .1}
      twice: {type: expression, formula: "score * 2"}
      joined: {type: datetime, between: [2025-01-01, 2025-06-30]}
      boss: {type: reference, to: self.id, roots: .1}
    rules: {sane: "score < 9 or plan == 'pro'"}
  orders:
    per: {table: people, count: {poisson: {mu: 2}}}
    columns:
      id: {type: key, format: "O{:06d}"}
      person: {type: reference, to: people.id}
      amount: {type: decimal, low: 1, high: 100}
      status: {type: choice, values: [new, paid, "sent \\"fast\\""]}
      code: {type: pattern, regex: "[A-Z]{4}"}
stream:
  start: 2025-01-01
  end: 2025-12-31
  tables:
    people: {time: joined, update: [plan, score], updates: 1.5, days: 60}
    orders: {steps: {status: [new, paid, "sent \\"fast\\""]}, days: 10, deletes: .2}
"""
DATA = Dataset(parse_spec(SPEC))


@pytest.fixture(scope="module")
def stream() -> ChangeStream:
    return ChangeStream(DATA)


@pytest.fixture(scope="module")
def lines(stream: ChangeStream) -> list[str]:
    return list(stream.lines())


def events(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_all_changes_replayed_give_the_tables(stream: ChangeStream, lines: list[str]) -> None:
    tables = replayed(lines)
    for name, final in stream.final().items():
        written = final.with_columns(pl.col(pl.Enum).cast(pl.String), pl.col(pl.Datetime).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"))
        assert sorted(tables[name].values(), key=lambda row: str(row["id"]).zfill(9)) == written.to_dicts()
    assert stream.final()["people"].equals(DATA.tables["people"].sample(300, seed=5))
    assert 0 < len(tables["orders"]) < DATA.sizes()["orders"]


def test_changes_come_in_order_and_no_row_before_what_it_refers_to(lines: list[str]) -> None:
    found = events(lines)
    assert [event["time"] for event in found] == sorted(event["time"] for event in found)
    there: dict[str, set[Any]] = {"people": set(), "orders": set()}
    for event in found:
        key = event["key"]["id"]
        assert (key in there[event["table"]]) == (event["op"] != "insert")
        if event["op"] == "insert":
            there[event["table"]].add(key)
            boss = event["after"].get("boss")
            assert boss is None or boss in there["people"]
            assert event["table"] == "people" or event["after"]["person"] in there["people"]
        if event["op"] == "delete":
            there[event["table"]].remove(key)
    own = {event["key"]["id"]: event for event in found if event["op"] == "insert" and event["table"] == "people"}
    at_its_time = sum(event["time"] == event["after"]["joined"] for event in own.values())
    assert all(event["time"] >= event["after"]["joined"] for event in own.values())
    assert at_its_time > 30  # the others wait for their boss


def test_changes_change_what_they_may_and_rules_hold_at_every_moment(lines: list[str]) -> None:
    updates = [event for event in events(lines) if event["op"] == "update"]
    people = [event for event in updates if event["table"] == "people"]
    assert 300 < len(people) < 600
    for event in people:
        differing = {name for name in event["after"] if event["after"][name] != event["before"][name]}
        assert differing <= {"plan", "score", "twice"}
        score = event["before"]["score"]
        assert event["before"]["twice"] == (None if score is None else pytest.approx(2 * score))
        assert score is None or score < 9 or event["before"]["plan"] == "pro"
    assert sum(event["after"] != event["before"] for event in people) > 0.9 * len(people)
    order = ["new", "paid", 'sent "fast"']
    for event in (event for event in updates if event["table"] == "orders"):
        assert order.index(event["after"]["status"]) == order.index(event["before"]["status"]) + 1
        assert {k: v for k, v in event["after"].items() if k != "status"} == {k: v for k, v in event["before"].items() if k != "status"}


def test_any_stretch_is_remade_alone(stream: ChangeStream, lines: list[str]) -> None:
    since, until = "2025-03-01", "2025-04-15T12:00"
    expected = [line for line in lines if since <= json.loads(line)["time"] < until]
    assert list(ChangeStream(DATA).lines(since, until)) == expected
    assert len(expected) > 50
    assert list(stream.lines("2031-01-01")) == []


def test_long_streams_are_put_in_order_on_disk(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.rules.stream.MOST_AT_ONCE", 200)
    monkeypatch.setattr("understudy.rules.stream.CHUNK_ROWS", 64)
    monkeypatch.setattr("understudy.rules.stream.BATCH", 100)
    assert list(ChangeStream(DATA).lines()) == lines


def test_the_envelope_of_debezium(stream: ChangeStream, lines: list[str]) -> None:
    plain = events(lines)
    other = events(list(stream.lines(form="debezium")))
    assert {event["op"] for event in other} == {"c", "u", "d"}
    assert [(e["source"]["table"], e["before"], e["after"]) for e in other] == [(e["table"], e["before"], e["after"]) for e in plain]
    assert other[0]["source"]["name"] == "shop"
    assert other[0]["ts_us"] > 1_700_000_000_000_000


def test_another_seed_is_another_stream(lines: list[str]) -> None:
    assert list(ChangeStream(DATA, seed=6).lines()) != lines


def test_without_a_plan_rows_come_at_their_own_time() -> None:
    data = Dataset(parse_spec(SPEC[: SPEC.index("stream:")]))
    found = events(list(ChangeStream(data).lines()))
    assert {event["op"] for event in found} == {"insert"}
    assert len(found) == sum(data.sizes().values())


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 0.2
        self.now += seconds


def test_a_stream_is_played_at_a_rate_or_a_speed_and_stops_when_asked() -> None:
    timed = [(0, "a"), (60_000_000, "b"), (180_000_000, "c")]

    def when(**options: Any) -> list[float]:
        clock = Clock()
        return [round(clock.now, 6) for _ in played(iter(timed), clock=clock, sleep=clock.sleep, **options)]

    assert when(rate=rate_of("30/min")) == [0, 2, 4]
    assert when(speed=speed_of("60x")) == [0, 1, 3]
    assert when() == [0, 0, 0]
    clock = Clock()
    made = played(iter(timed), rate=1.0, clock=clock, sleep=clock.sleep, stopped=lambda: clock.now > 0.5)
    assert list(made) == ["a"]
    assert clock.now < 1
    for text, read in (("fast", rate_of), ("0/s", rate_of), ("x", speed_of)):
        with pytest.raises(ArgumentError, match=text):
            read(text)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"tables": {"peple": {}}}, 'Did you mean "people"'),
        ({"tables": {"people": {"time": "joind"}}}, 'Did you mean "joined"'),
        ({"tables": {"people": {"time": "plan"}}}, "holds no moments"),
        ({"tables": {"people": {"update": ["id"], "updates": 1}}}, "names a row"),
        ({"tables": {"people": {"time": "joined", "update": ["joined"], "updates": 1}}}, "or its time"),
        ({"tables": {"people": {"update": ["plan"]}}}, "how often"),
        ({"tables": {"people": {"deletes": 0.1}}}, 'Let rows of "orders" go|"people" refers'),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Any, says: str) -> None:
    with pytest.raises(ConstraintError, match=says):
        ChangeStream(DATA, plan)


def test_mistakes_of_a_plan_are_placed() -> None:
    with pytest.raises(SchemaError, match='(?s)line 28.*Did you mean "update"'):
        parse_spec(SPEC.replace("{time: joined, update:", "{time: joined, updat:"))
    with pytest.raises(SchemaError, match='Did you mean "deletes"'):
        ChangeStream(DATA, {"tables": {"orders": {"delets": 0.1}}})


def test_replay_tells_what_does_not_fit(lines: list[str]) -> None:
    with pytest.raises(ConstraintError, match="not as the change says"):
        replayed(lines[1:] + lines[:1] + lines[:1])


def test_the_command_writes_and_stops(tmp_path: Path, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    spec, out = tmp_path / "shop.yaml", tmp_path / "changes.jsonl"
    spec.write_text(SPEC)
    assert run(["stream", str(spec), "-o", str(out), "-q"]) == 0
    assert out.read_text().splitlines() == lines
    assert run(["stream", str(spec), "-n", "3", "--rate", "1000/s"]) == 0
    assert capsys.readouterr().out.splitlines() == lines[:3]
    assert run(["stream", str(spec), "--rate", "often"]) != 0
    assert '"often" is no rate' in capsys.readouterr().err
