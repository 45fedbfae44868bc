"""What tokens cost: decimal prices from files that the user may edit. No price found means unknown, never zero.

Amounts of money are whole numbers of 10⁻¹² of the currency inside, so that sums are exact; a fraction of that is rounded up.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

from understudy.core.errors import ArgumentError, DataError
from understudy.core.folders import user_folder

PICO = Decimal(10) ** 12
VARIABLE = "UNDERSTUDY_PRICES"


@dataclass(frozen=True)
class Price:
    """Money for a million tokens in (`input`) and out (`output`); `batch`: the share of it that a batch endpoint asks."""

    input: Decimal
    output: Decimal
    batch: Decimal = Decimal(1)
    source: str = "given"

    @classmethod
    def of(cls, input: str | float | Decimal, output: str | float | Decimal = "0", batch: str | float | Decimal = "1") -> Price:  # noqa: A002
        """A price from decimal text or numbers.

        Raises:
            ArgumentError: one of them is no amount of at least 0.
        """
        return cls(_amount(input, "input"), _amount(output, "output"), _amount(batch, "batch"))

    def pico(self, prompt_tokens: int, completion_tokens: int, *, batch: bool = False) -> int:
        """The cost of so many tokens, in 10⁻¹² of the currency."""
        cost = (self.input * prompt_tokens + self.output * completion_tokens) * (PICO / 1_000_000)
        return int((cost * self.batch if batch else cost).to_integral_value(ROUND_CEILING))


def money(pico: int) -> Decimal:
    """10⁻¹² of the currency as decimal money."""
    return Decimal(pico) / PICO


@dataclass(frozen=True)
class Prices:
    """Prices by model, the user's before ours."""

    entries: tuple[tuple[str, Price], ...]
    currency: str = "USD"

    def of(self, model: str) -> Price | None:
        """The price of a model: its own entry, else the first whose pattern it fits; None where there is none."""
        exact = [price for name, price in self.entries if name == model]
        fitting = exact or [price for name, price in self.entries if fnmatchcase(model, name)]
        return fitting[0] if fitting else None


def read_prices(path: str | Path | None = None) -> Prices:
    """Prices from `path`, else the user's own file where there is one; then those that come with understudy.

    Raises:
        DataError: a file cannot be read, or holds what is no price.
    """
    own = Path(path) if path is not None else user_file()
    entries: list[tuple[str, Price]] = []
    currency = "USD"
    if path is not None or own.exists():
        try:
            found, currency = _entries(own.read_text("utf-8"), str(own))
        except OSError as error:
            raise DataError(f"The prices cannot be read: {error.strerror or error}.", where=str(own)) from None
        entries += found
    shipped = resources.files("understudy.text.llm").joinpath("prices.toml").read_text("utf-8")
    return Prices((*entries, *_entries(shipped, "prices.toml")[0]), currency)


def user_file() -> Path:
    """Where the user's own prices are looked for."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_folder("config") / "prices.toml"


def stated_price(entry: Any) -> Price | None:
    """A price that a server states in its list of models (`pricing: {prompt, completion}`, money for one token); None where none is."""
    pricing = entry.get("pricing") if isinstance(entry, dict) else None
    if not isinstance(pricing, dict):
        return None
    try:
        asked, answered = (Decimal(str(pricing[name])) * 1_000_000 for name in ("prompt", "completion"))
    except (KeyError, InvalidOperation):
        return None
    if any(not amount.is_finite() or amount < 0 for amount in (asked, answered)):
        return None
    return Price(asked, answered, source="stated by the server")


def _entries(text: str, where: str) -> tuple[list[tuple[str, Price]], str]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"The prices are not valid TOML: {error}.", where=where) from None
    version = str(content.get("version", "without version"))
    entries = [(name, _price(name, entry, where, version)) for name, entry in content.get("models", {}).items()]
    return entries, str(content.get("currency", "USD"))


def _price(name: str, entry: Any, where: str, version: str) -> Price:
    place = f'{where}, models."{name}"'
    if not isinstance(entry, dict) or "input" not in entry or "output" not in entry:
        raise DataError("A price needs `input` and `output`.", where=place, remedy='For example: input = "0.15", output = "0.60".')
    unknown = set(entry) - {"input", "output", "batch"}
    if unknown:
        raise DataError(f"A price has no `{min(unknown)}`.", where=place, remedy="It has input, output and batch.")
    try:
        asked, answered, batch = (_amount(entry.get(key, "1"), key) for key in ("input", "output", "batch"))
    except ArgumentError as error:
        raise DataError(error.what, where=place, remedy=error.remedy) from None
    return Price(asked, answered, batch, f"{where}, version {version}")


def _amount(value: Any, name: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or isinstance(value, bool):
        raise ArgumentError(f"`{name}` must be an amount of at least 0, not {value!r}.", remedy='Write it as decimal text: "0.15".')
    return amount
