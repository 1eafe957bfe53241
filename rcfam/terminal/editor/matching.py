"""Runs the programs of `patterns`: a match as vim's backtracking finds it, with its steps counted, and `:s`.

A stack row is (what, a, b, c): another way to go on, or a slot's old value.
"""

from typing import Any, Final

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_word
from rcfam.terminal.editor import budget, letter_case, text

# Operations (op, a, b, c); jumps count from the operation's own place
CHARACTER: Final = 0  # a
ANY: Final = 1
SET: Final = 2  # sets[a:b], or (c) none of them
START: Final = 3
END: Final = 4
WORD_START: Final = 5
WORD_END: Final = 6
SPLIT: Final = 7  # go on at a, else at b
JUMP: Final = 8
SAVE: Final = 9  # slot a
SAME: Final = 10  # what slots a and a + 1 enclose
MATCHED: Final = 11
MANY: Final = 12  # the next operation a to b times, as often as possible
FEW: Final = 13  # as rarely as possible
HERE: Final = 14  # slot a
LOOP: Final = 15  # go on at a if anything was matched since slot b

# Parts of a replacement
PUT_CHARACTER: Final = 0
PUT_GROUP: Final = 1
PUT_BREAK: Final = 2
PUT_ONCE: Final = 3
PUT_CASE: Final = 4

# On the stack
_GO: Final = 0  # at operation a, character b
_SLOT: Final = 1  # a was b
_FEWER: Final = 2  # at operation a, one character less than c and no less than b
_MORE: Final = 3  # operation a matched up to b and may match c times more

_WORK_OF_A_MATCH: Final = 8  # that is replaced

NO_MATCH: Final = -1
SPENT: Final = -2

# What substitute() returns: 0 or one of these
NO_ROOM: Final = 1
NO_WORK: Final = 2


@inner
def _folded(c: Any, fold: bool) -> Any:
    return letter_case.changed(c, S.OP_LOWER) if fold else c


@inner
def _one(code: Any, sets: Any, pc: Any, c: Any, fold: bool) -> bool:
    """Whether operation `pc` matches the character."""
    op = code[pc, 0]
    if op == ANY:
        return True
    if op == CHARACTER:
        return _folded(c, fold) == _folded(code[pc, 1], fold)
    other = letter_case.changed(c, S.OP_SWAP_CASE) if fold else c
    inside = False
    for i in range(code[pc, 1], code[pc, 2]):
        if sets[i, 0] <= c <= sets[i, 1] or sets[i, 0] <= other <= sets[i, 1]:
            inside = True
    return inside != (code[pc, 3] != 0)


@inner
def _is_word(line: Any, i: Any) -> bool:
    if i < 0 or i >= len(line):
        return False
    return is_word(line[i])


@inner
def _holds(line: Any, op: Any, at: Any) -> bool:
    """Whether an anchor holds before character `at`."""
    if op == START:
        return at == 0
    if op == END:
        return at == len(line)
    if op == WORD_START:
        return not _is_word(line, at - 1) and _is_word(line, at)
    return _is_word(line, at - 1) and not _is_word(line, at)


@inner
def match(s: Any, line: Any, first: Any, code: Any, sets: Any, slots: Any, stack: Any, fold: bool) -> Any:
    """Where the match that begins at character `first` ends; NO_MATCH, or SPENT where the key's work is done up.

    `slots` has the ends of the groups: -1 where one has matched nothing.
    """
    slots[:] = -1
    pc: Any = np.int64(0)
    at: Any = np.int64(first)
    depth = np.int64(0)
    total = len(line)
    while True:
        if not budget.work(s, 1) or depth + 2 >= len(stack):
            s.ctl[S.WORK] = max(s.ctl[S.WORK], s.ctl[S.MOST_WORK] + 1)
            return SPENT
        op = code[pc, 0]
        a = code[pc, 1]
        ok = True
        if op == MATCHED:
            return at
        if op <= SET:
            ok = at < total and _one(code, sets, pc, line[at], fold)
            at += 1
            pc += 1
        elif op <= WORD_END:
            ok = _holds(line, op, at)
            pc += 1
        elif op == SPLIT:
            depth = _push(stack, depth, _GO, pc + code[pc, 2], at, 0)
            pc += a
        elif op == JUMP:
            pc += a
        elif op in (SAVE, HERE):
            depth = _push(stack, depth, _SLOT, a, slots[a], 0)
            slots[a] = at
            pc += 1
        elif op == LOOP:
            pc += a if at != slots[code[pc, 2]] else 1
        elif op == SAME:
            size = slots[a + 1] - slots[a]
            ok = slots[a] >= 0 and slots[a + 1] >= 0 and at + size <= total and _equal(line, slots[a], at, size, fold)
            budget.work(s, max(size, 0))
            at += max(size, 0)
            pc += 1
        else:
            count = np.int64(0)
            wanted = code[pc, 2] if op == MANY else a
            while count < wanted and at + count < total and _one(code, sets, pc + 1, line[at + count], fold):
                count += 1
            budget.work(s, count)
            ok = count >= a
            if op == MANY and count > a:
                depth = _push(stack, depth, _FEWER, pc + 2, at + a, at + count)
            if op == FEW and ok and code[pc, 2] > a:
                depth = _push(stack, depth, _MORE, pc, at + count, code[pc, 2] - a)
            at += count
            pc += 2
        while not ok:
            if depth == 0:
                return NO_MATCH
            depth -= 1
            what = stack[depth, 0]
            pc = stack[depth, 1]
            at = stack[depth, 2]
            left = stack[depth, 3]
            ok = True
            if what == _SLOT:
                slots[pc] = at
                ok = False
            elif what == _FEWER:
                if left - 1 > at:
                    depth = _push(stack, depth, _FEWER, pc, at, left - 1)
                at = left - 1
            elif what == _MORE:
                ok = at < total and _one(code, sets, pc + 1, line[at], fold)
                at += 1
                if ok and left > 1:
                    depth = _push(stack, depth, _MORE, pc, at, left - 1)
                pc += 2


