"""What SIGKILL leaves behind.

    python -m benchmarks.kills [--state FOLDER] [--anew] [--only TARGET ...] [--rounds N] [--json]

A small history goes through every stage once, undisturbed. Then each stage runs again and again and is killed: at
random moments of its duration, measured anew (the process alone, as an out-of-memory killer does it), and before and
after renames from a fresh start (the whole process group, as a crash does it). Then it runs to its end, and what it
wrote must equal the undisturbed output but for measured times. A run that is over before its moment is no kill. A
process that outlives its parent, or a `.part` file that stays, is counted as a fault.
`dvc repro`, the pipeline flow, the worker of `make ui` and the search are killed at random moments in the same way.

Each kill is one line in STATE/kills.jsonl; a second run goes on from there, `--anew` begins again.
"""

import argparse
import json
from pathlib import Path
from typing import Final

from benchmarks.kills.campaign import Campaign
from benchmarks.kills.chains import CHAINS
from benchmarks.kills.world import CHECKOUT, STAGES

STATE: Final = CHECKOUT / ".cache" / "kills"
TARGETS: Final = [*STAGES, *CHAINS]
KILLS: Final = 200


def main() -> None:
    """Kill, and print what was found; with --json the claims as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=STATE, help="where worlds and the log lie")
    parser.add_argument("--anew", action="store_true", help="forget the kills of earlier runs")
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=TARGETS, metavar="TARGET")
    parser.add_argument("--rounds", type=int, default=10, help="kills at random moments, and about as many at renames")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the claims as the last line")
    options = parser.parse_args()
    if options.anew:
        for path in [
            *options.state.glob("*.jsonl"),
            *options.state.glob("*.done"),
            *options.state.glob("*/seconds.json"),
        ]:
            path.unlink()
    campaign = Campaign(options.state.resolve(), options.rounds, options.seed)
    if any(target in STAGES for target in options.only):
        campaign.undisturbed()
    for target in options.only:
        if target in STAGES:
            campaign.stage(target)
        else:
            campaign.chain(target, CHAINS[target])
    kills = [kill for kill in campaign.done() if kill.died or kill.faults]
    print("| target | kills | recovered |\n|---|---|---|")
    for target in dict.fromkeys(kill.target for kill in kills):
        of_target = [kill for kill in kills if kill.target == target]
        print(f"| {target} | {len(of_target)} | {sum(not kill.faults for kill in of_target)} |")
    if options.json:
        faulty = sum(bool(kill.faults) for kill in kills)
        claims = [
            {"name": "kills", "value": len(kills), "unit": "kills", "target": KILLS, "holds": len(kills) >= KILLS},
            {"name": "kills not recovered from", "value": faulty, "unit": "kills", "target": 0, "holds": faulty == 0},
        ]
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
