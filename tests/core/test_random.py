from __future__ import annotations

import pickle
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import ArgumentError
from understudy.core.random import MAX_SEED, Stream

SEEDS = st.integers(0, MAX_SEED)
PATHS = st.lists(st.one_of(st.integers(), st.text()), max_size=4)


@given(SEEDS, PATHS, PATHS)
def test_a_path_may_be_walked_in_one_go_or_in_steps(seed: int, first: list[Any], second: list[Any]) -> None:
    assert Stream(seed).child(*first, *second) == Stream(seed).child(*first).child(*second)


@given(SEEDS, st.tuples(PATHS, PATHS).filter(lambda pair: pair[0] != pair[1]))
def test_different_paths_have_different_keys(seed: int, paths: tuple[list[Any], list[Any]]) -> None:
    assert Stream(seed).child(*paths[0]).key != Stream(seed).child(*paths[1]).key


@given(st.tuples(SEEDS, SEEDS).filter(lambda pair: pair[0] != pair[1]))
def test_different_seeds_have_different_keys(seeds: tuple[int, int]) -> None:
    assert Stream(seeds[0]).key != Stream(seeds[1]).key


def test_text_and_number_are_different_path_elements() -> None:
    assert Stream(0).child("1") != Stream(0).child(1)


def test_keys_and_numbers_are_the_same_in_every_release() -> None:
    """Golden figures, computed with BLAKE2b and Philox when the contract was set: saved seeds must keep their meaning."""
    stream = Stream(7).child("block", 3, "age")
    assert stream.key.hex() == "3b64c91c4f950653997c81852c0d7cb2"
    assert stream.generator().bit_generator.random_raw(3).tolist() == [6628716140838025685, 9888481273968054030, 4367363953355060220]


def test_each_call_of_generator_starts_anew() -> None:
    stream = Stream(1)
    assert stream.generator().random() == stream.generator().random()


def test_siblings_look_independent() -> None:
    draws = np.stack([Stream(0).child("block", index).generator().random(2000) for index in range(20)])
    correlations = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(2000)
    assert abs(draws.mean() - 0.5) < 4.5 * np.sqrt(1 / 12 / draws.size)


def test_root_is_the_seeds_own_stream_from_any_depth() -> None:
    assert Stream(5).child("block", 9).child("noise").root == Stream(5)
    assert Stream(5).child("block", 9).root.child("ids") == Stream(5).child("ids")


def test_a_stream_survives_the_way_to_a_worker_process() -> None:
    stream = Stream(5).child("block", 9)
    copy = pickle.loads(pickle.dumps(stream))
    assert copy == stream
    assert copy.root == stream.root
    assert hash(copy) == hash(stream)


def test_numpy_integers_are_seeds_too() -> None:
    assert Stream(np.int64(7)) == Stream(7)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.0, "7", None, True])
def test_anything_else_is_no_seed(seed: Any) -> None:
    with pytest.raises(ArgumentError, match=r"seed must be an integer") as caught:
        Stream(seed)
    assert "seed=7" in str(caught.value)


def test_a_path_holds_only_text_and_integers() -> None:
    with pytest.raises(ArgumentError, match=r"2\.5"):
        Stream(0).child(2.5)  # type: ignore[arg-type]


def test_global_state_is_neither_read_nor_touched() -> None:
    python, numpy = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002
    Stream(0).child("a").generator().random(100)
    assert random.getstate() == python
    assert repr(np.random.get_state(legacy=False)) == numpy  # noqa: NPY002
