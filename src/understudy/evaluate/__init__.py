"""Is the synthetic table good enough to stand in for the real one, and does it keep the training rows to itself?

    report = understudy.evaluate(real, synthetic, holdout=holdout, target="income")
    print(report.verdict.headline)
    report.save("report.html")

`understudy.evaluate` is this package and is called like the function `evaluate` in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import make_callable, table_of_contents

if TYPE_CHECKING:
    from understudy.evaluate.comparing import compare as compare
    from understudy.evaluate.judging import evaluate as evaluate
    from understudy.evaluate.league import League as League
    from understudy.evaluate.policy import Policy as Policy
    from understudy.evaluate.result import Evaluation as Evaluation
    from understudy.evaluate.result import Figure as Figure
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "compare": "understudy.evaluate.comparing",
            "evaluate": "understudy.evaluate.judging",
            "Evaluation": "understudy.evaluate.result",
            "League": "understudy.evaluate.league",
            "Figure": "understudy.evaluate.result",
            "Policy": "understudy.evaluate.policy",
        },
    )
make_callable(__name__, "evaluate")
