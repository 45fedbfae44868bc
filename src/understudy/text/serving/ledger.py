"""What was asked of the server, what came of it, and what it would have cost: the provider's side of the books."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import IO, Any

from understudy.core.errors import SinkError
from understudy.text.llm.prices import Price, money


class Ledger:
    """Counts of requests by outcome, and tokens billed. With a `log`, one JSON line a request, flushed at once.

    Billed is what a provider would bill: every reply that was made, also one that never arrived. Refusals cost nothing.
    """

    def __init__(self, price: Price, log: Path | None = None) -> None:
        self.price = price
        self.outcomes: Counter[str] = Counter()
        self.prompt_tokens = self.completion_tokens = self.pico = 0
        self.most_at_once = self.at_once = 0
        self.began = time.monotonic()
        self._log: IO[str] | None = None
        if log is not None:
            try:
                self._log = log.open("a", encoding="utf-8")
            except OSError as error:
                raise SinkError(f"The log cannot be written: {error.strerror or error}.", where=str(log)) from None

    def came(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)

    def went(self) -> None:
        self.at_once -= 1

    def note(self, outcome: str, *, key: str, billed: tuple[int, int] | None = None, batch: bool = False) -> None:
        """A request ended with `outcome`: "ok" or the fault's name; `billed`: tokens in and out."""
        self.outcomes[outcome] += 1
        if billed is not None:
            self.prompt_tokens += billed[0]
            self.completion_tokens += billed[1]
            self.pico += self.price.pico(*billed, batch=batch)
        if self._log is not None:
            self._log.write(json.dumps({"key": key, "outcome": outcome, "billed": billed}) + "\n")
            self._log.flush()

    def to_dict(self) -> dict[str, Any]:
        return {
            "requests": self.outcomes.total(),
            "outcomes": dict(self.outcomes),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "money": str(money(self.pico)),
            "most_at_once": self.most_at_once,
            "seconds": round(time.monotonic() - self.began, 3),
        }

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
