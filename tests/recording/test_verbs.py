"""`rcfam info`, `play` and `export`, and that nothing in a frame reaches the user's terminal as a control character."""

import json
import os
import pty
import select
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.recording import Reader, Writer
from rcfam.recording.ansi import ansi_frame, asciicast, text_rows
from rcfam.recording.repack import digest
from rcfam.terminal.cells import CLUSTER_BASE
from tests.support.recording_screens import ATTRIBUTES, Frames, typed

EVIL = [0x1B, 0x9B, 0x07, 0x202E, 0x0D, CLUSTER_BASE]


@pytest.fixture(scope="module")
def frames() -> Frames:
    cells, cursors, keys = typed("def f():\n    pass\n", 8, 40)
    cells[:, 3, : len(EVIL)] = EVIL
    return cells, cursors, keys


@pytest.fixture(scope="module")
def recording(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verbs") / "a.tsr"
    with path.open("wb") as file, Writer(file, 8, 40, ATTRIBUTES, {"name": "evil\x1b[2J"}) as writer:
        writer.add_clusters(["a\x1b]0;x\x07"])
        writer.mark("commit", "first\x1b[31m\nbody")
        writer.append(*(part[:9] for part in frames))
        writer.mark("commit", "second")
        writer.append(*(part[9:] for part in frames))
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_info_and_dump(recording: Path) -> None:
    text = run("info", recording, "--check")
    assert "18 frames of 8 x 40, 2 commits" in text
    assert "checksum holds" in text
    shown = run("play", recording, "--dump", 17)
    assert "def f():" in shown and "second" in shown
    assert not set(text + shown) & set(map(chr, [*range(10), *range(11, 32), 0x9B, 0x202E]))
    with pytest.raises(RcfamError, match=r"0\.\.17"):
        run("play", recording, "--dump", 18)


def test_info_says_damage_and_fails(recording: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tsr"
    cut.write_bytes(recording.read_bytes()[:-5])
    with pytest.raises(RcfamError, match="damaged"):
        run("info", cut)


def test_export_text(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.txt"
    run("export", recording, "--to", "txt", "-o", out)
    text = out.read_text(encoding="utf-8")
    assert text.count("\n-- frame ") == 18 and "\x1b" not in text


def test_export_takes_a_range_or_a_commit(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.txt"
    for arguments, count in (
        (["--commit", 1], 9),
        (["--commit", 2], 9),
        (["--commit", 2, "--start", 12], 6),
        (["--start", 3, "--stop", 8], 5),
        (["--start", 0, "--stop", 9, "--every", 4], 3),
    ):
        run("export", recording, "--to", "txt", "-o", out, *arguments)
        assert out.read_text(encoding="utf-8").count("\n-- frame ") == count
    for arguments, message in (
        (["--commit", 3], "has 2"),
        (["--commit", 1, "--stop", 12], "0..9"),
        (["--start", 18], "frame 18: .* has the frames 0..17"),
        (["--start", 9, "--stop", 19], "frames 9..19: .* has 0..18"),
        (["--speed", 0], "speed 0"),
    ):
        with pytest.raises(RcfamError, match=message):
            run("export", recording, "-o", tmp_path / "b.cast", *arguments)
        assert not (tmp_path / "b.cast").exists()


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RcfamError, match=r"cannot read .*: Is a directory"):
        run("info", tmp_path)


def test_repack(recording: Path, tmp_path: Path) -> None:
    out, cut = tmp_path / "small.tsr", tmp_path / "cut.tsr"
    assert "18 frames" in run("repack", recording, "-o", out, "--chunk-frames", 5)
    with Reader(recording) as reader, Reader(out) as again:
        assert digest(reader) == digest(again) and len(again.chunks) == 4 and again.marks == reader.marks
        cut.write_bytes(out.read_bytes()[: again.chunks[2].offset + 9])
    with pytest.raises(RcfamError, match=r"damaged.*--recover"):
        run("repack", cut, "-o", tmp_path / "none.tsr")
    assert not (tmp_path / "none.tsr").exists()
    assert "10 frames" in run("repack", cut, "-o", out, "--recover")
    with Reader(out) as reader:
        assert reader.damage is None and reader.frames == 10


@pytest.mark.parametrize("version", [2, 3])
def test_a_cast_shows_the_same_screens(recording: Path, version: int) -> None:
    """Played into a real terminal emulator, the output events give each frame's text and cursor."""
    ghostty = pytest.importorskip("pyghostty", reason="pyghostty is not installed")
    with Reader(recording) as reader:
        head, *events = map(json.loads, asciicast(reader, version, 0.1, 0, reader.frames))
        cells, cursors, keys = reader.read(0, reader.frames)
        expected = [text_rows(frame, reader.clusters) for frame in cells]
    assert head["version"] == version
    assert [event[2] for event in events if event[1] == "m"] == ["commit first\u241b[31m", "commit second"]
    assert len([event for event in events if event[1] == "i"]) == len(keys)
    times = [event[0] for event in events]
    assert (times[-1] if version == 2 else sum(times)) == pytest.approx(0.1 * (len(keys) - 1))
    terminal = ghostty.Terminal(40, 8)
    shown = [event[2] for event in events if event[1] == "o"]
    for text, rows, cursor in zip(shown, expected, cursors.tolist(), strict=True):
        assert "\x9b" not in text and "\x07" not in text and "\u202e" not in text
        terminal.feed(text.encode())
        seen = [*terminal.text().split("\n"), *[""] * 8][:8]
        assert [row.rstrip() for i, row in enumerate(seen) if i != 3] == [row for i, row in enumerate(rows) if i != 3]
        assert tuple(terminal.cursor)[:2] in {(cursor[1], cursor[0]), (cursor[0], cursor[1])}


def test_frames_are_drawn_row_by_row(recording: Path) -> None:
    with Reader(recording) as reader:
        cells, cursors, _ = reader.read(0, 2)
        whole = ansi_frame(cells[1], cursors[1], reader.attributes, reader.clusters)
        part = ansi_frame(cells[1], cursors[1], reader.attributes, reader.clusters, cells[0])
    changed = int((cells[0] != cells[1]).any(axis=1).sum())
    assert whole.count("H") - 1 >= 8 and part.count(";1H") == changed
    assert "\x1b[0;1;38;5;2m" in ansi_frame(
        np.full((1, 1), 1 << 21 | 0x61, np.uint32), np.array([0, 0, 0], np.int32), ATTRIBUTES, []
    )


def test_play_in_a_terminal(recording: Path) -> None:
    """Step, pause, jump and leave; what is written holds only escape codes that the player itself made."""
    import fcntl
    import termios

    child, master = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", "from rcfam.cli import main; main()", "play", str(recording)])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    output = b""
    sent = [b" ", b"n", b"\x1b[C", b"\x1b[D", b"p", b"+", b"-", b"G", b"g", b"q"]
    end = time.monotonic() + 120
    while time.monotonic() < end:
        ready = select.select([master], [], [], 0.3)[0]
        if ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            output += data
        elif b"\x1b[?1049h" in output and sent:
            os.write(master, sent.pop(0))
    _, status = os.waitpid(child, 0)
    os.close(master)
    assert os.waitstatus_to_exitcode(status) == 0, output[-500:]
    assert b"\x1b[?25h\x1b[?1049l" in output and not sent
    assert b"\x07" not in output and b"\x1b]" not in output and "\u202e".encode() not in output
    assert b"second" in output and b"paused" in output
