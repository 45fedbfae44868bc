"""What `augment` gives back: the rows, where each comes from, the model, and what was done in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from understudy.augment.addition import Step
from understudy.augment.provenance import free_names
from understudy.core.generator import Synthesizer
from understudy.core.wording import counted
from understudy.data.table import Table

_SHOWN_STEPS = 20


class Augmented:
    """Real rows first, as they were; then synthetic ones.

    Attributes:
        model: the fitted model that made the rows; None where none were needed.
        steps: what was asked for and what came of it.
        notes: remarks for the reader.
        names: by fact (origin, engine, seed, why), the column of `frame` that holds it; empty without provenance columns.
    """

    def __init__(
        self,
        real: Table,
        rows: pl.DataFrame,
        facts: pl.DataFrame,
        cells: pl.DataFrame | None,
        *,
        model: Synthesizer | None,
        steps: Sequence[Step],
        notes: Sequence[str],
        seed: int,
        beside: bool,
    ) -> None:
        self._real, self._rows, self._facts, self._cells = real, rows, facts, cells
        self.model, self.steps, self.notes, self.seed = model, list(steps), list(notes), seed
        self.names = free_names(rows.columns) if beside else {}

    @cached_property
    def frame(self) -> Any:
        """The rows in the caller's own frame type, with provenance columns unless they were not wanted."""
        return self._native(self._whole, self.names.get("seed"))

    @cached_property
    def provenance(self) -> Any:
        """One row a row of `frame`: origin (real, synthetic), engine, seed, why; in the caller's own frame type."""
        return self._native(self._facts, "seed")

    @property
    def cells(self) -> Any:
        """Cells that were filled: row (from 0), column, value as text; None where nothing was imputed."""
        return None if self._cells is None else self._real.to_native(self._cells)

    @property
    def real_rows(self) -> int:
        return int((self._facts["origin"] == "real").sum())

    @property
    def synthetic_rows(self) -> int:
        return len(self) - self.real_rows

    def _native(self, frame: pl.DataFrame, seeds: str | None) -> Any:
        """In the caller's own type; in pandas, seeds stay integers though real rows have none."""
        form = self._real.form
        if form.library == "pandas" and seeds is not None:
            form = replace(form, dtypes={**form.dtypes, seeds: "Int64"})
        return form.restore(frame)

    @property
    def _whole(self) -> pl.DataFrame:
        return self._rows.with_columns(self._facts[fact].alias(column) for fact, column in self.names.items())

    def save(self, path: str | Path) -> Path:
        """Write `frame` to a file, whose ending names the format (.csv, .parquet, .jsonl, .arrow …), or to a database (URL#table).

        Raises:
            SinkError: it cannot be written; what was there before is untouched.
        """
        from understudy.data.files import write_table

        write_table(self._whole, path, dialect=self._real.dialect)
        return Path(path)

    def to_dict(self) -> dict[str, Any]:
        """What was done, as JSON values; not the rows."""
        return {
            "source": self._real.origin,
            "rows": len(self),
            "real": self.real_rows,
            "synthetic": self.synthetic_rows,
            "imputed_cells": 0 if self._cells is None else self._cells.height,
            "engine": None if self.model is None else engine_of(self.model),
            "seed": self.seed,
            "steps": [_step(step) for step in self.steps],
            "notes": self.notes,
            "provenance_columns": self.names,
        }

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def __len__(self) -> int:
        return int(self._rows.height)

    def __repr__(self) -> str:
        return f"Augmented({self._real.origin}: {self.real_rows:,} real + {self.synthetic_rows:,} synthetic rows)"

    def __str__(self) -> str:
        made = f" and {counted(self.synthetic_rows, 'synthetic row')}, made by {engine_of(self.model)}" if self.model is not None else ""
        lines = [f"{self._real.origin}: {counted(self.real_rows, 'real row')}{made}"]
        lines += [f"  {step_in_words(step)}" for step in self.steps[:_SHOWN_STEPS]]
        if len(self.steps) > _SHOWN_STEPS:
            unmet = sum(step.unmet for step in self.steps[_SHOWN_STEPS:])
            lines.append(f"  … and {len(self.steps) - _SHOWN_STEPS} more, {unmet} of them not met in full")
        return "\n".join([*lines, *self.notes])


def step_in_words(step: Step) -> str:
    """balance: churn=Yes: 120 added"""
    what = {"impute": "cells filled", "drop": "real rows left out"}.get(step.why.partition(":")[0], "added")
    amount = f"{step.made:,} of {step.wanted:,}" if step.unmet else f"{step.made:,}"
    return f"{step.why}: {amount} {what}" + (f" ({step.reason})" if step.reason else "")


def engine_of(model: Synthesizer) -> str:
    """The engine that does the work: `auto` says whom it picked."""
    engine = getattr(model, "engine", None)
    return str(getattr(engine, "name", None) or getattr(model, "name", type(model).__name__))


def _step(step: Step) -> dict[str, Any]:
    return {"why": step.why, "wanted": step.wanted, "made": step.made, "tried": step.tried, "reason": step.reason}
