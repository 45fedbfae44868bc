"""One thread for linear algebra: sums then come in one order whatever the number of cores, and small matrices are not slowed by threads
that wait on one another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any


@contextmanager
def single_thread() -> Iterator[None]:
    """BLAS and OpenMP use one thread inside."""
    with _controller("sklearn.utils._openmp_helpers" in sys.modules).limit(limits=1):
        yield


@lru_cache(maxsize=2)
def _controller(with_sklearn: bool) -> Any:
    """Over the libraries that are loaded now; scikit-learn brings an OpenMP of its own whenever it is first imported."""
    # Libraries loaded later would be missed: load those whose threads matter first.
    import numpy.linalg  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
