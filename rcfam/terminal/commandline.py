"""vim's command line (`:`), run in Python; `:N` alone never comes here."""

import re
from typing import TYPE_CHECKING

import numpy as np

from rcfam.terminal import attributes, buffer, kernels
from rcfam.terminal import state as S
from rcfam.terminal.files import FilesError
from rcfam.terminal.state import State

if TYPE_CHECKING:
    from rcfam.terminal.terminal import Terminal, Window


def message(state: State, text: str, attribute: int = attributes.PLAIN) -> None:
    """Show a message on the editor's last line."""
    kernels.show_mode(state)
    state.ctl[S.KEPT] = 1
    codes = buffer.characters(text.encode("utf-8", "surrogateescape"))[: state.cells.shape[1] - 1]
    state.cells[-2, : codes.size] = codes | np.uint32(attribute << 21)


def file_message(state: State, shown: str, new: bool, action: str, size: int) -> str:
    """What vim says of a file read or written: name, flags, lines and bytes."""
    ctl = state.ctl
    flags = (" [New]" if new else "") + ("" if ctl[S.EOL] or ctl[S.EMPTY] else " [noeol]")
    if new and not action:
        return f'"{shown}"{flags}'
    lines = 0 if ctl[S.EMPTY] else int(ctl[S.LINES])
    return f'"{shown}"{flags} {lines}L, {size}B{action}'


def go_to(state: State, line: int) -> None:
    """Cursor to the first non-blank of a line, counted from 0."""
    ctl = state.ctl
    ctl[S.LINE] = min(max(line, 0), int(ctl[S.LINES]) - 1)
    ctl[S.COLUMN] = kernels.first_non_blank(state, ctl[S.LINE])
    ctl[S.WANT] = S.HERE


def error(state: State, text: str) -> None:
    message(state, text, attributes.ERROR)


_COMMAND = re.compile(r"(?P<name>[a-z]+!?|[<>]|)\s*(?P<argument>.*)", re.DOTALL)
_ADDRESS = re.compile(r"\d+|[.$]|(?=[+-])")


def execute(terminal: "Terminal", window: "Window") -> None:
    """Run the line in `input`."""
    state = terminal.state
    ctl = state.ctl
    text = (
        buffer.to_bytes(state.pool[S.INPUT : S.INPUT + ctl[S.INPUT_LENGTH]]).decode("utf-8", "surrogateescape").strip()
    )
    ctl[S.MODE] = S.NORMAL
    ctl[S.COUNT] = ctl[S.COUNT2] = ctl[S.OPERATOR] = ctl[S.LEAD] = ctl[S.DOT_RECORDING] = 0
    text = text.lstrip(": \t")
    lines, rest = _range(state, text)
    match = _COMMAND.fullmatch(rest)
    assert match is not None
    name, argument = match["name"], match["argument"]
    if lines is None:
        error(state, "E16: Invalid range")
    elif name == "" and not argument:
        if lines:
            go_to(state, lines[-1])
    elif name in ("d", "delete") and not argument:
        _on_lines(terminal, lines, "dd")
    elif name in (">", "<") and not argument:
        _on_lines(terminal, lines, name * 2)
    elif name in ("w", "write", "w!", "wq", "wq!", "x", "xit", "x!"):
        _write(terminal, window, name, argument)
    elif name in ("q", "quit", "q!"):
        leave(terminal, window, False, check=not name.endswith("!"))
    elif name in ("e", "edit", "e!", "edit!"):
        _edit(terminal, window, argument, name.endswith("!"))
    elif name in ("sy", "syn", "synt", "synta", "syntax") and argument in ("on", "off", "enable"):
        window.coloured = argument != "off"
        terminal.colour(window)
    elif name in ("se", "set"):
        _set(window, state, argument)
    else:
        error(state, f"E492: Not an editor command: {text}")
    ctl[S.INPUT_LENGTH] = 0
    if terminal.program == "editor":
        kernels.refresh(terminal.state)


