from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.forest import STRIDE_DONORS, Forest, Growth, draw_allowed, draw_donors, draw_weighed, grow_forest

ORDERED = np.array([True, False, True])
SIZES = np.array([12, 6, 200])
ALL = np.array([0, 1, 2])
TWELVE_LEVELS = np.arange(12)


def features(rows: int, seed: int = 0) -> np.ndarray:
    """(3, rows) independent bins: ordered of 12, unordered of 6, ordered of 200."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, size, rows) for size in SIZES]).astype(np.uint8)


def grown(bins: np.ndarray, values: np.ndarray, growth: Growth, seed: int = 0, use: np.ndarray = ALL) -> Forest:
    """A forest whose splits explain one number a row."""
    outputs = np.ascontiguousarray(values.reshape(len(values), -1), np.float32)
    return grow_forest(bins, ORDERED, SIZES, use, outputs, np.ones(outputs.shape[1]), growth, Stream(seed))


def leaf_of(forest: Forest, tree: int, row: np.ndarray) -> int:
    """The walk by the forest's own description, without its kernels."""
    node = int(forest.roots[tree])
    while forest.left[node] >= 0:
        bin_, threshold = row[forest.feature[node]], forest.threshold[node]
        goes_left = bin_ <= threshold if threshold >= 0 else forest.subsets[-1 - threshold, bin_]
        node = int(forest.left[node]) + (0 if goes_left else 1)
    return node


def donors_of_trees(forest: Forest) -> list[np.ndarray]:
    return [forest.donors[forest.start[root] : forest.stop[root]] for root in forest.roots]


def shape(forest: Forest) -> tuple[bytes, ...]:
    return tuple(getattr(forest, name).tobytes() for name in ("feature", "threshold", "left", "parent", "subsets"))


def test_what_donors_have_to_say_never_shapes_their_tree() -> None:
    bins = features(800)
    values = bins[0] + (bins[1] % 2) * 5.0 + np.random.default_rng(1).normal(size=800)
    growth = Growth(trees=1, structure=0.6, significance=0.0)
    before = grown(bins, values, growth)
    donors = np.zeros(800, bool)
    donors[before.donors] = True
    assert donors.sum() == 320

    of_donors, of_structure = values.copy(), values.copy()
    of_donors[donors] = np.random.default_rng(2).permutation(of_donors[donors]) * 100
    of_structure[~donors] = np.random.default_rng(2).permutation(of_structure[~donors])
    assert shape(grown(bins, of_donors, growth)) == shape(before)
    assert shape(grown(bins, of_structure, growth)) != shape(before)


def test_every_tree_has_donors_of_its_own_and_each_only_once() -> None:
    forest = grown(features(500), np.arange(500.0), Growth(trees=6, structure=0.7))
    parts = donors_of_trees(forest)
    assert all(len(part) == 150 == len(np.unique(part)) for part in parts)
    assert len({part.tobytes() for part in parts}) == 6


@pytest.mark.parametrize(("leaf", "donors"), [(1, 1), (7, 2), (4, 25)])
def test_leaves_hold_the_least_rows_and_donors_and_each_donor_walks_to_its_leaf(leaf: int, donors: int) -> None:
    bins = features(900)
    values = np.sin(bins[0]) + bins[1] ** 2 + np.random.default_rng(0).normal(size=900)
    forest = grown(bins, values, Growth(trees=3, structure=0.5, leaf=leaf, donors=donors, significance=0.0))
    leaves = np.flatnonzero(forest.leaves())
    assert len(leaves) > 20
    assert (forest.stop[leaves] - forest.start[leaves]).min() >= donors
    for tree, part in enumerate(donors_of_trees(forest)):
        structure = np.setdiff1d(np.arange(900), part)
        reached = np.unique([leaf_of(forest, tree, bins[:, row]) for row in structure], return_counts=True)[1]
        assert reached.min() >= leaf
    for node in leaves:
        tree = int(np.searchsorted(forest.roots, node, side="right")) - 1
        for row in forest.donors[forest.start[node] : forest.stop[node]]:
            assert leaf_of(forest, tree, bins[:, row]) == node


def test_parents_own_the_donors_of_their_children() -> None:
    bins = features(600)
    forest = grown(bins, bins[0] * 1.0, Growth(trees=4, significance=0.0))
    inner = np.flatnonzero(~forest.leaves())
    left = forest.left[inner]
    assert (forest.start[left] == forest.start[inner]).all()
    assert (forest.stop[left] == forest.start[left + 1]).all()
    assert (forest.stop[left + 1] == forest.stop[inner]).all()
    assert (forest.parent[left] == inner).all()
    assert (forest.parent[left + 1] == inner).all()


def test_noise_is_not_split_and_an_effect_of_the_same_size_is() -> None:
    bins, rng = features(1000), np.random.default_rng(3)
    noise = rng.normal(size=1000)
    careful = Growth(trees=8, significance=25.0)
    assert grown(bins, noise, careful).leaves().all()
    assert not grown(bins, noise, replace(careful, significance=1.0)).leaves().all()
    told = grown(bins, noise + 0.8 * (bins[0] > 5), careful)
    assert (told.feature[told.roots] == 0).all()
    assert (told.threshold[told.roots] == 5).all()


