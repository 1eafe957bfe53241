"""The closed loop on a whole small pipeline: the typist and a model that knows all by heart finish everything."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
import torch

from rcfam.dataset import tokens as token_files
from rcfam.evaluation.measuring import frames_of
from rcfam.evaluation.rollout import Rollouts, held_out, results, rollouts
from rcfam.evaluation.rollout.closed_loop import Session, play
from rcfam.evaluation.rollout.policies import Keys, Model, Pairs, Repeat, Sampling, Teacher, WrongFirst
from rcfam.evaluation.rollout.results import metrics, summary
from rcfam.evaluation.rollout.start_points import GOALS, StartPoint, choose
from rcfam.evaluation.rollout.starts import RolloutError, Start, Truth, reached, starts
from rcfam.evaluation.rollout.unfinished import Unfinished
from rcfam.history import Repository
from rcfam.model import ModelParams, build
from rcfam.model.action import ActionModel
from rcfam.recording import Reader
from rcfam.terminal import Terminal
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK
from rcfam.terminal.files import EXECUTABLE, FILE, Entry
from rcfam.terminal.fork import fork
from rcfam.terminal.keys import from_text
from rcfam.tokenizer import Tokenizer
from rcfam.training.data import shape_of
from tests.support.parameters import preset_section
from tests.support.rollout_world import SETTINGS, Memory, World, world


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("rollout"))


@pytest.fixture(scope="module")
def begun(small: World) -> list[Start]:
    return starts_of(small)


def starts_of(small: World) -> list[Start]:
    """Where rollouts begin in that history."""
    folders = small.folders
    reader = Reader(folders.recordings / "small.tsr")
    tokens = token_files.load(folders.tokens / "small.tokens.npz")
    commits = pl.read_parquet(folders.dataset / "commits.parquet")
    places = choose(commits, lambda name: (reader, tokens), 4, (4, 12, 40), 3, 0)
    return list(starts(places, "small", reader, tokens, Repository(folders.mirrors / "small.git")))


@pytest.fixture(scope="module")
def made(small: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rollouts]:
    parts = Unfinished(tmp_path_factory.mktemp("rollouts") / "unfinished", {})
    model = cast(ActionModel, Memory(small))
    return parts.recordings, rollouts(model, small.dataset, small.folders, SETTINGS, parts)


def context_of(small: World, begun: list[Start]) -> Any:
    return small.dataset.read([(0, start.place.context) for start in begun], SETTINGS.context)


def test_starts_lie_as_far_before_the_end_as_asked(small: World, begun: list[Start]) -> None:
    """In commits that are held out, with the keys of the recording before and after them."""
    commits = pl.read_parquet(small.folders.dataset / "commits.parquet")
    assert {start.place.commit for start in begun} <= set(commits.filter(side="held_out")["commit"])
    with Reader(small.folders.recordings / "small.tsr") as reader:
        for start in begun:
            keys = reader.keys(start.place.frame - 1, start.place.stop).tolist()
            assert [start.last_key, *start.keys_K.tolist()] == keys
    assert {start.place.goal for start in begun} == {"file", "commit"}
    assert {start.place.before for start in begun} == {4, 12, 40}
    for start in begun:
        place = start.place
        assert place.before <= len(start.keys_K) == place.stop - place.frame
        assert start.offsets_N[0] == 0 and place.context == place.token - 3
        inside = start.offsets_N[start.offsets_N > 0]
        assert len(start.keys_K) - place.before < (inside[0] if len(inside) else len(start.keys_K))
        if place.goal == "file":
            assert start.truth.files.keys() == {place.path}


class Changed:
    """A recording whose frames are others."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def frames_at(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cells, cursors = self._reader.frames_at(indices)
        return cells + 1, cursors


