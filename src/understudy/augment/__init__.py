"""Real and synthetic rows together: balance, cover, mix, impute, and the question whether it helps.

    train = understudy.augment(real, balance="churn")
    train.frame                                             # real rows first, then synthetic ones, each with its provenance
    print(understudy.augment.study(real, target="churn"))   # does it help, and how much of it?

`understudy.augment` is this package and is called like the function `augment` in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import make_callable, table_of_contents

if TYPE_CHECKING:
    from understudy.augment.augmenting import augment as augment
    from understudy.augment.result import Augmented as Augmented
    from understudy.augment.study_result import Study as Study
    from understudy.augment.studying import study as study
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "augment": "understudy.augment.augmenting",
            "study": "understudy.augment.studying",
            "Augmented": "understudy.augment.result",
            "Study": "understudy.augment.study_result",
        },
    )
make_callable(__name__, "augment")
