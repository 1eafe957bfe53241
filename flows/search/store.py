"""The study in its storage: opened, held to one question, and cleared of what killed processes left."""

import json
import os
import platform
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from flows.search import TuneError
from flows.search.journal import Journal

STORAGE_ERRORS = (optuna.exceptions.OptunaError, SQLAlchemyError)
JUDGED = (TrialState.COMPLETE, TrialState.PRUNED)
HEARTBEAT_S = 30
LOCKED_S = 120.0  # how long one process waits for another that writes to an SQLite file
UNSIGNED_AFTER_S = 60.0  # a trial that no process has signed for so long was killed as it began
# What a trial's user attributes are called.
PROCESS, POINT, REPORT, FAILED, AGAIN = "process", "point", "report", "failed", "again"
_QUESTION = "question"  # of the study
_TRIES = 5


def open_study(storage: str, name: str, question: Mapping[str, Any]) -> optuna.Study:
    """The study of that name, made where it is missing, cleared of what killed processes left.

    `question` is what makes its trials comparable, as JSON has it, with the list "objectives". Raises TuneError where
    the study was made for another one, or cannot be opened.
    """
    try:
        opened = open_storage(storage)
        study = optuna.create_study(
            storage=opened,
            study_name=name,
            directions=["minimize"] * len(question["objectives"]),
            load_if_exists=True,
            pruner=MedianPruner(n_startup_trials=4, n_warmup_steps=2),  # steps are tenths of the budget
        )
    except (OSError, ValueError, ImportError, *STORAGE_ERRORS) as error:
        raise TuneError(f"{shown(storage)}: {reason(error)}") from error
    asked = json.loads(json.dumps(question))
    standing = study.user_attrs.get(_QUESTION)
    if standing is None and not study.trials:
        study.set_user_attr(_QUESTION, asked)
    elif standing != asked:
        known = standing or {}
        other = [
            f"{key} {_short(known.get(key))}, not {_short(asked[key])}" for key in asked if known.get(key) != asked[key]
        ]
        raise TuneError(f"study '{name}' asks something else: {'; '.join(other)}; name a new one with --study")
    reap(study)
    return study


def load_study(storage: str, name: str) -> optuna.Study:
    """A study that is there, only to be looked at. Raises TuneError."""
    if "://" not in storage and not Path(storage).exists():
        raise TuneError(f"{storage}: no such journal")
    try:
        return optuna.load_study(storage=open_storage(storage), study_name=name)
    except KeyError as error:
        raise TuneError(f"{shown(storage)}: no study '{name}'") from error
    except (OSError, ValueError, ImportError, *STORAGE_ERRORS) as error:
        raise TuneError(f"{shown(storage)}: {reason(error)}") from error


def shown(storage: str) -> str:
    """A storage as it may be printed and kept: a database's address without the password."""
    try:
        return make_url(storage).render_as_string(hide_password=True) if "://" in storage else storage
    except (ArgumentError, ValueError):
        return storage.partition("://")[0] + "://..."


def reason(error: BaseException) -> str:
    """What a storage that failed says, in one line: Optuna's own words hide the database's."""
    if isinstance(error, optuna.exceptions.StorageInternalError) and isinstance(error.__cause__, SQLAlchemyError):
        error = error.__cause__
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(origin).split()) or type(origin).__name__


def objectives_of(study: optuna.Study) -> tuple[str, ...]:
    """What the study's trials are judged by."""
    return tuple(study.user_attrs.get(_QUESTION, {}).get("objectives", ("loss",)))


def open_storage(storage: str) -> BaseStorage:
    """A journal, or a database. Raises TuneError."""
    if "://" not in storage:
        Path(storage).parent.mkdir(parents=True, exist_ok=True)
        try:
            return JournalStorage(Journal(Path(storage)))
        except (LookupError, TypeError, ValueError, AttributeError, AssertionError) as error:  # sound JSON, other keys
            raise TuneError(f"{storage}: not an Optuna journal ({type(error).__name__}: {error})") from error
    arguments = {"connect_args": {"timeout": LOCKED_S}} if storage.startswith("sqlite") else {}
    for tries_left in reversed(range(_TRIES)):
        try:
            with _quiet():
                return RDBStorage(storage, engine_kwargs=arguments, heartbeat_interval=HEARTBEAT_S)
        except ImportError as error:
            raise TuneError(f"{shown(storage)}: {error}") from error
        except SQLAlchemyError as error:
            # Two processes that make the tables of a new database at the same time: one of them fails.
            if not tries_left or not isinstance(error, DBAPIError) or "locked" in str(error.orig):
                raise TuneError(f"{shown(storage)}: {reason(error)}") from error
            time.sleep(0.5)
    raise AssertionError("unreachable")


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna calls heartbeats experimental, each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def _short(value: Any) -> str:
    return value[:8] if isinstance(value, str) else json.dumps(value)


def sign(trial: Trial, limit_s: float) -> None:
    """Say which process runs this trial and that it will not take longer than `limit_s`."""
    until = time.time() + limit_s
    trial.set_user_attr(PROCESS, {**_machine(), "pid": os.getpid(), "started": _started(os.getpid()), "until": until})


def reap(study: optuna.Study) -> int:
    """Fail the trials whose process is gone and queue anew what was lost; return how many were queued.

    A killed trial is said to be running for ever in a journal; in a database the heartbeat tells, here and on other
    machines. A failed trial that does not say why (killed, interrupted) is queued once; where two processes
    queue the same one, `is_again` tells the second one off.
    """
    with _quiet():
        fail_stale_trials(study)  # does nothing in a journal
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _is_dead(trial):
            try:
                study.tell(trial.number, state=TrialState.FAIL)
            except (ValueError, optuna.exceptions.UpdateFinishedTrialError):  # another process was quicker
                continue
    trials = study.get_trials(deepcopy=False)
    queued = {trial.user_attrs.get(AGAIN) for trial in trials}
    lost = [t for t in trials if t.state == TrialState.FAIL and FAILED not in t.user_attrs and t.number not in queued]
    lost = [trial for trial in lost if _known(trial)]
    for trial in lost:
        study.enqueue_trial(_known(trial), user_attrs={AGAIN: trial.number})
    return len(lost)


def is_again(study: optuna.Study, trial: Trial) -> bool:
    """Whether the trial repeats one that an earlier trial repeats already."""
    first = trial.user_attrs.get(AGAIN)
    others = study.get_trials(deepcopy=False)[: trial.number]
    return first is not None and any(other.user_attrs.get(AGAIN) == first for other in others)


def _known(trial: FrozenTrial) -> dict[str, Any]:
    """The point of a trial; one that was queued may have been killed before it took it up."""
    return dict(trial.params) or dict(trial.system_attrs.get("fixed_params", {}))


def _is_dead(trial: FrozenTrial) -> bool:
    signed = trial.user_attrs.get(PROCESS)
    if signed is None:
        started = trial.datetime_start
        return started is not None and (datetime.now() - started).total_seconds() > UNSIGNED_AFTER_S
    if time.time() > signed["until"]:
        return True
    here = all(signed[key] == value for key, value in _machine().items())
    return here and signed["started"] != _started(signed["pid"])


def _machine() -> dict[str, str]:
    """Where a process id means something: the machine since its start, and the container on it."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return {"host": platform.node(), "boot": boot, "processes": str(Path("/proc/self/ns/pid").readlink())}


def _started(pid: int) -> int | None:
    """When a process began, in ticks since the machine's start; None where there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(after_name[19])
