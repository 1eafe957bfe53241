"""Damaged and crafted recordings: reading one gives frames or a RecordingError that names a byte, and nothing else.

    python -m benchmarks.fuzz [--json] [--inputs N] [--seconds S] [--state FILE]

Input number i is a pure function of i: a small recording, mutated (`benchmarks/forging.py`). Half of the kinds leave
the checksums wrong, as damage does: what is read without an error must then be frames of the original. The others have
right checksums, as a forger's: they reach the decoder. Children read the inputs, batch by batch, with a limit on memory
and a watch on the time; every eighth batch runs kernels compiled with bounds checks. With `--state` a run goes on where
it stopped.
A finding is a crash, another exception, an error without a place, wrong frames, a hang, or too much memory.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.forging import DAMAGE, GRIDS, base, make
from rcfam.recording import Reader, RecordingError

BATCH = 5_000
CHECKED_EVERY = 8  # one batch in so many runs with bounds checks
MEMORY_BYTES = 1 << 30  # more than a child may take on top of what it has when it is warm
_CACHE = Path(__file__).parents[1] / ".cache" / "checked-kernels"  # of its own: they are compiled otherwise
INPUT_SECONDS = 60.0  # the slowest valid chunks take about a second; the machine may be busy


@cache
def digests(number: int) -> list[str]:
    """For each frame of a base recording a hash of it, its cursor and its key."""
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        file.write(base(number)[0])
        file.flush()
        return read(Path(file.name), random.Random(0))[0]


def read(path: Path, rng: random.Random) -> tuple[list[str], str | None]:
    """Everything that a reader can do with a file: (a hash for each frame, damage)."""
    found = []
    with Reader(path) as reader:
        for cells, cursors, keys in reader.iterate():
            if len(keys):
                if int((cells >> 21).max()) >= len(reader.attributes):
                    raise AssertionError("an attribute that is not in its table")
                if int((cells & 0x1FFFFF).max()) >= 0x110000 + len(reader.clusters):
                    raise AssertionError("a cluster that is not in its table")
                if (cursors < 0).any() or (cursors > (reader.rows, reader.columns, 1)).any():
                    raise AssertionError("a cursor off the grid")
            if len(found) < 1000:
                rows = zip(cells, cursors, keys, strict=True)
                found += [hashlib.md5(c.tobytes() + p.tobytes() + k.tobytes()).hexdigest() for c, p, k in rows]
        if any(not 0 <= mark.frame <= reader.frames for mark in reader.marks):
            raise AssertionError("a mark outside")
        what = rng.randrange(8)
        if what == 0:
            reader.verify()
        elif what == 1 and reader.frames:
            reader.frames_at(np.array(sorted(rng.randrange(reader.frames) for _ in range(3))))
            reader.stream_sizes()
        elif what == 2:
            reader.keys()
        return found, reader.damage


def check(i: int, path: Path) -> tuple[str, str, str]:
    """Read input i: (kind, outcome, finding or nothing)."""
    kind, which, data = make(i)
    path.write_bytes(data)
    rng = random.Random(~i)
    try:
        found, damage = read(path, rng)
    except RecordingError as error:
        return kind, "refused", "" if "byte " in str(error) else f"input {i} ({kind}): no place in: {error}"
    except Exception as error:  # whatever else comes is a finding
        return kind, "finding", f"input {i} ({kind}): {type(error).__name__}: {str(error)[:200]}"
    outcome = "read" if damage is None else "read up to the damage"
    if kind in {mutation.__name__ for mutation in DAMAGE}:
        whole = digests(which)
        right = found == whole[: len(found)] and (damage is not None or len(found) == len(whole))
        if not right and kind != "chunks_moved":  # whole chunks in another order are recordings of their own
            return kind, "finding", f"input {i} ({kind}): frames that are not the original's"
    return kind, outcome, ""


def child(first: int, count: int, folder: Path) -> None:
    """Check inputs first .. first + count - 1 and print what came out as JSON; `folder`/at names the one in work."""
    path, at = folder / "input.tsr", folder / "at"
    for number in range(len(GRIDS)):
        digests(number)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts: Counter[str] = Counter()
    findings = []
    with at.open("wb", buffering=0) as here:
        for i in range(first, first + count):
            os.pwrite(here.fileno(), b"%20d" % i, 0)
            kind, outcome, finding = check(i, path)
            counts[f"{kind}: {outcome}"] += 1
            if finding:
                findings.append(finding)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(json.dumps({"counts": counts, "findings": findings, "memory": more}))


def watch(first: int, count: int, checked: bool) -> dict:
    """Run a child over a batch; a child that dies or stands still is a finding, and its input is passed over."""
    environment = dict(os.environ)
    if checked:
        environment["NUMBA_BOUNDSCHECK"] = "1"
        environment["NUMBA_CACHE_DIR"] = str(_CACHE)
    total: dict = {"counts": {}, "findings": [], "memory": 0}
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "benchmarks.fuzz", "--child", str(first), str(count), name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        seen, since = "", time.monotonic()
        while process.poll() is None:
            time.sleep(0.2)
            file = Path(name) / "at"
            now = file.read_text(encoding="ascii") if file.exists() else ""
            if now != seen:
                seen, since = now, time.monotonic()
            elif seen and time.monotonic() - since > INPUT_SECONDS:
                process.kill()
                process.wait()
        assert process.stdout is not None
        text = process.stdout.read()
        if process.returncode == 0:
            total = json.loads(text)
        else:
            if not seen:
                raise SystemExit(f"the child for inputs from {first} did not begin (exit {process.returncode})")
            died = int(seen)
            total["findings"].append(f"input {died}: the reader died or stood still (exit {process.returncode})")
            for part in ((first, died - first), (died + 1, first + count - died - 1)):
                if part[1] > 0:
                    add(total, watch(*part, checked))
    return total


def add(total: dict, more: dict) -> None:
    """Add a batch's results."""
    counts = Counter(total["counts"])
    counts.update(more["counts"])
    total["counts"] = dict(counts)
    total["findings"] += more["findings"]
    total["memory"] = max(total["memory"], more["memory"])


