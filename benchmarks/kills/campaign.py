"""The kills of one folder: undisturbed worlds, disturbed ones, and the log of what was found."""

import json
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.kills.chains import Chain
from benchmarks.kills.compare import differences, parts_left
from benchmarks.kills.killing import Ending, killed, killed_at_rename, renames_of, whole
from benchmarks.kills.world import LENGTHS, STAGES, command_of, make_project, make_world

KILLS_BETWEEN: Final = 3
"""Kills of a stage before it may run to its end."""
COMPILED: Final = ("render", "rollout")
"""Stages whose kernels compile in their first run."""


class Kill(NamedTuple):
    """One kill, and what was found after it; `faults` is empty where nothing was wrong."""

    target: str
    moment: str
    faults: list[str]
    died: bool
    """whether SIGKILL ended the run, which may have been over before; only then it counts as a kill"""


class Campaign:
    """Kills in the folder `state`: `rounds` random moments a target, and about as many renames."""

    def __init__(self, state: Path, rounds: int, seed: int) -> None:
        self.state, self.rounds, self.seed = state, rounds, seed
        self.log = state / "kills.jsonl"
        self.reference = state / "reference"

    def done(self) -> list[Kill]:
        """The kills so far."""
        return [Kill(**json.loads(line)) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def undisturbed(self) -> dict[str, float]:
        """Run every stage once in the reference world; the seconds that each takes with compiled kernels."""
        times = self.state / "seconds.json"
        if times.exists():
            found: dict[str, float] = json.loads(times.read_text())
            return found
        if self.reference.exists():
            shutil.rmtree(self.reference)
        make_world(self.reference)
        seconds: dict[str, float] = {}
        for stage in STAGES:
            for length in LENGTHS if stage == "train" else (4,):
                seconds[stage] = self._well(command_of(stage, length), self.reference, stage)
            if stage in COMPILED:
                shutil.rmtree(self.reference / STAGES[stage][0])
                seconds[stage] = self._well(command_of(stage), self.reference, stage)
            print(f"{stage}: {seconds[stage]:.1f} s undisturbed", flush=True)
        times.write_text(json.dumps(seconds))
        return seconds

    def _well(self, command: list[str], folder: Path, what: str, **more: str) -> float:
        seconds, failed = whole(command, folder, **more)
        if failed:
            sys.exit(f"the undisturbed {what} failed: {failed}")
        return seconds

    def stage(self, stage: str, seconds: float) -> None:
        """Kill one stage at random moments and around renames, and see that it recovers."""
        draw = random.Random(f"{self.seed} {stage}")
        world, out = self.state / f"world-{stage}", STAGES[stage][0]
        renames = renames_of(command_of(stage), self._fresh(world, stage), self.state / "renames.log")
        moments = [f"{draw.uniform(0.02, 1.02) * seconds:.2f} s" for _ in range(self.rounds)]
        places = max(1, self.rounds // 2)
        chosen = sorted({1 + round(i * (renames - 1) / max(1, places - 1)) for i in range(places)}) if renames else []
        moments += [f"{side}:{number}" for number in chosen for side in ("before", "after")]
        moments = self._undone(stage, moments)
        for first in range(0, len(moments), KILLS_BETWEEN):
            group = moments[first : first + KILLS_BETWEEN]
            self._fresh(world, stage)
            faults = [self._kill(command_of(stage), world, f"{stage}-{moment}", moment) for moment in group]
            _, failed = whole(command_of(stage), world)
            after = [failed] if failed else parts_left(world) + differences(world / out, self.reference / out)
            self._note(stage, group, faults, after)

    def _fresh(self, world: Path, stage: str) -> Path:
        """The reference world again, without what the stage writes."""
        shutil.rmtree(world, ignore_errors=True)
        shutil.copytree(self.reference, world, symlinks=True)
        shutil.rmtree(world / STAGES[stage][0])
        return world

    def _kill(self, command: list[str], world: Path, mark: str, moment: str) -> Ending:
        mark = f"{mark.replace(' ', '')}-{os.getpid()}"
        if moment.endswith(" s"):
            return killed(command, world, mark, float(moment.removesuffix(" s")))
        return killed_at_rename(command, world, mark, moment)

    def chain(self, name: str, chain: Chain) -> None:
        """Kill something that runs many stages, at random moments, until it is through; compare; begin anew."""
        draw = random.Random(f"{self.seed} {name}")
        reference, world = self.state / f"reference-{name}", self.state / f"world-{name}"
        settings = chain.settings(self.state)
        times = reference / "seconds.json"
        if not times.exists():
            shutil.rmtree(reference, ignore_errors=True)
            make_project(reference)
            for command in chain.before:
                self._well(command, reference, name, **settings)
            prepared = self.state / f"prepared-{name}"
            shutil.rmtree(prepared, ignore_errors=True)
            shutil.copytree(reference, prepared, symlinks=True)
            times.write_text(json.dumps(self._well(chain.command, reference, name, **settings)))
        seconds: float = json.loads(times.read_text())
        moments = [f"{draw.uniform(1.0, seconds / chain.between):.2f} s" for _ in range(self.rounds)]
        moments = self._undone(name, moments)
        for first in range(0, len(moments), chain.between):
            group = moments[first : first + chain.between]
            shutil.rmtree(world, ignore_errors=True)
            shutil.copytree(self.state / f"prepared-{name}", world, symlinks=True)
            faults = []
            for moment in group:
                mark = f"{name}-{moment.replace(' ', '')}-{os.getpid()}"
                faults.append(chain.kill(chain.command, world, mark, float(moment.removesuffix(" s")), **settings))
            _, failed = whole(chain.command, world, **settings)
            after = [failed] if failed else parts_left(world) + chain.check(world)
            for out in () if failed else chain.outs:
                after += differences(world / out, reference / out)
            self._note(name, group, faults, after)

    def _undone(self, target: str, moments: list[str]) -> list[str]:
        known = {kill.moment for kill in self.done() if kill.target == target}
        return [moment for moment in moments if moment not in known]

    def _note(self, target: str, moments: list[str], endings: list[Ending], after: list[str]) -> None:
        """Write a group of kills down: what each left, and what was wrong after the run that followed them."""
        with self.log.open("a") as log:
            for moment, found in zip(moments, endings, strict=True):
                log.write(
                    json.dumps({"target": target, "moment": moment, "faults": found.faults + after, "died": found.died})
                    + "\n"
                )
                well = "well" if found.died else "was over before"
                print(f"{target:10} {moment:14} {'; '.join(found.faults + after) or well}", flush=True)
