"""What a run of the web interface may touch: verbs that exist, and places of this checkout."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prefect.workers.process import ProcessJobConfiguration

from flows import PROJECT, bounds, registry
from rcfam.errors import RcfamError

OUT = ["-o", "data/x.tsr"]


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As in a run that the worker of the web interface started; the folder that `--allow` named."""
    monkeypatch.chdir(PROJECT)
    for name, value in bounds.environment([tmp_path]).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["params"],
        ["preset", "tiny"],
        ["task", "inflate", ".", "--model", "m"],
        ["render", "https://example.org/a/b", *OUT],
        ["render", ".", *OUT],
        ["render", ".", *OUT, "-S", "render.style=arrows", "--rows", "30"],
        ["clone", "-o", "data/mirrors", "-S", "clone.repositories=data/repositories/default.txt"],
        ["fit", "data/runs", "data/more", "--out=data/law"],
        ["report"],
        ["info", "--help"],
    ],
)
def test_verbs_of_the_checkout_are_run(bounded: Path, words: list[str]) -> None:
    bounds.check_words(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["parms"],
        ["task"],
        ["task", "nope"],
        ["play", "data/x.tsr"],
        ["render", ".", *OUT, "--nope"],
        ["preset", "tiny", "--params", "/anywhere"],
        ["preset", "tiny", "--params=/anywhere"],
        ["preset", "tiny", "--params", "dvc.yaml"],
        ["render", ".", "-o", "../x"],
        ["render", ".", "-o../x"],
        ["render", ".", "--out=/x"],
        ["render", ".", "-o", "data/../flows/x.py"],
        ["render", ".", "-o", "conftest.py"],
        ["render", ".", "-o", "."],
        ["render", "/etc", *OUT],
        ["clone", "-o", "data/mirrors", "-S", "clone.repositories=/etc/passwd"],
        ["clone", "-o", "data/mirrors", "--set=clone={repositories: ../list}"],
        ["params", "/etc/passwd"],
        ["render", "~/secret", *OUT],
        ["render", "file:///etc", *OUT],
        ["render", "ssh://host/a", *OUT],
        ["render", "me@host:a", *OUT],
        ["render", "http://10.0.0.1/a", *OUT],
        ["render", "a\0b", *OUT],
        ["task", "inflate", "data/a", "/etc"],
        ["fit", "data/runs", "/etc"],
        ["export", "data/x.tsr", "-o", "data/x.png", "--font", "/etc/passwd"],
        ["info", "--", "/etc/passwd"],
        ["info", ".git/config"],
    ],
)
def test_other_verbs_and_paths_are_refused_in_one_line(bounded: Path, words: list[str]) -> None:
    with pytest.raises(RcfamError) as refused:
        bounds.check_words(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        *("https://me:canary@host/a", "https://canary@host/a", "https://host/a?token=canary", "https://host/a#canary"),
        *("http://me:canary@host/a", "canary@host:a"),
    ],
)
def test_a_refused_address_shows_no_secret(bounded: Path, source: str) -> None:
    with pytest.raises(RcfamError) as refused:
        bounds.check_words(["render", source, *OUT])
    assert "canary" not in str(refused.value)


def test_a_link_that_leads_out_is_refused(bounded: Path) -> None:
    (bounded / "out").symlink_to("/etc")
    (bounded / "inside").mkdir()
    bounds.check_words(["info", str(bounded / "inside" / "x.tsr")])
    with pytest.raises(RcfamError, match="keep to data, optuna"):
        bounds.check_words(["info", str(bounded / "out" / "passwd")])


def test_storages_and_projects_keep_to_their_places(bounded: Path) -> None:
    bounds.check([PROJECT / "optuna" / "tune.journal", Path("data/dataset"), None])
    for path in ("sqlite:////etc/x.db", "postgresql://host/x", "/etc/x.journal", PROJECT / "optuna" / ".." / "rcfam"):
        with pytest.raises(RcfamError):
            bounds.check([path])
    bounds.check_project(PROJECT)
    bounds.check_project(bounded / "project")
    for project in (PROJECT / "data", Path("/etc")):  # a dvc.yaml there would say which commands are run
        with pytest.raises(RcfamError):
            bounds.check_project(project)


def test_on_a_shell_nothing_is_refused() -> None:
    bounds.check(["/etc/x", "sqlite:///x"])
    bounds.check_project(Path("/etc"))


@pytest.mark.parametrize("name", ["command", "env", "env.PYTHONPATH", "working_dir", "stream_output", "labels", "name"])
def test_job_variables_change_nothing_even_where_the_server_lets_them_pass(name: str) -> None:
    """The worker itself has no place for them: those that an older database holds, for instance."""
    nobody: Any = object()  # instead of Prefect's client: nothing is looked up
    values: dict[str, Any] = {name: {"PYTHONPATH": "/x"} if name in ("env", "labels") else "touch PWNED"}
    made = ProcessJobConfiguration.from_template_and_values(registry.JOB, values, client=nobody)
    plain = ProcessJobConfiguration.from_template_and_values(registry.JOB, {}, client=nobody)
    assert asyncio.run(made) == asyncio.run(plain)
