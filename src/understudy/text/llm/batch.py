"""Many requests through a provider's batch endpoint: a file goes in, its replies come out within a day, at a lower price.

    asks wait together → worst cases held back, `reserved` on the disk → file uploaded, batch made → the provider's id on the disk
    → polled → replies on the disk → whoever asked reads them there

Programs ask one by one, as ever; what they ask waits until there is a batch full of it, or until no program can go on without a reply. So
a program of several steps is a wave of batches for each step. A batch whose process ended is found again: by the provider's id where it
was kept, else by the mark that it was made with, in the provider's list. What a batch leaves unanswered (expired, cancelled, failed) goes
into the next one; nothing else does.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from understudy.core.errors import EndpointError
from understudy.text.llm.asking import Asker
from understudy.text.llm.budget import Cost
from understudy.text.llm.client import Answer
from understudy.text.llm.journal import Kept, Statement
from understudy.text.llm.prices import Price
from understudy.text.llm.wire import Call, ChatRequest, Path, first_choice

ROUNDS = 3
MOST_BYTES = 100_000_000
"""Of a file; providers take 200 MB."""
QUIET_TURNS = 50
"""So often the loop goes round without a new ask before all programs are taken to wait."""
NO_BATCHES = "Has this endpoint batches at all? If not, leave `batch` out. Every reply is kept."
_MARK = "understudy"
_OVER = {"completed", "expired", "failed", "cancelled"}
_INSERT = "INSERT INTO sends (id, key, model, state, at, pico, tokens, batch) VALUES (?, ?, ?, 'reserved', ?, ?, ?, ?)"


@dataclass(frozen=True)
class Batching:
    """How requests are put together. size: requests a batch at most. poll_s: between two looks at a batch."""

    size: int = 10_000
    poll_s: float = 30.0

    @property
    def at_once(self) -> int:
        """Programs that wait at once: as many as fill two batches, so that one is at work while the other's replies are read."""
        return 2 * self.size


@dataclass(frozen=True)
class Ask:
    """A request, where it belongs, and the shape that its reply must fit."""

    request: ChatRequest
    path: Path = ()
    shape: type[BaseModel] | None = None


