"""A job that is killed at any moment: what was stored is used and never asked for again, what was on its way stays counted."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal

import pytest

from understudy.core.random import Stream
from understudy.text.llm.budget import SpendingLimit
from understudy.text.llm.prices import Price
from understudy.text.serving import Echo, FaultPlan, Options, Server

ROWS = 600
LIMIT = "0.5"
JOB = f"""
import sys
from understudy.text.llm import ChatRequest, Endpoint, Session, SpendingLimit
endpoint = Endpoint(sys.argv[1], "understudy-echo", timeout_s=2, backoff_s=0.01)
with Session(endpoint, journal=sys.argv[2], budget=SpendingLimit(money="{LIMIT}")) as session:
    asked = (session.ask(ChatRequest.of(f"Write review {{n}}.", max_tokens=48), path=("row", n)) for n in range({ROWS}))
    for index, reply in enumerate(session.run(asked)):
        assert reply.text == f"Write review {{index}}.", reply
        if index == 0:
            print("going", flush=True)
print("done", flush=True)
"""


def stored_and_open(path):
    """Keys of the replies on the disk, and the sendings whose end is not: their number and what was held back for them."""
    with closing(sqlite3.connect(path)) as connection:
        keys = {row[0].hex() for row in connection.execute("SELECT key FROM replies WHERE body IS NOT NULL")}
        number, pico = connection.execute("SELECT count(*), coalesce(sum(pico), 0) FROM sends WHERE state = 'sent'").fetchone()
    return keys, number, pico


def killed_often(tmp_path, session_at, times):
    draw = Stream(11).child("kill").generator()
    journal, log = tmp_path / "journal.sqlite", tmp_path / "log"
    plan = FaultPlan({"429": 0.02, "500": 0.02}, delay_s=0.02, spread=1.0, retry_after_s=0.01)
    lost = 0
    with Server(Echo(), Options(price=Price.of("1", "2"), log=log, faults=plan)) as server:
        for _ in range(times):
            job = subprocess.Popen([sys.executable, "-c", JOB, server.url, str(journal)], stdout=subprocess.PIPE, text=True)
            assert job.stdout.readline() in ("going\n", "done\n")
            time.sleep(float(draw.uniform(0, 0.4)))
            job.kill()
            job.wait()
            job.stdout.close()
            keys, number, pico = stored_and_open(journal)
            seen = len(log.read_text().splitlines())
            with_open = session_at(server.url)  # what the next run sees
            assert with_open.journal.found_open == number
            lost += number
            spent = with_open.spent()
            assert spent.unknown >= lost
            assert spent.money >= Decimal(pico) / 10**12
            with_open.close()
            yield keys, seen
        last = subprocess.run([sys.executable, "-c", JOB, server.url, str(journal)], capture_output=True, text=True)
        assert last.stdout == "going\ndone\n", last.stderr
        keys, number, _ = stored_and_open(journal)
        assert (len(keys), number) == (ROWS + 1, 0)
        session = session_at(server.url, budget=SpendingLimit(money=LIMIT))
        spent, books = session.spent(), server.ledger.to_dict()
        assert Decimal(books["money"]) <= spent.money <= Decimal(LIMIT)
        assert server.ledger.outcomes["ok"] <= ROWS + 1 + lost


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_job_asks_for_nothing_twice_that_it_has(tmp_path, session_at, times):
    stored, begins = [], []
    for keys, seen in killed_often(tmp_path, session_at, times):
        stored.append(keys)
        begins.append(seen)
    lines = [json.loads(line)["key"] for line in (tmp_path / "log").read_text().splitlines()]
    for keys, begin in zip(stored, begins, strict=True):
        assert not keys & set(lines[begin:])
    assert stored[-1] >= stored[0]
