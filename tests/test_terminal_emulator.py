"""Our frames as escape codes, read back by Ghostty's emulator: text, cursor and colours, cell by cell."""

import random
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rcfam.history import Repository
from rcfam.recording import Reader
from rcfam.recording.show import ansi_frame, asciicast, text_rows
from rcfam.rendering import RenderParams, record
from rcfam.terminal import Terminal
from rcfam.terminal.cells import CLUSTER_BASE
from rcfam.terminal.keys import DELETE, NAMED, from_text
from tests.emulator import Emulator, Screen, expected
from tests.oracles.git import Git
from tests.terminal_screens import spelled

pytest.importorskip("pyghostty", reason="pyghostty is not installed")

ROOT = Path(__file__).parent.parent
GRIDS = [(24, 80), (48, 160)]
SAMPLES = {24: 60, 48: 20}

WIDE = "漢字かなカナ한글，Ａ🎉"
MARKS = "\u0301\u0300\u0323\u20d7"
LETTERS = "abc XYZ_(){}[]<>=+-*/#'\",.;:!?\\|~@$%^&0123456789\tàßñœΩЖ─│█€"
HOSTILE = (
    "\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[6n\x1bc\x1bP+q544e\x1b\\\x1b_Gi=1;AAAA\x1b\\\x1b]52;c;eA==\x07"
    "\x9b31m\x9d0;t\x9c\x90q\x9c\x85\x84\x8d bidi \u202e\u2066x\u2069\u200f zero \u200b\u200d\ufeff\u2060 \u2028\u2029 \x7f\x00\x08\r \U000e0041\n"
)


def frames(reader: Reader, wanted: list[int]) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int32]]]:
    cells, cursors = reader.frames_at(np.array(wanted))
    yield from zip(cells, cursors, strict=True)


class Beside:
    """Two emulators: one is shown whole frames, one only what differs from the frame before."""

    def __init__(self, rows: int, columns: int) -> None:
        self.whole, self.parts = Emulator(rows, columns), Emulator(rows, columns)
        self.before: NDArray[np.uint32] | None = None

    def compare(
        self, cells: NDArray[np.uint32], cursor: NDArray[np.int32], attributes: NDArray[np.uint32], clusters: list[str]
    ) -> None:
        wanted = expected(cells, cursor, attributes, clusters)
        self.whole.feed(ansi_frame(cells, cursor, attributes, clusters))
        self.parts.feed(ansi_frame(cells, cursor, attributes, clusters, self.before))
        self.before = cells.copy()
        for name, emulator in (("whole frames", self.whole), ("differences", self.parts)):
            assert differences(emulator.screen(), wanted) == [], name


def differences(shown: Screen, wanted: Screen) -> list[str]:
    found = [] if shown.cursor == wanted.cursor else [f"cursor {shown.cursor}, wanted {wanted.cursor}"]
    for r, (row, other) in enumerate(zip(shown.cells, wanted.cells, strict=True)):
        found += [f"{r},{c}: {a}, wanted {b}" for c, (a, b) in enumerate(zip(row, other, strict=True)) if a != b]
    return found


@pytest.mark.parametrize(("rows", "columns"), GRIDS)
@pytest.mark.parametrize("style", ["vim", "arrows"])
def test_frames_of_a_history(rows: int, columns: int, style: str, tmp_path: Path) -> None:
    if (ROOT / ".git").exists():
        repository, revision = Repository(ROOT), "HEAD"
    else:
        git = Git(tmp_path / "repository")
        for name in ("README.md", "rcfam/cli/__init__.py", "rcfam/terminal/widths.py"):
            git.commit(name, {name: (ROOT / name).read_bytes()})
        repository, revision = Repository(git.folder), "HEAD"
    params = RenderParams(rows=rows, columns=columns, style=style, max_commits=3)  # type: ignore[arg-type]
    path = tmp_path / "r.tsr"
    with path.open("wb") as file:
        record(repository, revision, "repository", params, file)
    generator = random.Random(columns)
    beside = Beside(rows, columns)
    with Reader(path) as reader:
        wanted = sorted(generator.sample(range(reader.frames), min(SAMPLES[rows], reader.frames)))
        for cells, cursor in frames(reader, wanted):
            beside.compare(cells, cursor, reader.attributes, reader.clusters)


def random_keys(generator: random.Random, count: int) -> list[int]:
    codes: list[int] = []
    while len(codes) < count:
        kind = generator.random()
        if kind < 0.45:
            codes += [ord(generator.choice(LETTERS)) for _ in range(generator.randrange(1, 12))]
        elif kind < 0.6:
            codes += [ord(generator.choice(WIDE))]
        elif kind < 0.7:
            codes += [ord(generator.choice(MARKS))]
        elif kind < 0.78:
            codes += [generator.randrange(32)]
        elif kind < 0.82:
            codes += [22, generator.randrange(160)]
        elif kind < 0.86:
            codes += [27, ord(generator.choice("iaoOARVvupPdJ~"))]
        elif kind < 0.94:
            codes += [generator.randrange(NAMED, DELETE + 3)]
        else:
            codes += [13]
    return codes


