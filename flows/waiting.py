"""Waiting for Prefect's futures in a way that Ctrl-C always ends."""

import queue
from collections.abc import Iterable, Iterator
from typing import Any

from prefect.futures import PrefectFuture

LOOK_EVERY_S = 1.0  # a signal that another thread took is acted on when the main thread next wakes


def as_ended(futures: "Iterable[PrefectFuture[Any]]") -> "Iterator[PrefectFuture[Any]]":
    """The futures in the order in which they end."""
    ended: queue.SimpleQueue[PrefectFuture[Any]] = queue.SimpleQueue()
    waiting = list(futures)
    for future in waiting:
        future.add_done_callback(ended.put)
    for _ in waiting:
        while True:
            try:
                future = ended.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            yield future
            break
