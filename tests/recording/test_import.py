"""Foreign recordings: what a terminal emulator shows of them becomes frames, and damage becomes one clear error."""

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tracemalloc
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.recording import Mark, Reader, Writer, foreign, foreign_formats
from rcfam.recording.ansi import asciicast, text_rows
from rcfam.recording.emulator import Emulator
from rcfam.terminal import keys as names
from rcfam.terminal.cells import BOLD, CLUSTER_BASE, INVERSE, RGB, UNDERLINE
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, typed

pytest.importorskip("pyghostty", reason="pyghostty is not installed")


def cells_of(emulator: Emulator) -> list[list[tuple[int | str, tuple[int, int, int]]]]:
    """(glyph or cluster, attribute row) of each cell of the screen."""
    cells, _ = emulator.frame()
    clusters = dict(enumerate(emulator.clusters, CLUSTER_BASE))

    def said(cell: int) -> tuple[int | str, tuple[int, int, int]]:
        glyph = cell & 0x1FFFFF
        return clusters.get(glyph, glyph), emulator.attributes[cell >> 21]

    return [[said(cell) for cell in row] for row in cells.tolist()]


def read_cast(data: bytes) -> foreign_formats.Foreign:
    return foreign_formats.read_asciicast(partial(BytesIO, data))


def read_log(data: bytes, rows: int, columns: int, timing: str | None = None) -> foreign_formats.Foreign:
    return foreign_formats.read_log(
        partial(BytesIO, data), rows, columns, None if timing is None else partial(BytesIO, timing.encode())
    )


def imported(found: foreign_formats.Foreign, folder: Path, every_output: bool = False) -> Reader:
    path = folder / "imported.tsr"
    with path.open("wb") as file:
        foreign.play(found, file, "x", every_output=every_output)
    return Reader(path)


def cast(*events: tuple[float, str, str], version: int = 2, rows: int = 3, columns: int = 10) -> bytes:
    head = {"version": 2, "width": columns, "height": rows}
    if version == 3:
        head = {"version": 3, "term": {"cols": columns, "rows": rows}}  # type: ignore[dict-item]
    return "\n".join(map(json.dumps, [head, *events])).encode()


def test_cells_have_glyphs_colours_and_styles() -> None:
    emulator = Emulator(3, 10)
    emulator.feed("\x1b[1;31;44mA\x1b[0;4;38;2;1;2;3mB\x1b[0;7;38;5;200m\u4e2d\x1b[0me\u0301".encode())
    emulator.feed(b"\r\n\x1b[48;5;9m\x1b[K\x1b[m\r\n\x1b[48;2;9;8;7m\x1b[K")
    rows = cells_of(emulator)
    assert rows[0][:5] == [
        (ord("A"), (2, 5, BOLD)),
        (ord("B"), (RGB | 0x010203, 0, UNDERLINE)),
        (0x4E2D, (201, 0, INVERSE)),
        (0, (201, 0, INVERSE)),
        ("e\u0301", (0, 0, 0)),
    ]
    assert rows[0][5] == (32, (0, 0, 0))
    assert rows[1][0] == (32, (0, 10, 0)) and rows[2][9] == (32, (0, RGB | 0x090807, 0))


def test_reading_what_changed_equals_reading_all() -> None:
    """The screen read after each piece of output is that of an emulator which is read once, at the end."""
    rng = random.Random(3)
    parts = [
        lambda: f"\x1b[{rng.randrange(9)};{rng.randrange(30)}H",
        lambda: f"\x1b[{rng.choice([0, 1, 7, 31, 44, 97])}m",
        lambda: f"\x1b[{rng.choice(['2J', 'K', '1K', 'M', 'L', '2P', '3@', '2S', 'T', '3X', '?25l', '?25h', '2;5r'])}",
        lambda: "".join(rng.choices("abc 0\u4e2d\r\n\u00e9", k=rng.randrange(1, 30))),
        lambda: "\u0301",
    ]
    steps, fed = Emulator(6, 20), ""
    for turn in range(400):
        piece = rng.choice(parts)()
        fed += piece
        steps.feed(piece.encode())
        steps.frame()
        if turn % 20 == 19:
            once = Emulator(6, 20)
            once.feed(fed.encode())
            assert cells_of(once) == cells_of(steps)
            np.testing.assert_array_equal(once.frame()[1], steps.frame()[1])


