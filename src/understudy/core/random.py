"""Randomness keyed by a path: seed → block → purpose.

A `Stream` is a name for an endless sequence of random numbers. Its key is derived from its parent's key and one path element at a
time with BLAKE2b; numbers come from Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a counter-based
generator whose whole state is that key. So every stream can be made again from its path alone: in another process, in another order,
and adding one column or object changes the numbers of no other. Python's and NumPy's global state are neither read nor touched.
"""

from __future__ import annotations

import hashlib
import operator
from typing import TYPE_CHECKING

from understudy.core.errors import ArgumentError

if TYPE_CHECKING:
    import numpy as np

MAX_SEED = 2**63 - 1
_KEY_BYTES = 16


class Stream:
    """A random stream, known by its path from the seed.

    Args:
        seed: any integer in 0 .. 2**63-1.

    Attributes:
        key: 16 bytes; two streams with equal keys give equal numbers.
        root: the stream of the seed alone. A block derives from it what must be the same in all blocks of a data set
            (for example the permutation that keeps identifiers unique).

    Raises:
        ArgumentError: the seed is not an integer in range.
    """

    __slots__ = ("_root", "key")

    key: bytes
    _root: bytes

    def __init__(self, seed: int) -> None:
        self.key = hashlib.blake2b(_checked_seed(seed).to_bytes(8, "little"), digest_size=_KEY_BYTES, person=b"understudy seed").digest()
        self._root = self.key

    @property
    def root(self) -> Stream:
        return _stream(self._root, self._root)

    def child(self, *path: str | int) -> Stream:
        """The stream at `path` below this one. `child("a", "b")` is `child("a").child("b")`; `child("1")` is not `child(1)`."""
        key = self.key
        for element in path:
            key = hashlib.blake2b(_tagged(element), key=key, digest_size=_KEY_BYTES).digest()
        return _stream(key, self._root)

    def generator(self) -> np.random.Generator:
        """A NumPy generator at the start of this stream; each call starts anew."""
        import numpy as np

        return np.random.Generator(np.random.Philox(key=int.from_bytes(self.key, "little")))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.key, self._root) == (other.key, other._root)

    def __hash__(self) -> int:
        return hash((self.key, self._root))

    def __reduce__(self) -> tuple[object, tuple[bytes, bytes]]:
        return _stream, (self.key, self._root)

    def __repr__(self) -> str:
        return f"Stream({self.key.hex()})"


def _stream(key: bytes, root: bytes) -> Stream:
    stream = Stream.__new__(Stream)
    stream.key = key
    stream._root = root
    return stream


def _tagged(element: str | int) -> bytes:
    """A path element as bytes that no other element has."""
    if isinstance(element, str):
        return b"s" + element.encode("utf-8", "surrogatepass")
    try:
        return b"i%d" % operator.index(element)
    except TypeError:
        raise ArgumentError(f"A stream's path holds strings and integers, not {element!r}.") from None


def _checked_seed(seed: int) -> int:
    remedy = f"Pass an integer from 0 to {MAX_SEED}, for example seed=7."
    try:
        number = operator.index(seed)
    except TypeError:
        raise ArgumentError(f"The seed must be an integer, not {seed!r}.", remedy=remedy) from None
    if isinstance(seed, bool) or not 0 <= number <= MAX_SEED:
        raise ArgumentError(f"The seed must be an integer from 0 to {MAX_SEED}, not {seed!r}.", remedy=remedy)
    return number
