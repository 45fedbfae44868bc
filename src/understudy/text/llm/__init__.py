"""Asking language models: every reply is on the disk before it is used, and a spending limit is never passed.

| file | holds |
|---|---|
| `endpoint.py`, `wire.py` | where to ask; what is asked and answered, in the words of the OpenAI API |
| `client.py`, `transport.py` | one call over HTTP, and what came of it; a quick way to servers nearby |
| `limiter.py` | how many calls at once: more while all goes well, fewer when the server says so |
| `prices.py`, `prices.toml`, `budget.py` | what calls cost, and the limit that they are held to |
| `journal.py` | what was sent, what was answered, what it cost, as a file that outlives the process |
| `asking.py` | one request until it is answered: permit, reservation, journal, call, retry |
| `structured.py` | replies as values of a pydantic model: validated, mended, or refused with the reason |
| `session.py` | all of it together: many programs that ask, in order, in constant memory |
| `batch.py` | the same through batch endpoints |
| `estimate.py` | what a job will cost, from a few of its requests |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.text.llm.batch import Ask as Ask
    from understudy.text.llm.batch import Batching as Batching
    from understudy.text.llm.budget import Spending as Spending
    from understudy.text.llm.budget import SpendingLimit as SpendingLimit
    from understudy.text.llm.endpoint import Endpoint as Endpoint
    from understudy.text.llm.estimate import Estimate as Estimate
    from understudy.text.llm.prices import Price as Price
    from understudy.text.llm.prices import read_prices as read_prices
    from understudy.text.llm.session import Session as Session
    from understudy.text.llm.wire import ChatRequest as ChatRequest
    from understudy.text.llm.wire import Message as Message
    from understudy.text.llm.wire import Reply as Reply
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Ask": "understudy.text.llm.batch",
            "Batching": "understudy.text.llm.batch",
            "Session": "understudy.text.llm.session",
            "Endpoint": "understudy.text.llm.endpoint",
            "ChatRequest": "understudy.text.llm.wire",
            "Message": "understudy.text.llm.wire",
            "Reply": "understudy.text.llm.wire",
            "SpendingLimit": "understudy.text.llm.budget",
            "Spending": "understudy.text.llm.budget",
            "Price": "understudy.text.llm.prices",
            "read_prices": "understudy.text.llm.prices",
            "Estimate": "understudy.text.llm.estimate",
        },
    )
