"""The keys that scroll the window: Ctrl-E Ctrl-Y Ctrl-D Ctrl-U Ctrl-F Ctrl-B, PageUp, PageDown and z."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import text, window
from rcfam.terminal.editor.columns import column_at, line_height, text_rows
from rcfam.terminal.editor.positions import first_non_blank


@inner
def keep_cursor_visible(s: Any, sticky: Any) -> None:
    """The window moved: the cursor follows onto its first or last whole line."""
    ctl = s.ctl
    window.measure(s)
    last = max(ctl[S.BOTTOM] - 1, ctl[S.TOP])
    line = min(max(ctl[S.LINE], ctl[S.TOP]), last)
    if line != ctl[S.LINE] or sticky:
        ctl[S.LINE] = line
        total = text.length(s, line)
        ctl[S.COLUMN] = min(column_at(s, line, ctl[S.WANT]), max(total - 1, 0))


@inner
def _lines(s: Any, count: Any, down: bool) -> None:
    """Ctrl-E, Ctrl-Y."""
    ctl = s.ctl
    if down:
        ctl[S.TOP] = min(ctl[S.TOP] + count, ctl[S.LINES] - 1)
    else:
        ctl[S.TOP] = max(ctl[S.TOP] - count, 0)
    ctl[S.SKIP] = 0
    keep_cursor_visible(s, False)


@inner
def _half(s: Any, count: Any, down: bool) -> None:
    """Ctrl-D, Ctrl-U: window and cursor move by half a window; a count stays for the next time."""
    ctl = s.ctl
    rows = text_rows(s)
    if count > 0:
        ctl[S.HALF] = min(count, rows)
    n = ctl[S.HALF] if ctl[S.HALF] > 0 else rows // 2
    total = ctl[S.LINES]
    line = ctl[S.LINE]
    scrolled = False
    window.measure(s)
    if down:
        if line == total - 1:
            return
        left = n
        while left > 0 and ctl[S.BOTTOM] < total:
            left -= line_height(s, ctl[S.TOP])
            if left < 0 and scrolled:
                break
            scrolled = True
            ctl[S.TOP] += 1
            ctl[S.SKIP] = 0
            if line < total - 1:
                line += 1
            window.measure(s)
        if left > 0:
            line = min(line + left, total - 1)
    else:
        if line == 0:
            return
        left = n
        while left > 0 and ctl[S.TOP] > 0:
            left -= line_height(s, ctl[S.TOP] - 1)
            if left < 0 and scrolled:
                break
            scrolled = True
            ctl[S.TOP] -= 1
            ctl[S.SKIP] = 0
            if line > 0:
                line -= 1
        if left > 0:
            line = max(line - left, 0)
    ctl[S.LINE] = line
    keep_cursor_visible(s, False)
    ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
    ctl[S.WANT] = S.HERE


@inner
def _overlap(s: Any, line: Any, step: Any) -> Any:
    """How many lines two pages share at `line` (the first line beyond the window, `step` back into it): up to two."""
    room = text_rows(s) - 2
    total = s.ctl[S.LINES]
    first = second = third = 0
    for i in range(4):
        at = line + i * step
        h = line_height(s, at) if 0 <= at < total else 1 << 30
        if i == 0:
            first = h
            if h > room:
                return 0
        elif i == 1:
            second = h
            if h + first > room:
                return 0
        elif i == 2:
            third = h
            if h + second > room:
                return 0
        elif h + third + second > room or third + second + first > room:
            return 1
    return 2


@inner
def _page_down(s: Any) -> bool:
    """Ctrl-F: the last two lines of the window become its first; false at the text's end."""
    ctl = s.ctl
    total = ctl[S.LINES]
    if ctl[S.TOP] >= total - 1:
        return False
    if ctl[S.BOTTOM] >= total:
        ctl[S.TOP] = total - 1
    else:
        ctl[S.TOP] = max(ctl[S.BOTTOM] - _overlap(s, ctl[S.BOTTOM], -1), ctl[S.TOP] + 1)
    ctl[S.LINE] = ctl[S.TOP]
    return True


@inner
def _page_up(s: Any) -> bool:
    """Ctrl-B: the first two lines of the window become its last; false at the text's start."""
    ctl = s.ctl
    if ctl[S.TOP] == 0:
        return False
    line = ctl[S.TOP] - 1
    line = min(line + _overlap(s, line, 1), ctl[S.LINES] - 1)
    ctl[S.LINE] = line
    rows = text_rows(s)
    used = 0
    top = line
    while used <= rows and top >= 0:
        top -= 1
        if top >= 0:
            used += line_height(s, top)
    top = 0 if top < 0 else top + 2
    if top >= ctl[S.TOP]:
        ctl[S.TOP] -= 1
        window.measure(s)
        ctl[S.LINE] = max(ctl[S.BOTTOM] - 1, ctl[S.TOP])
    else:
        ctl[S.TOP] = top
    return True


@inner
def _pages(s: Any, count: Any, down: bool) -> None:
    """Ctrl-F, Ctrl-B: whole windows with two lines in common."""
    ctl = s.ctl
    for _ in range(min(count, ctl[S.LINES])):
        window.measure(s)
        if not (_page_down(s) if down else _page_up(s)):
            break
        ctl[S.SKIP] = 0
        keep_cursor_visible(s, False)
        ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
        ctl[S.WANT] = S.HERE


@inner
def command(s: Any, key: Any, count: Any) -> bool:
    """Run a scrolling key; false where `key` is none. `count` is 0 where none was typed."""
    if key == K.CTRL_E or key == K.CTRL_Y:
        _lines(s, max(count, 1), key == K.CTRL_E)
    elif key == K.CTRL_D or key == K.CTRL_U:
        _half(s, count, key == K.CTRL_D)
    elif key == K.CTRL_F or key in (K.PAGE_DOWN, K.PAGE_UP) or key == K.CTRL_B:
        _pages(s, max(count, 1), key == K.CTRL_F or key == K.PAGE_DOWN)
    else:
        return False
    return True


@inner
def z_command(s: Any, key: Any, count: Any) -> None:
    """zt zz zb, and z<Enter> z. z- which also go to the first non-blank; a count is the line."""
    ctl = s.ctl
    if not (key == K.t or key == K.z or key == K.b or key == K.ENTER or key == K.DOT or key == K.MINUS):
        return
    if count > 0:
        ctl[S.LINE] = min(count, ctl[S.LINES]) - 1
    if key == K.ENTER or key == K.DOT or key == K.MINUS or count > 0:
        ctl[S.COLUMN] = first_non_blank(s, ctl[S.LINE])
        ctl[S.WANT] = S.HERE
    if key == K.t or key == K.ENTER:
        window.to_top(s, 0, True)
    elif key == K.z or key == K.DOT:
        window.to_middle(s, True, False)
    else:
        window.to_last_row(s)
