"""`rcfam report`: from folders to a page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.cli.provenance import provenance
from rcfam.errors import RcfamError
from rcfam.recording import Writer
from tests.support.oracles import planted, reported


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for length in (2, 8, 32, 128):
        folder = tmp_path / "data" / "runs" / f"length-{length}"
        folder.mkdir(parents=True)
        planted.table(planted.Planted(), (length,), 2, 60, draw=length).write_parquet(folder / "runs.parquet")
    (tmp_path / "data" / "evaluation").mkdir()
    reported.evaluation((2, 8, 32, 128), 2).write_parquet(tmp_path / "data" / "evaluation" / "evaluation.parquet")
    (tmp_path / "data" / "dataset").mkdir()
    reported.statistics().write_parquet(tmp_path / "data" / "dataset" / "statistics.parquet")
    return tmp_path / "data"


def test_fit_then_report_gives_a_page_and_figures(data: Path) -> None:
    assert CliRunner().invoke(app, ["fit", "data/runs", "-o", "data/law"]).exit_code == 0
    Path("dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  fit:\n    cmd: x\n    outs:\n    - path: data/law/tables\n      md5: 0a1b2c.dir\n"
    )
    result = CliRunner().invoke(app, ["report"])
    assert result.exit_code == 0, result.output
    assert "report: data/report/index.html" in result.output and "law: alpha 0." in result.output
    text = (data / "report" / "index.html").read_text()
    for words in ("0a1b2c.dir", "123,456", "Where the sources disagree", 'id="spec-evaluation"'):
        assert words in text
    for name in ("law", "steps", "wall"):
        assert (data / "report" / "figures" / f"{name}.svg").stat().st_size > 1_000
        assert (data / "report" / "figures" / f"{name}.png").stat().st_size > 1_000
    assert "{plot_divs}" in (data / "report" / "plots.html").read_text()


def test_hashes_are_of_the_lengths_of_the_study_and_not_of_the_page_itself(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    stages = ("fit", "report", "train@2", "train@256")
    told = "".join(f"  {name}:\n    outs:\n    - {{path: {name}, md5: '0'}}\n" for name in stages)
    lock.write_text(f"stages:\n{told}")
    assert list(provenance(lock, [2, 4])["hash of"]) == ["fit", "train@2"]
    assert list(provenance(lock)["hash of"]) == ["fit", "train@2", "train@256"]


def test_a_table_without_seeds_and_wall_times_is_reported(data: Path) -> None:
    planted.table(planted.Planted(), (2, 8, 32), 1, 40).select("length", "step", "loss").write_csv("table.csv")
    assert CliRunner().invoke(app, ["fit", "table.csv", "-o", "law"]).exit_code == 0
    result = CliRunner().invoke(app, ["report", "--law", "law", "--runs", "table.csv", "-o", "page"])
    assert result.exit_code == 0, result.output
    assert "holds no wall times" in Path("page/index.html").read_text()


def test_a_recording_is_replayed_from_the_commit_in_its_middle(data: Path) -> None:
    sample = reported.sample("echo one\recho two\r")
    (data / "recordings").mkdir()
    with (data / "recordings" / "x.tsr").open("wb") as file, Writer(file, 12, 60, sample.attributes_A3, {}) as writer:
        for n, key in enumerate(sample.keys_N):
            if n in (0, 9):
                writer.mark("commit", f"commit <{n}>")
            writer.append(sample.cells_NRC[n : n + 1], sample.cursors_N3[n : n + 1], key[None])
    assert CliRunner().invoke(app, ["fit", "data/runs", "-o", "data/law"]).exit_code == 0
    result = CliRunner().invoke(app, ["report"])
    assert result.exit_code == 0, result.output
    text = (data / "report" / "index.html").read_text()
    assert "x, from frame 9 of 18: commit &lt;9&gt;" in text
    replay = json.loads(text.split('id="replay">')[1].split("</script>")[0])
    assert "".join(frame["key"] for frame in replay["frames"]) == "echo two<Enter>"


def test_studies_that_stand_are_shown_and_the_paper_is_answered(data: Path) -> None:
    assert CliRunner().invoke(app, ["fit", "data/runs", "-o", "data/law"]).exit_code == 0
    place = data / "studies" / "tiny" / "critical-batch" / "summary.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(reported.study()))
    result = CliRunner().invoke(app, ["report"])
    assert result.exit_code == 0, result.output
    assert "differs from the paper: Study critical-batch, tiny" in result.output
    assert 'id="study-tiny-critical-batch"' in (data / "report" / "index.html").read_text()
    assert (data / "report" / "figures" / "study-tiny-critical-batch.svg").exists()
    place.write_text("[]")
    broken = CliRunner().invoke(app, ["report"])
    assert isinstance(broken.exception, RcfamError) and "summary.json: expected keys" in str(broken.exception)


def test_without_a_law_it_is_said(data: Path) -> None:
    result = CliRunner().invoke(app, ["report"])
    assert isinstance(result.exception, RcfamError) and "run `rcfam fit TABLE -o data/law` first" in str(
        result.exception
    )
    assert not (data / "report").exists()


def test_a_law_of_something_else_is_refused(data: Path) -> None:
    assert CliRunner().invoke(app, ["fit", "data/runs", "-o", "data/law"]).exit_code == 0
    (data / "law" / "law.json").write_text(json.dumps([1, 2]))
    result = CliRunner().invoke(app, ["report"])
    assert isinstance(result.exception, RcfamError) and "law.json: expected keys and values, found a list" in str(
        result.exception
    )


def test_the_plots_template_is_written_on_demand(data: Path) -> None:
    result = CliRunner().invoke(app, ["plots-template", "-o", "plots.html"])
    assert result.exit_code == 0 and Path("plots.html").stat().st_size > 500_000
