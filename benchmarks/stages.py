"""How long the main job takes: python -m benchmarks.stages [--force] [--json]

Runs `dvc repro` and notes when each stage begins, then runs it again, when it should find nothing to do. Without
--force only stale stages run, and the first claim speaks of them alone. Start it in an activated environment.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import NamedTuple

FIRST_S = 900.0  # fifteen minutes on two cores
AGAIN_S = 10.0


class Timed(NamedTuple):
    """A stage and its seconds, the time that DVC needs to hash and to note included."""

    stage: str
    seconds: float


def repro(force: bool) -> tuple[list[Timed], float]:
    """Run the pipeline: the stages that ran in their order, and the seconds in all."""
    began = time.monotonic()
    stage, since, ran = "", began, []
    command = ["dvc", "repro", *(["--force"] if force else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("Running stage '"):
                now = time.monotonic()
                if stage:
                    ran.append(Timed(stage, now - since))
                stage, since = line.split("'")[1], now
    if child.returncode != 0:
        sys.exit(f"dvc repro ended with exit code {child.returncode}")
    ended = time.monotonic()
    if stage:
        ran.append(Timed(stage, ended - since))
    return ran, ended - began


def main() -> None:
    """Print the table of stages, with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="run every stage, stale or not")
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    stages, first_s = repro(options.force)
    _, again_s = repro(force=False)
    print("| stage | seconds |\n|---|---|")
    for timed in stages:
        print(f"| {timed.stage} | {timed.seconds:.1f} |")
    print(f"| all, {len(stages)} stages run | {first_s:.1f} |\n| again, nothing stale | {again_s:.1f} |")
    if options.json:
        claims = [
            {"name": "dvc repro", "value": first_s, "unit": "s", "target": FIRST_S, "holds": first_s <= FIRST_S},
            {"name": "dvc repro again", "value": again_s, "unit": "s", "target": AGAIN_S, "holds": again_s <= AGAIN_S},
        ]
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