def test_a_recording_that_the_terminal_does_not_show_is_refused(small: World, begun: list[Start]) -> None:
    folders = small.folders
    tokens = token_files.load(folders.tokens / "small.tokens.npz")
    repository = Repository(folders.mirrors / "small.git")
    with Reader(folders.recordings / "small.tsr") as reader:
        changed = cast(Reader, Changed(reader))
        with pytest.raises(RolloutError, match="render the recording anew"):
            list(starts([begun[0].place], "small", changed, tokens, repository))


def test_what_counts_as_done() -> None:
    """A commit: every file, what was committed, and its message; a file: its own bytes and mode."""
    old, new, tool = Entry(FILE, b"old"), Entry(FILE, b"new"), Entry(EXECUTABLE, b"new")
    commit, file = (StartPoint("r", "c", goal, 4, "a", 0, 1, 2, 3, 4) for goal in GOALS[::-1])

    def terminal(files: dict[str, Entry], head: dict[str, Entry], *messages: str) -> Any:
        vcs = SimpleNamespace(head=head, commits=[SimpleNamespace(message=message) for message in messages])
        return SimpleNamespace(files=files, vcs=vcs)

    truth = Truth({"a": new}, {"a": new}, "Add")
    assert reached(terminal({"a": new}, {"a": new}, "Begin", "Add"), commit, truth)
    for other in (
        terminal({"a": new}, {"a": new}, "Add", "Begin"),
        terminal({"a": new}, {"a": new}),
        terminal({"a": new}, {"a": old}, "Add"),
        terminal({"a": old}, {"a": new}, "Add"),
        terminal({"a": new, "b": old}, {"a": new}, "Add"),
    ):
        assert not reached(other, commit, truth)
    assert reached(terminal({"a": new, "b": old}, {}), file, Truth({"a": new}, {}, ""))
    for entry in (old, tool):
        assert not reached(terminal({"a": entry}, {}), file, Truth({"a": new}, {}, ""))


def test_the_typist_and_one_who_knows_it_by_heart_finish_everything(made: tuple[Path, Rollouts]) -> None:
    table = made[1].rollouts
    for policy in ("typist", "model greedy", "model at 1"):
        rows = table.filter(pl.col("policy") == policy)
        assert rows.height >= 16 and rows["completed"].all(), rows.filter(~pl.col("completed"))
        assert (rows["agreed_keys"] == rows["keys"]).all() and (rows["keys"] == rows["keys_left"]).all()
        assert (rows["agreed_steps"] == rows["steps"]).all() and rows["invalid"].sum() == 0
        assert (rows["distance_after"] == 0).all() and (rows["share"].drop_nulls() == 1).all()
    assert not table.filter(pl.col("policy").str.starts_with("repeat"))["completed"].any()
    assert (table["fault"] == "").all()
    wrong = table.filter(pl.col("policy") == "model greedy after a wrong key")
    assert (wrong["agreed_keys"] == 0).all() and wrong["diverged"].any()
    blind = table.filter(pl.col("policy") == "typist blind after a wrong key")
    inserted = blind.filter(pl.col("diverged"))
    assert inserted.height and not inserted["completed"].any() and not inserted["recovered"].any()
    told = metrics(table)
    assert told["typist"]["completed"] == 1 and told["repeat"]["completed"] == 0
    assert summary(table)["rollouts"].sum() == table.height


def test_curves_begin_at_the_start_and_keep_their_end(made: tuple[Path, Rollouts]) -> None:
    curves = made[1].curves
    typist = curves.filter((pl.col("policy") == "typist") & (pl.col("goal") == "file"))
    assert (
        typist["step"].max() == SETTINGS.steps
        and (typist.filter(pl.col("step") == SETTINGS.steps)["distance"] == 0).all()
    )
    first = curves.filter(pl.col("step") == 0).drop_nulls("remaining")
    assert first.height and (first["remaining"] == 1).all()


