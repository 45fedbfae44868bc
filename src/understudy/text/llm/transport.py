"""A transport of httpx for servers nearby: HTTP/1.1 without encryption over one open connection, parsed by h11.

The one that comes with httpx supports several event loops, HTTP/2, proxies and pools, and takes three times the processor time for it,
which is what limits the rate to a fast server on the same machine. For encrypted addresses and proxies that one is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import h11
import httpx

_AT_ONCE = 65536
_OURS = {b"host", b"content-length", b"transfer-encoding"}


class PlainTransport(httpx.AsyncBaseTransport):
    """One connection to one server; opened when it is needed, and again where the server has closed it."""

    def __init__(self) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._parser = h11.Connection(h11.CLIENT)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        reader, writer = await self._opened(request.url, timeout.get("connect"))
        try:
            writer.write(self._sent(request, await request.aread()))
            await writer.drain()
            while True:
                event = await self._event(reader, timeout.get("read"))
                if isinstance(event, h11.Response):
                    break
        except BaseException:
            self._close()
            raise
        headers = [(bytes(name), bytes(value)) for name, value in event.headers]
        return httpx.Response(event.status_code, headers=headers, stream=_Body(self, reader, timeout.get("read")))

    async def aclose(self) -> None:
        writer = self._writer
        self._close()
        if writer is not None:
            with suppress(OSError):
                await writer.wait_closed()

    async def _opened(self, url: httpx.URL, timeout_s: float | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is not None and self._writer is not None and not self._reader.at_eof() and not self._writer.is_closing():
            return self._reader, self._writer
        self._close()
        try:
            async with asyncio.timeout(timeout_s):
                self._reader, self._writer = await asyncio.open_connection(url.host, url.port or 80)
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection within {timeout_s:g} s") from None
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None
        return self._reader, self._writer

    def _sent(self, request: httpx.Request, body: bytes) -> bytes:
        target = request.url.raw_path
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _OURS]
        headers += [(b"Host", request.headers["host"].encode("ascii")), (b"Content-Length", b"%d" % len(body))]
        parts = [self._parser.send(h11.Request(method=request.method.encode("ascii"), target=target, headers=headers))]
        parts += [self._parser.send(h11.Data(data=body)), self._parser.send(h11.EndOfMessage())]
        return b"".join(part for part in parts if part)

    async def _event(self, reader: asyncio.StreamReader, timeout_s: float | None) -> object:
        """The next part of the reply."""
        try:
            while (event := self._parser.next_event()) is h11.NEED_DATA:
                async with asyncio.timeout(timeout_s):
                    self._parser.receive_data(await reader.read(_AT_ONCE))
        except TimeoutError:
            raise httpx.ReadTimeout(f"nothing within {timeout_s:g} s") from None
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from None
        except OSError as error:
            raise httpx.ReadError(str(error)) from None
        if isinstance(event, h11.ConnectionClosed):
            raise httpx.RemoteProtocolError("the server closed the connection")
        return event

    def _done(self) -> None:
        """The reply was read to its end: the connection may be used again, unless either side wants it closed."""
        if self._parser.our_state is h11.DONE and self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
        else:
            self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
        self._parser = h11.Connection(h11.CLIENT)


class _Body(httpx.AsyncByteStream):
    """The rest of a reply."""

    def __init__(self, transport: PlainTransport, reader: asyncio.StreamReader, timeout_s: float | None) -> None:
        self._transport, self._reader, self._timeout_s = transport, reader, timeout_s
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._ended:
            event = await self._transport._event(self._reader, self._timeout_s)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._ended = True
                self._transport._done()

    async def aclose(self) -> None:
        if not self._ended:
            self._ended = True
            self._transport._close()
