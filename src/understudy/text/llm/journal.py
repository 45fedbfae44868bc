"""What was sent, what was answered and what it cost: one SQLite file that outlives the process, however it ends.

Every sending of a request is a row of `sends`, on the disk before the first byte leaves; every reply a row of `replies`, on the disk
before anyone sees it. A sending goes through these states:

    reserved   in a batch that is being handed in; its worst case is held back
    sent       on its way, or in a batch that the provider has
    stored     answered; what it cost has taken the place of what was held back
    failed     the server said no; nothing is paid
    unknown    no reply that can be read: a lost connection, or the process ended. Counted at its worst case: it may have been paid

The file is in write-ahead mode with full synchronisation. What comes in while the disk is busy goes into the next transaction together,
so that waiting for the disk is shared by all requests under way.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.core.errors import DataError, SinkError
from understudy.core.held import held
from understudy.text.llm.budget import Cost, ModelSpending
from understudy.text.llm.wire import Usage

VERSION = 1
_APPLICATION = 0x55447331
_TABLES = """
CREATE TABLE IF NOT EXISTS sends (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, model TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL,
    pico INTEGER, tokens INTEGER NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER, price TEXT, batch TEXT, reason TEXT);
CREATE INDEX IF NOT EXISTS open_sends ON sends (state) WHERE state IN ('reserved', 'sent');
CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, path TEXT NOT NULL, send INTEGER, body BLOB, problem TEXT, verdict TEXT);
CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, provider TEXT, state TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Kept:
    """What the journal holds of a request: the reply's body, or the problem that ended it. `pico`: what it cost, where that is known."""

    body: dict[str, Any] | None
    problem: str | None
    pico: int | None = None
    fresh: bool = False


