"""Several tables in one run: folders, databases, resuming."""

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
from small_tables import Shop

import understudy
from understudy.core.errors import ArgumentError, Cancelled, ConditionError, SinkError
from understudy.core.progress import Callback
from understudy.run import write
from understudy.testing import check_collection

GENERATORS = Path(__file__).parent / "generators"


def contents(folder):
    folder = Path(folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def table(folder, name):
    return pl.concat([pl.read_parquet(path) for path in sorted((Path(folder) / name).glob("*.parquet"))])


def test_the_shop_of_these_tests_keeps_the_contract():
    check_collection(Shop(100))


def test_each_table_gets_a_folder_and_the_rows_of_sample(tmp_path):
    manifest = write(Shop(), None, tmp_path / "out", part_rows=200, workers=1)
    made = Shop().sample()
    assert table(tmp_path / "out", "orders").equals(made["orders"])
    assert table(tmp_path / "out", "order lines").equals(made["order lines"])
    assert (manifest.rows, manifest.complete, manifest.plan.seed) == (2_250, True, 3)
    assert [part.name for part in manifest.of("orders")] == [f"orders/part-0000{number}.parquet" for number in range(3)]
    assert sum(part.rows for part in manifest.of("order lines")) == 1_500


def test_the_manifest_names_tables_seed_versions_and_every_part(tmp_path):
    write(Shop(), None, tmp_path / "out", part_rows=200, workers=1)
    document = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [entry["name"] for entry in document["plan"]["tables"]] == ["orders", "order lines"]
    assert document["plan"]["seed"] == 3
    assert document["versions"]["understudy"] == understudy.__version__
    assert document["model_file"] == "model.understudy"
    assert {part["name"] for part in document["parts"]} == set(contents(tmp_path / "out")) - {"manifest.json", "model.understudy"}


def test_two_workers_and_write_of_the_collection_give_the_same_bytes(tmp_path):
    write(Shop(), None, tmp_path / "1", part_rows=200, workers=1, format="csv")
    Shop().write(tmp_path / "2", part_rows=200, workers=2, format="csv")
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_another_seed_is_another_shop(tmp_path):
    write(Shop(), None, tmp_path / "a", workers=1)
    write(Shop(), None, tmp_path / "b", workers=1, seed=4)
    assert not table(tmp_path / "a", "orders").equals(table(tmp_path / "b", "orders"))


def test_a_killed_run_of_several_tables_goes_on_and_ends_with_the_same_bytes(tmp_path):
    script = f"""
        import sys
        sys.path.insert(0, {str(GENERATORS)!r})
        from small_tables import Shop
        from understudy.run import write
        print(write(Shop(slow_s=0.1), None, {str(tmp_path / "out")!r}, part_rows=128, workers=2).reused)
    """
    run = [sys.executable, "-c", textwrap.dedent(script)]
    environment = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    process = subprocess.Popen(run, env=environment)
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "order lines" / "part-00002.parquet").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not json.loads((tmp_path / "out" / "manifest.json").read_text())["complete"]
    with (tmp_path / "out" / ".journal").open("ab") as journal:
        journal.write(b'{"index": 9, "na')  # as a line that was being written
    done = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
    assert int(done.stdout) >= 8
    write(Shop(slow_s=0.1), None, tmp_path / "calm", part_rows=128, workers=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


def test_a_run_that_is_stopped_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    with pytest.raises(Cancelled, match=r"4 of 9 parts .*(?s:.)*Run the same again"):
        write(Shop(), None, tmp_path / "out", part_rows=200, workers=1, progress=Callback(lambda event: event.get("done", 0) < 1_200))
    assert not list((tmp_path / "out").glob(".journal"))
    assert write(Shop(), None, tmp_path / "out", part_rows=200, workers=1).reused == 4


def test_another_plan_names_the_table(tmp_path):
    write(Shop(), None, tmp_path / "out", workers=1)
    with pytest.raises(SinkError, match="its model is"):
        write(Shop(orders=5), None, tmp_path / "out", workers=1)
    write(Shop(orders=5), None, tmp_path / "out", workers=1, overwrite=True, keep_model=False, format="csv")
    assert set(contents(tmp_path / "out")) == {"manifest.json", "order lines/part-00000.csv", "orders/part-00000.csv"}


# -- databases


def test_a_database_gets_all_tables_with_the_constraints_that_the_collection_declares(tmp_path):
    write(Shop(constrained=True), None, f"sqlite:///{tmp_path / 'shop.db'}")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute('select count(*) from orders join "order lines" on "order" = "row"').fetchone() == (1_500,)
        assert "REFERENCES orders" in database.execute("select sql from sqlite_master where name = 'order lines'").fetchone()[0]
        database.execute("pragma foreign_keys = on")
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("""insert into "order lines" values (9999, 9999, 'red')""")


def test_rows_that_break_a_declared_key_are_refused_and_nothing_is_left(tmp_path):
    class Orphans(Shop):
        def sizes(self, *, seed=None):
            return {"orders": 100, "order lines": 1_500}

    for url in (f"sqlite:///{tmp_path / 'x.db'}", f"duckdb:///{tmp_path / 'x.duckdb'}"):
        with pytest.raises(SinkError, match=r"(?i)refused.*foreign key"):
            write(Orphans(constrained=True), None, url)
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        assert database.execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_tables_that_are_there_are_replaced_only_on_request(tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    write(Shop(constrained=True), None, url)
    with pytest.raises(SinkError, match="order"):
        write(Shop(10, constrained=True), None, url)
    write(Shop(10, constrained=True), None, url, overwrite=True)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute('select count(*) from "order lines"').fetchone() == (20,)


@pytest.mark.postgres
def test_postgres_holds_the_constraints_while_parents_come_first(postgres):
    import psycopg

    write(Shop(constrained=True), None, postgres, overwrite=True)
    with psycopg.connect(postgres) as connection:
        assert connection.execute('select count(*) from orders join "order lines" on "order" = "row"').fetchone() == (1_500,)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("""insert into "order lines" values (9999, 9999, 'red')""")
        connection.rollback()
    with pytest.raises(Cancelled, match="nothing was written"):
        write(Shop(constrained=True), None, postgres, overwrite=True, progress=Callback(lambda event: event.get("done", 0) < 900))
    with psycopg.connect(postgres) as connection:
        assert connection.execute('select count(*) from "order lines"').fetchone() == (1_500,)


def test_duckdb_holds_the_constraints_and_the_rows(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "shop.duckdb"
    write(Shop(constrained=True), None, f"duckdb:///{path}")
    with closing(duckdb.connect(str(path))) as database:
        assert database.execute("select * from orders order by 1").fetchall() == Shop().sample()["orders"].rows()
        with pytest.raises(duckdb.ConstraintException):
            database.execute("""insert into "order lines" values (9999, 9999, 'red')""")
    with pytest.raises(SinkError, match="there already"):
        write(Shop(10), None, f"duckdb:///{path}")
    assert write(Shop(20, constrained=True), None, f"duckdb:///{path}", overwrite=True).rows == 60
    assert write(Shop(10), None, f"duckdb:///{path}", overwrite=True).rows == 30


# -- refused


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"n": 5}, ArgumentError, "knows how many rows"),
        ({"target": "out.csv"}, ArgumentError, "Several tables"),
        ({"target": "-"}, ArgumentError, "Several tables"),
        ({"target": "sqlite:///x.db#orders"}, ArgumentError, "under their own names"),
        ({"given": {"colour": "purple"}}, ConditionError, "purple"),
        ({"seed": -1}, ArgumentError, "seed"),
        ({"engine": "rya"}, ArgumentError, "ray"),
        ({"address": "here:1"}, ArgumentError, "engine"),
    ],
)
def test_what_does_not_go_with_several_tables_is_refused(tmp_path, monkeypatch, change, error, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=says):
        write(Shop(), **{"n": None, "target": "out", **change})
    assert list(tmp_path.iterdir()) == []


def test_a_generator_by_itself_must_be_told_how_many_rows(tmp_path):
    with pytest.raises(ArgumentError, match="how many rows"):
        write(Shop().tables["orders"], None, tmp_path / "out")


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "c:d", "x" * 200])
def test_a_table_whose_name_is_no_folder_is_refused(tmp_path, name):
    class Odd(Shop):
        tables = property(lambda self: {name: Shop().tables["orders"]})

        def sizes(self, *, seed=None):
            return {name: 10}

    with pytest.raises(SinkError, match="folder of that name"):
        write(Odd(), None, tmp_path / "out")
