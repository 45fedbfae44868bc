"""Servers that are not ours, each with a tiny model made on the spot: what they really answer, refuse and ignore.

They are no part of an installation. To run these, name where they are:

    UNDERSTUDY_TRANSFORMERS=VENV           an environment with "transformers[serving]", torch and gguf
    UNDERSTUDY_LLAMA=FOLDER/node_modules   where `npm i --ignore-scripts node-llama-cpp` was run; node is needed too
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from understudy.core.errors import EndpointError
from understudy.core.progress import Progress
from understudy.text.llm.wire import ChatRequest

TOOLS = Path(__file__).parents[3] / "tools"
START_S = 120

pytestmark = pytest.mark.slow


class Review(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=20)
    stars: int = Field(ge=1, le=5)


class Opinion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=40)
    feeling: Literal["good", "bad", "mixed"]


class Heard(Progress):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def transformers():
    """The environment's programs."""
    place = os.environ.get("UNDERSTUDY_TRANSFORMERS")
    if not place or not (Path(place) / "bin" / "transformers").exists():
        pytest.skip('UNDERSTUDY_TRANSFORMERS names no environment with "transformers[serving]"')
    return Path(place) / "bin"


@pytest.fixture(scope="module")
def model(transformers, tmp_path_factory):
    """A tiny model, in both forms."""
    folder = tmp_path_factory.mktemp("tiny")
    command = [transformers / "python", TOOLS / "tiny_model.py", folder / "tiny", "--gguf", folder / "tiny.gguf"]
    made = subprocess.run(command, capture_output=True, text=True, env=offline())
    if "No module named 'gguf'" in made.stderr:
        pytest.skip("the environment has no gguf")
    assert made.returncode == 0, made.stderr
    return folder


def offline():
    return {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


@pytest.fixture(scope="module")
def transformers_serve(transformers, model):
    """The address of `transformers serve`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [transformers / "transformers", "serve", model / "tiny", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (model / "log").open("w") as log:
        server = subprocess.Popen(command, env=offline(), stdout=log, stderr=log)
    try:
        end = time.monotonic() + START_S
        while time.monotonic() < end and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((model / "log").read_text()[-3000:])
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def llama_server(model):
    """The address of llama.cpp."""
    place, node = os.environ.get("UNDERSTUDY_LLAMA"), shutil.which("node")
    if not place or node is None or not (Path(place) / "node-llama-cpp").exists():
        pytest.skip("UNDERSTUDY_LLAMA names no folder with node-llama-cpp, or node is missing")
    environment = {**os.environ, "NODE_PATH": place}
    command = [node, TOOLS / "llama_server.mjs", model / "tiny.gguf"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = server.stdout.readline().strip()
    if not address.startswith("http"):
        pytest.fail(server.communicate()[1][-3000:])
    yield address
    server.terminate()
    server.communicate()


def test_transformers_serve_is_asked_and_what_it_ignores_is_found_out(transformers_serve, model, session_at):
    heard = Heard()
    session = session_at(transformers_serve, endpoint={"model": str(model / "tiny"), "timeout_s": 60}, concurrency=4, progress=heard)
    session.check()
    assert any("ignores response_format" in note for note in heard.notes)
    requests = [ChatRequest.of(f"Write review {number}.", max_tokens=12, temperature=1.0) for number in range(6)]
    replies = list(session.run(session.ask(request, path=(index,)) for index, request in enumerate(requests)))
    assert all(reply.text for reply in replies)
    assert all(reply.usage is not None and reply.usage.completion_tokens <= 12 for reply in replies)
    assert all((reply.finish_reason == "length") == (reply.problem is not None) for reply in replies)
    [shaped] = session.run([session.ask(ChatRequest.of("A review.", max_tokens=12), shape=Review)])
    assert shaped.value is None
    assert shaped.problem
    session.close()
    again = session_at(transformers_serve, endpoint={"model": str(model / "tiny"), "timeout_s": 60})
    kept = list(again.run(again.ask(request, path=(index,)) for index, request in enumerate(requests)))
    assert all(reply.kept for reply in kept)
    assert [reply.text for reply in kept] == [reply.text for reply in replies]


def test_transformers_serve_streams(transformers_serve, model, session_at):
    session = session_at(transformers_serve, endpoint={"model": str(model / "tiny"), "timeout_s": 60, "stream": True}, concurrency=2)
    [reply] = session.run([session.ask(ChatRequest.of("Write a review.", max_tokens=12), path=("streamed",))])
    assert reply.text
    assert reply.finish_reason in ("stop", "length")


def test_llama_cpp_holds_to_a_schema_and_its_replies_are_values(llama_server, session_at):
    session = session_at(llama_server, endpoint={"model": "tiny", "timeout_s": 60}, concurrency=4)
    requests = [ChatRequest.of(f"Write review {number}.", max_tokens=200, temperature=1.0, seed=number) for number in range(6)]
    replies = list(session.run(session.ask(request, path=(index,), shape=Opinion) for index, request in enumerate(requests)))
    assert sum(isinstance(reply.value, Opinion) for reply in replies) >= 4, replies
    assert all(reply.value is not None or reply.problem for reply in replies)
    assert session.journal.fact("structured") == "schema"


def test_llama_cpp_lets_bounds_of_numbers_go_and_is_not_believed(llama_server, session_at):
    session = session_at(llama_server, endpoint={"model": "tiny", "timeout_s": 60}, concurrency=4)
    requests = [ChatRequest.of(f"Write review {number}.", max_tokens=200, temperature=1.0, seed=number) for number in range(6)]
    replies = list(session.run(session.ask(request, path=(index,), shape=Review) for index, request in enumerate(requests)))
    assert all((reply.value is None) == (reply.problem is not None) for reply in replies)
    assert any("stars" in (reply.problem or "") for reply in replies)


def test_llama_cpp_without_the_model_is_told(llama_server, session_at):
    session = session_at(llama_server, endpoint={"model": "tinny"})
    with pytest.raises(EndpointError, match='no model "tinny"') as caught:
        session.check()
    assert '"tiny"' in str(caught.value)