def test_categories_are_split_by_a_subset_at_once() -> None:
    bins = features(800)
    members = np.isin(bins[1], [0, 2, 5])
    forest = grown(bins, members * 1.0, Growth(trees=5, significance=10.0))
    assert len(forest.feature) == 3 * 5
    for root in forest.roots:
        assert forest.feature[root] == 1
        chosen = set(np.flatnonzero(forest.subsets[-1 - forest.threshold[root]]))
        assert chosen in ({0, 2, 5}, {1, 3, 4})


def test_only_the_given_features_split() -> None:
    bins = features(600)
    forest = grown(bins, bins[0] * 1.0, Growth(trees=3, significance=0.0), use=np.array([1, 2]))
    assert set(forest.feature[~forest.leaves()]) <= {1, 2}
    assert grown(bins, bins[0] * 1.0, Growth(trees=3), use=np.zeros(0, np.int64)).leaves().all()


def conditional_table() -> np.ndarray:
    """(12, 6, 3) probabilities of three levels given the first two features."""
    rng = np.random.default_rng(11)
    table = rng.dirichlet([1.0, 1.0, 1.0], (3, 2))
    return table[np.arange(12)[:, None] // 4, np.isin(np.arange(6), [1, 4])[None, :].astype(int)]


def learned_law(rows: int = 8000) -> tuple[Forest, np.ndarray]:
    """A forest over rows drawn from `conditional_table`, and the level of each donor."""
    bins, table = features(rows, seed=5), conditional_table()
    cumulative = table[bins[0], bins[1]].cumsum(axis=1)
    level = (np.random.default_rng(6).random(rows)[:, None] > cumulative).sum(axis=1)
    forest = grown(bins, np.eye(3)[level], Growth(significance=8.0, leaf=20, donors=20))
    forest = forest.sorted_by(level[forest.donors].astype(float))
    return forest, level[forest.donors]


def test_draws_follow_the_conditional_law() -> None:
    forest, levels = learned_law()
    table = conditional_table()
    rng = np.random.default_rng(0)
    for first, second in ((0, 0), (0, 1), (5, 4), (7, 3), (11, 5), (11, 1)):
        rows = np.tile(np.array([first, second, 7], np.uint8), (20_000, 1))
        drawn = levels[draw_donors(rows, *forest.walk, 0.5, rng.random(20_000))]
        distance = 0.5 * np.abs(np.bincount(drawn, minlength=3) / 20_000 - table[first, second]).sum()
        assert distance < 0.05, (first, second)  # a cell of the law was learned from 400 to 800 rows


def test_smoothing_draws_towards_the_parents() -> None:
    forest, levels = learned_law()
    rows = np.tile(np.array([0, 0, 7], np.uint8), (40_000, 1))

    def law(smoothing: float) -> np.ndarray:
        uniform = np.random.default_rng(0).random(len(rows))
        return np.bincount(levels[draw_donors(rows, *forest.walk, smoothing, uniform)], minlength=3) / len(rows)

    overall = np.bincount(levels, minlength=3) / len(levels)
    near, half, far = (np.abs(law(smoothing) - overall).sum() for smoothing in (0.0, 200.0, 1e9))
    assert near > half > far
    assert far < 0.02


def test_donors_of_a_leaf_are_kept_in_the_order_of_their_value() -> None:
    bins = features(700)
    value = np.random.default_rng(4).normal(size=700)
    forest = grown(bins, bins[0] * 1.0, Growth(trees=4))
    ordered = forest.sorted_by(value[forest.donors])
    unordered_leaves = 0
    for node in np.flatnonzero(forest.leaves()):
        part = slice(forest.start[node], forest.stop[node])
        assert (np.diff(value[ordered.donors[part]]) >= 0).all()
        assert set(ordered.donors[part]) == set(forest.donors[part])
        unordered_leaves += (np.diff(value[forest.donors[part]]) < 0).any()
    assert unordered_leaves > 0


def draw_restricted(forest, rows, levels, weight, low, high, nullable=False, used=16, seed=0):
    uniform = np.random.default_rng(seed).random((len(rows), 2 + used))
    n = len(rows)
    return draw_allowed(
        rows, *forest.walk, 0.5, uniform, levels.astype(np.int32), np.asarray(weight, float),
        np.full(n, float(low)), np.full(n, float(high)), nullable, used,
    )  # fmt: skip


def draw_by_running_sum(forest, rows, levels, weight, used=16, seed=0):
    uniform = np.random.default_rng(seed).random((len(rows), 3 + used))
    cumulative = np.concatenate([[0.0], np.cumsum(np.asarray(weight, float)[levels])])
    return draw_weighed(rows, *forest.walk, 0.5, uniform, cumulative, used)


def two_cells(each: int) -> np.ndarray:
    """Rows of two different cells of the law."""
    return np.repeat(np.array([[1, 0, 7], [10, 4, 7]], np.uint8), each, axis=0)


@pytest.mark.parametrize("way", ["donor by donor", "by running sums"])
@pytest.mark.parametrize("used", [1, 6, 16])
@pytest.mark.parametrize("weight", [[1, 0, 1], [0, 1, 0], [0.25, 1, 0]])
def test_restricted_draws_follow_the_restricted_law_and_their_mass_is_its_probability(used: int, weight: list[float], way: str) -> None:
    """Weighed by their mass, restricted draws are free draws thinned by the condition, in every cell."""
    forest, levels = learned_law()
    rows = two_cells(20_000)
    free = levels[draw_donors(rows, *forest.walk, 0.5, np.random.default_rng(1).random(len(rows)))]
    if way == "by running sums":
        donors, inside = draw_by_running_sum(forest, rows, levels, weight, used=used)
    else:
        donors, inside, within = draw_restricted(forest, rows, levels, weight, -1, 3, used=used)
        assert within == pytest.approx(1.0)
    assert (np.asarray(weight)[levels[donors[inside > 0]]] > 0).all()
    for part in (slice(0, 20_000), slice(20_000, None)):
        thinned = np.bincount(free[part], minlength=3) / 20_000 * weight
        weighed = np.bincount(levels[donors[part]], inside[part], minlength=3) / 20_000
        assert np.abs(weighed - thinned).max() < 0.02


def test_bounds_are_kept_a_row_and_missing_values_meet_them() -> None:
    forest, levels = learned_law()
    rows = two_cells(4000)
    free = levels[draw_donors(rows, *forest.walk, 0.5, np.random.default_rng(1).random(len(rows)))]
    donors, inside, within = draw_restricted(forest, rows, levels, [1, 1, 1], 1, 1)
    assert set(levels[donors]) == {1}
    assert inside == pytest.approx(within)
    assert within.mean() == pytest.approx((free == 1).mean(), abs=0.02)
    donors, inside, within = draw_restricted(forest, rows, levels, [0, 1, 1], 2, 2, nullable=True)
    assert set(levels[donors]) == {2}
    assert within.mean() == pytest.approx((free != 1).mean(), abs=0.02)
    assert inside.mean() == pytest.approx((free == 2).mean(), abs=0.02)


def test_nothing_allowed_gives_no_donor_and_no_mass() -> None:
    forest, levels = learned_law(1000)
    donors, inside, within = draw_restricted(forest, two_cells(50), levels, [0, 0, 0], -1, 3)
    assert (donors == -1).all()
    assert (inside == 0).all()
    assert within == pytest.approx(1.0)
    donors, inside = draw_by_running_sum(forest, two_cells(50), levels, [0, 0, 0])
    assert (donors == -1).all()
    assert (inside == 0).all()


def test_large_nodes_are_looked_at_in_part_without_bias() -> None:
    """A root with many more donors than are looked at: the mass is right on average, the draw even among the allowed."""
    rows = 40 * STRIDE_DONORS
    values = np.random.default_rng(0).integers(0, 1000, rows)
    forest = grown(features(rows), values * 1.0, Growth(trees=1, structure=0.5), use=np.zeros(0, np.int64))
    forest = forest.sorted_by(values[forest.donors].astype(float))
    kept = values[forest.donors]
    weight = (np.arange(1000) < 300).astype(float)
    asked = np.zeros((30_000, 3), np.uint8)
    donors, inside, _ = draw_restricted(forest, asked, kept, weight, -1, 1000, used=1)
    assert inside.mean() == pytest.approx((kept < 300).mean(), abs=0.002)
    quarters = np.bincount(kept[donors] * 10 // 300, minlength=10) / 30_000
    assert np.abs(quarters - np.bincount(kept[kept < 300] * 10 // 300, minlength=10) / (kept < 300).sum()).max() < 0.012


def test_the_same_stream_grows_the_same_forest() -> None:
    bins = features(400)
    one, again, other = (grown(bins, bins[0] * 1.0, Growth(trees=2, significance=0.0), seed=seed) for seed in (1, 1, 2))
    assert shape(one) == shape(again)
    assert one.donors.tobytes() == again.donors.tobytes()
    assert one.donors.tobytes() != other.donors.tobytes()


def test_a_forest_survives_its_arrays() -> None:
    forest, _ = learned_law(1000)
    arrays = forest.arrays("field3")
    assert all(name.startswith("field3.") for name in arrays)
    again = Forest.from_arrays(arrays, "field3")
    for part in dataclass_fields(Forest):
        assert np.array_equal(getattr(again, part.name), getattr(forest, part.name))
    uniform = np.random.default_rng(0).random(100)
    rows = two_cells(50)
    assert np.array_equal(draw_donors(rows, *again.walk, 0.5, uniform), draw_donors(rows, *forest.walk, 0.5, uniform))


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_smallest_tables_still_give_a_donor(rows: int) -> None:
    forest = grown(features(rows), np.arange(rows) * 1.0, Growth(trees=3))
    donors = draw_donors(features(5).T.copy(), *forest.walk, 0.5, np.linspace(0, 0.999, 5))
    assert ((donors >= 0) & (donors < len(forest.donors))).all()