class Journal:
    """The journal at `path`, held by one process at a time.

    Args:
        path: the file; made where there is none, with its folder.
        retry_failed: forget which requests failed for good, so that they are asked again.

    Raises:
        SinkError: another process holds it, or it cannot be written.
        DataError: the file is no journal, or that of a newer release.
    """

    def __init__(self, path: str | Path, *, retry_failed: bool = False) -> None:
        self.path = Path(path)
        self._lock = held(self.path, "this journal")
        try:
            self._reading = self._opened()
            if retry_failed:
                self._reading.execute("DELETE FROM replies WHERE body IS NULL")
            self.found_open = self._reading.execute(
                "UPDATE sends SET state = 'unknown', reason = 'the process ended' WHERE state = 'sent' AND batch IS NULL"
            ).rowcount
            self._next = 1 + (self._reading.execute("SELECT max(id) FROM sends").fetchone()[0] or 0)
        except sqlite3.Error as error:
            self._lock.close()
            raise self._unusable(error) from None
        except BaseException:
            self._lock.close()
            raise
        self._writer = _Writer(self.path)

    # -- reading

    def find(self, key: bytes) -> Kept | None:
        """What is kept under a key; None where it has yet to be asked."""
        row = self._reading.execute(
            "SELECT body, problem, pico FROM replies LEFT JOIN sends ON sends.id = replies.send WHERE replies.key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        return Kept(None if row[0] is None else json.loads(zlib.decompress(row[0])), row[1], row[2])

    def fact(self, name: str) -> str | None:
        """Something learned of the endpoint in an earlier run."""
        row = self._reading.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def spent(self) -> dict[str, ModelSpending]:
        """What all sendings cost, by model."""
        rows = self._reading.execute(
            "SELECT model, state, count(*), sum(pico), sum(tokens), sum(prompt_tokens), sum(completion_tokens), sum(pico IS NULL) "
            "FROM sends WHERE state != 'failed' GROUP BY model, state"
        )
        found: dict[str, ModelSpending] = {}
        for model, state, count, pico, tokens, prompt, completion, unpriced in rows:
            part = found.setdefault(model, ModelSpending())
            part.pico += pico or 0
            if state == "stored":
                part.requests += count
                part.unpriced += unpriced
                part.prompt_tokens += prompt or 0
                part.completion_tokens += completion or 0
                part.unknown_tokens += tokens - (prompt or 0) - (completion or 0)
            else:
                part.unknown += count
                part.unknown_tokens += tokens
        return found

    def counts(self) -> dict[str, int]:
        """How many sendings are in each state, replies and requests given up."""
        found = dict(self._reading.execute("SELECT state, count(*) FROM sends GROUP BY state").fetchall())
        found["replies"], found["given up"] = self._reading.execute("SELECT count(body), count(problem) FROM replies").fetchone()
        return found

    def replies_at(self, place: str) -> int:
        """How many replies there are whose path begins with `place`."""
        begin = json.dumps([place], ensure_ascii=False)[:-1]
        row = self._reading.execute("SELECT count(body) FROM replies WHERE substr(path, 1, ?) = ?", (len(begin), begin)).fetchone()
        return int(row[0])

    def paths(self) -> Iterator[list[str | int]]:
        """Where in the data the replies belong."""
        return (json.loads(row[0]) for row in self._reading.execute("SELECT path FROM replies"))

    def keys(self) -> Iterator[bytes]:
        """The keys of all replies."""
        return (row[0] for row in self._reading.execute("SELECT key FROM replies WHERE body IS NOT NULL"))

    # -- writing

    def next_send(self) -> int:
        self._next += 1
        return self._next - 1

    async def sent(self, send: int, key: bytes, model: str, held: Cost) -> None:
        """On the disk: this is about to be sent."""
        await self._writer.write([(_SEND, (send, key, model, "sent", time.time(), held.pico, held.tokens, None))])

    async def stored(self, send: int, key: bytes, path: str, raw: bytes, usage: Usage | None, cost: Cost, price: str | None) -> None:
        """On the disk: the reply, and what it cost."""
        await self._writer.write(self.storing(send, key, path, raw, usage, cost, price))

    @staticmethod
    def storing(send: int, key: bytes, path: str, raw: bytes, usage: Usage | None, cost: Cost, price: str | None) -> list[Statement]:
        counts = (None, None) if usage is None else (usage.prompt_tokens, usage.completion_tokens)
        return [
            (
                "UPDATE sends SET state = 'stored', pico = ?, tokens = ?, prompt_tokens = ?, completion_tokens = ?, price = ? WHERE id = ?",
                (cost.pico, cost.tokens, *counts, price, send),
            ),
            ("INSERT OR IGNORE INTO replies (key, path, send, body) VALUES (?, ?, ?, ?)", (key, path, send, zlib.compress(raw, 1))),
        ]

    def ended(self, send: int, state: str, reason: str) -> None:
        """Without waiting: a sending failed, or its outcome is unknown."""
        self._writer.write_later([("UPDATE sends SET state = ?, reason = ? WHERE id = ?", (state, reason[:500], send))])

    async def given_up(self, key: bytes, path: str, problem: str) -> None:
        """On the disk: this request is not asked again."""
        await self._writer.write([("INSERT OR REPLACE INTO replies (key, path, problem) VALUES (?, ?, ?)", (key, path, problem))])

    def judged(self, key: bytes, verdict: str) -> None:
        """Without waiting: what the checks say of a reply."""
        self._writer.write_later([("UPDATE replies SET verdict = ? WHERE key = ?", (verdict[:500], key))])

    async def learned(self, name: str, value: str) -> None:
        """On the disk: something about the endpoint."""
        await self._writer.write([("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))])

    async def commit(self, statements: Iterable[Statement]) -> None:
        """On the disk: several changes at once, in order."""
        await self._writer.write(list(statements))

    async def flush(self) -> None:
        """On the disk: all that was noted without waiting."""
        await self._writer.write([])

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds, for the files beside this one."""
        return self._reading.execute(query, values).fetchall()

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._writer.close()
        self._reading.close()
        self._lock.close()

    def _opened(self) -> sqlite3.Connection:
        with closing(sqlite3.connect(self.path)) as connection:
            application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
            empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not empty and application != _APPLICATION:
            raise DataError("The file is an SQLite database, but no journal.", where=str(self.path), remedy="Name another file.")
        if version > VERSION:
            raise DataError("The journal was written by a newer release.", where=str(self.path), remedy="Update understudy.")
        connection = _connect(self.path)
        connection.executescript(f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};" + _TABLES)
        return connection

    def _unusable(self, error: sqlite3.Error) -> Exception:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return DataError(f"The journal cannot be read: {error}.", where=str(self.path), remedy="Restore it, or name another file.")
        return SinkError(f"The journal cannot be written: {error}.", where=str(self.path), remedy="Free some space, or name another place.")


_SEND = "INSERT INTO sends (id, key, model, state, at, pico, tokens, batch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class _Writer:
    """Writes in the event loop and waits for the disk in a thread; who comes meanwhile shares the next transaction.

    The statements themselves are not run in that thread: SQLite's module lets go of the interpreter at each, and would have to wait
    for a busy loop every time it wants it back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _connect(path)
        self._pending: list[tuple[list[Statement], asyncio.Future[None] | None]] = []
        self._committing = False
        self._error: SinkError | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="understudy journal")

    async def write(self, statements: list[Statement]) -> None:
        if self._error is not None:
            raise self._error.with_traceback(None)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((statements, done))
        if not self._committing:
            self._begin()
        await done

    def write_later(self, statements: list[Statement]) -> None:
        self._pending.append((statements, None))

    def close(self) -> None:
        self._thread.shutdown()
        if self._pending and self._error is None:
            work, self._pending = self._pending, []
            try:
                self._execute(work)
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._error = self._failed(error)
        self._connection.close()

    def _begin(self) -> None:
        work, self._pending = self._pending, []
        waiting = [done for _, done in work if done is not None]
        try:
            self._execute(work)
        except sqlite3.Error as error:
            self._error = self._failed(error)
            self._tell(waiting)
            return
        self._committing = True
        commit = asyncio.get_running_loop().run_in_executor(self._thread, self._connection.execute, "COMMIT")
        commit.add_done_callback(lambda committed: self._committed(committed, waiting))

    def _execute(self, work: list[tuple[list[Statement], asyncio.Future[None] | None]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statements, _ in work:
            for sql, values in statements:
                self._connection.execute(sql, values)

    def _committed(self, committed: asyncio.Future[sqlite3.Cursor], waiting: list[asyncio.Future[None]]) -> None:
        self._committing = False
        error = None if committed.cancelled() else committed.exception()
        if isinstance(error, sqlite3.Error):
            self._error = self._failed(error)
        self._tell(waiting)
        if any(done is not None for _, done in self._pending):
            self._begin()

    def _tell(self, waiting: list[asyncio.Future[None]]) -> None:
        for done in waiting:
            if done.done():
                continue
            if self._error is None:
                done.set_result(None)
            else:
                done.set_exception(self._error)

    def _failed(self, error: sqlite3.Error) -> SinkError:
        remedy = "Free some space, then run again: what was stored is kept."
        return SinkError(f"The journal cannot be written: {error}.", where=str(self._path), remedy=remedy)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
