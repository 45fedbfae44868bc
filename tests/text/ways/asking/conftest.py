"""A real server whose model answers as a test says, and specs that ask it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("jinja2", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')

from understudy.text import Texts
from understudy.text.serving import Options, Server
from understudy.text.serving.writers import Writer

READY = 'Answer with the JSON object {"ready": true}.'
"""What a session asks first, to see whether anybody is there and whether a schema is held."""


class Scripted(Writer):
    """Answers as `script` says: what it gives for a prompt is the value, or the text where no schema is asked for."""

    name = "scripted"

    def __init__(self, script: Callable[[str, int], Any]) -> None:
        self.script = script
        self.prompts: list[str] = []

    def text(self, prompt: str, number: int) -> str:
        if prompt == READY:
            return '{"ready": true}'
        said = self.script(prompt, number)
        self.prompts.append(prompt)
        return json.dumps(said) if isinstance(said, dict) else str(said)

    def value(self, schema: dict[str, Any], prompt: str, number: int) -> Any:
        if prompt == READY:
            return {"ready": True}
        said = self.script(prompt, number)
        self.prompts.append(prompt)
        return said


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """`asked(script, spec)` → texts that a scripted model writes; `.prompts` are those that it saw."""
    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))
    stack = ExitStack()

    def make(script: Callable[[str, int], Any], spec: dict[str, Any], *, options: Options | None = None, **section: Any) -> Texts:
        model = Scripted(script)
        server = stack.enter_context(Server(model, options))
        llm = {"endpoint": server.url, "model": "scripted", "journal": str(tmp_path / "journal.sqlite"), "timeout": 5, **section}
        texts = Texts({"understudy": "text/1", "way": "llm", "llm": llm, **spec})
        texts.prompts, texts.server = model.prompts, server
        return texts

    yield make
    stack.close()
