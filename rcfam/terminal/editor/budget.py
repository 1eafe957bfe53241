"""Whether a change may take place: the text has its limits, and the arrays must have room before it begins."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import state as S
from rcfam.terminal.editor import messages


@inner
def may_grow(s: Any, characters: Any, lines: Any) -> bool:
    """Whether the text may grow by so much; vim's word on spent memory where not. What shrinks it is always allowed."""
    ctl = s.ctl
    if (
        characters + lines <= 0 or ctl[S.CHARACTERS] + ctl[S.LINES] + characters + lines <= ctl[S.MOST_CHARACTERS]
    ) and (lines <= 0 or ctl[S.LINES] + lines <= ctl[S.MOST_LINES]):
        return True
    refuse(s, characters + lines)
    return False


@inner
def refuse(s: Any, size: Any) -> None:
    """Say that `size` bytes more are too many."""
    messages.say(s, messages.OUT_OF_MEMORY)
    s.ctl[S.MESSAGE_COUNT] = size


@inner
def has_room(s: Any, characters: Any, lines: Any) -> bool:
    """Whether a copy of the text and so many characters and lines besides fit; notes what is needed where not."""
    ctl = s.ctl
    if s.pool.shape[0] - ctl[S.POOL_END] >= pool_room(ctl) + characters and ctl[S.GAP_SIZE] >= S.SPARE_LINES + lines:
        return True
    ctl[S.NEED] = characters
    ctl[S.NEED_LINES] = lines
    return False


@inner
def pool_room(ctl: Any) -> Any:
    """Characters that a key may add which repeats nothing: every line copied, with a blank each, the longest twice."""
    return ctl[S.CHARACTERS] + ctl[S.LINES] + 2 * ctl[S.LONGEST] + S.SPARE_CHARACTERS


@inner
def work(s: Any, steps: Any) -> bool:
    """Count steps of the key's work; false once they are more than the limit."""
    s.ctl[S.WORK] += steps
    return s.ctl[S.WORK] <= s.ctl[S.MOST_WORK]
