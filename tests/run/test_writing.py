import gzip
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from small_tables import Interrupted, SmallTable

from understudy.core.errors import ArgumentError, Cancelled, ConditionError, SinkError, UnderstudyError
from understudy.core.progress import Callback
from understudy.run import load_manifest, write
from understudy.run.store import FolderStore, open_store

GENERATORS = Path(__file__).parent / "generators"
TEN_PARTS = {"n": 4_950, "part_rows": 500}


@pytest.fixture
def orders(tmp_path):
    return tmp_path / "orders.txt"


@pytest.fixture
def interrupted(orders):
    """A generator that does as ordered at its block 33, which is in part 6."""
    return Interrupted(block_size=100, orders=orders, block=33)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def listed(folder):
    return load_manifest(open_store(str(folder))).parts


def rows_of(folder):
    return pl.concat([pl.read_parquet(path) for path in sorted(Path(folder).glob("*.parquet"))])


def test_a_folder_holds_the_rows_that_sample_gives(tmp_path):
    manifest = write(SmallTable(), 1_234, tmp_path / "out", part_rows=300, workers=1, seed=5)
    assert rows_of(tmp_path / "out").equals(SmallTable().sample(1_234, seed=5))
    assert (manifest.rows, len(manifest.parts), manifest.complete) == (1_234, 5, True)
    for part in manifest.parts.values():
        content = (tmp_path / "out" / part.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part.bytes, part.sha256)


def sampled(n, seed=0, given=None):
    return pl.concat(list(SmallTable().stream(n, seed=seed, given=given)))


def test_one_and_two_workers_give_the_same_bytes(tmp_path):
    for workers in (1, 2):
        write(SmallTable(), target=tmp_path / str(workers), workers=workers, given={"colour": "red"}, **TEN_PARTS)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "1")) == 12  # the parts, the manifest, the model


def test_a_saved_model_and_the_one_in_memory_give_the_same_folder(tmp_path):
    generator = SmallTable()
    generator.save(tmp_path / "model")
    write(generator, 500, tmp_path / "a", workers=1)
    # Not in the registry, so it must be loaded by its class.
    write(SmallTable.load(tmp_path / "model"), 500, tmp_path / "b", workers=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_no_rows_still_have_columns(tmp_path):
    for name in ("out", "out.csv", "out.parquet"):
        assert write(SmallTable(), 0, tmp_path / name).rows == 0
    assert rows_of(tmp_path / "out").schema == sampled(5).schema
    assert (tmp_path / "out.csv").read_text() == "row,text,colour,decimal\n"


# -- one file


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst", ".tsv", ".jsonl", ".jsonl.gz", ".parquet", ".arrow"])
def test_one_file_joined_from_parts_is_the_file_of_one_part(tmp_path, suffix):
    joined, whole = tmp_path / f"joined{suffix}", tmp_path / f"whole{suffix}"
    manifest = write(SmallTable(), target=joined, workers=2, **TEN_PARTS)
    write(SmallTable(), 4_950, whole)
    assert list(tmp_path.glob(".*")) == []
    assert (manifest.rows, manifest.bytes) == (4_950, joined.stat().st_size)
    if suffix == ".parquet":
        assert pl.read_parquet(joined).equals(sampled(4_950))
    elif suffix == ".arrow":
        assert pl.read_ipc(joined).equals(sampled(4_950))
    elif suffix.endswith(".gz"):
        assert gzip.decompress(joined.read_bytes()) == gzip.decompress(whole.read_bytes())
    else:
        assert joined.read_bytes() == whole.read_bytes()


def test_gzip_of_several_members_is_read_whole_by_polars(tmp_path):
    write(SmallTable(), target=tmp_path / "x.csv.gz", workers=1, **TEN_PARTS)
    assert pl.read_csv(tmp_path / "x.csv.gz").height == 4_950


def test_an_existing_file_is_replaced_only_by_a_whole_one(tmp_path, interrupted, orders):
    path = tmp_path / "x.csv"
    path.write_text("precious")
    orders.write_text("refuse")
    with pytest.raises(UnderstudyError):
        write(interrupted, target=path, workers=1, **TEN_PARTS)
    assert path.read_text() == "precious"
    orders.unlink()
    write(interrupted, target=path, workers=1, **TEN_PARTS)
    assert path.read_text().count("\n") > 4_950


def test_one_file_goes_on_from_the_parts_that_were_finished(tmp_path, interrupted, orders):
    orders.write_text("refuse")
    with pytest.raises(UnderstudyError, match="6 of 10 parts"):
        write(interrupted, target=tmp_path / "x.csv", workers=1, **TEN_PARTS)
    orders.unlink()
    assert write(interrupted, target=tmp_path / "x.csv", workers=1, **TEN_PARTS).reused == 6
    write(SmallTable(), 4_950, tmp_path / "y.csv")
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


# -- going on


def test_a_second_run_makes_only_what_is_missing_or_damaged(tmp_path):
    out = tmp_path / "out"
    write(SmallTable(), target=out, workers=1, **TEN_PARTS)
    whole = contents(out)
    (out / "part-00002.parquet").unlink()
    (out / "part-00004.parquet").write_bytes(b"damaged")
    (out / "part-00005.parquet").write_bytes(whole["part-00005.parquet"][:-1] + b"!")
    untouched = (out / "part-00001.parquet").stat().st_mtime_ns
    manifest = write(SmallTable(), target=out, workers=1, **TEN_PARTS)
    assert manifest.reused == 7
    assert contents(out) == whole
    assert (out / "part-00001.parquet").stat().st_mtime_ns == untouched


def test_without_resume_everything_is_made_again(tmp_path):
    write(SmallTable(), target=tmp_path / "out", workers=1, **TEN_PARTS)
    assert write(SmallTable(), target=tmp_path / "out", workers=1, resume=False, **TEN_PARTS).reused == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 1}, "seed"),
        ({"n": 600}, "rows"),
        ({"given": {"colour": "red"}}, "given"),
        ({"format": "csv"}, "format"),
        ({"part_rows": 100}, "part_rows"),
    ],
)
def test_another_plan_is_not_mixed_in_and_the_error_names_the_key(tmp_path, change, says):
    asked = {"n": 500, "target": tmp_path / "out", "workers": 1}
    write(SmallTable(), **asked)
    before = contents(tmp_path / "out")
    with pytest.raises(SinkError, match=f"(?s)its {says} is .*overwrite") as caught:
        write(SmallTable(), **{**asked, **change})
    assert str(tmp_path / "out") in str(caught.value)
    assert contents(tmp_path / "out") == before
    manifest = write(SmallTable(), **{**asked, **change}, overwrite=True)
    assert len(list((tmp_path / "out").iterdir())) == 2 + len(manifest.parts)


