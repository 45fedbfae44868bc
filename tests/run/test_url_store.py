"""Runs into places behind URLs: memory, and a real server that speaks S3."""

import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from small_tables import Interrupted, Shop, SmallTable

from understudy.core.errors import ArgumentError, MissingExtraError, SinkError, UnderstudyError
from understudy.run import load_manifest, write
from understudy.run.store import open_store
from understudy.run.target import parse_target
from understudy.run.url_store import UrlStore

fsspec = pytest.importorskip("fsspec")

TEN_PARTS = {"n": 4_950, "part_rows": 500}


@pytest.fixture
def memory():
    """An empty place in this process's memory."""
    place = fsspec.filesystem("memory")
    place.store.clear()
    place.pseudo_dirs[:] = [""]
    return "memory://made/here"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an S3 server on loopback that has one bucket, "bucket"."""
    pytest.importorskip("moto.server", exc_type=ImportError)
    s3fs = pytest.importorskip("s3fs")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(port))
        s3fs.S3FileSystem(key="k", secret="s", endpoint_url=address).mkdir("bucket")
        yield address
    finally:
        process.kill()
        process.wait()
        log.close()


@pytest.fixture
def s3(server, monkeypatch, request):
    """A place in the bucket for this test; workers find server and credentials in the environment, as a user's do."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    return f"s3://bucket/{request.node.name.partition('[')[0]}"


@pytest.fixture(params=["memory", "s3"])
def place(request):
    return request.getfixturevalue(request.param)


def answers(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def wait_for(condition, limit_s=60.0):
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def contents(url):
    """All files, as bytes; from a folder's path too."""
    store = open_store(str(url))
    return {name: store.read(name) for name in store.names()}


def test_parts_and_manifest_behind_a_url_are_those_of_a_folder(place, tmp_path):
    manifest = write(Shop(), None, place, part_rows=200, workers=1)
    write(Shop(), None, tmp_path / "out", part_rows=200, workers=1)
    assert contents(place) == contents(tmp_path / "out")
    assert (manifest.target, manifest.complete, manifest.rows) == (place, True, 2_250)


def test_a_run_behind_a_url_goes_on_and_makes_what_is_missing(place, tmp_path):
    orders = tmp_path / "orders.txt"
    orders.write_text("refuse")
    generator = Interrupted(100, orders=orders, block=33)
    with pytest.raises(UnderstudyError, match="6 of 10 parts"):
        write(generator, target=place, workers=1, **TEN_PARTS)
    orders.unlink()
    store = UrlStore(place)
    store.remove(["part-00002.parquet"])
    assert write(generator, target=place, workers=1, **TEN_PARTS).reused == 5
    write(generator, target=tmp_path / "out", workers=1, **TEN_PARTS)
    assert contents(place) == contents(tmp_path / "out")


def test_the_journal_behind_a_url_is_what_a_killed_run_goes_on_from(place, monkeypatch):
    note = UrlStore.note

    def killed(store, line):
        note(store, line)
        if line["index"] == 3:
            raise SystemExit

    monkeypatch.setattr(UrlStore, "note", killed)
    with pytest.raises(SystemExit):
        write(SmallTable(), target=place, workers=1, **TEN_PARTS)
    monkeypatch.undo() if place.startswith("memory") else monkeypatch.setattr(UrlStore, "note", note)
    assert len(load_manifest(open_store(place)).parts) == 4
    assert write(SmallTable(), target=place, workers=1, **TEN_PARTS).reused == 4
    assert open_store(place).journal() == []


def test_another_plan_behind_a_url_is_refused_or_given_up(place):
    write(SmallTable(), target=place, workers=1, **TEN_PARTS)
    with pytest.raises(SinkError, match="its seed is"):
        write(SmallTable(), target=place, workers=1, seed=1, **TEN_PARTS)
    write(SmallTable(), target=place, workers=1, overwrite=True, n=100, format="csv")
    assert set(contents(place)) == {"manifest.json", "model.understudy", "part-00000.csv"}


def test_one_file_behind_a_url_is_joined_from_parts(place, tmp_path):
    write(SmallTable(), target=f"{place}/x.parquet", workers=1, **TEN_PARTS)
    write(SmallTable(), target=tmp_path / "x.parquet", workers=1, **TEN_PARTS)
    assert contents(place) == {"x.parquet": (tmp_path / "x.parquet").read_bytes()}
    assert UrlStore(place)._found("") == ["x.parquet"]


def test_two_workers_write_to_s3_and_it_is_read_back(s3, server):
    write(SmallTable(), target=s3, workers=2, **TEN_PARTS)
    fs = fsspec.filesystem("s3")
    frames = [pl.read_parquet(fs.cat_file(path)) for path in sorted(fs.glob(f"{s3}/*.parquet"))]
    assert pl.concat(frames).equals(SmallTable().sample(4_950))


def test_a_bucket_that_is_not_there_is_told_before_a_part_is_made(s3):
    with pytest.raises(SinkError, match=r"(?s)could not be reached.*no-such-bucket|no-such-bucket.*could not be reached"):
        write(SmallTable(), 100, "s3://no-such-bucket/x")


def test_memory_is_not_shared_with_other_processes(memory):
    with pytest.raises(ArgumentError, match="this process only"):
        write(SmallTable(), target=memory, workers=2, **TEN_PARTS)
    assert write(SmallTable(), target=memory, **TEN_PARTS).complete


def test_a_file_url_is_a_path(tmp_path):
    write(SmallTable(), 100, f"file://{tmp_path}/out")
    assert (Path(tmp_path) / "out" / "manifest.json").exists()


def test_a_scheme_that_nothing_knows_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ArgumentError, match='(?s)kind "postgrsql".*Did you mean "postgresql"'):
        write(SmallTable(), 1, "postgrsql://host/db#t")


def test_without_fsspec_the_error_names_the_install_line(monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "fsspec" else find(name, *rest))
    with pytest.raises(MissingExtraError, match=r"understudy\[cloud\]"):
        parse_target("s3://bucket/x")
