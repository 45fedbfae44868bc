"""The transport for servers nearby, against bytes written by hand."""

import asyncio
import gzip

import httpx
import pytest

from understudy.text.llm.transport import PlainTransport

BODY = b'{"a": 1}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n" + BODY[:3] + b"\r\n5\r\n" + BODY[3:] + b"\r\n0\r\n\r\n"
CLOSES = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n" + BODY
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
FIRST_100 = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
ZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(BODY)) + gzip.compress(BODY)


def asked(reply, times=3, *, closes=False, timeout_s=2.0):
    """The bodies of replies to `times` calls, the connections that were opened, and the requests as they came."""

    async def work():
        connections, seen, handlers = 0, [], []

        async def serve(reader, writer):
            nonlocal connections
            connections += 1
            handlers.append(asyncio.current_task())
            while True:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except asyncio.IncompleteReadError:
                    break
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                seen.append((head, await reader.readexactly(length)))
                writer.write(reply)
                await writer.drain()
                if closes:
                    break
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x?y=1"
            try:
                async with httpx.AsyncClient(transport=PlainTransport(), timeout=timeout_s) as client:
                    bodies = []
                    for _ in range(times):
                        bodies.append((await client.post(url, content=b"hello")).content)
                        await asyncio.sleep(0.01)  # a connection that was closed meanwhile is seen to be
            finally:
                await asyncio.gather(*handlers, return_exceptions=True)
        return bodies, connections, seen

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("reply", "closes", "connections"),
    [
        (PLAIN, False, 1),
        (CHUNKED, False, 1),
        (FIRST_100, False, 1),
        (ZIPPED, False, 1),
        (CLOSES, True, 3),
        (TO_THE_END, True, 3),
        (PLAIN, True, 3),
    ],
    ids=["plain", "chunked", "100 first", "zipped", "says that it closes", "to the end", "closes without saying"],
)
def test_every_way_to_end_a_reply_is_read_and_connections_are_kept_where_they_may(reply, closes, connections):
    bodies, opened, seen = asked(reply, closes=closes)
    assert bodies == [BODY] * 3
    assert opened == connections
    head, content = seen[0]
    assert head.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\n")
    assert content == b"hello"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (PLAIN[:-3], httpx.RemoteProtocolError),
        (CHUNKED[:-9], httpx.RemoteProtocolError),
        (b"", httpx.RemoteProtocolError),
        (b"no http\r\n\r\n", httpx.RemoteProtocolError),
    ],
)
def test_what_breaks_off_is_told_as_httpx_tells_it(reply, error):
    with pytest.raises(error):
        asked(reply, closes=True)


def test_silence_is_a_timeout_and_nobody_there_a_failed_connection():
    with pytest.raises(httpx.ReadTimeout):
        asked(PLAIN[:-3], timeout_s=0.2)

    async def nobody():
        async with httpx.AsyncClient(transport=PlainTransport()) as client:
            await client.get("http://127.0.0.1:1/")

    with pytest.raises(httpx.ConnectError):
        asyncio.run(nobody())
