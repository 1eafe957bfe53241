"""The virtual disk is full as a real one is, and no line of the shell costs more than its limits say."""

import time
from pathlib import Path

import numpy as np
import pytest

from rcfam.terminal import Limits, Terminal
from rcfam.terminal.files import EXECUTABLE, FULL, Files, FilesError
from rcfam.terminal.fork import fork
from rcfam.terminal.keys import from_text
from rcfam.terminal.shell.printing import last_screens
from rcfam.terminal.shell.unified import unified


def screen(terminal: Terminal) -> str:
    """The shell's rows."""
    glyphs = terminal.state.cells[:-1] & 0x1FFFFF
    return "\n".join("".join(map(chr, row)).rstrip() for row in glyphs.tolist())


def small(disk_bytes: int = 1 << 16, disk_files: int = 14, **more: int) -> Terminal:
    return Terminal(limits=Limits(disk_bytes=disk_bytes, disk_files=disk_files, **more))


def typed(terminal: Terminal, *lines: str) -> str:
    """Type lines; returns the screen."""
    for line in lines:
        terminal.press(from_text(line + "\r"))
    return screen(terminal)


def honest(files: Files) -> bool:
    """Whether the account is what is held, and within the limits."""
    directories = [path for path in files._directories if path]
    held = sum(len(path) + len(entry.data) for path, entry in files.items()) + sum(map(len, directories))
    return files.used_bytes == held <= files.limits.disk_bytes and files.used_files == len(files) + len(directories)


def test_what_does_not_fit_is_cut_and_said_as_bash_says_it() -> None:
    terminal = small()
    terminal.files.write("a", b"a" * 40_000)
    said = typed(terminal, "cat a a > b", "clear", "cat a a > b", "cp a c")
    assert "cat: write error: No space left on device" in said
    assert "cp: cannot create regular file 'c': No space left on device" in said
    assert len(terminal.files["b"].data) == (1 << 16) - 40_002 and honest(terminal.files)
    said = typed(terminal, "rm b", "clear", "cp a b", "echo x >> a", "mkdir d", "echo hi > e", "ln -s t l", "touch f")
    for line in (
        "cp: error copying 'a' to 'b': No space left on device",
        "-bash: echo: write error: No space left on device",
        "mkdir: cannot create directory \u2018d\u2019: No space left on device",
        "-bash: e: No space left on device",
        "ln: failed to create symbolic link 'l': No space left on device",
        "touch: cannot touch 'f': No space left on device",
    ):
        assert line in said
    assert list(terminal.files) == ["a", "b"] and honest(terminal.files) and terminal.files.refused == 9
    said = typed(terminal, "rm b", "clear", "echo hi > e && cat e")
    assert "hi" in said.splitlines() and honest(terminal.files)


def test_files_and_directories_are_counted() -> None:
    terminal = small()
    said = typed(terminal, "mkdir " + " ".join(f"d{n}" for n in range(20)), "clear", "mkdir x", "cp -r d1 dd", "> q")
    assert "mkdir: cannot create directory \u2018x\u2019: No space left on device" in said
    assert "cp: cannot create directory 'dd': No space left on device" in said and "-bash: q: No space" in said
    assert terminal.files.used_files == 14 and honest(terminal.files)
    typed(terminal, "mv d1 d99", "mv d2 d99/d2", "rm -r d99")
    assert terminal.files.used_files == 12 and honest(terminal.files)


def test_names_of_deep_folders_fill_the_disk() -> None:
    terminal = small(disk_bytes=1 << 20, disk_files=100_000)
    typed(terminal, "mkdir -p " + "d/" * 3_000)
    assert terminal.files.refused == 1 and honest(terminal.files) and terminal.files.used_bytes > 900_000
    typed(terminal, "rm -r d")
    assert terminal.files.used_bytes == 0


def test_a_move_that_does_not_fit_moves_nothing() -> None:
    files = Files(Limits(disk_bytes=1 << 10, disk_files=4))
    for name in ("d/a", "d/b"):
        files.write(name, b"x" * 450)
    before = dict(files)
    with pytest.raises(FilesError, match=FULL):
        files.rename("d", "d" * 100)
    assert dict(files) == before and honest(files)
    files.write("e", b"1")
    files.rename("d", "f")  # every file is taken, and a move needs none
    files.chmod("f/a", True)
    assert list(files) == ["e", "f/a", "f/b"] and files["f/a"].mode == EXECUTABLE and honest(files)


def test_the_editor_says_so_and_what_git_keeps_is_counted() -> None:
    terminal = small()
    terminal.files.write("a", b"a\n" * 15_000)
    terminal.press(from_text("vim a\ryGP:w b\r"))
    rows = terminal.state.cells & 0x1FFFFF
    assert "".join(map(chr, rows[-2].tolist())).startswith('"b" E514: Write error (file system full?)')
    terminal.press(from_text(":q!\r"))
    typed(terminal, "rm b", "git add a && git commit -qm one", "rm a")
    terminal.files.write("big", b"b" * 60_000)  # the files have room, git keeps what was added before
    said = typed(terminal, "clear", "git add big")
    assert "error: unable to index file 'big'" in said and "fatal: adding files failed" in said
    assert terminal.vcs.used_bytes <= 1 << 16


