"""`rcfam info`, `rcfam play`: looking into recordings."""

import contextlib
import select
import shutil
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcfam.errors import RcfamError
from rcfam.printable import printable, say

if TYPE_CHECKING:
    from rcfam.recording import Mark, Reader

Recording = Annotated[Path, typer.Argument(help="A recording, NAME.tsr.")]
COMMIT = "commit"
_HEADINGS = (COMMIT, "rollout")  # marks that say what is being typed, or by whom
_SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_HELP = "space pause  arrows step  n/p commit  +/- speed  g/G ends  q quit"


def info(
    recording: Recording,
    check: Annotated[bool, typer.Option("--check", help="Decode every frame as well.")] = False,
) -> None:
    """Say what a recording holds: frames, commits, where it came from, and what each stream costs."""
    from rcfam.recording import Reader

    with Reader(recording) as reader:
        commits = sum(mark.kind == COMMIT for mark in reader.marks)
        size = recording.stat().st_size
        say(f"{recording}: {reader.frames:,} frames of {reader.rows} x {reader.columns}, {commits:,} commits")
        for name, value in sorted(reader.provenance.items()):
            say(f"  {printable(name)}: {printable(value)}")
        chunks = len(reader.chunks)
        say(f"  {chunks:,} chunks, {len(reader.attributes)} attributes, {len(reader.clusters)} clusters")
        if reader.frames:
            raw = reader.frames * reader.rows * reader.columns * 4
            say(f"  {size:,} bytes, {size / reader.frames:.3f} bytes a frame, 1 : {raw / size:,.0f} of the raw cells")
            say(f"  {'stream':12} {'unpacked':>12} {'in the file':>12} {'bytes a frame':>14}")
            for name, (unpacked, packed) in reader.stream_sizes().items():
                say(f"  {name:12} {unpacked:12,} {packed:12,} {packed / reader.frames:14.4f}")
        if check:
            say(f"  {reader.verify():,} frames decoded, every chunk's checksum holds")
        if reader.damage:
            raise RcfamError(f"{recording} is damaged: {reader.damage}")


def play(
    recording: Recording,
    start: Annotated[int, typer.Option(help="The first frame to show.")] = 0,
    speed: Annotated[int, typer.Option(min=1, help="Keystrokes a second.")] = 20,
    dump: Annotated[int | None, typer.Option(help="Print this frame as plain text, and end.")] = None,
) -> None:
    """Play a recording in this terminal."""
    from rcfam.recording import Reader
    from rcfam.recording.ansi import text_rows

    with Reader(recording) as reader:
        shown = start if dump is None else dump
        if not 0 <= shown < reader.frames:
            raise RcfamError(f"frame {shown}: {recording} has the frames 0..{reader.frames - 1}")
        if dump is not None:
            cells, cursors, keys = reader.read(dump, dump + 1)
            say("\n".join(text_rows(cells[0], reader.clusters)))
            row, column, visible = cursors[0].tolist()
            said = describe(reader, headings_of(reader), dump, int(keys[0]))
            say(f"-- {said}, cursor {row},{column}{'' if visible else ' hidden'}")
        elif not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise RcfamError("play needs a terminal; --dump N prints one frame")
        else:
            _play(reader, start, speed)


def headings_of(reader: "Reader") -> "list[Mark]":
    """The marks that say what is being typed, or by whom."""
    return [mark for mark in reader.marks if mark.kind in _HEADINGS]


def describe(reader: "Reader", headings: "list[Mark]", frame: int, key: int) -> str:
    """One line about a frame, safe to print; `headings` are those of the reader."""
    from rcfam.recording.ansi import first_line
    from rcfam.terminal.keys import name

    here = bisect_right(headings, frame, key=lambda mark: mark.frame)
    text = headings[here - 1].text if here else ""
    subject = printable(first_line(text)[:60])
    return f"frame {frame:,} of {reader.frames:,}, next key {printable(name(key))}" + (
        f", {subject}" if subject else ""
    )


@contextlib.contextmanager
def _screen() -> Iterator[None]:
    """The alternate screen, keys as they are typed; the terminal is put back in any case."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        sys.stdout.write("\x1b[?1049h")
        yield
    finally:
        sys.stdout.write("\x1b[m\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key(wait: float) -> str:
    """The key that is typed within `wait` seconds, or nothing."""
    import os

    if not select.select([sys.stdin], [], [], wait)[0]:
        return ""
    return os.read(sys.stdin.fileno(), 16).decode("utf-8", "replace")


def _play(reader: "Reader", frame: int, speed: int) -> None:
    from rcfam.recording.ansi import ansi_frame

    headings = headings_of(reader)
    commits = sorted({mark.frame for mark in headings})
    here = shutil.get_terminal_size()
    if here.lines <= reader.rows or here.columns < reader.columns:
        wanted, has = f"{reader.rows + 1} x {reader.columns}", f"{here.lines} x {here.columns}"
        raise RcfamError(f"the recording needs a terminal of {wanted} cells, this one has {has}")
    paused, buffer, low = False, reader.read(0, 0), 0
    last = reader.frames - 1
    with _screen():
        while True:
            if not low <= frame < low + len(buffer[2]):
                low = frame if frame >= low else max(0, frame - 200)
                buffer = reader.read(low, min(low + 400, reader.frames))
            cells, cursor, key = (part[frame - low] for part in buffer)
            paused = paused or frame == last
            note = f"{'paused' if paused else f'{speed}/s'} | {describe(reader, headings, frame, int(key))} | {_HELP}"
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\x1b[{reader.rows + 1};1H\x1b[m{note[:width]}\x1b[K")
            sys.stdout.write(ansi_frame(cells, cursor, reader.attributes, reader.clusters).replace("\x1b[2J", ""))
            sys.stdout.flush()
            typed = _key(3600.0 if paused else 1 / speed)
            if typed in ("q", "\x03", "\x04"):
                return
            if typed == " ":
                paused = not paused
            elif typed in ("+", "-"):
                faster = [s for s in _SPEEDS if s > speed][:1] or [speed]
                slower = [s for s in _SPEEDS if s < speed][-1:] or [speed]
                speed = faster[0] if typed == "+" else slower[0]
            elif typed in ("\x1b[C", "l", "\x1b[D", "h"):
                frame, paused = frame + (1 if typed in ("\x1b[C", "l") else -1), True
            elif typed == "n":
                frame = next((at for at in commits if at > frame), last)
            elif typed == "p":
                frame = next((at for at in reversed(commits) if at < frame), 0)
            elif typed in ("g", "G"):
                frame = 0 if typed == "g" else last
            elif not typed and not paused:
                frame += 1
            frame = min(max(frame, 0), last)
