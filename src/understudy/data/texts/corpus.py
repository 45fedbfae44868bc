"""A column of texts as a learner may see it: pieces that enough documents share, and typed fills for all others.

In this order, before anything learns:

1. Texts are put into one form (Unicode NFC, line feeds, no control characters); rows without text or label are set aside.
2. Personal data is found (`scrubbing.py`) and replaced by fills of its kind.
3. Documents are counted: all rows of one owner are one document, and so are texts that are nearly the same (`alike.py`).
4. A piece that fewer than `company` documents share is replaced: by its own form in other letters or spacing where that is shared, by a
   fill with its shape and ending else. Codes (five digits or more, or letters and digits mixed) are always fills; other numbers of four
   digits need `CODE_COMPANY` documents.

What comes out holds no value of one document alone, and its `notes` and `decisions` say how much was replaced, never what.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.data.texts.alike import alike
from understudy.data.texts.fills import GLUE, default_detail, detail_of, fill, is_fill, mask_of, parts_of, shape_of
from understudy.data.texts.pieces import pieces
from understudy.data.texts.scrubbing import find

if TYPE_CHECKING:
    from understudy.data.table import Table

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

COMPANY = 2
CODE_COMPANY = 5
MOST_LEVELS = 1_000
FEWEST_MEMBERS = 5
MUCH_MERGED = 0.2
MEMBERS_RARE = 5
"""Words that stand for rarer ones are themselves in at most this many documents, where there are enough of them."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PLAIN_MIX = re.compile(r"\d+(?:st|nd|rd|th|s)", re.IGNORECASE)


