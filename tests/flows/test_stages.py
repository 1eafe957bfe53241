"""DVC's graph as the flows read it: order, targets, what is stale, output of a stage."""

import io
import threading
import time
from pathlib import Path

import pytest

from flows import scaling
from flows.law import markdown, read_markdown
from flows.stage_run import PROGRESS_EVERY_S, Children, lines
from flows.stages import Graph, StagesError, heal, read_graph, stale
from tests.support import flows_toy


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy project in which everything has run."""
    folder = flows_toy.make(tmp_path_factory.mktemp("made"))
    flows_toy.dvc(folder, "repro", "--quiet")
    return folder


def test_graph_is_dvcs_in_order_from_any_working_directory(made: Path) -> None:
    graph = read_graph(made)
    assert list(graph.needs) == flows_toy.EVERYTHING
    assert graph.needs["fit"] == ("train@2", "train@4")
    assert graph.needs["train@4"] == ("prepare",)


def test_a_target_brings_what_it_needs_and_a_group_its_members(made: Path) -> None:
    assert list(read_graph(made, ["train@4"]).needs) == ["prepare", "train@4"]
    assert list(read_graph(made, ["train"]).needs) == ["prepare", "train@2", "train@4"]


def test_bad_projects_and_targets_give_one_line(made: Path, tmp_path: Path) -> None:
    with pytest.raises(StagesError, match=r"^no stage 'trian' in .*; there are: prepare, train@2, train@4, fit$"):
        read_graph(made, ["trian"])
    with pytest.raises(StagesError, match="not inside of a DVC repository"):
        read_graph(tmp_path)
    broken = flows_toy.make(tmp_path / "broken")
    (broken / "dvc.yaml").write_text("stages: [")
    with pytest.raises(StagesError) as failure:
        read_graph(broken)
    assert "\n" not in str(failure.value)


def test_order_puts_every_stage_after_its_needs() -> None:
    needs: dict[str, tuple[str, ...]] = {"a": (), "b": ("a",), "c": ("b",)}
    assert Graph(needs).upstream(["c"]) == ["a", "b", "c"]
    assert Graph(needs).upstream(["b", "a"]) == ["a", "b"]


def test_stale_says_why(made: Path) -> None:
    assert stale(made, flows_toy.EVERYTHING) == {}
    assert stale(made, []) == {}
    words = (made / "words.txt").read_text()
    try:
        (made / "words.txt").write_text("other\n")
        assert stale(made, flows_toy.EVERYTHING) == {"prepare": "changed deps: words.txt (modified)"}
        assert stale(made, ["fit"]) == {}
    finally:
        (made / "words.txt").write_text(words)


def test_a_half_written_lock_file_is_removed_and_a_good_one_kept(tmp_path: Path) -> None:
    assert not heal(tmp_path)
    lock = tmp_path / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text('{"read": {}}')
    assert not heal(tmp_path)
    lock.write_text("")
    assert heal(tmp_path)
    assert not lock.exists()


def test_a_stage_runs_is_unchanged_is_forced_fails_or_is_restored(made: Path, tmp_path: Path) -> None:
    project = flows_toy.make(tmp_path / "project")
    children, log = Children(), []
    assert children.run_stage("prepare", project, False, log.append).result == "ran"
    assert "Running stage 'prepare':" in log
    assert children.run_stage("prepare", project, False, log.append).result == "unchanged"
    assert children.run_stage("prepare", project, True, log.append).result == "ran"
    (project / "data/words.txt").unlink()
    (project / "dvc.lock").unlink()
    assert children.run_stage("prepare", project, False, log.append).result == "restored"
    (project / "train.sh").write_text("echo 'error: no such length: 2' >&2; exit 3\n")
    failed = children.run_stage("train@2", project, False, log.append)
    assert (failed.result, failed.failure) == ("failed", "stage 'train@2' failed: error: no such length: 2")


def test_stopped_children_end_at_once_and_no_more_are_started(tmp_path: Path) -> None:
    project = flows_toy.make(tmp_path / "project")
    (project / "dvc.yaml").write_text("stages: {slow: {cmd: 'echo $$ > pid; sleep 60; true', outs: [never]}}")
    children = Children()
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(children.run_stage("slow", project, False, lambda line: None))
    )
    thread.start()
    pid = flows_toy.wait_for(lambda: flows_toy.read_pid(project / "pid"))
    started = time.monotonic()
    children.stop()
    thread.join()
    assert time.monotonic() - started < 5
    assert not flows_toy.alive(pid)
    assert outcomes[0].failure == "stage 'slow' was stopped"
    assert children.run_stage("slow", project, False, lambda line: None).result == "stopped"
    assert stale(project, ["slow"])  # and DVC's locks are usable


def test_output_is_clean_of_colours_and_what_was_written_over() -> None:
    output = b"\x1b[31mred\x1b[0m\r\n\n  indented\n 10%|#\r 50%|##\r100%|####\r\nlast without end"
    assert list(lines(io.BytesIO(output))) == ["red", "  indented", "100%|####", "last without end"]


def test_a_moving_bar_is_told_now_and_then() -> None:
    class Bar(io.BytesIO):
        """Gives one redraw a read."""

        def read1(self, size: int | None = -1) -> bytes:
            return self.read(5)

    ticks = iter(range(1000))
    bar = Bar(b"".join(b"\r%3d%%" % n for n in range(100)) + b"\ndone\n")
    told = list(lines(bar, clock=lambda: float(next(ticks))))
    assert told[-2:] == [" 99%", "done"]
    assert 100 // (PROGRESS_EVERY_S + 2) <= len(told) <= 100 // PROGRESS_EVERY_S + 3


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ({"pure": {"alpha": 0.31549, "interval": [0.26, 0.369]}}, ["| pure · alpha | 0.3155 |", "| 0.26, 0.369 |"]),
        ({"alpha": 0.3, "alpha_low": 0.2, "alpha_high": 0.4}, ["| alpha | 0.3 (0.2 to 0.4) |"]),
        (
            {"over_points_low": 0.2, "over_points_high": 0.4},
            ["| over_points_low | 0.2 |", "| over_points_high | 0.4 |"],
        ),
        ({"laws": [{"name": "a|b"}, {"name": None}]}, ["| laws · 1 · name | a\\|b |"]),
        ({"floor": 0.3, "floor_low": None, "floor_high": None}, ["| floor | 0.3 |"]),
        ({}, ["Nothing was fitted."]),
    ],
)
def test_any_law_document_becomes_a_table(document: object, rows: list[str]) -> None:
    text = markdown(document)
    assert all(row in text for row in rows)
    assert "| - |" not in text and "None" not in text


def test_a_missing_law_is_none_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    assert read_markdown(tmp_path) is None
    (tmp_path / "data/law").mkdir(parents=True)
    for damaged in ("{", '{"alpha": NaN}', "[" * 100_000):
        (tmp_path / "data/law/law.json").write_text(damaged)
        assert "cannot be read" in (read_markdown(tmp_path) or "")


@pytest.mark.parametrize(
    "damaged", ["{", "[]", "{}", '{"answer": 1, "finished": 1, "planned": 1, "says": []}', "[" * 9999]
)
def test_a_damaged_summary_of_a_study_is_said_in_its_line(damaged: str, tmp_path: Path) -> None:
    assert scaling.line(tmp_path).endswith("no summary")
    (tmp_path / "summary.json").write_text(damaged)
    assert f"no summary: {tmp_path / 'summary.json'}" in scaling.line(tmp_path)
    (tmp_path / "summary.json").write_text('{"answer": "yes", "finished": 1, "planned": 2, "says": ["so"], "more": 1}')
    assert scaling.line(tmp_path).split()[1:] == ["yes", "1/2", "runs", "so"]
