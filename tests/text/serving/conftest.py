"""Serving needs its extra."""

import pytest

pytest.importorskip("starlette", reason='serving needs the extra: pip install "understudy[serve]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')
pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
