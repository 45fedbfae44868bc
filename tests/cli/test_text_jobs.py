"""Texts of a language model from the outside: a job in a folder, killed, gone on with, within its budget, every row accounted for."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.core.errors import ArgumentError
from understudy.text import Texts

pytest.importorskip("httpx", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("jinja2", reason='asking needs the extra: pip install "understudy[text]"')
pytest.importorskip("uvicorn", reason='serving needs the extra: pip install "understudy[serve]"')

SPEC = """understudy: text/1
task: classification
about: reviews of kettles
seed: 3
columns:
  label: {type: choice, values: {good: 3, bad: 1}}
  stars: {type: integer, low: 1, high: 5}
label: label
way: llm
llm: {endpoint: "URL", model: MODEL, concurrency: 16, timeout: 3, max_tokens: 200}
"""


@pytest.fixture(autouse=True)
def no_prices_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("UNDERSTUDY_PRICES", str(tmp_path / "none.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@contextmanager
def served(tmp_path, *options):
    """`understudy serve-model` in a process of its own → its address and its log."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "understudy", "serve-model", "--echo", "--port", "0", "--log", str(log), "--price", "1/2"]
    server = subprocess.Popen([*command, "--retry-after", "0.01", *options], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().split(" at ")[1].split(";")[0], log
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)


def spec_at(tmp_path, url, *, model="understudy-echo", more=""):
    path = tmp_path / "text.yaml"
    path.write_text(SPEC.replace("URL", url).replace("MODEL", model) + more)
    return path


def keys_in(log, start=0):
    return [json.loads(line)["key"] for line in log.read_text().splitlines()[start:]] if log.exists() else []


def rows_of(out):
    return pl.concat([pl.read_parquet(path) for path in sorted(out.glob("part-*.parquet"))])


def test_every_row_is_kept_or_dropped_with_its_reason_and_nothing_is_asked_twice(tmp_path, capsys):
    quality = "quality: [exact_duplicates, {length: {words: [1, 6]}}]\n"
    with served(tmp_path, "--faults", "429=0.05,500=0.03,json=0.1") as (url, log):
        spec, out = spec_at(tmp_path, url, more=quality), tmp_path / "out"
        command = ["generate", str(spec), "-n", "150", "-o", str(out), "--format", "huggingface", "--json"]
        assert run(command) == 0
        done = json.loads(capsys.readouterr().out)
        assert done["requested"] == 150 == done["kept"] + sum(done["dropped"].values())
        assert done["dropped"]["length"] > 0
        assert done["spent"]["tokens"] > 0
        kept = rows_of(out)
        assert kept.columns == ["label", "stars", "text"]
        assert kept.height == done["kept"]
        dropped = [json.loads(line) for line in (out / "dropped/rows.jsonl").read_text("utf-8").splitlines()]
        assert len(dropped) == 150 - kept.height
        assert all(row["reason"] and row["filter"] for row in dropped)
        assert len({row["row"] for row in dropped}) == len(dropped)
        card = (out / "README.md").read_text("utf-8")
        assert all(word in card for word in ("understudy-echo", "length", "Spent:", "Dropped:", "holds no real rows"))
        asked = len(keys_in(log))
        for again in (command, ["resume", str(out), "--json"]):
            assert run(again) == 0
            same = json.loads(capsys.readouterr().out)
            assert (same["kept"], same["dropped"], same["reused"]) == (done["kept"], done["dropped"], 1)
        assert len(keys_in(log)) == asked
        assert run(["verify", str(out), "-k", "1", "--json"]) == 0
        assert len(keys_in(log)) == asked
        capsys.readouterr()
        assert run([*command[:3], "151", *command[4:]]) == 2
        assert "understudy resume" in capsys.readouterr().out