@inner
def _push(stack: Any, depth: Any, what: Any, a: Any, b: Any, c: Any) -> Any:
    stack[depth, 0] = what
    stack[depth, 1] = a
    stack[depth, 2] = b
    stack[depth, 3] = c
    return depth + 1


@inner
def _equal(line: Any, a: Any, b: Any, size: Any, fold: bool) -> bool:
    same = True
    for i in range(size):
        same = same and _folded(line[a + i], fold) == _folded(line[b + i], fold)
    return same


@inner
def _put(s: Any, line: Any, first: Any, end: Any, parts: Any, slots: Any, place: Any, limit: Any) -> Any:
    """Write what replaces the match first:end to the pool from `place` on, a line break as a newline.

    Returns the place behind it, more than `limit` where there is no room.
    """
    once = np.int64(0)
    case = np.int64(0)
    for i in range(len(parts)):
        what = parts[i, 0]
        value = parts[i, 1]
        if what == PUT_CHARACTER and case == 0 and once == 0:
            if place >= limit:
                return limit + 1
            s.pool[place] = value
            place += 1
        elif what == PUT_ONCE:
            once = value
        elif what == PUT_CASE:
            case = value
        else:
            begin = np.int64(0)
            stop = np.int64(1)
            if what == PUT_GROUP:
                begin = first if value == 0 else slots[value]
                stop = end if value == 0 else slots[value + 1]
                if begin < 0 or stop < 0:
                    stop = begin
            if place + stop - begin > limit:
                return limit + 1
            for j in range(begin, stop):
                c = np.int64(line[j]) if what == PUT_GROUP else value
                if case:
                    c = letter_case.changed(c, S.OP_UPPER if case == S.OP_LOWER else S.OP_LOWER)
                if once:
                    c = letter_case.changed(c, S.OP_UPPER if once == S.OP_LOWER else S.OP_LOWER)
                    once = np.int64(0)
                s.pool[place] = K.NEWLINE if what == PUT_BREAK else c
                place += 1
    return place


@inner
def _next_match(
    s: Any, line: Any, first: Any, done: Any, code: Any, sets: Any, slots: Any, stack: Any, fold: bool
) -> tuple[Any, Any]:
    """The first match from character `first` on, as vim counts them: not empty where the one before ended (`done`, -1
    for none), nor at the line's end behind another. (NO_MATCH, 0) for none, (SPENT, 0) where the work is done up.
    """
    quick = code[0, 0] == CHARACTER and not fold
    at = first
    while at <= len(line):
        if quick:
            begin = at
            while at < len(line) and line[at] != code[0, 1]:
                at += 1
            budget.work(s, (at - begin) // 4)
            if at == len(line):
                break
        end = match(s, line, at, code, sets, slots, stack, fold)
        if end == SPENT:
            return SPENT, 0
        if end >= 0 and not (done >= 0 and end == at and (end == done or end == len(line))):
            return at, end
        at += 1
    return NO_MATCH, 0


@inner
def substitute(
    s: Any, first: Any, last: Any, program: Any, parts: Any, slots: Any, stack: Any, spans: Any, found: Any,
    fold: bool, every: bool,
) -> Any:  # fmt: skip
    """`:s` on the lines first..last: what they become goes to `spans`, a (start, length) a line, new text behind
    POOL_END.

    found: the number of spans, of matches, of lines that changed, the first of them, the last line that came of one,
    and the end of the new text. Returns 0, NO_ROOM or NO_WORK.
    """
    code, sets = program
    found[:] = 0
    place = s.ctl[S.POOL_END]
    limit = s.pool.shape[0] - 1
    for number in range(first, last + 1):
        k = text.slot(s.ctl, number)
        start = s.lines[k, 0]
        total = s.lines[k, 1]
        if found[0] >= len(spans):
            return NO_ROOM
        line = s.pool[start : start + total]
        done = np.int64(-1)
        copied = np.int64(0)
        at = np.int64(0)
        begin = place
        while at <= total:
            at, end = _next_match(s, line, at, done, code, sets, slots, stack, fold)
            if at == SPENT:
                return NO_WORK
            if at < 0:
                break
            if place + at - copied > limit:
                return NO_ROOM
            for i in range(copied, at):
                s.pool[place] = line[i]
                place += 1
            behind = place
            place = _put(s, line, at, end, parts, slots, place, limit)
            if place > limit:
                return NO_ROOM
            budget.work(s, _WORK_OF_A_MATCH + place - behind)
            found[1] += 1
            done = copied = end
            at = end if end > at else end + 1
            if not every:
                break
        if done < 0:
            spans[found[0], 0] = start
            spans[found[0], 1] = total
            found[0] += 1
            continue
        if place + total - copied > limit:
            return NO_ROOM
        for i in range(copied, total):
            s.pool[place] = line[i]
            place += 1
        if found[2] == 0:
            found[3] = number
        found[2] += 1
        stop = place
        for i in range(begin, stop + 1):  # each line break begins another line
            if i == stop or s.pool[i] == K.NEWLINE:
                if found[0] >= len(spans):
                    return NO_ROOM
                spans[found[0], 0] = begin
                spans[found[0], 1] = i - begin
                found[0] += 1
                begin = i + 1
        found[4] = first + found[0] - 1
    found[5] = place
    return 0
