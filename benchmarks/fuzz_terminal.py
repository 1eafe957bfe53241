"""Random sessions in the terminal, with the kernels' bounds checked: nothing may crash or leave a wrong state.

    python -m benchmarks.fuzz_terminal [--sessions 1000] [--seconds 60] [--first 0] [--json]

A session is a number: the same one types the same keys into the same files. The sessions run in a child process whose
kernels raise IndexError on an index out of bounds; they are compiled for it once (about a minute), into a cache of
their own. After every few keys `tests.terminal_state.check` holds the state against what must be true of it. A
session that fails is printed with its number and its keys up to the failure.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text
from rcfam.terminal.state import INPUT_CURSOR, INPUT_LENGTH
from tests.terminal_state import check, odd_file, random_keys

_GRIDS = ((6, 40), (7, 41), (24, 80), (24, 80), (48, 160))
_KEYS = 600
_STEP = 12
_MOST_LINES = 20_000  # a session whose buffer has grown so far has shown what it can


def session(number: int) -> int:
    """One session; returns its keys. Raises whatever is wrong."""
    generator = random.Random(number)
    terminal = Terminal(*generator.choice(_GRIDS))
    terminal.files.write("odd", odd_file(generator))
    pressed: list[int] = []
    try:
        while len(pressed) < _KEYS and terminal.state.lines.shape[0] < _MOST_LINES:
            for keys in np.array_split(random_keys(generator, 4 * _STEP), 4):
                before = terminal.state.cells.copy()
                terminal.state.dirty[:] = 0
                pressed += keys.tolist()
                terminal.press(keys)
                check(terminal, before)
    except Exception as error:
        error.add_note(f"session {number}, {terminal.state.cells.shape}, after the keys {pressed[-4 * _STEP :]}")
        raise
    return len(pressed)


def run(first: int, sessions: int, seconds: float) -> dict[str, int]:
    """Sessions from number `first` on until there were enough or the time is over."""
    end = time.monotonic() + seconds
    keys = done = failed = 0
    for number in range(first, first + sessions):
        if time.monotonic() > end:
            break
        try:
            keys += session(number)
        except Exception:  # whatever it is, it is a finding: counted, printed, and the next session begins
            failed += 1
            traceback.print_exc(limit=-4)
        done += 1
    return {"first": first, "sessions": done, "keys": keys, "failed": failed}


def _see_that_bounds_are_checked() -> None:
    terminal = Terminal()
    terminal.state.ctl[INPUT_LENGTH] = terminal.state.ctl[INPUT_CURSOR] = 1 << 40
    try:
        terminal.press(from_text("\x01\x05\x7f"))
    except IndexError:
        return
    raise SystemExit("an index out of bounds went unseen: the kernels are not checked")


def main() -> int:
    """Run, print, and end with 1 where a session failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="end with the claim as one line of JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _see_that_bounds_are_checked()
        session(0)  # compiles
        print(json.dumps(run(options.first, options.sessions, options.seconds)))
        return 0
    cache = Path(tempfile.gettempdir()) / f"rcfam-checked-kernels-{os.getuid()}"
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "benchmarks.fuzz_terminal", "--child"]
    command += ["--sessions", str(options.sessions), "--seconds", str(options.seconds), "--first", str(options.first)]
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(child.stdout.splitlines()[-1])
    print("{sessions:,} sessions from number {first}, {keys:,} keys, {failed} failed".format(**found))
    if options.json:
        claim = {"name": "random sessions that fail", "value": found["failed"], "unit": "", "target": 0}
        print(json.dumps({"claims": [claim | {"holds": found["failed"] == 0}]}))
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
