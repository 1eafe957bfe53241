"""Golden screens: what real vim, bash and tmux show after some keys, kept as text files in tests/golden/screens.

    python -m tests.support.golden_screens      makes them anew (needs vim, bash and tmux)

A file's first line says in JSON what was typed where; `cursor ROW COLUMN` follows, then the screen. tests/
test_terminal_golden.py checks our terminal against them without the programs.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from rcfam.terminal.keys import CTRL_B
from tests.support.terminal_screens import spelled
from tests.support.vim_in_tmux import SETTINGS, Pane, Screen

FOLDER = Path(__file__).parents[1] / "golden" / "screens"
ROWS, COLUMNS = 12, 80
_PROSE = "one two three\n\n\tindented (a, b)\nfoo.bar baz\n  last words here\n"
_MANY = "".join(f"line {number}\n" for number in range(1, 41))
_QUIET_S = 0.1
_RENAMED_S = 4
"""tmux names a window after its program within this time"""

CASES: list[dict[str, Any]] = [
    {"name": "vim-open", "file": _PROSE, "keys": ""},
    {"name": "vim-open-indented", "file": "   indented\nnot\n", "keys": ""},
    {"name": "vim-new-file", "file": None, "keys": "ihello<CR>world"},
    {"name": "vim-empty-file", "file": "", "keys": ""},
    {"name": "vim-no-final-newline", "file": "a\nb", "keys": "j"},
    {"name": "vim-insert", "file": _PROSE, "keys": "jidef f():<CR><Tab>return 1"},
    {"name": "vim-replace-mode", "file": _PROSE, "keys": "wRTWO<BS>"},
    {"name": "vim-visual", "file": _PROSE, "keys": "wvee"},
    {"name": "vim-visual-line", "file": _PROSE, "keys": "Vjj"},
    {"name": "vim-command-line", "file": _PROSE, "keys": ":2,4d"},
    {"name": "vim-search", "file": _PROSE, "keys": "/ba<CR>n"},
    {"name": "vim-search-wraps", "file": _PROSE, "keys": "G/two<CR>"},
    {"name": "vim-search-fails", "file": _PROSE, "keys": "/nowhere<CR>"},
    {"name": "vim-delete-lines", "file": _MANY, "keys": "5Gd3j"},
    {"name": "vim-undo", "file": _MANY, "keys": "5G3ddu"},
    {"name": "vim-redo", "file": _MANY, "keys": "5Gxxu<C-r>"},
    {"name": "vim-oldest-change", "file": _PROSE, "keys": "xuu"},
    {"name": "vim-put", "file": _MANY, "keys": "3yyGp"},
    {"name": "vim-emptied", "file": _PROSE, "keys": "dG"},
    {"name": "vim-goto-middle", "file": _MANY, "keys": "20G"},
    {"name": "vim-scroll", "file": _MANY, "keys": "<C-e><C-e><C-d>jzt"},
    {"name": "vim-pages", "file": _MANY, "keys": "<C-f><C-f>"},
    {"name": "vim-long-line", "file": "x" * 250 + "\nshort\n" + "y" * 700 + "\n", "keys": "$j"},
    {"name": "vim-long-last-line", "file": "short\n" + "y" * 900 + "\n", "keys": ""},
    {"name": "vim-wide", "file": "漢字かな交じり文" * 6 + "\n" + "e\u0301a\u0300\n", "keys": "$jx"},
    {"name": "vim-controls", "file": "\x01\x02\x7f\tx\ty\r\n", "keys": "$"},
    {"name": "vim-written", "file": _PROSE, "keys": "x:w<CR>"},
    {"name": "vim-not-written", "file": _PROSE, "keys": "x:q<CR>"},
    {"name": "vim-unknown-command", "file": _PROSE, "keys": ":nonsense<CR>"},
    {"name": "vim-long-name", "file": _PROSE, "keys": "j", "path": "a-folder/" + "and-a-file-with-a-long-name" * 2},
    {"name": "vim-substitute", "file": _MANY, "keys": ":%s/line \\(\\d*\\)/\\1: &/<CR>"},
    {"name": "vim-move-lines", "file": _MANY, "keys": ":1,3m10<CR>"},
    {"name": "vim-copy-lines", "file": _MANY, "keys": ":1,3t5<CR>"},
    {"name": "vim-shifted", "file": _MANY, "keys": ":2,5><CR>"},
    {"name": "vim-registers", "file": _PROSE, "keys": '"ayyj"byy"ap"bp'},
    {"name": "vim-typed-over-the-edge", "file": _MANY, "keys": "12GA" + "word " * 18},
    {"name": "bash-prompt", "shell": True, "keys": ""},
    {"name": "bash-echo", "shell": True, "keys": "echo one 'two  three'<CR>"},
    {"name": "bash-missing", "shell": True, "keys": "cat nothing<CR>cd nowhere<CR>nonsense<CR>"},
    {"name": "bash-long-line", "shell": True, "keys": "echo " + "word " * 20},
    {"name": "bash-edited-line", "shell": True, "keys": "echo wrong<C-w>right<C-a><Right>x"},
    {"name": "bash-continued", "shell": True, "keys": "echo 'one<CR>two'<CR>"},
    {"name": "bash-folders", "shell": True, "keys": "mkdir -p src/deep<CR>cd src<CR>touch b a<CR>ls<CR>cd ..<CR>"},
    {"name": "bash-scrolled", "shell": True, "keys": "".join(f"echo {n}<CR>" for n in range(9))},
    {"name": "tmux-windows", "shell": True, "bar": True, "keys": "echo first<CR><C-b>cecho second<CR>"},
    {"name": "tmux-back", "shell": True, "bar": True, "keys": "echo first<CR><C-b>cecho second<CR><C-b>0"},
    {"name": "tmux-vim", "shell": True, "bar": True, "keys": "vim new<CR>ihello"},
]


def write(case: dict[str, Any], screen: Screen) -> None:
    """Keep one screen."""
    rows = "\n".join(screen.rows)
    header = json.dumps(case, ensure_ascii=True)
    text = f"{header}\ncursor {screen.cursor[0]} {screen.cursor[1]}\n{rows}\n"
    (FOLDER / f"{case['name']}.txt").write_text(text, encoding="utf-8")


def read(path: Path) -> tuple[dict[str, Any], Screen]:
    """What was typed where, and what the programs showed."""
    header, cursor, *rows = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    row, column = cursor.split()[1:]
    return json.loads(header), Screen(rows, (int(row), int(column)))


def _press_slowly(pane: Pane, keys: str) -> None:
    """Whole commands at once, the multiplexer's prefix and shells with a pause."""
    codes = spelled(keys)
    for i, code in enumerate(codes.tolist()):
        pane.press(codes[i : i + 1])
        if code < 32:
            time.sleep(0.03)
        if i and codes[i - 1] == CTRL_B:
            time.sleep(_RENAMED_S)


