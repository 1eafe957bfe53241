"""The door to the compiled terminal: `press` consumes one key, `run` many.

`press(state, key) -> trap`. A trap other than TRAP_NONE asks for `terminal.service(trap)` before the next key, after
which `terminal.state` must be read again. Other rooms may call `press` from their own kernels.
"""

from typing import Any

import numpy as np

from rcfam.jit import bare_kernel, inner
from rcfam.terminal import glyphs
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import (
    budget,
    compaction,
    edits,
    indents,
    insert,
    matching,
    messages,
    motions,
    normal,
    objects,
    operators,
    pending,
    positions,
    prompt,
    repetition,
    scrolling,
    search,
    text,
    undo,
    view,
    visual,
)
from rcfam.terminal.shell import readline, tty

CONTINUE = K.PAGE_DOWN + 1
"""no key: there is room now for the command in ctl[ACTION]"""


@inner
def headroom(s: Any) -> Any:
    """TRAP_GROW where one more key might not fit, else TRAP_NONE."""
    ctl = s.ctl
    if (
        s.pool.shape[0] - ctl[S.POOL_END] < budget.pool_room(ctl)
        or ctl[S.GAP_SIZE] < S.SPARE_LINES + ctl[S.REGISTER_LINES]
        or s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < 2 * ctl[S.LINES] + S.SPARE_LOG
        or s.clusters.shape[0] - ctl[S.CLUSTERS] < 2 * s.cells.size
    ):
        return S.TRAP_GROW
    return S.TRAP_NONE


@inner
def _may_act(s: Any, action: Any, command: Any, count: Any) -> Any:
    """TRAP_ROOM where a command needs more room than there is, else TRAP_NONE.

    Where the text may not grow so much the command is given up, with vim's word on that.
    """
    ctl = s.ctl
    made = 0
    lines = 0
    room = 0
    if action == S.ACT_EDIT and (command == K.p or command == K.P):
        made, lines, room = edits.put_needs(s, count)
    elif action == S.ACT_OPERATE and (ctl[S.OPERATOR] == S.OP_SHIFT_RIGHT or ctl[S.OPERATOR] == S.OP_SHIFT_LEFT):
        room, gone = indents.shift_needs(
            s, ctl[S.FROM_LINE], ctl[S.TO_LINE], ctl[S.OPERATOR] == S.OP_SHIFT_RIGHT, ctl[S.SHIFT_TIMES]
        )
        made = room - gone
    elif action == S.ACT_INDENT:
        room, gone = indents.indent_needs(s, command == K.CTRL_T)
        made = room - gone
    elif action == S.ACT_UNDO:
        # As many lines go to the one log as the other gives back, and the text's besides.
        rows = ctl[S.LINES] + max(ctl[S.UNDO_END] - ctl[S.UNDO_FIRST], ctl[S.REDO_END]) + S.SPARE_LOG
        if s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < rows:
            ctl[S.NEED] = ctl[S.NEED_LINES] = 0
            ctl[S.NEED_ROWS] = rows
            return S.TRAP_ROOM
    if not budget.may_grow(s, made, lines):
        ctl[S.ACTION] = S.ACT_NONE
        if action != S.ACT_INDENT:
            pending.reset(s)
        return S.TRAP_NONE
    return S.TRAP_NONE if budget.has_room(s, room, lines) else S.TRAP_ROOM