@pytest.mark.parametrize("version", [2, 3])
def test_our_own_export_comes_back(tmp_path: Path, version: int) -> None:
    cells, cursors, keys = typed("def f():\n    for x in y:\n        pass\n", 8, 40)
    keys[3], keys[4], cells[:, 3, :3] = names.UP, names.DELETE, [0x4E2D, 0, CLUSTER_BASE]
    path = tmp_path / "a.tsr"
    with path.open("wb") as file, Writer(file, 8, 40, ATTRIBUTES, {"name": "a"}) as writer:
        writer.add_clusters(CLUSTERS)
        writer.mark("commit", "first one")
        writer.append(cells, cursors, keys)
        writer.mark("end", "")
    with Reader(path) as reader:
        lines = list(asciicast(reader, version, 0.1, 0, reader.frames))
        shown = [text_rows(frame, reader.clusters) for frame in cells]
        colours = ATTRIBUTES[cells >> 21]
    with imported(read_cast("\n".join(lines).encode()), tmp_path) as back:
        got, places, typed_again = back.read(0, back.frames)
        assert back.damage is None and back.verify() == len(keys)
        np.testing.assert_array_equal(typed_again, keys)
        np.testing.assert_array_equal(places, cursors)
        assert [text_rows(frame, back.clusters) for frame in got] == shown
        np.testing.assert_array_equal(back.attributes[got >> 21], colours)
        assert back.marks == [Mark(0, "commit", "first one")]
        assert back.provenance["format"] == f"asciicast {version}"


def test_without_keys_there_is_a_frame_for_each_output(tmp_path: Path) -> None:
    found = read_cast(cast((0.1, "o", "a"), (0.2, "m", "here"), (0.3, "o", "b\r\n"), (0.4, "o", "c")))
    with imported(found, tmp_path) as reader:
        cells, cursors, keys = reader.read(0, reader.frames)
        assert [text_rows(frame, []) for frame in cells] == [["a", "", ""], ["ab", "", ""], ["ab", "c", ""]]
        assert keys.tolist() == [0, 0, 0] and cursors.tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 1]]
        assert reader.marks == [Mark(1, "marker", "here")]


def test_with_keys_there_is_a_frame_before_each(tmp_path: Path) -> None:
    events = [(0.1, "o", "$ "), (1.0, "i", "l\x1bOA"), (1.1, "o", "ls"), (1.2, "i", "\r"), (1.3, "o", "\r\nx")]
    for version in (2, 3):
        found = read_cast(cast(*events, version=version))
        with imported(found, tmp_path) as reader:
            cells, _, keys = reader.read(0, reader.frames)
            assert keys.tolist() == [ord("l"), names.UP, 13, 0]
            assert [text_rows(frame, [])[0] for frame in cells] == ["$", "$", "$ ls", "$ ls"]
            assert text_rows(cells[-1], [])[1] == "x"
        with imported(found, tmp_path, every_output=True) as reader:
            assert reader.keys().tolist() == [0, ord("l"), names.UP, 0, 13, 0]


def test_the_grid_is_the_largest_that_there_was(tmp_path: Path) -> None:
    events = [
        (0.1, "o", "ab"),
        (0.2, "r", "12x5"),
        (0.3, "o", "\x1b[5;12Hz"),
        (0.4, "r", "4x2"),
        (0.5, "o", "\x1b[2;4Hy"),
    ]
    with imported(read_cast(cast(*events)), tmp_path) as reader:
        assert (reader.rows, reader.columns) == (5, 12)
        cells, _, _ = reader.read(0, reader.frames)
        assert chr(cells[1, 4, 11]) == "z" and chr(cells[2, 1, 3]) == "y"
        assert (cells[2, 2:] == 0x20).all() and (cells[2, :, 4:] == 0x20).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"version": 1, "width": 80}', "version 1"),
        (b'{"version": 2}', "height and width"),
        (b'{"version": 3, "term": {"cols": 9}}', "rows and cols"),
        (b'{"version": 2, "width": 80, "height": 2000}', "grid"),
        (b'{"version": 2, "width": 80, "height": true}', "height and width"),
        (b'{"version": 2', "line 1: JSON"),
        (b"[" * 100_000, "line 1: JSON"),
        (cast() + b"\n[1, 2", "line 2: JSON"),
        (cast() + b'\n[1, "o", 3]', r"line 2: \[time, code, text\]"),
        (cast() + b'\n{"o": 1}', r"line 2: \[time, code, text\]"),
        (cast((1, "r", "9999x9999")), "grid"),
        (cast((1, "r", "80")), "80x24 expected"),
    ],
)
def test_a_damaged_cast_is_one_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(RcfamError, match=message):
        read_cast(data)


