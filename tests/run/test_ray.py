"""The Ray engine on a real cluster: three raylets of one core each on loopback, one of which is killed while it works."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from small_tables import Interrupted, Shop

import understudy
from understudy.core.errors import MissingExtraError, UnderstudyError
from understudy.run import write

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

GENERATORS = Path(__file__).parent / "generators"


def environment():
    """For Ray's processes: our source, no report of use, and a quiet start."""
    paths = os.pathsep.join([str(Path(understudy.__file__).parents[1]), str(GENERATORS)])
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    return {**os.environ, "PYTHONPATH": paths, **quiet}


@pytest.fixture(scope="module")
def cluster():
    """Address and raylets of three nodes; whatever happens, none of their processes is left."""
    process = subprocess.Popen(
        [sys.executable, str(GENERATORS / "three_nodes.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    )
    started = []
    try:
        line = process.stdout.readline()
        assert line, "the cluster did not start"
        started = psutil.Process(process.pid).children(recursive=True)
        yield json.loads(line)
    finally:
        with suppress(psutil.NoSuchProcess):
            started += psutil.Process(process.pid).children(recursive=True)
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        for left in [*started, psutil.Process(process.pid)] if process.poll() is None else started:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.stdout.close()
        process.wait()


def driver(generator, target, cluster, n=None, **options):
    """A process of its own, in the target's folder, that writes on the cluster: Ray takes hold of the process it runs in."""
    script = f"""
        import json
        from small_tables import Interrupted, Shop
        from understudy.core.errors import UnderstudyError
        from understudy.run import write
        options = {dict(engine="ray", address=cluster["address"], **options)!r}
        try:
            done = write({generator}, {n}, {target.name!r}, **options)
            print(json.dumps({{"rows": done.rows, "reused": done.reused}}))
        except UnderstudyError as error:
            print(json.dumps({{"error": type(error).__name__, "says": str(error)}}))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.Popen(
        command, env=environment(), cwd=target.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def answer(process, limit_s=240):
    try:
        said, errors = process.communicate(timeout=limit_s)
    finally:
        process.kill()  # where it hangs
        process.wait()
    assert process.returncode == 0, errors
    return json.loads(said.splitlines()[-1])


def contents(folder):
    folder = Path(folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_error_of_a_part_is_told_as_by_one_machine_which_can_go_on(cluster, tmp_path):
    orders = tmp_path / "orders.txt"
    orders.write_text("refuse")
    interrupted = f"Interrupted(100, orders={str(orders)!r}, block=33)"
    said = answer(driver(interrupted, tmp_path / "out", cluster, n=4_950, part_rows=500))
    assert said["error"] == "UnderstudyError"
    for words in ("part-00006.parquet", "block seven cannot be made", "remove the orders", "Run the same again"):
        assert words in said["says"]
    orders.unlink()
    generator = Interrupted(100, orders=orders, block=33)
    assert write(generator, 4_950, tmp_path / "out", part_rows=500, workers=1).reused >= 6  # begun there, ended here
    write(generator, 4_950, tmp_path / "here", part_rows=500, workers=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_ctrl_c_stops_the_cluster_and_keeps_what_is_finished(cluster, tmp_path):
    process = driver("Shop(orders=1500, slow_s=0.2)", tmp_path / "out", cluster, part_rows=128)
    wait_for(lambda: journal_of(tmp_path / "out") >= 13)
    process.send_signal(signal.SIGINT)
    said = answer(process)
    assert said["error"] == "Cancelled"
    assert "Run the same again" in said["says"]
    finished = contents(tmp_path / "out")
    time.sleep(1)
    assert contents(tmp_path / "out") == finished
    assert not [name for name in finished if name.endswith(".tmp")]
    listed = {part["name"] for part in json.loads(finished["manifest.json"])["parts"]}
    assert 13 <= len(listed) < 36
    assert listed <= set(finished)


def test_a_killed_run_on_a_cluster_is_ended_here_with_the_same_bytes(cluster, tmp_path):
    process = driver("Shop(orders=900, slow_s=0.1)", tmp_path / "out", cluster, part_rows=128)
    wait_for(lambda: journal_of(tmp_path / "out") >= 10)
    process.kill()
    process.communicate()
    time.sleep(2)  # Ray ends the tasks of a process that is gone
    before = contents(tmp_path / "out")
    time.sleep(1)
    assert contents(tmp_path / "out") == before
    assert write(Shop(orders=900, slow_s=0.1), None, tmp_path / "out", part_rows=128, workers=2).reused >= 10
    write(Shop(orders=900, slow_s=0.1), None, tmp_path / "here", part_rows=128, workers=2)
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_a_node_that_is_killed_loses_no_finished_part_and_the_bytes_are_those_of_one_machine(cluster, tmp_path):
    process = driver("Shop(orders=1500, slow_s=0.2)", tmp_path / "out", cluster, part_rows=128)
    wait_for(lambda: journal_of(tmp_path / "out") >= 14)  # the quick table is done, the slow one begun
    finished = journal_of(tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "orders").glob("*.parquet")}
    os.kill(cluster["raylets"][0], signal.SIGKILL)
    said = answer(process)
    assert said == {"rows": 4_500, "reused": 0}
    assert finished < 36, "the node was killed too late to matter"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    write(Shop(orders=1500, slow_s=0.2), None, tmp_path / "here", part_rows=128, workers=2)
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_without_an_address_a_cluster_of_this_machine_is_started_and_ended(tmp_path):
    said = answer(driver("Shop(orders=300)", tmp_path / "out", {"address": None}, part_rows=128, workers=1))
    assert said["rows"] == 900
    write(Shop(orders=300), None, tmp_path / "here", part_rows=128, workers=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_a_cluster_that_is_not_there_is_told(tmp_path):
    said = answer(driver("Shop(orders=300)", tmp_path / "out", {"address": "127.0.0.1:9"}))
    assert said["error"] == "SinkError"
    assert "cannot be reached" in said["says"]


def test_without_ray_the_error_names_the_install_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"understudy\[ray\]"):
        write(Shop(orders=300), None, tmp_path / "out", engine="ray")
    assert issubclass(MissingExtraError, UnderstudyError)


def journal_of(folder):
    path = folder / ".journal"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for(condition, limit_s=180.0):
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
