"""Read a recording: its commits, and each frame with the keystroke pressed after it.

python examples/read_recording.py RECORDING.tsr
"""

import sys

from rcfam.recording import Reader
from rcfam.recording.ansi import text_rows
from rcfam.terminal import keys


def main() -> None:
    """Print every commit, and the last frame of the recording with its keystroke."""
    with Reader(sys.argv[1]) as reader:
        for mark in reader.marks:
            if mark.kind == "commit":
                print(f"frame {mark.frame:,}: {mark.text}")
        cells_NRC, _, keys_N = reader.read(reader.frames - 1, reader.frames)
        print("\n".join(text_rows(cells_NRC[0], reader.clusters)))
        print(f"then the key {keys.name(int(keys_N[0]))}")


if __name__ == "__main__":
    main()
