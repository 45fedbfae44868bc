"""Synthetic data, and the proof that it is good enough to stand in for the real thing.

    import understudy as us

    real = us.read("customers.csv")
    model = us.fit(real, budget="2min")
    fake = model.sample(100_000, seed=7)
    us.evaluate(real, fake, target="churn").save("report.html")
    model.save("customers.understudy")

This file is a table of contents: each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

__version__ = "0.1.0"

if TYPE_CHECKING:
    from understudy import rules as rules
    from understudy.augment.augmenting import augment as augment
    from understudy.core.errors import UnderstudyError as UnderstudyError
    from understudy.core.generator import load as load
    from understudy.data import Table as Table
    from understudy.data import TableSchema as TableSchema
    from understudy.data import as_table as as_table
    from understudy.data import read as read
    from understudy.evaluate.comparing import compare as compare
    from understudy.evaluate.judging import evaluate as evaluate
    from understudy.run import verify as verify
    from understudy.run import write as write
    from understudy.tabular import fit as fit
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "read": "understudy.data",
            "as_table": "understudy.data",
            "fit": "understudy.tabular",
            "load": "understudy.core.generator",
            "augment": "understudy.augment",
            "evaluate": "understudy.evaluate",
            "compare": "understudy.evaluate",
            "write": "understudy.run",
            "verify": "understudy.run",
            "rules": "understudy.rules",
            "Table": "understudy.data",
            "TableSchema": "understudy.data",
            "UnderstudyError": "understudy.core.errors",
        },
    )
