"""What a spec's columns are taken from: lists, frames, models, holidays. Read once, each mistake told with its place."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from understudy.core.errors import ConstraintError, SchemaError, UnderstudyError, did_you_mean
from understudy.rules.inverse import Discrete, discrete
from understudy.rules.making.choices import Pool

if TYPE_CHECKING:
    from understudy.core.generator import Generator
    from understudy.rules.making.maker import Place
    from understudy.rules.spec import ListSpec, Spec


class Sources:
    """The lists, frames and models of a spec. folder: what file names are relative to. kept: those that a saved data set brought along."""

    def __init__(self, spec: Spec, folder: Path, kept: dict[str, pl.DataFrame] | None = None) -> None:
        self._spec, self._folder = spec, folder
        self._frames: dict[str, pl.DataFrame] = dict(kept or {})
        self._models: dict[str, Generator] = {}

    # -- lists

    def entries(self, name: str, column: str | None, place: Place) -> tuple[pl.Series, Discrete]:
        """A column of a list, and the law of its entries."""
        frame, weights = self._list(name)
        names = [other for other in frame.columns if other != self._spec.lists[name].weight]
        if column is None and len(names) > 1:
            raise ConstraintError(
                f'The list "{name}" has the columns {", ".join(names)}.', where=f"{place}.column", remedy="Say which: column: NAME."
            )
        chosen = names[0] if column is None else column
        if chosen not in frame.columns:
            raise ConstraintError(
                f'The list "{name}" has no column "{chosen}".', where=f"{place}.column", remedy=did_you_mean(chosen, names)
            )
        return frame[chosen], weights

    def _list(self, name: str) -> tuple[pl.DataFrame, Discrete]:
        stated = self._spec.lists[name]
        frame = self._once(f"list {name}", lambda: self._read_list(name, stated))
        weights = np.ones(frame.height)
        if stated.weight is not None:
            if stated.weight not in frame.columns:
                raise SchemaError(
                    f'The file of the list "{name}" has no column "{stated.weight}".',
                    where=f"lists.{name}.weight",
                    remedy=did_you_mean(stated.weight, frame.columns),
                )
            weights = frame[stated.weight].cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()
        elif isinstance(stated.values, dict):
            weights = np.array([float(weight) for weight in stated.values.values()])
        if not (weights >= 0).all() or not weights.sum() > 0:
            raise SchemaError("Weights are numbers of at least 0, one of them above.", where=f"lists.{name}")
        return frame, discrete(weights)

    def _read_list(self, name: str, stated: ListSpec) -> pl.DataFrame:
        if stated.file is not None:
            return self._read(stated.file, f"lists.{name}.file")
        if stated.faker is not None:
            from understudy.rules.faker_bridge import frozen_pool

            locale = stated.locale or (self._spec.locale if isinstance(self._spec.locale, str) else next(iter(self._spec.locale)))
            return pl.DataFrame({"value": frozen_pool(stated.faker, locale, stated.size, self._spec.seed)})
        values: Any = stated.values
        return pl.DataFrame({"value": Pool(list(values)).take(np.arange(len(values)))}).with_columns(pl.col(pl.Enum).cast(pl.String))

    # -- frames and models

    def frame_column(self, name: str, column: str, place: Place) -> pl.Series:
        """A column of a frame."""
        frame = self._once(f"frame {name}", lambda: self._read(self._spec.frames[name], f"frames.{name}"))
        if column not in frame.columns:
            raise ConstraintError(
                f'The frame "{name}" has no column "{column}".', where=f"{place}.column", remedy=did_you_mean(column, frame.columns)
            )
        return frame[column]

    def model_column(self, name: str, column: str, place: Place) -> tuple[Generator, pl.DataType]:
        """A fitted model, and the type of one of its columns."""
        model = self.model(name)
        frame = model.block(0).head(0)
        if column not in frame.columns:
            raise ConstraintError(
                f'The model "{name}" makes no column "{column}".', where=f"{place}.column", remedy=did_you_mean(column, frame.columns)
            )
        return model, frame[column].dtype

    def model(self, name: str) -> Generator:
        """A fitted model of the spec."""
        from understudy.core.generator import load

        if name not in self._models:
            if f"model {name}" in self._frames:
                self._models[name] = self._unpacked(self._frames[f"model {name}"])
            else:
                self._models[name] = load(self._path(self._spec.models[name]))
        return self._models[name]

    def _unpacked(self, frame: pl.DataFrame) -> Generator:
        import tempfile

        from understudy.core.generator import load

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.understudy"
            path.write_bytes(frame["bytes"][0])
            found: Generator = load(path)
        return found

    def holidays(self, country: str, between: tuple[str, str], place: Place) -> set[dt.date]:
        """The holidays of a country from a first to a last year."""
        from understudy.rules.holidays import holidays_of

        return set(holidays_of(country, int(between[0][:4]), int(between[1][:4])))

    # -- reading and keeping

    def _read(self, file: str, where: str) -> pl.DataFrame:
        from understudy.data.files import read

        path = self._path(file)
        try:
            return read(path).frame
        except UnderstudyError as error:
            raise type(error)(error.what, where=f"{where}: {error.where or path}", remedy=error.remedy) from None

    def _path(self, file: str) -> Path:
        return Path(file) if Path(file).is_absolute() else self._folder / file

    def _once(self, name: str, make: Any) -> pl.DataFrame:
        if name not in self._frames:
            self._frames[name] = make()
        return self._frames[name]

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """All that was read, to be saved with the data set."""
        for name in self._spec.models:
            if f"model {name}" not in self._frames:
                content = self._path(self._spec.models[name]).read_bytes()
                self._frames[f"model {name}"] = pl.DataFrame({"bytes": pl.Series([content], dtype=pl.Binary)})
        return {name: frame.to_arrow() for name, frame in self._frames.items()}
