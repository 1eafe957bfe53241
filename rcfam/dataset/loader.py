"""Batches ahead of time: decoded on threads while the model computes."""

from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rcfam.dataset.index import Allocate, Batch
from rcfam.dataset.split import DatasetError
from rcfam.dataset.windows import Batches


class _Lease:
    """Memory that goes back to its pool when the last array over it is gone."""

    def __init__(self, memory: NDArray[Any], free: list[NDArray[Any]]) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory, self._free = memory, free

    def __del__(self) -> None:
        self._free.append(self._memory)


class Pool:
    """Arrays whose memory is used again once nobody holds them: a batch takes megabytes, and fresh ones cost as much
    time as decoding. `allocate` makes them where none is free; it may lock pages for a device.
    """

    def __init__(self, allocate: Allocate = np.empty) -> None:
        self._allocate = allocate
        self._free: defaultdict[tuple[tuple[int, ...], np.dtype[Any]], list[NDArray[Any]]] = defaultdict(list)

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of any contents."""
        free = self._free[shape, np.dtype(dtype)]
        try:
            memory = free.pop()
        except IndexError:
            memory = self._allocate(shape, dtype)
        return np.asarray(_Lease(memory, free))


class Loader:
    """Iterates the batches of steps start_step .. start_step + steps - 1, in order, `workers` of them decoding at a
    time.

    Decoding runs in kernels without the GIL. At most `workers` + 1 batches are ready or under way beside the one handed
    out. The threads end with the iteration, also when it is left early or a batch raises; the error of a batch comes at
    its step.
    """

    def __init__(
        self,
        windows: Batches,
        steps: int,
        rank: int = 0,
        start_step: int = 0,
        workers: int = 1,
        allocate: Allocate | None = None,
    ) -> None:
        """`allocate` makes the arrays of a batch; None takes them from a pool."""
        if workers < 1 or steps < 0 or start_step < 0:
            raise DatasetError(f"workers {workers} is below 1, or steps {steps} or start_step {start_step} below 0")
        self._windows, self._rank, self._allocate = windows, rank, allocate or Pool()
        self._steps, self._start_step, self._workers = steps, start_step, workers

    def __len__(self) -> int:
        """The number of batches."""
        return self._steps

    def __iter__(self) -> Iterator[Batch]:
        waiting: deque[Future[Batch]] = deque()
        executor = ThreadPoolExecutor(self._workers, thread_name_prefix="loader")
        try:
            for step in range(self._start_step, self._start_step + self._steps):
                waiting.append(executor.submit(self._windows.batch, step, self._rank, self._allocate))
                if len(waiting) > self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


class Ahead:
    """Batches by step for a caller who asks for one step after the other: while it works on one, the next one decodes
    on a thread.

    What comes does not depend on the order asked; a step out of order is only slower. One batch is held beside the one
    handed out.
    """

    def __init__(self, windows: Batches, rank: int = 0, allocate: Allocate | None = None) -> None:
        """`allocate` makes the arrays of a batch; None takes them from a pool."""
        self._windows, self._rank, self._allocate = windows, rank, allocate or Pool()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._next: tuple[int, Future[Batch]] | None = None

    def batch(self, step: int) -> Batch:
        """The batch of one step; the error of a batch comes at its step."""
        if self._next is None or self._next[0] != step:
            self._start(step)
        assert self._next is not None
        found = self._next[1].result()
        self._start(step + 1)
        return found

    def _start(self, step: int) -> None:
        if self._next is not None:
            self._next[1].cancel()
        self._next = step, self._executor.submit(self._windows.batch, step, self._rank, self._allocate)
