"""Hostile repositories, servers and addresses, each given to `rcfam render` or `rcfam clone` in a child with limits.

    python -m benchmarks.hostile [--state FOLDER] [--anew] [--only TEXT] [--repositories] [--servers] [--json]

Each outcome is one line in STATE/outcomes.jsonl; a second run goes on from there, `--anew` begins again.

A case is survived where the command ends in time with exit code 0, or with exit code 1 and one line that says why; its
process, and each that it starts, stays below a gigabyte; and nothing is written outside of its folder. What must be
refused must be refused, what must be rendered must be rendered. Otherwise it hung, exploded, or went wrong.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.hostile_cases import CASES, Case
from benchmarks.hostile_servers import SERVERS, Server
from benchmarks.kept import Kept

Judged = Literal["survived", "hung", "exploded", "wrong"]
SECONDS = 60.0  # of processor time, and three times that of the clock: the machine may be busy
MEMORY_BYTES = 1 << 30
INTERRUPT_S = 2.0
STATE = Path(__file__).parent.parent / ".cache" / "hostile"
LIMITS = (
    "{connect_s: 2, silent_s: 3, total_s: 8, bytes: 50000000, objects: 1000000, refs: 10000, memory_bytes: 536870912}"
)


class Ended(NamedTuple):
    """What became of a child; the code is -1 where it had to be ended, the seconds are those after an interrupt."""

    code: int
    seconds: float
    mib: float
    text: str


class Outcome(NamedTuple):
    name: str
    judged: Judged
    seconds: float
    mib: float
    said: str


def command(arguments: Sequence[str], folder: Path, interrupt_after: float | None = None) -> Ended:
    """`rcfam` in a forked child."""

    def work() -> None:
        from rcfam.cli import main

        sys.argv = ["rcfam", *arguments]
        main()

    return forked(work, folder, interrupt_after)


def forked(
    work: Callable[[], None], folder: Path, interrupt_after: float | None = None, seconds: float = SECONDS
) -> Ended:
    """Do `work` in a child with limits, at home in `folder`."""
    with tempfile.TemporaryFile() as printed:
        started = time.monotonic()
        child = os.fork()
        if not child:
            _be(work, folder, printed.fileno())
        code, usage, interrupted = None, None, started
        while code is None:
            done, status, usage = os.wait4(child, os.WNOHANG)
            now = time.monotonic()
            if done:
                code = os.waitstatus_to_exitcode(status)
            elif interrupt_after is not None and now - started > interrupt_after and interrupted == started:
                interrupted = now
                os.kill(child, signal.SIGINT)
            elif now - started > 3 * seconds:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                _, _, usage = os.wait4(child, 0)
                code = -1
            else:
                time.sleep(0.005)
        printed.seek(0)
        text = printed.read(1 << 20).decode("utf-8", "replace")
    assert usage is not None
    return Ended(code, time.monotonic() - interrupted, usage.ru_maxrss / 1024, text)


def _be(work: Callable[[], None], folder: Path, output: int) -> None:
    """What the forked child does; it never returns."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS) + 1))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))  # an explosion must not take the machine down
    os.chdir(folder)
    for handle in (1, 2):
        os.dup2(output, handle)
    code = 70
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def judge(code: int, seconds: float, mib: float, text: str, expected: str) -> tuple[Judged, str]:
    """What became of a case, and what was said."""
    lines = [
        line for line in text.replace("\r", "\n").split("\n") if line.startswith("rcfam: ") and "commit/s" not in line
    ]
    lines = [line for line in lines if not line.startswith("rcfam: 0object") and "object/s" not in line]
    said = lines[-1][7:] if lines else text.strip().split("\n")[-1]
    if code in (-1, -signal.SIGXCPU, -signal.SIGKILL):
        return "hung", said
    if mib * (1 << 20) >= MEMORY_BYTES:
        return "exploded", f"{mib:,.0f} MiB; {said}"
    if "Traceback" in text or code not in (0, 1):
        return "wrong", f"exit code {code}: {text.strip()[-300:]}"
    if code == 1 and len(lines) != 1:
        return "wrong", f"{len(lines)} lines: {text.strip()[-300:]}"
    if (expected == "refused" and code == 0) or (expected == "rendered" and code == 1):
        return "wrong", f"must be {expected}: {said}"
    return "survived", said


def repository(case: Case, verb: str, work: Path) -> Outcome:
    """One repository, rendered or cloned."""
    folder = work / "case"
    folder.mkdir()
    try:
        made = case.make(folder / "r")
        before = {path for path in folder.rglob("*") if not path.is_relative_to(made)}
        out = folder / "out"
        if verb == "render":
            code, seconds, mib, text = command(["render", str(made), "-o", str(out)], folder)
        else:
            (folder / "list").write_text(f"r {made}\n")
            code, seconds, mib, text = command(["clone", "--list", "list", "-o", str(out)], folder)
            before.add(folder / "list")
        judged, said = judge(code, seconds, mib, text, case.expected if verb == "render" else "either")
        after = {path for path in folder.rglob("*") if not (path.is_relative_to(made) or path.is_relative_to(out))}
        if judged == "survived" and after != before:
            judged, said = "wrong", f"it left {sorted(map(str, after ^ before))}"
    finally:
        shutil.rmtree(folder)
    return Outcome(f"{verb}: {case.name}", judged, seconds, mib, said)


