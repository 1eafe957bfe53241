"""Every verb where the machine refuses something.

    python -m benchmarks.disks [--state FOLDER] [--anew] [--only VERB] [--conditions CONDITION] [--json]

A small history goes through every stage once. Then each verb runs where its output cannot be written or its process is
held short: a full disk (nearly full, so that it fails in the middle), a read-only disk, 32 open files, 1 GiB of address
space, a bound on the size of a file, names that are too long, a standard output that is full or whose reader left. With
nothing wanting, its largest process stays below 1 GiB of resident memory: address space alone says little of what a
verb uses, as the drawing engine of `report` reserves 70 GiB.

It survives where it ends well, or with one line and exit status 1; where what stood at its output before still stands;
and where no part is left. Mounts need root or an unprivileged user namespace: where neither is given they are skipped,
and the reason is counted.
Each outcome is one line in STATE/outcomes.jsonl; a second run goes on from there, `--anew` begins again.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tqdm import tqdm

from benchmarks.kept import Kept
from benchmarks.kills.world import CHECKOUT, make_world

LIMIT_S: Final = 300.0
KIB: Final = 1024
GIB: Final = 1 << 30
STATE: Final = CHECKOUT / ".cache" / "disks"
VERBS: Final = {
    "clone": "clone -o {out}",
    "render": "render data/mirrors -o {out}",
    "verify": "verify data/recordings/source.tsr --repo data/mirrors/source.git",
    "info": "info data/recordings/source.tsr --check",
    "repack": "repack data/recordings/source.tsr -o {out}.tsr",
    "export": "export data/recordings/source.tsr -o {out}.cast",
    "picture": "export data/recordings/source.tsr --to png -o {out}.png",
    "import": "import source.cast -o {out}.tsr",
    "tokenize": "tokenize data/recordings -o {out}",
    "dataset": "dataset data/recordings data/tokens -o {out}",
    "train": "train data/dataset --length 2 --seed 0 -o {out}",
    "evaluate": "evaluate data/runs data/dataset -o {out}",
    "rollout": "rollout data/runs -o {out}",
    "fit": "fit data/runs -o {out}",
    "report": "report -o {out}",
    "preset": "preset tiny --params {out}.yaml",
    "flops": "flops",
    "params": "params",
    "studies": "studies",
}
CONDITIONS: Final = (
    "full",
    "nearly full",
    "read-only",
    "files",
    "memory",
    "size",
    "name",
    "stdout full",
    "stdout closed",
    "resident",
)


@dataclass(frozen=True)
class Outcome:
    """What became of a verb in a condition."""

    verb: str
    condition: str
    status: int | None
    """None where it was skipped"""
    said: str
    faults: Sequence[str]


def command(verb: str, out: Path) -> list[str]:
    """The verb's command line, writing to `out`."""
    return [sys.executable, "-m", "rcfam", *(word.replace("{out}", str(out)) for word in VERBS[verb].split())]


