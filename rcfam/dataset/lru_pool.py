"""A bounded number of opened things, shared by threads; the one not used for longest is closed first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Entry(Generic[T]):
    def __init__(self, thing: T) -> None:
        self.thing = thing
        self.users = 0
        self.dropped = False


class LruPool(Generic[T]):
    """Opens what is asked for by number and keeps `room` of them open; what is in use is closed only after its use."""

    def __init__(self, room: int, opener: Callable[[int], T], closer: Callable[[T], None]) -> None:
        self._room, self._opener, self._closer = room, opener, closer
        self._entries: OrderedDict[int, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def borrow(self, number: int) -> Iterator[T]:
        """The opened thing, for the length of a `with` block."""
        with self._lock:
            if number not in self._entries:
                self._entries[number] = _Entry(self._opener(number))
                while len(self._entries) > self._room:
                    self._drop(self._entries.popitem(last=False)[1])
            entry = self._entries[number]
            self._entries.move_to_end(number)
            entry.users += 1
        try:
            yield entry.thing
        finally:
            with self._lock:
                entry.users -= 1
                if entry.dropped and not entry.users:
                    self._closer(entry.thing)

    def close(self) -> None:
        """Close everything; what is in use after its use. The shelf can be used again."""
        with self._lock:
            while self._entries:
                self._drop(self._entries.popitem()[1])

    def _drop(self, entry: _Entry[T]) -> None:
        entry.dropped = True
        if not entry.users:
            self._closer(entry.thing)
