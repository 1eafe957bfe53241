"""The pipeline under Prefect, as a user runs it: by hand, from the web interface, on a schedule, and killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from flows import PROJECT
from rcfam.schema import plain
from tests.dataset import test_stages as test_dataset_stages
from tests.support import flows_toy, flows_ui
from tests.support.flows_toy import EVERYTHING, results, wait_for
from tests.support.flows_ui import Ui
from tests.support.oracles import training


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """The web interface on a database of its own; its runs may use the tests' temporary folders too."""
    home = tmp_path_factory.mktemp("home")
    with flows_ui.running(home, "--allow", home.parent) as started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return flows_toy.make(tmp_path / "project")


def test_only_stale_stages_run_and_a_second_run_does_nothing(ui: Ui, project: Path) -> None:
    first = flows_toy.run("flows.pipeline", "--project", project, home=ui.home)
    assert first.returncode == 0, first.stderr
    assert results(first.stdout) == dict.fromkeys(EVERYTHING, "ran")
    assert "**loss = 5 · L^-alpha, alpha = 0.315 (0.26 to 0.369)**" in first.stdout
    second = flows_toy.run("flows.pipeline", "--project", project, home=ui.home)
    assert second.returncode == 0, second.stderr
    assert results(second.stdout) == dict.fromkeys(EVERYTHING, "skipped")
    assert "Task run" not in second.stderr
    (project / "words.txt").write_text("held on\n")  # its first two letters are as before, its first four are not
    (project / "train.sh").write_text(f"echo trained\n{flows_toy.TRAIN}")
    third = flows_toy.run("flows.pipeline", "--project", project, "--limit", 2, home=ui.home)
    assert results(third.stdout) == dict.fromkeys(EVERYTHING, "ran")
    assert "Task run 'train@2' - trained" in third.stderr
    (project / "words.txt").write_text("HELD ON\n")  # upper case makes them equal
    fourth = flows_toy.run("flows.pipeline", "--project", project, "--target", "train@2", home=ui.home)
    assert results(fourth.stdout) == {"prepare": "ran", "train@2": "skipped"}


def test_a_failing_stage_fails_the_flow_with_its_name(ui: Ui, project: Path) -> None:
    (project / "train.sh").write_text(f'test "$1" = 2 && {{ echo error: too short >&2; exit 1; }}\n{flows_toy.TRAIN}')
    done = flows_toy.run("flows.pipeline", "--project", project, home=ui.home)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: stage 'train@2' failed: error: too short"
    assert results(done.stdout) == {"prepare": "ran", "train@2": "failed", "train@4": "not", "fit": "not"}
    failed = ui.ask("flow_runs/filter", flow_runs={"state": {"type": {"any_": ["FAILED"]}}}, sort="START_TIME_DESC")
    assert "stage 'train@2' failed" in failed[0]["state"]["message"]


def test_a_search_is_started_in_the_interface(ui: Ui, tmp_path: Path) -> None:
    place = test_dataset_stages.Place(tmp_path)
    for name in ("a", "b", "c"):
        test_dataset_stages.record(place.recordings / f"{name}.tsr", test_dataset_stages.COMMITS)
    place.both()
    settings = {"model": plain(training.MODEL), "train": asdict(training.TRAIN), "study": {"lengths": [2, 8]}}
    place.params.write_text(place.params.read_text() + yaml.safe_dump(settings))
    parameters = {
        "trials": 2,
        "ranges": {"length": [2, 8], "batch": [2]},
        "seconds": 0.5,
        "study": tmp_path.name,
        "storage": str(tmp_path / "tune.journal"),
        "dataset": str(place.dataset),
        "params": str(place.params),
        "output": str(tmp_path / "out"),
    }
    deployment = ui.get("deployments/name/tune/local")
    created = ui.ask(f"deployments/{deployment['id']}/create_flow_run", parameters=parameters)
    wait_for(lambda: ui.state(created["id"]) in ("Completed", "Failed", "Crashed"), 240)
    assert ui.state(created["id"]) == "Completed"
    tasks = ui.ask("task_runs/filter", flow_runs={"id": {"any_": [created["id"]]}})
    assert len(tasks) == 3  # the last finds that all are judged
    artifact = ui.get("artifacts/trials/latest")
    assert [row["state"] for row in json.loads(artifact["data"])] == ["complete", "complete"]
    assert (tmp_path / "out" / "front.csv").exists()


def test_verbs_and_grids_can_be_started_in_the_interface(ui: Ui) -> None:
    assert ui.get("deployments/name/tracking/local")["entrypoint"] == "flows/tracking.py:tracking"
    deployment = ui.get("deployments/name/verb/local")
    ends = {}
    for verb in ("params", "parms"):
        asked = {"words": [verb]}
        created = ui.ask(f"deployments/{deployment['id']}/create_flow_run", parameters=asked)
        wait_for(lambda: ui.state(created["id"]) in ("Completed", "Failed", "Crashed"), 120)  # noqa: B023
        ends[verb] = ui.get(f"flow_runs/{created['id']}")
    assert [run["state_name"] for run in ends.values()] == ["Completed", "Failed"]
    assert ends["params"]["name"] == "rcfam params"
    assert "No such command" in ends["parms"]["state"]["message"]


def test_a_typing_error_is_told_before_anything_is_started(project: Path, tmp_path: Path) -> None:
    done = flows_toy.run("flows.pipeline", "--project", project, "--target", "trian", home=tmp_path / "home")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no stage 'trian' in ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "home" / "prefect.db").exists()


