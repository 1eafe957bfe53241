"""A trial's values in params.yaml: nothing else in the file changes, and DVC runs what reads them, no more."""

import difflib
from pathlib import Path

import pytest
import yaml

from flows import PROJECT
from flows.search import TuneError
from flows.search.space import Point, changes
from flows.search.writing import write_back
from flows.stages import stale
from rcfam import params as parameters
from rcfam.model import ModelParams
from rcfam.training import TrainParams
from tests.support.flows_toy import dvc
from tests.support.parameters import PRESETS, preset_text, write_preset

POINT: Point = {
    "length": 48, "batch": 3000, "chunk": 16, "matrix_rate": 1e-05, "other_rate": 0.0123, "width": 112, "layers": 1,
}  # fmt: skip


@pytest.mark.parametrize("source", PRESETS)
def test_the_values_alone_change(source: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    before = preset_text(source)
    path.write_text(before)
    said = write_back(path, POINT)
    after = path.read_text()
    document = parameters.read(path)
    train, model = parameters.load(path, "train", TrainParams), parameters.load(path, "model", ModelParams)
    assert (train.batch, train.chunk, model.width, model.layers) == (3000, 16, 112, 1)
    assert (train.optimiser.matrix_rate, train.optimiser.other_rate) == (1e-05, 0.0123)
    assert document["study"]["lengths"] == sorted({*yaml.safe_load(before)["study"]["lengths"], 48})
    changed = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith(("+", "-"))]
    assert len(changed) <= 2 * len(said)
    for line in changed:
        assert any(key in line for key in ("lengths", "batch", "chunk", "_rate", "width", "layers"))
    assert [line.partition("#")[2] for line in before.splitlines()] == [
        line.partition("#")[2] for line in after.splitlines()
    ]
    assert write_back(path, POINT) == []
    assert path.read_text() == after


def test_what_cannot_be_written_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = preset_text("default")
    aliased = text.replace("  steps: 300", "  steps: &many 300").replace("  batch: 8 ", "  batch: *many ")
    for broken, said in [
        (text.replace("  batch: 8 ", "  # "), "train.batch: unknown key"),
        (text.replace("study:", "studies:"), "study.lengths: parameter is missing"),
        (aliased, "aliases are not read"),  # another key would change with it
        (text.replace("  lengths: [2,", "  lengths: [two,"), "expected a list of numbers"),
        ("a: [", "not valid YAML"),
    ]:
        assert broken != text
        path.write_text(broken)
        with pytest.raises(Exception, match=said) as caught:
            write_back(path, POINT)
        assert len(str(caught.value).splitlines()) == 1
        assert path.read_text() == broken
    assert [each.name for each in tmp_path.iterdir()] == ["params.yaml"]
    with pytest.raises(TuneError, match="a list in brackets"):
        path.write_text(text.replace("  lengths: [2, 4, 8, 16, 32, 64, 128, 256]", "  lengths:\n  - 2\n  - 4"))
        write_back(path, POINT)


def test_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(preset_text("default").encode().replace(b"\n", b"\r\n"))
    write_back(path, POINT)
    after = path.read_bytes()
    assert after.count(b"\n") == after.count(b"\r\n") == preset_text("default").count("\n")


def test_dvc_runs_what_reads_the_values_and_no_more(tmp_path: Path) -> None:
    stages = """
stages:
  dataset: {cmd: 'true', params: [dataset]}
  rates: {cmd: 'true', params: [train.optimiser.matrix_rate]}
  train: {matrix: {length: '${study.lengths}'}, cmd: 'true', params: [model, train, study.name]}
  fit: {cmd: 'true', params: [fit, study.lengths]}
"""
    (tmp_path / "dvc.yaml").write_text(stages)
    path = tmp_path / "params.yaml"
    write_preset("default", path)
    dvc(tmp_path, "init", "--no-scm", "--quiet")
    dvc(tmp_path, "repro", "--quiet")
    document = parameters.read(path)
    lengths = document["study"]["lengths"]
    names = ["dataset", "rates", *(f"train@{length}" for length in lengths), "fit"]
    assert stale(tmp_path, names) == {}
    optimiser = document["train"]["optimiser"]
    point = {
        "length": lengths[0],
        "batch": 2 * document["train"]["batch"],
        "chunk": document["train"]["chunk"],
        "matrix_rate": optimiser["matrix_rate"],
        "other_rate": optimiser["other_rate"],
        "width": document["model"]["width"],
        "layers": document["model"]["layers"],
    }
    assert write_back(path, point) == [f"train.batch: {document['train']['batch']} -> {point['batch']}"]
    assert set(stale(tmp_path, names)) == {f"train@{length}" for length in lengths}
    assert write_back(path, {**point, "length": 3}) == ["study.lengths: 3 is added"]
    assert {"fit", "train@3"} <= set(stale(tmp_path, [*names, "train@3"]))
    assert not {"dataset", "rates"} & set(stale(tmp_path, names))


def test_the_pipeline_reads_each_value_in_training() -> None:
    """What is written back is what the real train stages depend on, and no stage before them."""
    pipeline = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    for key in changes(POINT):
        readers = {
            name
            for name, stage in pipeline.items()
            if any(key == read or key.startswith(f"{read}.") for read in stage.get("params", []))
        }
        assert "train" in readers
        assert not readers & {"clone", "render", "tokenize", "dataset"}
