"""The figures of the TabSyn / TabDiff / TabPC protocol, written again from their definitions.

Shape and Trend are SDMetrics' Column Shapes and Column Pair Trends over all pairs, as errors in per cent. C2ST is SDMetrics' detection
score with XGBoost (1: cannot be told apart, 0: always). wNMIS is TabPC's weighted error of the pairs' normalised mutual information
(Scassola et al., arXiv 2603.23016). MLE trains XGBoost on made rows, chosen among 36 settings on a ninth of them, and tests it on real
ones. Alpha-precision and beta-recall are those of Alaa et al. (ICML 2022) as synthcity computes them without embedding. The DCR share
is TabSyn's: how many made rows lie nearer to the half that was learned than to the other half.

What is odd in the originals is kept, because published figures hold it: Trend cuts every table into ten bins of its own range; C2ST
compares with the rows that were learned; MLE squeezes all numbers by the first one's range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from understudy.data.nearest import nearest

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
BINS = 10
FOLDS = 3
STEPS = 30
TREES = (10, 50, 100)
GRID = {"min_child_weight": (1, 10), "max_depth": (5, 10, 20), "gamma": (0.0, 1.0)}


@dataclass(frozen=True)
class Coded:
    """A table as arrays: numbers as they are, categories as codes that mean the same in every table coded with it."""

    numbers: dict[str, Floats]
    codes: dict[str, Codes]
    labels: dict[str, NDArray[Any]]  # of each category, what its codes mean

    @property
    def names(self) -> list[str]:
        return [*self.numbers, *self.codes]

    @property
    def rows(self) -> int:
        return len(next(iter((self.numbers or self.codes).values())))

    def size(self, name: str) -> int:
        return len(self.labels[name])

    def without(self, name: str) -> Coded:
        return Coded({k: v for k, v in self.numbers.items() if k != name}, {k: v for k, v in self.codes.items() if k != name}, self.labels)

    def one_hot(self) -> Floats:
        """Numbers, then one column a category."""
        parts = [values[:, None] for values in self.numbers.values()]
        parts += [np.eye(self.size(name))[values] for name, values in self.codes.items()]
        return np.hstack(parts)


def coded(tables: Mapping[str, pl.DataFrame], categories: set[str]) -> dict[str, Coded]:
    """Tables of the same columns in the same codes; a missing category is a category."""
    names = list(next(iter(tables.values())).columns)
    texts = {
        name: {key: table[name].cast(pl.String).fill_null("?") for key, table in tables.items()} for name in names if name in categories
    }
    levels = {name: np.unique(np.concatenate([values.to_numpy() for values in columns.values()])) for name, columns in texts.items()}
    return {
        key: Coded(
            {name: table[name].cast(pl.Float64).to_numpy() for name in names if name not in categories},
            {name: np.searchsorted(levels[name], texts[name][key].to_numpy()).astype(np.int64) for name in texts},
            levels,
        )
        for key, table in tables.items()
    }


# ---- Shape and Trend


def shape_error(real: Coded, made: Coded) -> float:
    """Mean over the columns, in per cent: Kolmogorov-Smirnov statistic of numbers, total variation of categories."""
    errors = [float(ks_2samp(real.numbers[name], made.numbers[name]).statistic) for name in real.numbers]
    errors += [total_variation(real.codes[name], made.codes[name], real.size(name)) for name in real.codes]
    return 100 * float(np.mean(errors))


def trend_error(real: Coded, made: Coded, *, one_range: bool = False) -> float:
    """Mean over all pairs, in per cent: half the difference of correlations of two numbers, else total variation of the two-way table.

    `one_range`: cut both tables by the real one's range, which the definition does not.
    """
    ranges = real if one_range else made
    cut = [_cut(real, real), _cut(made, ranges)]
    errors = []
    for a, b in combinations(real.names, 2):
        if a in real.numbers and b in real.numbers:
            errors.append(abs(_correlation(real, a, b) - _correlation(made, a, b)) / 2)
            continue
        sizes = [real.size(name) if name in real.codes else BINS + 2 for name in (a, b)]
        joint = [columns[a] * sizes[1] + columns[b] for columns in cut]
        errors.append(total_variation(joint[0], joint[1], sizes[0] * sizes[1]))
    return 100 * float(np.nanmean(errors))


def _cut(table: Coded, ranges: Coded) -> dict[str, Codes]:
    """Categories as they are; numbers 1 .. 10 by equal widths of the range in `ranges`, whose greatest value alone is 11."""
    edges = {name: np.histogram_bin_edges(values, bins=BINS) for name, values in ranges.numbers.items()}
    bins = {name: np.clip(np.digitize(values, edges[name]), 1, BINS + 1).astype(np.int64) for name, values in table.numbers.items()}
    return {**table.codes, **bins}


def total_variation(real: Codes, made: Codes, size: int) -> float:
    """Half the sum of the differences of the shares."""
    return float(np.abs(np.bincount(real, minlength=size) / len(real) - np.bincount(made, minlength=size) / len(made)).sum() / 2)


def _correlation(table: Coded, a: str, b: str) -> float:
    return float(np.corrcoef(table.numbers[a], table.numbers[b])[0, 1])


# ---- wNMIS


def nmi_error(real: Coded, made: Coded) -> float:
    """Sum over pairs of |difference of normalised mutual information|, weighted by its sum in both tables; 0 is best."""
    edges = {name: np.histogram_bin_edges(values, bins=BINS) for name, values in real.numbers.items()}
    strength = [_nmi(table, edges) for table in (real, made)]
    weight = strength[0] + strength[1]
    return float((weight * np.abs(strength[0] - strength[1])).sum() / weight.sum())


def _nmi(table: Coded, edges: Mapping[str, Floats]) -> Floats:
    """Of every pair: twice the mutual information over the sum of the entropies."""
    columns = [_shared_bins(values, edges[name]) for name, values in table.numbers.items()] + list(table.codes.values())
    columns = [np.unique(column, return_inverse=True)[1] for column in columns]
    entropies = [_entropy(column) for column in columns]
    found = []
    for a, b in combinations(range(len(columns)), 2):
        joint = _entropy(columns[a] * (int(columns[b].max()) + 1) + columns[b])
        found.append(2 * (entropies[a] + entropies[b] - joint) / max(entropies[a] + entropies[b], 1e-12))
    return np.maximum(np.array(found), 0.0)


def _shared_bins(values: Floats, edges: Floats) -> NDArray[Any]:
    """Ten bins of the real range, closed on the right, -1 outside of it; few distinct values stay what they are."""
    if len(np.unique(values)) <= len(edges):
        return values
    bins = np.maximum(np.searchsorted(edges, values, side="left"), 1)
    return np.where((values < edges[0]) | (values > edges[-1]), -1, bins)


def _entropy(codes: NDArray[Any]) -> float:
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(shares * np.log(shares)).sum())


# ---- XGBoost: C2ST and MLE


def c2st_score(real: Floats, made: Floats, seed: int = 0) -> float:
    """One minus the mean over three folds of 2·max(.5, AUC) - 1, of XGBoost at its defaults."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from xgboost import XGBClassifier

    X, y = np.concatenate([real, made]).astype(np.float32), np.repeat([1, 0], [len(real), len(made)])
    lost = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, y):
        model = XGBClassifier(eval_metric="logloss", random_state=0, n_jobs=1).fit(X[train], y[train])
        lost.append(max(0.5, float(roc_auc_score(y[test], model.predict_proba(X[test])[:, 1]))) * 2 - 1)
    return 1 - float(np.mean(lost))


