"""Training of a cell: early stop, taking up after a kill, tables, the command."""

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from rcfam import schema
from rcfam.atomic import alone
from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.schema import dataclasses_in
from rcfam.tasks.inflate import InflateParams
from rcfam.tasks.tracking import data, frjt, maze, tables, training
from rcfam.tasks.tracking.data import DataSpec, open_data
from rcfam.tasks.tracking.examples import Group
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams
from rcfam.tasks.tracking.models import TrackerParams
from rcfam.tasks.tracking.presets import SIZES, TASKS, preset, sections
from rcfam.tasks.tracking.published import published
from rcfam.tasks.tracking.training import Cell, Evaluation, TrackingParams
from rcfam.training.checkpoint import load
from rcfam.training.errors import CheckpointError
from tests.support.oracles import tracking

SOURCE = DataSpec(FrjtParams(depth=2, programs=64, held_out=16))
CELL = Cell(SOURCE, TrackerParams("lstm", 1, 16, 2), TrackingParams(epochs=3, batch=16, warmup=2, evaluations=6))


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("source", [DataSpec(kind.small(), seed=1) for kind in dataclasses_in(data.TaskParams)])
def test_a_data_set_comes_back_as_it_was_made(source: DataSpec, tmp_path: Path) -> None:
    made, found = open_data(tmp_path, source), open_data(tmp_path, source)
    for part in data.PARTS:
        for a, b in zip(getattr(made, part), getattr(found, part), strict=True):
            assert a.depth == b.depth
            for one, other in zip(a[1:], b[1:], strict=True):
                assert one.dtype == other.dtype
                assert (one == other).all()
    assert made.facts.equals(found.facts)
    with pytest.raises(RcfamError, match="seed is"):
        open_data(tmp_path, dataclasses.replace(source, seed=7))


def test_parts_hold_what_they_should() -> None:
    made = data.generate(DataSpec(FrjtParams(depth=4, programs=300, held_out=200)))
    assert [group.depth for group in made.beyond] == [5, 6, 7, 8]
    seen = made.facts.filter(pl.col("part") == "test").sort("depth")["seen"].to_list()
    assert seen[0] > seen[3] == 0


def test_facts_are_those_of_the_examples() -> None:
    """Counted once more from what a reader sees: listings of programs, tokens of walks."""
    source = DataSpec(FrjtParams(depth=3, programs=50, held_out=40))
    made = data.generate(source)
    for fact in made.facts.filter(part="test").iter_rows(named=True):
        group = made.test[fact["depth"] - 1]
        ran = [tracking.run_program(frjt.listing(source.task, row), source.task.values) for row in group.tokens_NT]
        lengths = [len(passed) for _, passed in ran]
        assert fact["coverage"] == pytest.approx(sum(lengths) / (40 * fact["depth"]))
        assert (fact["true_depth"], fact["true_depth_most"]) == (pytest.approx(sum(lengths) / 40), max(lengths))
        assert fact["halts_b"] == pytest.approx([halt for halt, _ in ran].count("B") / 40)
    walks = data.generate(DataSpec(MazeParams(depth=3, size=3, walks=9, held_out=8)))
    fact = walks.facts.filter(part="validation").row(0, named=True)
    words = [[maze.WORDS[token] for token in row[1::2]] for row in walks.validation[0].tokens_NT]
    blocked, hidden = (sum(row.count(word) for row in words) for word in ("UNCHANGED", "WITHHELD"))
    assert fact["blocked"] == pytest.approx(blocked / (8 * 15 - hidden))
    assert fact["true_depth"] == fact["true_depth_most"] == hidden / 8 == 3


def test_a_killed_cell_ends_as_one_that_ran_through(tmp_path: Path) -> None:
    """Killed again and again, each time one evaluation later: the same weights, answers and history but the time."""
    made = data.generate(SOURCE)
    whole = training.train(CELL, made, tmp_path / "whole", lambda seen: None)
    found, kills = None, 0
    while found is None:
        looks: list[int] = []

        def second(seen: Evaluation, looks: list[int] = looks) -> None:
            looks.append(seen.step)
            if len(looks) == 2:
                raise KilledError

        try:
            found = training.train(CELL, made, tmp_path / "killed", second)
        except KilledError:
            kills += 1
    assert kills >= 4
    assert found["accuracy"] == whole["accuracy"]
    steps = [(past["step"], past["validation"]) for past in whole["history"]]
    assert [(past["step"], past["validation"]) for past in found["history"]] == steps
    for name, tensor in load(tmp_path / "whole" / "best").tensors.items():
        assert torch.equal(tensor, load(tmp_path / "killed" / "best").tensors[name])
    assert not list(tmp_path.rglob("step-*"))