def _range(state: State, text: str) -> tuple[list[int] | None, str]:
    """The line numbers (from 0) before a command, and the command. None where a number is out of range."""
    if text.startswith("%"):
        return [0, int(state.ctl[S.LINES]) - 1], text[1:].lstrip()
    lines: list[int] = []
    while match := _ADDRESS.match(text):
        last = int(state.ctl[S.LINES]) - 1
        here = int(state.ctl[S.LINE])
        word = match[0]
        line = last if word == "$" else here if word in (".", "") else int(word) - 1
        text = text[match.end() :]
        while offset := re.match(r"([+-])(\d*)", text):
            line += int(offset[2] or 1) * (1 if offset[1] == "+" else -1)
            text = text[offset.end() :]
        lines.append(line)
        if not text.startswith(","):
            break
        text = text[1:]
    text = text.lstrip()
    if text and any(not 0 <= line < int(state.ctl[S.LINES]) for line in lines):
        return None, text
    return [max(line, 0) for line in lines[-2:]], text


def _on_lines(terminal: "Terminal", lines: list[int], keys: str) -> None:
    """A normal-mode command on a range of whole lines."""
    first, last = (lines[0], lines[-1]) if lines else (int(terminal.state.ctl[S.LINE]),) * 2
    if first > last:
        first, last = last, first
    top = int(terminal.state.ctl[S.TOP])
    go_to(terminal.state, first)
    terminal.press(np.frombuffer(f"{last - first + 1}{keys}".encode("utf-32-le"), dtype=np.uint32))
    if keys != "dd":
        go_to(terminal.state, last)
    terminal.state.ctl[S.TOP] = min(top, int(terminal.state.ctl[S.LINES]) - 1)


def _write(terminal: "Terminal", window: "Window", name: str, argument: str) -> None:
    opened = window.buffer
    assert opened is not None
    if argument:
        try:
            path = window.shell.place.path(argument)
        except FilesError:
            error(terminal.state, "E212: Can't open file for writing")
            return
        text = terminal.write(window, path, argument)
    elif name in ("x", "xit", "x!") and not terminal.state.ctl[S.MODIFIED]:
        text = ""
    else:
        text = terminal.write(window)
    if text.startswith("E"):
        error(terminal.state, text)
    elif name in ("w", "write", "w!"):
        message(terminal.state, text)
    else:
        terminal.close_editor(window)


def leave(terminal: "Terminal", window: "Window", save: bool, check: bool = False) -> None:
    """ZZ (`save`), ZQ and `:q!`, `:q` (`check`)."""
    modified = bool(terminal.state.ctl[S.MODIFIED])
    if save and modified:
        text = terminal.write(window)
        if text.startswith("E"):
            error(terminal.state, text)
            kernels.refresh(terminal.state)
            return
    if check and modified:
        error(terminal.state, "E37: No write since last change (add ! to override)")
        return
    terminal.close_editor(window)


def _edit(terminal: "Terminal", window: "Window", argument: str, force: bool) -> None:
    opened = window.buffer
    assert opened is not None
    if terminal.state.ctl[S.MODIFIED] and not force:
        error(terminal.state, "E37: No write since last change (add ! to override)")
        return
    if opened.message:
        error(terminal.state, "E32: No file name")
        return
    path, shown = opened.path, opened.shown
    if argument:
        shown = argument
        try:
            path = window.shell.place.path(argument)
        except FilesError:
            path = window.shell.place.loose(argument)
    terminal.edit(window, path, shown)
    terminal.show_file_message(window)


def _set(window: "Window", state: State, argument: str) -> None:
    """`:set` with several options in one line."""
    ctl = state.ctl
    opened = window.buffer
    assert opened is not None
    for word in argument.split():
        name, _, value = word.partition("=")
        if name in ("eol", "endofline"):
            ctl[S.EOL] = 1
        elif name in ("noeol", "noendofline"):
            ctl[S.EOL] = 0
        elif name in ("binary", "bin"):
            opened.binary = True
        elif name in ("nobinary", "nobin"):
            opened.binary = False
        elif name in ("et", "expandtab", "noet", "noexpandtab"):
            ctl[S.EXPANDTAB] = not name.startswith("no")
        elif name in ("sw", "shiftwidth") and value.isdecimal() and 0 < int(value) < 100:
            ctl[S.SHIFTWIDTH] = int(value)
        elif name in ("ts", "tabstop") and value.isdecimal() and 0 < int(value) < 100:
            ctl[S.TABSTOP] = int(value)
            ctl[S.WHOLE] = 1
        else:
            error(state, f"E518: Unknown option: {word}")
            return
