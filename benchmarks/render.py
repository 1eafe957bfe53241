"""How many keystrokes a second the terminal takes, alone and with the recording of every frame, beside its rivals.

    python -m benchmarks.render [--json] [--repository PATH] [--revision NAME] [--commits N] [--grid 24x80]
                                [--style vim|arrows] [--only history|vim|files|compile]

- history: the typist types a history; `keys` counts terminal and encoder alone, `all` also git, the planning of the
  keys and the check of every commit's tree. Processor time, the best of several passes after one that compiles.
- vim: keys of editor sessions of that history, through our terminal and, one at a time in lock-step, through real vim
  in a pseudo-terminal; what vim writes, and our frames as escape codes, through Ghostty's emulator with its text read
  after every key. Seconds of the clock, the best of several passes.
- files: one set of edits in files of 100 to 100,000 lines; opening and saving apart, and all together.
- compile: the first use in a fresh process, with an empty cache of kernels and with a full one.

Everything runs on one core. A rival that is not installed is named and has no claim.
"""

import argparse
import importlib.util
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import Vim, ghostty_seconds
from rcfam.history import HistoryError, Ledger, Repository
from rcfam.history.changes import REGULAR
from rcfam.recording import Writer
from rcfam.recording.ansi import ansi_frame
from rcfam.rendering import RenderParams, render
from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text, to_xterm
from rcfam.typist import Typist, TypistParams
from rcfam.typist.shell import Session

TARGETS = {"24x80": 400_000, "48x160": 250_000}
OTHER_GRIDS = ("12x40", "96x320")
PASSES = 2
TIMES_VIM = 100
RIVAL_KEYS = 4_000
FILE_LINES = (100, 1_000, 10_000, 100_000)
FILE_RATIO = 2.0
COMPILE_S = {"an empty": 30.0, "a full": 1.0}
PEAK_MIB = 500
Claim = dict[str, Any]


def claim(name: str, value: float, unit: str, target: float, holds: bool) -> Claim:
    """One line of `--json`."""
    return {"name": name, "value": value, "unit": unit, "target": target, "holds": holds}


class Pressing:
    """Takes the writer's place: presses the keys on the terminal, records them or not, and takes the time."""

    def __init__(self, writer: Writer | None) -> None:
        self.writer = writer
        self.frames = 0
        self.seconds = 0.0

    def press(self, terminal: Terminal, keys: NDArray[np.uint32]) -> None:
        """Press keys, on the clock."""
        begin = time.process_time()
        if self.writer is None:
            terminal.press(keys)
        else:
            self.writer.press(terminal, keys)
        self.seconds += time.process_time() - begin
        self.frames += len(keys)

    def mark(self, kind: str, text: str) -> None:
        """Marks cost next to nothing."""
        if self.writer is not None:
            self.writer.mark(kind, text)


@dataclass(frozen=True)
class Speed:
    """Keystrokes a second, and bytes a frame where there was a recording."""

    keys: float
    all: float
    count: int
    bytes_per_frame: float


def measure(repository: Repository, revision: str, params: RenderParams, recording: bool) -> Speed:
    """One pass over the history."""
    terminal = Terminal(params.rows, params.columns, "repository")
    file = io.BytesIO()
    table = np.asarray(terminal.attributes, np.uint32)
    writer = Writer(file, params.rows, params.columns, table, {}, params.chunk_frames) if recording else None
    pressing: Any = Pressing(writer)
    begin = time.process_time()
    render(repository, repository.resolve(revision), pressing, terminal, params, Ledger("repository"))
    if writer is not None:
        writer.close()
    whole = time.process_time() - begin
    count = pressing.frames
    return Speed(count / pressing.seconds, count / whole, count, len(file.getvalue()) / max(count, 1))


