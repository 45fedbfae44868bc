from __future__ import annotations

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from understudy.core.budget import Budget  # noqa: E402
from understudy.core.errors import ArgumentError, ArtifactError  # noqa: E402
from understudy.core.progress import Progress  # noqa: E402
from understudy.core.random import Stream  # noqa: E402
from understudy.neural.backend import find_device, seeded  # noqa: E402
from understudy.neural.training import Course, Schedule, Task, train  # noqa: E402


class Line(Task):
    """y = 3 x - 1 under noise, with dropout, so that torch's randomness takes part."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = torch.device(device)
        with seeded(Stream(5)):
            self.network = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 1))
        self.players = {"line": self.network}
        self.places: list[float] = []

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        x, y = batch
        return ((self.network(x) - y) ** 2).mean()

    def score(self) -> float:
        x = torch.linspace(-1, 1, 50)[:, None]
        return ((self.network(x) - (3 * x - 1)) ** 2).mean().item()

    def moved(self, place: float) -> None:
        self.places.append(place)


def rows() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand((400, 1), generator=generator) * 2 - 1
    return [x, 3 * x - 1 + 0.1 * torch.randn((400, 1), generator=generator)]


SCHEDULE = Schedule(steps=240, batch=64, rate=1e-2, evaluate_every=40, patience=None, average=0.9)


def course(task: Task, schedule: Schedule = SCHEDULE, *, budget: Budget | None = None, **options: object) -> Course:
    progress = options.pop("progress", Progress())
    return train(task, rows(), schedule, stream=Stream(3), budget=(budget or Budget()).start(), progress=progress, **options)  # type: ignore[arg-type]


def weights(task: Line) -> list[Tensor]:
    return [p.detach().clone() for p in task.network.parameters()]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_training_learns_and_keeps_the_best_average() -> None:
    task = Line()
    before = task.score()
    found = course(task)
    assert found.steps == 240
    assert found.ended == "course complete"
    assert found.best == min(score for _, score in found.scores)
    assert task.score() == pytest.approx(found.best)
    assert task.score() < 0.05 * before


def test_the_same_stream_gives_the_same_weights_bit_for_bit_and_leaves_the_global_generator_alone() -> None:
    first, second = Line(), Line()
    state = torch.get_rng_state()
    course(first)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(7)
    course(second)
    assert same(weights(first), weights(second))


class StopsAfter(Progress):
    """Asks to stop at an evaluation."""

    def __init__(self, step: int) -> None:
        self.step = step

    def advance(self, done: float, **metrics: object) -> None:
        self.cancelled = done >= self.step


def test_a_course_broken_off_and_resumed_gives_the_same_bits(tmp_path: Path) -> None:
    whole, parts, file = Line(), Line(), tmp_path / "course.understudy"
    course(whole)
    stopped = course(parts, progress=StopsAfter(80), checkpoint=file)
    assert (stopped.ended, stopped.steps) == ("stopped", 80)
    assert file.exists()
    resumed = Line()
    found = course(resumed, checkpoint=file)
    assert found.steps == 240
    assert same(weights(whole), weights(resumed))
    assert not file.exists()


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "course.understudy"
    course(Line(), progress=StopsAfter(40), checkpoint=file)
    with pytest.raises(ArtifactError, match="another training"):
        train(Line(), rows(), SCHEDULE, stream=Stream(4), budget=Budget().start(), progress=Progress(), checkpoint=file)


def test_a_course_ends_when_nothing_improves() -> None:
    class Stuck(Line):
        def score(self) -> float:
            return 1.0

    found = course(Stuck(), Schedule(steps=10_000, batch=64, evaluate_every=10, patience=3))
    assert found.ended == "no further improvement"
    assert found.steps == 40


def test_a_course_that_only_makes_worse_gives_the_start_back_where_that_was_scored() -> None:
    class Unlearning(Line):
        def loss(self, player: str, batch: list[Tensor]) -> Tensor:
            return -super().loss(player, batch).clamp_max(1e4)

    task = Unlearning()
    before = weights(task)
    found = course(task, Schedule(steps=30, batch=64, evaluate_every=10, score_start=True))
    assert [step for step, _ in found.scores] == [0, 10, 20, 30]
    assert found.best == found.scores[0][1]
    assert same(weights(task), before)


class Ticking:
    """A clock on which every look takes a tenth of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def test_a_schedule_stretches_to_the_budget_and_ends_with_it() -> None:
    task = Line()
    found = course(task, Schedule(steps=100, batch=64, evaluate_every=50, patience=None), budget=Budget(30.0, clock=Ticking()))
    assert found.ended == "time is up"
    assert 100 < found.steps < 400
    assert task.places == sorted(task.places)
    assert task.places[-1] > 0.95


def test_the_rate_rises_and_falls() -> None:
    schedule = Schedule(steps=1, rate=1.0, warmup=0.1, final=0.01)
    assert schedule.rate_of("any", 0.05) == pytest.approx(0.5)
    assert schedule.rate_of("any", 0.1) == pytest.approx(1.0)
    assert schedule.rate_of("any", 1.0) == pytest.approx(0.01)


def test_the_gradient_hook_sees_and_changes_gradients() -> None:
    task, seen = Line(), []

    def silence(player: str, network: nn.Module) -> None:
        seen.append(player)
        for parameter in network.parameters():
            assert parameter.grad is not None
            parameter.grad.zero_()

    before = weights(task)
    course(task, Schedule(steps=5, batch=64, weight_decay=0.0, evaluate_every=100), on_gradients=silence)
    assert seen == ["line"] * 5
    assert same(weights(task), before)


def test_a_score_that_is_no_number_is_never_the_best() -> None:
    class Broken(Line):
        def score(self) -> float:
            return math.nan

    found = course(Broken(), Schedule(steps=50, batch=64, evaluate_every=10, patience=None))
    assert found.best is None


def test_devices_that_are_not_there_are_refused() -> None:
    with pytest.raises(ArgumentError, match='called "cudda"'):
        find_device("cudda")
    if not torch.cuda.is_available():
        with pytest.raises(ArgumentError, match='no "cuda"'):
            find_device("cuda")
    assert find_device("cpu").type == "cpu"