def test_a_finished_cell_is_not_repeated_and_another_is_refused(tmp_path: Path) -> None:
    made = data.generate(SOURCE)
    first = training.train(CELL, made, tmp_path, lambda seen: None)

    def never(seen: Evaluation) -> None:
        raise AssertionError

    assert training.train(CELL, made, tmp_path, never) == first
    other = dataclasses.replace(CELL, train=dataclasses.replace(CELL.train, rate=1e-4))
    with pytest.raises(CheckpointError, match=r"train\.rate"):
        training.train(other, made, tmp_path, never)


def test_a_cell_stopped_early_and_killed_before_its_end_is_only_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last checkpoint says that training is over: no step more, and the best weights are what counts."""
    made = data.generate(SOURCE)
    cell = dataclasses.replace(CELL, train=dataclasses.replace(CELL.train, rate=0.5, patience=1, epochs=30))
    table = training._accuracy_table

    def dies(*args: Any) -> Any:
        raise KilledError

    monkeypatch.setattr(training, "_accuracy_table", dies)
    seen: list[Evaluation] = []
    with pytest.raises(KilledError):
        training.train(cell, made, tmp_path, seen.append)
    assert seen[-1].step < seen[-1].steps
    monkeypatch.setattr(training, "_accuracy_table", table)
    looks: list[Evaluation] = []
    found = training.train(cell, made, tmp_path, looks.append)
    assert not looks and found["history"][-1]["step"] == seen[-1].step
    scores = {past["step"]: past["validation"] for past in found["history"]}
    assert found["accuracy"]["validation"] == max(scores.values()) == scores[found["best_step"]]
    assert found["best_step"] < seen[-1].step


def test_everything_follows_from_its_seed(tmp_path: Path) -> None:
    """Another seed gives other examples, other weights and another order; each epoch takes every example once."""
    made, other = data.generate(SOURCE), data.generate(dataclasses.replace(SOURCE, seed=1))
    groups = [[getattr(source, part)[1].tokens_NT[:16] for part in data.PARTS[:3]] for source in (made, other)]
    assert len({tokens.tobytes() for some in groups for tokens in some}) == 6
    weights = []
    for seed in (0, 1, 0):
        cell = dataclasses.replace(CELL, train=dataclasses.replace(CELL.train, seed=seed, epochs=0.01, evaluations=1))
        training.train(cell, made, tmp_path / f"{len(weights)}", lambda seen: None)
        weights.append(load(tmp_path / f"{len(weights)}" / "best").tensors["embed.weight"])
    assert torch.equal(weights[0], weights[2])
    assert (weights[0] - weights[1]).abs().mean() > 0.1  # more than one step could move them

    def batches(seed: int, first: int, last: int) -> list[tuple[int, list[int]]]:
        params = TrackingParams(batch=16, seed=seed)
        return [(group.depth, some.tolist()) for group, some in training._batches(made.train, params, first, last)]

    whole = batches(0, 0, 16)
    assert whole[5:] == batches(0, 5, 16) and whole != batches(1, 0, 16)
    for epoch in (whole[:8], whole[8:]):
        taken = sorted((depth, n) for depth, some in epoch for n in some)
        assert taken == [(depth, n) for depth in (1, 2) for n in range(64)]
    assert whole[:8] != whole[8:]


def test_the_rate_rises_then_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = TrackingParams(rate=0.5, warmup=4)
    rates = [training.rate_at(params, step, 100) for step in range(1, 101)]
    assert rates[:4] == pytest.approx([0.125, 0.25 * 0.99, 0.375 * 0.98, 0.5 * 0.97])
    assert rates[50] == 0.25 and rates[98] == pytest.approx(rates[99]) == 0.01
    assert training.rate_at(TrackingParams(rate=0.5, warmup=0), 1, 100) == 0.5
    made, ends = data.generate(SOURCE), []
    for rate in (CELL.train.rate, 0.0):  # it is the rate that a step is taken with
        monkeypatch.setattr(training, "rate_at", lambda params, step, steps, rate=rate: rate)
        training.train(CELL, made, tmp_path / str(rate), lambda seen: None)
        ends.append(load(tmp_path / str(rate) / "best").tensors["embed.weight"])
    torch.manual_seed(CELL.train.seed)
    assert torch.equal(ends[1], training.Tracker(CELL.model, SOURCE.vocabulary, 1, 10).embed.weight)
    assert not torch.equal(ends[0], ends[1])


class Knowing(torch.nn.Module):
    """It is right in the first answers of the examples that begin with token 1."""

    def __init__(self, answers_NPK: np.ndarray) -> None:
        super().__init__()
        self.answers_NPK, self.at = torch.from_numpy(answers_NPK).float(), 0

    def forward(self, tokens_BT: torch.Tensor, where_P: torch.Tensor) -> torch.Tensor:
        out = self.answers_NPK[self.at : self.at + len(tokens_BT)].clone()
        self.at += len(tokens_BT)
        out[tokens_BT[:, 0] != 1] += 1
        out[:, 2:] += 1
        return out


def test_what_is_right_is_counted_where_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By depth of answers and by last ones, in however many pieces; all examples or the first ones."""
    answers = np.arange(5 * 3 * 2, dtype=np.int16).reshape(5, 3, 2)
    tokens = np.array([[1, 0], [0, 0], [1, 0], [1, 0], [0, 0]], np.uint8)
    hidden = np.array([[0, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 1, 1]], np.int16)
    group = Group(7, tokens, np.array([0, 1, 1]), answers, hidden)
    for pieces in (2, 4, 1000):
        monkeypatch.setattr(training, "_EVALUATED_TOKENS", pieces)
        found = training.evaluate(cast(Any, Knowing(answers)), [group])
        assert found.rows() == [
            *((7, 0, False, 3, 6), (7, 0, True, 0, 1)),
            *((7, 1, False, 3, 4), (7, 1, True, 0, 4)),
        ]
        assert training.mean_accuracy(found) == 6 / 15
    first = training.evaluate(cast(Any, Knowing(answers)), [group], most=2)
    assert first["count"].sum() == 6 and first["right"].sum() == 2