def told_apart_features(table: Coded) -> Floats:
    """What C2ST sees: numbers, categories one-hot; but categories that are written as whole numbers are numbers to it."""
    whole = [name for name, labels in table.labels.items() if all(str(label).lstrip("-").isdigit() for label in labels)]
    text = Coded(table.numbers, {name: codes for name, codes in table.codes.items() if name not in whole}, table.labels)
    numbers = [table.labels[name].astype(np.float64)[table.codes[name]][:, None] for name in whole]
    return np.hstack([*([text.one_hot()] if text.names else []), *numbers])


def usefulness(made: Coded, test: Coded, target: str, seed: int = 0) -> float:
    """MLE: area under the ROC curve on real rows (a category of two levels) or the root mean squared error of the logarithm (a number)."""
    import xgboost

    classes = target in made.codes
    learned, tested = _predictors(made, test, target)
    y, truth = _truth(made, target), _truth(test, target)
    order = np.random.default_rng(seed).permutation(made.rows)
    aside, kept = order[: made.rows // 9], order[made.rows // 9 :]
    data = xgboost.QuantileDMatrix(learned[kept], y[kept])
    best = (-np.inf, 0.0)
    objective = "binary:logistic" if classes else "reg:squarederror"
    for values in product(*GRID.values()):
        settings = {"objective": objective, "nthread": 1, "eta": 0.3, **dict(zip(GRID, values, strict=True))}
        model = xgboost.train(settings, data, num_boost_round=max(TREES))
        for trees in TREES:
            # Boosting is sequential: a model of ten trees is the first ten of a hundred.
            scores = [
                _score(model.inplace_predict(X, iteration_range=(0, trees)), t, classes)
                for X, t in ((learned[aside], y[aside]), (tested, truth))
            ]
            best = max(best, (scores[0], scores[1]))
    return abs(best[1])


def _truth(table: Coded, target: str) -> Floats:
    return table.codes[target].astype(np.float64) if target in table.codes else np.log(np.clip(table.numbers[target], 1, 20_000))


def _score(predicted: Floats, truth: Floats, classes: bool) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, predicted)) if classes else -float(np.sqrt(np.mean((truth - predicted) ** 2)))


