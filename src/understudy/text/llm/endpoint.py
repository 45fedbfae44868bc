"""Where a language model is asked: an address that speaks the OpenAI wire format, a model's name, a key, and how patient to be."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from understudy.core.errors import ArgumentError, EndpointError
from understudy.text.llm.prices import Price


@dataclass(frozen=True)
class Endpoint:
    """An address and a model.

    Args:
        url: up to and with the version: "http://127.0.0.1:8000/v1".
        model: asked where a request names no other.
        key: the secret itself; never stored or shown.
        key_env: or the environment variable that holds it.
        price: per million tokens; else it is looked up in the prices files, else in what the server states.
        timeout_s: for a whole reply; when streaming, between two pieces of it. Waiting for a permit does not count.
        retries: of one request after failures of the server; 429 is not counted.
        backoff_s: before the first retry; doubled with each, up to 30 s.
        patience_s: how long to go on without a single good reply.
        stream: ask for replies piece by piece.
        requests_per_minute, tokens_per_minute: limits to keep to, where they are known.
        headers: sent with every call.

    Raises:
        ArgumentError: the address is none, or a number is out of range.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    key_env: str | None = None
    price: Price | None = None
    timeout_s: float = 120.0
    retries: int = 8
    backoff_s: float = 0.5
    patience_s: float = 600.0
    stream: bool = False
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ArgumentError(
                f'"{self.url}" is no address of an endpoint.', where="endpoint", remedy='Give one like "http://127.0.0.1:8000/v1".'
            )
        if not self.model:
            raise ArgumentError("No model is named.", where="endpoint", remedy="Name the model that the endpoint is asked for.")
        for name in ("timeout_s", "patience_s", "requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ArgumentError(f"`{name}` must be above 0, not {value}.", where="endpoint")
        if self.retries < 0 or self.backoff_s < 0:
            raise ArgumentError("`retries` and `backoff_s` must not be negative.", where="endpoint")

    def address(self, route: str) -> str:
        """The full address of a route such as "/chat/completions"."""
        return self.url.rstrip("/") + route

    def secret(self) -> str | None:
        """The key, or None where none is needed.

        Raises:
            EndpointError: `key_env` names a variable that is not set.
        """
        if self.key is not None or self.key_env is None:
            return self.key
        value = os.environ.get(self.key_env)
        if not value:
            raise EndpointError(
                f"The environment variable {self.key_env} holds no key.", where=self.url, remedy=f"Set it: export {self.key_env}=…"
            )
        return value