def test_another_model_is_not_mixed_in(tmp_path):
    write(SmallTable(), 500, tmp_path / "out")
    with pytest.raises(SinkError, match="its model is"):
        write(SmallTable(block_size=50), 500, tmp_path / "out")


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "customers.csv").write_text("real")
    with pytest.raises(SinkError, match=r"customers\.csv"):
        write(SmallTable(), 500, tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["customers.csv"]


def test_a_foreign_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    with pytest.raises(SinkError, match="manifest"):
        write(SmallTable(), 500, tmp_path)


def test_a_manifest_that_points_outside_its_folder_is_refused(tmp_path):
    write(SmallTable(), 500, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    document["parts"][0]["name"] = "../precious.txt"
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(document))
    (tmp_path / "precious.txt").write_text("precious")
    with pytest.raises(SinkError, match="name"):
        write(SmallTable(), 501, tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious.txt").exists()


def test_two_runs_do_not_share_a_folder(tmp_path):
    listener = Callback(lambda event: write(SmallTable(), 500, tmp_path / "out") if event["event"] == "advance" else None)
    with pytest.raises(SinkError, match="Another run is writing here"):
        write(SmallTable(), 500, tmp_path / "out", progress=listener)


# -- a database


def test_a_database_table_gets_the_rows_of_sample(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}#people"
    manifest = write(SmallTable(), 1_234, url, seed=5)
    assert (manifest.rows, manifest.target) == (1_234, url)
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        assert database.execute("select row, text, colour, decimal from people order by row").fetchall() == sampled(1_234, seed=5).rows()


def test_a_table_that_is_there_is_replaced_only_on_request(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}#people"
    write(SmallTable(), 100, url)
    with pytest.raises(SinkError, match="people"):
        write(SmallTable(), 50, url)
    write(SmallTable(), 50, url, overwrite=True)
    assert count_people(tmp_path) == 50


def test_an_interrupted_table_leaves_what_was_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}#people"
    write(SmallTable(), 100, url)
    with pytest.raises(Cancelled, match="nothing was written"):
        write(SmallTable(), 5_000, url, overwrite=True, progress=Callback(lambda event: event.get("done", 0) < 2_000))
    assert count_people(tmp_path) == 100


def count_people(folder):
    with closing(sqlite3.connect(folder / "x.db")) as database:
        return database.execute("select count(*) from people").fetchone()[0]


# -- what goes wrong


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_names_its_part_and_keeps_the_others(tmp_path, interrupted, orders, workers):
    orders.write_text("refuse")
    with pytest.raises(UnderstudyError) as caught:
        write(interrupted, target=tmp_path / "out", workers=workers, **TEN_PARTS)
    said = str(caught.value)
    assert "part-00006.parquet" in said
    assert "block seven cannot be made" in said
    assert "remove the orders" in said
    assert "Run the same again" in said
    finished = set(listed(tmp_path / "out"))
    assert set(range(6)) <= finished
    assert 6 not in finished
    assert len(list((tmp_path / "out").glob("part-*"))) == len(finished)
    assert list((tmp_path / "out").glob(".part*")) == []
    orders.unlink()
    assert write(interrupted, target=tmp_path / "out", workers=workers, **TEN_PARTS).reused == len(finished)
    assert rows_of(tmp_path / "out").equals(sampled(4_950))


def test_any_exception_in_a_worker_is_told_with_its_part(tmp_path, interrupted, orders):
    orders.write_text("raise")
    with pytest.raises(UnderstudyError, match=r"part-00006.*ValueError: block seven does not want to"):
        write(interrupted, target=tmp_path / "out", workers=2, **TEN_PARTS)


def test_a_warning_in_a_worker_reaches_the_caller(tmp_path, interrupted, orders):
    orders.write_text("warn")
    with pytest.warns(UserWarning, match="block seven is rare"):
        write(interrupted, target=tmp_path / "out", workers=2, **TEN_PARTS)


def test_a_killed_worker_is_replaced_once(tmp_path, interrupted, orders):
    orders.write_text("die once")
    write(interrupted, target=tmp_path / "out", workers=2, **TEN_PARTS)
    assert not orders.exists()
    assert rows_of(tmp_path / "out").equals(sampled(4_950))


def test_a_worker_killed_twice_on_one_part_ends_the_run(tmp_path, interrupted, orders):
    orders.write_text("die")
    with pytest.raises(SinkError, match=r"part-00006.*killed twice.*memory") as caught:
        write(interrupted, target=tmp_path / "out", workers=2, **TEN_PARTS)
    assert "fewer workers" in str(caught.value)
    assert len(listed(tmp_path / "out")) >= 6


def test_a_full_disk_names_the_part_and_keeps_the_others(tmp_path):
    """A file size limit stands for the full disk: the system refuses the write itself."""
    script = f"""
        import resource, signal, sys
        sys.path.insert(0, {str(GENERATORS)!r})
        from small_tables import SmallTable
        from understudy.run import write
        from understudy.core.errors import SinkError

        class Growing(SmallTable):
            name = "growing"
            def _block(self, index, size, rng, given):
                block = super()._block(index, size, rng, given)
                return block.with_columns(text=block["text"] + "!" * (20 * index ** 2))

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write(Growing(), 1_000, {str(tmp_path / "out")!r}, part_rows=100, format="csv", workers=1)
        except SinkError as error:
            print(error)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, env=environment()
    ).stdout
    finished = listed(tmp_path / "out")
    assert 0 < len(finished) < 10
    assert f"part-{len(finished):05d}.csv" in said
    assert f"{len(finished)} of 10 parts" in said
    assert "Run the same again" in said
    there = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert there == ["manifest.json", "model.understudy", *(part.name for part in finished.values())]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_is_full_when_a_part_is_listed_is_told_alike(tmp_path, monkeypatch, workers):
    note = FolderStore.note

    def full(store, line):
        if len(store.journal()) == 2:
            raise SinkError("The disk is full.", where=store.shown, remedy="Free some space.")
        note(store, line)

    monkeypatch.setattr(FolderStore, "note", full)
    with pytest.raises(SinkError, match=r"disk is full\. 2 of 10 parts .*(?s:.)*Free some space\. Run the same again"):
        write(SmallTable(), target=tmp_path / "out", workers=workers, **TEN_PARTS)
    assert len(listed(tmp_path / "out")) == 2
    monkeypatch.undo()
    assert write(SmallTable(), target=tmp_path / "out", **TEN_PARTS).reused == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only the superuser can mount a small disk")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_without_space_is_told_and_the_run_goes_on_later(tmp_path, workers):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(SinkError, match=r"(?i)disk is full") as caught:
            write(SmallTable(), target=disk / "out", workers=workers, format="csv", n=5_000, part_rows=500)
        assert "Run the same again" in str(caught.value)
        finished = len(listed(disk / "out"))
        assert 0 < finished < 10
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert write(SmallTable(), target=disk / "out", workers=workers, format="csv", n=5_000, part_rows=500).reused == finished
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path, orders, workers):
    script = f"""
        import sys
        sys.path.insert(0, {str(GENERATORS)!r})
        from small_tables import Interrupted
        from understudy.run import write
        generator = Interrupted(100, orders={str(orders)!r}, block=-1, slow_s=0.05)
        write(generator, 4_950, {str(tmp_path / "out")!r}, part_rows=500, workers={workers})
    """
    run = [sys.executable, "-c", textwrap.dedent(script)]
    process = subprocess.Popen(run, env=environment())
    wait_for(lambda: (tmp_path / "out" / "part-00002.parquet").exists())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out" / "part-00009.parquet").exists()
    subprocess.run(run, env=environment(), check=True)
    write(Interrupted(100, orders=orders, block=-1, slow_s=0.05), target=tmp_path / "calm", workers=1, **TEN_PARTS)
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


def test_workers_end_when_their_parent_is_killed(tmp_path, orders):
    script = f"""
        import sys
        sys.path.insert(0, {str(GENERATORS)!r})
        from small_tables import Interrupted
        from understudy.run import write
        generator = Interrupted(100, orders={str(orders)!r}, block=-1, slow_s=0.05)
        write(generator, 4_950, {str(tmp_path / "out")!r}, part_rows=500, workers=2)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], env=environment())
    wait_for(lambda: (tmp_path / "out" / "part-00000.parquet").exists())
    process.kill()
    process.wait()
    time.sleep(0.5)
    before = contents(tmp_path / "out")
    time.sleep(1)
    assert contents(tmp_path / "out") == before


