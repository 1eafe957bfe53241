"""The command in progress, and the keys of the last one, which `.` repeats."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import messages, text
from rcfam.terminal.editor.positions import previous

MOST = 99_999_999


@inner
def reset(s: Any) -> None:
    """Forget the command in progress."""
    ctl = s.ctl
    ctl[S.COUNT] = 0
    ctl[S.COUNT2] = 0
    ctl[S.OPERATOR] = 0
    ctl[S.LEAD] = 0
    ctl[S.REGISTER] = 0


@inner
def count_of(s: Any) -> Any:
    """The count of the whole command, at least 1."""
    ctl = s.ctl
    return min(max(ctl[S.COUNT], 1) * max(ctl[S.COUNT2], 1), MOST)


@inner
def act(s: Any, action: Any, key: Any) -> None:
    """The command is whole: note what is to be done, and with which key."""
    s.ctl[S.ACTION] = action
    s.ctl[S.ACTION_KEY] = key


@inner
def span(s: Any, operator: Any, kind: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """The command is an operator on a span that needs no motion."""
    ctl = s.ctl
    ctl[S.ACTION] = S.ACT_OPERATE
    ctl[S.OPERATOR] = operator
    ctl[S.SPAN_KIND] = kind
    ctl[S.FROM_LINE] = line
    ctl[S.FROM_COLUMN] = column
    ctl[S.TO_LINE] = last
    ctl[S.TO_COLUMN] = end


@inner
def record(s: Any, key: Any) -> None:
    """Keep a key of the command in progress for `.`; too many make it unrepeatable."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    if n < S.REGION:
        s.pool[S.KEYS + n] = key
    ctl[S.DOT_RECORDING] = n + 1


@inner
def finish_change(s: Any) -> None:
    """The recorded keys, and what was typed after them, are what `.` repeats from now on."""
    ctl = s.ctl
    n = ctl[S.DOT_RECORDING]
    ctl[S.DOT_LENGTH] = n if n <= S.REGION and ctl[S.TYPED] >= 0 else 0
    for i in range(ctl[S.DOT_LENGTH]):
        s.pool[S.KEYS + S.REGION + i] = s.pool[S.KEYS + i]
    ctl[S.DOT_TYPED] = ctl[S.TYPED]
    for i in range(ctl[S.TYPED]):
        s.pool[S.TYPED_TEXT + S.REGION + i] = s.pool[S.TYPED_TEXT + i]
    ctl[S.TYPED] = 0
    ctl[S.DOT_RECORDING] = 0
    ctl[S.DOT_INSERT] = 0
    ctl[S.DOT_SELECTED] = ctl[S.SELECTED]
    ctl[S.DOT_LINES] = ctl[S.SELECTED_LINES]
    ctl[S.DOT_COLUMNS] = ctl[S.SELECTED_COLUMNS]


@inner
def finish(s: Any, changed: bool) -> None:
    """A command that changed text (or only yanked) is done: `.` repeats it, the undo unit ends."""
    reset(s)
    text.close_unit(s)
    if changed:
        finish_change(s)


@inner
def begin_insert(s: Any, mode: Any, count: Any) -> None:
    ctl = s.ctl
    ctl[S.MODE] = mode
    ctl[S.WANT] = S.HERE
    ctl[S.INSERT_COUNT] = count
    ctl[S.REPLACED] = 0
    ctl[S.TYPED] = 0
    ctl[S.MOVED] = 0
    ctl[S.START_LINE] = ctl[S.LINE]
    ctl[S.START_COLUMN] = ctl[S.COLUMN]
    ctl[S.INSERT_FROM] = ctl[S.DOT_RECORDING]
    reset(s)
    messages.say(s, messages.MODE)


@inner
def end_insert(s: Any) -> None:
    """Esc: back to normal mode, the cursor one to the left."""
    ctl = s.ctl
    ctl[S.MODE] = S.NORMAL
    if ctl[S.COLUMN] > 0:
        ctl[S.COLUMN] = previous(s, ctl[S.LINE], ctl[S.COLUMN])
    ctl[S.WANT] = S.HERE
    ctl[S.LITERAL] = 0
    text.close_unit(s)
    if not ctl[S.MOVED]:
        finish_change(s)
        ctl[S.DOT_INSERT] = ctl[S.INSERT_FROM]
    messages.say(s, messages.MODE)
