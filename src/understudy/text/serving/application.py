"""The routes: /v1/models, /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/files, /v1/batches; /health; /ledger, the books."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.core.errors import MissingExtraError
from understudy.text.llm.prices import Price
from understudy.text.llm.wire import CHAT, COMPLETIONS, EMBEDDINGS
from understudy.text.serving import embedding, replies
from understudy.text.serving.batches import Batches
from understudy.text.serving.faults import FaultPlan
from understudy.text.serving.ledger import Ledger
from understudy.text.serving.replies import Refusal
from understudy.text.serving.writers import Writer, number_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HANG_S = 3600.0
_SPENT = {"429", "500", "503"}


@dataclass(frozen=True)
class Options:
    """How to serve.

    Args:
        key: asked of every request; None: none is.
        faults: what goes wrong.
        seed: of the replies.
        price: what the ledger reckons with and the list of models states; None: nothing is stated, and the ledger counts no money.
        at_once: requests at once; more get 429.
        models_fail: /v1/models answers 500.
        batch_delay_s: before a batch begins.
        log: a JSON line a request.
    """

    key: str | None = field(default=None, repr=False)
    faults: FaultPlan = field(default_factory=FaultPlan)
    seed: int = 0
    price: Price | None = None
    at_once: int | None = None
    models_fail: bool = False
    batch_delay_s: float = 0.0
    log: Path | None = None


class Application:
    """Serves one writer of texts.

    Attributes:
        ledger: what was asked and what it would have cost.
    """

    def __init__(self, writer: Writer, options: Options) -> None:
        self._starlette = _starlette()
        self.writer, self.options = writer, options
        self.ledger = Ledger(options.price or Price.of("0"), options.log)
        self.batches = Batches(self._line, options.batch_delay_s)
        self._came: Counter[bytes] = Counter()

    def asgi(self) -> Starlette:
        """What a server runs."""
        from starlette.applications import Starlette
        from starlette.routing import Route

        def post(route: str) -> Route:
            async def answer(request: Request) -> Response:
                return await self._asked(route, request)

            return Route(f"/v1{route}", self._guarded(answer), methods=["POST"])

        routes = [post(route) for route in (CHAT, COMPLETIONS, EMBEDDINGS)]
        for address, method, work in (
            ("/v1/models", "GET", self._models),
            ("/v1/files", "POST", self._upload),
            ("/v1/files/{name}/content", "GET", self._content),
            ("/v1/batches", "POST", self._create_batch),
            ("/v1/batches", "GET", self._list_batches),
            ("/v1/batches/{name}", "GET", self._batch),
            ("/ledger", "GET", self._books),
        ):
            routes.append(Route(address, self._guarded(work), methods=[method]))
        routes.append(Route("/health", self._health, methods=["GET"]))
        return Starlette(routes=routes)

    # -- asking for texts

    async def _asked(self, route: str, request: Request) -> Response:
        raw = await request.body()
        body = _parsed(raw)
        replies.check_model(route, body, self.writer)
        key = request.headers.get("idempotency-key") or hashlib.blake2b(raw, digest_size=20).hexdigest()
        self.ledger.came()
        try:
            if self.options.at_once is not None and self.ledger.at_once > self.options.at_once:
                self.ledger.note("429", key=key)
                return self._error(429, "Too many requests at once.")
            self._came[raw] += 1
            fault, delay_s = self.options.faults.draw(raw, self._came[raw])
            if delay_s:
                await asyncio.sleep(delay_s)
            if fault in _SPENT:
                self.ledger.note(str(fault), key=key)
                return self._error(int(str(fault)), "The server is overloaded." if fault != "429" else "Too many requests.")
            return await self._answered(route, body, key, fault)
        finally:
            self.ledger.went()

    async def _answered(self, route: str, body: dict[str, Any], key: str, fault: str | None) -> Response:
        if route == EMBEDDINGS:
            found, tokens = replies.embeddings(body)
            billed = (tokens, 0)
        else:
            reply = replies.made(route, body, self.writer, self.options.seed, fault)
            found, billed = replies.whole(route, reply, self.writer.name, key), (reply.prompt_tokens, reply.completion_tokens)
        if fault == "usage":
            found = replies.with_wrong_usage(found, number_of(key.encode(), 0))
        self.ledger.note(fault or "ok", key=key, billed=billed)
        if fault == "hang":
            await asyncio.sleep(HANG_S)
        if body.get("stream") and route != EMBEDDINGS:
            usage = bool((body.get("stream_options") or {}).get("include_usage")) and "usage" in found
            return self._stream(replies.streamed(route, reply, self.writer.name, key, usage=usage), cut=fault in ("cut", "garbled"))
        content = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
        if fault == "garbled" or (fault == "json" and "response_format" not in body):
            content = content[: len(content) // 2]
        if fault == "cut":
            return _Cut(content)  # type: ignore[return-value]
        return self._starlette.Response(content, media_type="application/json")  # type: ignore[no-any-return]

    def _stream(self, parts: Any, *, cut: bool) -> Response:
        found = list(parts)

        async def lines() -> AsyncIterator[bytes]:
            for part in found[: len(found) // 2] if cut else found:
                yield b"data: " + json.dumps(part, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
                await asyncio.sleep(0)
            if not cut:
                yield b"data: [DONE]\n\n"

        return self._starlette.StreamingResponse(lines(), media_type="text/event-stream")  # type: ignore[no-any-return]

    def _line(self, route: str, body: dict[str, Any], custom_id: str) -> tuple[int, dict[str, Any]] | None:
        """One line of a batch."""
        raw = json.dumps(body, sort_keys=True).encode()
        self._came[raw] += 1
        fault, _ = self.options.faults.draw(raw, self._came[raw])
        if fault in ("hang", "cut"):
            return None
        if fault in _SPENT:
            self.ledger.note(str(fault), key=custom_id)
            return int(str(fault)), {"error": {"message": "The server failed.", "type": "server_error", "code": None}}
        try:
            replies.check_model(route, body, self.writer)
            reply = replies.made(route, body, self.writer, self.options.seed, fault)
        except Refusal as refusal:
            self.ledger.note("refused", key=custom_id)
            return refusal.status, refusal.body()
        self.ledger.note(fault or "ok", key=custom_id, billed=(reply.prompt_tokens, reply.completion_tokens), batch=True)
        return 200, replies.whole(route, reply, self.writer.name, custom_id)

    # -- the rest

    async def _models(self, request: Request) -> Response:
        if self.options.models_fail:
            return self._error(500, "The list of models cannot be made.")
        stated = {}
        if self.options.price is not None:
            per_token = {"prompt": self.options.price.input, "completion": self.options.price.output}
            stated = {"pricing": {name: format(amount / 1_000_000, "f") for name, amount in per_token.items()}}
        text = {"id": self.writer.name, "object": "model", "created": 0, "owned_by": "understudy", **stated}
        vectors = {"id": embedding.NAME, "object": "model", "created": 0, "owned_by": "understudy", **stated}
        return self._json({"object": "list", "data": [text, vectors]})

    async def _upload(self, request: Request) -> Response:
        return self._json(self.batches.upload(request.headers.get("content-type", ""), await request.body()))

    async def _content(self, request: Request) -> Response:
        return self._starlette.Response(self.batches.file(request.path_params["name"]))  # type: ignore[no-any-return]

    async def _create_batch(self, request: Request) -> Response:
        return self._json(self.batches.create(_parsed(await request.body())))

    async def _list_batches(self, request: Request) -> Response:
        return self._json(self.batches.listed())

    async def _batch(self, request: Request) -> Response:
        return self._json(self.batches.batch(request.path_params["name"]))

    async def _books(self, request: Request) -> Response:
        return self._json(self.ledger.to_dict())

    async def _health(self, request: Request) -> Response:
        return self._json({"status": "ok"})

    def _guarded(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Behind the key, and with refusals as the API words them."""

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self.options.key is not None and not hmac.compare_digest(given.encode(), self.options.key.encode()):
                return self._json(Refusal(401, "The key is wrong.", "invalid_api_key").body(), 401)
            try:
                return await work(request)
            except Refusal as refusal:
                return self._json(refusal.body(), refusal.status)

        return guarded

    def _json(self, content: Any, status: int = 200) -> Response:
        return self._starlette.JSONResponse(content, status_code=status)  # type: ignore[no-any-return]

    def _error(self, status: int, message: str) -> Response:
        body = {"error": {"message": message, "type": "rate_limit_error" if status == 429 else "server_error", "code": None}}
        wait_s = self.options.faults.retry_after_s
        headers = (
            {"Retry-After": f"{wait_s:.3f}".rstrip("0").rstrip("."), "Retry-After-Ms": f"{1000 * wait_s:.0f}"} if status != 500 else {}
        )
        return self._starlette.JSONResponse(body, status_code=status, headers=headers)  # type: ignore[no-any-return]


class _Cut:
    """A reply whose connection ends in the middle."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._content[: len(self._content) // 2], "more_body": True})
        raise ConnectionAbortedError("cut, as the plan of faults says")


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(400, "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The body is no JSON object.")
    return body


def _starlette() -> Any:
    try:
        import starlette.responses
    except ImportError:
        raise MissingExtraError.of("serve", "Serving a model") from None
    return starlette.responses
