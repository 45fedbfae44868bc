"""torch where it is installed, the device to work on, and randomness that leaves torch's own global state alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from understudy.core.errors import ArgumentError, MissingExtraError, did_you_mean
from understudy.core.random import Stream

if TYPE_CHECKING:
    import torch

_KINDS = ("cpu", "cuda", "mps")


def require_torch(purpose: str) -> None:
    """Raise ``MissingExtraError`` where torch is not installed; `purpose` is what the user wanted, e.g. "Learning a network"."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtraError.of("neural", purpose) from None


def find_device(name: str | None = None) -> torch.device:
    """The device to work on: the one named ("cpu", "cuda", "cuda:1", "mps"), else CUDA, else Apple's MPS, else the CPU.

    Raises:
        ArgumentError: no such kind of device, or there is none of it here.
    """
    import torch

    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
    kind = name.partition(":")[0]
    if kind not in _KINDS:
        raise ArgumentError(f'There is no kind of device called "{name}".', remedy=did_you_mean(name, _KINDS))
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[kind]:
        raise ArgumentError(f'This machine has no "{kind}" that torch can use.', remedy='Leave the device out, or take "cpu".')
    return torch.device(name)


@contextmanager
def seeded(stream: Stream, device: torch.device | None = None) -> Iterator[None]:
    """torch's global generators start at `stream` inside, and are as they were before outside.

    Layers initialise themselves, and dropout draws, from the global generators; this is the one way in which they are used.
    On the CPU the block runs on one thread: sums come in one order whatever the number of cores.
    """
    import torch

    cuda = [device] if device is not None and device.type == "cuda" else []
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=cuda):
        reseed(stream)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def reseed(stream: Stream) -> None:
    """Put torch's global generators to the start of `stream`; only inside `seeded`.

    `torch.manual_seed` would also note, with the whole stack, what every kind of device that is not there has to do once it is:
    called at every step, lists that only grow.
    """
    import torch

    seed = int.from_bytes(stream.key[:8], "little") >> 1
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where it is faster and safe: on CUDA cards that have it. Elsewhere nothing changes."""
    import torch

    helps = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device_type=device.type if helps else "cpu", dtype=torch.bfloat16, enabled=helps)
