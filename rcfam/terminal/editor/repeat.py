"""Changes that are made again: `.`, and an insertion with a count."""

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import kernels
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import commandline, ex
from rcfam.terminal.editor.host import Host

_ESCAPE = np.array([K.ESCAPE], dtype=np.uint32)


def last_change(terminal: Host) -> None:
    """`.`: press the keys of the last change again, with another count where one was typed, and insert what was
    inserted.

    Where the command comes to nothing this time nothing is inserted.
    """
    state = terminal.state
    ctl = state.ctl
    if ctl[S.REPLAYING]:
        return
    last = S.KEYS + S.REGION
    keys = state.pool[last : last + int(ctl[S.DOT_LENGTH])].copy()
    inserts = bool(ctl[S.DOT_INSERT])
    typed = state.pool[S.TYPED_TEXT + S.REGION : S.TYPED_TEXT + S.REGION + int(ctl[S.DOT_TYPED])].copy()
    if ctl[S.REPLAY_COUNT]:
        digits = np.frombuffer(str(int(ctl[S.REPLAY_COUNT])).encode("utf-32-le"), dtype=np.uint32)
        first = 0
        while first < keys.size and ord("0") <= keys[first] <= ord("9"):
            first += 1
        keys = np.concatenate([digits, keys[first:]])
    if ctl[S.DOT_SELECTED]:
        kernels.select_again(state)
    ctl[S.REPLAYING] = 1
    terminal.press(keys)
    state = terminal.state
    if inserts and state.ctl[S.MODE] in (S.INSERT, S.REPLACE):
        state.pool[S.TYPED_TEXT : S.TYPED_TEXT + typed.size] = typed
        state.ctl[S.TYPED] = typed.size
        complaint = _inserted(terminal, 1, opened=False)
        if complaint:
            terminal.state.ctl[S.INSERT_COUNT] = 1
        _leave(terminal, complaint)
    terminal.state.ctl[S.REPLAYING] = 0


def insertion(terminal: Host) -> None:
    """Esc after `3i`: what was typed goes in twice more."""
    ctl = terminal.state.ctl
    count = int(ctl[S.INSERT_COUNT])
    ctl[S.INSERT_COUNT] = 1
    command = terminal.state.pool[S.KEYS + max(int(ctl[S.INSERT_FROM]) - 1, 0)]
    complaint = ""
    if ctl[S.TYPED] >= 0:
        complaint = _inserted(terminal, count - 1, opened=command in (ord("o"), ord("O")))
    _leave(terminal, complaint)


def _leave(terminal: Host, complaint: str) -> None:
    """Esc; a complaint stays on the last line."""
    terminal.press(_ESCAPE)
    if complaint:
        commandline.error(terminal.state, complaint)
        kernels.refresh(terminal.state)


def _inserted(terminal: Host, times: int, opened: bool) -> str:
    """Insert what is noted in TYPED_TEXT so many times, each time on a new line where `opened`; returns a complaint."""
    state = terminal.state
    ctl = state.ctl
    done = state.pool[S.TYPED_TEXT : S.TYPED_TEXT + int(ctl[S.TYPED])].tolist()
    replacing = bool(ctl[S.MODE] == S.REPLACE)
    net = _net([S.DID_ENTER] * opened + done, replacing)
    if net is None:
        return _one_by_one(terminal, len(done), times, opened)
    back, text, ahead = net
    more = text[: max(len(text) - back, 0)]  # what each repetition but the last adds
    size = len(more) * (times - 1) + len(text)
    lines = more.count(S.DID_ENTER) * (times - 1) + text.count(S.DID_ENTER)
    spent = int(ctl[S.CHARACTERS] + ctl[S.LINES]) + size
    if replacing:
        spent -= min(size - lines, kernels.rest_of_line(state))
    if spent > ctl[S.MOST_CHARACTERS] or ctl[S.LINES] + lines > ctl[S.MOST_LINES]:
        return ex.out_of_memory(size)
    if size or back or ahead:
        back += (times - 1) * max(back - len(text), 0)
        codes = np.concatenate([np.tile(_codes(more), times - 1), _codes(text)])
        terminal.reserve(size, lines)
        kernels.insert_text(terminal.state, codes, back, ahead * times, replacing)
    return ""


def _codes(text: list[int]) -> NDArray[np.uint32]:
    return np.array(text, dtype=np.uint32)


def _net(done: list[int], replacing: bool) -> tuple[int, list[int], int] | None:
    """What keys come to: so many Backspaces, a text, so many Deletes. None where that depends on the text around."""
    back = ahead = 0
    text: list[int] = []
    for what in done:
        if what <= S.DID_ENTER:
            text.append(what)
        elif what == S.DID_BACKSPACE and text and not (replacing and text[-1] == S.DID_ENTER):
            text.pop()
        elif replacing:
            return None
        elif what == S.DID_BACKSPACE:
            back += 1
        elif what == S.DID_DELETE:
            ahead += 1
        else:
            return None
    return back, text, ahead


def _one_by_one(terminal: Host, typed: int, times: int, opened: bool) -> str:
    """Keys whose work depends on the text around are done again one after another, up to the limit of work."""
    terminal.state.ctl[S.WORK] = 0
    step, last = 0, times * (typed + opened)
    while step < last:
        step = kernels.one_by_one(terminal.state, int(opened), typed, step, last)
        if terminal.state.ctl[S.WORK] > terminal.state.ctl[S.MOST_WORK]:
            return ex.out_of_memory(last - step)
        terminal.reserve(0, 0)
    return ""