def test_examples_grow() -> None:
    """From a sixteenth of the answers to all, and then they stay; programs, with one answer, are always whole."""
    made = data.generate(DataSpec(MazeParams(depth=8, size=3, walks=4, held_out=1)))
    walks = made.train[0]
    lengths = [len(training._cut(walks, done, 0.5).where_P) for done in (0.0, 0.125, 0.25, 0.375, 0.5, 0.9)]
    assert lengths == [3, 5, 10, 20, 40, 40]
    cut = training._cut(walks, 0.0, 0.5)
    assert cut.tokens_NT.shape == (4, 6)
    assert (cut.answers_NPK == walks.answers_NPK[:, :3]).all()
    assert training._cut(walks, 0.0, 0.0) is walks
    programs = data.generate(SOURCE).train[1]
    assert training._cut(programs, 0.0, 0.5).tokens_NT.shape == programs.tokens_NT.shape


def test_early_stop() -> None:
    params = TrackingParams(patience=2, enough=0.99)

    def past(*scores: float) -> list[Evaluation]:
        return [Evaluation(n, 9, 0.0, 0.0, 1.0, 0.5, score) for n, score in enumerate(scores)]

    assert not training._stops(params, past(0.5, 0.7, 0.6))
    assert training._stops(params, past(0.5, 0.7, 0.6, 0.7))
    assert training._stops(params, past(0.5, 0.995))


def test_answers_are_right_when_all_of_them_is() -> None:
    bits = training.right(torch.tensor([[[0.3]], [[-2.0]]]), torch.tensor([[[1.0]], [[1.0]]]))
    assert bits.tolist() == [[True], [False]]
    places = training.right(torch.tensor([[[0.4, 2.6], [1.0, 1.6]]]), torch.tensor([[[0.0, 3.0], [1.0, 1.0]]]))
    assert places.tolist() == [[True, False]]


def planted(kind: str, layers: int, curve: list[float], cost: int, scores: list[float]) -> tables.Finished:
    """A cell of depth 4 whose accuracies and costs are known."""
    accuracy = pl.DataFrame(
        {
            "part": ["test"] * 4 + ["beyond"] * (len(curve) - 4),
            "depth": range(1, len(curve) + 1),
            "hidden": range(1, len(curve) + 1),
            "last": True,
            "right": [round(100 * value) for value in curve],
            "count": 100,
        }
    )
    # the machine was shared: a step took a second of CPU time, and two by the wall
    history = [Evaluation(n, 9, 2.0 * n, float(n), 1.0, 0.5, score)._asdict() for n, score in enumerate(scores, 1)]
    result = {
        "identity": {
            "data": {"task": "frjt", "depth": 4},
            "model": {"kind": kind, "layers": layers, "width": 256},
            "train": {"seed": 0},
        },
        "device": "cpu",
        "accuracy": {"train": 1.0, "validation": max(scores), "test": 0.9, "test_last": 0.9},
        "parameters": cost,
        "flops": 10 * cost,
        "wall_s": float(len(scores)),
        "cpu_s": 1.0,
        "best_step": 1,
        "history": history,
    }
    return tables.Finished(result, accuracy)


