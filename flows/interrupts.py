"""Ctrl-C and SIGTERM end a flow: both raise KeyboardInterrupt in the main thread."""

import signal
from types import FrameType


def heed() -> None:
    """Raise KeyboardInterrupt at SIGTERM, and at SIGINT unless the shell had it ignored.

    Polars puts a handler of its own in place as it is imported, under which a main thread that waits for other threads
    is not woken. Call this after the imports.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
