"""Edits of real histories, typed by the typist into our editor and into real vim: are files and screens the same?"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.history.changes import EXECUTABLE, REGULAR, content_reason, path_reason
from rcfam.terminal import Terminal, keys
from rcfam.terminal import state as S
from rcfam.typist import Typist, TypistParams
from rcfam.typist.key_text import to_keys
from rcfam.typist.shell import Session
from tests.support.terminal_screens import cursor, rows
from tests.support.vim_in_tmux import Pane, Screen

SIZES = ((24, 80), (48, 160))
STYLES = ("vim", "arrows")
_NO_BLOB = "0" * 40
_SAMPLES = 10
"""frames looked at in one session, at most: half of them between commands, the others anywhere"""


class Edit(NamedTuple):
    """One file's step in one commit."""

    repository: str
    commit: str
    path: str
    old: bytes | None
    new: bytes


class Difference(NamedTuple):
    """A sampled frame that real vim shows otherwise."""

    edit: Edit
    style: str
    size: tuple[int, int]
    kind: str
    """'text', 'cursor' or 'last line'"""
    mode: int
    keys: str
    """what was typed up to there, as far as the last line can show it"""
    ours: str
    theirs: str


class Compared(NamedTuple):
    """One session in both editors."""

    frames: int
    differences: list[Difference]
    bytes_equal: bool
    """both files are the new one; false also where vim did not leave"""


def _git(repository: Path, *arguments: str, data: bytes | None = None) -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, check=True, input=data).stdout