def test_a_listener_stops_the_run_and_finished_parts_stay(tmp_path):
    listener = Callback(lambda event: event.get("done", 0) < 2_000)
    with pytest.raises(Cancelled, match=r"\d of 10 parts") as caught:
        write(SmallTable(), target=tmp_path / "out", workers=1, progress=listener, **TEN_PARTS)
    assert "Run the same again" in str(caught.value)
    assert len(listed(tmp_path / "out")) == 3
    assert list((tmp_path / "out").glob(".part*")) == []


def test_progress_counts_the_rows_to_the_end(tmp_path):
    heard = []
    write(SmallTable(), target=tmp_path / "out", workers=2, progress=heard.append, **TEN_PARTS)
    assert [event["done"] for event in heard if event["event"] == "advance"][-1] == 4_950
    assert heard[0] == {"event": "stage", "stage": "write", "total": 4_950}


# -- refused before any work


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"n": -1}, ArgumentError, "n"),
        ({"n": 2.5}, ArgumentError, "n"),
        ({"n": 10**20}, ArgumentError, "1,000,000 at most"),
        ({"workers": 0}, ArgumentError, "workers"),
        ({"part_rows": 0}, ArgumentError, "part_rows"),
        ({"seed": -1}, ArgumentError, "seed"),
        ({"given": {"colour": "purple"}}, ConditionError, "purple"),
        ({"format": "exel"}, ArgumentError, "format"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(tmp_path, change, error, says):
    with pytest.raises(error, match=says):
        write(SmallTable(), **{"n": 10, "target": tmp_path / "out", **change})
    assert list(tmp_path.iterdir()) == []


def test_a_target_under_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "out", tmp_path / "file" / "out.csv"):
        with pytest.raises(SinkError, match="file"):
            write(SmallTable(), 10, target)


def test_generators_of_this_script_only_are_written_by_one_process(tmp_path):
    class Local(SmallTable):
        name = "local"

    write(Local(), target=tmp_path / "out", **TEN_PARTS)
    with pytest.raises(ArgumentError, match="workers=1"):
        write(Local(), target=tmp_path / "again", workers=2, **TEN_PARTS)


def environment():
    import understudy

    return {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}


def wait_for(condition, limit_s=30.0):
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
