"""The server over the wire, as a stranger's client sees it."""

import json

import httpx
import polars as pl
import pytest

from understudy.core.errors import ArgumentError, DataError, SinkError
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.text.llm.prices import Price
from understudy.text.serving import Echo, FaultPlan, Options, Server, Written


class Reviews(Generator):
    """Rows of label and text, conditioned on the label."""

    name = "reviews"
    block_size = 100
    text = "review"
    label = "stars"

    def _prepare(self, given):
        return given

    def _block(self, index, size, rng, given):
        draw = rng.generator()
        labels = [(given or {}).get("stars") or ("good", "bad")[draw.integers(2)] for _ in range(size)]
        return pl.DataFrame({"stars": labels, "review": [f"a {label} thing, number {draw.integers(10**9)}" for label in labels]})

    def _concat(self, batches):
        return pl.concat(batches)

    def _slice(self, batch, start, stop):
        return batch[start:stop]


@pytest.fixture(scope="module")
def echo():
    with Server(Echo(), Options(price=Price.of("0.15", "0.6"))) as server:
        yield server


def chat(server, content, model="understudy-echo", **options):
    body = {"model": model, "messages": [{"role": "user", "content": content}], **options}
    return httpx.post(f"{server.url}/chat/completions", json=body, timeout=10)


def test_a_chat_is_answered_in_the_api_s_form(echo):
    body = chat(echo, "Hello there.").json()
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "Hello there."}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 3


