"""What is asked of a synthesizer above the generator's contract: an honest, repeatable `fit` that can be stopped."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from understudy.core.errors import ArgumentError, Cancelled, NotFittedError
from understudy.core.generator import Synthesizer
from understudy.core.progress import Progress
from understudy.core.record import FitRecord
from understudy.testing.clauses import Check, global_randomness, refuses, require, run_checks
from understudy.testing.generator import generator_checks


def check_synthesizer(make: Callable[[], Synthesizer], data: Any, *, given: Any = None, seed: int = 7) -> None:
    """Test the whole contract on what `make()` makes, fitted to `data`; a few fits, so keep the data small.

    Args:
        make: returns a new, unfitted synthesizer each time, such as its class.
        data: what `fit` takes.
        given: as for `check_generator`.
        seed: any seed.

    Raises:
        ContractBroken: an AssertionError that names every clause that does not hold.
    """
    checks = [*synthesizer_checks(make, data, seed=seed), *generator_checks(make().fit(data, seed=seed), given=given, seed=seed)]
    run_checks(repr(type(make()).__name__), checks)


def synthesizer_checks(make: Callable[[], Synthesizer], data: Any, *, seed: int = 7) -> Iterator[Check]:
    """The clauses about `fit` alone, as pairs of a name and a function that raises where it is broken."""
    for check in _CLAUSES:
        yield check.__name__.replace("_", " "), partial(check, make, data, seed)


def nothing_is_made_or_saved_before_fit(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    refuses(lambda: make().sample(1), "sample before fit", NotFittedError)
    refuses(lambda: make().save("unfitted.understudy"), "save before fit", NotFittedError)


def fit_gives_the_same_model_for_the_same_seed(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    require(_first_block(make().fit(data, seed=seed)) == _first_block(make().fit(data, seed=seed)), "two fits with one seed differ")


def fit_leaves_the_data_and_the_global_random_state_alone(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    before = copy.deepcopy(data)
    prints = []
    for state in (1, 2):
        with global_randomness(state) as untouched:
            prints.append(_first_block(make().fit(data, seed=seed)))
            require(untouched(), "fit moves Python's or NumPy's global random state")
    require(prints[0] == prints[1], "fit depends on Python's or NumPy's global random state")
    same = data.equals(before) if hasattr(data, "equals") else data == before
    require(bool(same), "fit changes the data that it was given")


def the_record_says_what_was_done(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    record = make().fit(data, seed=seed).record
    require(isinstance(record, FitRecord), f"`record` is {record!r} after fit")
    assert record is not None
    text = json.dumps(record.to_dict(), allow_nan=False)
    require(FitRecord.from_dict(json.loads(text)).to_dict() == record.to_dict(), "`record` does not survive JSON")
    require(record.seconds > 0, f"`record.seconds` is {record.seconds}")


def a_tiny_budget_still_gives_a_model(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    _first_block(make().fit(data, seed=seed, budget=0.001))


def a_cancelled_fit_stops(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    """It either keeps its best so far, and then that is a working model, or it has nothing yet and raises `Cancelled`."""
    listener = Progress()
    listener.cancelled = True
    try:
        model = make().fit(data, seed=seed, progress=listener)
    except Cancelled:
        return
    _first_block(model)


def bad_options_of_fit_are_refused(make: Callable[[], Synthesizer], data: Any, seed: int) -> None:
    refuses(lambda: make().fit(data, seed=-1), "seed=-1", ArgumentError)
    refuses(lambda: make().fit(data, budget="soon"), 'budget="soon"', ArgumentError)


_CLAUSES = (
    nothing_is_made_or_saved_before_fit,
    fit_gives_the_same_model_for_the_same_seed,
    fit_leaves_the_data_and_the_global_random_state_alone,
    the_record_says_what_was_done,
    a_tiny_budget_still_gives_a_model,
    a_cancelled_fit_stops,
    bad_options_of_fit_are_refused,
)


def _first_block(model: Synthesizer) -> bytes:
    return model._fingerprint(model.block(0, seed=1))
