"""`rcfam rollout`: from a run's folder to tables, metrics and recordings."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import yaml

from rcfam import schema
from rcfam.atomic import alone
from rcfam.errors import RcfamError
from rcfam.model import ModelParams, build
from rcfam.recording import Reader
from rcfam.training import checkpoint
from rcfam.training.data import dataset_hash, shape_of
from tests.dataset.test_stages import refused, run
from tests.support.parameters import preset_section
from tests.support.rollout_world import SETTINGS, World, world


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("rollout"))


def untrained(folder: Path, small: World, dataset: str) -> None:
    """A finished run of a model that has learned nothing."""
    sizes = preset_section("tiny", "model", ModelParams)
    shape = shape_of(small.dataset)
    identity = {
        "dataset": dataset,
        "tokenizer": "of the world",
        "code": "",
        "study": "length",
        "length": 8,
        "seed": 3,
        "world": 1,
        "train": {},
        "rows": shape.rows,
        "columns": shape.columns,
        "vocabulary": shape.vocabulary,
        "attributes": len(shape.attributes_N3),
        "model": schema.plain(sizes),
    }
    checkpoint.save(folder / "final", dict(build(sizes, shape, 0).state_dict()), identity, {})


def test_a_run_types_and_all_of_it_is_written(small: World, tmp_path: Path) -> None:
    folders = small.folders
    run_folder = tmp_path / "runs" / "length-8" / "seed-3"
    untrained(run_folder, small, dataset_hash(small.dataset))
    settings = dataclasses.replace(SETTINGS, commits=1, before=(4,), steps=6)
    file = tmp_path / "params.yaml"
    rollout = json.loads(json.dumps(dataclasses.asdict(settings)))
    study = {"name": "length", "lengths": [2, 8], "seeds": [3]}
    file.write_text(yaml.safe_dump({"rollout": rollout, "study": study}))
    options = ("--dataset", folders.dataset, "--mirrors", folders.mirrors, "--params", file)
    outputs = []
    for place, out in ((run_folder, tmp_path / "one"), (tmp_path / "runs", tmp_path / "two")):
        result = run("rollout", place, "-o", out, *options)
        assert result.exit_code == 0, result.output + repr(result.exception)
        assert "typist, 4 keys before the end of a commit: 1.00 of 1 completed" in result.output
        table = pl.read_parquet(out / "rollouts.parquet")
        for row in table.iter_rows(named=True):
            with Reader(out / "recordings" / row["file"]) as reader:
                assert reader.provenance["policy"] == row["policy"]
                shown = run("play", out / "recordings" / row["file"], "--dump", reader.frames - 1)
                assert f", {row['policy']}, cursor" in shown.output
        assert json.loads((out / "metrics.json").read_text())["typist"]["completed"] == 1
        assert pl.read_parquet(out / "summary.parquet")["rollouts"].sum() == table.height
        outputs.append((table, pl.read_parquet(out / "curves.parquet")))
    assert outputs[0][0].equals(outputs[1][0]) and outputs[0][1].equals(outputs[1][1])


def test_a_run_of_another_dataset_is_refused(small: World, tmp_path: Path) -> None:
    untrained(tmp_path / "run", small, "0" * 64)
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump({"rollout": json.loads(json.dumps(dataclasses.asdict(SETTINGS)))}))
    result = run(
        "rollout", tmp_path / "run", "-o", tmp_path / "out", "--dataset", small.folders.dataset, "--params", file
    )
    refused(result, "trained on dataset 000000000000")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    settings = {"rollout": json.loads(json.dumps(dataclasses.asdict(SETTINGS)))}
    file.write_text(yaml.safe_dump(settings | {"study": {"name": "length", "lengths": [2], "seeds": [0]}}))
    result = run("rollout", tmp_path, "-o", tmp_path / "out", "--params", file)
    assert isinstance(result.exception, RcfamError)
    refused(result, "final.json")


def test_what_is_not_there_is_one_line_and_leaves_nothing(small: World, tmp_path: Path) -> None:
    folders = small.folders
    untrained(tmp_path / "run", small, dataset_hash(small.dataset))
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump({"rollout": json.loads(json.dumps(dataclasses.asdict(SETTINGS)))}))
    (tmp_path / "mirrors").mkdir()
    shutil.copytree(folders.dataset, tmp_path / "dataset")
    (tmp_path / "dataset" / "commits.parquet").write_bytes(b"PAR1 and nonsense")
    for name in ("recordings", "tokens"):
        (tmp_path / name).symlink_to(folders.dataset.parent / name)
    for options, said in (
        (("--dataset", tmp_path / "dataset", "--mirrors", folders.mirrors), "commits.parquet"),
        (("--mirrors", folders.mirrors, "--device", "nonsense"), "--device nonsense"),
        (("--mirrors", tmp_path / "mirrors"), "small.git"),
    ):
        line = ("--dataset", folders.dataset, "--params", file, *options)  # of two the last one counts
        refused(run("rollout", tmp_path / "run", "-o", tmp_path / "out", *line), said)
        assert not list(tmp_path.glob("out/*"))
    line = ("--dataset", folders.dataset, "--mirrors", folders.mirrors, "--params", file)
    with alone(tmp_path / "out"):
        refused(run("rollout", tmp_path / "run", "-o", tmp_path / "out", *line), "another process is at work")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_leaves_parts_and_the_next_one_ends_the_same(
    small: World, tmp_path: Path, how: signal.Signals
) -> None:
    folders = small.folders
    untrained(tmp_path / "run", small, dataset_hash(small.dataset))
    file = tmp_path / "params.yaml"
    settings = dataclasses.replace(SETTINGS, commits=2, batch=3, steps=48, temperatures=(0.0,))
    file.write_text(yaml.safe_dump({"rollout": json.loads(json.dumps(dataclasses.asdict(settings)))}))
    options = ("--dataset", folders.dataset, "--mirrors", folders.mirrors, "--params", file)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    line = [sys.executable, "-m", "rcfam", "rollout", tmp_path / "run", "-o", killed, *options]
    process = subprocess.Popen([str(word) for word in line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and len(list(killed.glob("unfinished/*/*.parquet"))) < 5:
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate()
    if how == signal.SIGINT:
        assert process.returncode == 130 and "Traceback" not in said
    assert process.returncode != 0 and [path.name for path in killed.glob("[!.]*")] == ["unfinished"]
    assert len(list(killed.glob("unfinished/*/*.parquet"))) >= 5
    for out in (killed, whole):
        assert run("rollout", tmp_path / "run", "-o", out, *options).exit_code == 0
    assert contents(killed) == contents(whole) and "metrics.json" in contents(whole)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
