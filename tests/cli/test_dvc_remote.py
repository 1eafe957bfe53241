"""DVC as people use it here: results pushed to a remote and pulled elsewhere, metrics shown; the real dvc.yaml too."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from flows import PROJECT
from flows.stages import program, read_graph, stale
from tests.support import flows_toy

# Stands in for `rcfam`: makes what the stage has to make, at once.
MAKES_OUTS = """#!/bin/sh
while read -r out; do
  case "$out" in
    *.*) mkdir -p "$(dirname "$out")"; echo '{"stage": 1}' > "$out" ;;
    *) mkdir -p "$out"; for made in made.txt manifest.json; do echo "$DVC_STAGE $*" > "$out/$made"; done ;;
  esac
done < "outs/$DVC_STAGE"
"""


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def forget(project: Path) -> None:
    """Remove what a fresh clone lacks: results and DVC's cache. It has dvc.lock, the list, metrics that git keeps."""
    for each in (project / "data").rglob("*"):
        if each.is_file() and each.name not in ("law.json", "metrics.json", "default.txt"):
            each.unlink()
    shutil.rmtree(project / ".dvc" / "cache")


def test_results_go_to_a_remote_and_come_back(tmp_path: Path) -> None:
    project = flows_toy.make(tmp_path / "project")
    flows_toy.dvc(project, "remote", "add", "--default", "store", str(tmp_path / "store"))
    flows_toy.dvc(project, "repro", "--quiet")
    made = files_below(project / "data")
    flows_toy.dvc(project, "push")
    forget(project)
    assert files_below(project / "data") != made
    flows_toy.dvc(project, "pull")
    assert files_below(project / "data") == made
    assert stale(project, flows_toy.EVERYTHING) == {}


def test_metrics_are_shown_and_follow_the_law(tmp_path: Path) -> None:
    project = flows_toy.make(tmp_path / "project")
    flows_toy.dvc(project, "repro", "--quiet")
    shown = json.loads(flows_toy.dvc(project, "metrics", "show", "--json"))
    numbers = shown[""]["data"]["data/law/law.json"]["data"]
    assert numbers == json.loads(flows_toy.LAW)
    (project / "fit.sh").write_text(flows_toy.FIT.replace("0.315", "0.4"))
    flows_toy.dvc(project, "repro", "--quiet")
    assert "0.4" in flows_toy.dvc(project, "metrics", "show")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """This project's dvc.yaml and params.yaml where every stage makes its outs at once; and an environment for it."""
    from dvc.repo import Repo

    project = tmp_path_factory.mktemp("stand-in")
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(PROJECT / name, project / name)
    flows_toy.dvc(project, "init", "--no-scm", "--quiet")
    with Repo(str(project)) as repo:
        made = {out.def_path for stage in repo.index.stages for out in stage.outs}
        for stage in repo.index.stages:
            (project / "outs").mkdir(exist_ok=True)
            (project / "outs" / stage.name).write_text("".join(f"{out.def_path}\n" for out in stage.outs))
            for needed in stage.deps:
                path = project / needed.def_path
                inside = [out for out in made if needed.def_path.startswith(f"{out}/")]
                if inside == ["data/code"]:
                    with (project / "outs" / "code").open("a") as lines:
                        lines.write(f"{needed.def_path}\n")
                if not any(_overlap(needed.def_path, out) for out in made):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
    program_file = project / "bin" / "rcfam"
    program_file.parent.mkdir()
    program_file.write_text(MAKES_OUTS)
    program_file.chmod(program_file.stat().st_mode | stat.S_IXUSR)
    return project, {**os.environ, "PATH": f"{program_file.parent}{os.pathsep}{os.environ['PATH']}"}


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def test_this_projects_stages_push_and_pull(stand_in: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    project, environment = stand_in

    def dvc(*arguments: str) -> str:
        done = subprocess.run(
            program("dvc", *arguments), cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    dvc("repro", "--quiet")
    everything = list(read_graph(project).needs)
    assert stale(project, everything) == {}
    assert "data/law/law.json" in dvc("metrics", "show")
    made = files_below(project / "data")
    dvc("push")
    forget(project)
    dvc("pull", "--allow-missing")
    back = files_below(project / "data")
    missing = {name for name in made if name not in back}
    assert missing == {"mirrors/made.txt", "mirrors/manifest.json"}  # copies of histories are not results
    assert all(back[name] == made[name] for name in back)
    assert set(stale(project, everything)) <= {"clone", "render", "rollout"}  # which want the histories


def test_this_projects_graph_runs_from_code_to_report(stand_in: tuple[Path, dict[str, str]]) -> None:
    graph = read_graph(stand_in[0])
    names = list(graph.needs)
    assert (names[0], names[-1]) == ("code", "report")
    assert graph.upstream(["report"]) == names
    trained = [name for name in names if name.startswith("train@")]
    assert len(trained) >= 8
    assert all(graph.needs[name] == graph.needs[trained[0]] for name in trained)
    assert set(trained) <= set(graph.needs["fit"])