def test_every_rollout_is_a_recording_with_the_typists_frames_before_it(
    made: tuple[Path, Rollouts], small: World
) -> None:
    out, found = made
    assert found.rollouts["file"].n_unique() == found.rollouts.height
    source = Reader(small.folders.recordings / "small.tsr")
    for row in found.rollouts.iter_rows(named=True):
        with Reader(out / row["file"]) as reader:
            reader.verify()
            turn = next(mark.frame for mark in reader.marks if mark.kind == "rollout")
            assert reader.frames == turn + row["keys"]
            cells, cursors, keys = reader.read(0, reader.frames)
            for ours, theirs in zip(
                (cells, cursors, keys), source.read(row["frame"] - turn, row["frame"]), strict=True
            ):
                np.testing.assert_array_equal(ours[:turn], theirs)
            agreed = turn + row["agreed_keys"]
            if row["policy"] == "typist":
                np.testing.assert_array_equal(
                    cells[:agreed], source.read(row["frame"] - turn, row["frame"] + agreed - turn)[0]
                )


def test_what_is_drawn_does_not_depend_on_the_batch(made: tuple[Path, Rollouts], small: World, tmp_path: Path) -> None:
    again = rollouts(
        cast(ActionModel, Memory(small)),
        small.dataset,
        small.folders,
        type(SETTINGS)(**{**SETTINGS.__dict__, "batch": 64}),
        Unfinished(tmp_path / "unfinished", {}),
    )
    assert again.rollouts.equals(made[1].rollouts)


def test_several_histories_are_typed_side_by_side(tmp_path: Path) -> None:
    """Two repositories of five are held out; a batch has terminals of both, and progress tells of all their frames."""
    several = world(tmp_path, ("one", "two", "three", "four", "five"))
    told: list[tuple[str, int, int, str]] = []
    parts = Unfinished(tmp_path / "unfinished", {})
    settings = dataclasses.replace(SETTINGS, commits=16, before=(12,), temperatures=(0.0,), batch=64)
    found = rollouts(
        cast(ActionModel, Memory(several)), several.dataset, several.folders, settings, parts, "cpu",
        lambda *what: told.append(what),
    ).rollouts  # fmt: skip
    commits = pl.read_parquet(several.folders.dataset / "commits.parquet")
    held_out = set(commits.filter(side="held_out")["recording"])
    assert len(held_out) == 2 and set(found["recording"]) == held_out
    assert set(found["commit"]) <= set(commits.filter(side="held_out")["commit"])
    typist = found.filter(policy="typist")
    assert typist["completed"].all() and typist["number"].to_list() == list(range(typist.height))
    by_heart = found.filter(policy="model greedy")["completed"].to_list()
    assert sum(by_heart) > 0.8 * len(by_heart)  # one screen may ask for two keys in two histories
    for row in typist.iter_rows(named=True):
        with (
            Reader(parts.recordings / row["file"]) as ours,
            Reader(several.folders.recordings / f"{row['recording']}.tsr") as theirs,
        ):
            turn = ours.frames - row["keys"]
            cells = theirs.read(row["frame"] - turn, row["frame"] + row["keys"])[0]
            np.testing.assert_array_equal(ours.read(0, ours.frames)[0], cells)
    for what in ("history", "rollout"):
        done = [(now, total) for name, now, total, _ in told if name == what]
        assert done == sorted(done) and done[0][0] == 0 and done[-1][0] == done[-1][1]


def test_the_bigram_is_fitted_to_what_is_trained_on(small: World) -> None:
    tokens = token_files.load(small.folders.tokens / "small.tokens.npz").tokens_N
    (row,) = small.dataset.index.filter(side="train").iter_rows(named=True)
    assert 0 < row["tokens"] < len(tokens)
    wanted = Pairs([tokens[row["first_token"] :][: row["tokens"]]], small.dataset.vocabulary)
    tokenizer = Tokenizer.load(small.folders.tokens / "vocabulary.json")
    found = held_out._pairs(small.dataset, small.folders.tokens, tokenizer)
    for token in range(tokenizer.size):
        np.testing.assert_array_equal(found.logits(token), wanted.logits(token)[: tokenizer.size])


