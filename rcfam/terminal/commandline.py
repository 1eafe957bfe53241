"""vim's command line (`:`), run in Python; `:N` alone never comes here."""

from typing import TYPE_CHECKING

import numpy as np

from rcfam.terminal import attributes, buffer, kernels
from rcfam.terminal import state as S
from rcfam.terminal.state import State

if TYPE_CHECKING:
    from rcfam.terminal.terminal import Terminal, Window


def message(state: State, text: str, attribute: int = attributes.PLAIN) -> None:
    """Show a message on the editor's last line."""
    kernels.show_mode(state)
    codes = buffer.characters(text.encode("utf-8", "surrogateescape"))[: state.cells.shape[1] - 1]
    state.cells[-2, : codes.size] = codes | np.uint32(attribute << 21)


def file_message(state: State, shown: str, new: bool, action: str, size: int | None = None) -> str:
    """What vim says of a file read or written: name, flags, lines and bytes."""
    ctl = state.ctl
    flags = (" [New]" if new else "") + ("" if ctl[S.EOL] or ctl[S.EMPTY] else " [noeol]")
    if new and not action:
        return f'"{shown}"{flags}'
    lines = 0 if ctl[S.EMPTY] else int(ctl[S.LINES])
    size = len(buffer.save(state)) if size is None else size
    return f'"{shown}"{flags} {lines}L, {size}B{action}'


def go_to(state: State, line: int) -> None:
    """Cursor to the first non-blank of a line, counted from 0."""
    ctl = state.ctl
    ctl[S.LINE] = min(max(line, 0), int(ctl[S.LINES]) - 1)
    ctl[S.COLUMN] = 0
    ctl[S.WANT] = S.HERE


def execute(terminal: "Terminal", window: "Window") -> None:
    """Run the line in `input`."""
    state = terminal.state
    ctl = state.ctl
    text = buffer.to_bytes(state.pool[S.INPUT : S.INPUT + ctl[S.INPUT_LENGTH]]).decode("utf-8", "surrogateescape").strip()
    ctl[S.MODE] = S.NORMAL
    kernels.show_mode(state)
    if text in ("wq", "x"):
        terminal.write(window)
        terminal.close_editor(window)
        return
    if text in ("q", "q!"):
        terminal.close_editor(window)
        return
    if text == "w":
        message(state, terminal.write(window))
    kernels.refresh(terminal.state)