def test_a_killed_job_goes_on_and_asks_for_nothing_that_it_has(tmp_path):
    with served(tmp_path, "--delay", "0.05", "--spread", "1", "--faults", "500=0.03") as (url, log):
        spec, out = spec_at(tmp_path, url), tmp_path / "out"
        command = [sys.executable, "-m", "understudy", "generate", str(spec), "-n", "260", "-o", str(out), "--quiet"]
        job = subprocess.Popen(command)
        end = time.monotonic() + 60
        while len(keys_in(log)) < 60 and time.monotonic() < end:
            time.sleep(0.02)
        job.kill()
        job.wait()
        with closing(sqlite3.connect(out / ".understudy" / "journal.sqlite")) as connection:
            stored = {row[0].hex() for row in connection.execute("SELECT key FROM replies WHERE body IS NOT NULL")}
        seen = len(keys_in(log))
        assert 0 < len(stored) < 260
        assert not list(out.glob("part-*"))
        assert run(["resume", str(out), "--quiet"]) == 0
        assert not stored & set(keys_in(log, seen))
        whole = rows_of(out)
        assert whole.height == 260
        other = tmp_path / "other"
        assert run(["generate", str(spec), "-n", "260", "-o", str(other), "--quiet"]) == 0
        assert rows_of(other).equals(whole)


