"""What nothing points to leaves the pool: no line of the text, of the register, of undo or redo."""

from typing import Any

from rcfam.jit import inner
from rcfam.terminal import keys as K
from rcfam.terminal import state as S


@inner
def compact(s: Any, moved: Any) -> None:
    """Move what is in use to the pool's front, in its order, and POOL_END after it.

    `moved` is room to work: zeros, one more than POOL_END. A line keeps the newline that was read after it.
    """
    ctl = s.ctl
    end = ctl[S.POOL_END]
    gap = ctl[S.GAP]
    after = gap + ctl[S.GAP_SIZE]
    _mark(s, s.lines[:gap], moved)
    _mark(s, s.lines[after : ctl[S.LINES] + ctl[S.GAP_SIZE]], moved)
    _mark(s, s.register[: ctl[S.REGISTER_LINES]], moved)
    _mark_saved(s, s.log[ctl[S.UNDO_FIRST] : ctl[S.UNDO_END]], moved)
    _mark_saved(s, s.log[s.log.shape[0] - ctl[S.REDO_END] :], moved)
    if ctl[S.REPLACED] and ctl[S.REPLACED_LENGTH] > 0:
        moved[ctl[S.REPLACED_START]] += 1
        moved[ctl[S.REPLACED_START] + ctl[S.REPLACED_LENGTH]] -= 1
    place = S.TEXT
    uses = 0
    for i in range(S.TEXT, end):
        uses += moved[i]
        moved[i] = place
        if uses > 0:
            s.pool[place] = s.pool[i]
            place += 1
    moved[end] = place
    ctl[S.POOL_END] = place
    ctl[S.MARK] = moved[min(ctl[S.MARK], end)]
    if ctl[S.REPLACED]:
        ctl[S.REPLACED_START] = moved[min(ctl[S.REPLACED_START], end)]
    _move(s.lines[:gap], moved, end)
    _move(s.lines[after : ctl[S.LINES] + ctl[S.GAP_SIZE]], moved, end)
    _move(s.register[: ctl[S.REGISTER_LINES]], moved, end)
    _move_saved(s.log[ctl[S.UNDO_FIRST] : ctl[S.UNDO_END]], moved, end)
    _move_saved(s.log[s.log.shape[0] - ctl[S.REDO_END] :], moved, end)
    _move_rows(s, moved, end)


@inner
def _mark_line(s: Any, start: Any, count: Any, moved: Any) -> None:
    if count > 0:
        stop = start + count
        if stop < s.ctl[S.POOL_END] and s.pool[stop] == K.NEWLINE:
            stop += 1
        moved[start] += 1
        moved[stop] -= 1


@inner
def _mark(s: Any, spans: Any, moved: Any) -> None:
    for i in range(len(spans)):
        _mark_line(s, spans[i, 0], spans[i, 1], moved)


@inner
def _mark_saved(s: Any, log: Any, moved: Any) -> None:
    for i in range(len(log)):
        if log[i, 3] == 0:
            _mark_line(s, log[i, 0], log[i, 1], moved)


@inner
def _move(spans: Any, moved: Any, end: Any) -> None:
    for i in range(len(spans)):
        spans[i, 0] = moved[min(spans[i, 0], end)]


@inner
def _move_saved(log: Any, moved: Any, end: Any) -> None:
    for i in range(len(log)):
        if log[i, 3] == 0:
            log[i, 0] = moved[min(log[i, 0], end)]


@inner
def _move_rows(s: Any, moved: Any, end: Any) -> None:
    """The rows of the screen show the same lines as before; one that is in use no more is unknown."""
    rows = s.rows
    for r in range(rows.shape[0]):
        if rows[r, 0] >= 0:
            start = min(rows[r, 0], end)
            stop = min(start + rows[r, 1], end)
            rows[r, 0] = moved[start] if moved[stop] - moved[start] == rows[r, 1] else S.ROW_UNKNOWN
