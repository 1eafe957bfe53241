"""vim's command line (`:`), run in Python; `:N` alone never comes here."""

import re
from typing import Protocol

import numpy as np

from rcfam.terminal import attributes, kernels
from rcfam.terminal import keys as K
from rcfam.terminal import state as S
from rcfam.terminal.editor import buffer, ex
from rcfam.terminal.editor.host import Host
from rcfam.terminal.files import Files, FilesError
from rcfam.terminal.state import State
from rcfam.terminal.windows import Window


class FileHost(Host, Protocol):
    """A terminal as the command line sees it: it opens and writes files, and leaves the editor."""

    files: Files

    @property
    def program(self) -> str:
        """The program in the foreground: 'shell' or 'editor'."""

    def edit(self, window: Window, path: str, shown: str) -> None:
        """Load a file, or an empty buffer where there is none."""

    def write(self, window: Window, path: str | None = None, shown: str = "") -> str:
        """Write the buffer, to another path where one is given; returns vim's message."""

    def colour(self, window: Window) -> None:
        """Let the file's language decide the colours."""

    def show_file_message(self, window: Window) -> None:
        """Redraw with vim's message on the file just read."""

    def close_editor(self, window: Window) -> None:
        """Go back to the shell."""

    def keep_register(self, window: Window) -> None:
        """Copy what was just yanked or deleted to the named register."""


def message(state: State, text: str, attribute: int = attributes.PLAIN) -> None:
    """Show a message on the editor's last line."""
    kernels.show_mode(state)
    state.ctl[S.KEPT] = state.ctl[S.SAID] = 1
    codes = buffer.characters(text.encode("utf-8", "surrogateescape"))
    kernels.write_message(state, np.require(codes, requirements="W"), attribute)


def file_message(state: State, shown: str, new: bool, action: str, size: int) -> str:
    """What vim says of a file read or written: name, flags, lines and bytes."""
    ctl = state.ctl
    flags = (" [New]" if new else "") + ("" if ctl[S.EOL] or ctl[S.EMPTY] else " [noeol]")
    if new and not action:
        return f'"{shown}"{flags}'
    lines = 0 if ctl[S.EMPTY] else int(ctl[S.LINES])
    return f'"{shown}"{flags} {lines}L, {size}B{action}'


def truncated(state: State, text: str) -> str:
    """A file's message, cut at its front where it would reach the ruler."""
    room = state.cells.shape[1] - 19
    codes = buffer.characters(text.encode("utf-8", "surrogateescape"))
    cells = np.array([{0: 0, 2: 2}.get(int(width), 1) for width in state.widths[codes]])
    if cells.sum() <= room:
        return text
    first = int(np.flatnonzero(cells.sum() - np.cumsum(cells) < room)[0])
    return "<" + text[first + 1 :]


def go_to(state: State, line: int) -> None:
    """Cursor to the first non-blank of a line, counted from 0."""
    ctl = state.ctl
    ctl[S.LINE] = min(max(line, 0), int(ctl[S.LINES]) - 1)
    ctl[S.COLUMN] = kernels.first_non_blank(state, ctl[S.LINE])
    ctl[S.WANT] = S.HERE


def error(state: State, text: str) -> None:
    message(state, text, attributes.ERROR)


_COMMAND = re.compile(r"(?P<name>[a-zA-Z]+|>+|<+|&|)(?P<bang>!?)\s*(?P<argument>.*)", re.DOTALL)
_SUBSTITUTE = re.compile(r"(?:s|substitute)(?P<argument>[^\w\s\"|\\].*|)", re.DOTALL)
_OFFSET = re.compile(r"\s*([+-])(\d*)")
_ADDRESS = re.compile(r"\d+|[.$]|'[a-z<>]|(?=[+-])")


def execute(terminal: FileHost, window: Window) -> None:
    """Run the line in `input`; it stays on the screen where nothing is said and nothing scrolls."""
    state = terminal.state
    ctl = state.ctl
    text = (
        buffer.to_bytes(state.pool[S.INPUT : S.INPUT + ctl[S.INPUT_LENGTH]]).decode("utf-8", "surrogateescape").lstrip()
    )
    ctl[S.MODE] = S.NORMAL
    ctl[S.COUNT] = ctl[S.COUNT2] = ctl[S.OPERATOR] = ctl[S.LEAD] = ctl[S.DOT_RECORDING] = ctl[S.INPUT_LENGTH] = 0
    ctl[S.INPUT_CURSOR] = 0
    text = text.lstrip(": \t")
    if text:
        _run(terminal, window, text)
    else:
        kernels.show_mode(state)
    if terminal.program == "editor":
        kernels.refresh(terminal.state)


