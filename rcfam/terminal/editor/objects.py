"""Text objects after an operator: iw aw, quotes, brackets, paragraphs. FROM and TO hold the span."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import motions, positions, text, word_motions
from rcfam.terminal.editor.positions import in_indent, previous


@inner
def _class_at(s: Any, line: Any, column: Any, big: bool) -> Any:
    return positions.character_class(text.character(s, line, column), big)


@inner
def _word(s: Any, around: bool, big: bool) -> Any:
    """iw, aw: the run of one class under the cursor, `aw` with the blanks after it or else before it.

    As vim's current_word(): what begins on blanks, or on an empty line, may go on in the next line.
    """
    ctl = s.ctl
    line = ctl[S.LINE]
    first = ctl[S.COLUMN]
    kind = _class_at(s, line, first, big)
    while first > 0 and _class_at(s, line, first - 1, big) == kind:
        first -= 1
    ctl[S.TO_LINE] = line
    ctl[S.TO_COLUMN] = first
    if (kind == positions.BLANK) == around:
        if not word_motions.word_end(s, 1, big, True, True):
            return S.FAILED
    else:
        word_motions.word_forward(s, 1, big, True)
        if ctl[S.TO_COLUMN] > 0:
            ctl[S.TO_COLUMN] = previous(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN])
        elif positions.backward(s) == 1 and ctl[S.TO_COLUMN] > 0:
            positions.backward(s)
        if around and positions.class_here(s, big) != positions.BLANK and first > 0:
            begin = first
            while begin > 0 and _class_at(s, line, begin - 1, big) == 0:
                begin -= 1
            if begin > 0:
                first = begin
    ctl[S.FROM_LINE] = line
    ctl[S.FROM_COLUMN] = first
    if ctl[S.TO_LINE] < line and ctl[S.OPERATOR] != 0:  # vim on an empty last line
        ctl[S.FROM_LINE] = ctl[S.TO_LINE]
        ctl[S.FROM_COLUMN] = ctl[S.TO_COLUMN]
        ctl[S.TO_LINE] = line
        ctl[S.TO_COLUMN] = first
    return S.INCLUSIVE


@inner
def _quotes(s: Any, around: bool, quote: Any) -> Any:
    """i" and a": the first pair of quotes in the line that ends at or after the cursor."""
    ctl = s.ctl
    line = ctl[S.LINE]
    total = text.length(s, line)
    opened = -1
    column = 0
    here = ctl[S.COLUMN]
    paired = total > 0 and text.character(s, line, min(here, total - 1)) == quote
    while column < total:
        c = text.character(s, line, column)
        if c == K.BACKSLASH:
            column += 1
        elif c == quote:
            # On a quote the line's quotes pair up from its start, elsewhere the nearest two around the cursor do.
            if opened < 0 or (not paired and column < here):
                opened = column
            elif column >= here:
                break
            else:
                opened = -1
        column += 1
    if opened < 0 or column >= total:
        return S.FAILED
    first = opened
    last = column
    if around:
        if last + 1 < total and _class_at(s, line, last + 1, True) == 0:
            while last + 1 < total and _class_at(s, line, last + 1, True) == 0:
                last += 1
        else:
            while first > 0 and _class_at(s, line, first - 1, True) == 0:
                first -= 1
        kind = S.INCLUSIVE
    else:
        first += 1
        kind = S.EXCLUSIVE
    ctl[S.FROM_LINE] = ctl[S.TO_LINE] = line
    ctl[S.FROM_COLUMN] = first
    ctl[S.TO_COLUMN] = last
    return kind


@inner
def _brackets(s: Any, around: bool, left: Any, right: bool) -> Any:
    """i( and a(: the innermost brackets around the cursor."""
    ctl = s.ctl
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    depth = 0
    if positions.here(s) == right:
        depth = -1
    while True:
        c = positions.here(s)
        if c == right:
            depth += 1
        elif c == left:
            if depth == 0:
                break
            depth -= 1
        if positions.backward(s) == -1:
            # Not inside brackets: the next pair will do.
            ctl[S.TO_LINE] = ctl[S.LINE]
            ctl[S.TO_COLUMN] = ctl[S.COLUMN]
            while positions.here(s) != left:
                if positions.forward(s) == -1:
                    return S.FAILED
            break
    ctl[S.FROM_LINE] = ctl[S.TO_LINE]
    ctl[S.FROM_COLUMN] = ctl[S.TO_COLUMN]
    if not motions.matching(s):
        return S.FAILED
    if around:
        return S.INCLUSIVE
    ctl[S.FROM_COLUMN] += 1
    if ctl[S.FROM_COLUMN] >= text.length(s, ctl[S.FROM_LINE]) and ctl[S.FROM_LINE] < ctl[S.TO_LINE]:
        ctl[S.FROM_LINE] += 1
        ctl[S.FROM_COLUMN] = 0
        if in_indent(s, ctl[S.TO_LINE], ctl[S.TO_COLUMN]):
            ctl[S.TO_LINE] -= 1
            if ctl[S.TO_LINE] < ctl[S.FROM_LINE]:
                return S.FAILED
            ctl[S.TO_COLUMN] = max(text.length(s, ctl[S.TO_LINE]) - 1, 0)
            return S.LINEWISE
    return S.EXCLUSIVE


@inner
def _blank(s: Any, line: Any) -> bool:
    """Whether a line is empty or holds nothing but blanks."""
    return in_indent(s, line, text.length(s, line))


@inner
def _paragraph(s: Any, around: bool) -> Any:
    """ip and ap: the run of blank or of other lines around the cursor, as vim's current_par()."""
    ctl = s.ctl
    total = ctl[S.LINES]
    first = ctl[S.LINE]
    blank = _blank(s, first)
    while first > 0 and _blank(s, first - 1) == blank and (blank or not motions.begins_paragraph(s, first)):
        first -= 1
    last = first
    while last < total and _blank(s, last):
        last += 1
    last -= 1
    if around or not blank:
        if last + 1 >= total:
            return S.FAILED
        last += 1
        while last + 1 < total and not _blank(s, last + 1) and not motions.begins_paragraph(s, last + 1):
            last += 1
        if around and not blank:
            while last + 1 < total and _blank(s, last + 1):
                last += 1
            if not _blank(s, last):
                while first > 0 and _blank(s, first - 1):
                    first -= 1
    ctl[S.FROM_LINE] = first
    ctl[S.TO_LINE] = last
    ctl[S.FROM_COLUMN] = ctl[S.TO_COLUMN] = 0
    return S.LINEWISE


@inner
def select(s: Any, around: bool, key: Any, count: Any) -> Any:
    """The object that `key` names, as a motion's kind; FAILED where there is none."""
    if count > 1:
        return S.FAILED
    if key == K.w or key == K.W:
        return _word(s, around, key == K.W)
    if key == K.DOUBLE_QUOTE or key == K.QUOTE or key == K.BACKQUOTE:
        return _quotes(s, around, key)
    if key == K.LEFT_PAREN or key == K.RIGHT_PAREN or key == K.b:
        return _brackets(s, around, K.LEFT_PAREN, K.RIGHT_PAREN)
    if key == K.LEFT_BRACKET or key == K.RIGHT_BRACKET:
        return _brackets(s, around, K.LEFT_BRACKET, K.RIGHT_BRACKET)
    if key == K.LEFT_BRACE or key == K.RIGHT_BRACE or key == K.B:
        return _brackets(s, around, K.LEFT_BRACE, K.RIGHT_BRACE)
    if key == K.p:
        return _paragraph(s, around)
    return S.FAILED
