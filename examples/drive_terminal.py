"""Drive the terminal from a policy: it sees a frame and returns keystrokes, as an agent would.

python examples/drive_terminal.py
"""

from collections.abc import Iterator

from rcfam.recording.ansi import text_rows
from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text


def policy() -> Iterator[str]:
    """Yield keystrokes; a learned policy would look at the frame before each."""
    yield "vim hello.txt\r"
    yield "iHello, terminal!\x1b"
    yield ":wq\r"
    yield "cat hello.txt\r"


def main() -> None:
    """Type, and print the last frame and the file that was written."""
    terminal = Terminal(10, 60)
    for keystrokes in policy():
        terminal.press(from_text(keystrokes))
    print("\n".join(row.rstrip() for row in text_rows(terminal.state.cells, ())))
    print({path: entry.data for path, entry in terminal.files.items()})


if __name__ == "__main__":
    main()