def _predictors(made: Coded, test: Coded, target: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Categories one-hot; numbers by their logarithm where the first is never negative and passes 1,000, else scaled by its range."""
    made, test = made.without(target), test.without(target)
    first = next(iter(made.numbers.values()), np.zeros(1))
    low, high = float(first.min()), float(first.max())

    def scaled(values: Floats) -> Floats:
        return np.log(np.maximum(values, 1e-2)) if low >= 0 and high >= 1e3 else (values - low) / ((high - low) or 1.0) * 5

    both = [Coded({name: scaled(values) for name, values in table.numbers.items()}, table.codes, table.labels) for table in (made, test)]
    return both[0].one_hot().astype(np.float32), both[1].one_hot().astype(np.float32)


# ---- alpha-precision, beta-recall, DCR share


def precision_recall(real: Coded, made: Coded) -> tuple[float, float]:
    """Alpha-precision and beta-recall on numbers scaled to the real range and one-hot categories; equally many rows."""
    from sklearn.neighbors import NearestNeighbors

    X, S = real.one_hot(), made.one_hot()
    low, span = X.min(axis=0), np.ptp(X, axis=0)
    X, S = (X - low) / np.where(span > 0, span, 1), (S - low) / np.where(span > 0, span, 1)
    levels = np.linspace(0, 1, STEPS)
    centre = X.mean(axis=0)
    radii = np.quantile(np.linalg.norm(X - centre, axis=1), levels)
    inside = np.linalg.norm(S - centre, axis=1)
    precise = [float((inside <= radius).mean()) for radius in radii]
    among = NearestNeighbors(n_neighbors=2).fit(X).kneighbors(X)[0][:, 1]
    away, place = (part[:, 0] for part in NearestNeighbors(n_neighbors=1).fit(S).kneighbors(X))
    reach = np.linalg.norm(S[place] - S.mean(axis=0), axis=1)
    covered = [float(((away <= among) & (reach <= radius)).mean()) for radius in np.quantile(reach, levels)]
    return _along(levels, precise), _along(levels, covered)


def _along(levels: Floats, curve: list[float]) -> float:
    """One where the curve is the diagonal."""
    return 1 - float(np.abs(levels - np.array(curve)).sum() / levels.sum())


def nearer_share(learned: Coded, other: Coded, made: Coded) -> float:
    """Share of made rows strictly nearer to the half that was learned: numbers over their range, every other category counting twice."""
    spans = {name: float(np.ptp(values)) or 1.0 for name, values in learned.numbers.items()}

    def halves(table: Coded) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        # Half of the distance of the definition, which has the same order: one for a category that differs.
        numbers = [values / (2 * spans[name]) for name, values in table.numbers.items()]
        columns = [
            np.asarray(part, dtype).reshape(len(part), table.rows).T
            for part, dtype in ((numbers, np.float32), (list(table.codes.values()), np.int32))
        ]
        return columns[0], columns[1]

    rows = halves(made)
    return float((nearest(*rows, *halves(learned))[:, 0] < nearest(*rows, *halves(other))[:, 0]).mean())
