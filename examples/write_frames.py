"""Write a recording of frames from any program: here, a clock that is stopped with the key q.

python examples/write_frames.py CLOCK.tsr
"""

import sys
from pathlib import Path

import numpy as np

from rcfam.recording import Writer
from rcfam.terminal import attributes
from rcfam.terminal.cells import BLANK

FRAMES, ROWS, COLUMNS = 60, 2, 20


def main() -> None:
    """Write one frame a second of a minute; nobody presses a key (0) until the last frame."""
    cells_NRC = np.full((FRAMES, ROWS, COLUMNS), BLANK, np.uint32)
    for second in range(FRAMES):
        text = f"00:{second:02d}"
        cells_NRC[second, 0, : len(text)] = [BLANK - ord(" ") + ord(letter) for letter in text]
    cursors_N3 = np.zeros((FRAMES, 3), np.int32)
    keys_N = np.zeros(FRAMES, np.uint32)
    keys_N[-1] = ord("q")
    with Path(sys.argv[1]).open("wb") as file:
        writer = Writer(file, ROWS, COLUMNS, attributes.table(), {"name": "clock"})
        writer.append(cells_NRC, cursors_N3, keys_N)
        writer.close()


if __name__ == "__main__":
    main()
