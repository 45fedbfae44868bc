"""The server, in a thread of its own: whoever wants an endpoint has one while a block lasts; a command waits in the block.

with Server(Echo()) as server:
    ask(server.url)
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from understudy.core.errors import MissingExtraError, SinkError
from understudy.text.serving.application import Application, Options
from understudy.text.serving.batches import Batches
from understudy.text.serving.ledger import Ledger
from understudy.text.serving.writers import Writer

if TYPE_CHECKING:
    import uvicorn

START_S = 10.0


class Server:
    """Serves `writer` on a port of its own (or the one given) while the block lasts.

    Attributes:
        url: the endpoint's address, up to "/v1".
        ledger: what was asked.
        batches: what was handed in.
    """

    def __init__(self, writer: Writer, options: Options | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._application = Application(writer, options or Options())
        self._socket = _bound(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/v1"
        self._server = _uvicorn(self._application)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="understudy serve-model", daemon=True
        )

    @property
    def ledger(self) -> Ledger:
        return self._application.ledger

    @property
    def batches(self) -> Batches:
        return self._application.batches

    def __enter__(self) -> Self:
        self._thread.start()
        end = time.monotonic() + START_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.005)
        return self

    def wait(self) -> None:
        """Until Ctrl-C, a request to terminate, or the server's own end."""
        ended = threading.Event()
        with suppress(ValueError):  # not in the main thread: whoever runs this one ends it
            signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with suppress(KeyboardInterrupt):
            while self._thread.is_alive() and not ended.wait(0.5):
                pass

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(START_S)
        self._socket.close()
        self.ledger.close()


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SinkError(
            f"The port cannot be had: {error.strerror or error}.", where=f"{host}:{port}", remedy="Choose another --port."
        ) from None
    return listening


def _uvicorn(application: Application) -> uvicorn.Server:
    try:
        import uvicorn
    except ImportError:
        raise MissingExtraError.of("serve", "Serving a model") from None
    options: dict[str, Any] = {"log_level": "critical", "access_log": False, "lifespan": "off", "timeout_graceful_shutdown": 1}
    return uvicorn.Server(uvicorn.Config(application.asgi(), **options))
