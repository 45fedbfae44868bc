"""`understudy serve-model` from the outside."""

import json
import signal
import subprocess
import sys

import pytest

from understudy.cli.application import run

httpx = pytest.importorskip("httpx")
pytest.importorskip("uvicorn")


def test_it_serves_until_it_is_interrupted_and_then_counts(tmp_path):
    command = [sys.executable, "-m", "understudy", "serve-model", "--echo", "--port", "0", "--log", str(tmp_path / "log"), "--price", "1/2"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    url = line.split(" at ")[1].split(";")[0]
    body = {"model": "understudy-echo", "messages": [{"role": "user", "content": "hello"}]}
    assert httpx.post(f"{url}/chat/completions", json=body).json()["choices"][0]["message"]["content"] == "hello"
    server.send_signal(signal.SIGINT)
    out, errors = server.communicate(timeout=20)
    assert (server.returncode, errors) == (0, "")
    assert "1 requests" in out or "1 request" in out
    assert json.loads((tmp_path / "log").read_text())["outcome"] == "ok"


def test_wrong_options_are_told(capsys, tmp_path):
    assert run(["serve-model"]) == 2
    assert "MODEL or --echo" in capsys.readouterr().err
    assert run(["serve-model", "--echo", "--faults", "4290=0.1"]) == 2
    assert "429" in capsys.readouterr().err
    assert run(["serve-model", "--echo", "--price", "1"]) == 2
    assert run(["serve-model", str(tmp_path / "none.understudy")]) == 1
