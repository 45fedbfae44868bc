"""What is on the disk, and what is made of it after a crash."""

import asyncio
import sqlite3
import subprocess
import sys

import pytest

from understudy.core.errors import DataError, SinkError
from understudy.text.llm.budget import Cost
from understudy.text.llm.journal import Journal
from understudy.text.llm.wire import Usage


def send(journal, key, *, answer=None, cost=10):
    async def work():
        number = journal.next_send()
        await journal.sent(number, key, "m", Cost(1000, 100))
        if answer is not None:
            await journal.stored(number, key, "[1]", answer, Usage(cost - 1, 1), Cost(100, cost), "given")

    asyncio.run(work())


def test_what_is_stored_is_found_again_with_what_it_cost(tmp_path):
    journal = Journal(tmp_path / "deep" / "j.sqlite")
    send(journal, b"a", answer=b'{"choices": []}')
    journal.close()
    again = Journal(tmp_path / "deep" / "j.sqlite")
    kept = again.find(b"a")
    assert (kept.body, kept.pico, kept.fresh) == ({"choices": []}, 100, False)
    spent = again.spent()["m"]
    assert (spent.pico, spent.tokens, spent.requests, spent.unknown) == (100, 10, 1, 0)
    again.close()


def test_what_was_sent_without_a_reply_is_unknown_and_counted_at_its_worst(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    send(journal, b"a")
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    assert again.found_open == 1
    assert again.find(b"a") is None
    spent = again.spent()["m"]
    assert (spent.pico, spent.tokens, spent.unknown) == (1000, 100, 1)
    again.close()


def test_a_refusal_costs_nothing_and_a_lost_reply_its_worst_case(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    send(journal, b"a")
    send(journal, b"b")
    journal.ended(1, "failed", "500")
    journal.ended(2, "unknown", "hang")
    journal.close()
    again = Journal(tmp_path / "j.sqlite")
    assert again.spent()["m"].tokens == 100
    assert again.counts()["failed"] == 1
    again.close()


def test_what_was_given_up_is_kept_until_it_is_to_be_tried_again(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    asyncio.run(journal.given_up(b"a", "[1]", "400: too long"))
    assert journal.find(b"a").problem == "400: too long"
    journal.close()
    again = Journal(tmp_path / "j.sqlite", retry_failed=True)
    assert again.find(b"a") is None
    again.close()


def test_two_processes_do_not_share_a_journal(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    program = f"from understudy.text.llm.journal import Journal; Journal({str(tmp_path / 'j.sqlite')!r})"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert other.returncode != 0
    assert "Another process (number" in other.stderr
    journal.close()
    assert subprocess.run([sys.executable, "-c", program + ".close()"], capture_output=True).returncode == 0


def test_a_file_that_is_no_journal_is_refused_untouched(tmp_path):
    text, database = tmp_path / "text", tmp_path / "other.sqlite"
    text.write_text("not a database at all, but long enough to be looked at " * 20)
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    for path in (text, database):
        before = path.read_bytes()
        with pytest.raises(DataError, match="journal"):
            Journal(path)
        assert path.read_bytes() == before


def test_a_newer_journal_is_refused(tmp_path):
    Journal(tmp_path / "j.sqlite").close()
    connection = sqlite3.connect(tmp_path / "j.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataError, match="newer release"):
        Journal(tmp_path / "j.sqlite")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="not a folder|cannot be written|file"):
        Journal(tmp_path / "file" / "j.sqlite")


def test_many_writers_share_transactions(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")

    async def work():
        async def one(index):
            number = journal.next_send()
            await journal.sent(number, bytes([index]), "m", Cost(1, 1))

        await asyncio.gather(*(one(index) for index in range(200)))

    asyncio.run(work())
    assert journal.counts()["sent"] == 200
    journal.close()
