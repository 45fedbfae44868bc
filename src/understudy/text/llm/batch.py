"""Many requests through a provider's batch endpoint: a file goes in, its replies come out within a day, at a lower price.

    worst cases held back, `reserved` on the disk → file uploaded, batch made → the provider's id on the disk → polled → replies on the disk

A batch whose process ended is found again: by the provider's id where it was kept, else by the mark that it was made with, in the
provider's list. What a batch leaves unanswered (expired, cancelled, failed) goes into the next one; nothing else does.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from understudy.core.errors import EndpointError
from understudy.text.llm import structured
from understudy.text.llm.asking import Asker
from understudy.text.llm.budget import Cost
from understudy.text.llm.client import Answer
from understudy.text.llm.journal import Statement
from understudy.text.llm.prices import Price
from understudy.text.llm.wire import Call, ChatRequest, Path, first_choice

ROUNDS = 3
_MARK = "understudy"
_OVER = {"completed", "expired", "failed", "cancelled"}
_INSERT = "INSERT INTO sends (id, key, model, state, at, pico, tokens, batch) VALUES (?, ?, ?, 'reserved', ?, ?, ?, ?)"


@dataclass(frozen=True)
class Ask:
    """A request, where it belongs, and the shape that its reply must fit."""

    request: ChatRequest
    path: Path = ()
    shape: type[BaseModel] | None = None

    def call(self, model: str) -> Call:
        schema = None if self.shape is None else self.shape.model_json_schema()
        return Call("/chat/completions", self.request.body(model), schema)


@dataclass(frozen=True)
class _Sent:
    """One sending in a batch."""

    send: int
    key: bytes
    path: str
    worst: Cost
    price: Price | None


class BatchAsker:
    """Asks through batches. Lives in the session's loop.

    Args:
        poll_s: between two looks at a batch.
    """

    def __init__(self, asker: Asker, poll_s: float) -> None:
        self._asker, self._journal, self._poll_s = asker, asker.journal, poll_s

    async def answer(self, asks: Sequence[Ask]) -> None:
        """See to it that the journal holds what came of every ask, with a second try for replies that do not fit.

        Raises:
            EndpointError, BudgetError, Cancelled: as `Session.ask`; batches that were handed in are gone on with next time.
        """
        await self._asker.ready()
        await self._go_on()
        model = self._asker.endpoint.model
        await self._all([(ask.call(model), ask.path, 0) for ask in asks])
        again = [(call, ask.path, 1) for ask in asks if (call := self._second(ask, model)) is not None]
        await self._all(again)

    def _second(self, ask: Ask, model: str) -> Call | None:
        """The call with the validator's message, where the reply was read but does not fit."""
        kept = self._journal.find(ask.call(model).key(ask.path, 0))
        if ask.shape is None or kept is None or kept.body is None:
            return None
        text, finish, _ = first_choice(kept.body)
        fault = None if finish in ("length", "content_filter") else structured.read(text, ask.shape).fault
        if fault is None:
            return None
        return Ask(structured.asked_again(ask.request, text, fault), ask.path, ask.shape).call(model)

    async def _all(self, calls: Sequence[tuple[Call, Path, int]]) -> None:
        """Batches until nothing is missing; what is missing after the last is given up."""
        for _ in range(ROUNDS):
            missing = self._missing(calls)
            if not missing:
                return
            await self._handed_in(missing)
        for key, (_, path) in self._missing(calls).items():
            await self._journal.given_up(key, json.dumps(list(path)), f"{ROUNDS} batches left it unanswered")

    def _missing(self, calls: Sequence[tuple[Call, Path, int]]) -> dict[bytes, tuple[Call, Path]]:
        keyed = {call.key(path, attempt): (call, path) for call, path, attempt in calls}
        return {key: rest for key, rest in keyed.items() if self._journal.find(key) is None}

    async def _handed_in(self, missing: dict[bytes, tuple[Call, Path]]) -> None:
        """One batch, from the reservation to its last reply."""
        mark = uuid.uuid4().hex
        sent, lines = [], []
        for key, (call, path) in missing.items():
            price = await self._asker.price_of(call.model)
            worst = Cost.of(price, call.most_prompt_tokens, call.most_completion_tokens, batch=True)
            sent.append(_Sent(self._journal.next_send(), key, json.dumps(list(path), ensure_ascii=False), worst, price))
            body = self._asker.body_of(call)
            lines.append(
                json.dumps({"custom_id": key.hex(), "method": "POST", "url": f"/v1{call.route}", "body": body}, ensure_ascii=False)
            )
        await self._asker.purse.hold_all([one.worst for one in sent], self._asker.endpoint.model)
        now = time.time()
        rows: list[Statement] = [
            (_INSERT, (one.send, one.key, call.model, now, one.worst.pico, one.worst.tokens, mark))
            for one, (call, _) in zip(sent, missing.values(), strict=True)
        ]
        paths = {one.key.hex(): one.path for one in sent}
        await self._journal.commit([*rows, ("INSERT INTO batches VALUES (?, NULL, 'reserved', ?)", (mark, now))])
        await self._journal.learned(f"paths {mark}", json.dumps(paths, ensure_ascii=False))
        provider = await self._made(mark, "\n".join(lines).encode("utf-8", "replace"))
        await self._collected(mark, provider, sent)

    async def _made(self, mark: str, content: bytes) -> str:
        """Upload, make the batch, and keep the provider's name of it."""
        file = await self._insisted(lambda: self._asker.client.upload(content, f"{mark}.jsonl", "batch"), "The file cannot be uploaded")
        body = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {_MARK: mark}}
        batch = await self._insisted(lambda: self._asker.client.post("/batches", body, mark), "The batch cannot be made")
        return await self._kept(mark, str(batch["id"]))

    async def _kept(self, mark: str, provider: str) -> str:
        await self._journal.commit(
            [
                ("UPDATE batches SET provider = ?, state = 'sent' WHERE id = ?", (provider, mark)),
                ("UPDATE sends SET state = 'sent' WHERE batch = ? AND state = 'reserved'", (mark,)),
            ]
        )
        return provider

    async def _collected(self, mark: str, provider: str, sent: Sequence[_Sent]) -> None:
        """Wait for the batch to be over; put its replies, failures and gaps into the journal."""
        while True:
            batch = await self._insisted(
                lambda: self._asker.client.get(f"/batches/{provider}"), f"The batch {provider} cannot be looked at"
            )
            if batch.get("status") in _OVER:
                break
            await self._pause(self._poll_s)
        answered: dict[str, dict[str, Any]] = {}
        for name in ("output_file_id", "error_file_id"):
            if batch.get(name):
                answer = await self._answered(lambda name=name: self._asker.client.get(f"/files/{batch[name]}/content"), "No replies")
                answered |= {line["custom_id"]: line for line in map(json.loads, answer.raw.splitlines()) if isinstance(line, dict)}
        statements = [statement for one in sent for statement in self._settled(one, answered.get(one.key.hex()), str(batch["status"]))]
        over = [("UPDATE batches SET state = 'over' WHERE id = ?", (mark,)), ("DELETE FROM facts WHERE name = ?", (f"paths {mark}",))]
        await self._journal.commit([*statements, *over])

    def _settled(self, one: _Sent, line: dict[str, Any] | None, status: str) -> list[Statement]:
        response = (line or {}).get("response") or {}
        body: dict[str, Any] = response.get("body") or {}
        readable = False
        with suppress(KeyError, IndexError, TypeError, AttributeError):
            first_choice(body)
            readable = response.get("status_code") == 200
        if readable:
            usage, cost = self._asker.cost_of(body, one.worst, one.price, batch=True)
            self._asker.purse.settle(one.worst, cost)
            self._asker.tally.answered += 1
            raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
            source = None if one.price is None else one.price.source
            return self._journal.storing(one.send, one.key, one.path, raw, usage, cost, source)
        self._asker.purse.settle(one.worst, Cost(0, 0))
        self._asker.tally.failed += 1
        reason = f"the batch is {status} without it" if line is None else json.dumps(line.get("error") or response)[:300]
        found: list[Statement] = [("UPDATE sends SET state = 'failed', reason = ? WHERE id = ?", (reason, one.send))]
        if response.get("status_code") in (400, 404, 422):
            problem = f"{response['status_code']}: {json.dumps(body)[:300]}"
            found.append(("INSERT OR REPLACE INTO replies (key, path, problem) VALUES (?, ?, ?)", (one.key, one.path, problem)))
        return found

    # -- after a crash

    async def _go_on(self) -> None:
        """Batches of earlier runs: gone on with where the provider has them, else taken back."""
        for mark, provider in self._journal.rows("SELECT id, provider FROM batches WHERE state != 'over'"):
            sent = await self._remembered(mark)
            provider = provider or await self._looked_up(mark)
            if provider is None:
                for one in sent:
                    self._asker.purse.settle(one.worst, Cost(0, 0))
                await self._journal.commit(
                    [
                        ("UPDATE sends SET state = 'failed', reason = 'never handed in' WHERE batch = ?", (mark,)),
                        ("UPDATE batches SET state = 'over' WHERE id = ?", (mark,)),
                    ]
                )
                continue
            await self._kept(mark, provider)
            await self._collected(mark, provider, sent)

    async def _remembered(self, mark: str) -> list[_Sent]:
        paths = json.loads(self._journal.fact(f"paths {mark}") or "{}")
        found = []
        query = "SELECT id, key, model, pico, tokens FROM sends WHERE batch = ? AND state IN ('reserved', 'sent')"
        for send, key, model, pico, tokens in self._journal.rows(query, mark):
            worst = Cost(pico, tokens)
            self._asker.purse.adopt(worst)
            found.append(_Sent(send, key, paths.get(key.hex(), "[]"), worst, await self._asker.price_of(model)))
        return found

    async def _looked_up(self, mark: str) -> str | None:
        """The provider's name of a batch that was made just before the process ended."""
        listed = await self._insisted(lambda: self._asker.client.get("/batches"), "The batches cannot be listed")
        found = [batch for batch in listed.get("data", ()) if (batch.get("metadata") or {}).get(_MARK) == mark]
        return str(found[0]["id"]) if found else None

    # -- calls about batches

    async def _insisted(self, call: Any, complaint: str) -> dict[str, Any]:
        return (await self._answered(call, complaint)).body or {}

    async def _answered(self, call: Any, complaint: str) -> Answer:
        """A call about batches, tried again while the server is at fault. A batch is made under its mark, so that none is made twice."""
        for attempt in range(self._asker.endpoint.retries + 1):
            answer: Answer = await call()
            if answer.outcome == "good":
                return answer
            if answer.outcome in ("refused", "denied", "absent"):
                break
            await self._pause(min(30.0, self._asker.endpoint.backoff_s * 2.0**attempt))
        raise EndpointError(
            f"{complaint}: {answer.reason}", where=self._asker.endpoint.url, remedy="Run again: what was handed in is gone on with."
        )

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asker.end.wait(), seconds)
        if self._asker.ended is not None:
            raise self._asker.ended.with_traceback(None)
