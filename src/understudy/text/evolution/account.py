"""What votes have spent on private texts: a line for every release of every evolution that this user's account has held on this machine.

A release is entered before its noise is drawn, so that no crash hides one; entered again under the same evolution it counts once. Texts are
the same where they are equal, or lie in the same file: a file that has grown holds those that were asked before.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.core.folders import user_folder
from understudy.core.gaussian_mechanism import epsilon_at

FILE = "private-votes.jsonl"


@dataclass(frozen=True)
class Spent:
    """What evolutions together have spent. strength: of all their releases as one (`core/gaussian_mechanism.py`)."""

    evolutions: int
    strength: float

    def epsilon(self, delta: float, more: float = 0.0) -> float:
        """What is promised at this delta, with a further strength besides."""
        return epsilon_at(delta, math.hypot(self.strength, more))


class Account:
    """The account of some private texts.

    Args:
        texts: the private ones. file: where they lie, if anywhere. place: of the account; the user's own unless told.

    Attributes:
        broken: why nothing can be entered, in words; None: it can.
    """

    def __init__(self, texts: Iterable[str], file: Path | None = None, place: Path | None = None) -> None:
        digest = hashlib.blake2b(digest_size=16)
        for text in sorted(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest() for text in texts):
            digest.update(text)
        self.content = digest.hexdigest()
        self._file = None if file is None else str(file.resolve())
        self._place = place or user_folder("state") / FILE
        self.broken: str | None = None

    def enter(self, evolution: str, release: int, strength: float) -> None:
        """Say that a release is about to be made. strength: one over the noise."""
        entry = {"evolution": evolution, "release": release, "strength": strength, "content": self.content, "file": self._file}
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, f"\n{json.dumps(entry)}\n".encode())  # a crash may have left half a line
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.broken = f"{self._place}: {error.strerror or error}"

    def spent(self, *, without: str = "") -> Spent:
        """What all evolutions on these texts have spent, but for the one of this name."""
        found: dict[tuple[str, int], float] = {}
        for entry in self._entries():
            same = entry["content"] == self.content or (self._file is not None and entry["file"] == self._file)
            if same and entry["evolution"] != without:
                found[entry["evolution"], entry["release"]] = entry["strength"]
        return Spent(len({name for name, _ in found}), math.hypot(*found.values()))

    def _entries(self) -> list[dict[str, Any]]:
        try:
            lines = self._place.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            self.broken = f"{self._place}: {error.strerror or error}"
            return []
        found = []
        for line in lines:
            with suppress(ValueError):  # a line that a crash cut off: its release was never made
                found.append(json.loads(line))
        return [entry for entry in found if isinstance(entry, dict)]