def histories(repository: Repository, options: argparse.Namespace) -> list[Claim]:
    """Render, and render + encode, over grid sizes."""
    claims = []
    print(f"{'grid':8} {'':18} {'keys/s':>10} {'all/s':>10} {'keys':>9} {'B/frame':>8}")
    for grid in options.grid or (OTHER_GRIDS[0], *sorted(TARGETS), OTHER_GRIDS[1]):
        rows, columns = map(int, grid.split("x"))
        commits = options.commits if grid in TARGETS else max(1, options.commits // 4)
        params = RenderParams(rows=rows, columns=columns, style=options.style, max_commits=commits)
        for recording, name in ((False, "render"), (True, "render + encode")):
            measure(repository, options.revision, params, recording)
            speeds = [measure(repository, options.revision, params, recording) for _ in range(PASSES)]
            best = max(speeds, key=lambda speed: speed.keys)
            size = f"{best.bytes_per_frame:8.3f}" if recording else ""
            print(f"{grid:8} {name:18} {best.keys:10,.0f} {best.all:10,.0f} {best.count:9,} {size}", flush=True)
            if recording and grid in TARGETS:
                what = f"{name}, {grid}, keystrokes a second on one core"
                target = TARGETS[grid]
                claims.append(claim(what, round(best.keys), "keys/s", target, best.keys >= target))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory so far, with the compiler where it ran: {peak:,.0f} MiB")
    return [*claims, claim("peak memory of rendering a history", round(peak), "MiB", PEAK_MIB, peak < PEAK_MIB)]


def sessions(repository: Repository, revision: str) -> Iterator[tuple[bytes, NDArray[np.uint32]]]:
    """Editor sessions of a history: the file before, and the keys between opening and saving it; some RIVAL_KEYS."""
    typist = Typist(TypistParams())
    params = RenderParams().selection()
    left = RIVAL_KEYS
    for oid in repository.ids(repository.resolve(revision), params):
        for change in repository.commit(oid, params).changes:
            if change.left_out or change.new_mode != REGULAR or not change.new or change.old_reason:
                continue
            strokes = typist.session(Session("f", change.old or None, change.new), Random(0))
            keys = re.sub(r"(:set [^\r]*\r)?(:wq\r|:x\r|ZZ)$", "", strokes.removeprefix("vim f\r"))
            if 100 <= len(keys) <= RIVAL_KEYS // 3:
                yield change.old or b"", from_text(keys)
                left -= len(keys)
                if left <= 0:
                    return


def opened(data: bytes, rows: int, columns: int) -> Terminal:
    """A terminal whose editor is open on a file."""
    terminal = Terminal(rows, columns)
    terminal.files.write("f", data)
    terminal.press(from_text("vim f\n"))
    return terminal


def ours(played: list[tuple[bytes, NDArray[np.uint32]]], rows: int, columns: int, recording: bool) -> float:
    """Seconds that our terminal takes for the keys of the sessions."""
    seconds = 0.0
    for data, keys in played:
        passes = []
        for _ in range(10):
            terminal = opened(data, rows, columns)
            writer = Writer(io.BytesIO(), rows, columns, np.asarray(terminal.attributes, np.uint32), {})
            begin = time.perf_counter()
            if recording:
                writer.press(terminal, keys)
                writer.close()
            else:
                terminal.press(keys)
            passes.append(time.perf_counter() - begin)
        seconds += min(passes)
    return seconds


def through_vim(played: list[tuple[bytes, NDArray[np.uint32]]], rows: int, columns: int) -> tuple[float, list[bytes]]:
    """Seconds that vim takes for them, and what it wrote after every key."""
    seconds, written = 0.0, []
    for data, keys in played:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "f").write_bytes(data)
            with Vim(Path(folder), rows - 1, columns) as vim:
                typed = [to_xterm(keys[i : i + 1]) for i in range(len(keys))]
                begin = time.perf_counter()
                written += [vim.press(key) for key in typed]
                seconds += time.perf_counter() - begin
    return seconds, written


def painted(played: list[tuple[bytes, NDArray[np.uint32]]], rows: int, columns: int) -> Iterator[bytes]:
    """Our frames of the sessions as escape codes, each as what differs from the one before."""
    for data, keys in played:
        terminal = opened(data, rows, columns)
        before = None
        for i in range(len(keys)):
            terminal.press(keys[i : i + 1])
            state = terminal.state
            yield ansi_frame(state.cells, state.cursor, terminal.attributes, terminal.clusters, before).encode()
            before = state.cells.copy()


def rivals(repository: Repository, revision: str) -> list[Claim]:
    """The same keys through vim, and the screens through Ghostty's emulator."""
    rows, columns = 24, 80
    played = list(sessions(repository, revision))
    count = sum(len(keys) for _, keys in played)
    print(
        f"\n{count:,} keys of {len(played)} editor sessions, {rows}x{columns}{'':22} {'keys/s':>10} {'ours, times':>12}"
    )
    ours(played, rows, columns, True)
    alone, encoded = (ours(played, rows, columns, recording) for recording in (False, True))
    print(f"{'render':58} {count / alone:10,.0f}")
    print(f"{'render + encode':58} {count / encoded:10,.0f}")
    claims = []
    written: list[bytes] = []
    if shutil.which("vim"):
        passes = [through_vim(played, rows, columns) for _ in range(PASSES)]
        seconds, written = min(passes, key=lambda one: one[0])
        print(f"{'vim in a pseudo-terminal, in lock-step':58} {count / seconds:10,.0f} {seconds / encoded:11.1f}x")
        times = seconds / encoded
        claims.append(claim("render + encode, times vim in a pty", round(times, 1), "x", TIMES_VIM, times >= TIMES_VIM))
    else:
        print("vim is not installed: not measured")
    if importlib.util.find_spec("pyghostty"):
        for name, output in (("vim's output", written), ("our frames", list(painted(played, rows, columns)))):
            if output:
                seconds = ghostty_seconds(output, rows, columns)
                name = f"ghostty: {name}, text read after every key"
                print(f"{name:58} {count / seconds:10,.0f} {seconds / encoded:11.1f}x", flush=True)
    else:
        print("pyghostty is not installed: not measured")
    return claims