def captured(case: dict[str, Any], folder: Path) -> Screen:
    """What the real programs show."""
    bar = bool(case.get("bar"))
    home = folder / "home"
    repo = home / "repo"
    repo.mkdir(parents=True)
    with Pane(folder / "tmux", ROWS + bar, COLUMNS) as pane:
        if case.get("shell"):
            settings = {"PS1": "user@host:\\w$ ", "HISTFILE": "", "PATH": os.environ["PATH"]}
            exported = "\n".join(f"export {name}='{value}'" for name, value in settings.items())
            (folder / "bin").mkdir()
            vim = folder / "bin" / "vim"
            vim.write_text(f"#!/bin/sh\nexec {shutil.which('vim')} -N -i NONE -u '{SETTINGS / 'vimrc'}' \"$@\"\n")
            vim.chmod(0o755)
            (home / ".bash_profile").write_text(
                f"{exported}\nPATH={folder / 'bin'}:$PATH\nunset -f command_not_found_handle\nset +H\ncd '{repo}'\n"
            )
            words = ["bash", "-c", "exec -a -bash bash"]
            if bar:
                inner = ["tmux", "-u", "-S", str(folder / "inner"), "-f", str(SETTINGS / "tmux.conf")]
                words = [*inner, "start-server", ";", "set", "-g", "default-shell", "/bin/bash", ";", "new-session"]
            pane.start(repo, words, {"HOME": str(home)})
        else:
            path = repo / case.get("path", "f")
            path.parent.mkdir(exist_ok=True)
            if case["file"] is not None:
                path.write_bytes(case["file"].encode())
            pane.edit(repo, case.get("path", "f"))
        pane.settled()
        _press_slowly(pane, case["keys"])
        time.sleep(_RENAMED_S if bar else _QUIET_S)
        return pane.settled()


def main() -> None:
    """Make every golden screen anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            write(case, captured(case, Path(folder)))


if __name__ == "__main__":
    main()
