from __future__ import annotations

import io
from typing import Any

import pytest

from understudy.core.errors import ArgumentError
from understudy.core.progress import Callback, Plain, Progress, RichProgress, Silent, listening, resolve_progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Foreign:
    """A listener of somebody else's, without `cancelled`."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def stage(self, name: str, total: float | None = None) -> None:
        self.heard.append(("stage", name, total))

    def advance(self, done: float, **metrics: Any) -> None:
        self.heard.append(("advance", done, metrics))

    def note(self, text: str) -> None:
        self.heard.append(("note", text))

    def close(self) -> None:
        self.heard.append(("close",))


def plain() -> tuple[Plain, Clock, io.StringIO]:
    clock, file = Clock(), io.StringIO()
    return Plain(file, every_s=5, clock=clock), clock, file


def test_plain_says_nothing_of_quick_work() -> None:
    listener, clock, file = plain()
    listener.stage("learn", 10)
    for done in range(10):
        clock.now += 0.1
        listener.advance(done)
    listener.close()
    assert file.getvalue() == ""


def test_plain_says_at_most_one_line_in_five_seconds_and_the_end() -> None:
    listener, clock, file = plain()
    listener.stage("learn", 10)
    for done in range(1, 11):
        clock.now += 2
        listener.advance(done, loss=0.412345)
    listener.stage("save")
    assert file.getvalue().splitlines() == [
        "learn: 3 of 10 (30%) · loss 0.4123 · 6 s",
        "learn: 6 of 10 (60%) · loss 0.4123 · 12 s",
        "learn: 9 of 10 (90%) · loss 0.4123 · 18 s",
        "learn: done · 20 s",
    ]


def test_plain_counts_where_the_total_is_not_known() -> None:
    listener, clock, file = plain()
    listener.stage("read")
    clock.now += 6
    listener.advance(1_250_000)
    assert file.getvalue() == "read: 1,250,000 · 6 s\n"


def test_plain_passes_every_remark_on() -> None:
    listener, _, file = plain()
    listener.note("fnlwgt looks like an identifier")
    assert file.getvalue() == "fnlwgt looks like an identifier\n"


def test_rich_draws_stages_and_remarks_as_they_are() -> None:
    from rich.console import Console

    file = io.StringIO()
    listener = RichProgress(Console(file=file, force_terminal=True, width=100))
    listener.stage("learn [trees]", 10)
    listener.advance(4, loss=0.5)
    listener.note("[bold] is a column, not a style")
    listener.stage("save")
    listener.close()
    listener.close()
    assert "learn [trees]" in file.getvalue()
    assert "100%" in file.getvalue()
    assert "loss 0.5" in file.getvalue()
    assert "[bold] is a column, not a style" in file.getvalue()


def test_callback_gets_events_as_dictionaries() -> None:
    heard: list[dict[str, Any]] = []
    listener = Callback(heard.append)
    listener.stage("learn", 2)
    listener.advance(1, loss=0.5)
    listener.note("x")
    listener.close()
    assert heard == [
        {"event": "stage", "stage": "learn", "total": 2},
        {"event": "advance", "stage": "learn", "total": 2, "done": 1, "metrics": {"loss": 0.5}},
        {"event": "note", "text": "x"},
        {"event": "close"},
    ]
    assert not listener.cancelled


def test_a_callback_that_returns_false_asks_to_stop() -> None:
    listener = Callback(lambda event: event["event"] != "advance")
    listener.stage("learn")
    assert not listener.cancelled
    listener.advance(1)
    assert listener.cancelled


def test_resolve_takes_what_callers_give(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent()
    assert resolve_progress(silent) is silent
    assert isinstance(resolve_progress(None), Silent)
    assert isinstance(resolve_progress(print), Callback)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(resolve_progress("auto"), Plain)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert isinstance(resolve_progress("auto"), RichProgress)


@pytest.mark.parametrize("progress", ["loud", 7, True])
def test_resolve_refuses_the_rest(progress: Any) -> None:
    with pytest.raises(ArgumentError, match="cannot listen"):
        resolve_progress(progress)


def test_a_foreign_listener_hears_all_and_can_be_asked_to_stop() -> None:
    foreign = Foreign()
    listener = resolve_progress(foreign)
    listener.stage("learn", 2)
    listener.advance(1, loss=0.5)
    listener.note("x")
    listener.close()
    assert foreign.heard == [("stage", "learn", 2), ("advance", 1, {"loss": 0.5}), ("note", "x"), ("close",)]
    assert not listener.cancelled
    foreign.cancelled = True  # type: ignore[attr-defined]
    assert listener.cancelled


def test_listening_closes_what_it_made_and_leaves_the_callers_open() -> None:
    events: list[dict[str, Any]] = []
    foreign, own = Foreign(), Callback(events.append)
    for progress in (foreign, own):
        with listening(progress) as listener:
            listener.stage("learn")
    assert ("close",) not in foreign.heard
    assert [event["event"] for event in events] == ["stage"]
    with listening(events.append):
        pass
    assert events[-1] == {"event": "close"}


def test_the_base_class_hears_everything_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    listener = Progress()
    listener.stage("learn", 2)
    listener.advance(1)
    listener.note("x")
    listener.close()
    assert capsys.readouterr() == ("", "")
