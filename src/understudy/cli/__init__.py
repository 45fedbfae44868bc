"""The command line: one file a command.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the data, a model, a condition or a schema is not as it should be |
| 2 | the command itself is not as it should be |
| 3 | `evaluate --fail-on`: the verdict is one of those that were to fail |
| 4 | the output cannot be written |
| 130 | interrupted; what was finished is kept |

Nothing heavy is imported here or at the top of a command's file: `understudy --help` must be there at once.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    from understudy.cli.application import run

    sys.exit(run(sys.argv[1:]))
