"""Votes that are kept: an evolution that was stopped anywhere goes on, and no vote is held twice."""

import json
from itertools import count

import numpy as np
import pytest

from understudy.core.errors import DataError
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.text.evolution import evolving
from understudy.text.evolution.account import Account
from understudy.text.evolution.evolving import Course, Private, evolve
from understudy.text.evolution.votes import Standing, Votes

WORDS = "loan bank rain cloud goal match soup salt".split()
COURSE = Course(size=12, rounds=3, variations=1, epsilon=4.0, delta=1e-5)


class Crash(Exception):
    pass


class Fragile:
    """Makes texts, and breaks at the call of this number."""

    def __init__(self, breaks_at):
        self.calls, self.breaks_at = 0, breaks_at

    def _made(self, count, stream):
        self.calls += 1
        if self.calls == self.breaks_at:
            raise Crash
        rng = stream.generator()
        return [" ".join(rng.choice(WORDS, 5)) for _ in range(count)]

    def draw(self, labels, stream):
        return self._made(len(labels), stream)

    def vary(self, texts, labels, stream):
        return self._made(len(texts), stream)

    def says(self):
        return []


@pytest.fixture
def private():
    rng = np.random.default_rng(1)
    return Private([" ".join(rng.choice(WORDS[:3], 5)) for _ in range(300)], np.zeros(300, np.int64), np.arange(300))


def test_broken_off_at_every_call_it_holds_each_vote_once_and_ends_as_if_it_had_not_been(private, tmp_path, monkeypatch):
    held = []
    exact = evolving._votes
    monkeypatch.setattr(evolving, "_votes", lambda *arguments: held.append(1) or exact(*arguments))

    def run(breaks_at=0):
        account = Account(private.texts, place=tmp_path / "account.jsonl")
        votes = Votes(tmp_path / "votes.json", "the same", account)
        return evolve(private, [None], Fragile(breaks_at), COURSE, Stream(1), Progress(), votes=votes)

    crashes = 0
    for breaks_at in count(1):
        try:
            made = run(breaks_at)
            break
        except Crash:
            crashes += 1
    assert crashes >= COURSE.rounds
    assert len(held) == COURSE.rounds
    assert run().texts == made.texts
    assert len(held) == COURSE.rounds
    entries = [json.loads(line) for line in (tmp_path / "account.jsonl").read_text().splitlines() if line]
    assert {entry["evolution"] for entry in entries} == {Votes(tmp_path / "votes.json", "the same").name}
    assert sorted(entry["release"] for entry in entries) == [0, 1, 2, 3]
    assert Account(private.texts, place=tmp_path / "account.jsonl").spent().epsilon(1e-5) == pytest.approx(4.0)


def test_who_cannot_make_a_text_spends_nothing(private, tmp_path):
    account = Account(private.texts, place=tmp_path / "account.jsonl")
    with pytest.raises(Crash):
        evolve(private, [None], Fragile(1), COURSE, Stream(1), Progress(), votes=Votes(account=account))
    assert account.spent().evolutions == 0


@pytest.mark.parametrize("content", [b"{", b"[]", json.dumps({"evolution": "x"}).encode()])
def test_a_file_that_holds_no_votes_is_told(tmp_path, content):
    (tmp_path / "votes.json").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        Votes(tmp_path / "votes.json")


def test_votes_on_something_else_are_refused(tmp_path):
    Votes(tmp_path / "votes.json", "these texts").keep(Standing(np.array([1.5])))
    with pytest.raises(DataError, match="other texts"):
        Votes(tmp_path / "votes.json", "those texts")
