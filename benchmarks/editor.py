"""Our editor beside real vim on edits of real histories.

    python -m benchmarks.editor REPOSITORY ... [--edits N] [--seed N] [--keys N] [--differences] [--json]

From each repository N changed files are drawn (a fixed seed); each is typed by the typist into our editor and into
real vim in tmux, in both styles and at both sizes by turns. Compared are the files' bytes, and at up to ten places of
a session the text area with the cursor, and the last line (mode, messages, ruler).
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.support.beside_vim import SIZES, STYLES, Difference, compare, edits
from tests.support.vim_in_tmux import Pane

SHARE = 0.99


def main() -> None:
    """Print the table, with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--edits", type=int, default=50, help="edits from each repository")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keys", type=int, default=4000, help="the longest session, in keystrokes")
    parser.add_argument("--differences", action="store_true", help="print what differs")
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    version = subprocess.run(["vim", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")
    print(version[0])
    print(version[1])
    print("\n| repository | edits | files equal | frames | text and cursor equal | last line too | seconds |")
    print("|---|---|---|---|---|---|---|")
    total = Counter[str]()
    for path in options.repositories:
        begin = time.monotonic()
        row, found = _measure(path, options.edits, options.seed, options.keys)
        total.update(row)
        name = path.parent.name if path.name == "repo" else path.resolve().name
        print(_row(name, row, f"{time.monotonic() - begin:.0f}"), flush=True)
        if options.differences:
            for one in found:
                _explain(one)
    print(_row("all", total, ""))
    if options.json:
        share = 1 - (total["text"] + total["cursor"]) / max(total["frames"], 1)
        last = share - total["last line"] / max(total["frames"], 1)
        claims = [
            {
                "name": "files byte-equal to real vim's",
                "value": total["equal"],
                "unit": "",
                "target": total["edits"],
                "holds": total["equal"] == total["edits"],
            },
            {
                "name": "frames whose text area and cursor are real vim's",
                "value": share,
                "unit": "",
                "target": SHARE,
                "holds": share >= SHARE,
            },
            {"name": "frames whose last line is real vim's too", "value": last, "unit": "", "target": None},
        ]
        print(json.dumps({"claims": claims}))


def _measure(path: Path, count: int, seed: int, most_keys: int) -> tuple[Counter[str], list[Difference]]:
    row = Counter[str]()
    found: list[Difference] = []
    with tempfile.TemporaryDirectory() as folder:
        panes = [Pane(Path(folder, f"tmux{i}"), *size) for i, size in enumerate(SIZES)]
        try:
            for number, edit in enumerate(edits(path, count, Random(seed), most_keys)):
                side, style = number % 2, STYLES[number // 2 % 2]
                compared = compare(panes[side], Path(folder, "files"), edit, style, SIZES[side])
                row["edits"] += 1
                row["frames"] += compared.frames
                row["equal"] += compared.bytes_equal
                row.update(one.kind for one in compared.differences)
                found += compared.differences
                if not compared.bytes_equal:
                    print(f"bytes differ: {edit.commit} {edit.path} {style}")
        finally:
            for pane in panes:
                pane.__exit__(None, None, None)
    return row, found


def _row(name: str, row: Counter[str], seconds: str) -> str:
    frames = row["frames"]
    good = frames - row["text"] - row["cursor"]
    share = f"{good:,} ({good / max(frames, 1):.2%})"
    last = f"{good - row['last line']:,} ({(good - row['last line']) / max(frames, 1):.2%})"
    return f"| {name} | {row['edits']:,} | {row['equal']:,} | {frames:,} | {share} | {last} | {seconds} |"


def _explain(one: Difference) -> None:
    rows, columns = one.size
    print(f"  {one.kind}: {one.edit.commit[:10]} {one.edit.path} {one.style} {rows}x{columns} mode {one.mode}")
    print(f"    keys   {one.keys}\n    ours   {one.ours}\n    theirs {one.theirs}")


if __name__ == "__main__":
    main()
