"""Search: a pattern compiled to a few operations, matched line by line. Only what KEYS.md lists of vim's patterns."""

from typing import Any

import numpy as np

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.characters import is_blank, is_word
from rcfam.terminal.editor import messages, positions, text

# In the compiled pattern a literal is its character; operations are above every character.
# What a search came to
_NO_MATCH = 0
_FOUND = 1
_WRAPPED = 2  # found after going round the end of the text

_ANY = 0x110000
_START = 0x110001
_END = 0x110002
_WORD_START = 0x110003
_WORD_END = 0x110004


@inner
def _is_special(c: Any) -> bool:
    """. * [ ^ $ ~ \\ / and ] ? : literal after a backslash."""
    return (
        c == K.DOT
        or c == K.STAR
        or c == K.LEFT_BRACKET
        or c == K.RIGHT_BRACKET
        or c == K.CARET
        or c == K.DOLLAR
        or c == K.TILDE
        or c == K.BACKSLASH
        or c == K.SLASH
        or c == K.QUESTION
    )


@inner
def compile_input(s: Any, first: Any, last: Any, delimiter: Any) -> Any:
    """Compile input[first:last] as the pattern; false where it holds what is not supported."""
    count = 0
    i = first
    ok = True
    while i < last:
        c = s.pool[S.INPUT + i]
        i += 1
        if c == K.BACKSLASH and i < last:
            d = s.pool[S.INPUT + i]
            i += 1
            if _is_special(d):
                c = d
            elif d == K.LESS:
                c = _WORD_START
            elif d == K.GREATER:
                c = _WORD_END
            elif d == K.t:
                c = K.TAB
            else:
                ok = False
        elif c == K.CARET and i == first + 1:
            c = _START
        elif c == K.DOLLAR and i == last:
            c = _END
        elif c == K.DOT:
            c = _ANY
        elif (c == K.STAR and i > first + 1) or c == K.LEFT_BRACKET or c == K.TILDE:
            ok = False
        s.pool[S.PATTERN + count] = c
        count += 1
    s.ctl[S.PATTERN_LENGTH] = count if ok else -1
    return ok


@inner
def _is_word(s: Any, line: Any, column: Any) -> bool:
    if column < 0 or column >= text.length(s, line):
        return False
    return is_word(text.character(s, line, column))


@inner
def _goes_on(s: Any, i: Any) -> bool:
    """Whether a combining mark follows operation `i` of the pattern."""
    if i + 1 >= s.ctl[S.PATTERN_LENGTH]:
        return False
    p = s.pool[S.PATTERN + i + 1]
    return p < _ANY and s.widths[p] == 0


@inner
def match_at(s: Any, line: Any, column: Any) -> Any:
    """Characters that the pattern matches at (line, column), -1 where it does not."""
    total = text.length(s, line)
    start = s.lines[text.slot(s.ctl, line), 0]
    at = column
    for i in range(s.ctl[S.PATTERN_LENGTH]):
        s.ctl[S.WORK] += 1
        p = s.pool[S.PATTERN + i]
        if p < _ANY:
            if at >= total or s.pool[start + at] != p:
                return -1
            at += 1
            if at < total and s.widths[s.pool[start + at]] == 0 and not _goes_on(s, i):
                return -1  # a character with marks is another one
        elif p == _ANY:
            if at >= total:
                return -1
            at += 1
        elif p == _START:
            if at != 0:
                return -1
        elif p == _END:
            if at != total:
                return -1
        elif p == _WORD_START:
            if _is_word(s, line, at - 1) or not _is_word(s, line, at):
                return -1
        elif not _is_word(s, line, at - 1) or _is_word(s, line, at):
            return -1
    return at - column


@inner
def _in_line(s: Any, line: Any, first: Any, last: Any, back: bool) -> Any:
    """The first (or last) column in first:last where the pattern matches, -1 for none."""
    if back:
        for column in range(last - 1, first - 1, -1):
            if match_at(s, line, column) >= 0:
                return column
            if s.ctl[S.WORK] > s.ctl[S.MOST_WORK]:
                break
    else:
        for column in range(first, last):
            if match_at(s, line, column) >= 0:
                return column
            if s.ctl[S.WORK] > s.ctl[S.MOST_WORK]:
                break
    return -1


@inner
def step(s: Any, back: bool) -> Any:
    """Move the target to the next match; returns _NO_MATCH, _FOUND, or _WRAPPED where the end was passed."""
    ctl = s.ctl
    total = ctl[S.LINES]
    line = ctl[S.TO_LINE]
    size = text.length(s, line)
    if back:
        found = _in_line(s, line, 0, min(ctl[S.TO_COLUMN], size + 1), True)
    else:
        found = _in_line(s, line, ctl[S.TO_COLUMN] + 1, max(size, 1), False)
    result = _FOUND
    for _ in range(total):
        if found >= 0 or ctl[S.WORK] > ctl[S.MOST_WORK]:
            break
        line += -1 if back else 1
        if line < 0 or line >= total:
            line = total - 1 if back else 0
            result = _WRAPPED
        found = _in_line(s, line, 0, max(text.length(s, line), 1), back)
    if found < 0:
        return _NO_MATCH
    ctl[S.TO_LINE] = line
    ctl[S.TO_COLUMN] = found
    return result


