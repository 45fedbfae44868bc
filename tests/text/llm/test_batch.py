"""Batches: handed in once, gone on with after a crash, with only what is missing done again."""

import asyncio
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field

from understudy.core.errors import BudgetError
from understudy.text.llm.batch import Ask, BatchAsker
from understudy.text.llm.budget import SpendingLimit
from understudy.text.llm.prices import Price
from understudy.text.llm.wire import ChatRequest
from understudy.text.serving import Echo, FaultPlan, Options, Server


class Review(BaseModel):
    title: str = Field(max_length=40)
    stars: int = Field(ge=1, le=5)


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
    class Ended(Exception):
        pass

    async def ends(*_):
        raise Ended

    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:  # after the provider has it and its id is kept
            patched.setattr(BatchAsker, "_collected", ends)
            with pytest.raises(Ended):
                asyncio.run(session._here(BatchAsker(session.asker, 0.01).answer(asks(10))))
        session.close()
        again = session_at(server.url)
        assert again.spent().unknown == 10
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert len(server.batches.batches) == 1
        assert again.spent().unknown == 0
        assert again.counts()["stored"] == 11


def test_a_batch_whose_name_was_not_kept_is_found_by_its_mark(session_at, monkeypatch):
    class Ended(Exception):
        pass

    async def ends(*_):
        raise Ended

    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:  # the provider has it; its id is not on the disk
            patched.setattr(BatchAsker, "_kept", ends)
            with pytest.raises(Ended):
                asyncio.run(session._here(BatchAsker(session.asker, 0.01).answer(asks(10))))
        session.close()
        assert len(server.batches.batches) == 1
        again = session_at(server.url)
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert len(server.batches.batches) == 1


def test_a_batch_that_never_arrived_is_taken_back(session_at, monkeypatch):
    class Ended(Exception):
        pass

    async def ends(*_):
        raise Ended

    with served() as server:
        session = session_at(server.url)
        session.check()
        with monkeypatch.context() as patched:
            patched.setattr(BatchAsker, "_made", ends)
            with pytest.raises(Ended):
                asyncio.run(session._here(BatchAsker(session.asker, 0.01).answer(asks(10))))
        session.close()
        again = session_at(server.url)
        assert again.spent().unknown == 10
        assert len(list(again.run_batches(asks(10), poll_s=0.01))) == 10
        assert again.spent().unknown == 0
        assert again.counts()["failed"] == 10


def test_a_batch_that_may_cost_too_much_is_not_handed_in(session_at):
    with served() as server:
        session = session_at(server.url, budget=SpendingLimit(tokens=3000))
        with pytest.raises(BudgetError):
            list(session.run_batches(asks(100), poll_s=0.01))
        assert server.batches.batches == {}
