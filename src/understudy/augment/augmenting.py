"""`augment`: real rows, untouched, and synthetic rows where they are lacking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.augment.addition import Step
from understudy.augment.balance import Balance, Balancing, balancing
from understudy.augment.cover import Cover, Covering, covering
from understudy.augment.imputing import IMPUTERS, Imputed, imputable, impute, require_imputer
from understudy.augment.making import Maker
from understudy.augment.mix import Mix, Mixing, mixing
from understudy.augment.provenance import provenance_of
from understudy.augment.result import Augmented, engine_of
from understudy.augment.sieve import Sieve
from understudy.augment.source import Source
from understudy.core.errors import ArgumentError
from understudy.core.generator import Synthesizer, load
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.data.table import Table, as_table
from understudy.tabular.fitting import fit

if TYPE_CHECKING:
    from understudy.core.budget import BudgetLike
    from understudy.data import TableSchema


@dataclass(frozen=True)
class _Plan:
    """All that was asked for, checked against the real rows."""

    impute: list[str] | None
    balance: Balancing | None
    cover: Covering | None
    mix: Mixing | None


def augment(
    real: Any,
    *,
    balance: Balance | None = None,
    cover: Cover | None = None,
    mix: Mix | None = None,
    impute: bool | str | list[str] = False,
    drop: bool = False,
    sieve: bool = True,
    model: Synthesizer | str | Path | None = None,
    method: str = "auto",
    budget: BudgetLike = None,
    schema: TableSchema | None = None,
    seed: int = 0,
    provenance: bool = True,
    progress: ProgressLike = "auto",
    **options: Any,
) -> Augmented:
    """Real rows with synthetic ones beside them. What is asked for is done in the order impute, balance, cover, mix.

    Args:
        real: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
        balance: classes to equal or given shares: "churn", ["churn", "plan"], {"churn": {"Yes": 0.4}}.
        cover: rare values, pairs, far ends, unlikely rows, edge cases: 50, {"min_count": 50, "tails": 0.01,
            "unlikely": 100, "where": "age > 80"}; see `understudy.augment.cover.covering`.
        mix: a synthetic share (0.5), a size (20_000) or both ({"rows": 20_000, "synthetic": 0.5}).
        impute: fill missing cells: True for all columns, or names.
        drop: balance may leave out real rows of the common classes, so that the table keeps its size.
        sieve: rows made to balance classes stay with the probability that the real rows give them of being of their class.
        model: a fitted model, or its file, instead of fitting one.
        method, budget, options: as in `fit`.
        schema: what the columns mean; inferred, with reasons, where none is given.
        seed: the same inputs and seed give the same rows.
        provenance: columns in `frame` that tell where each row comes from.
        progress: "auto", None, a function that takes events, or a listener.

    Raises:
        ArgumentError, DataError: what is asked for does not fit the table; nothing has been fitted then.
        Cancelled: the listener asked to stop.

    A condition that the model cannot meet is told in the result's steps and by an `UnmetWarning`.
    """
    stream, table = Stream(seed).child("augment"), as_table(real, schema)
    plan = _planned(table, balance, cover, mix, impute, drop)
    given = _given_model(model, method, budget, options)
    if plan.impute and given is None and method == "auto":
        method = IMPUTERS[0]
    with listening(progress) as listener:
        learned = given or fit(table, method=method, budget=budget, seed=seed, progress=listener, **options)
        return _Work(table, plan, learned, stream, listener, seed).result(sieve=sieve, beside=provenance)


def _planned(table: Table, balance: Any, cover: Any, mix: Any, impute: Any, drop: bool) -> _Plan:
    if balance is None and cover is None and mix is None and impute is False:
        raise ArgumentError(
            "Nothing is asked for.", where="augment", remedy='Say balance=, cover=, mix= or impute=; for example balance="churn".'
        )
    if drop and balance is None:
        raise ArgumentError("Only a balance leaves out real rows.", where="drop", remedy="Add balance=, or leave drop out.")
    return _Plan(
        None if impute is False else imputable(table, impute),
        None if balance is None else balancing(table, balance, drop=drop),
        None if cover is None else covering(table, cover),
        None if mix is None else mixing(table.rows, mix),
    )


def _given_model(model: Any, method: str, budget: Any, options: Mapping[str, Any]) -> Synthesizer | None:
    if model is None:
        return None
    if method != "auto" or budget is not None or options:
        said = next(iter(options), "budget" if method == "auto" else "method")
        raise ArgumentError(f"A fitted model is given, so `{said}` has nothing to do.", where=said, remedy="Give one of the two.")
    found = load(model) if isinstance(model, str | Path) else model
    if not isinstance(found, Synthesizer):
        raise ArgumentError(f"`model` is a fitted model or its file, not {type(found).__name__}.", remedy="Pass what us.fit gave back.")
    return found


class _Work:
    """The steps of one augmentation, in order."""

    def __init__(self, real: Table, plan: _Plan, model: Synthesizer, stream: Stream, listener: Progress, seed: int) -> None:
        self._real, self._plan, self._model, self._stream, self._listener, self._seed = real, plan, model, stream, listener, seed
        self._steps: list[Step] = []

    def result(self, *, sieve: bool, beside: bool) -> Augmented:
        source = Source(self._model, self._real, self._seed)
        filled = self._imputed()
        rows, why = self._real.frame, pl.repeat(None, self._real.rows, dtype=pl.String, eager=True)
        if filled is not None:
            rows, why = filled.rows, filled.why
        stays = self._kept(rows)
        maker = Maker(source, self._real, rows.filter(stays), self._stream, self._listener)
        self._make(maker, rows, sieve)
        facts = provenance_of(why.filter(stays), maker.parts, engine=engine_of(self._model), seed=self._seed)
        whole = pl.concat([rows.filter(stays), *(part.rows for part in maker.parts)])
        return Augmented(
            self._real,
            whole,
            facts,
            None if filled is None else filled.cells,
            model=self._model,
            steps=[*self._steps, *maker.steps],
            notes=[*(str(note) for note in self._real.notes), *_repeated_keys(self._real, whole)],
            seed=self._seed,
            beside=beside,
        )

    def _imputed(self) -> Imputed | None:
        if self._plan.impute is None:
            return None
        self._listener.stage("impute")
        if self._plan.impute:
            require_imputer(self._model, self._real)
        filled = impute(self._model, self._real, self._plan.impute, self._seed)
        self._steps.append(filled.step)
        return filled

    def _kept(self, rows: pl.DataFrame) -> pl.Series:
        """Which real rows stay: all, unless some were to be left out."""
        stays = pl.repeat(True, rows.height, dtype=pl.Boolean, eager=True)
        if self._plan.balance is not None:
            stays = self._plan.balance.kept(rows, self._stream.child("balance"))
        if self._plan.mix is not None and self._plan.mix.real < int(stays.sum()):
            chosen = self._plan.mix.kept(int(stays.sum()), self._stream)
            stays = pl.Series(stays.to_numpy().copy())
            stays = stays.scatter(stays.arg_true().filter(~chosen), False)
        left_out = rows.height - int(stays.sum())
        if left_out:
            self._steps.append(Step("drop", left_out, left_out, "as asked: a random pick"))
        return stays

    def _make(self, maker: Maker, rows: pl.DataFrame, sieve: bool) -> None:
        plan = self._plan
        if plan.balance is not None:
            columns = list(plan.balance.cells[0].values)
            sifting = Sieve(self._real.schema, rows, columns) if sieve and plan.balance.additions else None
            maker.balance(plan.balance.additions, sifting)
        if plan.cover is not None:
            maker.cover(plan.cover)
        if plan.mix is not None:
            self._listener.stage("mix")
            maker.add(plan.mix.addition(maker.made))


def _repeated_keys(real: Table, whole: pl.DataFrame) -> list[str]:
    """A word about identifiers that occur twice though they name one row: the model was fitted on another table, perhaps."""
    unique = [column.name for column in real.schema.columns if column.unique or column.name == real.schema.key]
    twice = [
        name
        for name in unique
        if whole[name].drop_nulls().is_duplicated().any() and not real.frame[name].drop_nulls().is_duplicated().any()
    ]
    return [f'"{name}" names rows, but some of its synthetic values occur twice.' for name in twice]