def test_a_run_started_in_the_web_interface_leaves_law_and_stages(ui: Ui, project: Path) -> None:
    deployment = ui.get("deployments/name/pipeline/local")
    created = ui.ask(f"deployments/{deployment['id']}/create_flow_run", parameters={"project": str(project)})
    wait_for(lambda: ui.state(created["id"]) == "Completed", 120)
    mine = {"flow_run_id": {"any_": [created["id"]]}}
    artifacts = {each["key"]: each["data"] for each in ui.ask("artifacts/filter", artifacts=mine)}
    assert "**loss = 5 · L^-alpha, alpha = 0.315 (0.26 to 0.369)**" in artifacts["law"]
    assert '"stage": "train@4", "before": "changed deps' in artifacts["stages"]
    tasks = ui.ask("task_runs/filter", flow_runs={"id": {"any_": [created["id"]]}})
    assert {each["name"]: each["state"]["name"] for each in tasks} == dict.fromkeys(EVERYTHING, "Completed")


def test_a_schedule_creates_runs(ui: Ui) -> None:
    """The pinned SQLAlchemy matters: with 2.1 no schedule ever fires, and nothing says so."""
    deployment = ui.get("deployments/name/pipeline/local")
    (schedule,) = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["active"]) == ("0 3 * * *", False)
    scheduled = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    assert ui.ask("flow_runs/filter", flow_runs=scheduled) == []
    where = f"deployments/{deployment['id']}/schedules/{schedule['id']}"
    ui.call("PATCH", where, {"active": True})
    runs = wait_for(lambda: ui.ask("flow_runs/filter", flow_runs=scheduled))
    ui.call("PATCH", where, {"active": False})
    times = {datetime.fromisoformat(run["expected_start_time"]).astimezone(UTC) for run in runs}
    assert {time.strftime("%H:%M") for time in times} == {"03:00"}
    assert all(run["auto_scheduled"] for run in runs)


def test_a_killed_run_leaves_no_orphan_and_is_told_crashed(ui: Ui, project: Path) -> None:
    (project / "train.sh").write_text("echo $$ > pid; sleep 60; true\n")
    command = [sys.executable, "-m", "flows.pipeline", "--project", str(project)]
    process = subprocess.Popen(command, cwd=PROJECT, env=flows_toy.settings(ui.home), stderr=subprocess.DEVNULL)
    pid = wait_for(lambda: flows_toy.read_pid(project / "pid"))
    (flow_run,) = [path.name for path in (ui.home / "alive").iterdir()]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not flows_toy.alive(pid))
    assert ui.state(flow_run) == "Running"
    (project / "train.sh").write_text(flows_toy.TRAIN)
    done = flows_toy.run("flows.pipeline", "--project", project, home=ui.home)
    assert done.returncode == 0, done.stderr
    assert results(done.stdout) == {"prepare": "skipped", "train@2": "ran", "train@4": "ran", "fit": "ran"}
    assert ui.state(str(UUID(flow_run))) == "Crashed"


def test_a_run_that_was_killed_before_it_took_its_lock_blocks_no_other(ui: Ui) -> None:
    flow_run = ui.start("pipeline", state={"type": "RUNNING"})
    assert ui.state(flow_run) == "Running"
    code = "from flows import liveness, server; print(liveness.bury_abandoned(server.home(), 'rcfam'))"
    settings = flows_toy.settings(ui.home) | {"PREFECT_PROFILES_PATH": str(ui.home / "profile.toml")}
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=settings, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr
    assert ui.state(flow_run) == "Crashed"


def test_an_interrupt_stops_the_stage_and_is_recorded(ui: Ui, project: Path) -> None:
    (project / "train.sh").write_text("echo $$ > pid; sleep 60; true\n")
    command = [sys.executable, "-m", "flows.pipeline", "--project", str(project), "--retries", "3"]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=flows_toy.settings(ui.home), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    pid = wait_for(lambda: flows_toy.read_pid(project / "pid"))
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=150)[1]  # long after the stage would have ended by itself
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted"
    assert not flows_toy.alive(pid)
    assert not list((ui.home / "alive").iterdir())


def test_a_second_web_interface_on_the_same_port_is_refused_in_one_line(ui: Ui, tmp_path: Path) -> None:
    done = flows_toy.run("flows.ui", "--port", ui.port, home=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"error: port {ui.port} is taken: stop what listens there, or choose another with --port\n"
    assert not list(tmp_path.iterdir())


def test_without_a_server_the_run_brings_its_own_and_loses_no_record(ui: Ui, project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with sqlite3.connect(ui.home / "prefect.db") as made, sqlite3.connect(home / "prefect.db") as copy:
        made.backup(copy)  # making a database takes Prefect long
        earlier = {row[0] for row in copy.execute("select id from flow_run").fetchall()}
    done = flows_toy.run("flows.pipeline", "--project", project, home=home)
    assert done.returncode == 0, done.stderr
    assert results(done.stdout) == dict.fromkeys(EVERYTHING, "ran")
    with sqlite3.connect(home / "prefect.db") as database:
        flows = database.execute("select id, state_name from flow_run").fetchall()
        ((flow_run, state),) = [row for row in flows if row[0] not in earlier]
        tasks = database.execute("select name, state_name from task_run where flow_run_id = ?", [flow_run]).fetchall()
    assert state == "Completed"
    assert dict(tasks) == dict.fromkeys(EVERYTHING, "Completed")