@inner
def again(s: Any, reverse: bool, count: Any) -> bool:
    """n or N: the last pattern again."""
    ctl = s.ctl
    back = (ctl[S.PATTERN_BACKWARD] != 0) != reverse
    if ctl[S.PATTERN_LENGTH] == 0:
        messages.say(s, messages.NO_PATTERN)
        return False
    ctl[S.WORK] = 0
    wrapped = _FOUND
    first_line = np.int64(-1)
    first_column = np.int64(-1)
    done = np.int64(0)
    while done < count:
        result = step(s, back) if ctl[S.PATTERN_LENGTH] > 0 else _NO_MATCH
        if ctl[S.WORK] > ctl[S.MOST_WORK]:
            messages.say(s, messages.PATTERN_SPENT)
            return False
        if result == _NO_MATCH:
            messages.say(s, messages.NOT_FOUND)
            return False
        wrapped = max(wrapped, result)
        done += 1
        if done == 1:
            first_line = ctl[S.TO_LINE]
            first_column = ctl[S.TO_COLUMN]
        elif ctl[S.TO_LINE] == first_line and ctl[S.TO_COLUMN] == first_column:
            done = count - (count - done) % (done - 1)  # every match has been seen: whole rounds are left out
    if wrapped == _WRAPPED:
        messages.say(s, messages.HIT_TOP if back else messages.HIT_BOTTOM)
    else:
        ctl[S.MESSAGE_COUNT] = 1 if back else 0
        messages.say(s, messages.PATTERN)
    return True


@inner
def from_input(s: Any, back: bool, count: Any) -> Any:
    """/ or ?: compile the input line (an empty one means the last pattern) and search."""
    ctl = s.ctl
    size = ctl[S.INPUT_LENGTH]
    if size > 0:
        for i in range(size):
            s.pool[S.SEARCHED + i] = s.pool[S.INPUT + i]
        ctl[S.SEARCHED_LENGTH] = size
        compile_input(s, 0, size, K.QUESTION if back else K.SLASH)
    ctl[S.PATTERN_BACKWARD] = 1 if back else 0
    ctl[S.TO_LINE] = ctl[S.LINE]
    ctl[S.TO_COLUMN] = ctl[S.COLUMN]
    ctl[S.TO_WANT] = S.HERE
    return again(s, False, count)


@inner
def _kind(s: Any, line: Any, column: Any) -> Any:
    """The class of a character: BLANK also at the line's end, WORD, or PUNCTUATION."""
    c = text.character(s, line, column)
    if is_blank(c) or c == K.NEWLINE:
        return positions.BLANK
    return positions.WORD if _is_word(s, line, column) else positions.PUNCTUATION


@inner
def word_under_cursor(s: Any, back: bool, count: Any) -> bool:
    """* and #: search for the word at or after the cursor, for other characters where the line has no word there."""
    ctl = s.ctl
    line = ctl[S.TO_LINE]
    total = text.length(s, line)
    first = ctl[S.TO_COLUMN]
    kind = positions.WORD
    while first < total and _kind(s, line, first) != kind:
        first += 1
    if first >= total:
        kind = positions.PUNCTUATION
        first = ctl[S.TO_COLUMN]
        while first < total and _kind(s, line, first) != kind:
            first += 1
    if first >= total:
        messages.say(s, messages.NO_STRING)
        return False
    while first > 0 and _kind(s, line, first - 1) == kind:
        first -= 1
    last = first
    while _kind(s, line, last) == kind:
        last += 1
    size = min(last - first, S.REGION // 2 - 8)
    count_in = 0
    shown = 0
    if kind == positions.WORD:
        s.pool[S.PATTERN] = _WORD_START
        s.pool[S.SEARCHED] = K.BACKSLASH
        s.pool[S.SEARCHED + 1] = K.LESS
        count_in = 1
        shown = 2
    for i in range(size):
        c = text.character(s, line, first + i)
        s.pool[S.PATTERN + count_in + i] = c
        # What would be special is shown with a backslash; / or ? only where it would end the pattern.
        if (
            kind == positions.PUNCTUATION
            and _is_special(c)
            and c != K.RIGHT_BRACKET
            and c != (K.SLASH if back else K.QUESTION)
        ):
            s.pool[S.SEARCHED + shown] = K.BACKSLASH
            shown += 1
        s.pool[S.SEARCHED + shown] = c
        shown += 1
    count_in += size
    if kind == positions.WORD:
        s.pool[S.PATTERN + count_in] = _WORD_END
        s.pool[S.SEARCHED + shown] = K.BACKSLASH
        s.pool[S.SEARCHED + shown + 1] = K.GREATER
        count_in += 1
        shown += 2
    ctl[S.PATTERN_LENGTH] = count_in
    ctl[S.SEARCHED_LENGTH] = shown
    ctl[S.PATTERN_BACKWARD] = 1 if back else 0
    ctl[S.TO_COLUMN] = first
    return again(s, False, count)
