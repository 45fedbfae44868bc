"""`understudy serve-model`: texts over the OpenAI wire format, from a saved model or from the request itself, with faults on demand.

| file | holds |
|---|---|
| `writers.py` | what writes replies: a saved generator of text, or an echo that needs no file |
| `replies.py` | a request's body to a reply's: chat, completions, embeddings; tokens, ends, streams |
| `schema_values.py` | a value that is valid against a JSON schema, drawn from it |
| `embedding.py` | hashed words as vectors |
| `faults.py` | what goes wrong, at stated rates, by seed |
| `ledger.py` | what was asked, and what it would have cost |
| `batches.py` | files and batches |
| `application.py` | the routes |
| `server.py` | the server, while a block lasts |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.text.serving.application import Options as Options
    from understudy.text.serving.faults import FaultPlan as FaultPlan
    from understudy.text.serving.server import Server as Server
    from understudy.text.serving.writers import Echo as Echo
    from understudy.text.serving.writers import Written as Written
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Server": "understudy.text.serving.server",
            "Options": "understudy.text.serving.application",
            "FaultPlan": "understudy.text.serving.faults",
            "Echo": "understudy.text.serving.writers",
            "Written": "understudy.text.serving.writers",
        },
    )
