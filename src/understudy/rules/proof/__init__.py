"""Rules proven by another engine: DuckDB SQL compiled from the spec, run over the written output.

| file | holds |
|---|---|
| `facts.py`, `terms.py` | what a spec says of a column; columns and formulas as SQL |
| `check.py`, `values.py`, `compiling.py` | what a check is; what can be wrong with a value; all named checks of a spec |
| `output.py`, `proving.py` | the output as views; the checks run over it |
| `distribution.py`, `laws.py`, `dependence.py` | shares, laws and correlations tested |
| `result.py`, `page.py` | what was found; its page |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.rules.proof.proving import prove as prove
    from understudy.rules.proof.result import Proof as Proof
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__, {"prove": "understudy.rules.proof.proving", "Proof": "understudy.rules.proof.result"}
    )
