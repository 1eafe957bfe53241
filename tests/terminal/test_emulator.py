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
from rcfam.recording.ansi import ansi_frame, asciicast, text_rows
from rcfam.rendering import RenderParams, record
from rcfam.terminal import Terminal
from rcfam.terminal.cells import BLANK, CLUSTER_BASE, glyphs
from rcfam.terminal.keys import from_text
from rcfam.terminal.state import State
from tests.support.emulator import Emulator, Screen, expected
from tests.support.oracles.git import Git
from tests.support.terminal_screens import spelled
from tests.support.terminal_state import HOSTILE, bases, odd_file, random_keys

pytest.importorskip("pyghostty", reason="pyghostty is not installed")

ROOT = Path(__file__).parents[2]
GRIDS = [(24, 80), (48, 160)]
SAMPLES = {24: 60, 48: 20}


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
    """Variation selectors aside: Ghostty drops those that change nothing."""
    found = [] if shown.cursor == wanted.cursor else [f"cursor {shown.cursor}, wanted {wanted.cursor}"]
    for r, (row, other) in enumerate(zip(shown.cells, wanted.cells, strict=True)):
        for c, (cell, ours) in enumerate(zip(row, other, strict=True)):
            if (cell[0].replace("\ufe0f", ""), *cell[1:]) != (ours[0].replace("\ufe0f", ""), *ours[1:]):
                found.append(f"{r},{c}: {cell}, wanted {ours}")
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


def agreed(state: State) -> NDArray[np.uint32]:
    """The cells without the few characters that vim shows in two cells and Ghostty in one."""
    disputed = np.isin(bases(state), [0x261D, 0x23ED])
    disputed[:, 1:] |= disputed[:, :-1]
    return np.where(disputed, state.cells - glyphs(state.cells) + np.uint32(BLANK), state.cells)


@pytest.mark.parametrize(("rows", "columns"), GRIDS)
@pytest.mark.parametrize("seed", range(2))
def test_frames_of_random_keys(rows: int, columns: int, seed: int) -> None:
    generator = random.Random(seed)
    terminal = Terminal(rows, columns)
    terminal.files.write("odd", odd_file(generator))
    terminal.press(from_text("mkdir -p d/e; chmod +x odd; ls\nvim odd\n" if seed else "ls; git status\n"))
    beside = Beside(rows, columns)
    for _ in range(SAMPLES[rows]):
        terminal.press(random_keys(generator, 15))
        cells = agreed(terminal.state)
        beside.compare(cells, terminal.state.cursor, terminal.attributes, terminal.clusters)


def test_characters_that_terminals_disagree_on_move_nothing_else() -> None:
    """Narrow, wide and combining ones. Ghostty takes Hangul vowels that stand alone for marks; vim does not."""
    terminal = Terminal()
    terminal.press(from_text("vim f\n"))
    for character in "\u261d\u2630\u23ed\ufe0f\U0001f004\u0301":
        terminal.press(spelled(f"o|{character}|{character}|{'x' * 70}{character}|end<Esc>"))
    state = terminal.state
    emulator = Emulator(24, 80)
    emulator.feed(ansi_frame(state.cells, state.cursor, terminal.attributes, terminal.clusters))
    shown = emulator.screen()
    wanted = expected(state.cells, state.cursor, terminal.attributes, terminal.clusters)
    assert shown.cursor == wanted.cursor
    for row, other in zip(shown.cells, wanted.cells, strict=True):
        for cell, ours in zip(row, other, strict=True):
            assert cell == ours or ours[0] not in ("|", "x", "e", "n", "d")


def printed(codes: str) -> str:
    """What is left of escape codes when the known ones are taken out: text for the screen."""
    return re.sub(r"\x1b\[(?:[0-9;]*[mHGJ]|\?(?:7|25)[hl])", "", codes)


def harmless(codes: str) -> bool:
    """Whether nothing but our own escape codes and visible characters would reach a terminal."""
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in printed(codes) if c != "\u200d")


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
