"""Rollouts that are killed go on where they stopped, and end as if nobody had stopped them."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from rcfam.evaluation.rollout import Rollouts, held_out, rollouts
from rcfam.evaluation.rollout.unfinished import Unfinished
from rcfam.model.action import ActionModel
from tests.support.rollout_world import SETTINGS, Memory, World, world

FEWER = dataclasses.replace(SETTINGS, batch=9, temperatures=(0.0,))


class Killed(BaseException):
    """No `except Exception` holds it up."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("rollout"))


def typed(small: World, parts: Unfinished, after: int | None = None) -> Rollouts:
    """All rollouts; killed when so many parts are done."""

    def progress(what: str, done: int, total: int, note: str) -> None:
        nonlocal after
        if after is not None and what == "rollout" and done and not note:
            after -= 1
            if after == 0:
                raise Killed

    return rollouts(cast(ActionModel, Memory(small)), small.dataset, small.folders, FEWER, parts, "cpu", progress)


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(small: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rollouts, dict[str, str]]:
    out = tmp_path_factory.mktemp("whole")
    parts = Unfinished(out / "unfinished", {"run": 1})
    found = typed(small, parts)
    parts.close(out / "recordings")
    assert not (out / "unfinished").exists()
    return found, files_of(out / "recordings")


def same(found: Rollouts, whole: Rollouts) -> bool:
    return found.rollouts.equals(whole.rollouts) and found.curves.equals(whole.curves)


def test_killed_after_each_part_it_ends_the_same_and_does_none_twice(
    small: World, whole: tuple[Rollouts, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[int] = []
    play = held_out.play

    def counted(*args: Any) -> Any:
        played.append(len(args[0]))
        return play(*args)

    monkeypatch.setattr(held_out, "play", counted)
    parts_in_all = 0
    while True:
        try:
            parts = Unfinished(tmp_path / "unfinished", {"run": 1})
            found = typed(small, parts, parts_in_all + 1)
            break
        except Killed:
            parts_in_all += 1
            assert len(played) == parts_in_all
    assert parts_in_all > 7 and sum(played) == whole[0].rollouts.height
    (tmp_path / "recordings" / "other").mkdir(parents=True)
    (tmp_path / "recordings" / "other" / "0000.tsr").write_bytes(b"of a run before")
    parts.close(tmp_path / "recordings")
    assert same(found, whole[0]) and files_of(tmp_path / "recordings") == whole[1]


def test_killed_in_the_middle_of_a_part_that_part_is_done_anew(
    small: World, whole: tuple[Rollouts, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, done = held_out.results.record, 0

    def dies(*args: Any) -> int:
        nonlocal done
        done += 1
        if done % 29 == 0:
            args[0].write(b"half")
            raise Killed
        return record(*args)

    monkeypatch.setattr(held_out.results, "record", dies)
    for _ in range(50):
        try:
            parts = Unfinished(tmp_path / "unfinished", {"run": 1})
            found = typed(small, parts)
            break
        except Killed:
            (parts.recordings / "typist" / ".0000.tsr.1.part").write_bytes(b"what SIGKILL leaves")
    parts.close(tmp_path / "recordings")
    assert done > 29 and same(found, whole[0]) and files_of(tmp_path / "recordings") == whole[1]


def test_parts_of_something_else_and_parts_without_recordings_are_not_taken(tmp_path: Path) -> None:
    table = pl.DataFrame({"file": ["typist/0000.tsr"], "distances": [[3, 1, 0]]})

    def held(identity: dict[str, Any]) -> Unfinished:
        parts = Unfinished(tmp_path / "unfinished", identity)
        parts.take_up()
        (parts.recordings / "typist").mkdir(parents=True, exist_ok=True)
        return parts

    parts = held({"weights": "a", "before": (8, 32)})
    assert parts.finished("typist", 0) is None
    parts.keep("typist", 0, table)
    assert parts.finished("typist", 0) is None  # its recording is not there
    (parts.recordings / "typist" / "0000.tsr").write_bytes(b"")
    again = held({"weights": "a", "before": [8, 32]}).finished("typist", 0)
    assert again is not None and again.equals(table)
    assert held({"weights": "b", "before": (8, 32)}).finished("typist", 0) is None
    assert not (tmp_path / "unfinished" / "recordings" / "typist" / "0000.tsr").exists()
    held({"weights": "a", "before": (8, 32)}).keep("typist", 0, table)
    for damaged in (b"", b"PAR1 and nonsense"):
        (tmp_path / "unfinished" / "typist" / "0000.parquet").write_bytes(damaged)
        assert held({"weights": "a", "before": (8, 32)}).finished("typist", 0) is None
    (tmp_path / "unfinished" / "identity.json").write_bytes(b"{")
    assert held({"weights": "a", "before": (8, 32)}).finished("typist", 0) is None
