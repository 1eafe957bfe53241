"""The search: it resumes its journal, counts no trial twice after kill -9, cuts trials short, and trains for real."""

import itertools
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import optuna
import pytest
import yaml
from optuna.trial import TrialState
from tqdm import tqdm

from flows import PROJECT
from flows.trial import DIVERGED, TENTHS, Report, by_tenths
from flows.tune import JUDGED, Search, TuneError, open_study, run, table
from tests.flows_toy import wait_for
from tests.oracles.training import MODEL, TRAIN
from tests.test_dataset_stages import COMMITS, Place, record

# Ten reports at once; the loss falls with the length and rises with the batch: one of 32 is hopeless from the start.
FAKE = """
import sys, json
length, batch = int(sys.argv[1]), int(sys.argv[2])
for tenth in range(1, 11):
    loss = 10 / length + batch + 1 / tenth
    print(json.dumps({"tenth": tenth, "loss": loss, "step": tenth, "wall_s": tenth / 10}), flush=True)
"""
SLOW = "import pathlib, time; pathlib.Path('BEGUN').write_text('x'); time.sleep(60)"
DIES = "import sys; print('error: no such dataset', file=sys.stderr); sys.exit(1)"
EXPLODES = f"import sys; sys.exit({DIVERGED})"


def fake(script: str) -> Search:
    return Search(lambda length, batch, seed: [sys.executable, "-c", script, str(length), str(batch)], seconds=1.0)


def go(study: optuna.Study, search: Search, trials: int) -> None:
    with tqdm(disable=True) as bar:
        run(study, search, trials, bar)


def judged(study: optuna.Study) -> int:
    return len(study.get_trials(states=JUDGED))


def test_a_search_resumes_its_journal_and_stops_at_the_number(tmp_path: Path) -> None:
    storage = str(tmp_path / "new" / "tune.journal")
    go(open_study(storage, "s", 0), fake(FAKE), 5)
    study = open_study(storage, "s", 0)
    assert judged(study) == 5
    go(study, fake(FAKE), 12)
    go(study, fake(FAKE), 12)
    assert judged(study) == len(study.trials) == 12
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert points[:5] != points[5:10]  # a resumed sampler does not draw the same again
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    assert study.best_value == min(trial.value for trial in complete if trial.value is not None)
    text = table(study)
    assert len(text.splitlines()) == 14
    assert f"(trial {study.best_trial.number})" in text


def test_hopeless_trials_are_cut_short(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", 0)
    for length, batch in [(6, 0), (7, 0), (8, 0), (8, 1), (5, 5)]:
        study.enqueue_trial({"log2_length": length, "log2_batch": batch})
    go(study, fake(FAKE), 5)
    last = study.trials[-1]
    assert last.state == TrialState.PRUNED
    assert max(last.intermediate_values) < TENTHS


def test_a_killed_search_leaves_no_process_and_its_trial_is_tried_again_once(tmp_path: Path) -> None:
    storage = tmp_path / "tune.journal"
    go(open_study(str(storage), "s", 0), fake(FAKE), 2)
    begun = tmp_path / "begun"
    slow = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    script = (
        "import sys; from tqdm import tqdm; from flows.tune import Search, open_study, run\n"
        "search = Search(lambda *point: [sys.executable, '-c', sys.argv[2]], 1.0)\n"
        "run(open_study(sys.argv[1], 's', 0), search, 4, tqdm(disable=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(storage), slow], cwd=PROJECT)
    trial_pid = wait_for(lambda: int(begun.read_text()) if begun.exists() and begun.read_text() else None)
    unfinished = open_study(str(storage), "s", 0).get_trials(states=(TrialState.RUNNING,))
    assert len(unfinished) == 1  # its process lives: it is left alone
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not Path(f"/proc/{trial_pid}").exists())
    study = open_study(str(storage), "s", 0)
    assert open_study(str(storage), "s", 0).trials == study.trials  # once is enough
    assert [trial.state for trial in study.trials[2:]] == [TrialState.FAIL, TrialState.WAITING]
    go(study, fake(FAKE), 4)
    assert judged(study) == 4
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3, 4]
    assert study.trials[3].params == unfinished[0].params
    assert study.trials[3].user_attrs["again"] == 2


def test_a_trial_that_fails_ends_the_search_with_its_last_line(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", 0)
    with pytest.raises(TuneError, match=r"^no such dataset$"):
        go(study, fake(DIES), 3)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_a_loss_that_is_not_finite_is_judged(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", 0)
    go(study, fake(EXPLODES), 1)
    assert "diverged" in table(study)
    assert study.trials[0].state == TrialState.PRUNED


def test_a_storage_that_cannot_be_opened_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(TuneError, match=r"tune\.journal"):
        open_study("/proc/nowhere/tune.journal", "s", 0)


def test_tenths_count_every_position_once() -> None:
    endless = ((float(step), 10 * step, step, 0.25 * step) for step in itertools.count(1))
    told = list(by_tenths(endless, seconds=1.0))
    assert [report.tenth for report in told] == [2, 5, 7, 10]
    assert [report.loss for report in told] == [1.0, 2.0, 3.0, 4.0]
    fast = ((1.0 if step % 2 else 3.0, 5 * step, step, 0.01 * step) for step in itertools.count(1))
    told = list(by_tenths(fast, seconds=1.0))
    assert [report.tenth for report in told] == list(range(1, TENTHS + 1))
    assert all(report.loss == pytest.approx(2.0, abs=0.15) for report in told)
    one = list(by_tenths(iter([(5.0, 8, 1, 100.0)]), seconds=1.0))
    assert one == [Report(tenth=TENTHS, loss=5.0, step=1, wall_s=100.0)]


def test_a_search_over_real_training(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for name in ("a", "b", "c"):
        record(place.recordings / f"{name}.tsr", COMMITS)
    place.both()
    settings = {"model": asdict(MODEL), "train": asdict(TRAIN)}
    place.params.write_text(place.params.read_text() + yaml.safe_dump(settings))
    command = [sys.executable, "-m", "flows.tune", "--trials", "2", "--seconds", "1", "--lengths", "2", "8"]
    where = ["--dataset", place.dataset, "--params", place.params, "--storage", tmp_path / "tune.journal"]
    done = subprocess.run(
        [*command, "--batches", "1", "4", *map(str, where)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["trial", "length", "batch", "state", "loss", "steps", "seconds"]
    assert done.stdout.splitlines()[-1].startswith("best: length ")
    study = open_study(str(tmp_path / "tune.journal"), "batch-length", 0)
    assert all(trial.user_attrs["wall_s"] >= 1.0 for trial in study.trials)
    assert all(0 < (trial.value or 0) < 10 for trial in study.trials)
