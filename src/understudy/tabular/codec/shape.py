"""The shape of one numeric column: tokens in ascending order, and what the values look like inside each.

Numbers come here on an **axis**: float64, whole numbers where the column has a grid (integers, decimals times a power of ten,
days, seconds), anything where it has none. The shape cuts the axis into tokens:

* an **atom** is one value with so many rows that it is a thing of its own (zero, a cap, 40 hours, every value of a short scale);
* a **bin** holds an equal share of the rest, finer at the two ends.

Inside a bin the inverse of the cumulative distribution is piecewise linear. A **piece** is either one value that many rows
share, or a uniform stretch with the mean and the spread of a group of rows: no end of a stretch is anybody's value. A row's
position is the share of its bin below it, so token plus position is monotone in the value and decoding undoes encoding up to
a piece's width. What the digits look like is `granularity.py`'s.

Pieces begin at multiples of 1/256 of their token's mass, so that decoding is two look-ups and no search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from understudy.tabular.codec.granularity import Granularity, fit_granularity
from understudy.tabular.codec.protection import Protection
from understudy.tabular.fields import Floats, Mask, Positions, Tokens

Integers = NDArray[np.int64]

SLOTS = 256  # pieces begin at multiples of 1 / SLOTS of the token's mass
MOST_STRETCHES = 16  # uniform stretches in a bin
LEAST_SHARED = 1 / 32  # of a bin's rows, for a value inside it to be a piece of its own
MOST_DISCRETE = 256  # distinct values of a column that gets a token for each
FEWEST_BINS, MOST_BINS = 32, 256
HEAVY_SHARE = 0.005  # of all rows, for a value of a continuous column to be an atom
GAP_NEIGHBOURS = 10  # distinct values on either side that a gap is compared with
HEAVY_TIMES = 6  # the mean share of a distinct value, likewise
TABLE_SPAN = 1 << 16  # grids of at most this many points are encoded by table
BELOW_ONE = np.float32(1 - 2**-24)
HAIR = 2**-30
"""How far a bound beside a token lies from it, in coordinates."""


@dataclass(frozen=True)
class Pieces:
    """The stretches of all tokens, ascending: (P,) each.

    ``low`` and ``width`` on the axis (width 0: one value), ``start`` and ``stop`` as positions in ``token``.
    """

    low: Floats
    width: Floats
    start: Floats
    stop: Floats
    token: NDArray[np.int32]

    @property
    def high(self) -> Floats:
        return self.low + self.width


@dataclass(frozen=True)
class Shape:
    """Tokens 0 .. size-1 of a numeric column without its NULL.

    ``grid``: axis values are whole numbers. ``rows`` (size,): training rows of each token (in the sample that was fitted on).
    ``absorbed``: rows whose own value had too little company and no bin, counted with the nearest atom.
    """

    grid: bool
    rows: Floats
    atom: Mask
    pieces: Pieces
    granularity: Granularity
    absorbed: int = 0
    _cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def lowest(self) -> float:
        """The smallest value that can be drawn."""
        return self._end(float(self.pieces.low[0]), np.ceil)

    @property
    def highest(self) -> float:
        """The largest value that can be drawn."""
        return self._end(float(self.pieces.high[-1]), np.floor)

    def _end(self, value: float, inward: Any) -> float:
        return float(inward(value)) + 0.0 if self.grid else value

    def encode(self, values: Floats) -> tuple[NDArray[np.int64], Positions | None]:
        """(n,) axis values as tokens and positions. A value between tokens goes to the nearer one; outside, to the last."""
        if self.grid and self._table is not None:
            first, tokens, positions = self._table
            at = np.clip(values - first, 0, len(tokens) - 1).astype(np.int64)
            return tokens[at], None if positions is None else positions[at]
        return self._encode_by_search(values)

    def _encode_by_search(self, values: Floats) -> tuple[NDArray[np.int64], Positions | None]:
        p = self.pieces
        i = np.searchsorted(self._borders, values, "right")
        tokens = p.token[i].astype(np.int64)
        if self.atom.all():
            return tokens, None
        return tokens, np.where(self.atom[tokens], np.float32(0), self._position(i, values)).astype(np.float32)

    def _position(self, i: NDArray[np.intp], values: Floats) -> Positions:
        """The position of each value in its piece ``i``; the middle of a piece that is one value."""
        p = self.pieces
        width = p.width[i]
        inside = np.divide(values - p.low[i], width, out=np.full(len(values), 0.5), where=width > 0)
        position = p.start[i] + (p.stop[i] - p.start[i]) * np.clip(inside, 0.0, 1.0)
        return np.asarray(np.minimum(position.astype(np.float32), BELOW_ONE))

    def coordinate(self, values: Floats) -> Floats:
        """Token plus position of each value as a bound: a value between two tokens lies above all of the lower, below all of the upper."""
        p = self.pieces
        low, high = self._cells
        i = np.clip(np.searchsorted(low, values, "right") - 1, 0, None)
        token = p.token[i].astype(np.float64)
        exact = np.where(self.atom[p.token[i]], token, token + self._position(i, values))
        # On a grid a single value's cell reaches half a step to either side of it.
        side = np.where(p.width[i] == 0, np.sign(values - p.low[i]), 0.0)
        beside_atom = np.where(side < 0, HAIR, 0.5)  # below it the bin of the token before may hold something, up to its end
        exact += side * np.where(self.atom[p.token[i]], beside_atom, (p.stop[i] - p.start[i]) / 2)
        ends_token = np.append(p.token[1:] != p.token[:-1], True)[i]
        above = np.where(ends_token, token + 1 - HAIR, token + p.stop[i])
        # Half a piece beyond the middle of a token's last one is the next token's beginning: a bound stays below it.
        exact = np.where(side > 0, np.minimum(exact, above), exact)
        coordinate = np.where(values < high[i], exact, above)
        return np.where(values < low[0], -0.5, coordinate)

    def decode(self, tokens: Tokens, positions: Positions | None, rng: np.random.Generator) -> Floats:
        """Axis values (n,) of tokens and positions; ``rng`` draws the digits where they are not the grid's.

        Positions may be None where every token is an atom.
        """
        if self._one_piece_a_token:
            return np.take(self.pieces.low, tokens, mode="clip")
        assert positions is not None, "bins need positions"
        base, slope, piece_of = self._lines
        wide = tokens.astype(np.int32)
        # Slots are exact powers of two, so this multiplication rounds nothing.
        slot = (positions * np.float32(SLOTS)).astype(np.int32)
        piece = np.take(piece_of, wide * SLOTS + slot, mode="clip")
        slopes = np.take(slope, piece, mode="clip")
        values = slopes * positions
        values += np.take(base, piece, mode="clip")
        if not self.grid:
            return values
        values = self.granularity.snap(values, wide, slopes, rng)
        # Adding zero turns -0.0 into 0.0.
        values += 0.0
        return values

    def draw_positions(self, tokens: Tokens, rng: np.random.Generator) -> Positions:
        """Positions (n,) from the bins' own shape: uniform, since a position is a share of mass."""
        return rng.random(len(tokens), dtype=np.float32)

    @cached_property
    def _one_piece_a_token(self) -> bool:
        """True where every token is an atom: the place inside it does not matter."""
        return bool(self.atom.all())

    @cached_property
    def _cells(self) -> tuple[Floats, Floats]:
        """Where each piece begins and ends on the axis, counting the cell of the grid around a single value."""
        p = self.pieces
        half = 0.5 if self.grid else 0.0
        low = np.where(p.width > 0, p.low, p.low - half)
        high = np.where(p.width > 0, p.low + p.width, p.low + half)
        return low, high if self.grid else np.where(p.width > 0, high, np.nextafter(p.low, np.inf))

    @cached_property
    def _borders(self) -> Floats:
        """Between neighbouring pieces (P-1,): the middle of the gap, so that a value goes to the nearer."""
        low, high = self._cells
        middle = (high[:-1] + low[1:]) / 2
        # Without a grid a single value's cell is one float wide: its border must not be rounded away.
        return np.where(low[1:] <= high[:-1], low[1:], np.maximum(middle, np.nextafter(high[:-1], np.inf) if not self.grid else middle))

    @cached_property
    def _lines(self) -> tuple[Floats, Floats, NDArray[np.int32]]:
        """Value = base + slope * position in each piece, and the piece of each slot of each token."""
        p = self.pieces
        slope = p.width / (p.stop - p.start)
        slots = np.rint((p.stop - p.start) * SLOTS).astype(np.int64)
        return p.low - slope * p.start, slope, np.repeat(np.arange(len(slots), dtype=np.int32), slots)

    @cached_property
    def _table(self) -> tuple[float, NDArray[np.int64], Positions | None] | None:
        """Tokens and positions of every point of a small grid."""
        low, high = self._cells
        first, last = float(np.floor(low[0])) - 1, float(np.ceil(high[-1])) + 1
        if last - first > TABLE_SPAN:
            return None
        tokens, positions = self._encode_by_search(np.arange(first, last + 1))
        return first, tokens, positions

    def to_state(self, prefix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """As JSON facts and arrays whose names begin with ``prefix``."""
        p = self.pieces
        arrays: dict[str, NDArray[Any]] = {
            "rows": self.rows, "atom": self.atom, "low": p.low, "width": p.width, "start": p.start, "stop": p.stop, "token": p.token,
        }  # fmt: skip
        facts, more = self.granularity.to_state()
        return {"grid": self.grid, "absorbed": self.absorbed, "granularity": facts}, {
            f"{prefix}.{k}": v for k, v in (arrays | more).items()
        }

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: dict[str, NDArray[Any]], prefix: str) -> Self:
        own = {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
        pieces = Pieces(own["low"], own["width"], own["start"], own["stop"], own["token"])
        granularity = Granularity.from_state(facts["granularity"], own)
        return cls(facts["grid"], own["rows"], own["atom"], pieces, granularity, facts["absorbed"])


def fit_shape(values: Floats, counts: Integers, *, grid: bool, moduli: tuple[int, ...], protection: Protection, rare: int) -> Shape:
    """The shape of distinct ``values`` (d,), ascending, each held by ``counts`` (d,) rows.

    ``moduli``: lengths on the axis after which digits repeat (10, 100, 1000 for decimals; 60, 3600 for seconds).
    ``rare``: rows that a token needs.
    """
    heavy = _heavy(counts, rare)
    token, absorbed = _tokens(counts, heavy, values, rare, protection.knot_rows)
    rows = np.bincount(token, counts).astype(np.float64)
    first = np.flatnonzero(np.diff(token, prepend=-1))
    heavy_of = np.full(len(rows), -1)
    heavy_of[token[heavy]] = np.flatnonzero(heavy)
    alone = np.bincount(token) == 1
    atom = (heavy_of >= 0) | (alone & (rows >= rare))
    value_of_atom = values[np.where(heavy_of >= 0, heavy_of, first)]
    shared = _shared(counts, token, atom, protection.knot_rows)
    granularity = fit_granularity(values, counts, token, atom, shared, moduli) if grid else Granularity.none(len(rows))
    stretches = _Stretches(
        values, counts, token, atom, value_of_atom, shared, granularity.unit if grid else np.zeros(len(rows)), protection
    )
    pieces = stretches.pieces()
    return Shape(grid, rows, atom, pieces, granularity.within(*_ends(pieces, granularity.unit)) if grid else granularity, absorbed)


def _ends(pieces: Pieces, unit: Floats) -> tuple[Floats, Floats]:
    """The smallest and largest grid point in each token's pieces."""
    first = np.flatnonzero(np.diff(pieces.token, prepend=-1))
    last = np.append(first[1:], len(pieces.token)) - 1
    return np.ceil(pieces.low[first] / unit) * unit, np.floor(pieces.high[last] / unit) * unit


def _shared(counts: Integers, token: Integers, atom: Mask, knot_rows: int) -> Mask:
    """Values inside bins with enough rows to be pieces of their own."""
    least = np.maximum(knot_rows, LEAST_SHARED * np.bincount(token, counts))[token]
    return np.asarray((counts >= least) & ~atom[token])


def _heavy(counts: Integers, rare: int) -> Mask:
    """Which distinct values are atoms."""
    n, distinct = counts.sum(), len(counts)
    in_company = counts >= rare
    most = np.sort(counts)[-MOST_DISCRETE:].sum()
    discrete = most >= 0.999 * n and in_company.sum() <= MOST_DISCRETE and counts[in_company].sum() >= 0.9 * n
    if discrete:
        return in_company
    return np.asarray(in_company & (counts > max(HEAVY_SHARE, HEAVY_TIMES / distinct) * n))


def _tokens(counts: Integers, heavy: Mask, values: Floats, rare: int, knot_rows: int) -> tuple[Integers, int]:
    """The token of each distinct value, ascending from 0 without gaps, and the number of rows absorbed by a neighbouring atom."""
    label = np.zeros(len(counts), np.int64)
    n, light_rows = int(counts.sum()), int(counts[~heavy].sum())
    bins = int(np.clip(round(n**0.5), FEWEST_BINS, MOST_BINS))
    target = max(light_rows / bins, knot_rows)
    next_label, absorbed = 0, 0
    ends = np.flatnonzero(np.diff(heavy.astype(np.int8))) + 1
    runs = list(zip([0, *ends], [*ends, len(counts)], strict=True))
    for begin, end in runs:
        if heavy[begin]:
            label[begin:end] = next_label + np.arange(end - begin)
        elif counts[begin:end].sum() < rare and heavy.any():
            label[begin:end] = -1
            absorbed += int(counts[begin:end].sum())
            continue
        else:
            ids = _equal_mass(
                values[begin:end], counts[begin:end], target, rare, knot_rows, low_end=begin == 0, high_end=end == len(counts)
            )
            label[begin:end] = next_label + ids
        next_label = int(label[end - 1]) + 1
    if absorbed:
        _absorb(label, np.flatnonzero(heavy), values)
    return np.unique(label, return_inverse=True)[1].astype(np.int64), absorbed


def _absorb(label: Integers, atoms: Integers, values: Floats) -> None:
    """Give each value without a label (-1) that of the nearest atom."""
    lost = np.flatnonzero(label < 0)
    right = np.clip(np.searchsorted(atoms, lost), 0, len(atoms) - 1)
    left = np.clip(right - 1, 0, None)
    to_left, to_right = np.abs(values[atoms[left]] - values[lost]), np.abs(values[atoms[right]] - values[lost])
    label[lost] = label[np.where(to_left <= to_right, atoms[left], atoms[right])]


def _equal_mass(values: Floats, counts: Integers, target: float, rare: int, knot_rows: int, *, low_end: bool, high_end: bool) -> Integers:
    """Bin of each distinct value of one run, 0 ascending: about ``target`` rows each, halved up to three times at an open end.

    A gap that is much wider than what lies around it ends a bin, so that nothing is drawn inside it.
    """
    total = float(counts.sum())
    bins = max(1, min(round(total / target), int(total // rare)))
    width = total / bins
    cuts = list(np.arange(1, bins) * width)
    for _ in range(3):
        width /= 2
        if width < 2 * knot_rows:
            break
        cuts += [width] * int(low_end) + [total - width] * int(high_end)
    rows = np.cumsum(counts)
    gaps = rows[_wide_gaps(values, rows, rare)]
    near_gap = np.abs(np.subtract.outer(np.array(cuts), gaps)).min(axis=1, initial=np.inf) < max(rare, target / 2)
    borders = np.sort(np.append(np.array(cuts)[~near_gap], gaps)) if len(cuts) else gaps
    ids = np.searchsorted(borders, rows - counts / 2, "right")
    ids = np.unique(ids, return_inverse=True)[1].astype(np.int64)
    return _merge_light(ids, counts, rare)


def _wide_gaps(values: Floats, rows: Integers, rare: int) -> Integers:
    """Places i where the gap from value i to the next is wider than ten values on both sides together take, with company on either."""
    k = GAP_NEIGHBOURS
    if len(values) < 2 * k:
        return np.zeros(0, np.int64)
    gap = np.diff(values)
    left = values[:-1] - values[np.maximum(np.arange(len(gap)) - k, 0)]
    right = values[np.minimum(np.arange(len(gap)) + 1 + k, len(values) - 1)] - values[1:]
    company = (rows[:-1] >= 2 * rare) & (rows[-1] - rows[:-1] >= 2 * rare)
    return np.flatnonzero((gap > left + right) & company)


def _merge_light(ids: Integers, counts: Integers, least: int) -> Integers:
    """Groups of fewer than ``least`` rows join the group before them (the first joins the one after)."""
    rows = np.bincount(ids, counts)
    begins = np.ones(len(rows), bool)
    held = 0.0
    for k, r in enumerate(rows):
        begins[k] = k == 0 or (r >= least and held >= least)
        held = r if begins[k] else held + r
    return (np.cumsum(begins) - 1)[ids]


class _Stretches:
    """The pieces of every token, built step by step: shared values, groups of the rest, their ends, and the cuts between them."""

    def __init__(
        self,
        values: Floats,
        counts: Integers,
        token: Integers,
        atom: Mask,
        value_of_atom: Floats,
        shared: Mask,
        unit: Floats,
        protection: Protection,
    ) -> None:
        self.values, self.counts, self.token, self.atom = values, counts.astype(np.float64), token, atom
        self.value_of_atom, self.shared, self.protection = value_of_atom, shared, protection
        self.unit = unit
        self.grid = bool((unit > 0).all())
        self.rows = np.bincount(token, self.counts)

    def pieces(self) -> Pieces:
        low, width, mass, token = self._cells()
        is_bin = ~self.atom
        if is_bin.any():
            stretch = self._stretches(low, width, token)
            low, width, mass, token = self._cut(stretch, (low, width, mass, token))
        return _by_slots(low, width, mass, token)

    def _half(self, token: Integers) -> Floats:
        return self.unit[token] / 2 if self.grid else np.zeros(len(token))

    def _cells(self) -> tuple[Floats, Floats, Floats, Integers]:
        """Single values, ascending: atoms and shared values, as (value, 0, rows, token)."""
        shared = np.flatnonzero(self.shared)
        atoms = np.flatnonzero(self.atom)
        value = np.concatenate([self.value_of_atom[atoms], self.values[shared]])
        mass = np.concatenate([self.rows[atoms], self.counts[shared]])
        token = np.concatenate([atoms, self.token[shared]])
        order = np.argsort(value, kind="stable")
        return value[order], np.zeros(len(order)), mass[order], token[order]

    def _groups(self) -> tuple[Mask, Integers, Integers]:
        """The rest of the bins' values, the group of each, ascending, and the token of each group."""
        rest = ~self.atom[self.token] & ~self.shared
        token, counts = self.token[rest], self.counts[rest]
        rows = np.bincount(token, counts, len(self.rows))
        below = np.concatenate([[0.0], np.cumsum(rows)])[token]
        middle = np.cumsum(counts) - counts / 2 - below
        many = np.clip(rows // self.protection.knot_rows, 1, MOST_STRETCHES)
        within = np.minimum(middle * many[token] // np.maximum(rows[token], 1), many[token] - 1).astype(np.int64)
        ids = np.unique(token * MOST_STRETCHES + within, return_inverse=True)[1].astype(np.int64)
        ids = self._join_light(ids, token, counts)
        group_token = token[np.flatnonzero(np.diff(ids, prepend=-1))]
        return rest, ids, group_token

    def _join_light(self, ids: Integers, token: Integers, counts: Floats) -> Integers:
        """Groups with little more than half of the rows that a stretch needs join the one before in their token."""
        if not len(ids):
            return ids
        rows = np.bincount(ids, counts)
        group_token = token[np.flatnonzero(np.diff(ids, prepend=-1))]
        least = 0.6 * self.protection.knot_rows
        same = np.append(False, group_token[1:] == group_token[:-1])
        join = same & ((rows < least) | (np.append(np.inf, rows[:-1]) < least))
        return (np.cumsum(~join) - 1)[ids]

    def _stretches(self, cell: Floats, cell_width: Floats, cell_token: Integers) -> tuple[Floats, Floats, Floats, Integers]:
        """Uniform stretches (low, high, rows, token) with the mean and spread of their groups, ascending and without overlap."""
        rest, ids, token = self._groups()
        values, counts = self.values[rest], self.counts[rest]
        rows = np.bincount(ids, counts).astype(np.float64)
        if not len(rows):
            empty = np.zeros(0)
            return empty, empty, empty, np.zeros(0, np.int64)
        mean = np.bincount(ids, counts * values) / rows
        variance = np.bincount(ids, counts * (values - mean[ids]) ** 2) / rows
        # A value of a grid stands for its cell, whose own variance is unit² / 12.
        half = np.sqrt(3 * variance + self._half(token) ** 2)
        low, high = mean - half, mean + half
        low, high = self._within_extremes(low, high, rest, token)
        low, high = self._between_cells(low, high, token, cell, cell_token)
        overlap = high[:-1] > low[1:]
        middle = np.clip((high[:-1] + low[1:]) / 2, mean[:-1], mean[1:])
        high[:-1] = np.where(overlap, middle, high[:-1])
        low[1:] = np.where(overlap, middle, low[1:])
        return *self._on_cell_edges(low, high, token), rows, token

    def _within_extremes(self, low: Floats, high: Floats, rest: Mask, token: Integers) -> tuple[Floats, Floats]:
        """No stretch of a run of bins goes beyond the mean of the run's smallest and largest rows."""
        bin_tokens = np.flatnonzero(~self.atom)
        run = np.cumsum(np.diff(bin_tokens, prepend=bin_tokens[0] - 1) > 1)
        values, counts = self.values[rest], self.counts[rest]
        run_of_token = np.full(len(self.rows), -1)
        run_of_token[bin_tokens] = run
        run_of_value = run_of_token[self.token[rest]]
        for r in np.unique(run_of_value):
            inside = run_of_value == r
            v, c = values[inside], counts[inside]
            half = float(self._half(bin_tokens[run == r][:1])[0])
            k = self.protection.extremes
            mine = run_of_token[token] == r
            low[mine] = np.maximum(low[mine], _mean_of_first(v, c, k) - half)
            high[mine] = np.minimum(high[mine], _mean_of_first(v[::-1], c[::-1], k) + half)
        return low, np.maximum(high, low)

    def _between_cells(self, low: Floats, high: Floats, token: Integers, cell: Floats, cell_token: Integers) -> tuple[Floats, Floats]:
        """No stretch covers a single value of another token."""
        half = self._half(cell_token)
        after = np.append(cell - half, np.inf)[np.searchsorted(cell_token, token, "right")]
        end = cell + half if self.grid else np.nextafter(cell, np.inf)
        before = np.append(-np.inf, end)[np.searchsorted(cell_token, token, "left")]
        return np.maximum(low, before), np.minimum(high, after)

    def _on_cell_edges(self, low: Floats, high: Floats, token: Integers) -> tuple[Floats, Floats]:
        """On a grid, tokens begin and end between two points of it, so that what is drawn from a token is encoded as that token."""
        if not self.grid:
            return low, high
        unit = np.maximum(self.unit[token], 1.0)
        first = np.append(True, token[1:] != token[:-1])
        last = np.append(token[1:] != token[:-1], True)
        edge = (np.floor(low / unit) + 0.5) * unit
        low = np.where(first, edge, low)
        edge = (np.floor(high / unit) + 0.5) * unit
        high = np.where(last, np.maximum(edge, low + unit), high)
        # Widening a narrow token may reach into the next.
        low[1:] = np.maximum(low[1:], high[:-1])
        return low, np.maximum(high, low)

    def _cut(
        self, stretch: tuple[Floats, Floats, Floats, Integers], cells: tuple[Floats, Floats, Floats, Integers]
    ) -> tuple[Floats, Floats, Floats, Integers]:
        """Stretches with the single values inside them cut out, and those values, ascending: (low, width, rows, token)."""
        low, high, mass, token = stretch
        value, zero, rows, cell_token = cells
        half = self._half(cell_token)
        cell_low = value - half
        cell_high = value + half if self.grid else np.nextafter(value, np.inf)
        points = np.unique(np.concatenate([low, high, cell_low, cell_high]))
        begin, end = points[:-1], points[1:]
        owner = np.searchsorted(low, begin, "right") - 1
        covered = (owner >= 0) & (begin < np.append(high, -np.inf)[owner])
        inside = np.searchsorted(cell_low, begin, "right") - 1
        free = covered & ~((inside >= 0) & (begin < np.append(cell_high, -np.inf)[inside]))
        begin, end, owner = begin[free], end[free], owner[free]
        length = end - begin
        room = np.bincount(owner, length, len(low))
        parts = mass[owner] * length / room[owner]
        # A group without room of its own lies within the cells around it: it becomes one value there.
        homeless = np.flatnonzero(room <= 0)
        lonely = (low[homeless] + high[homeless]) / 2
        if self.grid:
            unit = np.maximum(self.unit[token[homeless]], 1.0)
            lonely = np.rint(lonely / unit) * unit
        all_low = np.concatenate([begin, value, lonely])
        order = np.argsort(all_low, kind="stable")
        width = np.concatenate([length, zero, np.zeros(len(lonely))])
        masses = np.concatenate([parts, rows, mass[homeless]])
        tokens = np.concatenate([token[owner], cell_token, token[homeless]])
        return _in_token_order(all_low[order], width[order], masses[order], tokens[order])


def _in_token_order(low: Floats, width: Floats, mass: Floats, token: Integers) -> tuple[Floats, Floats, Floats, Integers]:
    """Pieces sorted by token first; equal single values of a token joined."""
    order = np.argsort(token, kind="stable")
    low, width, mass, token = low[order], width[order], mass[order], token[order]
    new = np.append(True, (low[1:] != low[:-1]) | (width[1:] > 0) | (width[:-1] > 0) | (token[1:] != token[:-1]))
    joined = np.bincount(np.cumsum(new) - 1, mass).astype(np.float64)
    return low[new], width[new], joined, token[new]


def _mean_of_first(values: Floats, counts: Floats, k: int) -> float:
    """The mean of the first ``k`` rows."""
    head = min(len(values), k)
    taken = np.clip(k - np.append(0.0, np.cumsum(counts[:head])[:-1]), 0, counts[:head])
    return float(np.average(values[:head], weights=taken))


def _by_slots(low: Floats, width: Floats, mass: Floats, token: Integers) -> Pieces:
    """Pieces with positions: in each token ascending multiples of 1 / SLOTS, at least one slot a piece."""
    start, stop = np.empty(len(low)), np.empty(len(low))
    keep = np.ones(len(low), bool)
    begins = np.flatnonzero(np.diff(token, prepend=-1))
    for begin, end in zip(begins, [*begins[1:], len(low)], strict=True):
        chosen = np.arange(begin, end)
        if len(chosen) > SLOTS:
            light = np.argsort(mass[chosen], kind="stable")[: len(chosen) - SLOTS]
            keep[chosen[light]] = False
            chosen = chosen[keep[chosen]]
        start[chosen], stop[chosen] = _slots(mass[chosen])
    return Pieces(low[keep], width[keep], start[keep], stop[keep], token[keep].astype(np.int32))


def _slots(mass: Floats) -> tuple[Floats, Floats]:
    """Cumulative shares rounded to slots, each piece at least one."""
    k = len(mass)
    ends = np.rint(np.cumsum(mass) / mass.sum() * SLOTS)
    ends = np.maximum.accumulate(ends - np.arange(1, k + 1)) + np.arange(1, k + 1)
    ends = np.maximum(ends, np.arange(1, k + 1))
    ends = np.minimum(ends, SLOTS - np.arange(k)[::-1])
    ends[-1] = SLOTS
    return np.append(0.0, ends[:-1]) / SLOTS, ends / SLOTS