class Listener(Model):
    """A model that is heard, while the teacher types."""

    def begin(self, starts: Any, context: Any) -> None:
        super().begin(starts, context)
        self.heard: list[torch.Tensor] = []
        self._teacher = Teacher()
        self._teacher.begin(starts, context)
        draw = self._sampling.choose
        self._sampling.choose = lambda logits_BV: [self.heard.append(logits_BV), draw(logits_BV)][1]  # type: ignore

    def next(self, cells: Any, cursors: Any) -> list[Keys]:
        super().next(cells, cursors)
        return self._teacher.next(cells, cursors)


@pytest.mark.parametrize("batch", [1, 3, 99])
@pytest.mark.parametrize("turned", [False, True])
def test_a_model_at_the_keyboard_says_what_it_says_over_the_recording(
    small: World, begun: list[Start], batch: int, turned: bool
) -> None:
    """Windows and live frames, warmed up in pieces and step by step, alone and side by side, also where a dataset has
    other numbers for the terminal's attributes.
    """
    torch.manual_seed(0)
    shape, tokenizer = shape_of(small.dataset), Tokenizer.load(small.folders.tokens / "vocabulary.json")
    model = build(preset_section("tiny", "model", ModelParams), shape, 0).eval()
    numbers = np.roll(np.arange(len(shape.attributes_N3), dtype=np.uint32), 1)

    def window(starts: list[Start], length: int) -> Any:
        found = small.dataset.read([(0, start.place.context) for start in starts], length)
        cells = found.cells_TBRC
        if turned:
            cells = numbers[cells >> np.uint32(GLYPH_BITS)] << np.uint32(GLYPH_BITS) | cells & np.uint32(GLYPH_MASK)
        return found._replace(cells_TBRC=cells)

    for first in range(0, len(begun), batch):
        group = begun[first : first + batch]
        heard = Listener(model, tokenizer, Sampling(0, 1, 0), numbers if turned else None)
        sessions = play(group, window(group, 3), heard, 64, 60)
        for place, (start, session) in enumerate(zip(group, sessions, strict=True)):
            assert session.ended == "done" and session.steps == len(start.offsets_N)
            whole = window([start], 3 + session.steps)
            with torch.no_grad():
                logits, _ = model(frames_of(whole, 0, 3 + session.steps, "cpu"), model.initial(1))
            live = torch.stack([step[place] for step in heard.heard[: session.steps]])
            torch.testing.assert_close(live, logits[3:, 0, : tokenizer.size], rtol=1e-4, atol=1e-4)


def test_without_places_nothing_is_typed_and_bad_settings_are_refused(small: World, tmp_path: Path) -> None:
    far = type(SETTINGS)(**{**SETTINGS.__dict__, "context": 100_000})
    empty = rollouts(
        cast(ActionModel, Memory(small)), small.dataset, small.folders, far, Unfinished(tmp_path / "parts", {})
    )
    assert empty.rollouts.height == empty.curves.height == 0
    assert summary(empty.rollouts).height == 0 and metrics(empty.rollouts) == {}
    bad: list[tuple[str, Any]] = [
        *(("steps", 8), ("top_p", 0.0), ("top_p", float("nan")), ("before", ()), ("before", (4, 4)), ("batch", 0)),
        *(("temperatures", value) for value in ((-1.0,), (), (float("inf"),), (float("nan"),), (0.7, 0.7000001))),
    ]
    for name, value in bad:
        with pytest.raises(ValueError, match=name):
            type(SETTINGS)(**{**SETTINGS.__dict__, name: value})


class Script:
    """The same keys in every terminal, whatever is seen."""

    def __init__(self, *tokens: str | None) -> None:
        self._tokens = list(tokens)

    def begin(self, starts: Any, context: Any) -> None:
        self._count = len(starts)

    def next(self, cells: Any, cursors: Any) -> list[Keys]:
        token = self._tokens.pop(0) if self._tokens else ""
        return [None if token is None else from_text(token) for _ in range(self._count)]


def editor_start(begun: list[Start]) -> list[Start]:
    """One start in the editor, where the typist is in insert mode or not."""
    return [next(start for start in begun if start.place.goal == "file" and start.place.before == 12)]


