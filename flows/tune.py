"""Optuna search: batch against sequence length, under a fixed training time for each trial.

    python -m flows.tune --trials 24 --seconds 30

Long windows and large batches both cost time; which buys more? A trial trains for `--seconds` and is judged by its loss
in the last tenth of that time; one that is worse than the median of the others at the same moment is cut short.

The search lives in a journal: started again, it goes on until `--trials` trials have been judged. A trial whose
process was killed is marked as failed and its point is tried again; it is never counted. `--storage` takes a file, or
the URL of a database that several machines share.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, RetryFailedTrialCallback
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState
from tqdm import tqdm

from flows import PROJECT, child
from flows.stages import environment, program
from flows.trial import DIVERGED, TENTHS, Report

JUDGED = (TrialState.COMPLETE, TrialState.PRUNED)
HEARTBEAT_S = 30
UNSIGNED_AFTER_S = 60.0  # a trial that no process has signed for so long was killed as it began
PATIENCE_S = 120.0  # beyond twice the training time: start of the process, opening the data, one slow step; then killed
_BAR = "{l_bar}{bar}| {n:.0f}/{total:.0f} s [{remaining} left]"  # seconds of training


class TuneError(Exception):
    """The search cannot go on. The message is one line."""


class TrialError(Exception):
    """A trial's process failed. The message is its last line."""


@dataclass(frozen=True)
class Search:
    """What is searched, and how a trial is run."""

    command: Callable[[int, int, int], list[str]]
    """length, batch, seed -> a command that prints `Report` lines as flows.trial does."""
    seconds: float
    """training time of a trial"""
    lengths: tuple[int, int] = (2, 256)
    """smallest and largest, powers of two"""
    batches: tuple[int, int] = (1, 32)
    """smallest and largest, powers of two"""
    seed: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status 0, 1 with one line on standard error, or 130 when interrupted."""
    options = _parser().parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    dataset, params = options.dataset.resolve(), options.params.resolve()

    def command(length: int, batch: int, seed: int) -> list[str]:
        point = ("--length", str(length), "--batch", str(batch), "--seed", str(seed))
        where = ("--dataset", str(dataset), "--params", str(params))
        return program("flows.trial", *where, *point, "--seconds", str(options.seconds))

    search = Search(command, options.seconds, tuple(options.lengths), tuple(options.batches), options.seed)
    try:
        study = open_study(options.storage, options.study, search.seed)
        with tqdm(total=0, desc="search", bar_format=_BAR) as bar:
            run(study, search, options.trials, bar)
    except KeyboardInterrupt:
        print(f"interrupted; the same command goes on from {options.storage}", file=sys.stderr)
        return 130
    except TuneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(study))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.tune", description="Search batch against sequence length.")
    parser.add_argument("--trials", type=int, required=True, metavar="N", help="go on until N trials have been judged")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="training time of a trial (30)")
    parser.add_argument("--storage", default=str(PROJECT / "optuna" / "tune.journal"), help="journal file or URL")
    parser.add_argument("--study", default="batch-length", help="name of the study in the storage (batch-length)")
    parser.add_argument("--dataset", type=Path, default=PROJECT / "data" / "dataset", help="what `rcfam dataset` wrote")
    parser.add_argument("--params", type=Path, default=PROJECT / "params.yaml", help="sections model and train")
    parser.add_argument("--lengths", type=int, nargs=2, default=(2, 256), metavar=("FROM", "TO"), help="(2 256)")
    parser.add_argument("--batches", type=int, nargs=2, default=(1, 32), metavar=("FROM", "TO"), help="(1 32)")
    parser.add_argument("--seed", type=int, default=0, help="of the search (0)")
    return parser


def open_study(storage: str, name: str, seed: int) -> optuna.Study:
    """The study of that name, made where it is missing; trials of killed processes are failed and queued again.

    The sampler's seed moves on with the trials: a resumed search would draw the same points again. Raises TuneError.
    """
    try:
        opened = _open_storage(storage)
        study = optuna.create_study(
            storage=opened, study_name=name, direction="minimize", load_if_exists=True, pruner=_pruner()
        )
    except (OSError, ValueError, ImportError, optuna.exceptions.OptunaError) as error:
        raise TuneError(f"{storage}: {str(error).splitlines()[0]}") from error
    reap(study)
    study.sampler = TPESampler(seed=seed + len(study.trials))
    return study


def _open_storage(storage: str) -> BaseStorage:
    if "://" in storage:
        again = RetryFailedTrialCallback(inherit_intermediate_values=False)
        return RDBStorage(storage, heartbeat_interval=HEARTBEAT_S, failed_trial_callback=again)
    Path(storage).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(storage))


def _pruner() -> MedianPruner:
    return MedianPruner(n_startup_trials=4, n_warmup_steps=2)  # steps are tenths of the training time


def reap(study: optuna.Study) -> int:
    """Fail the trials of this machine whose process is gone and queue their points again; return how many.

    A journal says of a killed trial for ever that it is running. Trials of other machines are left alone.
    """
    dead = [trial for trial in study.get_trials(states=(TrialState.RUNNING,)) if _is_dead(trial)]
    for trial in dead:
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params, user_attrs={"again": trial.number})
    return len(dead)


def _is_dead(trial: FrozenTrial) -> bool:
    signed = trial.user_attrs.get("process")
    if signed is None:
        started = trial.datetime_start
        return started is not None and (datetime.now() - started).total_seconds() > UNSIGNED_AFTER_S
    return bool(signed["host"] == platform.node() and signed["started"] != _started(signed["pid"]))


def _started(pid: int) -> str | None:
    """When a process of this machine began, in ticks since that machine's start; None where there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return f"{boot} {after_name[19]}"


