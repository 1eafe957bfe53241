"""DVC's own stage graph and what is stale in it. DVC stays the only truth about order and caching."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcfam import documents


class StagesError(Exception):
    """DVC cannot read the project, or a target is not in it. The message is one line."""


@dataclass(frozen=True)
class Graph:
    """Stages by name, each after all that it needs, in the order of dvc.yaml where that leaves a choice."""

    needs: dict[str, tuple[str, ...]]

    def upstream(self, names: Iterable[str]) -> list[str]:
        """`names` and all that they need, in graph order."""
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in wanted:
                wanted.add(name)
                pending += self.needs[name]
        return [name for name in self.needs if name in wanted]


def read_graph(project: Path, targets: Sequence[str] = ()) -> Graph:
    """The graph of the DVC project in the folder `project`, cut down to `targets` and what they need.

    A target is a stage (`fit`, `train@8`) or a whole `foreach` or `matrix` group (`train`). Raises StagesError.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(project)) as repo:
            edges = {
                _name(stage): tuple(sorted(_name(needed) for needed in repo.index.graph.successors(stage)))
                for stage in repo.index.stages
            }
    except DvcException as error:
        raise StagesError(f"{project}: {str(error).splitlines()[0]}") from error
    graph = Graph(_in_order(edges))
    if not targets:
        return graph
    chosen: list[str] = []
    for target in targets:
        members = [name for name in graph.needs if name == target or name.startswith(f"{target}@")]
        if not members:
            raise StagesError(f"no stage '{target}' in {project / 'dvc.yaml'}; there are: {', '.join(graph.needs)}")
        chosen += members
    return Graph({name: graph.needs[name] for name in graph.upstream(chosen)})


def _name(stage: Any) -> str:
    """How dvc, run in the project's folder, calls a stage: `fit`, `train@8`, `folder/dvc.yaml:fit`, `words.txt.dvc`."""
    path = str(stage.path_in_repo)
    name = getattr(stage, "name", None)
    if name is None:
        return path
    return str(name) if path == "dvc.yaml" else f"{path}:{name}"


def _in_order(needs: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    ordered: dict[str, tuple[str, ...]] = {}
    while len(ordered) < len(needs):  # DVC has refused cycles, so every round finds at least one
        for name, needed in needs.items():
            if name not in ordered and all(each in ordered for each in needed):
                ordered[name] = needed
    return ordered


def stale(project: Path, names: Sequence[str]) -> dict[str, str]:
    """Why each of the stages `names` is stale, in words; a stage that is up to date is absent. Raises StagesError.

    DVC judges each stage by the files as they are: one whose needs will be remade may still be called up to date.
    """
    if not names:
        return {}
    finished = subprocess.run(
        dvc("status", "--json", *names), cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        message = finished.stderr.strip().splitlines() or [f"dvc status ended with exit status {finished.returncode}"]
        raise StagesError(message[0])
    return {name: _in_words(changes) for name, changes in json.loads(finished.stdout).items() if changes}


def _in_words(changes: list[str | dict[str, dict[str, object]]]) -> str:
    """`changed deps: params.yaml (modified), src.txt (deleted)` from what `dvc status --json` says of one stage."""
    words = []
    for change in changes:
        if isinstance(change, str):
            words.append(change)
            continue
        for kind, entries in change.items():
            listed = []
            for path, what in entries.items():
                listed.append(f"{path} ({', '.join(what) if isinstance(what, dict) else what})")
            words.append(f"{kind}: {', '.join(listed)}")
    return "; ".join(words)


def heal(project: Path) -> bool:
    """Remove a lock file of DVC's that a killed dvc left half written, which every later dvc would stumble over.

    Writing it takes a moment, not a second: one that stays unreadable belongs to nobody. Returns whether it did so.
    """
    path = project / ".dvc" / "tmp" / "rwlock"
    for patience_s in (1.0, 0.0):
        if not path.exists():
            return False
        try:
            documents.load_json(path)
            return False
        except documents.DocumentError:
            time.sleep(patience_s)
    path.unlink(missing_ok=True)
    return True


def dvc(*arguments: str) -> list[str]:
    """A dvc command line of this very environment, that waits for another dvc instead of failing."""
    return program("dvc", "--wait-for-lock", *arguments)


def program(module: str, *arguments: str) -> list[str]:
    """The command line of a module that can be run, with this very Python."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """This process's environment, with this Python's programs first: a stage's `rcfam` is the one beside it.

    Python's output is not held back: what went to standard output stays before the complaint that came after it.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
