"""Small generators of tables, in a module of their own so that worker processes can import them."""

import os
import time
import warnings
from pathlib import Path

import polars as pl

from understudy.core.artifact import State
from understudy.core.errors import ConditionError, UnderstudyError
from understudy.core.generator import Collection, Generator


class SmallTable(Generator):
    """Rows of a number, a text, a category and a decimal with gaps; `given={"colour": …}` fixes the colour."""

    name = "small_table"
    colours = ("red", "green", "blue")

    def __init__(self, block_size=100):
        self.block_size = block_size

    def _prepare(self, given):
        if given and given.get("colour") not in self.colours:
            raise ConditionError(f"there is no colour {given.get('colour')!r}", where="colour")
        return given

    def _block(self, index, size, rng, given):
        draw = rng.generator()
        colour = draw.integers(0, 3, size)
        return pl.DataFrame(
            {
                "row": pl.Series(range(index * size, (index + 1) * size), dtype=pl.Int64),
                "text": [f'"{value}", or not' if value % 7 else "" for value in draw.integers(0, 50, size)],
                "colour": pl.Series([given["colour"] if given else self.colours[i] for i in colour], dtype=pl.Enum(self.colours)),
                "decimal": pl.Series([None if value < -1 else round(float(value), 3) for value in draw.normal(size=size)]),
            }
        )

    def _fingerprint(self, batch):
        return batch.write_csv().encode()

    def _concat(self, batches):
        return pl.concat(batches)

    def _state(self):
        return State({"block_size": self.block_size, "options": self._options()}, {}, {})

    def _options(self):
        return {}

    @classmethod
    def _from_state(cls, state):
        return cls(block_size=state.manifest["block_size"], **state.manifest["options"])


class Interrupted(SmallTable):
    """Does what the file `orders` says when it comes to a block: kill this process, raise, wait."""

    name = "interrupted"

    def __init__(self, block_size=100, *, orders, block, slow_s=0.0):
        super().__init__(block_size)
        self.orders, self.at, self.slow_s = str(orders), block, slow_s

    def _options(self):
        return {"orders": self.orders, "block": self.at, "slow_s": self.slow_s}

    def _block(self, index, size, rng, given):
        time.sleep(self.slow_s)
        orders = Path(self.orders)
        if index == self.at and orders.exists():
            what = orders.read_text()
            if what == "die once":
                orders.unlink()
            if what.startswith("die"):
                os.kill(os.getpid(), 9)
            if what == "warn":
                warnings.warn("block seven is rare", UserWarning, stacklevel=2)
            if what == "raise":
                raise ValueError("block seven does not want to")
            if what == "refuse":
                raise UnderstudyError("block seven cannot be made", where="block 7", remedy="remove the orders")
        return super()._block(index, size, rng, given)


class Lines(SmallTable):
    """Lines of orders, two to each; the colour is that of the order, which is remade."""

    name = "lines"

    def _block(self, index, size, rng, given):
        rows = range(index * size, (index + 1) * size)
        first, last = rows[0] // 2 // self.block_size, rows[-1] // 2 // self.block_size
        orders = pl.concat([SmallTable(self.block_size)._make(block, rng.root, None) for block in range(first, last + 1)])
        lines = pl.DataFrame({"line": pl.Series(rows, dtype=pl.Int64), "order": pl.Series([row // 2 for row in rows], dtype=pl.Int64)})
        time.sleep(self.slow_s)
        return lines.join(orders.select("row", "colour"), left_on="order", right_on="row", maintain_order="left")

    slow_s = 0.0


class Shop(Collection):
    """Orders and their lines."""

    name = "small_shop"
    seed = 3

    def __init__(self, orders=750, slow_s=0.0, constrained=False):
        self.orders, self.slow_s, self.constrained = orders, slow_s, constrained

    @property
    def tables(self):
        lines = Lines(64)
        lines.slow_s = self.slow_s
        return {"orders": SmallTable(64), "order lines": lines}

    def sizes(self, *, seed=None):
        return {"orders": self.orders, "order lines": 2 * self.orders}

    def create_statements(self, dialect):
        if not self.constrained:
            return []
        return [
            'CREATE TABLE orders ("row" BIGINT PRIMARY KEY, text TEXT, colour TEXT NOT NULL, decimal DOUBLE PRECISION)',
            """CREATE TABLE "order lines" (line BIGINT PRIMARY KEY, "order" BIGINT NOT NULL REFERENCES orders ("row"),
            colour TEXT CHECK (colour NOT LIKE '%x%'))""",
        ]

    def _state(self):
        return State({"orders": self.orders, "slow_s": self.slow_s, "constrained": self.constrained})

    @classmethod
    def _from_state(cls, state):
        return cls(**state.manifest)
