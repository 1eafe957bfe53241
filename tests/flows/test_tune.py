"""The search: it resumes, counts no trial twice after kill -9, cuts trials short, weighs several objectives, trains."""

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import optuna
import polars as pl
import pytest
import yaml
from optuna.trial import TrialState

from flows import PROJECT, tune
from flows.search import TuneError, results
from flows.search.space import Point, Space
from flows.search.store import AGAIN, JUDGED, PROCESS, open_study, reap
from flows.search.trials import Search, run, run_one
from flows.trial import DIVERGED, OUT_OF_MEMORY, TENTHS, Report, by_tenths
from rcfam.schema import plain
from tests.dataset.test_stages import COMMITS, Place, record
from tests.support.flows_toy import wait_for
from tests.support.oracles.training import MODEL, TRAIN

QUESTION = {"objectives": ["loss"], "budget": "1 s", "searched": ["length", "batch"]}
FIXED: Point = {"chunk": 8, "matrix_rate": 0.1, "other_rate": 0.1, "width": 16, "layers": 1}
SPACE = Space({"length": (2, 256), "batch": (1, 32)}, FIXED)
# Ten reports at once; the loss falls with the length and rises with the batch: one of 32 is hopeless from the start.
FAKE = """
import sys, json
length, batch = float(sys.argv[1]), float(sys.argv[2])
for tenth in range(1, 11):
    loss = 10 / length + batch + 1 / tenth
    report = {"tenth": tenth, "loss": loss, "step": tenth, "wall_s": tenth * length, "memory": int(batch)}
    print(json.dumps(report), flush=True)
"""
DIES = "import sys; print('error: no such dataset', file=sys.stderr); sys.exit(1)"
EXPLODES = f"import sys; sys.exit({DIVERGED})"
TOO_LARGE = f"import sys; sys.exit({OUT_OF_MEMORY})"
# A search in a process of its own: storage, script of a trial, number of trials.
SEARCH = """
import sys
from tests.flows import test_tune as t
study = t.open_study(sys.argv[1], "s", t.QUESTION)
for trial in t.run(t.partial(t.run_one, study, t.fake(sys.argv[2]), int(sys.argv[3]))):
    print(trial.number, flush=True)
"""


def fake(script: str) -> Search:
    return Search(
        lambda point, seed: [sys.executable, "-c", script, *map(str, [point["length"], point["batch"]])], SPACE, 60
    )


def go(study: optuna.Study, search: Search, trials: int) -> None:
    for _ in run(partial(run_one, study, search, trials)):
        pass


def judged(study: optuna.Study) -> int:
    return len(study.get_trials(states=JUDGED))


@pytest.fixture(params=["journal", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "new" / "tune.journal") if request.param == "journal" else f"sqlite:///{tmp_path}/tune.db"


def test_a_search_resumes_and_stops_at_the_number(storage: str) -> None:
    go(open_study(storage, "s", QUESTION), fake(FAKE), 4)
    study = open_study(storage, "s", QUESTION)
    assert judged(study) == 4
    go(study, fake(FAKE), 9)
    go(study, fake(FAKE), 9)
    assert judged(study) == len(study.trials) == 9
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert points[:4] != points[4:8]  # a resumed sampler does not draw the same again
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    assert study.best_value == min(trial.value for trial in complete if trial.value is not None)
    text = results.table(study)
    assert len(text.splitlines()) == 11
    assert f"(trial {study.best_trial.number})" in text


def test_hopeless_trials_are_cut_short(storage: str) -> None:
    study = open_study(storage, "s", QUESTION)
    for length, batch in [(6, 0), (7, 0), (8, 0), (8, 1), (5, 5)]:
        study.enqueue_trial({"log2_length": length, "log2_batch": batch})
    go(study, fake(FAKE), 5)
    last = study.trials[-1]
    assert last.state == TrialState.PRUNED
    assert max(last.intermediate_values) < TENTHS


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_search_leaves_no_process_and_its_trial_is_tried_again_once(
    storage: str, tmp_path: Path, number: int
) -> None:
    go(open_study(storage, "s", QUESTION), fake(FAKE), 2)
    begun = tmp_path / "begun"
    slow = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, storage, slow, "4"], cwd=PROJECT, stderr=subprocess.DEVNULL
    )
    trial_pid = wait_for(lambda: int(begun.read_text()) if begun.exists() and begun.read_text() else None)
    unfinished = open_study(storage, "s", QUESTION).get_trials(states=(TrialState.RUNNING,))
    assert len(unfinished) == 1  # its process lives: it is left alone
    os.kill(process.pid, number)
    process.wait()
    wait_for(lambda: not Path(f"/proc/{trial_pid}").exists())
    study = open_study(storage, "s", QUESTION)
    assert open_study(storage, "s", QUESTION).trials == study.trials  # once is enough
    assert [trial.state for trial in study.trials[2:]] == [TrialState.FAIL, TrialState.WAITING]
    go(study, fake(FAKE), 4)
    assert judged(study) == 4
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3, 4]
    assert study.trials[3].params == unfinished[0].params
    assert study.trials[3].user_attrs[AGAIN] == 2
    assert results.rows(study)["state"].to_list()[2] == "lost"


