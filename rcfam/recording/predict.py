"""Which script comes next: a guess from the key and from what happened before, learned within the chunk."""

from typing import Any, Final

from rcfam.jit import inner
from rcfam.recording.coder import CONTEXT_BITS, EDIT, KEY, LAST, NAMED, TABLES

MULTIPLIER: Final = 0x9E3779B1


@inner
def key_class(key: int) -> int:
    """Characters that one types are one class (1), every other key is its own."""
    return 1 if 32 <= key < NAMED and key != 127 else key


@inner
def context(coder: Any, table: int) -> int:
    """The place of the present context in a table."""
    n = coder.n
    if table == 0:
        a, b, c = n[KEY], n[LAST], n[EDIT]
    elif table == 1:
        a, b, c = key_class(n[KEY]), n[LAST], n[EDIT]
    else:
        a, b, c = n[KEY], n[EDIT], 0
    mixed = ((a * MULTIPLIER & 0xFFFFFFFF) ^ b + 1) * MULTIPLIER & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15 ^ c + 1) * MULTIPLIER & 0xFFFFFFFF
    return mixed >> 32 - CONTEXT_BITS


@inner
def guess(coder: Any) -> tuple[int, int]:
    """The likeliest script and the next likeliest other one; -1 where there is none."""
    first = second = -1
    for table in range(TABLES):
        script = coder.contexts[table, context(coder, table)] - 1
        if first < 0:
            first = script
        elif second < 0 and script != first:
            second = script
    return first, second


@inner
def learn(coder: Any, script: int) -> None:
    """Take note that `script` came in the present context, and step on."""
    n = coder.n
    for table in range(TABLES):
        coder.contexts[table, context(coder, table)] = script + 1
    n[LAST] = script
    if coder.ops[coder.first[script], 7]:
        n[EDIT] = script
