"""Whole histories rendered to the last commit: python -m benchmarks.histories REPOSITORY ... [--json]

Each repository is rendered and recorded in a process of its own, with the default parameters, on one core; after every
commit the typed files must equal the commit's tree. Prints commits, changes, what was left out and why, keystrokes,
keystrokes a second of processor time (all in, from opening the repository to the closed recording; kernels compiled
before), bytes a frame, and the peak memory. A repository that cannot be rendered to the end is shown with its error.
"""

import argparse
import io
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from rcfam.errors import RcfamError
from rcfam.history import Repository
from rcfam.recording import Writer
from rcfam.rendering import RenderParams, record
from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text

KEYS_PER_SECOND = 400_000
PEAK_MIB = 500


def rendered(path: Path) -> dict[str, Any]:
    """One row of the table."""
    name = path.parent.name if path.name == "repo" else path.name.removesuffix(".git")
    warm = Terminal(24, 80)
    Writer(io.BytesIO(), 24, 80, warm.attributes, {}).press(warm, from_text("ls\n").astype(np.uint32))
    begin = time.process_time()
    try:
        repository = Repository(path)
        file = io.BytesIO()
        found = record(repository, repository.resolve("HEAD"), name, RenderParams(), file)
    except RcfamError as error:
        return {"name": name, "error": str(error)}
    seconds = time.process_time() - begin
    return {
        "name": name,
        "commits": found.commits,
        "changes": found.ledger.changes,
        "left_out": found.ledger.left_out,
        "keystrokes": found.keystrokes,
        "keys_per_second": found.keystrokes / seconds,
        "bytes_per_frame": file.tell() / max(1, found.keystrokes),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print the table, with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    rows = []
    print("| repository | commits | changes | left out | keystrokes | keys/s | B/frame | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for path in options.repositories:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row = pool.apply(rendered, (path,))
        rows.append(row)
        if "error" in row:
            print(f"| {row['name']} | {row['error']} | | | | | | |")
        else:
            left_out = ", ".join(f"{count} {reason}" for reason, count in row["left_out"].items()) or "none"
            print(
                f"| {row['name']} | {row['commits']:,} | {row['changes']:,} | {left_out} | {row['keystrokes']:,} |"
                f" {row['keys_per_second']:,.0f} | {row['bytes_per_frame']:.2f} | {row['peak_mib']:,.0f} |"
            )
        sys.stdout.flush()
    if options.json:
        whole = [row for row in rows if "error" not in row]
        slowest = min((row["keys_per_second"] for row in whole), default=0.0)
        peak = max((row["peak_mib"] for row in whole), default=0.0)
        figures = (
            ("histories rendered to the last commit", len(whole), "", len(rows), len(whole) == len(rows)),
            ("slowest render + encode, all in", slowest, "keys/s", KEYS_PER_SECOND, slowest >= KEYS_PER_SECOND),
            ("peak memory", peak, "MiB", PEAK_MIB, peak < PEAK_MIB),
        )
        names = ("name", "value", "unit", "target", "holds")
        print(json.dumps({"claims": [dict(zip(names, figure, strict=True)) for figure in figures]}))


if __name__ == "__main__":
    main()