def main() -> None:
    """Check inputs until there are enough or time is up, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no batch after so many")
    parser.add_argument("--state", type=Path, help="go on from here, and keep what was done here")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(int(options.child[0]), int(options.child[1]), Path(options.child[2]))
        return
    total: dict = {"next": 0, "checked": 0, "counts": {}, "findings": [], "memory": 0, "seconds": 0.0}
    if options.state and options.state.exists():
        total = json.loads(options.state.read_text(encoding="utf-8"))
    end = time.monotonic() + options.seconds
    while total["next"] < options.inputs and time.monotonic() < end:
        begin = time.monotonic()
        size = min(BATCH, options.inputs - total["next"])
        checked = total["next"] // BATCH % CHECKED_EVERY == 0
        add(total, watch(total["next"], size, checked))
        total["next"] += size
        total["checked"] += size if checked else 0
        total["seconds"] += time.monotonic() - begin
        if options.state:
            part = options.state.with_suffix(".part")
            part.write_text(json.dumps(total), encoding="utf-8")
            part.replace(options.state)
    print(f"{total['next']:,} inputs, {total['checked']:,} of them with bounds checks, in {total['seconds']:,.0f} s")
    for name in sorted(total["counts"]):
        print(f"  {name:44} {total['counts'][name]:12,}")
    print(f"  most memory on top of a warm reader: {total['memory'] / (1 << 20):,.0f} MiB")
    for finding in total["findings"]:
        print(f"  FINDING {finding}")
    findings = len(total["findings"])
    rows = [("inputs", total["next"], 1_000_000, total["next"] >= 1_000_000), ("findings", findings, 0, findings == 0)]
    mebibytes = round(total["memory"] / (1 << 20))
    rows.append(("MiB on top of a warm reader", mebibytes, MEMORY_BYTES >> 20, mebibytes <= MEMORY_BYTES >> 20))
    if options.json:
        claims = [{"name": n, "value": v, "unit": "", "target": t, "holds": h} for n, v, t, h in rows]
        print(json.dumps({"claims": claims}))
    if findings:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
