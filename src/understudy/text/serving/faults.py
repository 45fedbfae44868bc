"""What goes wrong on the way, at stated rates, drawn by seed: a request meets the same faults in the same order in every run.

The draw depends on the seed, on the request's body and on how often that body has come, not on what else is asked meanwhile; so a
request that is sent again may fare better.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from understudy.core.errors import ArgumentError, did_you_mean

Fault: TypeAlias = Literal["429", "500", "503", "json", "garbled", "cut", "hang", "usage", "shapeless", "length"]
FAULTS: dict[str, str] = {
    "429": "too many requests, with Retry-After",
    "500": "an error of the server",
    "503": "overloaded, with Retry-After",
    "json": "a reply whose JSON is broken: in its content where a schema is asked for, else in its body",
    "garbled": "a body that is no JSON",
    "cut": "a connection that ends in the middle of the reply",
    "hang": "no reply at all",
    "usage": "counts of tokens that are missing, zero or a thousand times too high",
    "shapeless": "words in place of the JSON that a schema asks for",
    "length": "a reply cut off as if max_tokens were reached",
}


@dataclass(frozen=True)
class FaultPlan:
    """Rates of faults.

    Args:
        rates: by name; together at most 1.
        delay_s: before every reply; spread by ± `spread` of it.
        retry_after_s: told with 429 and 503.
        seed: of the draws.

    Raises:
        ArgumentError: there is no such fault, or the rates are none.
    """

    rates: dict[str, float] = field(default_factory=dict)
    delay_s: float = 0.0
    spread: float = 0.0
    retry_after_s: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if name not in get_args(Fault):
                raise ArgumentError(f'There is no fault called "{name}".', where="faults", remedy=did_you_mean(name, FAULTS))
            if not 0 <= rate <= 1:
                raise ArgumentError(f'The rate of "{name}" must lie between 0 and 1, not {rate}.', where="faults")
        if sum(self.rates.values()) > 1 + 1e-9:
            raise ArgumentError(f"The rates of faults are {sum(self.rates.values()):g} together, above 1.", where="faults")
        if self.delay_s < 0 or self.retry_after_s < 0 or not 0 <= self.spread <= 1:
            raise ArgumentError("Delays must not be negative, and their spread must lie between 0 and 1.", where="faults")

    @classmethod
    def parse(cls, text: str, **options: float | int) -> FaultPlan:
        """From "429=0.1,500=0.05,hang=0.01"."""
        rates: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, rate = part.partition("=")
            try:
                rates[name.strip()] = float(rate)
            except ValueError:
                equals = ""
            if not equals:
                raise ArgumentError(f'"{part}" is no fault with its rate.', where="faults", remedy='Write "429=0.1,500=0.05".')
        return cls(rates, **options)  # type: ignore[arg-type]

    def draw(self, body: bytes, times: int) -> tuple[str | None, float]:
        """The fault of a request whose body comes for the `times`-th time, or None; and its delay in seconds."""
        digest = hashlib.blake2b(body, digest_size=16, salt=times.to_bytes(8, "little"), key=self.seed.to_bytes(8, "little")).digest()
        chance, luck = (int.from_bytes(part, "little") / 2**64 for part in (digest[:8], digest[8:]))
        delay_s = self.delay_s * (1 + self.spread * (2 * luck - 1))
        for name, rate in self.rates.items():
            chance -= rate
            if chance < 0:
                return name, delay_s
        return None, delay_s
