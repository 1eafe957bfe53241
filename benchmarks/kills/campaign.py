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
TRIES: Final = 4
"""Runs for each kill that is wanted, at most: some are over before their moment."""
CHAIN_KILLS: Final = 6
"""Kills of what runs many stages, at most: it takes minutes."""


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

    def undisturbed(self) -> None:
        """Run every stage once in the reference world."""
        made = self.state / "reference.done"
        if made.exists():
            return
        shutil.rmtree(self.reference, ignore_errors=True)
        make_world(self.reference)
        for stage in STAGES:
            for length in LENGTHS if stage == "train" else (4,):
                seconds = self._well(command_of(stage, length), self.reference, stage)
            print(f"{stage}: {seconds:.1f} s undisturbed", flush=True)
        made.touch()

    def _well(self, command: list[str], folder: Path, what: str, **more: str) -> float:
        seconds, failed = whole(command, folder, **more)
        if failed:
            sys.exit(f"the undisturbed {what} failed: {failed}")
        return seconds

    def stage(self, stage: str) -> None:
        """Kill one stage at random moments and around renames, and see that it recovers."""
        world = self.state / f"world-{stage}"
        log = self.state / "renames.log"
        tries = Tries(self, stage, self.rounds, "random")
        if not tries.over:
            seconds = self._well(command_of(stage), self._fresh(world, stage), stage)
            draw = random.Random(f"{self.seed} {stage} {tries.made}")
        while not tries.over:
            self._fresh(world, stage)
            endings: list[tuple[str, Ending]] = []
            for _ in range(KILLS_BETWEEN):
                moment = f"{draw.uniform(0.05, 0.95) * seconds * 0.8 ** len(endings):.2f} s"
                endings.append((moment, self._kill(command_of(stage), world, f"{stage}-{moment}", moment)))
            tries.note(endings, self._after(stage, world))
        tries = Tries(self, stage, self.rounds, "rename")
        if tries.over:
            return
        renames = renames_of(command_of(stage), self._fresh(world, stage), log)
        places = max(1, -(-self.rounds // 2))
        numbers = sorted({1 + round(i * (renames - 1) / max(1, places - 1)) for i in range(places)}) if renames else []
        for moment in [f"{side}:{number}" for number in numbers for side in ("before", "after")]:
            if moment not in tries.known:
                self._fresh(world, stage)  # what was killed before would make fewer renames
                ending = self._kill(command_of(stage), world, f"{stage}-{moment}", moment)
                tries.note([(moment, ending)], self._after(stage, world))

    def _after(self, stage: str, world: Path) -> list[str]:
        """Run the stage to its end; what is wrong then."""
        _, failed = whole(command_of(stage), world)
        out = STAGES[stage][0]
        return [failed] if failed else parts_left(world) + differences(world / out, self.reference / out)

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
        tries = Tries(self, name, min(self.rounds, CHAIN_KILLS), "random")
        draw = random.Random(f"{self.seed} {name} {tries.made}")
        while not tries.over:
            shutil.rmtree(world, ignore_errors=True)
            shutil.copytree(self.state / f"prepared-{name}", world, symlinks=True)
            endings = []
            for _ in range(chain.between):
                moment = f"{draw.uniform(1.0, seconds / chain.between):.2f} s"
                mark = f"{name}-{moment.replace(' ', '')}-{os.getpid()}"
                found = chain.kill(chain.command, world, mark, float(moment.removesuffix(" s")), **settings)
                endings.append((moment, found))
            _, failed = whole(chain.command, world, **settings)
            after = [failed] if failed else parts_left(world) + chain.check(world)
            for out in () if failed else chain.outs:
                after += differences(world / out, reference / out)
            tries.note(endings, after)


class Tries:
    """The runs of one target that were to be killed in one way, those of earlier campaigns included."""

    def __init__(self, campaign: Campaign, target: str, wanted: int, way: str) -> None:
        of_target = [kill for kill in campaign.done() if kill.target == target]
        found = [kill for kill in of_target if kill.moment.endswith(" s") == (way == "random")]
        self.log, self.target, self.wanted = campaign.log, target, wanted
        self.known = {kill.moment for kill in found}
        self.made, self.died = len(found), sum(kill.died for kill in found)

    @property
    def over(self) -> bool:
        """Whether so many were killed as are wanted, or too many were over before their moment."""
        return self.died >= self.wanted or self.made >= TRIES * self.wanted

    def note(self, endings: list[tuple[str, Ending]], after: list[str]) -> None:
        """Write down what each run left, and what was wrong after the run to the end that followed them."""
        with self.log.open("a") as log:
            for moment, found in endings:
                faults = found.faults + after
                log.write(json.dumps(Kill(self.target, moment, faults, found.died)._asdict()) + "\n")
                well = "well" if found.died else "was over before"
                print(f"{self.target:10} {moment:14} {'; '.join(faults) or well}", flush=True)
        self.made += len(endings)
        self.died += sum(found.died for _, found in endings)