def test_wasted_and_invalid_keys_are_counted(small: World, begun: list[Start]) -> None:
    chosen = editor_start(begun)
    session = play(chosen, context_of(small, chosen), Script("\x1b", "\x1b\x1b", None, ":frob\r", "\ud800"), 5, 60)[0]
    assert session.ended == "steps" and session.steps == 5
    assert session.wasted >= 2  # the Escapes after the first, and the key that no keyboard sends
    assert session.invalid == 3  # no token, E492, no key
    assert session.agreed_keys <= 1


def test_a_key_is_wasted_where_neither_text_nor_cursor_nor_what_is_waited_for_changes(begun: list[Start]) -> None:
    session = Session(editor_start(begun)[0], 60)
    session.type(from_text("\x1bgg0"))
    before = session.wasted
    wasted = []
    for key in ("x", "0", "d", "\x1b", "\x1b", "l", "h"):  # only text, nothing, only what is waited for, and back, ...
        session.type(from_text(key))
        wasted.append(session.wasted - before)
    assert wasted == [0, 1, 1, 1, 2, 2, 2]


def test_who_leaves_the_editor_without_the_truth_is_out(small: World, begun: list[Start]) -> None:
    chosen = editor_start(begun)
    session = play(chosen, context_of(small, chosen), Script("\x1b", ":q!\r"), 9, 60)[0]
    assert session.ended == "left" and session.steps == 2


def test_a_fault_of_the_terminal_is_counted_and_told(
    small: World, begun: list[Start], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Terminal, keys: Any) -> None:
        raise IndexError("out of it")

    chosen = begun[:2]
    context = context_of(small, chosen)
    monkeypatch.setattr(Terminal, "press", fails)
    sessions = play(chosen, context, Repeat(), 4, 60)
    assert [session.ended for session in sessions] == ["fault", "fault"]
    assert sessions[0].fault == "IndexError: out of it"


def test_a_wrong_key_comes_first_and_once(small: World, begun: list[Start]) -> None:
    sessions = play(begun, context_of(small, begun), WrongFirst(Teacher(), 0), 64, 60)
    for session in sessions:
        assert session.keys[0] != session.start.keys_K[0] and session.agreed_keys == 0
    rest = [session for session in sessions if len(session.keys) > 1 and session.start.offsets_N[1:2].tolist()]
    assert rest and all(session.keys[1] == session.start.keys_K[session.start.offsets_N[1]] for session in rest)


def test_mended_is_who_took_the_wrong_key_back_not_who_typed_on(small: World, begun: list[Start]) -> None:
    """A stray letter stays while the rest is typed: nearer to the truth than at the start, and still not mended."""
    start = next(s for s in begun if s.place.goal == "file" and s.place.before == 40)
    terminal = fork(start.terminal)
    terminal.press(from_text("\x1b"))
    start = dataclasses.replace(start, terminal=terminal, keys_K=np.concatenate([from_text("ix"), start.keys_K[:0]]))
    for undo, mended in (("y", False), ("\x7f", True), ("\x7fx", True), ("x\x1bu", True)):
        session = Session(start, 60)
        for keys in ("iZ", undo):
            session.type(from_text(keys))
        row = results.row("one", session, "")
        assert row["diverged"] and row["recovered"] == mended, undo
    session = Session(start, 60)
    session.type(from_text("ix"))
    assert not results.row("one", session, "")["diverged"]


def test_a_seat_measures_from_the_editor_not_only_from_what_is_saved(begun: list[Start]) -> None:
    start = next(s for s in begun if s.place.goal == "file" and s.place.before == 40)
    session = Session(start, 60)
    before = session.distances[0]
    for keys in np.split(start.keys_K, start.offsets_N[1:]):
        session.type(keys)
    assert before > 0 and session.distances[-1] == 0 and session.ended == "done"
    saved = len(start.keys_K) - 4  # at the latest when the save begins
    assert 0 in session.distances[:-1] or saved < 0