def is_shallow(repository: Path) -> bool:
    """Whether older commits are not at hand."""
    return _git(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"


def edits(repository: Path, count: int, random: Random, most_keys: int) -> Iterator[Edit]:
    """Up to `count` changed files of a history, drawn from all that can be typed, a session below `most_keys` bytes.

    git itself is asked, because a shallow clone will do here.
    """
    name = repository.parent.name if repository.name == "repo" else repository.name
    log = _git(repository, "log", "--first-parent", "-m", "--raw", "--no-abbrev", "-z", "--no-renames", "--format=%H")
    found = []
    commit = ""
    fields = iter(log.decode("utf-8", "surrogateescape").split("\0"))
    for field in fields:
        field = field.lstrip("\n")
        if field.startswith(":"):
            old_mode, new_mode, old, new, _ = field[1:].split(" ")
            path = next(fields)
            modes = {int(old_mode, 8), int(new_mode, 8)} - {0}
            if modes <= {REGULAR, EXECUTABLE} and new not in (_NO_BLOB, old) and path_reason(path) is None:
                found.append((commit, path, old, new))
        elif field:
            commit = field
    random.shuffle(found)
    for commit, path, old, new in found:
        if count == 0:
            return
        before = None if old == _NO_BLOB else _git(repository, "cat-file", "blob", old)
        after = _git(repository, "cat-file", "blob", new)
        if any(content_reason(REGULAR, data) is not None for data in (before or b"", after)):
            continue
        edit = Edit(name, commit, path, before, after)
        if len(session_keys(edit, "arrows")) <= most_keys and len(session_keys(edit, "vim")) <= most_keys:
            count -= 1
            yield edit


def session_keys(edit: Edit, style: str) -> NDArray[np.uint32]:
    """What the typist types for an edit, from `vim` to the keys that save and leave."""
    typist = Typist(TypistParams(style=style))  # type: ignore[arg-type]
    return to_keys(typist.session(Session(edit.path, edit.old, edit.new), Random(edit.commit)))


def _opened(edit: Edit, size: tuple[int, int]) -> Terminal:
    terminal = Terminal(*size)
    if edit.old is not None:
        terminal.files.write(edit.path, edit.old)
    folder = edit.path.rpartition("/")[0]
    if folder and not terminal.files.is_directory(folder):
        terminal.press(keys.from_text(f"mkdir -p '{folder}'\n"))
    return terminal


def _between_commands(terminal: Terminal) -> bool:
    ctl = terminal.state.ctl
    pending = (S.MODE, S.COUNT, S.COUNT2, S.OPERATOR, S.LEAD, S.PREFIX)
    return terminal.program == "editor" and not any(ctl[name] for name in pending)


def _stops(
    edit: Edit, size: tuple[int, int], keys_K: NDArray[np.uint32], first: int, random: Random
) -> tuple[set[int], set[int]]:
    """After which keys to look, and after which to wait for vim, as one who types waits without knowing.

    vim that has more keys to read scrolls once for all of them, at times also too far when a line at the window's end
    is typed into, and takes Esc with O or [ right behind it for a named key. There it is given the time to show what
    it has read.
    """
    terminal = _opened(edit, size)
    terminal.press(keys_K[:first])
    commands: list[int] = []
    inside: list[int] = []
    waits: set[int] = set()
    for i in range(first, len(keys_K) - 1):
        state = terminal.state
        before = int(state.ctl[S.TOP]), int(state.ctl[S.SKIP])
        terminal.press(keys_K[i : i + 1])
        if terminal.program != "editor":
            break
        ctl = terminal.state.ctl
        at_end = ctl[S.BOTTOM] - 1 <= ctl[S.LINE] < ctl[S.LINES] - 1
        if ctl[S.MODE] in (S.INSERT, S.REPLACE) and (at_end or before != (ctl[S.TOP], ctl[S.SKIP])):
            waits.add(i + 1)
        if keys_K[i] == keys.ESCAPE and chr(min(keys_K[i + 1], keys.NAMED - 1)) in "O[":
            waits.add(i + 1)
        if not ctl[S.PREFIX]:  # else nothing has reached the program yet
            (commands if _between_commands(terminal) else inside).append(i + 1)
    half = _SAMPLES // 2
    chosen = random.sample(commands, min(half, len(commands)))
    chosen += random.sample(inside, min(_SAMPLES - len(chosen), len(inside)))
    return set(chosen), waits


def our_screen(terminal: Terminal) -> Screen:
    """Our frame without tmux's row."""
    return Screen(rows(terminal)[:-1], cursor(terminal))


def compare(pane: Pane, folder: Path, edit: Edit, style: str, size: tuple[int, int]) -> Compared:
    """Type one edit into both editors."""
    keys_K = session_keys(edit, style)
    first = int(np.flatnonzero(keys_K == keys.ENTER)[0]) + 1
    random = Random(f"{edit.commit} {edit.path} {style}")
    samples, waits = _stops(edit, size, keys_K, first, random)
    target = folder / edit.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if edit.old is not None:
        target.write_bytes(edit.old)
    ours = _opened(edit, size)
    ours.press(keys_K[:first])
    pane.edit(folder, f"./{edit.path}" if edit.path[0] in "-+~" else edit.path)
    pane.comes_to_show(our_screen(ours))
    differences: list[Difference] = []
    done = first
    for stop in sorted(samples | waits):
        ours.press(keys_K[done:stop])
        pane.press(keys_K[done:stop])
        done = stop
        wanted = our_screen(ours)
        shown = pane.comes_to_show(wanted)
        if stop in samples and shown != wanted:
            differences.append(_difference(edit, style, size, ours, keys_K[first:stop], wanted, shown))
    ours.press(keys_K[done:])
    pane.press(keys_K[done:])
    ended = pane.ended()
    written = target.read_bytes() if target.exists() else None
    entry = ours.files.get(edit.path)
    mine = entry.data if entry is not None else None
    return Compared(len(samples), differences, ended and written == mine == edit.new)


def _difference(
    edit: Edit,
    style: str,
    size: tuple[int, int],
    ours: Terminal,
    keys_K: NDArray[np.uint32],
    wanted: Screen,
    shown: Screen,
) -> Difference:
    if shown.text != wanted.text:
        pairs = zip(wanted.rows, shown.rows, strict=False)
        row = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(wanted.rows), len(shown.rows)))
        kind = "text"
        mine, theirs = f"{row}: {wanted.rows[row]}", f"{row}: {shown.rows[row] if row < len(shown.rows) else None}"
    elif shown.cursor != wanted.cursor:
        kind, mine, theirs = "cursor", str(wanted.cursor), str(shown.cursor)
    else:
        kind, mine, theirs = "last line", wanted.rows[-1], shown.rows[-1]
    spelled = "".join(keys.name(key) for key in keys_K[-40:].tolist())
    return Difference(edit, style, size, kind, int(ours.state.ctl[S.MODE]), spelled, mine, theirs)


def histories(checkout: Path) -> list[Path]:
    """This project's own history where there is one, and the bare repositories that RCFAM_HISTORIES lists."""
    found = [checkout] if (checkout / ".git").exists() else []
    return found + [Path(path) for path in os.environ.get("RCFAM_HISTORIES", "").split(os.pathsep) if path]
