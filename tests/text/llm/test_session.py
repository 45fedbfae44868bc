"""Asking a real server on this machine, with and without faults."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field

from understudy.core.errors import ArgumentError, BudgetError, Cancelled, EndpointError, UnderstudyError
from understudy.core.progress import Progress
from understudy.text.llm.budget import SpendingLimit
from understudy.text.llm.endpoint import Endpoint
from understudy.text.llm.prices import Price
from understudy.text.llm.session import Session
from understudy.text.llm.wire import ChatRequest
from understudy.text.serving import Echo, FaultPlan, Options, Server


class Review(BaseModel):
    title: str = Field(max_length=40)
    stars: int = Field(ge=1, le=5)


def served(**options):
    return Server(Echo(), Options(**options))


def test_replies_come_in_order_and_once_only_whatever_the_run(session_at, rows):
    with served() as server:
        session = session_at(server.url)
        first = list(session.run(rows(session, 40)))
        assert [reply.text for reply in first] == [f"Write review {number}." for number in range(40)]
        session.close()
        asked = server.ledger.outcomes.total()
        again = session_at(server.url)
        second = list(again.run(rows(again, 40)))
        assert [reply.text for reply in second] == [reply.text for reply in first]
        assert all(reply.kept for reply in second)
        assert server.ledger.outcomes.total() == asked == 41  # and one to see whether anybody is there


def test_the_same_request_asked_twice_at_once_is_sent_once(session_at):
    with served(faults=FaultPlan(delay_s=0.05)) as server:
        session = session_at(server.url)
        replies = list(session.run(session.ask(ChatRequest.of("Hello.")) for _ in range(10)))
        assert {reply.text for reply in replies} == {"Hello."}
        assert server.ledger.outcomes.total() == 2


def test_rows_of_the_same_words_are_asked_apart(session_at):
    with served() as server:
        session = session_at(server.url)
        list(session.run(session.ask(ChatRequest.of("Hello."), path=("row", number)) for number in range(5)))
        assert server.ledger.outcomes.total() == 6


def test_a_journal_is_carried_on_at_another_address(session_at, rows):
    with served() as server:
        session = session_at(server.url)
        list(session.run(rows(session, 5)))
        session.close()
    with served() as other:
        session = session_at(other.url)
        assert all(reply.kept for reply in session.run(rows(session, 5)))
        assert other.ledger.outcomes.total() == 0


def test_faults_lose_no_row(session_at, rows):
    plan = FaultPlan({"429": 0.1, "500": 0.05, "json": 0.05, "hang": 0.01, "cut": 0.02, "garbled": 0.02}, retry_after_s=0.01, seed=3)
    with served(faults=plan, price=Price.of("1", "2")) as server:
        session = session_at(server.url, endpoint={"timeout_s": 0.5})
        replies = list(session.run(rows(session, 200, shape=Review)))
        assert len(replies) == 200
        assert all((reply.problem is None) == isinstance(reply.value, Review) for reply in replies)
        assert sum(reply.problem is None for reply in replies) >= 198
        assert session.spent().money >= Decimal(server.ledger.to_dict()["money"]) > 0
        assert set(server.ledger.outcomes) >= {"ok", "429", "500", "json", "cut", "garbled"}


def test_a_failure_that_stays_is_told_with_its_reason_and_not_tried_for_ever(session_at, rows):
    with served(faults=FaultPlan({"500": 0.999}, seed=1)) as server, pytest.raises(EndpointError, match="gave up after 3 tries.*500"):
        session = session_at(server.url, endpoint={"retries": 2})
        list(session.run(rows(session, 3)))


def test_a_row_that_fails_for_good_has_a_problem_and_is_tried_again_only_when_asked(session_at):
    plan = FaultPlan({"500": 0.6}, seed=5)
    with served(faults=plan) as server:
        asked = [ChatRequest.of(f"Review {number}.") for number in range(30)]
        session = session_at(server.url, endpoint={"retries": 12})
        session.check()
        session.close()
        session = session_at(server.url, endpoint={"retries": 0})
        first = list(session.run(session.ask(request, path=(index,)) for index, request in enumerate(asked)))
        assert 5 < sum(reply.problem is not None for reply in first) < 28
        assert all("500" in reply.problem for reply in first if reply.problem)
        session.close()
        session = session_at(server.url)
        assert [reply.problem for reply in session.run(session.ask(request, path=(i,)) for i, request in enumerate(asked))] == [
            reply.problem for reply in first
        ]
        session.close()
        session = session_at(server.url, retry_failed=True, endpoint={"retries": 30})
        assert all(reply.problem is None for reply in session.run(session.ask(r, path=(i,)) for i, r in enumerate(asked)))


def test_a_reply_cut_at_its_length_is_a_failure_with_its_reason(session_at):
    with served() as server:
        session = session_at(server.url)
        [reply] = session.run([session.ask(ChatRequest.of("one two three four five six", max_tokens=3))])
        assert reply.text == "one two three"
        assert reply.problem == "the reply was cut off at max_tokens=3"
        assert reply.finish_reason == "length"


def test_a_reply_that_does_not_fit_is_asked_for_once_more_and_then_refused_with_the_reason(session_at):
    with served(faults=FaultPlan({"json": 0.5}, seed=2)) as server:
        session = session_at(server.url)
        replies = list(session.run(session.ask(ChatRequest.of(f"r {i}"), path=(i,), shape=Review) for i in range(40)))
        twice = [reply for reply in replies if reply.tries == 2]
        assert any(reply.problem is None for reply in twice)
        refused = [reply for reply in twice if reply.problem is not None]
        assert refused
        assert all("does not fit, twice" in reply.problem for reply in refused)


def test_a_server_that_ignores_schemas_is_found_out_and_told_in_words(session_at):
    notes = []

    class Heard(Progress):
        def note(self, text):
            notes.append(text)

    with served(faults=FaultPlan({"shapeless": 1.0})) as server:
        session = session_at(server.url, progress=Heard())
        [reply] = session.run([session.ask(ChatRequest.of("A review.", max_tokens=2000), shape=Review)])
        assert any("ignores response_format" in note for note in notes)
        assert reply.value is None  # the echo has no JSON to say
        assert reply.problem is not None
    assert session.journal.fact("structured") == "words"


def test_another_address_is_asked_anew_what_it_understands(session_at):
    with served(faults=FaultPlan({"shapeless": 1.0})) as server:
        session = session_at(server.url)
        session.check()
        assert session.journal.fact("structured") == "words"
        session.close()
    with served() as other:
        session = session_at(other.url)
        [reply] = session.run([session.ask(ChatRequest.of("A review.", max_tokens=100), shape=Review)])
        assert isinstance(reply.value, Review)
        assert session.journal.fact("structured") == "schema"
        session.close()
        session_at(other.url).check()
        assert other.ledger.outcomes.total() == 2


def test_a_server_whose_list_of_models_fails_is_well_all_the_same(session_at, rows):
    with served(models_fail=True) as server:
        session = session_at(server.url)
        session.check()
        assert all(reply.problem is None for reply in session.run(rows(session, 3)))


def test_a_server_that_is_down_is_told_at_once(session_at, rows):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    session = session_at(url)
    start = time.monotonic()
    with pytest.raises(EndpointError, match="down") as caught:
        list(session.run(rows(session, 3)))
    assert time.monotonic() - start < 2
    assert url in str(caught.value)
    assert session.spent().tokens == 0


def test_a_wrong_key_a_missing_one_and_a_right_one(session_at, rows, monkeypatch):
    with served(key="secret") as server:
        for name, options, told in (("a", {"key": "wrong"}, "The key is refused"), ("b", {}, "A key is needed")):
            session = session_at(server.url, name=name, endpoint=options)
            with pytest.raises(EndpointError, match=told):
                list(session.run(rows(session, 3)))
            assert session.spent().tokens == 0
        with pytest.raises(EndpointError, match="NO_SUCH_KEY"):
            session_at(server.url, name="c", endpoint={"key_env": "NO_SUCH_KEY"})
        monkeypatch.setenv("A_KEY", "secret")
        session = session_at(server.url, name="d", endpoint={"key_env": "A_KEY"})
        assert len(list(session.run(rows(session, 3)))) == 3
        assert b"secret" not in (session.journal.path).read_bytes()


def test_an_unknown_model_is_told_with_the_nearest(session_at, rows):
    with served() as server:
        session = session_at(server.url, endpoint={"model": "understudy-ecko"})
        with pytest.raises(EndpointError, match='no model "understudy-ecko"') as caught:
            list(session.run(rows(session, 3)))
        assert '"understudy-echo"' in str(caught.value)
        assert session.spent().tokens == 0


def test_an_address_without_the_version_is_told(session_at, rows):
    with served() as server:
        session = session_at(server.url.removesuffix("/v1"))
        with pytest.raises(EndpointError, match="Nothing is there to ask") as caught:
            list(session.run(rows(session, 1)))
        assert "/v1" in caught.value.remedy


@pytest.mark.parametrize(("url", "model"), [("127.0.0.1:8000", "m"), ("ftp://x/v1", "m"), ("http://x/v1", "")])
def test_what_is_no_endpoint_is_refused(url, model):
    with pytest.raises(ArgumentError):
        Endpoint(url, model)


def test_a_budget_of_nothing_is_refused_before_anything(session_at):
    with pytest.raises(BudgetError, match="nothing can be asked"):
        session_at("http://127.0.0.1:9/v1", budget=SpendingLimit(money="0"))


@pytest.mark.parametrize("limit", [SpendingLimit(money="0.004"), SpendingLimit(tokens=4000)])
def test_a_limit_is_not_passed_with_64_under_way(session_at, rows, limit):
    with served(price=Price.of("1", "2"), faults=FaultPlan({"hang": 0.02}, delay_s=0.02, spread=0.5)) as server:
        session = session_at(server.url, budget=limit, concurrency=64, endpoint={"timeout_s": 3.0})
        with pytest.raises(BudgetError, match="is reached"):
            list(session.run(rows(session, 2000)))
        session.close()
        again = session_at(server.url)
        spent, books, kept = again.spent(), server.ledger.to_dict(), again.counts()["replies"]
        if limit.money is not None:
            assert Decimal("0.003") < spent.money <= limit.money
            assert Decimal(books["money"]) <= limit.money
        else:
            assert 3000 < spent.tokens <= limit.tokens
            assert books["prompt_tokens"] + books["completion_tokens"] <= limit.tokens
        assert kept > 0
        assert kept >= server.ledger.outcomes["ok"] - 64  # what was paid for is kept, but for what was under way at the end


def test_what_was_spent_before_counts_and_a_higher_limit_goes_on(session_at, rows):
    with served(price=Price.of("1", "2")) as server:
        session = session_at(server.url, budget=SpendingLimit(tokens=2000))
        with pytest.raises(BudgetError):
            list(session.run(rows(session, 150)))
        session.close()
        again = session_at(server.url, budget=SpendingLimit(tokens=2000))
        with pytest.raises(BudgetError):
            list(again.run(rows(again, 150)))
        again.close()
        asked = server.ledger.outcomes["ok"]
        third = session_at(server.url, budget=SpendingLimit(tokens=200_000))
        assert len(list(third.run(rows(third, 150)))) == 150
        assert server.ledger.outcomes["ok"] == 151
        assert asked < 150


def test_counts_that_cannot_be_are_reckoned_at_the_worst(session_at, rows):
    with served(price=Price.of("1", "2"), faults=FaultPlan({"usage": 1.0})) as server:
        session = session_at(server.url)
        replies = list(session.run(rows(session, 30)))
        assert any(reply.usage is None for reply in replies)
        assert session.spent().money >= Decimal(server.ledger.to_dict()["money"])


def test_a_server_that_only_ever_refuses_is_waited_for_no_longer_than_patience(session_at, rows):
    with served(faults=FaultPlan({"429": 1.0}, retry_after_s=0.02)) as server:
        session = session_at(server.url, name="a", endpoint={"patience_s": 0.5})
        with pytest.raises(EndpointError, match="No good reply for 0.5 s"):
            list(session.run(rows(session, 20)))
    with served(faults=FaultPlan({"429": 1.0}, retry_after_s=5000)) as server:
        session = session_at(server.url, name="b")
        start = time.monotonic()
        with pytest.raises(EndpointError, match="asks to wait 5000 s"):
            list(session.run(rows(session, 20)))
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("status", [b"402 Payment Required", b"429 Too Many Requests"])
def test_a_quota_that_is_used_up_is_told_at_once(session_at, rows, status):
    body = b'{"error": {"message": "You exceeded your quota.", "code": "insufficient_quota"}}'
    reply = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with answering(reply) as url, pytest.raises(EndpointError, match="wants to be paid first.*insufficient_quota"):
        session = session_at(url)
        list(session.run(rows(session, 3)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_program_that_ends_its_thread_is_told_and_nothing_hangs(session_at):
    async def ends():
        raise SystemExit(3)

    with served() as server:
        session = session_at(server.url)
        with pytest.raises(UnderstudyError, match="ended the session"):
            list(session.run([ends()]))
        session.close()
        assert session_at(server.url).counts()["replies"] == 0


def test_an_unknown_price_is_said_and_tokens_are_counted(session_at, rows):
    with served() as server:
        session = session_at(server.url)
        list(session.run(rows(session, 3)))
        spent = session.spent()
        assert spent.unpriced == spent.requests == 4
        assert "unknown cost" in spent.in_words()
        assert spent.tokens > 0
        assert session.price() is None


def test_a_real_overload_is_adapted_to(session_at, rows):
    with served(faults=FaultPlan(delay_s=0.01, retry_after_s=0.02), at_once=8) as server:
        session = session_at(server.url)
        replies = list(session.run(rows(session, 400)))
        assert all(reply.problem is None for reply in replies)
        assert session.asker.window < 40
        assert 0 < server.ledger.outcomes["429"] < 0.15 * server.ledger.outcomes.total()


def test_streamed_replies_are_the_same(session_at, rows):
    with served(faults=FaultPlan({"cut": 0.2}, seed=4)) as server:
        session = session_at(server.url, endpoint={"stream": True})
        replies = list(session.run(rows(session, 20)))
        assert [reply.text for reply in replies] == [f"Write review {number}." for number in range(20)]
        assert all(reply.usage is not None for reply in replies)
        assert server.ledger.outcomes["cut"] > 0


def test_stopping_waits_for_what_is_under_way_and_keeps_it(session_at, rows):
    class Stops(Progress):
        def advance(self, done, **metrics):
            self.cancelled = done >= 20

    with served(faults=FaultPlan(delay_s=0.02)) as server:
        session = session_at(server.url, progress=Stops())
        with pytest.raises(Cancelled):
            list(session.run(rows(session, 500)))
        session.close()
        assert server.ledger.outcomes["ok"] < 500
        again = session_at(server.url)
        assert again.journal.found_open == 0
        assert again.counts()["replies"] == server.ledger.outcomes["ok"]


def test_who_stops_reading_leaves_nothing_open(session_at, rows):
    with served(faults=FaultPlan(delay_s=0.01)) as server:
        session = session_at(server.url)
        for reply in session.run(rows(session, 500)):
            assert reply.problem is None
            break
        session.close()
        assert session_at(server.url).journal.found_open == 0


def test_progress_tells_rate_and_cost(session_at, rows):
    heard = []
    with served(price=Price.of("1", "2")) as server:
        session = session_at(server.url, progress=lambda event: heard.append(event) and None)
        list(session.run(rows(session, 20), total=20))
    last = [event for event in heard if event["event"] == "advance"][-1]
    assert (last["done"], last["total"]) == (20, 20)
    assert last["metrics"]["cost"].endswith("USD")
    assert last["metrics"]["replies/s"] >= 0


def test_programs_of_several_steps_and_models_run(session_at):
    with served() as server:
        session = session_at(server.url)

        async def program(number):
            outline = await session.ask(ChatRequest.of(f"outline {number}"), path=(number, "outline"))
            return (await session.ask(ChatRequest.of(f"text of {outline.text}"), path=(number, "text"))).text

        assert list(session.run(program(number) for number in range(3))) == [f"text of outline {number}" for number in range(3)]
        with pytest.raises(EndpointError, match="other"):
            list(session.run([session.ask(ChatRequest.of("hello", model="other"))]))


def test_a_program_in_another_loop_is_answered_too(session_at):
    with served() as server:
        session = session_at(server.url)
        assert asyncio.run(session.ask(ChatRequest.of("hello"))).text == "hello"


def test_every_request_gets_a_seed_of_its_own_from_its_path(tmp_path):
    with served() as server, Session(Endpoint(server.url, "understudy-echo"), journal=tmp_path / "j", seed=7) as session:
        first, second = (session._seeded(ChatRequest.of("x"), (number,)).seed for number in range(2))
        assert first != second
        assert session._seeded(ChatRequest.of("x", seed=3), (0,)).seed == 3


def test_vectors_and_completions_are_kept_too(session_at):
    with served() as server:
        session = session_at(server.url)
        texts = ["good bread", "bad bread"]
        [first], [second] = (list(session.run([session.embed(texts, model="hashed-words-256")])) for _ in range(2))
        assert first.shape == (2, 256)
        assert (first == second).all()
        [reply] = session.run([session.complete("once upon a time")])
        assert reply.text == "once upon a time"
        assert server.ledger.outcomes.total() == 2
        with pytest.raises(EndpointError, match="does not exist"):
            list(session.run([session.embed(texts)]))


def test_an_estimate_holds_what_the_job_then_costs(session_at):
    with served(price=Price.of("1", "2")) as server:
        session = session_at(server.url)
        requests = [ChatRequest.of("word " * (5 + 7 * number % 13), max_tokens=64) for number in range(100)]
        estimate = session.estimate(requests, tries=12, confidence=0.95)
        before = session.spent().money
        list(session.run(session.ask(request, path=("job", index)) for index, request in enumerate(requests)))
        cost = float(session.spent().money - before)
        assert estimate.money.low <= cost <= estimate.money.high
        assert cost <= float(estimate.most)
        assert f"{estimate.requests} requests" in estimate.in_words()


def test_ctrl_c_ends_cleanly_with_everything_stored(tmp_path):
    import os
    import signal
    import subprocess
    import sys

    program = """