def edits(lines: int) -> NDArray[np.uint32]:
    """Edits all over a file, far apart and near by."""
    random = Random(0)
    parts = []
    for _ in range(40):
        parts.append(f":{random.randrange(1, lines - 20)}\rA and more\x1b0cwfirst\x1boa new line of text\x1bjdd")
        parts.append("3jwwxxi some words \x1bkJu4jyyP>>kkcchere it is\x1b")
    return from_text("".join(parts) + "Goend\x1bggOstart\x1b")


def files() -> list[Claim]:
    """The same edits in small and large files."""
    print(f"\n{'lines':>8} {'open ms':>9} {'save ms':>9} {'keys/s':>11} {'keys/s, all':>12}")
    speeds = []
    for lines in FILE_LINES:
        data = b"".join(b"line %d of a file with some words in it\n" % i for i in range(lines))
        keys = edits(lines)
        best = [1e9, 1e9, 1e9]
        for _ in range(4):
            terminal = Terminal()
            terminal.files.write("f", data)
            marks = [time.process_time()]
            for part in (from_text("vim f\n"), keys, from_text(":wq\n")):
                terminal.press(part)
                marks.append(time.process_time())
            best = [min(old, new) for old, new in zip(best, np.diff(marks).tolist(), strict=True)]
        opening, pressing, saving = best
        speeds.append(len(keys) / pressing)
        together = len(keys) / sum(best)
        print(f"{lines:8,} {opening * 1e3:9.2f} {saving * 1e3:9.2f} {speeds[-1]:11,.0f} {together:12,.0f}", flush=True)
    ratio = speeds[0] / speeds[-1]
    what = f"keys/s in a file of {FILE_LINES[0]:,} lines over those in one of {FILE_LINES[-1]:,}"
    return [claim(what, round(ratio, 2), "x", FILE_RATIO, ratio <= FILE_RATIO)]


def first_use() -> float:
    """Seconds until shell, editor and encoder have each done something for the first time."""
    begin = time.process_time()
    terminal = Terminal()
    writer = Writer(io.BytesIO(), 24, 80, np.asarray(terminal.attributes, np.uint32), {})
    writer.press(terminal, from_text("ls\nvim f\nitext\x1byyp:wq\ngit add -A\n"))
    writer.close()
    return time.process_time() - begin


def compiling() -> list[Claim]:
    """First uses in processes of their own, with an empty and then a full cache of kernels."""
    claims = []
    print(f"\n{'cache of kernels':18} {'s to first use':>15}")
    with tempfile.TemporaryDirectory() as folder:
        for kind, target in COMPILE_S.items():
            command = [sys.executable, "-m", "benchmarks.render", "--first-use"]
            environment = os.environ | {"NUMBA_CACHE_DIR": folder}
            child = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            seconds = float(child.stdout)
            print(f"{kind:18} {seconds:15.2f}", flush=True)
            what = f"first use with {kind} cache of kernels"
            claims.append(claim(what, round(seconds, 2), "s", target, seconds < target))
    return claims


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--repository", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--revision", default="HEAD")
    parser.add_argument("--commits", type=int, default=40, help="the oldest so many")
    parser.add_argument("--grid", action="append", choices=(*sorted(TARGETS), *OTHER_GRIDS))
    parser.add_argument("--style", default="vim", choices=("vim", "arrows"))
    parser.add_argument("--only", action="append", choices=("history", "vim", "files", "compile"))
    parser.add_argument("--first-use", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_use:
        print(first_use())
        return
    wanted = options.only or ("history", "vim", "files", "compile")
    claims: list[Claim] = []
    try:
        repository = Repository(options.repository)
        if "history" in wanted:
            claims += histories(repository, options)
        if "vim" in wanted:
            claims += rivals(repository, options.revision)
    except HistoryError as error:
        parser.error(str(error))
    if "files" in wanted:
        claims += files()
    if "compile" in wanted:
        claims += compiling()
    if options.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