@inner
def press(s: Any, key: Any) -> Any:
    """Consume one key and bring the cells and the cursor up to date; return a trap."""
    key = np.int64(key)
    ctl = s.ctl
    if key == CONTINUE and ctl[S.ACTION] != S.ACT_NONE:
        return _act(s, S.TRAP_NONE, ctl[S.MODE])
    if K.SURROGATES <= key < K.SURROGATES_END or key > K.PAGE_DOWN or key < 0:
        return S.TRAP_NONE  # no keyboard sends it
    if ctl[S.PREFIX]:
        ctl[S.PREFIX] = 0
        if key != K.CTRL_B:
            ctl[S.KEY] = key
            return S.TRAP_PREFIX
    elif key == K.CTRL_B:
        ctl[S.PREFIX] = 1
        return S.TRAP_NONE
    if ctl[S.PROGRAM] == S.SHELL:
        return readline.press_shell(s, key)
    trap = S.TRAP_NONE
    mode = ctl[S.MODE]
    if mode == S.INSERT or mode == S.REPLACE:
        ended = insert.press_insert(s, key)
        if not ended and key != K.BACKSPACE and key != K.CTRL_H and key != K.CTRL_W and key != K.CTRL_U:
            view.wrap_at_end(s)
        if ended:
            if ctl[S.INSERT_COUNT] > 1:
                return S.TRAP_REPEAT
            pending.end_insert(s)
    elif mode == S.COMMAND:
        if ctl[S.OPERATOR]:
            pending.record(s, key)
        trap = prompt.press(s, key)
        if ctl[S.MODE] == S.COMMAND:
            readline.edit(s, key)
    else:
        trap = normal.parse(s, key)
    return _act(s, trap, mode)


@inner
def _act(s: Any, trap: Any, mode: Any) -> Any:
    """Do the command in ctl[ACTION], if there is one, and redraw; `mode` is the mode that its last key was typed in."""
    ctl = s.ctl
    register = ctl[S.REGISTER]
    ctl[S.YANKED] = 0
    if ctl[S.ACTION] != S.ACT_NONE:
        # The command's parts are called from here and nowhere deeper: each is compiled into this kernel only once.
        action = ctl[S.ACTION]
        command = ctl[S.ACTION_KEY]
        lead = ctl[S.ACTION_LEAD]
        counted = ctl[S.COUNT] > 0 or ctl[S.COUNT2] > 0
        count = pending.count_of(s)
        if _may_act(s, action, command, count) != S.TRAP_NONE:
            return S.TRAP_ROOM
        action = ctl[S.ACTION]  # none where it was given up
        ctl[S.ACTION] = S.ACT_NONE
        if action == S.ACT_MOTION:
            if lead:
                normal.aim(s, motions.motion_after(s, lead, command, count, counted))
            else:
                normal.aim(s, motions.motion(s, command, count, counted))
        elif action == S.ACT_SEARCH:
            found = search.from_input(s, ctl[S.INPUT_KIND] == K.QUESTION, count)
            normal.aim(s, S.EXCLUSIVE if found else S.FAILED)
        elif action == S.ACT_OBJECT:
            normal.aim_object(s, objects.select(s, lead == K.a, command, count))
        elif action == S.ACT_EDIT:
            edits.edit(s, command, count)
            pending.finish(s, True)
        elif action == S.ACT_REPLACE:
            if mode == S.VISUAL:
                visual.span(s)
                visual.keep(s, ctl[S.VISUAL_KIND] == S.SELECT_LINES)
                edits.replace_selection(s, command)
                visual.leave(s)
                pending.finish(s, True)
            else:
                edits.replace(s, command, count)
                pending.finish(s, True)
        elif action == S.ACT_INSERT:
            if insert.start(s, command):
                pending.begin_insert(s, S.REPLACE if command == K.R else S.INSERT, count)
            else:
                pending.reset(s)
        elif action == S.ACT_UNDO:
            undo.undo(s, command == K.CTRL_R, count)
            pending.reset(s)
        elif action == S.ACT_SCROLL:
            scrolling.command(s, command, count if counted else 0)
            pending.reset(s)
            ctl[S.WHOLE] = 1 if mode == S.VISUAL else ctl[S.WHOLE]
        elif action == S.ACT_INDENT:
            indents.indent(s, command == K.CTRL_T)
        elif action == S.ACT_Z:
            scrolling.z_command(s, command, count if counted else 0)
            pending.reset(s)
        if action != S.ACT_OPERATE and ctl[S.ACTION] == S.ACT_OPERATE:
            if _may_act(s, S.ACT_OPERATE, 0, 1) != S.TRAP_NONE:
                return S.TRAP_ROOM
            action = ctl[S.ACTION]
        if action == S.ACT_OPERATE:
            ctl[S.ACTION] = S.ACT_NONE
            operator = ctl[S.OPERATOR]
            if operators.operate(s):
                pending.begin_insert(s, S.INSERT, 1)
            else:
                pending.finish(s, operator != S.OP_YANK)
    if trap != S.TRAP_NONE:
        return trap
    if ctl[S.MODE] == S.COMMAND:
        if ctl[S.WHOLE]:  # a selection that was shown is no more
            view.refresh(s)
        prompt.draw(s)
    else:
        if ctl[S.MESSAGE] != messages.NOTHING:
            messages.draw(s)
        view.refresh(s)
        if ctl[S.LITERAL] and (ctl[S.MODE] == S.INSERT or ctl[S.MODE] == S.REPLACE):
            view.show_caret(s)
    if register and ctl[S.YANKED]:
        ctl[S.KEY] = register
        return S.TRAP_REGISTER
    return headroom(s)


