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
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.core.generator import Generator


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
        tell(error=_described(error))


def _listen(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _serve(lines: queue.SimpleQueue[str], tell: Any) -> None:
    from understudy.run.manifest import part_name
    from understudy.run.part import make_part
    from understudy.run.plan import Plan

    job = json.loads(lines.get())
    generator = load_generator(job["model"], job["class"])
    plan, folder = Plan(**job["plan"]), Path(job["folder"])
    while True:
        part = plan.part(json.loads(lines.get()))
        path = folder / part_name(part.index, plan.format)
        record = make_part(generator, plan, part, path, lambda rows: tell(rows=rows))
        tell(done=record.__dict__)


def load_generator(path: str, class_path: str | None) -> Generator:
    """The saved generator; `class_path` ("module:Class") names classes that are in no registry."""
    from understudy.core.generator import Generator

    if class_path is None:
        return Generator.load(path)
    module, _, name = class_path.partition(":")
    loaded = getattr(import_module(module), name).load(path)
    assert isinstance(loaded, Generator)
    return loaded


def _described(error: BaseException) -> dict[str, Any]:
    known = {key: getattr(error, key, None) for key in ("what", "where", "remedy")}
    return {
        "type": type(error).__name__,
        **known,
        "what": known["what"] or f"{type(error).__name__}: {error}",
        "traceback": traceback.format_exc(),
    }


if __name__ == "__main__":
    main()
