"""The trials of a search: run, judged, cut short, counted."""

import functools
import json
import os
import random
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from flows import PROJECT, supervisor
from flows.search import TuneError
from flows.search.space import Point, Space
from flows.search.store import FAILED, JUDGED, POINT, REPORT, STORAGE_ERRORS, is_again, reap, reason, sign
from flows.stages import environment
from flows.trial import DIVERGED, OUT_OF_MEMORY, TENTHS, Report

OBJECTIVES: dict[str, Callable[[Report], float]] = {
    "loss": lambda report: report.loss,  # nats a token, of the last tenth
    "step_seconds": lambda report: report.wall_s / report.step,
    "memory": lambda report: float(report.memory),  # bytes
}
SAMPLERS = ("tpe", "nsga2")
FAILURES = 3  # in a row end a search
_HOPELESS = {DIVERGED: "diverged", OUT_OF_MEMORY: "no memory"}
_POPULATION = 16
_LOOK_EVERY_S = 1.0
PATIENCE_S = 120.0  # from the limit of a trial until all believe that it is dead


class TrialError(Exception):
    """A trial's process failed. The message is its last line."""


class _NotNeededError(Exception):
    """Another process runs what this trial would be."""


@dataclass(frozen=True)
class Search:
    """What is searched, and how a trial is run."""

    command: Callable[[Point, int], list[str]]
    """a point and a seed -> a command that prints `Report` lines as flows.trial does"""
    space: Space
    limit_s: float
    """seconds after which a trial is killed"""
    objectives: tuple[str, ...] = ("loss",)
    """one is pruned by; with several, Optuna knows no pruning"""
    sampler: str = "tpe"
    seed: int = 0


def run(attempt: Callable[[], FrozenTrial | None]) -> Iterator[FrozenTrial]:
    """What `attempt` gives, until that is None; it is `run_one` of a study.

    Raises TuneError where the first trial fails, or several in a row.
    """
    failures_left = 1
    while (trial := attempt()) is not None:
        yield trial
        if trial.state in JUDGED:
            failures_left = FAILURES
        else:
            failures_left -= 1
        if not failures_left:
            raise TuneError(str(trial.user_attrs[FAILED]))


def run_one(
    study: optuna.Study, search: Search, trials: int, progress: Callable[[float], None] = lambda _: None
) -> FrozenTrial | None:
    """Run one trial, or None where `trials` have been judged; it waits for those that other processes run.

    A trial that failed says so under the user attribute `failed`. Raises TuneError where the storage fails.
    """
    try:
        while True:
            reap(study)
            states = [trial.state for trial in study.get_trials(deepcopy=False)]
            over = sum(state in JUDGED for state in states)
            progress(over)
            if over >= trials:
                return None
            if over + states.count(TrialState.RUNNING) < trials:
                trial = _attempt(study, search, trials, functools.partial(_add, progress, over))
                if trial is not None:
                    return trial
            time.sleep(_LOOK_EVERY_S * random.uniform(0.5, 1.5))
    except STORAGE_ERRORS as error:
        raise TuneError(f"the study's storage: {reason(error)}") from error


def _add(progress: Callable[[float], None], over: int, part: float) -> None:
    progress(over + part)


def judged(study: optuna.Study) -> int:
    """How many trials have been judged: complete or cut short."""
    return len(study.get_trials(deepcopy=False, states=JUDGED))


def _attempt(study: optuna.Study, search: Search, trials: int, progress: Callable[[float], None]) -> FrozenTrial | None:
    """Ask for one trial and run it; None where another process had taken it, or took it away as if we were dead."""
    number, lost = -1, False

    def objective(trial: Trial) -> tuple[float, ...]:
        nonlocal number, lost
        number = trial.number
        study.sampler = _sampler(search, number)  # neither resumed nor parallel searches draw the same again
        try:
            sign(trial, search.limit_s + PATIENCE_S)
            if is_again(study, trial):
                trial.set_user_attr(FAILED, "another process repeats it")
                raise _NotNeededError
            before = study.get_trials(deepcopy=False)[:number]
            if sum(each.state in (*JUDGED, TrialState.RUNNING) for each in before) >= trials:
                raise _NotNeededError  # a queued point stays queued: this failure does not say why
            return judge(trial, search, progress)
        finally:
            lost = study.get_trials(deepcopy=False)[number].state.is_finished()

    study.sampler = _sampler(search, len(study.get_trials(deepcopy=False)))
    try:
        study.optimize(objective, n_trials=1, catch=(TrialError, _NotNeededError))
    except (ValueError, AssertionError, optuna.exceptions.UpdateFinishedTrialError):
        if not lost:
            raise
        return None  # our heartbeats came too late: it was failed while it ran, and is queued again
    trial = study.trials[number]
    return trial if POINT in trial.user_attrs and (trial.state in JUDGED or FAILED in trial.user_attrs) else None


def _sampler(search: Search, number: int) -> BaseSampler:
    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    return NSGAIISampler(population_size=_POPULATION, seed=seed) if search.sampler == "nsga2" else TPESampler(seed=seed)


def judge(trial: Trial, search: Search, progress: Callable[[float], None]) -> tuple[float, ...]:
    """Run one trial: its objectives at the end of the budget.

    Raises TrialPruned where it is cut short or hopeless, TrialError where it fails. `progress` is told the part of the
    budget that is over.
    """
    point = search.space.suggest(trial)
    trial.set_user_attr(POINT, point)
    process = supervisor.start(search.command(point, trial.number), folder=PROJECT, environment=environment())
    last: Report | None = None
    try:
        for last in _reports(process, search.limit_s):
            progress(last.tenth / TENTHS)
            trial.set_user_attr(REPORT, asdict(last))
            if len(search.objectives) == 1:
                trial.report(OBJECTIVES[search.objectives[0]](last), last.tenth)
                if last.tenth < TENTHS and trial.should_prune():
                    raise optuna.TrialPruned
        if last is None or last.tenth < TENTHS:
            raise TrialError("it ended before its budget was used up")
    except TrialError as error:
        if (reason := _HOPELESS.get(process.returncode)) is not None:
            trial.set_user_attr("hopeless", reason)
            raise optuna.TrialPruned from error
        trial.set_user_attr(FAILED, str(error))
        raise
    finally:
        supervisor.stop(process)
    return tuple(OBJECTIVES[name](last) for name in search.objectives)


def _reports(process: "subprocess.Popen[bytes]", limit_s: float) -> Iterator[Report]:
    """The report lines of a trial's process. Raises TrialError where it fails or takes longer than `limit_s`."""
    said = ""
    for text in _lines(process, limit_s):
        if text.startswith("{"):
            yield Report(**json.loads(text))
        elif text:
            said = text
    if process.wait() != 0:
        raise TrialError(said.removeprefix("error: ") or f"a trial ended with exit status {process.returncode}")


def _lines(process: "subprocess.Popen[bytes]", limit_s: float) -> Iterator[str]:
    """What a process says. A signal that another thread gets does not end a read, so none waits for long."""
    assert process.stdout is not None
    deadline, pending = time.monotonic() + limit_s, b""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], _LOOK_EVERY_S)
        if time.monotonic() > deadline:
            raise TrialError(f"it took longer than {limit_s:g} s")
        if not ready:
            continue
        block = os.read(process.stdout.fileno(), 65536)
        *whole, pending = (pending + block).split(b"\n")
        for line in [*whole, pending] if not block else whole:
            yield line.decode("utf-8", "replace").strip()
        if not block:
            return
