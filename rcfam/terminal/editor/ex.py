"""Command lines that change text: `:d :j :m :t :> :<` and `:s`. Each is one undo unit, made of whole lines in Python.

What is said and where the cursor goes is as in vim's ex_docmd.c and ex_cmds.c.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import state as S
from rcfam.terminal.editor import buffer, matching, patterns
from rcfam.terminal.editor.host import Host

_REPORT = 2  # vim's 'report'
_DIGITS = 15
"""a longer number is beyond every line"""
NAMES = {
    "d": "delete", "de": "delete", "del": "delete", "dele": "delete", "delet": "delete", "delete": "delete",
    "j": "join", "jo": "join", "joi": "join", "join": "join", "m": "move", "mo": "move", "mov": "move", "move": "move",
    "t": "copy", "co": "copy", "cop": "copy", "copy": "copy",
}  # fmt: skip
Spans = NDArray[np.int64]
_STACK = 1 << 15
"""ways that a pattern still has to try, at most"""
_SPARE_ROWS = 256


class Outcome(NamedTuple):
    """What a command came to: the line (from 0) for the cursor, None to leave it, and what the last line says."""

    line: int | None = None
    says: str = ""


def _error(text: str) -> Outcome:
    return Outcome(None, text)


def out_of_memory(size: int) -> str:
    """What vim says where it gets no `size` bytes."""
    return f"E342: Out of memory!  (allocating {size} bytes)"


def number(digits: str) -> int:
    """A number as it was typed, however many digits it has."""
    return int(digits[:_DIGITS]) if len(digits.lstrip("0")) <= _DIGITS else 10**_DIGITS


def run(
    terminal: Host, name: str, bang: bool, argument: str, lines: tuple[int, int], given: int, target: int | None
) -> Outcome:
    """One command on the lines first..last (from 0), of which `given` were typed.

    `target` is the argument of `:m` and `:t` as an address, if it is one: the line after which they put lines, from 1.
    """
    state = terminal.state
    first, last = lines
    if name in ("move", "copy"):
        if target is None:
            return _error("E16: Invalid range")
        return (_copy if name == "copy" else _move)(terminal, first, last, target)
    if argument.isdecimal():  # a count: so many lines from the last one on
        first, last = last, last + number(argument) - 1
        given = 2
    elif argument:
        return _error(f"E488: Trailing characters: {argument}")
    final = int(state.ctl[S.LINES]) - 1
    last = min(last, final)
    if name == "delete":
        return _delete(terminal, first, last)
    if name == "join":
        return _join(terminal, first, min(last + (given < 2), final), bang)
    return _shift(terminal, first, last, name)


def spans(terminal: Host, first: int, count: int) -> Spans:
    """Where lines stand in the pool: a copy of `count` rows (start, length)."""
    state = terminal.state
    slots = np.arange(first, first + count)
    slots[slots >= state.ctl[S.GAP]] += int(state.ctl[S.GAP_SIZE])
    return state.lines[slots]


def _replace(terminal: Host, first: int, count: int, new: Spans, yank: bool = False, done: bool = True) -> None:
    terminal.reserve(0, len(new) + count)
    kernels.replace_lines(terminal.state, first, count, new, yank, done)
    terminal.state.ctl[S.REGISTER] = terminal.state.ctl[S.YANKED] = 0


def _go(terminal: Host, line: int, column: int | None = None) -> None:
    """Where undo leads: vim goes there before the change. The first non-blank where no column is given."""
    ctl = terminal.state.ctl
    ctl[S.LINE] = line
    ctl[S.COLUMN] = kernels.first_non_blank(terminal.state, line) if column is None else column


def _refused(terminal: Host, characters: int, lines: int) -> Outcome | None:
    """What is said where the text may not grow so much."""
    ctl = terminal.state.ctl
    spent = int(ctl[S.CHARACTERS] + ctl[S.LINES]) + characters + lines
    if characters + lines > 0 and (spent > ctl[S.MOST_CHARACTERS] or ctl[S.LINES] + lines > ctl[S.MOST_LINES]):
        return _error(out_of_memory(characters + lines))
    return None


def _delete(terminal: Host, first: int, last: int) -> Outcome:
    ctl = terminal.state.ctl
    if ctl[S.EMPTY]:
        return Outcome()
    count = last - first + 1
    _go(terminal, first)
    _replace(terminal, first, count, np.empty((0, 2), dtype=np.int64), yank=True)
    if ctl[S.EMPTY]:
        return Outcome(first, "--No lines in buffer--")
    return Outcome(first, f"{count} fewer lines" if count > _REPORT else "")


def _join(terminal: Host, first: int, last: int, plain: bool) -> Outcome:
    if first == last:
        return Outcome(first)
    _go(terminal, first)
    terminal.reserve(0, 0)
    kernels.join_lines(terminal.state, first, last - first + 1, not plain)
    return Outcome(first)


def _copy(terminal: Host, first: int, last: int, target: int) -> Outcome:
    """`target` counts from 1: the line after which they go, 0 for the top."""
    count = last - first + 1
    copied = spans(terminal, first, count)
    if refused := _refused(terminal, int(copied[:, 1].sum()), count):
        return refused
    _replace(terminal, target, 0, copied)
    return Outcome(target + count - 1, f"{count} more lines" if count > _REPORT else "")


def _move(terminal: Host, first: int, last: int, target: int) -> Outcome:
    count = last - first + 1
    if first < target <= last:
        return _error("E134: Cannot move a range of lines into itself")
    if first <= target <= last + 1:
        end = last
    else:
        end = target - 1 if target > last else target + count - 1
        _replace(terminal, target, 0, spans(terminal, first, count), done=False)
        _replace(terminal, first if target > last else first + count, count, np.empty((0, 2), dtype=np.int64))
    return Outcome(end, f"{count} lines moved" if count > _REPORT else "")


def _shift(terminal: Host, first: int, last: int, name: str) -> Outcome:
    """`:>`, `:>>`, `:<`: as often as the sign stands there."""
    right = name[0] == ">"
    _go(terminal, first)
    if not terminal.state.ctl[S.EMPTY]:
        made, gone = kernels.shift_needs(terminal.state, first, last, right, len(name))
        if refused := _refused(terminal, made - gone, 0):
            return refused
        terminal.reserve(made, 0)
        kernels.shift_lines(terminal.state, first, last, right, len(name))
    count = last - first + 1
    times = f"{len(name)} time" + ("s" if len(name) > 1 else "")
    return Outcome(last, f"{count} lines {name[0]}ed {times}" if count > _REPORT else "")


def substitute(terminal: Host, first: int, last: int, argument: str) -> Outcome:
    """`:s/pattern/text/flags`: the first match of each line, with the flag g every one; `i`, `I`, `e`, `&` as well."""
    state = terminal.state
    parts = patterns.split(argument)
    if parts is None:
        return _error("E486: Pattern not found: " + argument)
    pattern, text, flags = parts
    if pattern:
        codes = buffer.characters(pattern.encode("utf-8", "surrogateescape"))[: S.REGION]
        state.pool[S.INPUT : S.INPUT + codes.size] = codes
        kernels.seek(state, codes.size)
    else:
        codes = state.pool[S.SEARCHED : S.SEARCHED + int(state.ctl[S.SEARCHED_LENGTH])]
        pattern = buffer.to_bytes(codes).decode("utf-8", "surrogateescape")
        if not pattern:
            return _error("E35: No previous regular expression")
    if extra := flags.strip("gieI&"):
        return _error(f"E488: Trailing characters: {extra}")
    try:
        program = patterns.translate(pattern)
        put = patterns.replacement(text)
    except patterns.UnsupportedError:
        return _error(f"E486: Pattern not found: {pattern}")
    except patterns.TooLongError:
        return _error("E339: Pattern too long")
    done = _substituted(terminal, first, last, program, put, "i" in flags, "g" in flags)
    if isinstance(done, str):
        return _error(done)
    if not done.matches:
        return Outcome() if "e" in flags else _error(f"E486: Pattern not found: {pattern}")
    _go(terminal, done.start, 0)
    _replace(terminal, first, last - first + 1, done.new)
    said = f"{done.matches} substitutions on {done.lines} line{'s' if done.lines > 1 else ''}"
    return Outcome(done.end, said if done.matches > _REPORT else "")


class _Substituted(NamedTuple):
    new: Spans
    lines: int  # that changed
    matches: int
    start: int  # the first of them
    end: int  # the last line that came of it


def _substituted(
    terminal: Host, first: int, last: int, program: patterns.Program, parts: Spans, fold: bool, every: bool
) -> _Substituted | str:
    """What the lines become, or a complaint. Lines that do not match stay where they are in the pool."""
    old = int(spans(terminal, first, last - first + 1)[:, 1].sum())
    count = last - first + 1
    terminal.state.ctl[S.WORK] = 0
    stack = np.empty((_STACK, 4), dtype=np.int64)
    slots = np.empty(program.slots, dtype=np.int64)
    found = np.zeros(6, dtype=np.int64)
    ctl = terminal.state.ctl
    most = int(ctl[S.MOST_CHARACTERS] - ctl[S.CHARACTERS] - ctl[S.LINES]) + old + S.SPARE_CHARACTERS
    for size in (old + S.SPARE_CHARACTERS, most):  # mostly the text stays about as long as it was
        terminal.reserve(size, 0)
        state = terminal.state
        new = np.empty((count + (_SPARE_ROWS if size < most else int(ctl[S.MOST_LINES])), 2), dtype=np.int64)
        done = kernels.substitute(
            state, first, last, (program.code, program.sets), parts, slots, stack, new, found, fold, every
        )
        if done == matching.NO_WORK:
            return "E363: Pattern uses more memory than 'maxmempattern'"
        if done == 0:
            break
    else:
        return out_of_memory(most)
    lines, matches, changed, start, end, place = found.tolist()
    if refused := _refused(terminal, int(new[:lines, 1].sum()) - old, lines - count):
        return refused.says
    state.ctl[S.POOL_END] = state.ctl[S.MARK] = place
    return _Substituted(new[:lines].copy(), changed, matches, start, end)