@dataclass
class Corpus:
    """Texts as tokens.

    Attributes:
        vocabulary: pieces and fills by number.
        tokens, starts: text i is tokens[starts[i]:starts[i + 1]].
        labels: (n,) places in `levels`; all 0 where there is no label column.
        levels: the labels' values, sorted; None where there is no label column.
        documents: (n,) which document each text belongs to.
        weights: (n,) what each text counts: nearly equal ones share a weight of 1.
        member_starts, members: for each token the pieces that may stand in its place, where it is a fill for words.
    """

    vocabulary: list[str]
    tokens: NDArray[np.int32]
    starts: Integers
    labels: Integers
    levels: pl.Series | None
    documents: Integers
    weights: Floats
    member_starts: Integers
    members: Integers
    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def texts(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        return 1 if self.levels is None else len(self.levels)

    @classmethod
    def of(
        cls, table: Table, text: str, label: str | None = None, owner: str | None = None, *, company: int = COMPANY, merge: bool = True
    ) -> Corpus:
        """The corpus of a table's column `text`.

        Args:
            label: a column whose values say what a text is; None where there is none.
            owner: a column that tells whose a text is: all texts of one owner count as one document.
            company: documents that a piece needs, at least 1.
            merge: whether texts that are nearly the same count as one document.

        Raises:
            DataError: no such column, or nothing to learn from. ArgumentError: `company` is out of range.
        """
        if company < 1:
            raise ArgumentError(f"`company` must be at least 1, not {company}.", remedy="For example company=2.")
        _require_columns(table, text, label, owner)
        reading = _Reading(table.frame, table.origin, text, label, owner, company)
        return reading.corpus(*reading.columns(), merge=merge)

    @classmethod
    def of_texts(cls, texts: pl.Series, owners: list[Any] | None = None, *, company: int = COMPANY, longest: int | None = None) -> Corpus:
        """The corpus of texts by themselves, without labels, each counting 1. All of them can be used: none is missing or blank.

        Args:
            longest: pieces of a text, at most; what follows them is not learned.

        Texts that are nearly the same count as one document, unless that is the column's nature: then every text, or owner, is one.
        """
        reading = _Reading(texts.to_frame(), "", texts.name, None, None if owners is None else "its owner", company)
        clean = [_clean(text) for text in texts.to_list()]
        return reading.corpus(clean, np.zeros(len(clean), np.int64), None, owners, merge=None, longest=longest)


@dataclass(frozen=True)
class Prepared:
    """Rows whose every piece follows from its own text alone, for learning under differential privacy.

    ``labels`` are places in ``levels`` (all values that occur); rows of one unit belong to one owner, others are units of their own.
    """

    rows: list[list[str]]
    labels: Integers
    levels: pl.Series | None
    units: Integers


def prepared(table: Table, text: str, label: str | None = None, owner: str | None = None) -> Prepared:
    """A table's texts as pieces, personal data replaced, and nothing else done. Raises: as `Corpus.of`."""
    _require_columns(table, text, label, owner)
    reading = _Reading(table.frame, table.origin, text, label, owner, 1)
    texts, labels, levels, owners = reading.columns()
    units = np.arange(len(texts)) if owners is None else numbered_owners(owners)
    return Prepared([reading._scrubbed(text) for text in texts], labels, levels, units)


def _require_columns(table: Table, text: str, label: str | None, owner: str | None) -> None:
    for column in (text, label, owner):
        if column is not None and column not in table.columns:
            raise DataError(f'There is no column "{column}".', where=table.origin, remedy=did_you_mean(column, table.columns))
    if text in (label, owner):
        raise DataError(f'The column "{text}" cannot be the text and something else.', where=table.origin, remedy="Name another.")


class _Reading:
    def __init__(self, frame: pl.DataFrame, origin: str, text: str, label: str | None, owner: str | None, company: int) -> None:
        self.text, self.label, self.owner, self.company, self.origin = text, label, owner, company, origin
        self.frame = frame.select([column for column in dict.fromkeys((text, label, owner)) if column in frame.columns])
        self.decisions: list[tuple[str, str, str]] = []
        self.notes: list[str] = []

    def corpus(
        self, texts: list[str], labels: Integers, levels: pl.Series | None, owners: list[Any] | None, *,
        merge: bool | None, longest: int | None = None,
    ) -> Corpus:  # fmt: skip
        """The corpus of usable texts; ``merge``: None where repeats are merged if they are few, and texts count 1 in any case."""
        rows = [self._scrubbed(text)[:longest] for text in texts]
        self._tell_scrubbed(rows)
        groups = np.arange(len(texts)) if merge is False else alike(texts)
        if merge is None and len(groups) - int(groups.max()) - 1 > MUCH_MERGED * len(groups):
            groups = np.arange(len(texts))
        documents, weights = self._documents(groups, owners)
        if merge is None:
            weights = np.ones(len(texts))
        names, held = self._held(rows, documents)
        vocabulary, tokens, starts = self._numbered(rows, names)
        member_starts, members = _members(vocabulary, held)
        return Corpus(
            vocabulary, tokens, starts, labels, levels, documents, weights, member_starts, members, self.decisions, self.notes
        )  # fmt: skip

    # -- columns

    def columns(self) -> tuple[list[str], Integers, pl.Series | None, list[Any] | None]:
        frame = self.frame
        if frame[self.text].dtype not in (pl.String, pl.Categorical) and not isinstance(frame[self.text].dtype, pl.Enum):
            raise DataError(
                f'The column "{self.text}" holds no text but {frame[self.text].dtype}.',
                where=self.origin,
                remedy="Name the column of texts.",
            )
        clean = pl.Series(
            self.text, [None if t is None else _clean(t) for t in frame[self.text].cast(pl.String).to_list()], dtype=pl.String
        )
        changed = int((clean != frame[self.text].cast(pl.String)).fill_null(False).sum())
        if changed:
            self.decisions.append(
                (self.text, f"{changed:,} texts put into Unicode's form NFC, without control characters", "one form, one text")
            )
        frame = frame.with_columns(clean)
        usable = frame[self.text].is_not_null() & (frame[self.text].str.strip_chars() != "")
        self._set_aside(int((~usable).sum()), "no text")
        if self.label is not None:
            labelled = frame[self.label].is_not_null()
            self._set_aside(int((usable & ~labelled).sum()), f'no value in "{self.label}"')
            usable &= labelled
        frame = frame.filter(usable)
        if frame.height < 2:
            raise DataError(
                f"{'One text' if frame.height == 1 else 'No text'} can be used; nothing can be learned from that.",
                where=f'{self.origin}, column "{self.text}"',
                remedy="Give at least two texts; some hundreds make a model worth having.",
            )
        frame, levels = self._levels(frame)
        labels = np.zeros(frame.height, np.int64) if levels is None else _places(frame[str(self.label)], levels)
        owners = None if self.owner is None else frame[self.owner].to_list()
        return frame[self.text].to_list(), labels, levels, owners

    def _set_aside(self, rows: int, why: str) -> None:
        if rows:
            self.notes.append(f"{rows:,} rows were set aside: {why}.")

    def _levels(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series | None]:
        """The labels' values that enough documents have; the rows that have them."""
        if self.label is None:
            return frame, None
        column = frame[self.label]
        if column.dtype.is_nested() or column.n_unique() > MOST_LEVELS:
            raise DataError(
                f'The column "{self.label}" has {column.n_unique():,} different values: no label.'
                if not column.dtype.is_nested()
                else f'The column "{self.label}" holds {column.dtype}, which can be no label.',
                where=self.origin,
                remedy=f"Name a column with at most {MOST_LEVELS:,} values, or put it into classes first.",
            )
        counted = frame.group_by(self.label).agg(pl.col(self.owner or self.text).n_unique().alias("documents"))
        kept = counted.filter(pl.col("documents") >= self.company)[self.label].sort()
        if kept.is_empty():
            raise DataError(
                f'No value of "{self.label}" is that of {self.company} documents or more.', where=self.origin,
                remedy="Give more texts a label, or leave the label out.",
            )  # fmt: skip
        lost = len(counted) - len(kept)
        if lost:
            rows = frame.height
            frame = frame.filter(pl.col(self.label).is_in(kept.implode()))
            self.decisions.append(
                (
                    self.label,
                    f"{lost:,} of its values, with {rows - frame.height:,} rows, left out",
                    f"fewer than {self.company} documents have them",
                )
            )
        return frame, kept

    # -- pieces

    def _scrubbed(self, text: str) -> list[str]:
        """The pieces of a text, with fills for personal data."""
        found = find(text)
        if not found:
            return pieces(text)
        parts: list[str] = []
        end = 0
        for finding in found:
            before = text[end : finding.start]
            space = before.endswith(" ") or (finding.start == 0)
            before = before.removesuffix(" ")
            if before or end == 0 < finding.start:
                own = pieces(before)
                parts += own if end == 0 else _continued(own, text[end : end + 1])
            parts.append(fill(finding.kind, detail_of(finding.kind, text[finding.start : finding.end]), space))
            end = finding.end
        if end < len(text):
            parts += _continued(pieces(text[end:]), text[end : end + 1])
        return parts

    def _tell_scrubbed(self, rows: list[list[str]]) -> None:
        counted = Counter(parts_of(piece)[0] for row in rows for piece in row if is_fill(piece))
        for kind, count in sorted(counted.items()):
            self.decisions.append(
                (self.text, f"{count:,} × {_WORDS[kind]} replaced by made-up ones before learning", "they point to someone")
            )

    def _documents(self, groups: Integers, owners: list[Any] | None) -> tuple[Integers, Floats]:
        weights = 1.0 / np.bincount(groups)[groups]
        repeated = len(groups) - int(groups.max()) - 1
        if repeated:
            self.decisions.append(
                (
                    self.text,
                    f"{repeated:,} of {len(groups):,} texts are nearly the same as others and count together as one",
                    "a repeat is no second witness",
                )
            )
        if repeated > MUCH_MERGED * len(groups):
            self.notes.append(
                f"{repeated / len(groups):.0%} of the texts are nearly the same as others; words that only such texts share are not kept. "
                "Where they are the words of different people, fit with merge=False."
            )
        if owners is None:
            return groups, weights
        documents = _connected(groups, numbered_owners(owners))
        self.decisions.append(
            (str(self.owner), f"tells whose a text is: {len(np.unique(documents)):,} documents", "all texts of one owner count as one")
        )
        return documents, weights

    def _held(self, rows: list[list[str]], documents: Integers) -> tuple[dict[str, str], dict[str, int]]:
        """What each piece becomes; the documents that hold each kept piece."""
        counts = _documents_of(rows, documents)
        kept = {piece for piece, count in counts.items() if count >= self._needs(piece)}
        names = {piece: piece for piece in kept}
        rare = sorted(piece for piece in counts if piece not in kept)
        for piece in rare:
            if not is_fill(piece):
                names[piece] = variant(piece, kept) or ""
        names |= self._details([p for p in rare if is_fill(p)], counts)
        left = [piece for piece in rare if not names[piece]]
        names |= _as_codes([p for p in left if _digits(p)], counts, self.company)
        names |= _as_words([p for p in left if not _digits(p)], kept, counts)
        total = sum(len(row) for row in rows)
        shown = Counter(piece for row in rows for piece in row)
        made = sum(
            count for piece, count in shown.items() if is_fill(names[piece]) and not is_fill(piece) and not names[piece].startswith(GLUE)
        )
        self.decisions.append(
            (
                self.text,
                f"{made / total:.1%} of its words, numbers and signs replaced by others of their form",
                f"fewer than {self.company} documents share them, or they are codes",
            )
        )
        return names, {piece: counts[piece] for piece in kept}

    def _needs(self, piece: str) -> int:
        """Documents that must hold a piece."""
        bare = piece.strip(" ")
        digits = _digits(bare)
        if is_fill(piece) or not digits:
            return self.company
        mixed = any(c.isalpha() for c in bare) and digits >= 2 and len(bare) >= 5 and not _PLAIN_MIX.fullmatch(bare)
        if digits >= 5 or mixed:
            return 1 << 62
        return self.company if digits < 4 or _YEAR.fullmatch(bare) else max(self.company, CODE_COMPANY)

    def _details(self, rare: list[str], counts: dict[str, int]) -> dict[str, str]:
        """Fills whose detail too few share get the common one of their kind."""
        return {piece: fill(parts_of(piece)[0], default_detail(parts_of(piece)[0]), parts_of(piece)[2]) for piece in rare}

    # -- numbers

    def _numbered(self, rows: list[list[str]], names: dict[str, str]) -> tuple[list[str], NDArray[np.int32], Integers]:
        flat: list[str] = []
        starts = np.zeros(len(rows) + 1, np.int64)
        for i, row in enumerate(rows):
            for piece in row:
                name = names[piece]
                flat += [GLUE, name.removeprefix(GLUE)] if name.startswith(GLUE) else [name]
            starts[i + 1] = len(flat)
        vocabulary = sorted(set(flat))
        number = {piece: i for i, piece in enumerate(vocabulary)}
        return vocabulary, np.array([number[piece] for piece in flat], np.int32), starts


_WORDS = {
    "email": "e-mail addresses", "url": "web addresses", "iban": "IBANs", "card": "card numbers", "ssn": "social security numbers",
    "ip": "IP addresses", "phone": "telephone numbers", "user": "user names", "name": "names of persons",
}  # fmt: skip


def _clean(text: str) -> str:
    return _CONTROL.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def _continued(parts: list[str], first: str) -> list[str]:
    """Pieces of what goes on after a fill: the space that `pieces` puts before a text is there only where it is in the text."""
    if first == " ":
        return parts[1:] if parts[0] == " " else parts
    return [parts[0].removeprefix(" "), *parts[1:]] if parts[0] != " " else parts[1:]


def _digits(piece: str) -> int:
    return sum(character.isdigit() for character in piece)


def _places(column: pl.Series, levels: pl.Series) -> Integers:
    joined = pl.DataFrame({"level": column}).join(
        pl.DataFrame({"level": levels, "place": np.arange(len(levels))}), on="level", how="left", maintain_order="left"
    )
    return joined["place"].to_numpy().astype(np.int64)


def numbered_owners(owners: list[Any]) -> Integers:
    """A number for each owner; what has none is its own."""
    first: dict[Any, int] = {}
    return np.array([first.setdefault(("own", o) if o is not None else ("none", i), len(first)) for i, o in enumerate(owners)], np.int64)


def variant(piece: str, kept: Container[str]) -> str | None:
    """The same word in other letters or spacing, where that is kept: a kept piece, or glue and a kept piece."""
    bare = piece.removeprefix(" ")
    forms = [bare, bare.lower(), bare.capitalize(), bare.upper()]
    space = piece.startswith(" ")
    same = next((f for form in forms[1:] if (f := " " * space + form) in kept), None)
    if same is not None or space or not any(c.isalnum() for c in bare):
        return same
    spaced = next((" " + form for form in forms if " " + form in kept), None)
    return None if spaced is None else GLUE + spaced


def _connected(a: Integers, b: Integers) -> Integers:
    """(n,) groups of what is connected by equal values in `a` or in `b`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n, groups = len(a), int(a.max()) + 1
    edges = coo_matrix((np.ones(n), (a, groups + b)), shape=(groups + int(b.max()) + 1,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1][a]).astype(np.int64)


def _documents_of(rows: list[list[str]], documents: Integers) -> dict[str, int]:
    """How many documents hold each piece."""
    seen: dict[int, set[str]] = {}
    for row, document in zip(rows, documents.tolist(), strict=True):
        seen.setdefault(document, set()).update(row)
    counted: Counter[str] = Counter()
    for held in seen.values():
        counted.update(held)
    return counted


def _shared(classes: dict[str, str], counts: dict[str, int], company: int) -> set[str]:
    """The classes that pieces of `company` documents have; a piece is in at least its own."""
    total: Counter[str] = Counter()
    for piece, name in classes.items():
        total[name] += min(counts[piece], company)
    return {name for name, count in total.items() if count >= company}


def _as_codes(rare: list[str], counts: dict[str, int], company: int) -> dict[str, str]:
    """Codes and rare numbers by their mask, where enough share it."""
    masks = {piece: mask_of(piece.removeprefix(" ")) for piece in rare}
    shared = _shared(masks, counts, max(company, CODE_COMPANY))
    return {
        piece: fill("code", masks[piece] if masks[piece] in shared else default_detail("code"), piece.startswith(" ")) for piece in rare
    }


def _as_words(rare: list[str], kept: set[str], counts: dict[str, int]) -> dict[str, str]:
    """Rare words and signs by shape and the longest ending that enough kept words have too."""
    room: Counter[str] = Counter(name for piece in kept if not is_fill(piece) for name in _classes(piece))
    wanted: Counter[str] = Counter(name for piece in rare for name in _classes(piece))
    names = {}
    for piece in rare:
        fits = (name for name in _classes(piece) if room[name] >= FEWEST_MEMBERS and wanted[name] >= FEWEST_MEMBERS)
        names[piece] = fill("word", next(fits, _classes(piece)[-1]), piece.startswith(" "))
    return names


def _classes(piece: str) -> list[str]:
    """From the narrowest on: the space before it, its shape, its ending."""
    bare = piece.removeprefix(" ")
    base = f"{'_' if piece.startswith(' ') else ''}{shape_of(bare)}·"
    endings = [bare[-size:].lower() for size in (3, 2, 1) if len(bare) >= size + 2] if shape_of(bare) != "??" else []
    return [base + ending for ending in endings] + [base]


def _members(vocabulary: list[str], held: dict[str, int]) -> tuple[Integers, Integers]:
    """For each fill of a word the kept pieces that may stand in its place: of its class, and rare themselves where there are enough."""
    by_class: dict[str, list[int]] = {}
    for number, piece in enumerate(vocabulary):
        if not is_fill(piece) and not _digits(piece) and piece in held:
            for name in _classes(piece):
                by_class.setdefault(name, []).append(number)
    starts, members = [0], []
    for piece in vocabulary:
        kind, detail, _ = parts_of(piece) if is_fill(piece) else ("", "", False)
        of_class = by_class.get(detail, []) if kind == "word" else []
        few = [m for m in of_class if held[vocabulary[m]] <= MEMBERS_RARE]
        members += few if len(few) >= FEWEST_MEMBERS else of_class
        starts.append(len(members))
    return np.array(starts, np.int64), np.array(members, np.int64)