@dataclass(frozen=True)
class _Waiting:
    """An ask that is in no batch yet, as its line in the file."""

    key: bytes
    path: str
    model: str
    worst: Cost
    price: Price | None
    line: bytes


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

    Attributes:
        urged: what waits need not wait for more.
        handed_in: requests in batches that the provider has.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker, self._journal = asker, asker.journal
        self.urged = True
        self.handed_in = 0
        self._pool: dict[bytes, _Waiting] = {}
        self._bytes = 0
        self._over: dict[bytes, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._guard: asyncio.Task[None] | None = None
        self._batching = Batching()
        self._earlier: asyncio.Future[None] | None = None
        self._quiet, self._looking = 0, False

    async def answer(self, call: Call, path: Path, attempt: int, batching: Batching) -> Kept:
        """The reply to a call, from the journal or by a batch.

        Raises:
            EndpointError, BudgetError, Cancelled: as `Asker.answer`; batches that were handed in are gone on with next time.
        """
        key, self._batching = call.key(path, attempt), batching
        self._watch()
        for rounds in range(ROUNDS + 1):
            found = self._journal.find(key)
            if found is not None:
                self._asker.tally.kept += not rounds
                return replace(found, fresh=rounds > 0)
            if rounds == 0 and await self._went_on(key):
                continue
            if rounds == ROUNDS:
                break
            if key not in self._over:
                await self._add(key, call, path)
            await asyncio.shield(self._over[key])
        problem = f"{ROUNDS} batches left it unanswered"
        await self._journal.given_up(key, json.dumps(list(path), ensure_ascii=False), problem)
        return Kept(None, problem, fresh=True)

    async def come(self, key: bytes) -> None:
        """Wait for a batch of an earlier run, where it holds the request: it is being paid for."""
        over = self._earlier is not None and self._earlier.done() and not self._over
        if not over and self._asker.ended is None and self._journal.find(key) is None:
            await self._went_on(key)

    def urge(self) -> None:
        """Hand in what waits as soon as nothing more is asked."""
        self.urged = True
        self._look()

    # -- asks that wait

    async def _add(self, key: bytes, call: Call, path: Path) -> None:
        await self._asker.ready()
        price = await self._asker.price_of(call.model)
        if key in self._over:
            return
        if self._asker.ended is not None:
            raise self._asker.ended.with_traceback(None)
        worst = Cost.of(price, call.most_prompt_tokens, call.most_completion_tokens, batch=True)
        request = {"custom_id": key.hex(), "method": "POST", "url": f"/v1{call.route}", "body": self._asker.body_of(call)}
        line = json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")
        self._over[key] = asyncio.get_running_loop().create_future()
        self._wait([_Waiting(key, json.dumps(list(path), ensure_ascii=False), call.model, worst, price, line)])

    def _wait(self, asks: Sequence[_Waiting]) -> None:
        for ask in asks:
            self._pool[ask.key] = ask
            self._bytes += len(ask.line)
            if len(self._pool) >= self._batching.size or self._bytes >= MOST_BYTES:
                self._go()
        self._quiet = 0
        self._look()

    def _look(self) -> None:
        if not self._looking and self._pool:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Once a turn of the loop, while something waits and need not."""
        self._quiet += 1
        if self._pool and self.urged and self._quiet < QUIET_TURNS:
            asyncio.get_running_loop().call_soon(self._turn)
            return
        self._looking = False
        if self._pool and self.urged:
            self._go()

    def _go(self) -> None:
        """All that waits becomes a batch."""
        asks, self._pool, self._bytes = list(self._pool.values()), {}, 0
        self._begin(self._batch(asks))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """`work` as a task; where it fails, all work ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._asker.stop(error if isinstance(error, Exception) else EndpointError("The batch was broken off."))

    def _watch(self) -> None:
        """When all work ends, nobody waits any longer."""
        if self._guard is None:
            self._guard = asyncio.get_running_loop().create_task(self._fail_at_the_end())

    async def _fail_at_the_end(self) -> None:
        await self._asker.end.wait()
        self._pool = {}
        for future in self._over.values():
            if not future.done() and self._asker.ended is not None:
                future.set_exception(self._asker.ended.with_traceback(None))
                future.exception()  # there may be nobody who waits
        self._over = {}

    def _tell(self, keys: Iterable[bytes]) -> None:
        """The batch of these is over: what came of them is in the journal."""
        for key in keys:
            future = self._over.pop(key, None)
            if future is not None and not future.done():
                future.set_result(None)
        self._quiet = 0
        self._look()

    # -- a batch

    async def _batch(self, asks: Sequence[_Waiting]) -> None:
        """A batch of as many as the limit allows, from the reservation to its last reply; the rest waits for it to settle."""
        count = await self._asker.purse.hold_some([ask.worst for ask in asks], asks[0].model)
        self._wait(asks[count:])
        mark = uuid.uuid4().hex
        sent = [_Sent(self._journal.next_send(), ask.key, ask.path, ask.worst, ask.price) for ask in asks[:count]]
        now = time.time()
        rows: list[Statement] = [
            (_INSERT, (one.send, one.key, ask.model, now, one.worst.pico, one.worst.tokens, mark))
            for one, ask in zip(sent, asks, strict=False)
        ]
        paths = {one.key.hex(): one.path for one in sent}
        await self._journal.commit([*rows, ("INSERT INTO batches VALUES (?, NULL, 'reserved', ?)", (mark, now))])
        await self._journal.learned(f"paths {mark}", json.dumps(paths, ensure_ascii=False))
        self._asker.flying += 1  # Ctrl-C waits for the provider's name of it
        try:
            provider = await self._made(mark, b"\n".join(ask.line for ask in asks[:count]))
        finally:
            self._asker.flying -= 1
        await self._collected(mark, provider, sent)

    async def _made(self, mark: str, content: bytes) -> str:
        """Upload, make the batch, and keep the provider's name of it."""
        file = await self._insisted(
            lambda: self._asker.client.upload(content, f"{mark}.jsonl", "batch"), "A file of requests cannot be handed in", NO_BATCHES
        )
        body = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {_MARK: mark}}
        batch = await self._insisted(lambda: self._asker.client.post("/batches", body, mark), "The batch cannot be made", NO_BATCHES)
        return await self._kept(mark, str(batch["id"]))

    async def _kept(self, mark: str, provider: str) -> str:
        await self._journal.commit(
            [
                ("UPDATE batches SET provider = ?, state = 'sent' WHERE id = ?", (provider, mark)),
                ("UPDATE sends SET state = 'sent' WHERE batch = ? AND state = 'reserved'", (mark,)),
            ]
        )
        return provider

    async def _collected(self, mark: str, provider: str, sent: Sequence[_Sent], *, earlier: bool = False) -> None:
        """Wait for the batch to be over; put its replies, failures and gaps into the journal.

        Args:
            earlier: it was handed in by another run, perhaps at another address.
        """
        self.handed_in += len(sent)
        try:
            batch = await self._looked_at(provider, earlier)
        finally:
            self.handed_in -= len(sent)
        if batch is None:
            await self._lost(mark, sent)
            return
        answered: dict[str, dict[str, Any]] = {}
        for name in ("output_file_id", "error_file_id"):
            if batch.get(name):
                answer = await self._answered(
                    lambda name=name: self._asker.client.get(f"/files/{batch[name]}/content"), f"The replies of {provider} cannot be had"
                )
                answered |= {line["custom_id"]: line for line in map(json.loads, answer.raw.splitlines()) if isinstance(line, dict)}
        statements = [statement for one in sent for statement in self._settled(one, answered.get(one.key.hex()), str(batch["status"]))]
        over = [("UPDATE batches SET state = 'over' WHERE id = ?", (mark,)), ("DELETE FROM facts WHERE name = ?", (f"paths {mark}",))]
        await self._journal.commit([*statements, *over])
        if batch["status"] == "failed" and not answered:
            raise EndpointError(
                f"The provider refuses the batch: {_errors(batch)}", where=self._asker.endpoint.url,
                remedy="Mend what it says (a smaller size, perhaps) and run again: every reply is kept, and this batch is not paid.",
            )  # fmt: skip
        self._tell(one.key for one in sent)

    async def _looked_at(self, provider: str, earlier: bool) -> dict[str, Any] | None:
        """The batch when it is over; None where an earlier one is not known here."""
        while True:
            try:
                batch = await self._insisted(
                    lambda: self._asker.client.get(f"/batches/{provider}"), f"The batch {provider} cannot be looked at"
                )
            except _Absent:
                if earlier:
                    return None
                raise
            if batch.get("status") in _OVER:
                return batch
            await self._pause(self._batching.poll_s)

    async def _lost(self, mark: str, sent: Sequence[_Sent]) -> None:
        """A batch that was handed in at another address: it may have been paid, and stays counted at its worst case."""
        for one in sent:
            self._asker.purse.settle(one.worst, one.worst)
        reason = "handed in at another address"
        await self._journal.commit(
            [
                ("UPDATE sends SET state = 'unknown', reason = ? WHERE batch = ? AND state IN ('reserved', 'sent')", (reason, mark)),
                ("UPDATE batches SET state = 'over' WHERE id = ?", (mark,)),
            ]
        )
        self._tell(one.key for one in sent)

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

    async def _went_on(self, key: bytes) -> bool:
        """Whether a request is in a batch, of this run or an earlier one; when it is, after that batch is over."""
        if self._earlier is None:
            self._earlier = asyncio.ensure_future(self._go_on())
        await asyncio.shield(self._earlier)
        found = self._over.get(key)
        if found is None:
            return False
        await asyncio.shield(found)
        return True

    async def _go_on(self) -> None:
        """Batches of earlier runs: gone on with where the provider has them, else taken back."""
        for mark, provider in self._journal.rows("SELECT id, provider FROM batches WHERE state != 'over'"):
            self._watch()
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
            for one in sent:
                self._over[one.key] = asyncio.get_running_loop().create_future()
            self._begin(self._collected(mark, provider, sent, earlier=True))

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

    async def _insisted(self, call: Any, complaint: str, remedy: str | None = None) -> dict[str, Any]:
        return (await self._answered(call, complaint, remedy)).body or {}

    async def _answered(self, call: Any, complaint: str, remedy: str | None = None) -> Answer:
        """A call about batches, tried again while the server is at fault. A batch is made under its mark, so that none is made twice."""
        for attempt in range(self._asker.endpoint.retries + 1):
            answer: Answer = await call()
            if answer.outcome == "good":
                return answer
            if answer.outcome in ("refused", "denied", "absent"):
                break
            await self._pause(min(30.0, self._asker.endpoint.backoff_s * 2.0**attempt))
        absent = answer.outcome == "absent"
        remedy = (remedy if absent else None) or "Run again: what was handed in is gone on with."
        raise (_Absent if absent else EndpointError)(f"{complaint}: {answer.reason}", where=self._asker.endpoint.url, remedy=remedy)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asker.end.wait(), seconds)
        if self._asker.ended is not None:
            raise self._asker.ended.with_traceback(None)


class _Absent(EndpointError):
    """There is nothing of that name."""


def _errors(batch: dict[str, Any]) -> str:
    """What a provider says of a batch that it does not take."""
    with suppress(KeyError, IndexError, TypeError):
        return str(batch["errors"]["data"][0]["message"])
    return "it does not say why."