def _run(terminal: FileHost, window: Window, text: str) -> None:
    state = terminal.state
    lines, rest = _range(state, text)
    substitute = _SUBSTITUTE.fullmatch(rest)
    match = _COMMAND.fullmatch(rest.rstrip())
    if lines is None:
        error(state, "E16: Invalid range")
    elif substitute is not None:
        _edited(terminal, ex.substitute(terminal, *_both(state, lines), substitute["argument"]))
    elif match is None:
        error(state, f"E492: Not an editor command: {text}")
    else:
        name, bang, argument = match["name"], match["bang"], match["argument"]
        if name == "" and not argument and not bang:
            go_to(state, lines[-1])
        elif name in ex.NAMES or name[:1] in (">", "<"):
            name = ex.NAMES.get(name, name)
            register = re.match(r"[a-zA-Z](?=\s|$)", argument) if name == "delete" else None
            if register:
                argument = argument[1:].lstrip()
            target = _address(state, argument)
            _edited(terminal, ex.run(terminal, name, bool(bang), argument, _both(state, lines), len(lines), target))
            if register:
                ctl = terminal.state.ctl
                ctl[S.KEY] = ord(register[0])
                terminal.keep_register(window)
        elif not _file_command(terminal, window, name + bang, argument):
            error(state, f"E492: Not an editor command: {text}")


def _edited(terminal: Host, outcome: ex.Outcome) -> None:
    """Show what a command that changes text came to."""
    if outcome.line is not None:
        go_to(terminal.state, outcome.line)
    if re.match(r"E\d+:", outcome.says):
        error(terminal.state, outcome.says)
    elif outcome.says:
        message(terminal.state, outcome.says)


def _file_command(terminal: FileHost, window: Window, name: str, argument: str) -> bool:
    """Commands that write, leave, open a file or set an option; false where `name` is none."""
    if name in ("w", "write", "w!", "wq", "wq!", "x", "xit", "x!"):
        _write(terminal, window, name, argument)
    elif name in ("q", "quit", "q!"):
        leave(terminal, window, False, check=not name.endswith("!"))
    elif name in ("e", "edit", "e!", "edit!"):
        _edit(terminal, window, argument, name.endswith("!"))
    elif name in ("sy", "syn", "synt", "synta", "syntax") and argument in ("on", "off", "enable"):
        window.coloured = argument != "off"
        terminal.colour(window)
    elif name in ("se", "set"):
        _set(window, terminal.state, argument)
    else:
        return False
    return True


def _both(state: State, lines: list[int]) -> tuple[int, int]:
    """The first and the last line of a range, the cursor's where none is given."""
    if not lines:
        return int(state.ctl[S.LINE]), int(state.ctl[S.LINE])
    return min(lines[0], lines[-1]), max(lines[0], lines[-1])


def _range(state: State, text: str) -> tuple[list[int] | None, str]:
    """The line numbers (from 0) before a command, and the command. None where a number is out of range."""
    if text.startswith("%"):
        return [0, int(state.ctl[S.LINES]) - 1], text[1:].lstrip()
    lines: list[int] = []
    while True:
        line, rest = _one_address(state, text)
        if rest == text and not lines and not text.startswith(","):
            break
        lines.append(int(state.ctl[S.LINE]) if line is None else line)
        text = rest
        if not text.startswith(","):
            break
        text = text[1:].lstrip()
    text = text.lstrip()
    if text and any(not 0 <= line < int(state.ctl[S.LINES]) for line in lines):
        return None, text
    return [max(line, 0) for line in lines[-2:]], text


def _one_address(state: State, text: str) -> tuple[int | None, str]:
    """The line (from 0) that an address at the start of `text` names (None: there is none), and what follows it."""
    match = _ADDRESS.match(text)
    if match is None:
        return None, text
    ctl = state.ctl
    word = match[0]
    if word == "$":
        line = int(ctl[S.LINES]) - 1
    elif word in (".", ""):
        line = int(ctl[S.LINE])
    elif word[0] == "'":
        marks = {"<": ctl[S.VISUAL_FIRST], ">": ctl[S.VISUAL_LAST]}
        line = int(marks[word[1]] if word[1] in marks else ctl[S.MARK_TABLE + 2 * (ord(word[1]) - K.a)] - 1)
    else:
        line = ex.number(word) - 1
    text = text[match.end() :]
    place = 0
    while offset := _OFFSET.match(text, place):
        line += ex.number(offset[2] or "1") * (1 if offset[1] == "+" else -1)
        place = offset.end()
    return line, text[place:]


def _address(state: State, text: str) -> int | None:
    """The line after which `:m` and `:t` put lines, 0 for the top; None where `text` is no such address."""
    line, rest = _one_address(state, text)
    if line is None or rest.strip() or not -1 <= line < int(state.ctl[S.LINES]):
        return None
    return line + 1


def _write(terminal: FileHost, window: Window, name: str, argument: str) -> None:
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
        message(terminal.state, truncated(terminal.state, text))
    else:
        terminal.close_editor(window)


def leave(terminal: FileHost, window: Window, save: bool, check: bool = False) -> None:
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


def _edit(terminal: FileHost, window: Window, argument: str, force: bool) -> None:
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
    if path in terminal.files and not buffer.fits(terminal.files.read(path), terminal.limits):
        error(terminal.state, ex.out_of_memory(len(terminal.files.read(path))))
        return
    terminal.edit(window, path, shown)
    terminal.show_file_message(window)


def _set(window: Window, state: State, argument: str) -> None:
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
        elif name in ("sw", "shiftwidth") and value.isdecimal() and 0 < ex.number(value) < 100:
            ctl[S.SHIFTWIDTH] = int(value)
        elif name in ("ts", "tabstop") and value.isdecimal() and 0 < ex.number(value) < 100:
            ctl[S.TABSTOP] = int(value)
            ctl[S.WHOLE] = 1
        else:
            error(state, f"E518: Unknown option: {word}")
            return
