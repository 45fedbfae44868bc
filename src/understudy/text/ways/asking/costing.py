"""What a data set will cost, from making a few of its rows: an interval for the whole. Their replies are kept, and not paid again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.text.llm.estimate import Range, predicted
from understudy.text.llm.prices import money, read_prices

if TYPE_CHECKING:
    from understudy.text.generator import Texts
    from understudy.text.llm.session import Session
    from understudy.text.llm.wire import ChatRequest, Reply, Usage
    from understudy.text.quality.declared import SpecJudge


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
        self._session, self.batched = session, batched
        self.tokens, self.money, self.priced = 0, Decimal(0), True

    async def ask(self, request: ChatRequest, **options: Any) -> Reply:
        reply = await self._session.ask(request, **options)
        if reply.usage is not None:
            self.tokens += reply.usage.prompt_tokens + reply.usage.completion_tokens
            cost = await self._at_the_price_of_batches(request, reply.usage) if self.batched else reply.cost
            self.priced = self.priced and cost is not None
            self.money += cost or Decimal(0)
        return reply

    def run(self, programs: Any) -> Any:
        return self._session.run(programs)

    async def _at_the_price_of_batches(self, request: ChatRequest, usage: Usage) -> Decimal | None:
        price = await self._session.asker.price_of(request.model or self._session.endpoint.model)
        return None if price is None else money(price.pico(usage.prompt_tokens, usage.completion_tokens, batch=True))


class _Bill:
    """What each of the tried rows costs, as its parts come in."""

    def __init__(self, rows: int) -> None:
        self.tokens, self.money, self.priced = [0.0] * rows, [0.0] * rows, True

    def add(self, place: int, session: Session, meter: Metered, before: Any) -> None:
        """What the meter saw; or what the session spent since `before`, where that is more, as replies that could not be used are paid."""
        after = session.spent()
        self.priced = self.priced and meter.priced
        self.tokens[place] += max(meter.tokens, after.tokens - before.tokens)
        self.money[place] += float(meter.money if meter.batched else max(meter.money, after.money - before.money))


def estimated(
    texts: Texts, n: int, *, seed: int, given: Any = None, tries: int, confidence: float = 0.9, judges: Iterable[SpecJudge] = ()
) -> RowCosts:
    """Make `tries` rows, spread over all `n`, have the judges of filters grade them, and reckon. Errors are those of `Session`."""
    if n < 1 or tries < 2:
        raise ArgumentError("An estimate needs a row, and at least 2 tries.", where="n")
    if texts.spec.way == "evolution":
        remedy = "Set a limit: llm: {budget: {tokens: …}}; it holds for all votes together."
        raise ArgumentError("What evolution will ask depends on its votes, and is not reckoned before.", where="way", remedy=remedy)
    numbers = np.unique(np.arange(tries) * n // tries) if n >= tries else np.arange(n)
    bill, failed = _Bill(len(numbers)), 0
    if texts.spec.way == "llm":
        frames, failed = _asked(texts, numbers, seed, given, bill)
    else:
        made = pl.concat(list(texts.stream(len(numbers), seed=seed, given=given)))
        frames = [made[place] for place in range(made.height)]
    for judge in judges:
        with judge.session(batched=False) as session:
            session.check()
            for place, frame in enumerate(frames):
                before, meter = session.spent(), Metered(session, judge.batched)
                if frame is not None:
                    judge.over(meter).score(frame)
                bill.add(place, session, meter, before)
    costs = predicted(bill.money, n, confidence) if bill.priced else None
    return RowCosts(n, len(numbers), failed, predicted(bill.tokens, n, confidence), costs, read_prices().currency, confidence)


def _asked(texts: Texts, numbers: NDArray[np.int64], seed: int, given: Any, bill: _Bill) -> tuple[list[pl.DataFrame | None], int]:
    """Rows that the way asks for, with what each costs; None for those that could not be made, and how many these are."""
    way: Any = texts._way
    stream = texts._stream_of(Stream(seed))
    rows = texts._rows.frame(texts._prepare(given), numbers, stream)
    found: list[pl.DataFrame | None] = []
    way._program.reuses = 0
    batched = way.section.batches is not None
    with way.session(batched=False) as session:  # a batch takes its time, and a few rows cost little
        session.check()  # what finding out costs is no row's
        for place, (row, number) in enumerate(zip(rows.iter_rows(named=True), numbers.tolist(), strict=True)):
            before, meter = session.spent(), Metered(session, batched)
            (made,) = session.run([way._program.made(meter, row, number, stream)])
            bill.add(place, session, meter, before)
            frame = rows[place].select(texts._rows.visible).hstack(way._frame([made]))
            found.append(frame if made.problem is None else None)
    return found, sum(frame is None for frame in found)
