"""What a job will cost, from asking a few of its requests: a prediction interval for the sum, by Student's t.

With k requests asked, of mean cost m and standard deviation s, the cost of the other n − k lies within
(n − k)·m ± t·s·√((n − k)²/k + (n − k)); what was asked already is known. Few requests make a wide interval, and that is meant.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from understudy.core.errors import ArgumentError
from understudy.text.llm.prices import Price, money
from understudy.text.llm.wire import ChatRequest, Usage

if TYPE_CHECKING:
    from understudy.text.llm.session import Session


@dataclass(frozen=True)
class Range:
    """A figure with its interval; never below what is known already."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """Of `requests` requests, `asked` were asked, `failed` of them in vain.

    Attributes:
        tokens: in and out together.
        money: None where the price is not known.
        most: the worst case in money by prompt sizes and `max_tokens`; a limit of so much is never reached.
        seconds: at the rate of the dry run's slowest reply and full concurrency: a rough guess.
    """

    requests: int
    asked: int
    failed: int
    tokens: Range
    money: Range | None
    most: Decimal | None
    seconds: float
    currency: str
    confidence: float

    def in_words(self) -> str:
        """One line for people."""
        level = f"{self.confidence:.0%}"
        tokens = f"{self.tokens.expected:,.0f} tokens ({self.tokens.low:,.0f} to {self.tokens.high:,.0f} at {level})"
        if self.money is None:
            cost = "an unknown amount of money: no price is known"
        else:
            cost = f"{self.money.expected:.4f} {self.currency} ({self.money.low:.4f} to {self.money.high:.4f}; at most {self.most:.4f})"
        return f"{self.requests:,} requests: {cost}, {tokens}, from {self.asked} asked"


def estimate(session: Session, requests: Sequence[ChatRequest], *, total: int | None, tries: int, confidence: float) -> Estimate:
    """Ask `tries` requests, spread over all that are given, and reckon. Errors are those of `Session.ask`."""
    if not requests or tries < 2 or not 0 < confidence < 1:
        raise ArgumentError("An estimate needs a request, at least 2 tries, and a confidence between 0 and 1.")
    count = len(requests) if total is None else total
    if count < 1:
        raise ArgumentError(f"`total` must be at least 1, not {total}.")
    picked = [requests[index * len(requests) // tries] for index in range(min(tries, count))]
    start = time.monotonic()
    replies = list(session.run(session.ask(request, path=("estimate", index)) for index, request in enumerate(picked)))
    took_s = time.monotonic() - start
    usages = [reply.usage for reply in replies if reply.usage is not None]
    price = session.price()
    tokens = [float(usage.prompt_tokens + usage.completion_tokens) for usage in usages]
    spent = None if price is None else [_money(price, usage) for usage in usages]
    return Estimate(
        requests=count,
        asked=len(replies),
        failed=sum(reply.problem is not None for reply in replies),
        tokens=predicted(tokens, count, confidence),
        money=None if spent is None else predicted(spent, count, confidence),
        most=session.worst(picked, count),
        seconds=took_s * count / max(session.concurrency, 1),
        currency=session.currency,
        confidence=confidence,
    )


def _money(price: Price, usage: Usage) -> float:
    return float(money(price.pico(usage.prompt_tokens, usage.completion_tokens)))


def predicted(values: list[float], count: int, confidence: float) -> Range:
    """The sum over `count` requests of which these were asked."""
    from scipy import stats

    asked = len(values)
    if not asked:
        return Range(0.0, math.nan, math.inf)
    known, mean, rest = sum(values), sum(values) / asked, max(0, count - asked)
    if asked == 1:
        return Range(known, known + rest * mean, math.inf if rest else known)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (asked - 1))
    half = stats.t.ppf(0.5 + confidence / 2, asked - 1) * deviation * math.sqrt(rest * rest / asked + rest)
    return Range(max(known, known + rest * mean - half), known + rest * mean, known + rest * mean + half)
