"""Every way of breaking it that is known, one after another: python -m benchmarks.faults [--only NAME ...] [--json]

Each is a benchmark of its own and can be run alone:

    python -m benchmarks.kills          SIGKILL at random moments and around renames; goes on where it stopped
    python -m benchmarks.hostile        hostile repositories, servers and addresses
    python -m benchmarks.disks          full and read-only disks, few descriptors, little memory, for every verb
    python -m benchmarks.damaged        damaged data files at every reader
    python -m benchmarks.fuzz_terminal  keys that cost too much, or break the terminal

docs/reliability.md says what is promised.
"""

import argparse
import json
import subprocess
import sys
from typing import Any, Final

FAULTS: Final = {
    "kills": [],
    "hostile": [],
    "disks": [],
    "damaged": [],
    "fuzz_terminal": [],
}
"""Benchmark -> its arguments beside --json."""


def claims_of(name: str) -> list[dict[str, Any]]:
    """Run a benchmark, show what it prints, and give its claims; one claim that fails where it did not end."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *FAULTS[name], "--json"]
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if last:
                print(last, end="", flush=True)
            last = line
    if child.returncode != 0 or not last.startswith('{"claims"'):
        ended = f"ended with exit code {child.returncode}"
        print(last + f"benchmarks.{name} {ended}", flush=True)
        return [{"name": f"{name}: ran to its end", "value": 0, "unit": "", "target": 1, "holds": False}]
    found: list[dict[str, Any]] = json.loads(last)["claims"]
    return [claim | {"name": f"{name}: {claim['name']}"} for claim in found]


def main() -> None:
    """Run them all and print their claims; with --json as the last line too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS), metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    claims = [claim for name in options.only for claim in claims_of(name)]
    print("| claim | value | target | holds |\n|---|---|---|---|")
    for claim in claims:
        print(f"| {claim['name']} | {claim['value']:,} {claim['unit']} | {claim['target']} | {claim['holds']} |")
    if options.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
