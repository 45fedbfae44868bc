"""Asking a language model from ordinary code: many programs at once, results in order, every reply kept.

    session = Session(Endpoint("http://127.0.0.1:8000/v1", "some-model"), journal="job.sqlite", budget=SpendingLimit(money="5"))

    async def row(number):
        reply = await session.ask(ChatRequest.of(f"Write review {number}."), path=("review", number))
        return reply.text

    with session:
        for text in session.run(row(number) for number in range(100_000)):
            ...

A program that is run again over the same journal gets the same replies without asking: the journal is the randomness. Killed at any
moment, the job goes on where it was.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from decimal import Decimal
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import BaseModel

from understudy.core.errors import ArgumentError, Cancelled, SinkError, UnderstudyError
from understudy.core.progress import ProgressLike, resolve_progress
from understudy.core.random import Stream
from understudy.text.llm import structured
from understudy.text.llm.asking import Asker
from understudy.text.llm.batch import Ask, BatchAsker, Batching
from understudy.text.llm.budget import Cost, Purse, Spending, SpendingLimit
from understudy.text.llm.endpoint import Endpoint
from understudy.text.llm.journal import Journal, Kept
from understudy.text.llm.prices import Price, Prices, money, read_prices
from understudy.text.llm.wire import CHAT, COMPLETIONS, EMBEDDINGS, Call, ChatRequest, Path, Reply, first_choice, usage_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from understudy.text.llm.estimate import Estimate

Result = TypeVar("Result")
GRACE_S = 30.0
"""How long a stopped session waits for replies that are under way: they are being paid for."""
_TOLD_EVERY_S = 0.25
_RATE_OVER_S = 10.0
_FINISHED_BADLY = {
    "length": "the reply was cut off at max_tokens={most}",
    "content_filter": "the provider's content filter held the reply back",
}


class Session:
    """Asks one endpoint, with a journal and a limit.

    Args:
        endpoint: where, and which model.
        journal: the file that keeps what was asked, answered and paid; used by one process at a time.
        budget: what all runs over this journal may spend together.
        concurrency: calls at once, at most.
        prices: of models; else the user's file and ours.
        batching: chat requests go through the provider's batch endpoint; None: each by itself.
        seed: gives every request that has none a seed of its own, from its path.
        retry_failed: ask again what earlier runs gave up.
        models: others that will be asked at the endpoint; whether they are there is found out before anything else is asked.
        progress: hears rate and cost.

    Raises:
        BudgetError: the limit is 0.
        EndpointError: the key is missing.
        SinkError, DataError: the journal cannot be used.
        MissingExtraError: httpx is not installed.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        journal: str | FilePath,
        budget: SpendingLimit | None = None,
        concurrency: int = 64,
        prices: Prices | None = None,
        batching: Batching | None = None,
        seed: int | None = None,
        retry_failed: bool = False,
        models: Sequence[str] = (),
        progress: ProgressLike = None,
    ) -> None:
        if concurrency < 1:
            raise ArgumentError(f"`concurrency` must be at least 1, not {concurrency}.")
        if budget is not None:
            budget.refuse_nothing()
        endpoint.secret()
        self.endpoint, self.concurrency, self._models = endpoint, concurrency, [one for one in models if one != endpoint.model]
        self._progress = resolve_progress(progress)
        self._owns_progress = self._progress is not progress
        self._stream = None if seed is None else Stream(seed)
        self._prices = prices or read_prices()
        self._journal = Journal(journal, retry_failed=retry_failed)
        before = list(self._journal.spent().values())
        spent = Cost(sum(part.pico for part in before), sum(part.tokens for part in before))
        self._purse = Purse(budget, spent, self._prices.currency, str(self._journal.path))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="understudy session", daemon=True)
        self._thread.start()
        self._closed = False
        self._spending: Spending | None = None
        self._batching = batching
        try:
            self._asker = self._call(self._new_asker())
            self._batches = BatchAsker(self._asker)
        except BaseException:
            self._end()
            raise

    # -- asking, inside programs

    async def ask(self, request: ChatRequest, *, path: Path = (), shape: type[BaseModel] | None = None) -> Reply:
        """The reply to a request that belongs to `path` in the data: its row, its field, its sample.

        The same request under the same path is asked once, ever; so requests without a path share their reply.

        Args:
            shape: a pydantic model that the reply must fit. One that does not is mended where its form alone is wrong, asked for once more
                with the validator's message, and then refused.

        Returns:
            The reply; where it cannot be used, `problem` says why.

        Raises:
            EndpointError, BudgetError, SinkError, Cancelled: nothing can be asked any more. What was answered is kept.
        """
        return await self._here(self._ask(request, path, shape))

    async def complete(self, prompt: str, *, path: Path = (), max_tokens: int = 256, model: str | None = None, **options: Any) -> Reply:
        """A raw completion of `prompt`, for models and servers that have them. Otherwise as `ask`."""
        body = {"model": model or self.endpoint.model, "prompt": prompt, "max_tokens": max_tokens, **options}
        return await self._here(self._completed(Call(COMPLETIONS, body), path))

    async def embed(self, texts: Sequence[str], *, model: str | None = None) -> NDArray[np.float64]:
        """One vector a text, as rows. Kept by content: the same texts together are embedded once.

        Raises:
            EndpointError: the endpoint embeds nothing; else as `ask`.
        """
        body = {"model": model or self.endpoint.model, "input": list(texts), "encoding_format": "float"}
        return await self._here(self._embedded(Call(EMBEDDINGS, body), len(texts)))

    # -- asking, from outside

    def run(
        self, programs: Iterable[Coroutine[Any, Any, Result]], window: int | None = None, *, total: int | None = None
    ) -> Iterator[Result]:
        """Run programs that ask, many at once, and give their results in order, in constant memory.

        Args:
            window: programs begun and not yet given; by default enough that a slow one holds up no other for long.
            total: of programs, for progress.

        Raises:
            Cancelled: the listener asked to stop. Whatever a program raises. In either case, and on Ctrl-C, what is under way is
                waited for and kept before.
        """
        if self._batching is not None:
            yield from self._run_in_batches(programs, self._batching, total)
            return
        window = window or max(256, 16 * self.concurrency)
        waiting: deque[Future[Result]] = deque()
        told = _Told(self, total)
        try:
            for program in programs:
                waiting.append(asyncio.run_coroutine_threadsafe(program, self._loop))
                if len(waiting) >= window:
                    yield self._result(waiting.popleft(), told)
            while waiting:
                yield self._result(waiting.popleft(), told)
            told.tell(last=True)
        finally:
            if waiting:
                self._drain(waiting)

    def run_batches(self, asks: Iterable[Ask], *, size: int = 10_000, poll_s: float = 30.0) -> Iterator[Reply]:
        """Replies to `asks` in order, through the provider's batch endpoint, `size` requests a batch.

        Raises:
            As `ask`. A batch that was handed in is gone on with in the next run, and not made again.
        """
        before, self._batching = self._batching, Batching(size, poll_s)
        try:
            yield from self.run(self.ask(one.request, path=one.path, shape=one.shape) for one in asks)
        finally:
            self._batching = before

    def _run_in_batches(self, programs: Iterable[Coroutine[Any, Any, Result]], batching: Batching, total: int | None) -> Iterator[Result]:
        """As `run`; so many programs are begun that two batches are full of what they ask.

        A batch goes off when it is full, or when all programs that are begun wait for replies and no other is to be begun.
        """
        begun, held, told, ended = 0, deque[Future[Result]](), _Told(self, total), _Count()
        source = iter(programs)
        more = True
        try:
            while more or held:
                self._batches.urged = False
                while more and begun - ended.count < batching.at_once and len(held) < 2 * batching.at_once:
                    program = next(source, None)
                    if program is None:
                        more = False
                        break
                    future = asyncio.run_coroutine_threadsafe(program, self._loop)
                    future.add_done_callback(ended)
                    held.append(future)
                    begun += 1
                if held and held[0].done():
                    yield self._result(held.popleft(), told)
                elif held:
                    self._loop.call_soon_threadsafe(self._batches.urge)
                    self._waited(held[0], told)
            told.tell(last=True)
        finally:
            self._batches.urged = True
            if held:
                self._drain(held)

    def _waited(self, future: Future[Any], told: _Told) -> None:
        """Until it is done, or for a moment."""
        told.tell()
        if self._progress.cancelled:
            raise Cancelled("Asking was stopped; every reply is kept.")
        self._require_running()
        wait([future], _TOLD_EVERY_S)

    def check(self) -> None:
        """Find out by one real call whether the endpoint answers, accepts the key and knows the model.

        Raises:
            EndpointError: it does not; nothing was spent. BudgetError: the limit does not allow even that.
        """
        self._call(self._asker.ready())

    def estimate(self, requests: Sequence[ChatRequest], *, total: int | None = None, tries: int = 5, confidence: float = 0.9) -> Estimate:
        """What `requests` (or `total` requests like them) will cost, from asking `tries` of them. Their replies are kept and paid once."""
        from understudy.text.llm.estimate import estimate

        return estimate(self, requests, total=total, tries=tries, confidence=confidence)

    def spent(self) -> Spending:
        """What all runs over this journal have spent so far; while requests are under way, they count at their worst case."""
        if self._spending is not None:
            return self._spending
        self._call(self._journal.flush())
        return Spending.of(self._journal.spent(), self._prices.currency)

    def price(self, model: str | None = None) -> Price | None:
        """What the model's tokens cost, from wherever that is known; None where it is not."""
        return self._call(self._asker.price_of(model or self.endpoint.model))

    def worst(self, requests: Sequence[ChatRequest], total: int | None = None) -> Decimal | None:
        """What so many requests like these may cost at most; None where no price is known."""
        calls = [Call(CHAT, request.body(self.endpoint.model)) for request in requests]
        prices = [self.price(call.model) for call in calls]
        if not calls or None in prices:
            return None
        most = [
            price.pico(call.most_prompt_tokens, call.most_completion_tokens)
            for price, call in zip(prices, calls, strict=True)
            if price is not None
        ]
        return money(max(most) * (len(calls) if total is None else total))

    @property
    def currency(self) -> str:
        return self._prices.currency

    def counts(self) -> dict[str, int]:
        """How many sendings are in each state; replies; requests given up."""
        return self._journal.counts()

    def answered_at(self, place: str) -> int:
        """Replies whose path begins with `place`, of all runs over the journal."""
        self._call(self._journal.flush())
        return self._journal.replies_at(place)

    def stop(self, error: UnderstudyError | None = None) -> None:
        """Send nothing more; what is under way comes to its end and is kept. Programs that ask for more get `error`, or `Cancelled`."""
        error = Cancelled("Asking was stopped; every reply is kept.") if error is None else error
        self._loop.call_soon_threadsafe(self._asker.stop, error)

    def close(self) -> None:
        """Wait for what is under way, and let go of the journal."""
        if self._closed:
            return
        if self._thread.is_alive():
            self.stop()
            with suppress(KeyboardInterrupt):
                self._call(self._landed())
            self._call(self._asker.close())
            with suppress(SinkError):
                self._spending = self.spent()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- inside the loop

    async def _ask(self, request: ChatRequest, path: Path, shape: type[BaseModel] | None) -> Reply:
        request = self._seeded(request, path)
        schema = None if shape is None else structured.schema_of(shape)
        reply = await self._tried(request, path, schema, 0)
        if shape is None or reply.problem is not None:
            return reply
        reading = structured.read(reply.text, shape)
        if reading.fault is not None:
            again = structured.asked_again(request, reply.text, reading.fault)
            reply = _after(reply, await self._tried(again, path, schema, 1))
            if reply.problem is not None:
                return reply
            reading = structured.read(reply.text, shape)
        if not reply.kept:
            verdict = "mended" if reading.mended else "valid" if reading.fault is None else f"refused: {reading.fault}"
            self._journal.judged(bytes.fromhex(reply.key), verdict)
        problem = None if reading.fault is None else f"the reply does not fit, twice: {reading.fault}"
        return _with(reply, value=reading.value, problem=problem)

    async def _tried(self, request: ChatRequest, path: Path, schema: dict[str, Any] | None, attempt: int) -> Reply:
        call = Call(CHAT, request.body(self.endpoint.model), schema)
        key = call.key(path, attempt)
        if self._batching is not None:
            kept = await self._batches.answer(call, path, attempt, self._batching)
        else:
            await self._batches.come(key)
            kept = await self._asker.answer(call, path, attempt)
        return _reply(call, kept, key, attempt + 1)

    async def _completed(self, call: Call, path: Path) -> Reply:
        return _reply(call, await self._asker.answer(call, path), call.key(path), 1)

    async def _embedded(self, call: Call, rows: int) -> NDArray[np.float64]:
        import numpy as np

        from understudy.core.errors import EndpointError

        kept = await self._asker.answer(call, ())
        try:
            if kept.body is None:
                raise ValueError(kept.problem)
            found = sorted(kept.body["data"], key=lambda entry: entry["index"])
            vectors = np.array([entry["embedding"] for entry in found], dtype=np.float64)
            if vectors.ndim != 2 or len(vectors) != rows:
                raise ValueError(f"{len(found)} vectors for {rows} texts")
        except (KeyError, TypeError, ValueError) as error:
            remedy = "Name a model that embeds."
            raise EndpointError(f"The endpoint embeds nothing: {error}", where=self.endpoint.url, remedy=remedy) from None
        return vectors

    def _seeded(self, request: ChatRequest, path: Path) -> ChatRequest:
        if self._stream is None or request.seed is not None:
            return request
        seed = int.from_bytes(self._stream.child("ask", *path).key[:4], "little") >> 1
        return request.model_copy(update={"seed": seed})

    async def _here(self, work: Coroutine[Any, Any, Result]) -> Result:
        """`work` in the session's own loop, whichever loop asks."""
        if asyncio.get_running_loop() is self._loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _new_asker(self) -> Asker:
        return Asker(self.endpoint, self._journal, self._purse, self._prices, self.concurrency, self._progress.note, self._models)

    async def _landed(self) -> None:
        """Until nothing is under way, or the grace is over."""
        end = time.monotonic() + GRACE_S
        while self._asker.flying and time.monotonic() < end:
            await asyncio.sleep(0.01)

    # -- outside it

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        while True:
            with suppress(NotYet):
                return future.result(_TOLD_EVERY_S)
            if future.done():
                return future.result()
            self._require_running()

    def _require_running(self) -> None:
        if not self._thread.is_alive():
            raise UnderstudyError(
                "A program has ended the session's thread, by SystemExit perhaps.", remedy="Let programs raise ordinary errors."
            )

    def _result(self, future: Future[Result], told: _Told) -> Result:
        while True:
            told.tell()
            if self._progress.cancelled:
                raise Cancelled("Asking was stopped; every reply is kept.")
            try:
                result = future.result(_TOLD_EVERY_S)
            except NotYet:
                if future.done():
                    raise
                self._require_running()
                continue
            told.done += 1
            return result

    def _drain(self, waiting: deque[Future[Any]]) -> None:
        """Stop, and wait for what is under way: it is being paid for."""
        with suppress(KeyboardInterrupt, UnderstudyError):
            self._require_running()
            self.stop()
            self._call(self._landed())
        for future in waiting:
            future.cancel()

    def _end(self) -> None:
        self._closed = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(_cancelled_rest())
        self._loop.close()
        self._journal.close()
        if self._owns_progress:
            self._progress.close()

    @property
    def asker(self) -> Asker:
        return self._asker

    @property
    def journal(self) -> Journal:
        return self._journal


