"""A DVC project of tiny shell stages: prepare -> train@2, train@4 -> fit."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flows import PROJECT
from flows.stages import environment, program

T = TypeVar("T")

STAGES = """
stages:
  prepare:
    cmd: mkdir -p data/law && tr a-z A-Z < words.txt > data/words.txt
    deps: [words.txt]
    outs: [data/words.txt]
  train:
    foreach: [2, 4]
    do:
      cmd: sh train.sh ${item}
      deps: [data/words.txt, train.sh]
      outs: ["data/run-${item}.txt"]
  fit:
    cmd: sh fit.sh
    deps: [data/run-2.txt, data/run-4.txt, fit.sh]
    metrics:
      - data/law/law.json: {cache: false}
"""
TRAIN = 'head -c "$1" data/words.txt > "data/run-$1.txt"\n'
LAW = '{"alpha": 0.315, "alpha_low": 0.26, "alpha_high": 0.369, "amplitude": 5.0, "r2": 0.985}'
FIT = f"echo '{LAW}' > data/law/law.json\n"
EVERYTHING = ["prepare", "train@2", "train@4", "fit"]


def make(folder: Path) -> Path:
    """The project in an empty folder, nothing run yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dvc.yaml").write_text(STAGES)
    (folder / "words.txt").write_text("hello world\n")
    (folder / "train.sh").write_text(TRAIN)
    (folder / "fit.sh").write_text(FIT)
    dvc(folder, "init", "--no-scm", "--quiet")
    return folder


def dvc(folder: Path, *arguments: str) -> str:
    """Run dvc there and give its standard output; it has to succeed."""
    command = program("dvc", *arguments)
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(
    module: str, *arguments: object, home: Path, timeout: float = 240, **more: str
) -> "subprocess.CompletedProcess[str]":
    """`python -m module` with Prefect's folder `home`, as a user would type it; `more` is environment."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(
        command, cwd=PROJECT, env=settings(home) | more, capture_output=True, text=True, timeout=timeout, check=False
    )


def settings(home: Path) -> dict[str, str]:
    """The environment of a user who has set nothing but Prefect's folder; services of the server turn quickly."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    quick = {
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_DEPLOYMENT_BATCH_SIZE": "10",
    }
    return {**kept, **quick, "PREFECT_HOME": str(home)}


def results(output: str) -> dict[str, str]:
    """Stage -> what happened, from the table that the pipeline prints."""
    rows = [line.split() for line in output.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 2 and row[0] in EVERYTHING}


def wait_for(what: Callable[[], T | None], wait_s: float = 60.0) -> T:
    """Ask until the answer is true."""
    deadline = time.monotonic() + wait_s
    while not (answer := what()):
        assert time.monotonic() < deadline, f"waited {wait_s:.0f} s for {what}"
        time.sleep(0.1)
    return answer


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def read_pid(path: Path) -> int | None:
    """The number in a file, once it stands there."""
    return int(path.read_text()) if path.exists() and path.read_text().strip() else None
