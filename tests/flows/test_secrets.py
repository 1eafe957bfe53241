"""A password in an address stays out of what DVC and Prefect keep: lock files, caches, logs, the database."""

from pathlib import Path

import pytest

from tests.history.test_transfer import CANARY, home, unpacked
from tests.history.test_transfer import locked as locked
from tests.support import flows_toy

STAGES = """
stages:
  clone:
    cmd: rcfam clone --list ../home/list -o data/mirrors
    outs: [data/mirrors]
  render:
    cmd: rcfam render data/mirrors -o data/recordings
    deps: [data/mirrors]
    outs: [data/recordings]
  missing:
    cmd: rcfam clone --list ../home/wrong -o data/others
    deps: [data/recordings]
    outs: [data/others]
"""


@pytest.mark.slow
def test_a_secret_of_an_address_is_in_no_file_of_dvc_and_prefect(locked: str, tmp_path: Path) -> None:
    project, prefect = tmp_path / "project", tmp_path / "prefect"
    environment = home(tmp_path / "home")
    given = f"http://user:{CANARY}@{locked.removesuffix('.git')}"
    (tmp_path / "home" / "list").write_text(f"r {given}.git\n")
    (tmp_path / "home" / "wrong").write_text(f"r {given}none.git\n")
    flows_toy.make(project)
    (project / "dvc.yaml").write_text(STAGES)
    settings = {name: environment[name] for name in ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_NOSYSTEM")}
    done = flows_toy.run("flows.pipeline", "--project", project, home=prefect, **settings)
    assert done.returncode == 1
    assert "cannot clone http://127.0.0.1" in done.stderr  # the last stage failed, by the address it was given
    assert (project / "dvc.lock").exists() and list((project / "data" / "recordings").glob("*.tsr"))
    assert (prefect / "prefect.db").exists() and (prefect / "server.log").exists()
    assert CANARY not in done.stdout + done.stderr
    assert CANARY.encode() not in unpacked(project) + unpacked(prefect)
