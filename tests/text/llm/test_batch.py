"""Batches: handed in once, gone on with after a crash, with only what is missing done again."""

import asyncio
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field

from understudy.core.errors import BudgetError, EndpointError
from understudy.text.llm.batch import Ask, BatchAsker, Batching
from understudy.text.llm.budget import SpendingLimit
from understudy.text.llm.prices import Price
from understudy.text.llm.wire import ChatRequest
from understudy.text.serving import Echo, FaultPlan, Options, Server
from understudy.text.serving.batches import Batches


class Review(BaseModel):
    title: str = Field(max_length=40)
    stars: int = Field(ge=1, le=5)


class Ended(Exception):
    pass


async def ends(*_, **__):
    raise Ended


HALF = Price.of("1", "2", batch="0.5")


def asks(count, shape=None):
    return [Ask(ChatRequest.of(f"Write review {number}.", max_tokens=48), ("row", number), shape) for number in range(count)]


def served(**options):
    return Server(Echo(), Options(price=HALF, **options))


def test_replies_come_in_order_at_the_batchs_price(session_at):
    with served() as server:
        session = session_at(server.url, endpoint={"price": HALF})
        replies = list(session.run_batches(asks(25), size=10, poll_s=0.01))
        assert [reply.text for reply in replies] == [f"Write review {number}." for number in range(25)]
        assert len(server.batches.batches) == 3
        check = server.ledger.outcomes.total() - 25
        assert check == 1
        assert session.spent().money == Decimal(server.ledger.to_dict()["money"])
        assert replies[0].cost * 2 == Decimal(HALF.pico(replies[0].usage.prompt_tokens, replies[0].usage.completion_tokens)) / 10**12


def test_only_what_a_batch_leaves_out_is_handed_in_again(session_at):
    with served(faults=FaultPlan({"hang": 0.2, "500": 0.1}, seed=1)) as server:
        session = session_at(server.url)
        session.check()
        replies = list(session.run_batches(asks(60), poll_s=0.01))
        done = [reply for reply in replies if reply.problem is None]
        assert len(done) >= 55
        assert all("unanswered" in reply.problem for reply in replies if reply.problem is not None)
        counts = [batch["request_counts"]["total"] for batch in server.batches.batches.values()]
        assert counts[0] == 60
        assert counts[1] == 60 - next(iter(server.batches.batches.values()))["request_counts"]["completed"] < 30


def test_a_reply_that_does_not_fit_goes_into_a_second_batch_with_the_fault(session_at):
    with served(faults=FaultPlan({"json": 0.3}, seed=1)) as server:
        session = session_at(server.url)
        replies = list(session.run_batches(asks(30, Review), poll_s=0.01))
        assert sum(reply.tries == 2 for reply in replies) > 2
        assert sum(isinstance(reply.value, Review) for reply in replies) >= 25
        assert len(server.batches.batches) == 2


def test_a_batch_is_gone_on_with_after_the_process_ended(session_at, monkeypatch):
    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:  # after the provider has it and its id is kept
            patched.setattr(BatchAsker, "_collected", ends)
            with pytest.raises(Ended):
                list(session.run_batches(asks(10), poll_s=0.01))
        session.close()
        again = session_at(server.url)
        assert again.spent().unknown == 10
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert len(server.batches.batches) == 1
        assert again.spent().unknown == 0
        assert again.counts()["stored"] == 11


def test_a_batch_whose_name_was_not_kept_is_found_by_its_mark(session_at, monkeypatch):
    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:  # the provider has it; its id is not on the disk
            patched.setattr(BatchAsker, "_kept", ends)
            with pytest.raises(Ended):
                list(session.run_batches(asks(10), poll_s=0.01))
        session.close()
        assert len(server.batches.batches) == 1
        again = session_at(server.url)
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert len(server.batches.batches) == 1


def test_a_batch_that_never_arrived_is_taken_back(session_at, monkeypatch):
    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:
            patched.setattr(BatchAsker, "_made", ends)
            with pytest.raises(Ended):
                list(session.run_batches(asks(10), poll_s=0.01))
        session.close()
        again = session_at(server.url)
        assert again.spent().unknown == 10
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert again.spent().unknown == 0
        assert again.counts()["failed"] == 10


def test_a_limit_makes_batches_smaller_and_ends_when_no_request_fits(session_at):
    with served() as server:
        session = session_at(server.url, budget=SpendingLimit(tokens=500))
        with pytest.raises(BudgetError):
            list(session.run_batches(asks(100), poll_s=0.01))
        counts = [batch["request_counts"]["total"] for batch in server.batches.batches.values()]
        assert len(counts) > 2
        assert sum(counts) < 100
        assert counts[0] > counts[-1]
        assert session.spent().tokens <= 500
        assert session.counts()["replies"] == sum(counts) + 1


def test_a_limit_for_nothing_hands_in_nothing(session_at):
    with served() as server:
        session = session_at(server.url, budget=SpendingLimit(tokens=700))
        with pytest.raises(BudgetError):
            list(session.run_batches([Ask(ChatRequest.of("Write.", max_tokens=600))], poll_s=0.01))
        assert server.batches.batches == {}


def test_programs_of_several_steps_go_in_waves(session_at):
    async def program(session, number):
        first = await session.ask(ChatRequest.of(f"Outline {number}."), path=("row", number, "outline"))
        two = [session.ask(ChatRequest.of(f"{first.text} {side}"), path=("row", number, side)) for side in ("for", "against")]
        return [reply.text for reply in await asyncio.gather(*two)]

    with served() as server:
        session = session_at(server.url, batching=Batching(size=100, poll_s=0.01))
        made = list(session.run(program(session, number) for number in range(40)))
        assert made == [[f"Outline {number}. for", f"Outline {number}. against"] for number in range(40)]
        assert [batch["request_counts"]["total"] for batch in server.batches.batches.values()] == [40, 80]
        assert list(session.run(program(session, number) for number in range(40))) == made
        assert len(server.batches.batches) == 2


def test_a_batch_of_another_address_stays_counted_and_its_requests_are_asked_anew(session_at, monkeypatch):
    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:
            patched.setattr(BatchAsker, "_collected", ends)
            with pytest.raises(Ended):
                list(session.run_batches(asks(10), poll_s=0.01))
        session.close()
    with served() as server:
        again = session_at(server.url)
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert again.spent().unknown == 10
        assert again.spent().requests == 12


def test_what_is_in_a_batch_is_waited_for_by_those_who_ask_one_by_one(session_at, monkeypatch, rows):
    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:
            patched.setattr(BatchAsker, "_collected", ends)
            with pytest.raises(Ended):
                list(session.run_batches(asks(10), poll_s=0.01))
        session.close()
        again = session_at(server.url)
        replies = list(again.run(rows(again, 12)))
        assert [reply.text for reply in replies] == [f"Write review {number}." for number in range(12)]
        assert again.spent().requests == 13
        assert again.spent().unknown == 0


def test_a_batch_that_the_provider_refuses_ends_the_work_with_its_reason(session_at, monkeypatch):
    async def refuses(self, batch, lines):
        batch.update(status="failed", errors={"data": [{"message": "Enqueued token limit reached"}]})

    with served() as server:
        monkeypatch.setattr(Batches, "_work", refuses)
        session = session_at(server.url)
        with pytest.raises(EndpointError, match="Enqueued token limit reached"):
            list(session.run_batches(asks(10), poll_s=0.01))
        assert session.spent().unknown == 0
        assert session.counts()["failed"] == 10
