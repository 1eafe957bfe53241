"""Which files of a commit git would call renamed, and how it says so: the same bytes, or at least half of them."""

import re
from collections import Counter
from collections.abc import Mapping

from rcfam.terminal.files import Entry

_CHUNK_BYTES = 64  # git compares lines, and longer ones in pieces of this size
_FULL = 60_000
_LEAST = 30_000
_MOST_PAIRS = 10_000  # more are not compared, as git gives up at its renameLimit
_MOST_BYTES = 1 << 25

Pair = tuple[str, str, int]
"""old path, new path, percent"""


def pairs(removed: Mapping[str, Entry], added: Mapping[str, Entry]) -> list[Pair]:
    """The renames among (mode, bytes) by path, ordered by new path. Empty files are never renamed."""
    sources: dict[str, Entry] = {path: entry for path, entry in removed.items() if entry[1]}
    same: dict[bytes, dict[str, None]] = {}
    named: dict[tuple[bytes, str], dict[str, None]] = {}
    for old, entry in sources.items():
        same.setdefault(entry[1], {})[old] = None
        named.setdefault((entry[1], _name(old)), {})[old] = None
    found: list[Pair] = []
    left: list[str] = []
    for new in sorted(added):
        data = added[new][1]
        if same.get(data):
            old = next(iter(named.get((data, _name(new))) or same[data]))
            del sources[old], same[data][old], named[data, _name(old)][old]
            found.append((old, new, 100))
        elif data:
            left.append(new)
    few = len(sources) * len(left) <= _MOST_PAIRS
    small = sum(len(data) for _, data in (*sources.values(), *(added[path] for path in left))) <= _MOST_BYTES
    if sources and left and few and small:
        found += _similar(sources, {path: added[path] for path in left})
    return sorted(found, key=lambda pair: pair[1])


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _similar(sources: Mapping[str, Entry], targets: Mapping[str, Entry]) -> list[Pair]:
    chunks = {old: _chunks(data) for old, (_, data) in sources.items()}
    scores = []
    for new, (mode, data) in targets.items():
        counted: Counter[bytes] | None = None
        for old, (old_mode, old_data) in sources.items():
            large, small = max(len(data), len(old_data)), min(len(data), len(old_data))
            if mode >> 12 != old_mode >> 12 or large * _LEAST < (large - small) * _FULL:
                continue
            counted = counted if counted is not None else _chunks(data)
            copied = sum((chunks[old] & counted).values())
            score = copied * _FULL // large
            if score >= _LEAST:
                scores.append((-score, old.rpartition("/")[2] != new.rpartition("/")[2], new, old))
    found: list[Pair] = []
    taken: set[str] = set()
    for score, _, new, old in sorted(scores):
        if old not in taken and new not in taken:
            taken |= {old, new}
            found.append((old, new, -score * 100 // _FULL))
    return found


def _chunks(data: bytes) -> "Counter[bytes]":
    """Bytes in each distinct chunk: lines, a carriage return before the newline not counted."""
    counted: Counter[bytes] = Counter()
    for line in re.findall(rb"[^\n]*\n|[^\n]+", data.replace(b"\r\n", b"\n")):
        for i in range(0, len(line), _CHUNK_BYTES):
            piece = line[i : i + _CHUNK_BYTES]
            counted[piece] += len(piece)
    return counted


def shown(old: str, new: str) -> str:
    """`dir/{a => b}/file`, or `a => b` where the paths share nothing."""
    prefix = 0
    for i, (a, b) in enumerate(zip(old, new, strict=False)):
        if a != b:
            break
        if a == "/":
            prefix = i + 1
    suffix = 0
    shortest = min(len(old), len(new)) - max(prefix - 1, 0)
    for i in range(1, shortest + 1):
        if old[-i] != new[-i]:
            break
        if old[-i] == "/":
            suffix = i
    if not prefix and not suffix:
        return f"{old} => {new}"
    a, b = old[prefix : max(len(old) - suffix, prefix)], new[prefix : max(len(new) - suffix, prefix)]
    end = old[len(old) - suffix :] if suffix else ""
    return f"{old[:prefix]}{{{a} => {b}}}{end}"