def test_the_same_request_gets_the_same_reply_and_the_books_are_kept(echo):
    schema = {
        "type": "json_schema",
        "json_schema": {"name": "r", "schema": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
    }
    before = echo.ledger.to_dict()["requests"]
    first, second = (chat(echo, "x", response_format=schema).json()["choices"] for _ in range(2))
    assert first == second
    assert isinstance(json.loads(first[0]["message"]["content"])["a"], int)
    assert httpx.get(echo.url.removesuffix("/v1") + "/ledger").json()["requests"] == before + 2


def test_max_tokens_and_stops_end_a_reply(echo):
    choice = chat(echo, "one two three four", max_tokens=2).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("one two", "length")
    choice = chat(echo, "one two three four", stop=[" three"]).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("one two", "stop")


def test_a_stream_puts_together_to_the_same_text(echo):
    body = {
        "model": "understudy-echo",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "one two three four five six"}],
    }
    with httpx.stream("POST", f"{echo.url}/chat/completions", json=body) as response:
        lines = [line[6:] for line in response.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    pieces = [json.loads(line) for line in lines[:-1]]
    assert "".join(choice["delta"].get("content") or "" for piece in pieces for choice in piece["choices"]) == "one two three four five six"
    assert pieces[-1]["usage"]["completion_tokens"] == 6
    assert len(pieces) > 3


def test_a_tool_is_called_when_it_must_be(echo):
    parameters = {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    choice = chat(echo, "Weather?", tools=tools, tool_choice="required").json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    [call] = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"])["city"] in ("Rome", "Oslo")
    assert chat(echo, "Weather?", tools=tools).json()["choices"][0]["message"]["content"] == "Weather?"


def test_completions_models_and_health(echo):
    body = httpx.post(f"{echo.url}/completions", json={"model": "understudy-echo", "prompt": "once"}).json()
    assert body["choices"][0]["text"] == "once"
    models = httpx.get(f"{echo.url}/models").json()["data"]
    assert [model["id"] for model in models] == ["understudy-echo", "hashed-words-256"]
    assert models[0]["pricing"] == {"prompt": "0.00000015", "completion": "0.0000006"}
    assert httpx.get(echo.url.removesuffix("/v1") + "/health").status_code == 200


def test_vectors_are_nearer_for_texts_that_share_words(echo):
    texts = ["the bread was very good", "the bread was very bad", "trains leave at nine"]
    data = httpx.post(f"{echo.url}/embeddings", json={"model": "hashed-words-256", "input": texts}).json()["data"]
    first, second, third = (entry["embedding"] for entry in data)
    assert sum(a * b for a, b in zip(first, second, strict=True)) > 0.5 > sum(a * b for a, b in zip(first, third, strict=True))
    assert sum(a * a for a in first) == pytest.approx(1)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"not json", 400, "JSON"),
        (b"[]", 400, "object"),
        ({"model": "other", "messages": []}, 404, "does not exist"),
        ({"model": "understudy-echo", "messages": []}, 400, "messages"),
        ({"model": "understudy-echo", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}, 400, "max_tokens"),
        (
            {
                "model": "understudy-echo",
                "messages": [{"role": "user", "content": "x"}],
                "response_format": {"type": "json_schema", "json_schema": {"schema": {"not": {}}}},
            },
            400,
            "not",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_told(echo, body, status, told):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx.post(f"{echo.url}/chat/completions", content=content)
    assert response.status_code == status
    assert told in response.json()["error"]["message"]


def test_a_key_is_asked_for():
    with Server(Echo(), Options(key="secret")) as server:
        assert chat(server, "x").status_code == 401
        assert httpx.get(f"{server.url}/models", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_faults_come_at_their_rates_and_are_the_same_in_every_run():
    plan = FaultPlan({"429": 0.2, "500": 0.1}, seed=1, retry_after_s=0.5)
    seen = []
    for _ in range(2):
        with Server(Echo(), Options(faults=plan)) as server:
            replies = [chat(server, f"request {number}") for number in range(100)]
            seen.append([reply.status_code for reply in replies])
    assert seen[0] == seen[1]
    assert 10 <= seen[0].count(429) <= 32
    assert 3 <= seen[0].count(500) <= 20
    limited = next(reply for reply in replies if reply.status_code == 429)
    assert limited.headers["retry-after"] == "0.5"
    assert limited.headers["retry-after-ms"] == "500"


def test_a_cut_reply_a_garbled_one_and_a_hang_are_what_they_are_called():
    with Server(Echo(), Options(faults=FaultPlan({"cut": 1.0}))) as server, pytest.raises(httpx.RemoteProtocolError):
        chat(server, "x")
    with Server(Echo(), Options(faults=FaultPlan({"garbled": 1.0}))) as server, pytest.raises(ValueError, match="."):
        chat(server, "x").json()
    with Server(Echo(), Options(faults=FaultPlan({"hang": 1.0}))) as server, pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.url}/chat/completions",
            json={"model": "understudy-echo", "messages": [{"role": "user", "content": "x"}]},
            timeout=0.3,
        )
    assert server.ledger.to_dict()["outcomes"] == {"hang": 1}
    assert server.ledger.completion_tokens == 1  # it would have been billed


def test_a_served_model_writes_texts_of_the_label_that_is_asked_for():
    with Server(Written(Reviews(), pool=200)) as server:
        texts = [chat(server, f"Write a {label} review, number {n}.", "understudy-reviews") for label in ("good", "bad") for n in range(10)]
        found = [reply.json()["choices"][0]["message"]["content"] for reply in texts]
        assert all(text.startswith("a good thing") for text in found[:10])
        assert all(text.startswith("a bad thing") for text in found[10:])
        assert len(set(found)) > 12
        again = chat(server, "Write a good review, number 0.", "understudy-reviews").json()["choices"][0]["message"]["content"]
        assert again == found[0]


def test_a_saved_model_of_texts_is_served(tmp_path):
    import understudy as us
    from understudy.text import NgramText

    words = {"good": "fine lovely kettle boils fast and looks nice", "bad": "broken awful kettle leaks and smells of burning"}
    draw = Stream(1).generator()
    rows = [(label, " ".join(draw.permutation(text.split())[:5])) for label, text in words.items() for _ in range(60)]
    NgramText().fit(pl.DataFrame(rows, schema=["mood", "words"], orient="row"), text="words", label="mood").save(tmp_path / "m.understudy")
    with Server(Written(us.load(tmp_path / "m.understudy"), pool=50)) as server:
        reply = chat(server, "A bad one, please.", "understudy-text-ngram").json()["choices"][0]
        assert reply["finish_reason"] == "stop"
        assert set(reply["message"]["content"].split()) <= set(words["bad"].split())


def test_what_makes_no_text_is_not_served():
    class Dice(Generator):
        name = "dice"
        block_size = 10

        def _block(self, index, size, rng, given):
            return rng.generator().integers(1, 7, size).tolist()

    with pytest.raises(DataError, match="no rows of text"):
        Written(Dice())


def test_plans_of_faults_are_checked():
    assert FaultPlan.parse("429=0.1, 500=0.05").rates == {"429": 0.1, "500": 0.05}
    for wrong, told in (("428=0.1", "429"), ("429", "no fault with its rate"), ("429=2", "between"), ("429=0.9,500=0.9", "together")):
        with pytest.raises(ArgumentError) as caught:
            FaultPlan.parse(wrong)
        assert told in str(caught.value)


def test_a_port_that_is_taken_is_told(echo):
    port = int(echo.url.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(SinkError, match="port") as caught:
        Server(Echo(), port=port)
    assert "--port" in caught.value.remedy