def run(study: optuna.Study, search: Search, trials: int, bar: "tqdm[None]") -> None:
    """Run trials until `trials` have been judged, complete or cut short. Raises TuneError where one fails."""
    missing = trials - len(study.get_trials(states=JUDGED))
    bar.total = max(0, missing) * search.seconds

    def objective(trial: Trial) -> float:
        return judge(trial, search, lambda seconds: bar.update(seconds))

    for done in range(max(0, missing)):
        try:
            study.optimize(objective, n_trials=1)
        except TrialError as error:
            raise TuneError(str(error)) from error
        bar.update((done + 1) * search.seconds - bar.n)
        bar.write(line(study.trials[-1]), file=sys.stderr)


def judge(trial: Trial, search: Search, progress: Callable[[float], None]) -> float:
    """Run one trial: the loss of its last tenth. Raises TrialPruned where it is cut short, TrialError where it fails.

    `progress` is told the training seconds that each report adds.
    """
    me = os.getpid()
    trial.set_user_attr("process", {"host": platform.node(), "pid": me, "started": _started(me)})
    length = 2 ** trial.suggest_int("log2_length", *_exponents(search.lengths))
    batch = 2 ** trial.suggest_int("log2_batch", *_exponents(search.batches))
    process = child.start(search.command(length, batch, trial.number), folder=PROJECT, environment=environment())
    watchdog = threading.Timer(2 * search.seconds + PATIENCE_S, child.stop, [process])
    watchdog.start()
    last: Report | None = None
    try:
        for report in _reports(process):
            progress(min(report.wall_s, search.seconds) - (min(last.wall_s, search.seconds) if last else 0.0))
            last = report
            trial.set_user_attr("step", report.step)
            trial.set_user_attr("wall_s", round(report.wall_s, 1))
            trial.report(report.loss, report.tenth)
            if report.tenth < TENTHS and trial.should_prune():
                raise optuna.TrialPruned
    finally:
        watchdog.cancel()
        child.stop(process)
    if process.returncode == DIVERGED:
        trial.set_user_attr("diverged", True)
        raise optuna.TrialPruned
    if last is None or last.tenth < TENTHS:
        raise TrialError(f"trial {trial.number} (length {length}, batch {batch}) ended before its time")
    return last.loss


def _reports(process: "subprocess.Popen[bytes]") -> Iterator[Report]:
    """The report lines of a trial's process. Raises TrialError where it fails."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("{"):
            yield Report(**json.loads(text))
        elif text:
            said = text
    if process.wait() not in (0, DIVERGED):
        raise TrialError(said.removeprefix("error: ") or f"a trial ended with exit status {process.returncode}")


def _exponents(bounds: tuple[int, int]) -> tuple[int, int]:
    return bounds[0].bit_length() - 1, bounds[1].bit_length() - 1


def line(trial: FrozenTrial) -> str:
    """One trial as a row of the table."""
    length = 2 ** trial.params["log2_length"] if "log2_length" in trial.params else ""
    batch = 2 ** trial.params["log2_batch"] if "log2_batch" in trial.params else ""
    reached = trial.intermediate_values[max(trial.intermediate_values)] if trial.intermediate_values else None
    loss = "-" if reached is None else f"{reached:.4f}"
    state = "diverged" if trial.user_attrs.get("diverged") else trial.state.name.lower()
    attributes = trial.user_attrs
    return (
        f"{trial.number:>5}  {length:>6}  {batch:>5}  {state:<8}  {loss:>8}"
        f"  {attributes.get('step', '-'):>6}  {attributes.get('wall_s', '-'):>7}"
    )


def table(study: optuna.Study) -> str:
    """All trials as a table, and the best."""
    rows = [f"{'trial':>5}  {'length':>6}  {'batch':>5}  {'state':<8}  {'loss':>8}  {'steps':>6}  {'seconds':>7}"]
    rows += [line(trial) for trial in study.trials if trial.state != TrialState.WAITING]
    if study.get_trials(states=(TrialState.COMPLETE,)):
        best = study.best_trial
        length, batch = 2 ** best.params["log2_length"], 2 ** best.params["log2_batch"]
        rows.append(f"best: length {length}, batch {batch}, loss {best.value:.4f} (trial {best.number})")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
