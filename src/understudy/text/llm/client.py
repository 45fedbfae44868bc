"""One call over HTTP, and what came of it. Nothing is tried again here, and no failure of a call is an exception."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from understudy.core.errors import MissingExtraError
from understudy.text.llm.endpoint import Endpoint
from understudy.text.llm.wire import assembled

if TYPE_CHECKING:
    import httpx

Outcome: TypeAlias = Literal["good", "limited", "failed", "lost", "unreachable", "refused", "denied", "absent"]
"""good: a reply that can be read. limited: too many calls. failed: the server's own fault. lost: sent, and no reply that can be read,
so that it may have been paid. unreachable: never sent. refused: this request is wrong. denied: the key is. absent: no such address or
model."""

CONNECT_S = 10.0
SHOWN = 300


@dataclass(frozen=True)
class Answer:
    """What came of a call. `reason` says in words why it is not good; `retry_after_s` is what the server asks to wait."""

    outcome: Outcome
    body: dict[str, Any] | None = None
    raw: bytes = b""
    reason: str = ""
    status: int = 0
    retry_after_s: float | None = None


class Client:
    """Calls to one endpoint, over connections that are kept open. Lives in one event loop.

    Every connection has a pool of its own and is taken from a stack: a common pool looks at all its connections at each call, which
    with 64 of them takes longer than the call itself.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._httpx = _httpx()
        self.endpoint = endpoint
        secret = endpoint.secret()
        self._headers = {"User-Agent": "understudy", **endpoint.headers, **({"Authorization": f"Bearer {secret}"} if secret else {})}
        self._timeout = self._httpx.Timeout(endpoint.timeout_s, connect=min(CONNECT_S, endpoint.timeout_s), pool=None)
        self._verify = self._httpx.create_ssl_context() if endpoint.url.startswith("https") else False
        host = urlsplit(endpoint.url).hostname or ""
        proxied = bool(set(getproxies()) & {"http", "all"}) and not proxy_bypass(host)
        self._plain = endpoint.url.startswith("http:") and not proxied
        self._idle: list[httpx.AsyncClient] = []
        self._urls: dict[str, Any] = {}

    async def post(self, route: str, body: dict[str, Any], key: str = "") -> Answer:
        """Ask, and give what came of it; `key` is told to the server as `Idempotency-Key`."""
        stream = self.endpoint.stream and route == "/chat/completions"
        if stream:
            body = {**body, "stream": True, "stream_options": {"include_usage": True}}
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return await self._guarded(self._streamed if stream else self._whole, "POST", route, content=content, headers=headers)

    async def get(self, route: str) -> Answer:
        return await self._guarded(self._raw if route.endswith("/content") else self._whole, "GET", route)

    async def upload(self, content: bytes, name: str, purpose: str) -> Answer:
        """A file for a batch endpoint."""
        files = {"file": (name, content, "application/jsonl")}
        return await self._guarded(self._whole, "POST", "/files", data={"purpose": purpose}, files=files)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    def _url(self, route: str) -> Any:
        if route not in self._urls:
            self._urls[route] = self._httpx.URL(self.endpoint.address(route))
        return self._urls[route]

    def _connection(self) -> httpx.AsyncClient:
        options: dict[str, Any] = {"headers": self._headers, "timeout": self._timeout}
        if self._plain:
            from understudy.text.llm.transport import PlainTransport

            options["transport"] = PlainTransport()
        else:
            limits = self._httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30)
            options |= {"limits": limits, "verify": self._verify}
        client: httpx.AsyncClient = self._httpx.AsyncClient(**options)
        return client

    async def _guarded(
        self, work: Callable[[httpx.AsyncClient, httpx.Request], Awaitable[Answer]], method: str, route: str, **content: Any
    ) -> Answer:
        """A call over a connection that is free, with its failures as answers."""
        client = self._idle.pop() if self._idle else self._connection()
        try:
            request = client.build_request(method, self._url(route), **content)
            return await self._answered(work(client, request))
        except asyncio.CancelledError:
            await client.aclose()
            raise
        finally:
            if not client.is_closed:
                self._idle.append(client)

    async def _answered(self, call: Awaitable[Answer]) -> Answer:
        errors = self._httpx
        try:
            return await call
        except (errors.ConnectError, errors.ConnectTimeout) as error:
            return Answer("unreachable", reason=f"nothing answers at {self.endpoint.url}: {_words(error)}")
        except (errors.TimeoutException, TimeoutError):
            return Answer("lost", reason=f"no reply within {self.endpoint.timeout_s:g} s")
        except errors.TransportError as error:
            return Answer("lost", reason=f"the connection broke off: {_words(error)}")
        except (errors.InvalidURL, errors.UnsupportedProtocol) as error:
            return Answer("absent", reason=_words(error))
        except ValueError as error:
            return Answer("lost", reason=f"the reply cannot be read: {_words(error)}")

    async def _whole(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        answer = await self._raw(client, request)
        if answer.outcome != "good":
            return answer
        body = json.loads(answer.raw)
        if not isinstance(body, dict):
            raise ValueError("it is no JSON object")
        return Answer("good", body, answer.raw, status=200)

    async def _raw(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        async with asyncio.timeout(self.endpoint.timeout_s):
            response = await client.send(request)
        if response.status_code != 200:
            return _refusal(response.status_code, response.headers, response.content)
        return Answer("good", None, response.content, status=200)

    async def _streamed(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        response = await client.send(request, stream=True)
        try:
            if response.status_code != 200:
                return _refusal(response.status_code, response.headers, await response.aread())
            pieces = [
                json.loads(line[5:]) async for line in response.aiter_lines() if line.startswith("data:") and line[5:].strip() != "[DONE]"
            ]
        finally:
            await response.aclose()
        body = assembled(pieces)
        return Answer("good", body, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"), status=200)


def _refusal(status: int, headers: Any, content: bytes) -> Answer:
    reason = f"{status}: {_message(content)}"
    wait_s = _retry_after_s(headers)
    if status == 402 or (status == 429 and "insufficient_quota" in reason):
        return Answer("denied", reason=reason, status=status)
    if status in (429, 529) or (status == 503 and wait_s is not None):
        return Answer("limited", reason=reason, status=status, retry_after_s=wait_s)
    if status in (408, 409, 425) or status >= 500:
        return Answer("failed", reason=reason, status=status, retry_after_s=wait_s)
    if status in (401, 403):
        return Answer("denied", reason=reason, status=status)
    if status == 404 or "model_not_found" in reason or ("model" in reason and "does not exist" in reason):
        return Answer("absent", reason=reason, status=status)
    return Answer("refused", reason=reason, status=status)


def _message(content: bytes) -> str:
    """What the server says of its refusal, without the packing."""
    text = content.decode("utf-8", "replace").strip()
    try:
        body = json.loads(text)
    except ValueError:
        return text[:SHOWN] or "no reason given"
    error = body.get("error", body.get("detail", body)) if isinstance(body, dict) else body
    if isinstance(error, dict):
        code = f" ({error['code']})" if isinstance(error.get("code"), str) else ""
        error = f"{error.get('message', error)}{code}"
    return str(error)[:SHOWN]


def _retry_after_s(headers: Any) -> float | None:
    """Seconds to wait, from `Retry-After-Ms` or `Retry-After` (seconds or a date); None where the server does not say."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            return max(0.0, float(value) * scale)
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except ValueError:
            continue
    return None


def _words(error: BaseException) -> str:
    return str(error)[:SHOWN] or type(error).__name__


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise MissingExtraError.of("text", "Asking a language model") from None
    return httpx
