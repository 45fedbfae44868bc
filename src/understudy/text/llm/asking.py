"""One request until it is answered.

    permit → worst case held back → `sent` on the disk → call → reply and cost on the disk → whoever asked

A call that the server limits or fails is sent again after a while, as the server says or twice as long each time, with some chance in
it; so is one whose reply was lost, whose worst case stays counted. What ends all work (nothing answers, the key or the model is
refused, the limit is reached) is raised for everybody; what is wrong with one request is kept as its problem.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from understudy.core.errors import EndpointError, did_you_mean
from understudy.text.llm.budget import Cost, Purse
from understudy.text.llm.client import Answer, Client
from understudy.text.llm.endpoint import Endpoint
from understudy.text.llm.journal import Journal, Kept
from understudy.text.llm.limiter import Limiter
from understudy.text.llm.prices import Price, Prices, stated_price
from understudy.text.llm.structured import can_be_strict, mended, told_in_words
from understudy.text.llm.wire import CHAT, Call, ChatRequest, Path, Usage, first_choice, usage_of

LONGEST_WAIT_S = 30.0
CHECKS = 3
_READY: dict[str, Any] = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
_STRUCTURED, _LENGTH = "structured", "length"


@dataclass
class Tally:
    """What happened so far, for whoever watches."""

    answered: int = 0
    kept: int = 0
    limited: int = 0
    failed: int = 0
    lost: int = 0
    unmetered: int = 0


class Asker:
    """Asks one endpoint. Lives in one event loop.

    Attributes:
        end: set when nothing more is to be sent, because of `ended`.
        flying: calls between `sent` and `stored`.
        tally: what happened.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        journal: Journal,
        purse: Purse,
        prices: Prices,
        concurrency: int,
        note: Callable[[str], None],
        models: Sequence[str] = (),
    ) -> None:
        self.endpoint, self.journal, self.purse = endpoint, journal, purse
        self.client = Client(endpoint)
        self.tally = Tally()
        self.flying = 0
        self.ended: Exception | None = None
        self._prices, self._concurrency, self._note, self._others = prices, concurrency, note, list(dict.fromkeys(models))
        self._limiters: dict[str, Limiter] = {}
        self._shared: dict[bytes, asyncio.Future[Kept]] = {}
        self._stated: asyncio.Future[dict[str, Price]] | None = None
        self._checked: asyncio.Future[None] | None = None
        self.end = asyncio.Event()
        self._last_good = time.monotonic()
        self._facts = {name: journal.fact(name) for name in (_STRUCTURED, _LENGTH)}

    async def answer(self, call: Call, path: Path, attempt: int = 0) -> Kept:
        """The reply to a call: from the journal, from another who asks the same just now, or from the endpoint.

        Raises:
            EndpointError, BudgetError, SinkError: nobody can be asked any more.
            Cancelled: work was stopped.
        """
        key = call.key(path, attempt)
        found = self.journal.find(key)
        if found is not None:
            self.tally.kept += 1
            return found
        if self.ended is not None:
            raise self.ended.with_traceback(None)
        shared = self._shared.get(key)
        if shared is not None:
            return await asyncio.shield(shared)
        shared = self._shared[key] = asyncio.get_running_loop().create_future()
        try:
            kept = await self._asked(call, key, json.dumps(list(path), ensure_ascii=False))
        except BaseException as error:
            shared.set_exception(error if isinstance(error, Exception) else EndpointError("The request was broken off."))
            with suppress(Exception):
                shared.exception()
            raise
        finally:
            del self._shared[key]
        shared.set_result(kept)
        return kept

    async def ready(self) -> None:
        """Find out by one real call whether the endpoint answers at all, and whether it holds to a schema. Once a session."""
        if self._checked is None:
            self._checked = asyncio.ensure_future(self._check_all())
        await asyncio.shield(self._checked)

    async def price_of(self, model: str) -> Price | None:
        """Given, from the prices files, or as the server states; None where nobody knows."""
        price = (self.endpoint.price if model == self.endpoint.model else None) or self._prices.of(model)
        if price is None:
            if self._stated is None:
                self._stated = asyncio.ensure_future(self._stated_prices())
            price = (await asyncio.shield(self._stated)).get(model)
        return price

    def stop(self, error: Exception) -> None:
        """Send nothing more. Calls under way come to their end; all who wait get `error`."""
        if self.ended is None:
            self.ended = error
            self.end.set()
            self.purse.fail(error)
            for limiter in self._limiters.values():
                limiter.fail(error)

    async def close(self) -> None:
        await self.client.close()

    @property
    def window(self) -> int:
        """Calls at once that the limiters allow now."""
        return sum(int(limiter.window) for limiter in self._limiters.values())

    # -- one request

    async def _asked(self, call: Call, key: bytes, path: str, *, check: bool = False) -> Kept:
        if not check and call.route == CHAT:
            await self.ready()
        limiter = self.limiter(call.model)
        price = await self.price_of(call.model)
        worst = Cost.of(price, call.most_prompt_tokens, call.most_completion_tokens)
        failures = 0
        while True:
            answer, sent_at = await self._sent(call, key, path, worst, price, limiter)
            if answer.outcome == "good":
                limiter.went_well()
                self._last_good = time.monotonic()
                return Kept(answer.body, None, self.cost_of(answer.body or {}, worst, price)[1].pico, fresh=True)
            if answer.outcome in ("denied", "absent"):
                raise self._over(await self._refused(answer, call.model))
            if answer.outcome == "refused":
                if await self._adapted(answer):
                    continue
                return await self._given_up(key, path, answer.reason, check)
            self._slow_down(answer, limiter, sent_at)
            failures += answer.outcome in ("failed", "lost")
            if failures > self.endpoint.retries:
                return await self._given_up(key, path, f"gave up after {failures} tries; the last: {answer.reason}", check)
            await self._wait(key, failures, answer)

    async def _sent(self, call: Call, key: bytes, path: str, worst: Cost, price: Price | None, limiter: Limiter) -> tuple[Answer, float]:
        """Send once; when it returns, what came of it is settled, and a good reply is on the disk."""
        if self.ended is not None:
            raise self.ended.with_traceback(None)
        await limiter.prepare()
        self.flying += 1
        try:
            send = await self._noted(call, key, worst)
            try:
                await limiter.depart(worst.tokens)
            except Exception:
                self._settle(send, "failed", "stopped before it was sent", worst, Cost(0, 0))
                raise
            sent_at = time.monotonic()
            try:
                answer = _readable(call, await self.client.post(call.route, self.body_of(call), key.hex()))
            finally:
                limiter.landed()
        finally:
            self.flying -= 1
            limiter.release()
        self.flying += 1  # its permit is free, but it is not on the disk yet
        try:
            await self._noted_answer(answer, send, key, path, worst, price)
        finally:
            self.flying -= 1
        return answer, sent_at

    async def _noted(self, call: Call, key: bytes, worst: Cost) -> int:
        """Hold back the worst case, and note on the disk that this is about to be sent."""
        try:
            await self.purse.hold(worst, call.model)
            send = self.journal.next_send()
            await self.journal.sent(send, key, call.model, worst)
        except Exception as error:
            self._over(error)
            raise
        return send

    async def _noted_answer(self, answer: Answer, send: int, key: bytes, path: str, worst: Cost, price: Price | None) -> None:
        if answer.outcome == "good":
            usage, cost = self.cost_of(answer.body or {}, worst, price)
            await self.journal.stored(send, key, path, answer.raw, usage, cost, None if price is None else price.source)
            self.purse.settle(worst, cost)
            self.tally.answered += 1
        elif answer.outcome == "lost":
            self._settle(send, "unknown", answer.reason, worst, worst)
        else:
            self._settle(send, "failed", answer.reason, worst, Cost(0, 0))

    def _settle(self, send: int, state: str, reason: str, held: Cost, cost: Cost) -> None:
        self.journal.ended(send, state, reason)
        self.purse.settle(held, cost)

    def body_of(self, call: Call) -> dict[str, Any]:
        """The body as this server wants it told."""
        body = dict(call.body)
        length = self._facts[_LENGTH]
        if length is not None and "max_tokens" in body:
            body[length] = body.pop("max_tokens")
        if call.schema is None:
            return body
        if self._facts[_STRUCTURED] == "words":
            told = {"role": "system", "content": told_in_words(call.schema)}
            return {**body, "messages": [told, *body["messages"]]}
        shape = {"name": "reply", "schema": call.schema, **({"strict": True} if can_be_strict(call.schema) else {})}
        return {**body, "response_format": {"type": "json_schema", "json_schema": shape}}

    def cost_of(self, body: dict[str, Any], worst: Cost, price: Price | None, *, batch: bool = False) -> tuple[Usage | None, Cost]:
        """What a reply cost by the server's own count; its worst case where the server does not say, or says what cannot be."""
        usage = usage_of(body)
        if usage is not None and "choices" in body and not usage.completion_tokens and first_choice(body)[0]:
            usage = None
        if usage is None:
            self.tally.unmetered += 1
            return None, worst
        return usage, Cost.of(price, usage.prompt_tokens, usage.completion_tokens, batch=batch)

    async def _given_up(self, key: bytes, path: str, problem: str, check: bool) -> Kept:
        if not check:
            await self.journal.given_up(key, path, problem)
        return Kept(None, problem, fresh=True)

    # -- waiting

    def limiter(self, model: str) -> Limiter:
        if model not in self._limiters:
            self._limiters[model] = Limiter(
                self._concurrency,
                requests_per_minute=self.endpoint.requests_per_minute,
                tokens_per_minute=self.endpoint.tokens_per_minute,
            )
        return self._limiters[model]

    def _slow_down(self, answer: Answer, limiter: Limiter, sent_at: float) -> None:
        if answer.outcome == "limited":
            self.tally.limited += 1
            limiter.was_too_much(sent_at, answer.retry_after_s)
        elif answer.outcome == "lost":
            self.tally.lost += 1
        else:
            self.tally.failed += 1

    async def _wait(self, key: bytes, failures: int, answer: Answer) -> None:
        """Before a retry. Raises where there is no sense in more: nothing ever answered, or there was no good reply for too long."""
        if answer.outcome == "unreachable" and not self.tally.answered:
            raise self._over(self._down(answer))
        without_s = time.monotonic() - self._last_good + (answer.retry_after_s or 0.0)
        if without_s > self.endpoint.patience_s:
            asked = f", which asks to wait {answer.retry_after_s:g} s" if answer.retry_after_s else ""
            raise self._over(
                EndpointError(
                    f"No good reply for {self.endpoint.patience_s:g} s; the last call: {answer.reason}{asked}",
                    where=self.endpoint.url,
                    remedy="Run again when it answers: every reply is kept and not asked for again.",
                )
            )
        chance = int.from_bytes(blake2b(key, digest_size=4, salt=failures.to_bytes(8, "little")).digest(), "little") / 2**32
        wait_s = min(LONGEST_WAIT_S, self.endpoint.backoff_s * 2.0 ** max(0, failures - 1)) * (0.5 + chance)
        if answer.retry_after_s is not None:
            wait_s = answer.retry_after_s * (1 + 0.1 * chance)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.end.wait(), wait_s)

    # -- the endpoint

    async def _check_all(self) -> None:
        """The endpoint with its model, and the other models that will be asked there."""
        await self._check()
        for model in self._others:
            if self.journal.fact(f"checked {model}") == self.endpoint.url:
                continue
            call = Call(CHAT, ChatRequest.of('Answer with the JSON object {"ready": true}.', max_tokens=64, temperature=0.0).body(model))
            kept = await self._asked(call, call.key(("check", model)), json.dumps(["check", model]), check=True)
            if kept.body is None:
                raise self._over(EndpointError(f'The model "{model}" refuses a plain request: {kept.problem}', where=self.endpoint.url))
            await self.journal.learned(f"checked {model}", self.endpoint.url)

    async def _check(self) -> None:
        """One real call: other ways to ask after a server's health fail on servers that are well."""
        request = ChatRequest.of('Answer with the JSON object {"ready": true}.', max_tokens=64, temperature=0.0)
        call = Call(CHAT, request.body(self.endpoint.model), _READY)
        if self.journal.fact("checked") == self.endpoint.url:
            return
        self._facts = dict.fromkeys(self._facts)  # what another address understood says nothing of this one
        for attempt in range(CHECKS):
            kept = await self._asked(call, call.key(("check",), attempt), '["check"]', check=True)
            if kept.body is None:
                raise self._over(EndpointError(f"The endpoint refuses a plain request: {kept.problem}", where=self.endpoint.url))
            text, finish, _ = first_choice(kept.body)
            if self._facts[_STRUCTURED] == "words" or '"ready"' in (mended(text) or "") or (finish == "length" and not text):
                break
        else:
            await self._learned(_STRUCTURED, "words")
            self._note(f"{self.endpoint.url} ignores response_format; schemas are told in words, and every reply is validated as ever.")
        if self._facts[_STRUCTURED] is None:
            await self._learned(_STRUCTURED, "schema")
        await self.journal.learned("checked", self.endpoint.url)

    async def _adapted(self, answer: Answer) -> bool:
        """Whether a refusal tells how to ask otherwise."""
        reason = answer.reason
        if "max_completion_tokens" in reason and self._facts[_LENGTH] is None:
            await self._learned(_LENGTH, "max_completion_tokens")
            return True
        if self._facts[_STRUCTURED] != "words" and any(word in reason for word in ("response_format", "json_schema")):
            await self._learned(_STRUCTURED, "words")
            self._note(f"{self.endpoint.url} takes no response_format ({reason}); schemas are told in words.")
            return True
        return False

    async def _learned(self, name: str, value: str) -> None:
        self._facts[name] = value
        await self.journal.learned(name, value)

    async def _refused(self, answer: Answer, model: str) -> EndpointError:
        url = self.endpoint.url
        if answer.status in (402, 429):
            remedy = "Pay, or name another key, and run again: every reply is kept and not asked for again."
            return EndpointError(f"The provider wants to be paid first: {answer.reason}", where=url, remedy=remedy)
        if answer.outcome == "denied":
            given = "The key is refused" if self.endpoint.secret() else "A key is needed"
            variable = self.endpoint.key_env or "OPENAI_API_KEY"
            remedy = f"Put the key into {variable} and give key_env={variable!r}."
            return EndpointError(f"{given}: {answer.reason}", where=url, remedy=remedy)
        known = await self._models()
        if known and model not in known:
            return EndpointError(f'There is no model "{model}": {answer.reason}', where=url, remedy=did_you_mean(model, known))
        return EndpointError(
            f"Nothing is there to ask: {answer.reason}", where=url, remedy='Is the model\'s name right, and does the address end in "/v1"?'
        )

    def _down(self, answer: Answer) -> EndpointError:
        return EndpointError(
            f"The endpoint is down: {answer.reason}", where=self.endpoint.url, remedy="Start it, or mend the address. Nothing was spent."
        )

    async def _models(self) -> list[str]:
        return [str(entry["id"]) for entry in await self._listed()]

    async def _stated_prices(self) -> dict[str, Price]:
        prices = {str(entry["id"]): stated_price(entry) for entry in await self._listed()}
        return {model: price for model, price in prices.items() if price is not None}

    async def _listed(self) -> list[dict[str, Any]]:
        """What the server says it has; nothing where it does not say."""
        for attempt in range(CHECKS):
            answer = await self.client.get("/models")
            if answer.outcome not in ("limited", "failed", "lost"):
                break
            await asyncio.sleep(self.endpoint.backoff_s * 2**attempt)
        entries = (answer.body or {}).get("data")
        return [entry for entry in entries if isinstance(entry, dict) and "id" in entry] if isinstance(entries, list) else []

    def _over(self, error: Exception) -> Exception:
        """This ends all work."""
        self.stop(error)
        return error


def _readable(call: Call, answer: Answer) -> Answer:
    """A good answer whose body is not what such a call answers is a lost one."""
    if answer.outcome != "good":
        return answer
    try:
        if "data" in (answer.body or {}):
            return answer
        first_choice(answer.body or {})
    except (KeyError, IndexError, TypeError, AttributeError):
        return Answer("lost", reason="the reply cannot be read: it holds no choice", status=answer.status)
    return answer
