"""Are synthetic texts like real ones, as varied, as useful for training, and do they keep the training texts to themselves?

    from understudy.evaluate.texts import evaluate_texts

    report = evaluate_texts(train, made, text="review", label="stars", holdout=test)
    print(report)
    report.save("texts.html")

Nothing is downloaded: all figures are counts, models of n-grams and linear classifiers, each beside the same for held-out real texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.evaluate.texts.canaries import Canary as Canary
    from understudy.evaluate.texts.canaries import Exposure as Exposure
    from understudy.evaluate.texts.canaries import Planted as Planted
    from understudy.evaluate.texts.canaries import exposure as exposure
    from understudy.evaluate.texts.canaries import plant as plant
    from understudy.evaluate.texts.judging import evaluate_texts as evaluate_texts
    from understudy.evaluate.texts.result import TextEvaluation as TextEvaluation
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Canary": "understudy.evaluate.texts.canaries",
            "Exposure": "understudy.evaluate.texts.canaries",
            "Planted": "understudy.evaluate.texts.canaries",
            "TextEvaluation": "understudy.evaluate.texts.result",
            "evaluate_texts": "understudy.evaluate.texts.judging",
            "exposure": "understudy.evaluate.texts.canaries",
            "plant": "understudy.evaluate.texts.canaries",
        },
    )
