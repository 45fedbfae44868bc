"""How many calls at once: one more for every good reply at first, then one more a round, and fewer by half the share that is refused.

Additive increase and a decrease by the share of marks, as in DCTCP (Alizadeh et al., "Data center TCP", SIGCOMM 2010): a server that
refuses one call in ten at random keeps its rate, one that is full brings the calls down to what it takes. A cut counts once for all
calls that were under way when it was made. A refused call waits as long as the server asks (Retry-After); while most are refused, all
wait. Requests and tokens a minute are held to where they are known.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

FIRST_WINDOW = 16
FIRST_CUT, MEMORY = 0.3, 1 / 16
CALM, MOST_REFUSED = 0.02, 0.5
SPARE, SPARE_LEAST = 0.25, 2


class Rate:
    """A bucket that fills with `per_minute` a minute and holds what a tenth of that time brings, so that no minute sees much more."""

    def __init__(self, per_minute: int | None, now: float) -> None:
        self._per_s = None if per_minute is None else per_minute / 60
        self._most = 0.0 if per_minute is None else max(1.0, per_minute / 10)
        self._level, self._at = self._most, now

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until `amount` may be taken; what is larger than the bucket waits for a full one."""
        if self._per_s is None:
            return 0.0
        self._fill(now)
        return max(0.0, (min(amount, self._most) - self._level) / self._per_s)

    def take(self, amount: float, now: float) -> None:
        if self._per_s is not None:
            self._fill(now)
            self._level -= amount

    def _fill(self, now: float) -> None:
        assert self._per_s is not None
        self._level = min(self._most, self._level + (now - self._at) * self._per_s)
        self._at = now


class Limiter:
    """Permits for calls to one model: first to prepare a call, then to send it.

    Some more calls are prepared than may be sent, so that none waits for the disk while there is room on the wire.

    Args:
        most: calls at once, at most.
        requests_per_minute, tokens_per_minute: of the contract, where known.

    Attributes:
        window: calls at once, now.
        prepared: calls that hold a permit, sent or not.
        flying: calls sent.
        refused: the share of late calls that the server had too much of.
    """

    def __init__(self, most: int, *, requests_per_minute: int | None = None, tokens_per_minute: int | None = None) -> None:
        self.most = most
        self.window = float(min(FIRST_WINDOW, most))
        self.prepared = self.flying = 0
        self.refused = 0.0
        self._growing_fast = True
        self._last_cut = 0.0
        self._paused_until = 0.0
        self._preparing: deque[asyncio.Future[None]] = deque()
        self._departing: deque[tuple[asyncio.Future[None], int]] = deque()
        now = time.monotonic()
        self._requests, self._tokens = Rate(requests_per_minute, now), Rate(tokens_per_minute, now)
        self._alarm: asyncio.TimerHandle | None = None

    async def prepare(self) -> None:
        """Wait for a permit to prepare a call; `release` gives it back."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._preparing.append(waiter)
        self._grant()
        await self._granted(waiter, self.release)

    async def depart(self, tokens: int) -> None:
        """Wait for a permit to send a call that is prepared and takes up to so many tokens; `landed` gives it back."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._departing.append((waiter, tokens))
        self._grant()
        await self._granted(waiter, self.landed)

    def landed(self) -> None:
        """A call that was sent has ended."""
        self.flying -= 1
        self._grant()

    def release(self) -> None:
        """A call is over, sent or not."""
        self.prepared -= 1
        self._grant()

    def went_well(self) -> None:
        """A good reply: room for more."""
        self.refused *= 1 - MEMORY
        more = 1.0 if self._growing_fast else (1.0 if self.refused < CALM else 0.5) / self.window
        self.window = min(float(self.most), self.window + more)
        self._grant()

    def was_too_much(self, sent_at: float, pause_s: float | None = None) -> None:
        """The server had too much of a call that was sent at `sent_at` (monotonic clock), and asks to wait `pause_s`."""
        now = time.monotonic()
        self.refused += MEMORY * (1 - self.refused)
        if sent_at >= self._last_cut:
            cut = max(self.refused / 2, FIRST_CUT if self._growing_fast else 0.0)
            self.window = max(1.0, self.window * (1 - cut))
            self._last_cut = now
            self._growing_fast = False
        if pause_s is not None and self.refused > MOST_REFUSED:
            self._paused_until = max(self._paused_until, now + pause_s)

    def fail(self, error: Exception) -> None:
        """Nobody waits any longer."""
        waiting = [*self._preparing, *(waiter for waiter, _ in self._departing)]
        self._preparing.clear()
        self._departing.clear()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(error)

    @staticmethod
    async def _granted(waiter: asyncio.Future[None], give_back: Callable[[], None]) -> None:
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                give_back()
            raise

    def _grant(self) -> None:
        self._let_depart()
        ready = int(self.window) + max(SPARE_LEAST, int(self.window * SPARE))
        while self._preparing and self.prepared < ready:
            waiter = self._preparing.popleft()
            if not waiter.done():
                self.prepared += 1
                waiter.set_result(None)

    def _let_depart(self) -> None:
        while self._departing and self.flying < int(self.window):
            waiter, tokens = self._departing[0]
            if waiter.done():
                self._departing.popleft()
                continue
            now = time.monotonic()
            wait_s = max(self._paused_until - now, self._requests.wait_s(1, now), self._tokens.wait_s(tokens, now))
            if wait_s > 0:
                self._ring_in(wait_s)
                return
            self._departing.popleft()
            self._requests.take(1, now)
            self._tokens.take(tokens, now)
            self.flying += 1
            waiter.set_result(None)

    def _ring_in(self, wait_s: float) -> None:
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(wait_s + 0.001, self._rung)

    def _rung(self) -> None:
        self._alarm = None
        self._grant()
