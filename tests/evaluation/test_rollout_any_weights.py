"""Rollouts hold whatever is typed and whatever the weights are: each ends with a reason, and all of it is written."""

import math
import threading
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
import torch

from rcfam.evaluation.rollout import Rollouts, held_out, rollouts
from rcfam.evaluation.rollout.closed_loop import STUCK, Session, play
from rcfam.evaluation.rollout.policies import SILENT, Keys
from rcfam.evaluation.rollout.results import metrics, record, row
from rcfam.evaluation.rollout.starts import Start
from rcfam.evaluation.rollout.unfinished import Unfinished
from rcfam.model import ModelParams, build
from rcfam.model.action import ActionModel
from rcfam.recording import Reader
from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text
from rcfam.training.data import shape_of
from tests.evaluation.test_rollout_loop import Script, context_of, starts_of
from tests.support.parameters import preset_section
from tests.support.rollout_world import SETTINGS, Memory, World, world


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("rollout"))


@pytest.fixture(scope="module")
def begun(small: World) -> list[Start]:
    return starts_of(small)


def whole(small: World, folder: Path, model: ActionModel) -> Rollouts:
    """All rollouts of a model."""
    return rollouts(model, small.dataset, small.folders, SETTINGS, Unfinished(folder / "unfinished", {}))


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
def test_weights_that_diverged_are_told_in_the_tables(small: World, tmp_path: Path, value: float) -> None:
    model = build(preset_section("tiny", "model", ModelParams), shape_of(small.dataset), 0).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(value)
    found = whole(small, tmp_path, model)
    ours = found.rollouts.filter(pl.col("policy").is_in(["model greedy", "model at 1"]))
    assert ours.height and (ours["ended"] == "silent").all() and ours["keys"].sum() == ours["steps"].sum() == 0
    assert not ours["completed"].any() and found.rollouts.filter(policy="typist")["completed"].all()
    assert metrics(found.rollouts)["model-greedy"]["silent"] == ours.filter(policy="model greedy").height
    wrong = found.rollouts.filter(policy="model greedy after a wrong key")
    assert (wrong["keys"] == 1).all() and (wrong["ended"] == "silent").all()
    for file in ours["file"]:
        with Reader(tmp_path / "unfinished" / "recordings" / file) as reader:
            reader.verify()


@pytest.mark.parametrize("scale", [1e4, 0.0])
def test_weights_of_any_size_type_something(small: World, tmp_path: Path, scale: float) -> None:
    model = build(preset_section("tiny", "model", ModelParams), shape_of(small.dataset), 0).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(scale)
    found = whole(small, tmp_path, model).rollouts
    assert set(found["ended"]) <= {"done", "left", "steps", "silent"} and (found["fault"] == "").all()


def test_a_rollout_that_takes_too_long_ends_after_the_key_at_hand(
    small: World, begun: list[Start], monkeypatch: pytest.MonkeyPatch
) -> None:
    press, pressed = Terminal.press, 0

    def slow(self: Terminal, keys: Any) -> None:
        nonlocal pressed
        pressed += 1
        end = time.thread_time() + 0.06
        while time.thread_time() < end:
            pass
        press(self, keys)

    chosen = begun[:2]
    context = context_of(small, chosen)
    monkeypatch.setattr(Terminal, "press", slow)
    told: list[tuple[int, int]] = []
    sessions = play(chosen, context, Script(*"xxxxx"), 9, 0.1, lambda *step: told.append(step))
    assert [(session.ended, session.steps, session.pressed) for session in sessions] == [
        ("timeout", 2, 2)
    ] * 2 and pressed == 4
    assert told == [(1, 0), (2, 2)] and all(len(session.distances) == 3 for session in sessions)
    assert row("one", sessions[0], "")["ended"] == "timeout" and row("one", sessions[0], "")["fault"] == ""


