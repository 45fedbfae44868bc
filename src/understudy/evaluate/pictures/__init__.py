"""Are synthetic pictures, and their labels, like real ones, and are there as many different ones among them?

    from understudy.evaluate.pictures import evaluate_pictures

    report = evaluate_pictures("real/", "driving/", holdout="more-real/")
    print(report)
    report.save("pictures.json")

Distances are between named features that are computed here from the pixels, with no network's weights behind them; each stands beside
the same distance for real pictures that were held out. They are not comparable with figures of the same kind on other features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.evaluate.pictures.classification import classification_utility as classification_utility
    from understudy.evaluate.pictures.detection import detection_utility as detection_utility
    from understudy.evaluate.pictures.judging import evaluate_pictures as evaluate_pictures
    from understudy.evaluate.pictures.result import PictureEvaluation as PictureEvaluation
    from understudy.evaluate.pictures.result import PictureUtility as PictureUtility
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "PictureUtility": "understudy.evaluate.pictures.result",
            "classification_utility": "understudy.evaluate.pictures.classification",
            "detection_utility": "understudy.evaluate.pictures.detection",
            "PictureEvaluation": "understudy.evaluate.pictures.result",
            "evaluate_pictures": "understudy.evaluate.pictures.judging",
        },
    )
