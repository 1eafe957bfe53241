"""Packs are looked at before libgit2 reads them: deltas must lead to an end, and need no huge object on the way.

A delta names the object that it changes, by how far before it that stands, or by id; libgit2 follows deltas that lead
round in a circle for ever, and builds every object on the way to a small one however large it is.
"""

import mmap
import struct
import zlib
from bisect import bisect_left
from pathlib import Path
from typing import Final, NamedTuple

from rcfam.history.errors import HistoryError
from rcfam.history.limits import MAX_READ_BYTES

# Index, version 2: ff tOc | u32 2 | 256 u32, ids up to each first byte | ids | u32 checksums | u32 offsets | u64
# offsets, for those whose highest bit is set | two checksums. Version 1: 256 u32 | (u32 offset, id) | two checksums.
_MAGIC: Final = b"\xfftOc\0\0\0\2"
_FAN_BYTES: Final = 1024
_ID_BYTES: Final = 20
_LARGE: Final = 1 << 31
_OFFSET_DELTA, _REFERENCE_DELTA = 6, 7
_MOST_HEAD: Final = 32  # bytes of kind, size and base
_MOST_SIZES: Final = 20  # bytes of the two sizes at the head of a delta
_FED: Final = 1024  # deflated bytes that hold them, the tables of the code before them


class _Index(NamedTuple):
    """The objects of a pack: where they stand, in order of their ids and in that of the pack, and their ids."""

    offsets: tuple[int, ...]
    sorted: list[int]
    ids: bytes

    def find(self, oid: bytes) -> int | None:
        """Where an object stands."""
        low, high = 0, len(self.offsets)
        while low < high:
            middle = (low + high) // 2
            found = self.ids[middle * _ID_BYTES : (middle + 1) * _ID_BYTES]
            if found == oid:
                return self.offsets[middle]
            if found < oid:
                low = middle + 1
            else:
                high = middle
        return None

    def holds(self, offset: int) -> bool:
        place = bisect_left(self.sorted, offset)
        return place < len(self.sorted) and self.sorted[place] == offset


class _Head(NamedTuple):
    """The head of an object in a pack; `base` is where its base stands, None for one that is no delta or has none."""

    kind: int
    size: int
    base: int | None
    data: int  # where its deflated bytes begin


def check_pack(pack: Path) -> None:
    """Raise HistoryError where a pack is damaged, or would keep libgit2 or take too much memory. One without an index
    is not read by anybody.
    """
    file = pack.with_suffix(".idx")
    if not file.exists():
        return
    try:
        index = _index(file.read_bytes())
        with pack.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for offset in index.sorted:
                _check(data, index, offset)
    except (OSError, ValueError, IndexError, struct.error, zlib.error) as error:
        raise HistoryError(f"{pack} is damaged: {error}") from error


def _check(data: mmap.mmap, index: _Index, offset: int) -> None:
    """Every step from a delta to its base leads back in the pack, or to an object that is no delta."""
    head = _head(data, index, offset)
    if head.kind not in (_OFFSET_DELTA, _REFERENCE_DELTA):
        return
    if head.base is None or not index.holds(head.base):
        raise ValueError(f"the object at byte {offset:,} is a delta without a base")
    base = _head(data, index, head.base)
    is_delta = base.kind in (_OFFSET_DELTA, _REFERENCE_DELTA)
    if head.base >= offset and (is_delta or head.base == offset):
        raise ValueError(f"the object at byte {offset:,} is a delta of one after it")
    made = _made(data, head.data)
    if max(made, 0 if is_delta else base.size) > MAX_READ_BYTES:
        raise ValueError(f"the object at byte {offset:,} is a delta that takes more than {MAX_READ_BYTES:,} bytes")


def _head(data: mmap.mmap, index: _Index, offset: int) -> _Head:
    head = data[offset : offset + _MOST_HEAD]
    byte, place, shift = head[0], 1, 4
    kind, size = byte >> 4 & 7, byte & 15
    while byte & 0x80:
        byte = head[place]
        size |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
    base = None
    if kind == _OFFSET_DELTA:
        byte = head[place]
        back, place = byte & 0x7F, place + 1
        while byte & 0x80:
            byte = head[place]
            back, place = (back + 1) << 7 | byte & 0x7F, place + 1
        base = offset - back
    elif kind == _REFERENCE_DELTA:
        base = index.find(head[place : place + _ID_BYTES])
        place += _ID_BYTES
    return _Head(kind, size, base, offset + place)


def _made(data: mmap.mmap, place: int) -> int:
    """The bytes that a delta makes: the second of the two sizes at its head."""
    sizes = zlib.decompressobj().decompress(data[place : place + _FED], _MOST_SIZES)
    at = 0
    while sizes[at] & 0x80:
        at += 1
    made, shift = 0, 0
    while True:
        at += 1
        made |= (sizes[at] & 0x7F) << shift
        if not sizes[at] & 0x80:
            return made
        shift += 7


def _index(data: bytes) -> _Index:
    if data[: len(_MAGIC)] != _MAGIC:
        (count,) = struct.unpack_from(">I", data, _FAN_BYTES - 4)
        offsets, ids = [], []
        for offset, oid in struct.iter_unpack(f">I{_ID_BYTES}s", data[_FAN_BYTES : _FAN_BYTES + count * 24]):
            offsets.append(offset)
            ids.append(oid)
        return _Index(tuple(offsets), sorted(offsets), b"".join(ids))
    fan = len(_MAGIC)
    (count,) = struct.unpack_from(">I", data, fan + _FAN_BYTES - 4)
    names = fan + _FAN_BYTES
    small = names + count * (_ID_BYTES + 4)
    large = small + count * 4
    offsets = list(struct.unpack_from(f">{count}I", data, small))
    for number, offset in enumerate(offsets):
        if offset >= _LARGE:
            (offsets[number],) = struct.unpack_from(">Q", data, large + (offset - _LARGE) * 8)
    return _Index(tuple(offsets), sorted(offsets), data[names : names + count * _ID_BYTES])