def test_processes_share_a_study_and_none_is_counted_twice(storage: str) -> None:
    """Started at the same moment on nothing; each takes some, and together they stop at the number."""
    command = [sys.executable, "-c", SEARCH, storage, FAKE, "10"]
    both = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [[int(line) for line in process.communicate()[0].split()] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    study = open_study(storage, "s", QUESTION)
    assert judged(study) == 10
    assert sorted(told[0] + told[1]) == [trial.number for trial in study.trials if trial.state in JUDGED]
    assert len({tuple(trial.params.values()) for trial in study.trials if trial.params}) > 3


def test_a_machine_that_fell_silent_is_noticed_by_its_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial of a process that cannot be looked for here: the database tells."""
    monkeypatch.setattr("flows.search.store.HEARTBEAT_S", 1)
    storage = f"sqlite:///{tmp_path}/tune.db"
    study = open_study(storage, "s", QUESTION)
    gone = study.ask()
    gone.suggest_int("log2_length", 1, 8)
    gone.set_user_attr(
        PROCESS, {"host": "elsewhere", "boot": "", "processes": "", "pid": 1, "started": 1, "until": 1e12}
    )
    study._storage.record_heartbeat(gone._trial_id)  # type: ignore[attr-defined]
    assert reap(study) == 0
    wait_for(lambda: reap(study))
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]
    go(study, fake(FAKE), 1)
    assert study.trials[1].params["log2_length"] == gone.params["log2_length"]


def test_a_trial_of_elsewhere_is_given_up_when_its_time_is_over(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", QUESTION)
    for until in (time.time() - 1, time.time() + 1000):
        trial = study.ask()
        trial.suggest_int("log2_length", 1, 8)
        trial.set_user_attr(PROCESS, {"host": "elsewhere", "until": until})
    assert reap(study) == 1
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING]


def test_a_point_that_two_processes_queued_is_taken_once(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", QUESTION)
    for _ in range(2):
        study.enqueue_trial({"log2_length": 3, "log2_batch": 0}, user_attrs={AGAIN: 99})
    go(study, fake(FAKE), 2)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]
    assert reap(study) == 0


def test_a_trial_that_was_taken_away_while_it_ran_is_not_counted(tmp_path: Path) -> None:
    storage = str(tmp_path / "tune.journal")
    study = open_study(storage, "s", QUESTION)

    def command(point: Point, seed: int) -> list[str]:
        if seed == 0:
            optuna.load_study(storage=study._storage, study_name="s").tell(0, state=TrialState.FAIL)
        return fake(FAKE).command(point, seed)

    trial = run_one(study, replace(fake(FAKE), command=command), 1)
    assert trial is not None and trial.number == 1
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert study.trials[0].params == study.trials[1].params


def test_a_trial_that_hangs_is_killed(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", QUESTION)
    with pytest.raises(TuneError, match="it took longer than 1 s"):
        go(study, replace(fake("import time; time.sleep(60)"), limit_s=1), 1)


def test_a_trial_that_fails_ends_the_search_with_its_last_line(tmp_path: Path) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", QUESTION)
    with pytest.raises(TuneError, match=r"^no such dataset$"):
        go(study, fake(DIES), 3)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_three_failures_in_a_row_end_the_search(tmp_path: Path) -> None:
    def command(point: Point, seed: int) -> list[str]:
        return fake(FAKE if seed in (0, 3) else DIES).command(point, seed)

    study = open_study(str(tmp_path / "tune.journal"), "s", QUESTION)
    with pytest.raises(TuneError, match=r"^no such dataset$"):
        go(study, replace(fake(FAKE), command=command), 9)
    assert judged(study) == 2
    assert len(study.trials) == 7


@pytest.mark.parametrize(("script", "said"), [(EXPLODES, "diverged"), (TOO_LARGE, "no memory")])
@pytest.mark.parametrize("objectives", [["loss"], ["loss", "memory"]])
def test_a_hopeless_training_is_judged(tmp_path: Path, script: str, said: str, objectives: list[str]) -> None:
    study = open_study(str(tmp_path / "tune.journal"), "s", {**QUESTION, "objectives": objectives})
    go(study, replace(fake(script), objectives=tuple(objectives)), 1)
    assert said in results.table(study)
    assert study.trials[0].state == TrialState.PRUNED
    assert results.best(study) == []


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_several_objectives_give_a_front(storage: str, tmp_path: Path, sampler: str) -> None:
    objectives = ["loss", "step_seconds", "memory"]
    study = open_study(storage, "s", {**QUESTION, "objectives": objectives})
    go(study, replace(fake(FAKE), objectives=tuple(objectives), sampler=sampler), 12)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    front = results.best(study)
    values = {trial.number: trial.values for trial in study.trials}
    for number, mine in values.items():  # the definition, word by word
        beaten = any(
            all(a <= b for a, b in zip(other, mine, strict=True)) and other != mine for other in values.values()
        )
        assert (number in {trial.number for trial in front}) != beaten
    assert "Pareto front of loss, step_seconds, memory:" in results.table(study)
    trials, saved = (pl.read_csv(path) for path in results.save(study, tmp_path / "out"))
    assert trials.height == 12
    assert set(saved["number"]) == {trial.number for trial in front}
    assert trials["memory"].to_list() == trials["batch"].to_list()


def test_a_study_holds_one_question(tmp_path: Path) -> None:
    storage = str(tmp_path / "tune.journal")
    open_study(storage, "s", QUESTION)
    with pytest.raises(TuneError, match=r"study 's' asks something else: budget 1 s, not 2 s; name a new one"):
        open_study(storage, "s", {**QUESTION, "budget": "2 s"})
    with pytest.raises(TuneError, match="objectives"):
        open_study(storage, "s", {**QUESTION, "objectives": ["loss", "memory"]})


@pytest.mark.parametrize("where", ["/proc/nowhere/tune.journal", "sqlite:////proc/nowhere/tune.db", "nothing://x"])
def test_a_storage_that_cannot_be_opened_gives_one_line(where: str) -> None:
    with pytest.raises(TuneError, match=r"nowhere|nothing") as caught:
        open_study(where, "s", QUESTION)
    assert len(str(caught.value).splitlines()) == 1


def test_tenths_count_every_position_once() -> None:
    def seconds(step: int, wall_s: float) -> float:
        return wall_s

    endless = ((float(step), 10 * step, step, 0.25 * step) for step in itertools.count(1))
    told = list(by_tenths(endless, seconds))
    assert [report.tenth for report in told] == [2, 5, 7, 10]
    assert [report.loss for report in told] == [1.0, 2.0, 3.0, 4.0]
    fast = ((1.0 if step % 2 else 3.0, 5 * step, step, 0.01 * step) for step in itertools.count(1))
    told = list(by_tenths(fast, seconds))
    assert [report.tenth for report in told] == list(range(1, TENTHS + 1))
    assert all(report.loss == pytest.approx(2.0, abs=0.15) for report in told)
    one = list(by_tenths(iter([(5.0, 8, 1, 100.0)]), seconds))
    assert one == [Report(tenth=TENTHS, loss=5.0, step=1, wall_s=100.0)]
    of_steps = ((float(step), step, step, 1000.0) for step in range(1, 31))
    told = list(by_tenths(of_steps, lambda step, _: step / 30))
    assert [report.step for report in told] == list(range(3, 31, 3))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("place"))
    for name in ("a", "b", "c"):
        record(made.recordings / f"{name}.tsr", COMMITS)
    made.both()
    study = {"name": "length", "lengths": [2, 8], "seeds": [0]}
    settings = {"model": plain(MODEL), "train": asdict(TRAIN), "study": study}
    made.params.write_text(made.params.read_text() + yaml.safe_dump(settings, default_flow_style=None))
    return made


def line(place: Place, storage: Path, *arguments: object) -> list[str]:
    where = [
        "--dataset",
        place.dataset,
        "--params",
        place.params,
        "--storage",
        storage,
        "--output",
        storage.parent / "out",
    ]
    return [str(each) for each in (*where, *arguments)]


@pytest.mark.slow
def test_a_search_over_real_training(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    storage = tmp_path / "tune.journal"
    wanted = line(place, storage, "--trials", 2, "--seconds", 1, "--length", 2, 8, "--batch", 1, 4)
    command = [sys.executable, "-m", "flows.tune", *wanted]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head = "trial length batch loss state steps seconds"
    assert " ".join(done.stdout.splitlines()[0].split()) == head
    assert "\nbest: length " in done.stdout
    assert done.stdout.splitlines()[-1].endswith(f"flows.dashboard {storage}")
    trials = pl.read_csv(tmp_path / "out" / "trials.csv")
    assert all(trials["wall_s"] >= 1.0)
    assert all(trials["loss"].is_between(0, 10, closed="none"))
    assert all(trials["memory"] > 0)
    before, mine = place.params.read_text(), tmp_path / "mine.yaml"
    back = line(place, storage, "--study", "length-batch", "--trial", 0, "--write-back", mine)
    assert tune.main(back) == 1
    assert capsys.readouterr().err.startswith(f"error: {mine}: No such file")
    mine.write_text(before)
    assert tune.main(back) == 0
    assert yaml.safe_load(mine.read_text())["train"]["batch"] == trials["batch"][0]
    assert place.params.read_text() == before


def test_an_output_that_is_not_ours_is_told_before_the_search(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis").write_text("mine")
    assert tune.main(line(place, tmp_path / "tune.journal", "--trials", 2, "--seconds", 60, "--length", 4, 8)) == 1
    assert "not marked as search of rcfam" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis"]


def test_a_budget_of_flops_is_a_number_of_steps(place: Place, tmp_path: Path) -> None:
    space = ("--flops", 4e7, "--width", 16, 32, "--matrix-rate", 1e-3, 1e-1, "--length", 4, "--batch", 2)
    assert tune.main(line(place, tmp_path / "tune.journal", "--trials", 2, *space)) == 0
    trials = pl.read_csv(tmp_path / "out" / "trials.csv")
    work = trials.group_by("width").agg(pl.col("steps").max(), pl.col("steps").n_unique().alias("kinds")).sort("width")
    assert all(work["kinds"] == 1)  # the same width, the same number
    assert work["steps"].is_sorted(descending=True)
    assert all(trials["steps"] > 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trials", "1", "--dataset", "/proc/nothing"], "/proc/nothing/dataset.json: No such file"),
        (["--trials", "1", "--params", "/proc/nothing"], "/proc/nothing: No such file"),
        (["--trials", "1", "--flops", "1e3"], "1000 FLOPs are less than one step of"),
        (["--trials", "1", "--seconds", "-1"], "seconds: -1 is not a number above 0"),
        (["--trials", "1", "--width", "16", "40"], "width: from 16 to 40 is no multiple of 16"),
        (["--trials", "1", "--length", "3", "8"], "length: 3 is no power of two"),
        (["--trials", "1", "--length", "8", "2"], "length: 8 is not below 2"),
        (["--trials", "1", "--batch", "2.5", "--width", "16", "32"], "batch: 2.5 is no whole number"),
        (["--trials", "1", "--batch", "0", "8"], "batch: 0 is not above 0"),
        (["--trials", "1", "--length", "2", "--batch", "2"], "nothing to search"),
        (["--trials", "1", "--objectives", "speed"], "no objective 'speed'; known: loss, step_seconds, memory"),
        ([], "no such journal"),
    ],
)
def test_what_cannot_be_searched_is_told_in_one_line(
    place: Place, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--dataset", str(place.dataset), "--params", str(place.params), "--storage", str(tmp_path / "j")]
    assert tune.main([*where, *arguments]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ") and said in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "j").exists()
