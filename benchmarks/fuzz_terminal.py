"""Random sessions in the terminal: nothing may crash or leave a wrong state, and no key may cost more than its time.

    python -m benchmarks.fuzz_terminal [--sessions 1000] [--seconds 60] [--first 0] [--json]

A session is a number: the same one types the same keys into the same files. The sessions run in a child process whose
kernels raise IndexError on an index out of bounds; they are compiled for it once (about a minute), into a cache of
their own. After every few keys `tests.support.terminal_state.check` holds the state against what must be true of it. A
session that fails is printed with its number and its keys up to the failure.

Half of the time other sessions run on ordinary kernels: counts up to 10^9, long insertions, puts of all text, growing
substitutions, patterns that backtrack, huge shell lines. The CPU time of every key is taken; one that costs more than
50 ms is pressed again from a fork, and is a finding where it costs as much three times more.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import Terminal
from rcfam.terminal.fork import fork
from rcfam.terminal.keys import from_text
from rcfam.terminal.state import CHARACTERS, INPUT_CURSOR, INPUT_LENGTH, LINES
from tests.support.terminal_screens import spelled
from tests.support.terminal_state import check, odd_file, random_keys

_GRIDS = ((6, 40), (7, 41), (24, 80), (24, 80), (48, 160))
_KEYS = 600
_STEP = 12
_CACHE = Path(__file__).parents[1] / ".cache" / "checked-kernels"  # of its own: they are compiled otherwise
_MOST_S = 0.05  # of CPU for one key
_COMMANDS = 40  # of a session that looks at costs
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


INSERTED = ("x", "ab<CR>", "word ", "<Tab>", "é", "漢字", "a<BS>b", "<Del>", "<C-w>", "<C-u>", "<C-t>", "<C-d>", "<BS>")
COSTLY = (
    "{n}i{t}<Esc>", "{n}a{t}<Esc>", "{n}I{t}<Esc>", "{n}A{t}<Esc>", "{n}o{t}<Esc>", "{n}O{t}<Esc>", "{n}R{t}<Esc>",
    "{n}.", "{n}p", "{n}P", "yG", "ggyG", "{n}yy", "{n}dd", "{n}x", "{n}X", "{n}r{c}", "{n}~", "{n}>>", "{n}<lt><lt>",
    "{n}J", "{n}gJ", "{n}u", "{n}<C-r>", "{n}w", "{n}b", "{n}e", "{n}l", "{n}j", "{n}k", "{n}G", "{n}}", "{n}|",
    "{n}f{c}", "{n};", "{n}%", "d{n}w", "c{n}e{t}<Esc>", ">G", "gUG", "ggVG{n}>", "ggvGJ", "ggVGr{c}", "vGy",
    "vG{n}<lt>", "{n}<C-f>", "{n}<C-d>", "{n}<C-e>", "{n}<C-y>", "/{c}<CR>", "{n}n", "{n}N", "{n}*", "?{c}*<CR>",
    '"aygg', '{n}"ap', '"AyG', ":%s/{c}/{t}{t}/g<CR>", ":%s/./&&&&/g<CR>", ":%s/$/\\r/<CR>",
    ":%s/\\(.*\\)*{c}/x/<CR>", ":%s/\\(.\\)\\1*\\(.*\\)\\2/\\2&/g<CR>", ":%s/.*.*.*.*{c}{c}/x/<CR>", ":%j<CR>",
    ":%t0<CR>", ":%m0<CR>", ":%>>>>>>>>><CR>", ":set et sw=99 ts=99<CR>", ":set noet sw=1 ts=1<CR>",
    ":set sw=8 ts=8<CR>", ":{n}<CR>", ":1,{n}d<CR>", ":w<CR>", ":e!<CR>", "gg", "G", "0", "$", "dG", "u", "uuuu",
    "i{l}<Esc>", "A{l}<Esc>", "R{l}<Esc>", ".", "{n}<C-b><C-b>", "zz", "zt", "zb",
)  # fmt: skip
_SHELL = (
    "cat a",
    "cat a a > b",
    "vim b",
    "vim a",
    "ls",
    "git add -A",
    "git status",
    "git diff",
    "echo {l}",
    "echo {l} > b",
    "history",
    "mv b a",
    "cat a a a a >> c",
    "cat a;" * 40,
    "cp -r d e",
    "rm -r e",
    "mkdir -p " + "d/" * 200,
    "touch " + " ".join(f"d/{n}" for n in range(99)),
    "ls -la d d d",
    "ls d;" * 40,
    "git add d d d",
    "git commit -qam x",
    "git mv d e",
    "git rm -rf d",
    "git status -s;" * 20,
    "git diff;" * 20,
    "git log",
    "echo '{l}",
)


def _command(generator: random.Random, in_editor: bool) -> str:
    """A command as one would spell it."""
    count = 10 ** generator.randrange(1, 10) * generator.randrange(1, 10)
    typed = "".join(generator.choice(INSERTED) for _ in range(generator.randrange(1, 5)))
    size = int(10 ** generator.uniform(0, 4))
    text = generator.choice(COSTLY) if in_editor else generator.choice(_SHELL) + "<CR>"
    for name, value in (
        ("{n}", str(count)),
        ("{t}", typed),
        ("{c}", generator.choice("xab ")),
        ("{l}", "long text " * (size // 10)),
    ):
        text = text.replace(name, value)
    return text


def _cost(terminal: Terminal, keys: NDArray[np.uint32]) -> tuple[float, int]:
    """The CPU time of the costliest key, and which it was."""
    costs = []
    for i in range(len(keys)):
        began = time.thread_time()
        terminal.press(keys[i : i + 1])
        costs.append(time.thread_time() - began)
    return max(costs), int(np.argmax(costs))


def costs(number: int, findings: list[str]) -> tuple[int, float]:
    """One session that looks at what keys cost; its keys, and the costliest. What costs too much goes to `findings`."""
    generator = random.Random(number)
    terminal = Terminal(*generator.choice(_GRIDS))
    terminal.files.write(
        "a", odd_file(generator) + b"some words in a line, x and a and b\n" * generator.choice((1, 50, 5000))
    )
    terminal.press(from_text("vim a\r"))
    pressed, worst = 0, 0.0
    for _ in range(_COMMANDS):
        spelling = _command(generator, terminal.program == "editor")
        keys = spelled(spelling)
        before = fork(terminal)
        cost, key = _cost(terminal, keys)
        if cost > _MOST_S:
            cost = min(_cost(fork(before), keys[: key + 1])[0] for _ in range(3))
            if cost > _MOST_S:
                size, lines = before.state.ctl[CHARACTERS], before.state.ctl[LINES]
                where = f"session {number}: {spelling[:80]!r} in {size:,} characters, {lines:,} lines"
                findings.append(f"{where}: {cost * 1000:.0f} ms")
                print(findings[-1], file=sys.stderr, flush=True)
        pressed, worst = pressed + len(keys), max(worst, cost)
    check(terminal)
    return pressed, worst


def run_costs(first: int, sessions: int, seconds: float) -> dict[str, float]:
    """As `run`, with ordinary kernels."""
    for number in range(3):
        costs(-1 - number, [])  # compiles
    warm = Terminal()
    warm.press(from_text("vim a\r"))
    for spelling in COSTLY:
        warm.press(
            spelled(spelling.replace("{n}", "3").replace("{t}", "x").replace("{c}", "x").replace("{l}", "x") + "\x1b")
        )
    end = time.monotonic() + seconds
    keys, done, worst = 0, 0, 0.0
    findings: list[str] = []
    for number in range(first, first + sessions):
        if time.monotonic() > end:
            break
        pressed, most = costs(number, findings)
        keys, done, worst = keys + pressed, done + 1, max(worst, most)
    return {"sessions": done, "keys": keys, "failed": len(findings), "worst": worst}


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
    command = [sys.executable, "-m", "benchmarks.fuzz_terminal", "--child"]
    command += [
        "--sessions",
        str(options.sessions),
        "--seconds",
        str(options.seconds / 2),
        "--first",
        str(options.first),
    ]
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(_CACHE)}
    child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(child.stdout.splitlines()[-1])
    print("{sessions:,} sessions from number {first}, {keys:,} keys, {failed} failed".format(**found), flush=True)
    costly = run_costs(options.first, options.sessions, options.seconds / 2)
    print("{sessions:,} sessions for costs, {keys:,} keys, {failed} cost too much".format(**costly))
    failed = found["failed"] or costly["failed"]
    if options.json:
        claims = [
            {
                "name": "random sessions that fail", "value": found["failed"], "unit": "", "target": 0,
                "holds": found["failed"] == 0,
            },
            {
                "name": "CPU time of the costliest key", "value": round(costly["worst"] * 1000, 1), "unit": "ms",
                "target": _MOST_S * 1000, "holds": costly["failed"] == 0,
            },
        ]  # fmt: skip
        print(json.dumps({"claims": claims}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