def world(state: Path) -> Path:
    """The folder in which every stage has run once."""
    folder = state / "world"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        make_world(folder)
        for verb in tqdm(STAGES, desc="undisturbed", unit="stage"):
            words = STAGES[verb].split()
            subprocess.run([sys.executable, "-m", "rcfam", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (folder / "complete").touch()
    return folder


STAGES: Final = {
    "clone": "clone -o data/mirrors",
    "render": "render data/mirrors -o data/recordings",
    "tokenize": "tokenize data/recordings -o data/tokens",
    "dataset": "dataset data/recordings data/tokens -o data/dataset",
    "train 2": "train data/dataset --length 2 -o data/runs/length-2",
    "train 4": "train data/dataset --length 4 -o data/runs/length-4",
    "train 8": "train data/dataset --length 8 -o data/runs/length-8",
    "evaluate": "evaluate data/runs data/dataset -o data/evaluation",
    "rollout": "rollout data/runs -o data/rollout",
    "fit": "fit data/runs -o data/law",
    "report": "report -o data/report",
    "export": "export data/recordings/source.tsr -o source.cast",
}


PEAK: Final = """import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)"""
"""Runs a command, and says the KiB of its largest process in the last line of standard error."""


def peak_kib(said: str) -> int:
    """What PEAK said."""
    return int(said.strip().splitlines()[-1])


def limit(which: int, value: int) -> None:
    """Bound a resource of the process to come."""
    resource.setrlimit(which, (value, value))


@contextmanager
def mounted(kib: int | None) -> Iterator[Path]:
    """A small file system in memory; with None a read-only one. Raises CalledProcessError where that is not allowed."""
    with tempfile.TemporaryDirectory() as name:
        options = "size=1m,ro" if kib is None else f"size={kib}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", name], check=True, capture_output=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def fill(folder: Path) -> None:
    """Leave nothing free on the disk of `folder`."""
    try:
        with (folder / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        pass


def run(verb: str, condition: str, folder: Path) -> Outcome:
    """One verb in one condition, in the world `folder`."""
    try:
        if condition in ("full", "nearly full", "read-only"):
            sizes = {"full": 64, "nearly full": 96, "read-only": None}
            with mounted(sizes[condition]) as disk:
                if condition == "full":
                    fill(disk)
                return judge(verb, condition, folder, disk / "out")
        with tempfile.TemporaryDirectory() as name:
            out = Path(name) / ("n" * 300 if condition == "name" else "out")
            return judge(verb, condition, folder, out)
    except subprocess.CalledProcessError as error:
        return Outcome(verb, condition, None, (error.stderr or b"").decode().strip() or "no mounts here", ())


def judge(verb: str, condition: str, folder: Path, out: Path) -> Outcome:
    """Run the verb, and see what it said and left."""
    before: dict[str, Callable[[], None]] = {
        "files": partial(limit, resource.RLIMIT_NOFILE, 32),
        "memory": partial(limit, resource.RLIMIT_AS, GIB),
        "size": partial(limit, resource.RLIMIT_FSIZE, 2 * KIB),
    }
    words = command(verb, out)
    if condition == "resident":
        words = [sys.executable, "-c", PEAK, *words]
    standing = set(out.parent.rglob("*"))
    reader, writer = os.pipe()
    if condition == "stdout closed":
        os.close(reader)
        output = writer
    else:
        output = os.open("/dev/full" if condition == "stdout full" else os.devnull, os.O_WRONLY)
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", "")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=LIMIT_S,
            preexec_fn=before.get(condition),
            check=False,
        )
        status, said = done.returncode, done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        status, said = -1, "no end"
    finally:
        os.close(output)
    return Outcome(verb, condition, status, said, tuple(faults(condition, status, said, out.parent, standing)))


def faults(condition: str, status: int, said: str, folder: Path, standing: set[Path]) -> Iterator[str]:
    """What is wrong with an end."""
    told = [line for line in said.replace("\r", "\n").splitlines() if line.startswith("rcfam: ")]
    if "Traceback" in said:
        yield "traceback"
    elif status not in (0, 1, 141):
        yield f"exit status {status}"
    elif status == 1 and len([line for line in told if "kernels are compiled anew" not in line]) != 1:
        yield "not one line"
    if status == 141 and condition != "stdout closed":
        yield f"exit status {status}"
    if condition == "resident" and (status != 0 or peak_kib(said) >= GIB // KIB):
        yield f"exit status {status}, {peak_kib(said):,} KiB resident"
    if parts := [path.name for path in folder.rglob("*.part") if path not in standing]:
        yield f"left {parts[0]}"


def main() -> None:
    """Try, and print what was found; with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=STATE, help="where world and outcomes lie")
    parser.add_argument("--anew", action="store_true", help="forget the outcomes of earlier runs")
    parser.add_argument("--only", nargs="+", choices=VERBS, default=list(VERBS), metavar="VERB")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS), metavar="CONDITION")
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    folder = world(options.state.resolve())
    pairs = [(verb, condition) for verb in options.only for condition in options.conditions]
    kept = Kept(options.state / "outcomes.jsonl", options.anew)
    found = []
    for verb, condition in tqdm(pairs, unit="run", mininterval=1):
        name = f"{verb}, {condition}"
        if name not in kept.known:
            kept.note(name, astuple(run(verb, condition, folder)))
        found.append(Outcome(*kept.known[name]))
        if found[-1].status is None or found[-1].faults:
            tqdm.write(line(found[-1]))
    show(found, options.conditions)
    if options.json:
        tried = [each for each in found if each.status is not None]
        lost = sum(bool(each.faults) for each in tried)
        claims = [
            {"name": "verbs in want", "value": len(tried), "unit": "runs", "target": len(found), "holds": bool(tried)},
            {"name": "not survived", "value": lost, "unit": "runs", "target": 0, "holds": lost == 0},
        ]
        print(json.dumps({"claims": claims}))


def show(found: Sequence[Outcome], conditions: Sequence[str]) -> None:
    """A table of conditions."""
    print("| condition | tried | survived |\n|---|---|---|")
    for condition in conditions:
        tried = [each for each in found if each.condition == condition and each.status is not None]
        print(f"| {condition} | {len(tried)} | {sum(not each.faults for each in tried)} |")
    if resident := [(peak_kib(each.said), each.verb) for each in found if each.condition == "resident"]:
        print("largest process: " + ", ".join(f"{verb} {kib // KIB} MiB" for kib, verb in sorted(resident)[::-1]))


def line(each: Outcome) -> str:
    """What was skipped, or not survived."""
    if each.status is None:
        return f"skipped: {each.verb}, {each.condition}: {each.said}"
    last = " ".join(each.said.strip().splitlines()[-1:])[:300]
    return f"{each.verb}, {each.condition}: {', '.join(each.faults)} (exit status {each.status}): {last}"


if __name__ == "__main__":
    main()