@pytest.mark.parametrize(("rows", "columns"), GRIDS)
@pytest.mark.parametrize("seed", range(2))
def test_frames_of_random_keys(rows: int, columns: int, seed: int) -> None:
    generator = random.Random(seed)
    terminal = Terminal(rows, columns)
    terminal.files.write("odd", (HOSTILE * 3 + (WIDE + "e" + MARKS) * 30 + "\n").encode())
    terminal.press(from_text("mkdir -p d/e; chmod +x odd; ls\nvim odd\n" if seed else "ls; git status\n"))
    beside = Beside(rows, columns)
    for _ in range(SAMPLES[rows]):
        terminal.press(np.array(random_keys(generator, 15), dtype=np.uint32))
        beside.compare(terminal.state.cells, terminal.state.cursor, terminal.attributes, terminal.clusters)


def test_characters_that_terminals_disagree_on_move_nothing_else() -> None:
    terminal = Terminal()
    terminal.press(from_text("vim\n" if False else "vim f\n"))
    for character in "☝☰⏭ힰ\u115f\ufe0f🀄":
        terminal.press(spelled(f"o|{character}|{character}|{'x' * 70}{character}|end<Esc>"))
    emulator = Emulator(24, 80)
    state = terminal.state
    emulator.feed(ansi_frame(state.cells, state.cursor, terminal.attributes, terminal.clusters))
    wanted = expected(state.cells, state.cursor, terminal.attributes, terminal.clusters)
    for r, row in enumerate(wanted.cells):
        for c, cell in enumerate(row):
            if cell[0] in ("|", "x", "e", "n", "d"):
                assert emulator.screen().cells[r][c] == cell, (r, c) if False else (r, c)


def printed(codes: str) -> str:
    """What is left of escape codes when the known ones are taken out: text for the screen."""
    return re.sub(r"\x1b\[(?:[0-9;]*[mHGJ]|\?(?:7|25)[hl])", "", codes)


def harmless(codes: str) -> bool:
    """Whether nothing but our own escape codes and visible characters would reach a terminal."""
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in printed(codes).replace("\u200d", ""))


@pytest.mark.parametrize("command", ["vim f", "cat f", "echo '", 'git commit --allow-empty -m "'])
def test_hostile_contents_never_reach_the_terminal_raw(command: str) -> None:
    terminal = Terminal()
    terminal.files.write("f", HOSTILE.encode("utf-8", "surrogateescape") + b"\xff\x9b1m\xc3")
    terminal.press(from_text(command))
    if "f" not in command[-1:]:
        for character in HOSTILE:
            terminal.press(np.array([22, ord(character)], dtype=np.uint32))
        terminal.press(from_text(command[-1]))
    terminal.press(from_text("\n"))
    replies: list[bytes] = []
    unknown: list[object] = []
    emulator = Emulator(24, 80)
    emulator.terminal.on_reply(replies.append)
    emulator.terminal.on_unknown_sequence(unknown.append)
    state = terminal.state
    codes = ansi_frame(state.cells, state.cursor, terminal.attributes, terminal.clusters)
    emulator.feed(codes)
    assert harmless(codes)
    assert (replies, unknown) == ([], [])
    wanted = expected(state.cells, state.cursor, terminal.attributes, terminal.clusters)
    assert differences(emulator.screen(), wanted) == []


def test_hostile_frames_never_reach_the_terminal_raw() -> None:
    """Cells and clusters that no terminal of ours would make, as a recording from elsewhere may hold."""
    generator = np.random.default_rng(0)
    clusters = ["\x1b[2J", "a\u200d\x9b", "\u202e", "\x07", "b\r\n", "e\u0301"]
    attributes = np.array([[0, 0, 0], [1 << 24 | 0x123456, 257, 255], [5, 300, 1 << 30]], dtype=np.uint32)
    odd = np.array([0, 7, 8, 10, 13, 27, 127, 0x9B, 0x202E, 0x200B, 0xD800, 0x2028, 32, 65, 0x6F22])
    glyphs = np.concatenate([odd, CLUSTER_BASE + np.arange(len(clusters))])
    for _ in range(50):
        cells = generator.choice(glyphs, (6, 40)).astype(np.uint32)
        cells |= generator.integers(0, 3, (6, 40)).astype(np.uint32) << np.uint32(21)
        codes = ansi_frame(cells, np.array([99, 99, 1], np.int32), attributes, clusters)
        assert harmless(codes)
        assert not any(unicodedata.category(c) == "Cc" for row in text_rows(cells, clusters) for c in row)


def test_an_exported_session_is_harmless(tmp_path: Path) -> None:
    git = Git(tmp_path / "repository")
    git.commit("\u202etitle \x1b[31m", {"f": HOSTILE.encode(), "g": b"\x9b31m\n"})
    path = tmp_path / "r.tsr"
    with path.open("wb") as file:
        record(Repository(git.folder), "HEAD", "name\x1b[2J", RenderParams(), file)
    with Reader(path) as reader:
        for line in asciicast(reader, 2, 0.1, 0, reader.frames):
            assert "\x1b" not in line
            assert line.isascii()
