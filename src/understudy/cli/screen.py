"""What a command prints: for people through Rich, or one JSON document, or nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from understudy.core.progress import Progress, Silent, resolve_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

SHOWN_ROWS = 60
PIPED_COLUMNS = 120


@dataclass
class Screen:
    """machine: print the JSON document only. quiet: print nothing. aside: print for people on the standard error instead."""

    machine: bool = False
    quiet: bool = False
    aside: bool = False

    @property
    def console(self) -> Console:
        from rich.console import Console

        stream = sys.stderr if self.aside else sys.stdout
        return Console(
            file=stream,
            width=None if stream.isatty() else PIPED_COLUMNS,
            highlight=False,
            quiet=self.quiet or self.machine,
            soft_wrap=False,
        )

    def progress(self) -> Progress:
        """The listener for long work; it draws on the standard error."""
        return Silent() if self.quiet or self.machine else resolve_progress("auto")

    def say(self, text: str = "", style: str = "") -> None:
        """One line; never parsed for markup: column names may hold brackets."""
        from rich.text import Text

        self.console.print(Text(text, style=style), soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], *, more: str = "", wide: int | None = None) -> None:
        """A table without frames; past `SHOWN_ROWS` rows only their number and `more` are told. The column `wide` takes what is left."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
        for index, heading in enumerate(headings):
            table.add_column(Text(heading), overflow="fold", ratio=1 if index == wide else None)
        for row in rows[:SHOWN_ROWS]:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(table)
        if len(rows) > SHOWN_ROWS:
            self.say(f"… and {len(rows) - SHOWN_ROWS:,} more. {more}".rstrip(), style="dim")

    def document(self, content: dict[str, Any]) -> None:
        """The command's result for machines; people do not see it."""
        if self.machine:
            sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n")


def bytes_in_words(count: float) -> str:
    """48213 → "48 kB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def seconds_in_words(seconds: float) -> str:
    """0.21 → "0.2 s", 75 → "1 min 15 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