def test_a_key_that_never_comes_back_is_left_behind(
    small: World, begun: list[Start], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other terminals go on, and the recording ends before that key."""
    press, over = Terminal.press, threading.Event()
    main = threading.get_ident()

    def stuck(self: Terminal, keys: Any) -> None:
        if self is stuck_one and threading.get_ident() != main and keys[0] == ord("z"):
            while not over.is_set():
                pass
        press(self, keys)

    chosen = begun[:3]
    context = context_of(small, chosen)
    made: list[Session] = []
    init = Session.__post_init__

    def kept(self: Session) -> None:
        init(self)
        made.append(self)

    monkeypatch.setattr(Session, "__post_init__", kept)
    monkeypatch.setattr(Terminal, "press", stuck)

    class Watched(Script):
        def begin(self, starts: Any, context: Any) -> None:
            nonlocal stuck_one
            stuck_one = made[1].terminal
            super().begin(starts, context)

    stuck_one: Any = None
    sessions = play(chosen, context, Watched("x", "z", "y"), 3, 0.2)
    over.set()
    assert [session.ended for session in sessions] == ["steps", "timeout", "steps"]
    assert (
        [session.steps for session in sessions] == [3, 2, 3] and sessions[1].fault == STUCK and sessions[1].pressed == 1
    )
    with Reader(small.folders.recordings / "small.tsr") as reader:
        with (tmp_path / "one.tsr").open("wb") as file:
            frames = record(file, sessions[1], reader, "one", chosen[1].place.frame - 2)
        with Reader(tmp_path / "one.tsr") as ours:
            assert ours.frames == frames == 3 and ours.keys(2, 3).tolist() == [ord("x")]
    assert metrics(pl.DataFrame([row("one", session, "") for session in sessions]))["one"]["timeouts"] == 1


def test_what_a_policy_raises_is_raised_where_it_is_waited_for(
    small: World, begun: list[Start], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours is no fault of the terminal."""

    def fails(self: Session) -> None:
        raise KeyError("of ours")

    chosen = begun[:2]
    seats_context = context_of(small, chosen)
    monkeypatch.setattr(Session, "_look", fails)
    with pytest.raises(KeyError, match="of ours"):
        play(chosen, seats_context, Script("x"), 2, 60)


class Typed:
    """A model's place taken by one who types the same text everywhere, a few keys a token."""

    def __init__(self, text: str | np.ndarray) -> None:
        keys = from_text(text) if isinstance(text, str) else text
        self._tokens = np.array_split(keys, range(8, len(keys), 8))

    def begin(self, starts: Any, context: Any) -> None:
        self._count, self._step = len(starts), 0

    def next(self, cells: Any, cursors: Any) -> list[Keys]:
        keys = self._tokens[self._step] if self._step < len(self._tokens) else SILENT
        self._step += 1
        return [keys] * self._count


LEAVE = "\x1b\x1b:qa!\r\x03"
EXPLOSIONS = {
    "counts": "\x1b" + "99999999a" + "some text and more\x1b" * 3 + "9999999p" + "9999999." + "9999999>>",
    "substitutions": "\x1bia\x1b" + ":%s/a/aaaaaaaa/g\r" * 12,
    "put": "\x1byG" + "P" * 40,
    "put all": "\x1b" + "yGP" * 40,
    "cat": LEAVE
    + "echo aaaaaaaaaaaaaaaa > a\r"
    + "cat a a > b\rmv b a\r" * 18
    + "cat a\rgit add -A\rgit commit -m x\r",
    "saved": "\x1b" + "yGP" * 25 + ":w! big\r" + LEAVE + "cat big\rgit add -A\rgit commit -am x\rgit diff\rls -la\r",
    "folders": LEAVE + "mkdir a\rcd a\r" * 40 + "mkdir -p " + "b/" * 300 + "\rtouch " + "c " * 300 + "\rgit status\r",
    "macro": "\x1b999999999iab\x1b999999999ix\r\x1bggVGyG9999p9999u9999\x12",
    "random": np.random.default_rng(0).integers(0, 1 << 8, 600).astype(np.uint32),
    "any": np.random.default_rng(1).integers(0, 1 << 32, 600).astype(np.uint32),
    "named": np.random.default_rng(2).integers(0x110000 - 99, 0x110000 + 99, 600).astype(np.uint32),
}


@pytest.mark.parametrize("name", EXPLOSIONS)
def test_explosions_end_and_are_recorded(
    small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(held_out, "_players", lambda *_: {"typed": Typed(EXPLOSIONS[name])})
    settings = type(SETTINGS)(**{**SETTINGS.__dict__, "commits": 1, "before": (12,), "steps": 200, "seconds": 20.0})
    parts = Unfinished(tmp_path / "unfinished", {})
    begun_s = time.process_time()
    found = rollouts(cast(ActionModel, Memory(small)), small.dataset, small.folders, settings, parts).rollouts
    took_s = time.process_time() - begun_s
    assert found.height == 2 and (found["fault"] == "").all()
    assert set(found["ended"]) <= {"silent", "left", "outgrown", "steps"}, found["ended"]
    assert took_s < 60
    for file in found["file"]:
        with Reader(parts.recordings / file) as reader:
            reader.verify()
