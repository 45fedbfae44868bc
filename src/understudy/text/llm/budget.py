"""Spending and its limit. Before a request is sent its worst case is held back; when its reply is there, what it cost takes the place.

A limit is therefore never passed, however many requests are under way: those that do not fit wait for others to settle, and when none
is left to wait for, work ends. What was sent and never answered stays counted at its worst case: it may have been paid.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from understudy.core.errors import ArgumentError, BudgetError
from understudy.text.llm.prices import PICO, Price, money


@dataclass(frozen=True)
class SpendingLimit:
    """What a job may spend at most, all runs over the same journal together. None: no limit of that kind.

    Args:
        money: in the currency of the prices; text, a number or Decimal.
        tokens: in and out together.

    Raises:
        ArgumentError: a limit is negative or no number.
    """

    money: Decimal | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if self.money is not None:
            object.__setattr__(self, "money", _decimal(self.money))
        if self.tokens is not None and (isinstance(self.tokens, bool) or not isinstance(self.tokens, int) or self.tokens < 0):
            raise ArgumentError(f"A limit in tokens must be an integer of at least 0, not {self.tokens!r}.", where="budget")

    def refuse_nothing(self) -> None:
        """Raise `BudgetError` where it allows nothing at all."""
        for kind, value in (("money", self.money), ("tokens", self.tokens)):
            if value == 0:
                raise BudgetError(f"The spending limit is 0 ({kind}): nothing can be asked.", where="budget", remedy="Raise it.")


@dataclass(frozen=True)
class Cost:
    """What a request costs, or may cost at most. `pico` is None where no price is known."""

    pico: int | None
    tokens: int

    @classmethod
    def of(cls, price: Price | None, prompt_tokens: int, completion_tokens: int, *, batch: bool = False) -> Cost:
        pico = None if price is None else price.pico(prompt_tokens, completion_tokens, batch=batch)
        return cls(pico, prompt_tokens + completion_tokens)


@dataclass
class ModelSpending:
    """What was spent on one model."""

    pico: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    unknown: int = 0
    unknown_tokens: int = 0
    unpriced: int = 0

    @property
    def money(self) -> Decimal:
        return money(self.pico)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens + self.unknown_tokens


@dataclass(frozen=True)
class Spending:
    """What a journal's requests cost.

    Attributes:
        money: what is known of it, with requests of unknown outcome at their worst case.
        tokens: in and out, likewise.
        requests: answered.
        unknown: sent, never answered; counted at their worst case.
        unpriced: answered, of a model without a known price; not in `money`.
    """

    money: Decimal
    tokens: int
    requests: int
    unknown: int
    unpriced: int
    currency: str = "USD"
    by_model: dict[str, ModelSpending] = field(default_factory=dict)

    @classmethod
    def of(cls, by_model: dict[str, ModelSpending], currency: str) -> Spending:
        parts = list(by_model.values())
        return cls(
            money(sum(part.pico for part in parts)),
            sum(part.tokens for part in parts),
            sum(part.requests for part in parts),
            sum(part.unknown for part in parts),
            sum(part.unpriced for part in parts),
            currency,
            by_model,
        )

    def in_words(self) -> str:
        """One line: money, tokens, and what is not known."""
        known = f"{self.money:.4f} {self.currency}" if self.unpriced < self.requests or self.money else "unknown cost"
        lines = [known, f"{self.tokens:,} tokens", f"{self.requests:,} replies"]
        if self.unpriced and self.unpriced < self.requests:
            lines.append(f"{self.unpriced:,} without a known price")
        if self.unknown:
            lines.append(f"{self.unknown:,} sent without a reply, counted at their worst case")
        return " · ".join(lines)


class Purse:
    """Holds back and settles. Lives in the event loop; `spent` is what earlier runs over the journal have spent."""

    def __init__(self, limit: SpendingLimit | None, spent: Cost, currency: str = "USD", journal: str = "") -> None:
        self.limit = limit or SpendingLimit()
        self._most_pico = None if self.limit.money is None else int(self.limit.money * PICO)
        self.pico, self.tokens = spent.pico or 0, spent.tokens
        self.held_pico = self.held_tokens = self.held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._currency, self._journal = currency, journal

    async def hold(self, cost: Cost, model: str) -> None:
        """Hold back a worst case, waiting for others to settle where it does not fit yet.

        Raises:
            BudgetError: it does not fit and nothing is left to settle; or money is limited and the price unknown.
        """
        if self._most_pico is not None and cost.pico is None:
            raise self._unpriced(model)
        while not self._fits(cost):
            if not self.held:
                raise self._reached(cost)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self._hold(cost)

    async def hold_some(self, costs: Sequence[Cost], model: str) -> int:
        """Hold back the worst cases of as many from the first on as fit, and say how many: one at least. Raises: as `hold`."""
        await self.hold(costs[0], model)
        for count, cost in enumerate(costs[1:], start=1):
            if not self._fits(cost) or (self._most_pico is not None and cost.pico is None):
                return count
            self._hold(cost)
        return len(costs)

    def settle(self, held: Cost, actual: Cost) -> None:
        """What was held back is free again; `actual` is spent."""
        self.held_pico -= held.pico or 0
        self.held_tokens -= held.tokens
        self.held -= 1
        self.pico += actual.pico or 0
        self.tokens += actual.tokens
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def adopt(self, cost: Cost) -> None:
        """What was counted as spent, because an earlier run left it open, is held back from now on, to be settled."""
        self.pico -= cost.pico or 0
        self.tokens -= cost.tokens
        self._hold(cost)

    def fail(self, error: Exception) -> None:
        """Nobody waits any longer."""
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(error)

    def _hold(self, cost: Cost) -> None:
        self.held_pico += cost.pico or 0
        self.held_tokens += cost.tokens
        self.held += 1

    def _fits(self, cost: Cost) -> bool:
        fits_money = self._most_pico is None or self.pico + self.held_pico + (cost.pico or 0) <= self._most_pico
        return fits_money and (self.limit.tokens is None or self.tokens + self.held_tokens + cost.tokens <= self.limit.tokens)

    def _reached(self, cost: Cost) -> BudgetError:
        spent, next_one = [f"{self.tokens:,} tokens"], [f"{cost.tokens:,} tokens"]
        limits = [] if self.limit.tokens is None else [f"{self.limit.tokens:,} tokens"]
        if self.limit.money is not None:
            limits.append(f"{self.limit.money} {self._currency}")
            spent.append(f"{money(self.pico):.6f} {self._currency}")
            next_one.append(f"{money(cost.pico or 0):.6f} {self._currency}")
        return BudgetError(
            f"The spending limit of {' and '.join(limits)} is reached: {' and '.join(spent)} are spent, and the next request may cost "
            f"up to {' and '.join(next_one)}.",
            where="budget",
            remedy=f"Raise the limit and run again: every reply is kept in {self._journal or 'the journal'} and not asked for again.",
        )

    def _unpriced(self, model: str) -> BudgetError:
        return BudgetError(
            f'The price of "{model}" is not known, so a limit in money cannot be held.',
            where="budget",
            remedy=f'Give the endpoint a price, or put it into your prices file: [models."{model}"] input = "…", output = "…"; '
            "or limit tokens.",
        )


def _decimal(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ArgumentError(f"A limit in money must be an amount of at least 0, not {value!r}.", where="budget")
    return amount
