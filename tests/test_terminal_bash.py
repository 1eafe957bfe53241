"""Our shell beside real bash: the same keys give the same screen, cursor and files."""

import shutil
from pathlib import Path

import pytest

from rcfam.terminal import Terminal
from rcfam.terminal.files import Entry
from tests.bash_in_tmux import Bash, Screen, alike
from tests.terminal_screens import cursor, rows, spelled

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("tmux") and shutil.which("git")),
        reason="bash, tmux and git are not all installed",
    ),
]

# Each case is typed into a fresh shell, step after step; the screens are compared after each step. `<CR>` is Enter.
CASES = {
    "files": """mkdir -p a/b<CR> touch a/b/c x.txt<CR> ls<CR> ls a<CR> ls -a<CR> chmod +x a/b/c<CR>
        cp a/b/c d<CR> mv d e<CR> mv e a<CR> rm x.txt<CR> ls -1 a<CR> rmdir a<CR>""",
}


def both(ours: Terminal) -> Screen:
    return [alike(row) for row in rows(ours)[:-1]], cursor(ours)


def tree(terminal: Terminal) -> dict[str, Entry]:
    """The virtual files, and `name/` for each empty directory."""
    found = dict(terminal.files)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        names = terminal.files.listing(folder)
        if folder and not names:
            found[f"{folder}/"] = Entry(0, b"")
        paths = [f"{folder}/{name}" if folder else name for name in names]
        waiting += [path for path in paths if terminal.files.is_directory(path)]
    return found
