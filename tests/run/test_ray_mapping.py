"""How the Ray engine takes what a cluster does: a stand-in for Ray runs the tasks here, and loses them on demand."""

import json
from types import SimpleNamespace

import pytest
from small_tables import SmallTable

from understudy.run.engines import THREAD_LIMITS, Job
from understudy.run.plan import Plan, TablePlan
from understudy.run.ray_cluster import _Mapping
from understudy.run.ray_task import make
from understudy.run.store import FolderStore


class LostError(Exception):
    """A worker or a machine died."""


class Cluster:
    """Runs a task when its result is asked for. lost: how often a part's worker dies. unshared: records of files that are not here."""

    exceptions = SimpleNamespace(RayError=LostError)

    def __init__(self, lost=None, unshared=()):
        self.lost, self.unshared = dict(lost or {}), unshared
        self.most_at_once, self.cancelled = 0, []

    def put(self, value):
        return value

    def remote(self, **options):
        assert options["max_retries"] == 0
        return lambda function: SimpleNamespace(remote=lambda *arguments: Reference(arguments))

    def cluster_resources(self):
        return {"CPU": 2.0}

    def wait(self, references, num_returns, timeout):
        self.most_at_once = max(self.most_at_once, len(references))
        return references[:num_returns], references[num_returns:]

    def get(self, reference):
        told, model, index = reference.arguments
        if self.lost.get(index, 0):
            self.lost[index] -= 1
            raise LostError("The node died.\nMore of it")
        if index in self.unshared:
            record = {"name": f"part-{index:05d}.csv", "rows": 100, "bytes": 1, "sha256": ""}
            return json.dumps({"done": record, "machine": "far-away", "warnings": []})
        return make(told, model, index)

    def cancel(self, reference, force):
        self.cancelled.append(reference)


class Reference:
    def __init__(self, arguments):
        self.arguments = arguments


@pytest.fixture
def job(tmp_path, monkeypatch):
    for name in THREAD_LIMITS:  # as a task sets them, and gone after the test
        monkeypatch.setenv(name, "1")
    (tmp_path / "out").mkdir()
    SmallTable().save(tmp_path / "model")
    plan = Plan("small_table", "m", 0, None, "csv", (TablePlan("", 950, 100, 1),))
    return Job(tmp_path / "model", "small_tables:SmallTable", plan, FolderStore(tmp_path / "out"))


def mapped(job, cluster, finished=lambda part, record: None):
    done = []

    def note(part, record):
        finished(part, record)
        done.append(part.index)

    outcome = _Mapping(cluster, job, None, note, lambda rows: None).over(list(job.plan.parts()))
    return outcome, sorted(done)


def test_parts_whose_workers_die_are_made_again(job):
    outcome, done = mapped(job, Cluster(lost={0: 3, 7: 1}))
    assert (outcome.error, done) == (None, list(range(10)))


def test_a_part_that_takes_every_worker_along_ends_the_run_and_the_others_in_work_are_finished(job):
    outcome, done = mapped(job, Cluster(lost={2: 99}))
    assert outcome.part == 2
    assert "died 4 times" in outcome.error.what
    assert "The node died." in outcome.error.what
    assert set(done) >= {0, 1, 3, 4}


def test_a_folder_that_the_machines_do_not_share_is_told(job):
    outcome, _ = mapped(job, Cluster(unshared={0}))
    assert "far-away" in outcome.error.what
    assert "s3://" in outcome.error.remedy


def test_no_more_parts_are_in_work_than_keep_the_cores_busy(job):
    cluster = Cluster()
    mapped(job, cluster)
    assert cluster.most_at_once == 4


def test_what_is_in_work_is_waited_for_when_the_caller_breaks_off(job):
    cluster = Cluster()
    asked = []
    wait = cluster.wait
    cluster.wait = lambda references, num_returns, timeout: asked.append(num_returns) or wait(references, num_returns, timeout)

    with pytest.raises(KeyboardInterrupt):
        mapped(job, cluster, broken)
    assert (asked[-1], cluster.cancelled) == (3, [])  # one came back, three were in work


def test_what_does_not_end_in_time_is_ended_by_force_when_the_caller_breaks_off(job):
    cluster = Cluster()
    wait = cluster.wait
    cluster.wait = lambda references, num_returns, timeout: ([], references) if num_returns == 3 else wait(references, num_returns, timeout)

    with pytest.raises(KeyboardInterrupt):
        mapped(job, cluster, broken)
    assert len(cluster.cancelled) == 3


def broken(part, record):
    raise KeyboardInterrupt