def test_any_output_can_be_imported(tmp_path: Path) -> None:
    rng = random.Random(4)
    pieces = [
        b"\x1b[",
        b"\x1b]0;",
        b"\x07",
        b"\x1bP",
        b"\xff",
        b"\x9b",
        b"999999999;",
        b"H",
        b"\x1b_G",
        b"\xe4\xb8",
        b"m",
    ]
    for _ in range(60):
        data = b"".join(rng.choice(pieces) if rng.random() < 0.5 else rng.randbytes(3) for _ in range(60))
        with imported(read_log(data, 4, 9), tmp_path) as reader:
            assert reader.frames and reader.verify() == reader.frames


def test_plain_logs(tmp_path: Path) -> None:
    text = b"one\r\n\xe4\xb8\xad\r\nlast"
    log = b'Script started on 2026-01-02 [COMMAND="x"]\n' + text + b'\nScript done on 2026-01-02 [EXIT="0"]\n'
    with imported(read_log(log, 3, 8), tmp_path) as reader:
        cells, _, keys = reader.read(0, reader.frames)
        assert [text_rows(frame, [])[:3] for frame in cells] == [
            ["one", "", ""],
            ["one", "\u4e2d", ""],
            ["one", "\u4e2d", "last"],
        ]
        assert keys.tolist() == [0, 0, 0]
    with imported(read_log(b"abcd", 3, 8, "0.1 1\n0.2 3\n"), tmp_path) as reader:
        assert [text_rows(frame, [])[0] for frame in reader.read(0, reader.frames)[0]] == ["a", "abcd"]
    both = "H 0.0 START_TIME x\nO 0.1 2\nI 0.1 2\nO 0.2 3\nS 0.1 SIGWINCH ROWS=1\n"
    with imported(read_log(b"$ l\rl\r\n", 3, 8, both), tmp_path) as reader:
        assert reader.keys().tolist() == [ord("l"), 13, 0]
    for timing, message in (("0.1 9\n", "line 1: 9 bytes"), ("0.1 1\nx\n", "line 2: seconds"), ("0.1 -3", "line 1")):
        with pytest.raises(RcfamError, match=message):
            read_log(b"abcd", 3, 8, timing)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("script") is None, reason="no script on this machine")