def server(case: Server, work: Path, interrupt: bool = False) -> Outcome:
    """One server or address, cloned from; it must be refused, or interrupted in time."""
    folder = work / "case"
    folder.mkdir()
    child = 0
    try:
        listening, address = case.listen()
        child = os.fork()
        if not child:
            try:
                case.serve(listening)
            finally:
                os._exit(0)
        if listening is not None:
            listening.close()
        (folder / "params.yaml").write_text(f"clone: {{repositories: list, revisions: {{}}, limits: {LIMITS}}}\n")
        if interrupt:
            (folder / "params.yaml").unlink()
        (folder / "list").write_text(f"r {address}\n")
        arguments = ["clone", "--list", "list", "-o", "out"]
        code, seconds, mib, text = command(arguments, folder, 1.0 if interrupt else None)
        mib = max(mib, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024) if not interrupt else mib
        judged, said = judge(code, seconds, mib, text, "either" if interrupt else case.expected)
        if interrupt:
            stopped = code == 130 and seconds <= INTERRUPT_S
            judged, said = ("survived", "stopped") if stopped else ("hung", f"{code} after {seconds:.1f} s: {said}")
        if "SECRET" in text or any("SECRET" in str(path) for path in folder.rglob("*")):
            judged, said = "wrong", "a secret was shown"
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        shutil.rmtree(folder)
    return Outcome(f"{'Ctrl-C: ' * interrupt}{case.name}", judged, seconds, mib, said)


def warm() -> None:
    """Compile and load all that rendering needs, once for every forked child."""
    import io

    import numpy as np

    from rcfam import rendering  # noqa: F401
    from rcfam.recording import Writer
    from rcfam.terminal import Terminal
    from rcfam.terminal.keys import from_text

    terminal = Terminal(24, 80)
    keys = from_text("vim a\nix\x1b:wq\ngit add -A\ngit commit -m 'a'\nls\n").astype(np.uint32)
    Writer(io.BytesIO(), 24, 80, terminal.attributes, {}).press(terminal, keys)


def main() -> None:
    """Run the cases; prints what was not survived and the counts, with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    parser.add_argument("--state", type=Path, default=STATE, help="where the outcomes lie")
    parser.add_argument("--anew", action="store_true", help="forget the outcomes of earlier runs")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--repositories", action="store_true", help="these alone")
    parser.add_argument("--servers", action="store_true", help="these alone")
    parser.add_argument("--verbose", action="store_true", help="print every case")
    options = parser.parse_args()
    warm()
    work = Path(tempfile.mkdtemp(prefix="hostile-"))
    jobs: list[tuple[str, str, Callable[[], Outcome]]] = []
    if options.repositories or not options.servers:
        for case in CASES:
            for verb in ("render", "clone"):
                jobs.append(("repositories", f"{verb}: {case.name}", lambda c=case, v=verb: repository(c, v, work)))
    if options.servers or not options.repositories:
        for each in SERVERS:
            jobs.append(("servers and addresses", each.name, lambda s=each: server(s, work)))
            if each.waits:
                jobs.append(("interrupts", f"Ctrl-C: {each.name}", lambda s=each: server(s, work, True)))
    kept = Kept(options.state / "outcomes.jsonl", options.anew)
    counts: dict[str, Counter[str]] = {}
    peak = 0.0
    try:
        for kind, name, job in jobs:
            if options.only not in name:
                continue
            if name not in kept.known:
                kept.note(name, job())
            outcome = Outcome(*kept.known[name])
            peak = max(peak, outcome.mib)
            counts.setdefault(kind, Counter())[outcome.judged] += 1
            if options.verbose or outcome.judged != "survived":
                print(
                    f"{outcome.judged:9} {outcome.seconds:6.1f} s {outcome.mib:6.0f} MiB  {name}: {outcome.said[:200]}",
                    flush=True,
                )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("| what | tried | survived | hung | exploded | wrong |\n|---|---|---|---|---|---|")
    for kind, found in counts.items():
        print(
            f"| {kind} | {found.total()} | "
            + " | ".join(str(found[j]) for j in ("survived", "hung", "exploded", "wrong"))
            + " |"
        )
    print(f"largest peak {peak:,.0f} MiB")
    if options.json:
        claims = [
            {
                "name": f"hostile {kind} survived",
                "value": found["survived"],
                "unit": "",
                "target": found.total(),
                "holds": found["survived"] == found.total(),
            }
            for kind, found in counts.items()
        ]
        claims.append({"name": "peak memory", "value": peak, "unit": "MiB", "target": 1024, "holds": peak < 1024})
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
