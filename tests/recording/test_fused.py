"""The compiled loop over terminal and encoder records what one sees who steps through the keys one by one."""

from pathlib import Path

import numpy as np
import pytest

from rcfam.recording import Reader, RecordingError, Writer
from rcfam.terminal import Terminal
from rcfam.terminal.keys import DOWN, ESCAPE, UP, from_text

SESSION = np.concatenate(
    [
        from_text("mkdir a\rvim a/b.py\ridef f(x):\n\treturn x  # \u4e2d e\u0301\n"),
        np.array([ESCAPE, UP, UP, DOWN], np.uint32),
        from_text("ddu:wq\rcat a/b.py\r"),
        np.array([2], np.uint32),
        from_text("cls\r"),
    ]
)


@pytest.mark.parametrize("chunk_frames", [7, 1024])
def test_fused_equals_stepping(tmp_path: Path, chunk_frames: int) -> None:
    stepped, recorded = Terminal(), Terminal()
    cells, cursors = [], []
    for k in range(len(SESSION)):
        cells.append(stepped.state.cells.copy())
        cursors.append(stepped.state.cursor.copy())
        stepped.press(SESSION[k : k + 1])
    path = tmp_path / "a.tsr"
    table = np.asarray(recorded.attributes, np.uint32)
    with path.open("wb") as file, Writer(file, 24, 80, table, {}, chunk_frames) as writer:
        for part in np.array_split(SESSION, 5):
            writer.press(recorded, part)
        assert writer.frames == len(SESSION)
    with Reader(path) as reader:
        frames = reader.read(0, reader.frames)
        np.testing.assert_array_equal(frames[0], np.stack(cells))
        np.testing.assert_array_equal(frames[1], np.stack(cursors))
        np.testing.assert_array_equal(frames[2], SESSION)
        reader.verify()
        assert reader.clusters == stepped.clusters
        programs = [mark.text for mark in reader.marks if mark.kind == "program"]
    assert programs == ["0:editor", "0:shell", "1:shell"]


def test_a_terminal_of_another_size_is_refused(tmp_path: Path) -> None:
    terminal = Terminal(10, 60)
    with (tmp_path / "a.tsr").open("wb") as file:
        writer = Writer(file, 24, 80, np.asarray(terminal.attributes, np.uint32), {})
        with pytest.raises(RecordingError, match="terminal of"):
            writer.press(terminal, SESSION)