@bare_kernel
def run(s: Any, keys: Any, start: Any) -> tuple[int, int]:
    """Press keys[start:] until the end or a trap; return the number of the next key and the trap."""
    for i in range(start, keys.shape[0]):
        trap = press(s, keys[i])
        if trap != S.TRAP_NONE:
            return i + 1, trap
    return keys.shape[0], S.TRAP_NONE


# Doors for Python's services


@bare_kernel
def pool_room(ctl: Any) -> Any:
    """As `budget.pool_room`."""
    return budget.pool_room(ctl)


@bare_kernel
def insert_text(s: Any, codes: Any, back: Any, ahead: Any, over: bool) -> None:
    """As `repetition.insert_text`."""
    repetition.insert_text(s, codes, np.int64(back), np.int64(ahead), over)


@bare_kernel
def rest_of_line(s: Any) -> Any:
    """Characters at and after the cursor in its line."""
    return text.length(s, s.ctl[S.LINE]) - s.ctl[S.COLUMN]


@bare_kernel
def put(s: Any, before: bool, count: Any) -> None:
    """p and P of what stands in the unnamed register; there is room for it."""
    edits.put(s, before, np.int64(count))
    pending.finish(s, True)
    if s.ctl[S.MESSAGE] != messages.NOTHING:
        messages.draw(s)
    view.refresh(s)


@bare_kernel
def take_lines(s: Any, codes: Any, sizes: Any) -> None:
    """Copy the characters of the unnamed register, line after line, and the lengths of its lines."""
    place = 0
    for i in range(s.ctl[S.REGISTER_LINES]):
        start = s.register[i, 0]
        sizes[i] = s.register[i, 1]
        for j in range(sizes[i]):
            codes[place + j] = s.pool[start + j]
        place += sizes[i]


@bare_kernel
def recombine(s: Any, clusters: Any, count: Any) -> None:
    """Make the first `count` clusters of another table in this one."""
    for i in range(count):
        glyphs.combine(s, clusters[i, 0], clusters[i, 1])


@bare_kernel
def compact(s: Any, moved: Any) -> None:
    """As `compaction.compact`."""
    compaction.compact(s, moved)


@bare_kernel
def one_by_one(s: Any, opened: Any, typed: Any, first: Any, last: Any) -> Any:
    """As `repetition.one_by_one`."""
    return repetition.one_by_one(s, opened, typed, first, last)


@bare_kernel
def refresh(s: Any) -> None:
    """Redraw the editor."""
    view.refresh(s)


@bare_kernel
def show_mode(s: Any) -> None:
    """Blank the editor's last line, or show the mode there."""
    messages.say(s, messages.MODE)
    messages.draw(s)


