"""What an operator does to the characters or lines that a motion spans.

Follows vim's ops.c: where the cursor ends, what counts as whole lines, and which lines one undo unit saves.
"""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank
from rcfam.terminal.editor import indents, letter_case, messages, text
from rcfam.terminal.editor.positions import check_cursor, following, in_indent, to_first_non_blank


@inner
def yank_lines(s: Any, first: Any, count: Any) -> None:
    """Point the register at whole lines."""
    text.freeze(s)
    for i in range(count):
        k = text.slot(s.ctl, first + i)
        s.register[i, 0] = s.lines[k, 0]
        s.register[i, 1] = s.lines[k, 1]
    s.ctl[S.REGISTER_LINES] = count
    s.ctl[S.REGISTER_KIND] = 1
    s.ctl[S.YANKED] = 1


@inner
def _yank_span(s: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """Point the register at the characters from (line, column) up to (last, end), excluded."""
    ctl = s.ctl
    text.freeze(s)
    for i in range(last - line + 1):
        k = text.slot(ctl, line + i)
        begin = column if i == 0 else 0
        stop = end if line + i == last else s.lines[k, 1]
        s.register[i, 0] = s.lines[k, 0] + begin
        s.register[i, 1] = max(stop - begin, 0)
    ctl[S.REGISTER_LINES] = last - line + 1
    ctl[S.REGISTER_KIND] = 0
    ctl[S.YANKED] = 1


@inner
def delete_span(s: Any, line: Any, column: Any, last: Any, end: Any) -> None:
    """Delete from (line, column) up to (last, end), excluded, joining the ends; saved for undo."""
    text.save(s, line, last - line + 1)
    if line == last:
        text.remove(s, line, column, end - column)
        return
    total = text.length(s, line)
    text.remove(s, line, column, total - column)
    if last - line > 1:
        text.delete_lines(s, line + 1, last - line - 1)
    text.remove(s, line + 1, 0, end)
    text.join(s, line)


@inner
def _operate_lines(s: Any, operator: Any, first: Any, last: Any) -> bool:
    """An operator on whole lines; true where insert mode begins."""
    ctl = s.ctl
    count = last - first + 1
    if operator == S.OP_YANK:
        yank_lines(s, first, count)
        messages.say_count(s, messages.YANKED, count)
        return False
    if operator == S.OP_DELETE or operator == S.OP_CHANGE:
        yank_lines(s, first, count)
    text.save(s, first, count)
    if operator == S.OP_DELETE:
        text.delete_lines(s, first, count)
        to_first_non_blank(s, first)
        messages.say_count(s, messages.FEWER, count)
        return False
    if operator == S.OP_CHANGE:
        if count > 1:
            text.delete_lines(s, first + 1, count - 1)
        text.remove(s, first, 0, text.length(s, first))
        text.changed(s)
        ctl[S.LINE] = first
        ctl[S.COLUMN] = 0
        return True
    for line in range(first, last + 1):
        if operator == S.OP_SHIFT_RIGHT or operator == S.OP_SHIFT_LEFT:
            indents.shift(s, line, operator == S.OP_SHIFT_RIGHT, ctl[S.SHIFT_TIMES])
        else:
            letter_case.change_case(s, line, 0, text.length(s, line), operator)
    if operator == S.OP_SHIFT_RIGHT or operator == S.OP_SHIFT_LEFT:
        if not ctl[S.EMPTY]:
            text.changed(s)
        to_first_non_blank(s, first)
        if operator == S.OP_SHIFT_RIGHT:
            messages.say_count(s, messages.SHIFTED_RIGHT, count)
        else:
            messages.say_count(s, messages.SHIFTED_LEFT, count)
    else:
        ctl[S.LINE] = first
        if ctl[S.VISUAL_DONE]:
            ctl[S.COLUMN] = 0
        check_cursor(s)
        ctl[S.WANT] = S.HERE
        messages.say_count(s, messages.CHANGED, count)
    return False


@inner
def operate(s: Any) -> bool:
    """Run the operator over its span, FROM to TO, of a motion of kind ctl[SPAN_KIND]; true where insert mode begins.

    An exclusive motion that ends at a line's start ends on the line before, and covers whole lines where it also
    begins in the indent (vim's o_v rules).
    """
    ctl = s.ctl
    operator = ctl[S.OPERATOR]
    kind = ctl[S.SPAN_KIND]
    line = ctl[S.FROM_LINE]
    column = ctl[S.FROM_COLUMN]
    last = ctl[S.TO_LINE]
    end = ctl[S.TO_COLUMN]
    ctl[S.LINE] = line
    ctl[S.COLUMN] = column
    if operator == S.OP_DELETE and ctl[S.EMPTY]:
        return False
    if kind == S.EXCLUSIVE and end == 0 and last > line and not ctl[S.VISUAL_DONE]:
        last -= 1
        if in_indent(s, line, column):
            kind = S.LINEWISE
        else:
            end = text.length(s, last)
    elif kind == S.INCLUSIVE:
        end = following(s, last, end) if end < text.length(s, last) else text.length(s, last)
    if (
        kind != S.LINEWISE
        and operator == S.OP_DELETE
        and last > line
        and not ctl[S.VISUAL_DONE]
        and in_indent(s, line, column)
    ):
        rest = end
        while rest < text.length(s, last) and is_blank(text.character(s, last, rest)):
            rest += 1
        if rest == text.length(s, last):
            kind = S.LINEWISE
    if operator == S.OP_SHIFT_RIGHT or operator == S.OP_SHIFT_LEFT:
        kind = S.LINEWISE
    if kind == S.LINEWISE:
        if operator == S.OP_YANK:
            if ctl[S.VISUAL_DONE]:
                ctl[S.WANT] = S.HERE
            check_cursor(s)
        return _operate_lines(s, operator, line, last)
    ctl[S.WANT] = S.HERE
    if operator == S.OP_YANK:
        _yank_span(s, line, column, last, end)
        messages.say_count(s, messages.YANKED, last - line + 1)
        check_cursor(s)
        return False
    if operator == S.OP_DELETE or operator == S.OP_CHANGE:
        if line == last and end <= column:
            if operator == S.OP_CHANGE or kind == S.EXCLUSIVE:
                text.save(s, line, 1)  # vim, too, lets `u` undo a deletion of nothing, but not of an empty line's `D`
            return operator == S.OP_CHANGE
        _yank_span(s, line, column, last, end)
        delete_span(s, line, column, last, end)
        if operator == S.OP_CHANGE:
            return True
        messages.say_count(s, messages.FEWER, last - line)
        check_cursor(s)
        return False
    text.save(s, line, last - line + 1)
    for i in range(line, last + 1):
        begin = column if i == line else 0
        stop = end if i == last else text.length(s, i)
        letter_case.change_case(s, i, begin, stop, operator)
    text.changed(s)
    messages.say_count(s, messages.CHANGED, last - line + 1)
    return False
