"""A journal's place, and endpoints that do not wait long."""

import pytest

pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("starlette", reason='serving needs the extra: pip install "understudy[serve]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')

from understudy.text.llm.endpoint import Endpoint
from understudy.text.llm.session import Session
from understudy.text.llm.wire import ChatRequest


@pytest.fixture(autouse=True)
def no_prices_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))


@pytest.fixture
def session_at(tmp_path):
    """A session with a server, closed at the end."""
    opened = []

    def make(url, *, name="journal.sqlite", endpoint=None, **options):
        patience = {"timeout_s": 2.0, "backoff_s": 0.01, **(endpoint or {})}
        session = Session(Endpoint(url, patience.pop("model", "understudy-echo"), **patience), journal=tmp_path / name, **options)
        opened.append(session)
        return session

    yield make
    for session in opened:
        session.close()


@pytest.fixture
def rows():
    """Programs that ask for a row each."""

    def make(session, count, start=0, shape=None, max_tokens=48):
        async def row(number):
            request = ChatRequest.of(f"Write review {number}.", max_tokens=max_tokens)
            return await session.ask(request, path=("row", number), shape=shape)

        return (row(number) for number in range(start, start + count))

    return make