def test_a_fork_has_a_disk_of_its_own() -> None:
    terminal = small()
    terminal.files.write("a", b"a" * 40_000)
    other = fork(terminal)
    typed(other, "cp a b")
    assert terminal.files.used_bytes == 40_001 and honest(other.files) and honest(terminal.files)


LINES = {
    "cat a line many times": "cat a;" * 2000,
    "list": "ls d;" * 3000,
    "list long": "ls -la d d d d d d d d;" * 600,
    "copies": "cat a a > b;" * 1300,
    "copies of folders": "cp -r d e;rm -r e;" * 800,
    "status": "git status;" * 1400,
    "status short": "git status -s;" * 1100,
    "add": "git add . . . . . . . .;" * 600,
    "diff": "git diff;" * 1800,
    "log": "git log;" * 2000,
    "remove": "rmdir " + "d " * 8000,
    "add folders": "git add " + "d/ " * 5000,
    "parents": "mkdir -p " + "x/" * 8000,
    "up and down": "cat " + "d/../" * 3200 + "a",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_costs_a_bounded_time(name: str) -> None:
    """Lines that recall brings back with one key."""
    terminal = Terminal(limits=Limits(disk_bytes=1 << 23, disk_files=5_000, work=1 << 20))
    for n in range(4_000):
        terminal.files.write(f"d/{n:05d}", b"")
    terminal.files.write("a", b"line of text\n" * 100_000 + b"\xff" * 1000)
    terminal.vcs.stage("a")
    terminal.files.write("a", b"other text\n" * 100_000 + b"\xff" * 1000)
    typed(terminal, "git commit -m x")
    terminal.press(from_text(LINES[name]))
    begun = time.process_time()
    terminal.press(from_text("\r"))
    assert time.process_time() - begun < 3.0 and honest(terminal.files)


def test_many_files_in_a_folder_are_no_matter() -> None:
    """Nothing is quadratic: renames of equal files, columns of `ls`, untracked files in a deep folder."""
    terminal = Terminal(limits=Limits(work=1 << 28))
    for n in range(20_000):
        terminal.files.write(f"d/{n:05d}", b"same")
    terminal.files.write("p/" * 1000 + "f", b"")
    for n in range(1_000):
        terminal.files.write("p/" * 1000 + str(n), b"")
    begun = time.process_time()
    typed(terminal, "git status", "git status -s", "ls d", "git add d", "git commit -m x", "git mv d e", "git status")
    typed(terminal, "git commit -m y", "git rm -r e")
    assert time.process_time() - begun < 10 and not terminal.vcs.index


def test_what_scrolls_away_is_not_printed_and_the_screen_is_the_same() -> None:
    text = "".join(f"line {n} {'x' * (n % 200)}\n" for n in range(30_000))
    terminals = []
    for cut in (True, False):
        terminal = Terminal()
        terminal.files.write("a", text.encode())
        if cut:
            typed(terminal, "cat a")
        else:
            terminal.press(from_text("cat a"))
            terminal._leave_input(terminal._windows[0])
            for part in text.splitlines(keepends=True):
                terminal._print([(part, 0)])
            terminal._prompt()
        terminals.append(terminal.state.cells.copy())
    np.testing.assert_array_equal(*terminals)
    runs = [(f"{n}\n", n % 3) for n in range(200_000)]
    kept = last_screens(runs, 24, 80)
    assert kept[-50:] == runs[-50:] and len(kept) < 40_000
    assert last_screens(runs[:100], 24, 80) == runs[:100]
    assert last_screens([("x" * 1_000_007, 0)], 24, 80)[0][0] == "x" * (64 * 24 * 80 + (1_000_007 - 64 * 24 * 80) % 80)


def test_diffs_are_git_s(tmp_path: Path) -> None:
    """Beside real git, on texts with changes near and far, at both ends, and without a last newline."""
    import random

    from tests.support.oracles.git import Git

    git = Git(tmp_path)
    generator = random.Random(0)
    for n in range(20):
        old = [b"line %d\n" % generator.randrange(8) for _ in range(generator.randrange(60))]
        new = [line for line in old if generator.random() < 0.9]
        for _ in range(generator.randrange(4)):
            new.insert(generator.randrange(len(new) + 1), b"new %d\n" % generator.randrange(3))
        a, b = b"".join(old), b"".join(new)
        a, b = (text[:-1] if generator.random() < 0.2 else text for text in (a, b))
        git.commit(f"Number {n}", {"f": a})
        (tmp_path / "f").write_bytes(b)
        real = git.run("diff", "--diff-algorithm=myers", "--no-indent-heuristic", "f")
        real = real.decode() if isinstance(real, bytes) else real
        ours = "".join(text for text, _ in unified(a, b))
        body = real[real.find("@@") :] if "@@" in real else ""
        added = [sum(line.startswith(sign) for line in body.splitlines()) for sign in "+-"]
        assert [sum(line.startswith(sign) for line in ours.splitlines()) for sign in "+-"] == added, (a, b)