def test_tables_of_planted_cells() -> None:
    cells = [
        planted("lstm", 1, [1.0, 1.0, 1.0, 0.98, 0.97, 0.96], 100, [0.7, 0.99, 0.98]),
        planted("transformer", 1, [1.0, 0.95, 0.8, 0.95, 0.6, 0.5], 50, [0.5, 0.6, 0.65]),
        planted("transformer", 2, [1.0, 0.95, 0.93, 0.91, 0.89, 0.5], 110, [0.5, 0.55, 0.8]),
    ]
    rows = {(r["model"], r["layers"]): r for r in tables.results(cells).iter_rows(named=True)}
    assert rows["lstm", 1]["published"] == 0.95981
    assert rows["lstm", 1]["difference"] == pytest.approx(0.99 - 0.95981)
    assert rows["transformer", 2]["published_train"] == 0.99997
    curves = tables.by_depth(cells)
    assert curves.height == 18
    found = {(r["model"], r["layers"]): r for r in tables.critical(curves).iter_rows(named=True)}
    assert (found["lstm", 1]["critical"], found["lstm", 1]["bounded"]) == (6, False)
    assert (found["transformer", 1]["critical"], found["transformer", 1]["bounded"]) == (2, True)
    assert (found["transformer", 2]["critical"], found["transformer", 2]["ratio"]) == (4, 2.0)
    same = {(r["model"], r["budget"]): r for r in tables.matched(cells).iter_rows(named=True)}
    assert (same["transformer", "parameters"]["layers"], same["transformer", "parameters"]["share"]) == (2, 1.1)
    assert (same["transformer", "time"]["layers"], same["transformer", "time"]["validation"]) == (1, 0.6)
    assert same["lstm", "time"]["validation"] == 0.99
    slow = cells[1].result | {"history": [past | {"cpu_s": 9.0} for past in cells[1].result["history"]]}
    late = tables.matched([cells[0], tables.Finished(slow, cells[1].accuracy)])
    assert late.filter(model="transformer", budget="time")["validation"].to_list() == [None]
    assert tables.matched(cells[1:]).height == 0  # nobody to be matched with


def test_published_figures() -> None:
    assert published("frjt", "mamba", 16, 16) == (0.98949, 0.87901)
    assert published("maze", "transformer", 4, 64) == (None, 0.8271)
    assert published("maze", "slstm", 1, 64) == (None, None)


@pytest.mark.parametrize("verb", ["frjt", "maze"])
def test_the_command_makes_tables_and_a_figure(verb: str, tmp_path: Path) -> None:
    line = ["task", verb, "--size", "tiny", "--model", "lstm", "--model", "transformer:1-2", "-o", str(tmp_path)]
    first = CliRunner().invoke(app, line)
    assert first.exit_code == 0, first.output
    assert first.output.count("layers 1, x 1.00") == 2  # the LSTM's parameters and FLOPs, beside which the others stand
    found = pl.read_csv(tmp_path / "results.csv")
    assert found.select("model", "layers").rows() == [("lstm", 1), ("transformer", 1), ("transformer", 2)]
    for name in ("data.csv", "by_depth.csv", "critical.csv", "matched.csv", "accuracy.svg", "accuracy.png"):
        assert (tmp_path / name).stat().st_size > 0
    again = CliRunner().invoke(app, line)
    assert again.exit_code == 0, again.output
    assert pl.read_csv(tmp_path / "results.csv").equals(found)


def test_tables_of_no_cells(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["task", "tables", str(tmp_path)])
    assert isinstance(found.exception, RcfamError)
    assert "no finished cell" in str(found.exception)