import sys
from understudy.text.llm import ChatRequest, Endpoint, Session
session = Session(Endpoint(sys.argv[1], "understudy-echo"), journal=sys.argv[2])
with session:
    for index, reply in enumerate(session.run(session.ask(ChatRequest.of(f"r {n}"), path=(n,)) for n in range(100_000))):
        if index == 20:
            print("going", flush=True)
"""
    with served(faults=FaultPlan(delay_s=0.05)) as server:
        job = subprocess.Popen(
            [sys.executable, "-c", program, server.url, str(tmp_path / "j")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert job.stdout.readline() == b"going\n"
        os.kill(job.pid, signal.SIGINT)
        _, errors = job.communicate(timeout=20)
        assert job.returncode != 0
        assert b"KeyboardInterrupt" in errors
        assert b"never retrieved" not in errors
        answered = server.ledger.outcomes["ok"]
        with Session(Endpoint(server.url, "understudy-echo"), journal=tmp_path / "j") as session:
            assert session.journal.found_open == 0
            assert session.counts()["replies"] == answered


@contextmanager
def answering(reply):
    """The address of a server that gives every connection the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.recv(65536)
                connection.sendall(reply)
                connection.close()

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def test_a_server_that_never_speaks_http_is_a_lost_call_not_a_crash(session_at, rows):
    with answering(b"not http at all\r\n\r\n") as url:
        session = session_at(url, endpoint={"retries": 2})
        with pytest.raises(EndpointError, match="gave up after 3 tries"):
            list(session.run(rows(session, 1)))
        session.close()
        assert json.dumps(session_at("http://127.0.0.1:1/v1").counts())
