"""Every way of breaking it that is known, one after another.

    python -m benchmarks.faults [--state FOLDER] [--anew] [--only NAME ...] [--json]

Each is a benchmark of its own and can be run alone:

    python -m benchmarks.kills          SIGKILL at random moments and around renames; goes on where it stopped
    python -m benchmarks.hostile        hostile repositories, servers and addresses; goes on too
    python -m benchmarks.disks          full and read-only disks, few descriptors, little memory, for every verb; too
    python -m benchmarks.damaged        damaged data files at every reader
    python -m benchmarks.fuzz_terminal  keys that cost too much, or break the terminal

The claims of a benchmark that ended are one line in STATE/claims.jsonl: a second run goes on from there, and within the
first three where they stopped. `--anew` begins again with all of them. docs/reliability.md says what is promised.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.kept import Kept

STATE: Final = Path(__file__).parent.parent / ".cache" / "faults"
RESUMED: Final = ("kills", "hostile", "disks")
"""Benchmarks that keep what they found, and take --state and --anew."""
FAULTS: Final = (*RESUMED, "damaged", "fuzz_terminal")


def claims_of(name: str, state: Path, anew: bool) -> list[dict[str, Any]] | None:
    """Run a benchmark, show what it prints, and give its claims; None where it did not end well."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
    if name in RESUMED:
        command += ["--state", str(state / name), *["--anew"] * anew]
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if last:
                print(last, end="", flush=True)
            last = line
    if child.returncode != 0 or not last.startswith('{"claims"'):
        print(last + f"benchmarks.{name} ended with exit code {child.returncode}", flush=True)
        return None
    found: list[dict[str, Any]] = json.loads(last)["claims"]
    return [claim | {"name": f"{name}: {claim['name']}"} for claim in found]


def not_ended(name: str) -> dict[str, Any]:
    """The claim that a benchmark ran to its end, which does not hold."""
    return {"name": f"{name}: ran to its end", "value": 0, "unit": "", "target": 1, "holds": False}


def main() -> None:
    """Run them all and print their claims; with --json as the last line too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=STATE, help="where all that was found lies")
    parser.add_argument("--anew", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=FAULTS, metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    state = options.state.resolve()
    kept = Kept(state / "claims.jsonl")
    for name in options.only:
        if options.anew or name not in kept.known:
            found = claims_of(name, state, options.anew)
            if found is not None:
                kept.note(name, found)
    claims = [claim for name in options.only for claim in kept.known.get(name, [not_ended(name)])]
    print("| claim | value | target | holds |\n|---|---|---|---|")
    for claim in claims:
        print(f"| {claim['name']} | {claim['value']:,} {claim['unit']} | {claim['target']} | {claim['holds']} |")
    if options.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
