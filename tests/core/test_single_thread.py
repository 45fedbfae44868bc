from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from understudy.core.single_thread import single_thread
with single_thread():
    pass
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads as threads
before = threads()
with single_thread():
    inside = threads()
print(before, inside, threads())
"""


def test_libraries_loaded_after_the_first_use_are_held_to_one_thread_too() -> None:
    surroundings = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=surroundings)
    before, inside, after = map(int, done.stdout.split())
    assert inside == 1
    assert after == before