def test_a_log_of_script_itself(tmp_path: Path) -> None:
    log, timing = tmp_path / "log", tmp_path / "timing"
    command = ["script", "-q", "-c", "printf 'one\\n\\033[1mtwo'; sleep 0.2; echo ' three'"]
    subprocess.run([*command, "-O", log, "-T", timing], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    out = tmp_path / "a.tsr"
    result = CliRunner().invoke(app, ["import", str(log), "-o", str(out), "--rows", "4", "--timing", str(timing)])
    assert result.exit_code == 0, result.output
    with Reader(out) as reader:
        cells, _, _ = reader.read(0, reader.frames)
        assert text_rows(cells[-1], []) == ["one", "two three", "", ""]
        assert text_rows(cells[-2], []) == ["one", "two", "", ""]


def test_errors_name_the_file(tmp_path: Path) -> None:
    cast, picture = tmp_path / "bad.cast", tmp_path / "a.png"
    cast.write_bytes(b'{"version": 7}')
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    wrong = {tmp_path / "none": "cannot read", cast: "bad.cast: line 1", picture: "a.png: neither an asciicast nor"}
    for path, message in wrong.items():
        result = CliRunner().invoke(app, ["import", str(path), "-o", str(tmp_path / "out.tsr")])
        assert isinstance(result.exception, RcfamError) and message in str(result.exception)
        assert not (tmp_path / "out.tsr").exists()


def test_without_the_emulator_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyghostty", None)
    with pytest.raises(RcfamError, match="pip install"):
        foreign.play(read_log(b"x", 2, 2), BytesIO(), "x")


@pytest.mark.parametrize("size", [(257, 256), (256, 1024), (1024, 256)])
def test_the_largest_grids_are_imported(size: tuple[int, int], tmp_path: Path) -> None:
    rows, columns = size
    found = read_cast(cast((0.1, "o", f"\x1b[{rows};{columns}Hz"), rows=rows, columns=columns))
    with imported(found, tmp_path) as reader:
        assert (reader.rows, reader.columns) == size and reader.verify() == 1
        assert chr(reader.read(0, 1)[0][0, -1, -1]) == "z"


def test_a_grid_says_its_value_and_its_bound(tmp_path: Path) -> None:
    for data in (cast(rows=1024, columns=257), cast((1, "r", "1024x10"), rows=257, columns=10)):
        with pytest.raises(RcfamError, match=r"grid (1024 x 257|257 x 1024): .* at most 262144 cells"):
            read_cast(data)


def test_pieces_of_a_log_are_its_lines(tmp_path: Path) -> None:
    rng = random.Random(5)
    for trial in range(200):
        text = b"".join(b"x" * rng.choice((0, 1, 5, 4095, 4096, 4097, 8192)) + b"\n" for _ in range(rng.randrange(4)))
        text += b"y" * rng.choice((0, 3, 4096))
        log = text
        if trial % 2:
            log = b"Script started on x\n" + text + rng.choice((b"", b"\nScript done on y", b"Script done on y\n"))
            text = re.sub(rb"\n?Script done on [^\n]*\n?$", b"", log[log.find(b"\n") + 1 :])
        expected = [piece for piece in re.findall(rb"[^\n]{0,4096}\n?", text) if piece]
        assert [event.text.encode("latin-1") for event in read_log(log, 2, 9).events()] == expected


def test_times_are_not_used(tmp_path: Path) -> None:
    found = read_cast(
        b'{"version": 2, "width": 9, "height": 2}\n'
        b'[NaN, "o", "a"]\n[-1e308, "o", "b"]\n[1e999, "i", "c"]\n["x", "o", "d"]'
    )
    with imported(found, tmp_path) as reader:
        assert reader.keys().tolist() == [ord("c"), 0]


def test_half_characters_become_whole_ones(tmp_path: Path) -> None:
    head = b'{"version": 2, "width": 9, "height": 2, "title": "\\ud800"}'
    events = rb'["", "o", "\ud800"]', rb'["", "m", "a\udfff"]', rb'["", "i", "\ud83d\ude00\ud83d"]'
    path = tmp_path / "\udcff.tsr"
    with path.open("wb") as file:
        foreign.play(read_cast(b"\n".join([head, *events])), file, path.stem)
    with Reader(path) as reader:
        assert reader.provenance["title"] == reader.provenance["name"] == "\ufffd"
        assert reader.marks[0].text == "a\ufffd" and reader.verify() == 2


def test_a_long_line_is_refused_and_a_long_file_is_never_held() -> None:
    line = b"\n" + json.dumps([0.1, "o", "x" * (foreign_formats.MAX_LINE_BYTES // 2)]).encode()
    data = cast() + 12 * line
    tracemalloc.start()
    found = read_cast(data)
    assert found.total == 12 and not found.keys
    assert tracemalloc.get_traced_memory()[1] < 6 * foreign_formats.MAX_LINE_BYTES
    tracemalloc.stop()
    for bad in (
        cast() + b'\n[1, "o", "' + b"x" * foreign_formats.MAX_LINE_BYTES,
        b"{" + b" " * foreign_formats.MAX_LINE_BYTES,
    ):
        with pytest.raises(RcfamError, match=r"line [12]: more than 4,194,304 bytes"):
            read_cast(bad)
    log = bytes(foreign_formats.MAX_LINE_BYTES + 2)
    with pytest.raises(RcfamError, match=r"line 1: 4194305 bytes at once, at most 4194304"):
        read_log(log, 2, 9, "0.1 4194305\n")
    with pytest.raises(RcfamError, match="timing, line 1: seconds"):
        read_log(log, 2, 9, f"0.1 {'9' * 5000}\n")


def test_what_is_no_file_or_too_large_or_packed_is_refused_before_it_is_read(tmp_path: Path) -> None:
    large, packed, fifo = tmp_path / "large.cast", tmp_path / "a.cast.gz", tmp_path / "fifo"
    with large.open("wb") as file:
        file.truncate(10_000_000_000)
    packed.write_bytes(gzip.compress(cast((0.1, "o", "a"))))
    os.mkfifo(fifo)
    wrong = {
        large: "large.cast has 10,000,000,000 bytes: at most 4,294,967,296 are read",
        packed: "a.cast.gz is packed: unpack it first",
        fifo: "not a file",
        tmp_path: "not a file",
    }
    for path, message in wrong.items():
        result = CliRunner().invoke(app, ["import", str(path), "-o", str(tmp_path / "out.tsr")])
        assert isinstance(result.exception, RcfamError) and message in str(result.exception)
        assert not (tmp_path / "out.tsr").exists()
