"""What a data set will cost, from making a few of its rows: an interval for the whole. Their replies are kept, and not paid again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.text.llm.estimate import Range, predicted
from understudy.text.llm.prices import money

if TYPE_CHECKING:
    from understudy.text.generator import Texts
    from understudy.text.llm.session import Session
    from understudy.text.llm.wire import ChatRequest, Reply, Usage


@dataclass(frozen=True)
class RowCosts:
    """The cost of `rows` rows, from `asked` of them, `failed` of which could not be made.

    tokens: in and out. money: None where no price is known. confidence: of the intervals, for the whole.
    """

    rows: int
    asked: int
    failed: int
    tokens: Range
    money: Range | None
    currency: str
    confidence: float

    def in_words(self) -> str:
        """A few lines for people."""
        level = f"{self.confidence:.0%}"
        tokens = f"{self.tokens.expected:,.0f} tokens ({self.tokens.low:,.0f} to {self.tokens.high:,.0f} at {level})"
        cost = "an unknown amount of money: no price is known"
        if self.money is not None:
            cost = f"{self.money.expected:.4f} {self.currency} ({self.money.low:.4f} to {self.money.high:.4f})"
        failed = f"; {self.failed} of them could not be made" if self.failed else ""
        return f"{self.rows:,} rows: {cost}, {tokens}, from {self.asked} rows{failed}"

    def to_json(self) -> dict[str, Any]:
        money = None if self.money is None else self.money.__dict__
        return {**self.__dict__, "tokens": self.tokens.__dict__, "money": money}


class Metered:
    """A session that counts what one row's replies cost, those too that were kept from before; by batches, at their price."""

    def __init__(self, session: Session, batched: bool) -> None:
        self._session, self._batched = session, batched
        self.tokens, self.money, self.priced = 0, Decimal(0), True

    async def ask(self, request: ChatRequest, **options: Any) -> Reply:
        reply = await self._session.ask(request, **options)
        if reply.usage is not None:
            self.tokens += reply.usage.prompt_tokens + reply.usage.completion_tokens
            cost = await self._at_the_price_of_batches(request, reply.usage) if self._batched else reply.cost
            self.priced = self.priced and cost is not None
            self.money += cost or Decimal(0)
        return reply

    async def _at_the_price_of_batches(self, request: ChatRequest, usage: Usage) -> Decimal | None:
        price = await self._session.asker.price_of(request.model or self._session.endpoint.model)
        return None if price is None else money(price.pico(usage.prompt_tokens, usage.completion_tokens, batch=True))


def estimated(texts: Texts, n: int, *, seed: int, given: Any = None, tries: int, confidence: float = 0.9) -> RowCosts:
    """Make `tries` rows, spread over all `n`, and reckon. Errors are those of `Session`."""
    if n < 1 or tries < 2:
        raise ArgumentError("An estimate needs a row, and at least 2 tries.", where="n")
    way: Any = texts._way
    stream = texts._stream_of(Stream(seed))
    numbers = np.unique(np.arange(tries) * n // tries) if n >= tries else np.arange(n)
    rows = texts._rows.frame(texts._prepare(given), numbers, stream)
    tokens: list[float] = []
    costs: list[float] = []
    failed, priced, batched = 0, True, way.section.batches is not None
    with way.session(batched=False) as session:  # a batch takes its time, and a few rows cost little
        session.check()  # what finding out costs is no row's
        for row, number in zip(rows.iter_rows(named=True), numbers.tolist(), strict=True):
            before, meter = session.spent(), Metered(session, batched)
            (made,) = session.run([way._program.made(meter, row, number, stream)])
            after = session.spent()
            failed += made.problem is not None
            priced = priced and meter.priced
            tokens.append(float(max(meter.tokens, after.tokens - before.tokens)))
            costs.append(float(meter.money if batched else max(meter.money, after.money - before.money)))
        currency = session.currency
    total = predicted(costs, n, confidence) if priced else None
    return RowCosts(n, len(tokens), failed, predicted(tokens, n, confidence), total, currency, confidence)
