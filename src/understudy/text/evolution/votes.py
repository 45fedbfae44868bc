"""What the votes of an evolution have given away so far, kept before anything follows from it: a vote that was held is never held again."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.atomic import atomic_file
from understudy.core.errors import DataError
from understudy.text.evolution.account import Account

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Standing:
    """What is known after some votes. counts: of private texts of each label, noisy. rounds: votes that were held.

    texts, labels: those that the last vote chose. candidates: how many it chose from.
    """

    counts: Floats
    rounds: int = 0
    texts: list[str] = field(default_factory=list)
    labels: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    candidates: int = 0


class Votes:
    """The votes of one evolution.

    Args:
        place: the file that keeps what they gave away; None: nowhere.
        asked: whatever decides what the votes are about; a file that was about something else is refused.
        account: where each release is entered before it is made.

    Attributes:
        standing: what is known so far; None before anything is.

    Raises:
        DataError: the file is about something else, or cannot be read.
    """

    def __init__(self, place: Path | None = None, asked: str = "", account: Account | None = None) -> None:
        self.place, self._asked, self._account = place, asked, account
        self.name, self.standing = secrets.token_hex(8), None
        if place is not None and place.is_file():
            self._read(place)

    standing: Standing | None

    def release(self, number: int, noise: float) -> None:
        """Say that private texts are about to be counted for the `number`th time, with such noise."""
        if self._account is not None:
            self._account.enter(self.name, number, 1 / noise)

    def keep(self, standing: Standing) -> None:
        """Keep what a release gave, before anything is done with it."""
        self.standing = standing
        if self.place is None:
            return
        facts = {"evolution": self.name, "asked": self._asked, "counts": standing.counts.tolist(), "rounds": standing.rounds}
        chosen = {"texts": standing.texts, "labels": standing.labels.tolist(), "candidates": standing.candidates}
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(self.place) as file:
            file.write(json.dumps({**facts, **chosen}).encode())

    def _read(self, place: Path) -> None:
        try:
            found: dict[str, Any] = json.loads(place.read_bytes())
            standing = Standing(
                np.array(found["counts"], np.float64), int(found["rounds"]), list(found["texts"]), np.array(found["labels"], np.int64),
                int(found["candidates"]),
            )  # fmt: skip
            name, asked = str(found["evolution"]), found["asked"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"The votes that were held cannot be read ({error}).", where=str(place), remedy="Name another file.") from None
        if asked != self._asked:
            raise DataError(
                "These votes were held on other texts, or in another course.", where=str(place),
                remedy="Name another file; what they spent stays counted.",
            )  # fmt: skip
        self.name, self.standing = name, standing
