"""Tables: one reversible codec, and learners over its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.tabular.auto import Auto as Auto
    from understudy.tabular.autoregressive import Autoregressive as Autoregressive
    from understudy.tabular.codec import Codec as Codec
    from understudy.tabular.copula import Copula as Copula
    from understudy.tabular.diffusion import Diffusion as Diffusion
    from understudy.tabular.fitting import fit as fit
    from understudy.tabular.gan import Gan as Gan
    from understudy.tabular.independent import Independent as Independent
    from understudy.tabular.mixture import Mixture as Mixture
    from understudy.tabular.trees import Trees as Trees
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "fit": "understudy.tabular.fitting",
            "Auto": "understudy.tabular.auto",
            "Autoregressive": "understudy.tabular.autoregressive",
            "Trees": "understudy.tabular.trees",
            "Copula": "understudy.tabular.copula",
            "Gan": "understudy.tabular.gan",
            "Diffusion": "understudy.tabular.diffusion",
            "Independent": "understudy.tabular.independent",
            "Mixture": "understudy.tabular.mixture",
            "Codec": "understudy.tabular.codec",
        },
    )