@bare_kernel
def write_message(s: Any, codes: Any, attribute: Any) -> None:
    """Show characters on the editor's last line."""
    messages.text(s, np.int64(0), codes, np.int64(0), np.int64(codes.shape[0]), attribute)


@bare_kernel
def write(s: Any, codes: Any, attribute: Any) -> None:
    """Write characters to the shell's screen at the cursor."""
    tty.write(s, codes, attribute)


@bare_kernel
def draw_input(s: Any) -> None:
    """Draw the shell's input line, scrolling the screen where it needs more rows."""
    missing = readline.rows_missing(s)
    if missing > 0:
        tty.scroll(s, missing)
        s.ctl[S.PROMPT_ROW] -= missing
        s.ctl[S.INPUT_ROW] -= missing
    readline.draw_input(s)


@bare_kernel
def combine(s: Any, glyph: Any, mark: Any) -> Any:
    """The number of a grapheme cluster, made where it is new."""
    return glyphs.combine(s, glyph, mark)


@bare_kernel
def replace_lines(s: Any, first: Any, count: Any, spans_N2: Any, yank: bool, done: bool) -> None:
    """Put lines, each a (start, length) in the pool, where `count` lines stand from `first` on.

    With `yank` the old lines go to the register before; with `done` the undo unit ends.
    """
    if yank:
        operators.yank_lines(s, first, count)
    text.save(s, first, count)
    new = spans_N2.shape[0]
    if new > count:
        text.insert_lines(s, first + count, new - count)
    elif new < count:
        text.delete_lines(s, first + new, count - new)
    for i in range(new):
        text.set_line(s, first + i, spans_N2[i, 0], spans_N2[i, 1])
    text.freeze(s)
    if done:
        text.close_unit(s)


@bare_kernel
def join_lines(s: Any, line: Any, count: Any, spaces: bool) -> None:
    """Join `count` lines, a change of its own."""
    edits.join_lines(s, np.int64(line), np.int64(count), spaces)
    text.freeze(s)
    text.close_unit(s)


@bare_kernel
def shift_needs(s: Any, first: Any, last: Any, right: bool, times: Any) -> tuple[int, int]:
    """As `indents.shift_needs`."""
    return indents.shift_needs(s, np.int64(first), np.int64(last), right, np.int64(times))


@bare_kernel
def shift_lines(s: Any, first: Any, last: Any, right: bool, times: Any) -> None:
    """Shift the lines first..last, a change of its own."""
    text.save(s, np.int64(first), np.int64(last - first + 1))
    for line in range(first, last + 1):
        indents.shift(s, np.int64(line), right, np.int64(times))
    text.changed(s)
    text.freeze(s)
    text.close_unit(s)


@bare_kernel
def substitute(
    s: Any, first: Any, last: Any, program: Any, parts: Any, slots: Any, stack: Any, spans: Any, found: Any,
    fold: bool, every: bool,
) -> int:  # fmt: skip
    """As `matching.substitute`."""
    return matching.substitute(
        s, np.int64(first), np.int64(last), program, parts, slots, stack, spans, found, fold, every
    )


@bare_kernel
def select_again(s: Any) -> None:
    """Select as much as the change that `.` repeats took."""
    visual.select_again(s)


@bare_kernel
def seek(s: Any, size: Any) -> None:
    """Make the first `size` characters of the input the pattern that `n` searches."""
    for i in range(size):
        s.pool[S.SEARCHED + i] = s.pool[S.INPUT + i]
    s.ctl[S.SEARCHED_LENGTH] = size
    s.ctl[S.PATTERN_BACKWARD] = 0
    search.compile_input(s, 0, size, 47)


@bare_kernel
def first_non_blank(s: Any, line: Any) -> Any:
    """The column where a jump to `line` puts the cursor."""
    return positions.first_non_blank(s, line)
