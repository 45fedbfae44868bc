"""`Filter`: what all filters have."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from pydantic import BaseModel, ConfigDict

from understudy.core.errors import ArgumentError
from understudy.text.quality.batch import Batch, Materials

Reasons = list[str | None]


class Filter(BaseModel, ABC):
    """Drops rows, each with a reason. A subclass writes `reasons`, and `missing` where it needs more than the rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def kind(cls) -> str:
        """Its name in a spec: the class's, in small letters with lines between."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def name(self) -> str:
        return self.kind()

    def missing(self, materials: Materials) -> str | None:
        """What it needs and lacks, as a remedy; None where nothing is missing."""
        return None

    def check(self, materials: Materials) -> None:
        """Raises `ArgumentError` where it cannot work; asked before any row is looked at."""
        remedy = self.missing(materials)
        if remedy is not None:
            raise ArgumentError(f'The filter "{self.name}" cannot work with what it was given.', where=self.name, remedy=remedy)

    def notes(self, batch: Batch) -> list[str]:
        """What a reader of the rows that came to it must know."""
        return []

    @abstractmethod
    def reasons(self, batch: Batch) -> Reasons:
        """For each row why it is dropped, or None."""
