"""The door to the compiled terminal: `press` consumes one key, `run` many.

`press(state, key) -> trap`. A trap other than TRAP_NONE asks for `terminal.service(trap)` before the next key, after
which `terminal.state` must be read again. Other rooms may call `press` from their own kernels.
"""

from typing import Any

import numpy as np

from rcfam.jit import bare_kernel, inner
from rcfam.terminal import glyphs
from rcfam.terminal import state as S
from rcfam.terminal.editor import (
    edits,
    indents,
    insert,
    messages,
    motions,
    normal,
    objects,
    operators,
    pending,
    places,
    prompt,
    scrolling,
    search,
    text,
    undo,
    view,
    visual,
)
from rcfam.terminal.keys import PAGE_DOWN
from rcfam.terminal.shell import readline, tty


@bare_kernel
def pool_room(ctl: Any) -> Any:
    """Characters that the next key may add: every line copied and indented once, and the longest twice."""
    return ctl[S.POOL_END] - S.TEXT + 16 * ctl[S.LINES] + 2 * ctl[S.LONGEST] + S.SPARE_CHARACTERS


@inner
def headroom(s: Any) -> Any:
    """TRAP_GROW where one more key might not fit, else TRAP_NONE."""
    ctl = s.ctl
    if (
        s.pool.shape[0] - ctl[S.POOL_END] < pool_room(ctl)
        or ctl[S.GAP_SIZE] < S.SPARE_LINES + ctl[S.REGISTER_LINES]
        or s.log.shape[0] - ctl[S.UNDO_END] - ctl[S.REDO_END] < 2 * ctl[S.LINES] + S.SPARE_LOG
        or s.clusters.shape[0] - ctl[S.CLUSTERS] < 2 * s.cells.size
    ):
        return S.TRAP_GROW
    return S.TRAP_NONE


@inner
def press(s: Any, key: Any) -> Any:
    """Consume one key and bring the cells and the cursor up to date; return a trap."""
    key = np.int64(key)
    ctl = s.ctl
    if 0xD800 <= key < 0xE000 or key > PAGE_DOWN or key < 0:
        return S.TRAP_NONE  # no keyboard sends it
    if ctl[S.PREFIX]:
        ctl[S.PREFIX] = 0
        if key != 2:
            ctl[S.KEY] = key
            return S.TRAP_PREFIX
    elif key == 2:
        ctl[S.PREFIX] = 1
        return S.TRAP_NONE
    if ctl[S.PROGRAM] == S.SHELL:
        return readline.press_shell(s, key)
    trap = S.TRAP_NONE
    mode = ctl[S.MODE]
    if mode == S.INSERT or mode == S.REPLACE:
        pending.record(s, key)
        ended = insert.press_insert(s, key)
        if not ended and key != 127 and key != 8 and key != 23 and key != 21:
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
    register = ctl[S.REGISTER]
    ctl[S.YANKED] = 0
    if ctl[S.ACTION] != S.ACT_NONE:
        # The command's parts are called from here and nowhere deeper: each is compiled into this kernel only once.
        action = ctl[S.ACTION]
        command = ctl[S.ACTION_KEY]
        lead = ctl[S.ACTION_LEAD]
        counted = ctl[S.COUNT] > 0 or ctl[S.COUNT2] > 0
        count = pending.count_of(s)
        ctl[S.ACTION] = S.ACT_NONE
        if action == S.ACT_MOTION:
            if lead:
                normal.aim(s, motions.motion_after(s, lead, command, count, counted))
            else:
                normal.aim(s, motions.motion(s, command, count, counted))
        elif action == S.ACT_SEARCH:
            found = search.from_input(s, ctl[S.INPUT_KIND] == 63, count)
            normal.aim(s, S.EXCLUSIVE if found else S.FAILED)
        elif action == S.ACT_OBJECT:
            normal.aim_object(s, objects.select(s, lead == 97, command, count))
        elif action == S.ACT_EDIT:
            edits.edit(s, command, count)
            pending.finish(s, True)
        elif action == S.ACT_REPLACE:
            if mode == S.VISUAL:
                visual.span(s)
                visual.keep(s, ctl[S.VISUAL_KIND] == 86)
                edits.replace_selection(s, command)
                visual.leave(s)
                pending.finish(s, True)
            else:
                edits.replace(s, command, count)
                pending.finish(s, True)
        elif action == S.ACT_INSERT:
            insert.start(s, command)
            pending.begin_insert(s, S.REPLACE if command == 82 else S.INSERT, count)
        elif action == S.ACT_UNDO:
            undo.undo(s, command == 18, count)
            pending.reset(s)
        elif action == S.ACT_SCROLL:
            scrolling.command(s, command, count if counted else 0)
            pending.reset(s)
            ctl[S.WHOLE] = 1 if mode == S.VISUAL else ctl[S.WHOLE]
        elif action == S.ACT_INDENT:
            indents.indent(s, command == 20)
        elif action == S.ACT_Z:
            scrolling.z_command(s, command, count if counted else 0)
            pending.reset(s)
        if action == S.ACT_OPERATE or ctl[S.ACTION] == S.ACT_OPERATE:
            ctl[S.ACTION] = S.ACT_NONE
            operator = ctl[S.OPERATOR]
            if operators.operate(s):
                pending.begin_insert(s, S.INSERT, 1)
            else:
                pending.finish(s, operator != 121)
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
    while readline.draw_input(s) == S.TRAP_SCROLL:
        tty.scroll(s, 1)
        s.ctl[S.PROMPT_ROW] -= 1
        s.ctl[S.INPUT_ROW] -= 1


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
    return places.first_non_blank(s, line)