class _Told:
    """What the listener hears while programs run: done, replies a second over the last seconds, money, calls at once."""

    def __init__(self, session: Session, total: int | None) -> None:
        self.done = 0
        self._session, self._total, self._at = session, total, 0.0
        self._marks: deque[tuple[float, int]] = deque()
        session._progress.stage("ask", total)

    def tell(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._at < _TOLD_EVERY_S:
            return
        self._at = now
        asker, purse = self._session.asker, self._session._purse
        self._marks.append((now, asker.tally.answered))
        while now - self._marks[0][0] > _RATE_OVER_S:
            self._marks.popleft()
        since, answered = self._marks[0]
        rate = (asker.tally.answered - answered) / (now - since) if now > since else 0.0
        cost = f"{money(purse.pico):.4f} {self._session._prices.currency}"
        handed_in = {"in batches": self._session._batches.handed_in} if self._session._batching is not None else {}
        self._session._progress.advance(
            self.done, **{"replies/s": round(rate, 1), "cost": cost, "tokens": f"{purse.tokens:,}", "at once": asker.flying, **handed_in}
        )


class _Count:
    """Counts the futures that are done; called in the loop's thread alone."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _: Future[Any]) -> None:
        self.count += 1


async def _cancelled_rest() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _reply(call: Call, kept: Kept, key: bytes, tries: int) -> Reply:
    if kept.body is None:
        return Reply(problem=kept.problem, model=call.model, kept=not kept.fresh, tries=tries, key=key.hex())
    text, finish, tool_calls = first_choice(kept.body)
    problem = _FINISHED_BADLY.get(finish or "")
    if problem is None and not text and not tool_calls:
        problem = "the reply is empty"
    return Reply(
        text=text,
        problem=None if problem is None else problem.format(most=call.most_completion_tokens),
        finish_reason=finish,
        usage=usage_of(kept.body),
        tool_calls=tool_calls,
        model=str(kept.body.get("model") or call.model),
        cost=None if kept.pico is None else money(kept.pico),
        kept=not kept.fresh,
        tries=tries,
        key=key.hex(),
    )


def _after(first: Reply, second: Reply) -> Reply:
    """A reply that was asked for twice, with what both took."""
    usage = None if first.usage is None or second.usage is None else first.usage + second.usage
    return _with(second, usage=usage, cost=None if first.cost is None or second.cost is None else first.cost + second.cost)


def _with(reply: Reply, **changes: Any) -> Reply:
    from dataclasses import replace

    return replace(reply, **changes)
