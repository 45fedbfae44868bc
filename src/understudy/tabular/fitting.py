"""`fit`: one call from a table to a model, whatever the method."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from understudy.core import registry
from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.generator import Synthesizer
from understudy.neural.backend import require_torch

if TYPE_CHECKING:
    from understudy.core.budget import BudgetLike
    from understudy.core.progress import ProgressLike
    from understudy.data import TableSchema


def fit(
    data: Any,
    *,
    method: str = "auto",
    budget: BudgetLike = None,
    seed: int = 0,
    schema: TableSchema | None = None,
    progress: ProgressLike = "auto",
    **options: Any,
) -> Synthesizer:
    """Learn a table and return the model.

    Args:
        data: a path, a database URL, a pandas, Polars or PyArrow frame, or a `Table`.
        method: a registry name: "auto" (the best by measured quality), "trees", "copula", "mixture", "autoregressive", "diffusion", "gan",
            "independent", or a plug-in's.
        budget: "30s", "10min", "best", seconds, or None for the method's own measure.
        seed: any integer in 0 .. 2**63-1; the same data, method, options and seed give the same model.
        schema: what the columns mean; inferred, with reasons, where none is given.
        progress: "auto", None, a function that takes events, or a listener.
        options: the method's own, as its class takes them; of "auto" `target="churn"` and `engines=["copula", "trees"]`.

    Raises:
        ArgumentError: no such method or option.
        DataError, SchemaError, ConstraintError: the data cannot be learned as they are.
    """
    synthesizer = unfitted(method, options)
    if schema is not None:
        from understudy.data import as_table

        data = as_table(data, schema)
    return synthesizer.fit(data, budget=budget, seed=seed, progress=progress)


def unfitted(method: str, options: dict[str, Any]) -> Synthesizer:
    """The method's synthesizer, before any work.

    Raises:
        ArgumentError: no such method or option. MissingExtraError: what it needs to learn is not installed.
    """
    found = registry.get("generators", method)
    if not (isinstance(found, type) and issubclass(found, Synthesizer)):
        raise ArgumentError(f'"{method}" does not learn from data.', remedy="Use its class directly.")
    if getattr(found, "requires", None) == "torch":
        require_torch(f'The method "{method}"')
    accepted = inspect.signature(found).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
        for name in options:
            if name not in accepted:
                raise ArgumentError(f'The method "{method}" has no option "{name}".', remedy=did_you_mean(name, accepted))
    return found(**options)