def test_what_is_damaged_is_one_line(tmp_path: Path) -> None:
    line = ["task", "frjt", "--size", "tiny", "--model", "lstm", "-o", str(tmp_path)]
    assert CliRunner().invoke(app, line).exit_code == 0
    home = tmp_path / "frjt-3" / "seed-0"
    for file in ("data/data.json", "data/facts.parquet", "data/train.parquet", "lstm-1-width-16/cell.json"):
        whole = (home / file).read_bytes()
        for damaged in (b"", b"{}", b"[1]", whole[: len(whole) // 2]):
            (home / file).write_bytes(damaged)
            for words in (line, ["task", "tables", str(tmp_path)]):
                if words is line or "train" not in file:
                    found = CliRunner().invoke(app, words)
                    assert isinstance(found.exception, RcfamError), (file, damaged, words, found.exception)
                    assert Path(file).name in str(found.exception)
                    assert len(str(found.exception).splitlines()) == 1
        (home / file).write_bytes(whole)
    (home / "lstm-1-width-16" / "accuracy.parquet").unlink()
    found = CliRunner().invoke(app, line)
    assert isinstance(found.exception, RcfamError) and "accuracy.parquet" in str(found.exception)


def test_one_process_at_a_time_trains_a_cell(tmp_path: Path) -> None:
    line = ["task", "frjt", "--size", "tiny", "--model", "lstm", "-o", str(tmp_path)]
    with alone(tmp_path / "frjt-3" / "seed-0" / "lstm-1-width-16"):
        found = CliRunner().invoke(app, line)
        assert isinstance(found.exception, RcfamError) and "another process is at work" in str(found.exception)
    assert CliRunner().invoke(app, line).exit_code == 0


@pytest.mark.parametrize("verb", ["frjt", "maze"])
def test_a_folder_that_cannot_be_written_is_told_at_once(verb: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = CliRunner().invoke(app, ["task", verb, "-o", str(tmp_path / "file" / "below")])
    assert isinstance(found.exception, RcfamError) and "cannot write into" in str(found.exception)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--size", "huge"], "size huge: known are tiny, default, paper"),
        (["--size", "tiny", "--model", "gru"], "model 'gru'"),
        (["--size", "tiny", "--model", "lstm:x"], "models: lstm:x: expected KIND"),
        (["--size", "tiny", "--depth", "500"], "depth: 500"),
        (["--size", "tiny", "--rate", "-1"], "train.rate: -1.0"),
        (["--size", "tiny", "-S", "task.regsters=3"], "-S: task.regsters: unknown key; did you mean 'task.registers'?"),
        (["--size", "tiny", "--registers", "x"], "task.registers: expected int, found 'x'"),
        (["--size", "tiny", "--device", "tpu"], "--device tpu"),
    ],
)
def test_bad_options(more: list[str], said: str, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["task", "frjt", "-o", str(tmp_path), *more])
    assert isinstance(found.exception, RcfamError)
    assert said in str(found.exception)
    assert not list(tmp_path.iterdir())


def test_presets_are_valid() -> None:
    for task in TASKS:
        for size in SIZES:
            found = preset(task, size)
            for depth in found.grid.depths:
                assert dataclasses.replace(found.task, depth=depth).depth == depth
            assert found.task.name == ("maze-unwithheld" if task == "unwithheld" else task)


def test_the_sizes_are_what_they_were() -> None:
    """Cells that were trained once are not trained again: their identities are compared."""
    tiny, default, paper = (preset("maze", size) for size in SIZES)
    assert tiny.task == MazeParams(depth=2, size=3, walks=96, held_out=32)
    assert tiny.train == TrackingParams(epochs=2, batch=32, warmup=10, evaluations=3, patience=3)
    assert tiny.grid.trackers()[4] == TrackerParams("looped", 2, 16, 2)
    assert default.train == TrackingParams(epochs=16, batch=32, growth=0.8)
    assert [len(each.grid.trackers()) for each in (tiny, default, paper)] == [8, 8, 36]
    assert preset("unwithheld", "default").train == TrackingParams(epochs=6, batch=32, rate=1e-3, enough=0.999)


def test_values_are_put_over_a_size() -> None:
    found = preset(
        "frjt", "tiny", {"train.epochs": 3, "task.registers": 4, "grid.models": ["lstm:2-3"], "grid.depths": [5]}
    )
    assert (found.train.epochs, found.task, found.grid.depths) == (3.0, FrjtParams(3, 96, 32, 4), (5,))
    assert [tracker.name for tracker in found.grid.trackers()] == ["lstm-2", "lstm-3"]


def test_every_key_of_the_tasks_is_documented() -> None:
    for task in TASKS:
        assert [key.name for key in schema.all_keys(sections(task)) if not key.doc] == []
    assert [key.name for key in schema.keys(InflateParams) if not key.doc] == []
