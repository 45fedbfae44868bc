"""One worker process: loads the saved model once, then makes the parts it is told to.

Started by `run.workers` as `python -m understudy.run.worker`. It speaks JSON lines: the job, then part numbers, come on the standard
input; rows made, finished parts and errors leave on the standard output. When the input ends its parent is gone, and so is it: an
orphan must not write into a folder that the next run has taken over.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import warnings
from typing import Any


def main() -> None:
    # Ctrl-C reaches the whole terminal; the parent decides what becomes of the parts in work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not garble the channel
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()

    def tell(**message: Any) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    def tell_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
        if issubclass(category, UserWarning):  # the rest is for developers
            tell(warning=str(message))

    warnings.showwarning = tell_warning  # type: ignore[assignment]
    try:
        _serve(lines, tell)
    except BaseException as error:
        from understudy.run.engines import error_to_json

        tell(error=error_to_json(error))


def _listen(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _serve(lines: queue.SimpleQueue[str], tell: Any) -> None:
    from understudy.run.part import make_part
    from understudy.run.plan import Plan
    from understudy.run.source import load_maker, tables_of
    from understudy.run.store import open_store

    job = json.loads(lines.get())
    tables = tables_of(load_maker(job["model"], job["class"]))
    plan, store = Plan.from_json(job["plan"]), open_store(job["place"])
    while True:
        part = plan.part(json.loads(lines.get()))
        record = make_part(tables, plan, part, store, lambda rows: tell(rows=rows))
        tell(done=record.__dict__)


if __name__ == "__main__":
    main()
