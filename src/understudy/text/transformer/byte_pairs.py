"""Texts as numbers for a network: bytes, merged pair by pair where pairs are frequent, and one number for each label.

Sennrich, Haddow & Birch, "Neural machine translation of rare words with subword units" (ACL 2016), on bytes (Radford et al. 2019), within
the pieces of `pieces.py`. Nothing is unknown to it. `to_json` is a `tokenizer.json` that the Hugging Face libraries read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Self

from understudy.data.texts.pieces import PATTERN, pieces

START, END = "<|start|>", "<|end|>"
KNOWN_PIECES = 200_000


class BytePairs:
    """A vocabulary: ``special`` names first, then the 256 bytes, then one entry a merge.

    Args:
        special: names that no text holds; the first are `START` and `END`.
        merges: pairs of entries, in the order in which they are merged.
    """

    def __init__(self, special: Sequence[str], merges: Sequence[tuple[str, str]]) -> None:
        self.special, self.merges = list(special), [(left, right) for left, right in merges]
        self.entries = [*self.special, *_letters().values(), *(left + right for left, right in self.merges)]
        self._number = {entry: i for i, entry in enumerate(self.entries)}
        self._rank = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known: dict[str, list[int]] = {}
        self._byte = {letter: byte for byte, letter in _letters().items()}

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def learn(cls, texts: Iterable[str], size: int, labels: Sequence[str] = ()) -> Self:
        """At most `size` entries, from texts; `labels` get a name each."""
        special = [START, END, *(label_name(label) for label in labels)]
        counted = Counter(piece for text in texts for piece in pieces(text))
        return cls(special, _merges(counted, size - len(special) - 256))

    def encode(self, text: str) -> list[int]:
        out: list[int] = []
        for piece in pieces(text):
            numbers = self._known.get(piece)
            if numbers is None:
                numbers = [self._number[symbol] for symbol in self._merged(piece)]
                if len(self._known) < KNOWN_PIECES:
                    self._known[piece] = numbers
            out += numbers
        return out

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of numbers; special ones are left out, broken characters replaced."""
        first = len(self.special)
        raw = bytes(self._byte[letter] for number in numbers if number >= first for letter in self.entries[number])
        return raw.decode("utf-8", "replace").removeprefix(" ")

    def _merged(self, piece: str) -> list[str]:
        symbols = [_letters()[byte] for byte in piece.encode("utf-8", "replace")]
        while len(symbols) > 1:
            ranked = [(self._rank.get(pair, len(self.merges)), i) for i, pair in enumerate(pairwise(symbols))]
            rank, _ = min(ranked)
            if rank == len(self.merges):
                break
            symbols = _joined(symbols, self.merges[rank])
        return symbols

    # -- files

    def to_json(self) -> dict[str, Any]:
        """A `tokenizer.json` of the Hugging Face libraries."""
        split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": name, **flags} for i, name in enumerate(self.special)],
            "normalizer": {"type": "Prepend", "prepend": " "},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
            "post_processor": None,
            "decoder": {"type": "Sequence", "decoders": [level, strip]},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": self._number,
                "merges": [list(pair) for pair in self.merges],
            },
        }  # fmt: skip

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Back from `to_json`. Raises KeyError, TypeError or ValueError where it is no such file."""
        if found["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] != PATTERN:
            raise ValueError("its pieces are not cut as understudy's are")
        special = [str(token["content"]) for token in sorted(found["added_tokens"], key=lambda token: int(token["id"]))]
        merges = [(str(left), str(right)) for left, right in found["model"]["merges"]]
        made = cls(special, merges)
        if made._number != found["model"]["vocab"]:
            raise ValueError("its vocabulary does not follow from its merges")
        return made


def label_name(label: str) -> str:
    return f"<|label:{label}|>"


def _merges(counted: Counter[str], wanted: int) -> list[tuple[str, str]]:
    """The most frequent pair again and again, ties by name; pairs are counted anew only in pieces that changed."""
    words = [[_letters()[byte] for byte in piece.encode("utf-8", "replace")] for piece in counted]
    weights = list(counted.values())
    counts: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], set[int]] = {}
    for i, word in enumerate(words):
        for pair in pairwise(word):
            counts[pair] += weights[i]
            places.setdefault(pair, set()).add(i)
    merges: list[tuple[str, str]] = []
    while len(merges) < wanted and counts:
        best = max(counts, key=lambda pair: (counts[pair], pair))
        if counts[best] < 2:
            break
        merges.append(best)
        for i in places.pop(best):
            for pair in pairwise(words[i]):
                counts[pair] -= weights[i]
            words[i] = _joined(words[i], best)
            for pair in pairwise(words[i]):
                counts[pair] += weights[i]
                places.setdefault(pair, set()).add(i)
        del counts[best]
        if len(merges) % 64 == 0:
            counts = Counter({pair: count for pair, count in counts.items() if count > 0})
    return merges


def _joined(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


@cache
def _letters() -> dict[int, str]:
    """A printable letter for each byte, as the Hugging Face libraries have them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}