def test_ctrl_c_says_what_is_kept_and_how_to_go_on_and_another_process_is_told_to_wait(tmp_path, capsys):
    with served(tmp_path, "--delay", "0.2") as (url, log):
        spec, out = spec_at(tmp_path, url), tmp_path / "rows.jsonl"
        command = ["generate", str(spec), "-n", "3000", "-o", str(out), "--quiet"]
        job = subprocess.Popen([sys.executable, "-m", "understudy", *command], stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while len(keys_in(log)) < 40 and time.monotonic() < end:
            time.sleep(0.02)
        assert run(command) == 4
        told = capsys.readouterr().err
        assert f"(number {job.pid}) works with this job" in told
        assert str(out) in told
        job.send_signal(signal.SIGINT)
        told = job.communicate(timeout=60)[1]
        assert job.returncode == 130
        assert "replies are kept" in told
        assert f"understudy resume {out}" in told
        assert not out.exists()


def test_a_dry_run_tells_the_cost_and_is_not_paid_twice(tmp_path, capsys):
    with served(tmp_path) as (url, log):
        spec, out = spec_at(tmp_path, url), tmp_path / "out"
        command = ["generate", str(spec), "-n", "60", "-o", str(out), "--json"]
        assert run([*command, "--dry-run"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["asked"]) == (60, 5)
        tried = keys_in(log)
        assert run([*command, "--dry-run"]) == 0
        assert json.loads(capsys.readouterr().out)["tokens"] == told["tokens"]
        assert keys_in(log) == tried
        assert run(command) == 0
        spent = json.loads(capsys.readouterr().out)["spent"]
        assert len(set(keys_in(log))) == len(keys_in(log))
        assert told["tokens"]["low"] <= spent["tokens"] <= 1.5 * told["tokens"]["high"]
        assert float(spent["money"]) > 0


def test_a_budget_is_held_and_raised(tmp_path, capsys):
    with served(tmp_path) as (url, log):
        spec, out = spec_at(tmp_path, url), tmp_path / "out"
        command = ["generate", str(spec), "-n", "40", "-o", str(out), "--json"]
        assert run([*command, "--dry-run"]) == 0  # rows all over the data set have their replies
        capsys.readouterr()
        assert run([*command, "--budget-tokens", "6000"]) == 1
        error = json.loads(capsys.readouterr().out)["error"]
        assert "limit of 6,000 tokens is reached" in error["what"]
        have = len(keys_in(log)) - 1
        assert f"{have} of 40 rows have all their replies, {40 - have} are missing" in error["what"]
        assert f"understudy resume {out} --budget-tokens" in error["remedy"]
        assert not (out / "dropped").exists()
        assert not list(out.glob("part-*"))
        first = set(keys_in(log))
        assert run(["resume", str(out), "--budget-tokens", "1000000", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["kept"] == 40
        assert len(keys_in(log)) == len(set(keys_in(log))) > len(first) > 0
        assert run([*command[:-1], "--budget", "0"]) == 1
        assert "0 (money)" in capsys.readouterr().err


def test_a_single_file_has_its_job_beside_it(tmp_path, capsys):
    with served(tmp_path) as (url, log):
        spec, out = spec_at(tmp_path, url, more="quality: [{length: {words: [1, 6]}}]"), tmp_path / "rows.jsonl"
        job = tmp_path / "rows.jsonl.job"
        command = ["generate", str(spec), "-n", "60", "-o", str(out), "--json"]
        assert run([*command, "--budget-tokens", "6000"]) == 1
        assert f"understudy resume {out} --budget-tokens" in json.loads(capsys.readouterr().out)["error"]["remedy"]
        assert not out.exists()
        assert run(["resume", str(out), "--budget-tokens", "1000000", "--json"]) == 0
        done = json.loads(capsys.readouterr().out)
        rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        dropped = [json.loads(line) for line in (job / "dropped.jsonl").read_text("utf-8").splitlines()]
        assert (len(rows), len(rows) + len(dropped)) == (done["kept"], 60)
        assert dropped
        assert (done["dropped_rows"], done["kept_by_the_job"]) == (str(job / "dropped.jsonl"), str(job))
        whole, asked = out.read_bytes(), len(keys_in(log))
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("rows")) == ["rows.jsonl", "rows.jsonl.job"]
        out.unlink()
        for again in (command, ["resume", str(job), "--json"]):
            assert run(again) == 0
            assert out.read_bytes() == whole
        assert len(keys_in(log)) == asked
        folder = tmp_path / "folder"
        assert run([*command[:5], str(folder), "--format", "jsonl", "--quiet"]) == 0
        assert (folder / "part-00000.jsonl").read_bytes() == whole
        capsys.readouterr()
        capsys.readouterr()
        assert run([*command[:3], "61", *command[4:]]) == 2
        assert "file holds the rows of another job" in capsys.readouterr().out
        assert out.read_bytes() == whole


def test_python_writes_the_same_job(tmp_path, capsys):
    with served(tmp_path) as (url, _):
        spec = spec_at(tmp_path, url, more="quality: [{length: {words: [1, 6]}}]")
        out, other = tmp_path / "rows.parquet", tmp_path / "other.parquet"
        assert run(["generate", str(spec), "-n", "40", "-o", str(out), "--json"]) == 0
        done = json.loads(capsys.readouterr().out)
        with pytest.warns(UserWarning, match=f"{sum(done['dropped'].values())} of 40 rows were dropped"):
            assert Texts(spec).write(40, other).rows == done["kept"]
        assert other.read_bytes() == out.read_bytes()
        assert run(["resume", str(other), "--quiet"]) == 0
        with pytest.raises(ArgumentError, match="needs a disk"):
            Texts(spec).write(40, f"sqlite:///{tmp_path}/rows.db#reviews")


def test_rows_that_a_program_brings_are_gone_on_with_by_the_program(tmp_path, capsys):
    spec = {
        "understudy": "text/1", "task": "column", "template": {"rules": {"text": ["{name} is here."]}}, "quality": ["exact_duplicates"],
    }  # fmt: skip
    texts = Texts(spec, rows=pl.DataFrame({"name": ["Ann", "Bo", "Ann"]}))
    with pytest.warns(UserWarning, match="1 of 3 rows were dropped"):
        assert texts.write(3, tmp_path / "rows.jsonl").rows == 2
    assert run(["resume", str(tmp_path / "rows.jsonl")]) == 1
    assert "Run the program again" in capsys.readouterr().err


def test_a_job_goes_on_at_another_address(tmp_path, capsys):
    out = tmp_path / "out"
    with served(tmp_path) as (url, _):
        spec = spec_at(tmp_path, url)
        assert run(["generate", str(spec), "-n", "30", "-o", str(out), "--quiet"]) == 0
    whole = rows_of(out)
    (out / "part-00000.parquet").unlink()
    with served(tmp_path) as (url, _):
        spec_at(tmp_path, url)
        other = ["--budget-tokens", "900000"]
        assert run(["generate", str(spec), "-n", "30", "-o", str(out), *other, "--json"]) == 0
        assert rows_of(out).equals(whole)
        for command in (["resume", str(out), "--endpoint", url], ["generate", str(spec), "-n", "30", "-o", str(out)]):
            assert run([*command, "--json"]) == 0
    capsys.readouterr()
    moved = tmp_path / "moved"
    out.rename(moved)
    assert run(["resume", str(moved), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reused"] == 1
    assert run(["verify", str(moved), "-k", "1", "--quiet"]) == 0


def test_a_spec_goes_through_batches_is_killed_and_goes_on_by_the_batchs_name(tmp_path, capsys):
    batched = SPEC.replace("max_tokens: 200", "max_tokens: 200, batch: {size: 60, poll: 0.05}, price: {input: 1, output: 2, batch: 0.5}")
    faults = "500=0.03,hang=0.03,json=0.1"  # lines that fail, batches that expire, replies to be mended
    with served(tmp_path, "--delay", "1.5", "--faults", faults) as (url, log):
        spec, out = tmp_path / "text.yaml", tmp_path / "out"
        spec.write_text(batched.replace("URL", url).replace("MODEL", "understudy-echo"))
        command = [sys.executable, "-m", "understudy", "generate", str(spec), "-n", "100", "-o", str(out), "--quiet"]
        job = subprocess.Popen(command)
        handed_in, end = 0, time.monotonic() + 60
        while not handed_in and time.monotonic() < end:
            time.sleep(0.02)
            if (out / ".understudy" / "journal.sqlite").exists():
                with closing(sqlite3.connect(out / ".understudy" / "journal.sqlite")) as connection, suppress(sqlite3.OperationalError):
                    handed_in = connection.execute("SELECT count(*) FROM batches WHERE state = 'sent'").fetchone()[0]
        job.kill()
        job.wait()
        assert run(["resume", str(out), "--json"]) == 0
        done = json.loads(capsys.readouterr().out)
        assert done["requested"] == 100 == done["kept"] + sum(done["dropped"].values())
        assert done["kept"] > 90
        assert done["spent"]["unknown"] <= 3  # of the first call, which is no batch
        answered = [json.loads(line)["key"] for line in log.read_text().splitlines() if json.loads(line)["outcome"] == "ok"]
        assert len(answered) == len(set(answered))
        asked = len(keys_in(log))
        assert run(["generate", str(spec), "-n", "100", "-o", str(out), "--dry-run", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["money"]["expected"] == pytest.approx(float(done["spent"]["money"]), rel=0.5)
        assert len(keys_in(log)) == asked


def test_mistakes_are_told_before_money_is_spent(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WRONG_KEY", "nobody")

    def told(spec, *options, output=tmp_path / "out"):
        assert run(["generate", str(spec), "-n", "5", "-o", str(output), *options]) in (1, 2)
        return capsys.readouterr().err

    assert "127.0.0.1:9" in told(spec_at(tmp_path, "http://127.0.0.1:9/v1"))
    with served(tmp_path, "--key", "secret") as (url, log):
        (tmp_path / "text.yaml").write_text(SPEC.replace("URL", url).replace("MODEL, ", "understudy-echo, key_env: WRONG_KEY, "))
        assert "key" in told(tmp_path / "text.yaml")
        assert not any(json.loads(line)["outcome"] == "ok" for line in (log.read_text().splitlines() if log.exists() else []))
    with served(tmp_path) as (url, log):
        wrong = told(spec_at(tmp_path, url, model="no-model"))
        assert "no-model" in wrong
        assert "resume" not in wrong
        asked = len(keys_in(log))
        spec = spec_at(tmp_path, url)
        assert '"bad"' in told(spec, "--given", "label=bda")
        assert "needs a disk" in told(spec, output="sqlite:///rows.db#reviews")
        assert "Did you mean .jsonl" in told(spec, output=tmp_path / "rows.jsnl")
        spec.write_text(spec.read_text().replace("timeout: 3", "batch: {sise: 5}"))
        assert '"size"' in told(spec)
        assert '"length"' in told(spec_at(tmp_path, url, more="quality: [lenght]\n"))
        assert "training_overlap" in told(spec_at(tmp_path, url, more="quality: [training_overlap]\n"))
        assert len(keys_in(log)) == asked
    assert run(["resume", str(tmp_path / "nowhere")]) == 1
    assert run(["generate", "kitchen-reviews", "-n", "5", "--dry-run"]) == 2
    assert run(["generate", "kitchen-reviews", "-n", "5", "--budget", "5"]) == 2


def test_a_run_that_asks_nobody_is_gone_on_with_too(tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["generate", "kitchen-reviews", "-n", "50", "-o", str(out), "--format", "jsonl", "--quiet"]) == 0
    (out / "part-00000.jsonl").unlink()
    assert run(["resume", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 50
    assert (out / "part-00000.jsonl").exists()
