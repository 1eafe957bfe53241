"""`rcfam task inflate` from the outside: tables, figure, a model behind a real local server, interrupts, the key."""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError
from tests.support.completions_server import Reply, Request, completion, failure, serving
from tests.support.oracles.git import Git

pytest.importorskip("openai")
pytest.importorskip("tree_sitter")

KEY = "sk-secret-0123456789abcdef"
RUN = [sys.executable, "-c", "from rcfam.cli import main; main()", "task", "inflate"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git = Git(tmp_path / "history")
    for i in range(4):
        git.commit(str(i), {"a.py": "".join(f"x{k} = {k}\n" for k in range(i + 3)).encode()})
    return git.folder


def environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "JUDGE_"))}
    kept |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**kept, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}


@dataclass
class Done:
    """How a run of the verb went; `error` is what `main` prints in one line."""

    code: int
    stdout: str
    error: str


def run(*arguments: object, url: str | None = None, **more: str) -> Done:
    """Run the verb in this process."""
    settings = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY} if url else {}
    cleared = dict.fromkeys(("OPENAI_BASE_URL", "OPENAI_API_KEY", "JUDGE_BASE_URL", "JUDGE_API_KEY"))
    around = {**cleared, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **settings, **more}
    done = CliRunner().invoke(app, ["task", "inflate", *map(str, arguments)], env=around)
    if done.exception is not None and not isinstance(done.exception, RcfamError):
        raise done.exception
    return Done(done.exit_code, done.stdout, str(done.exception))


def small(repository: Path, out: Path) -> list[object]:
    return [repository, "-o", out, "--patches", "0,1", "--cases", 2, "--min-bytes", 1]


def from_diffs(request: Request, number: int) -> Reply:
    """A model that adds all lines which a diff adds; right here, where every step appends."""
    lines = request.body["messages"][1]["content"].split("\n")
    added = [line[1:] + "\n" for line in lines if line.startswith("+") and not line.startswith("+++")]
    return completion("<file>\n" + "".join(added) + "</file>")


def test_offline(repository: Path, tmp_path: Path) -> None:
    done = run(*small(repository, tmp_path / "out"))
    assert done.code == 0, done.error
    assert "4 cases: 2 of N = 0, 2 of N = 1" in done.stdout and "commits of 2026-01-0" in done.stdout
    table = pl.read_parquet(tmp_path / "out" / "accuracy.parquet")
    shares = table.filter(judge="exact").group_by("contestant").agg(pl.col("accuracy").mean())
    assert dict(shares.iter_rows()) == {"git apply": 1.0, "latest diff": 1.0, "no-op": 0.5}
    assert (tmp_path / "out" / "accuracy.svg").exists() and (tmp_path / "out" / "accuracy.png").exists()
    again = run("-o", tmp_path / "out")  # the cases that are there
    assert again.code == 0 and "4 cases" in again.stdout


def test_a_model_and_a_judge(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prices = ["--price-in", 1000, "--price-out", 2000]
    with serving(from_diffs) as server:
        asked = [*small(repository, out), "--model", "a/b", "--judge", "j", *prices]
        first = run(*asked, url=server.url)
        assert first.code == 0, first.error
        count = len(server.requests)
        again = run(*asked, url=server.url)
        assert len(server.requests) == count == 8  # at N = 0 all contexts ask the same; a rerun is free
    assert "a/b: 8 new answers, 88 tokens asked" in first.stdout
    assert "a/b: 0 new answers, 0 tokens asked, 0 answered, cost 0.0000" in again.stdout
    tokens = int(re.search(r"asked, (\d+) answered", first.stdout)[1])  # type: ignore[index]
    assert f"cost {(88 * 1000 + tokens * 2000) / 1e6:.4f}" in first.stdout
    table = pl.read_parquet(out / "accuracy.parquet").filter(contestant="a/b")
    whole = table.filter(judge="exact").select(pl.col("input_tokens", "output_tokens", "cost").sum()).row(0)
    assert whole[0] == 11 * 12 and whole[2] == pytest.approx((whole[0] * 1000 + whole[1] * 2000) / 1e6)
    for done in (first, again):  # what all answers took is told again where nothing was asked
        assert re.search(rf"a/b +12 +{whole[0]} +{whole[1]} +{whole[1] / 12:.0f} +{whole[2]:.4f}\n", done.stdout)
    assert not re.search(r"git apply +12 +0", again.stdout)
    assert table["judge"].unique().sort().to_list() == ["exact", "model", "tree"]
    assert table["accuracy"].to_list() == [1.0] * table.height
    for path in out.rglob("*"):
        assert KEY not in str(path) and (path.is_dir() or KEY.encode() not in path.read_bytes())
    assert KEY not in first.stdout + again.stdout


def test_each_model_has_its_price(repository: Path, tmp_path: Path) -> None:
    prices = ["--price-in", 1000, "--price-in", 3000, "--price-out", 0]
    with serving(from_diffs) as server:
        asked = [*small(repository, tmp_path / "out"), "--model", "m", "--model", "n"]
        done = run(*asked, *prices, url=server.url)
        assert done.code == 0, done.error
        wrong = run(*asked, "--model", "o", *prices, url=server.url)
        assert wrong.code == 1 and "--price-in stands 2 times: expected once, or 3 times" in wrong.error
        unpriced = run(*asked, url=server.url)
    assert re.findall(r"cost (\S+)\n", done.stdout) == ["0.0880", "0.2640"]
    table = pl.read_parquet(tmp_path / "out" / "accuracy.parquet")
    assert unpriced.code == 0 and table["cost"].null_count() == table.height


def test_results_of_an_older_version_and_damaged_ones_are_left_out(repository: Path, tmp_path: Path) -> None:
    run(*small(repository, tmp_path / "out"))
    old = pl.read_parquet(tmp_path / "out" / "results" / "no-op*.parquet").drop("cost")
    old.write_parquet(tmp_path / "out" / "results" / "old.parquet")
    (tmp_path / "out" / "results" / "broken.parquet").write_bytes(b"PAR1 and nonsense")
    done = run("-o", tmp_path / "out")
    assert done.code == 0, done.error
    for name in ("old", "broken"):
        assert f"{name}.parquet is of other cases, of an older version or damaged" in done.stdout


def test_a_refused_key_is_one_line_without_it(repository: Path, tmp_path: Path) -> None:
    with serving(lambda request, number: failure(401, f"Incorrect API key provided: {request.key}")) as server:
        command = [*RUN, *map(str, small(repository, tmp_path / "out")), "--model", "m"]
        around = {**environment(server.url), "OPENAI_LOG": "debug"}
        done = subprocess.run(command, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert KEY not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("rcfam: m: 127.0.0.1 answers 401")


def test_the_key_of_one_address_goes_to_no_other(repository: Path, tmp_path: Path) -> None:
    with serving(from_diffs) as server, serving(lambda request, number: completion("DIFFERENT")) as other:
        asked = [*small(repository, tmp_path / "out"), "--model", "m", "--judge", "j"]
        refused = run(*asked, url=server.url, JUDGE_BASE_URL=other.url)
        assert refused.code == 1 and "JUDGE_API_KEY is not set" in refused.error
        wrong = lambda request, number: completion("nothing")  # noqa: E731
        with serving(wrong) as bad:
            done = run(*asked, url=bad.url, JUDGE_BASE_URL=other.url, JUDGE_API_KEY="another-key")
        assert done.code == 0, done.error
        assert {request.key for request in other.requests} == {"another-key"}
        assert f"j as its judge: {len(other.requests)} new answers, {11 * len(other.requests)} tokens" in done.stdout


def test_an_interrupt_loses_nothing_that_was_answered(repository: Path, tmp_path: Path) -> None:
    hold, held = threading.Event(), threading.Event()

    def answer(request: Request, number: int) -> Reply:
        if number >= 5 and not hold.is_set():
            held.set()
            hold.wait(60)
        return from_diffs(request, number)

    asked = [*small(repository, tmp_path / "out"), "--model", "m", "--concurrency", "1"]
    with serving(answer) as server:
        command = [*RUN, *map(str, asked)]
        process = subprocess.Popen(command, env=environment(server.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert held.wait(120)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130 and b"Traceback" not in said
        hold.set()
        assert len(list((tmp_path / "out" / "answers").rglob("*.json"))) == 5
        done = run(*asked, url=server.url)
        assert done.code == 0 and "m: 3 new answers" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--patches", "a"], "inflate.patches[0]: expected int, found 'a'"),
        (["--patches", "1,1"], "inflate.patches"),
        (["--cases", "0"], "inflate.cases"),
        (["--body", "[1]"], "--body"),
        (["--body", "{"], "--body"),
        (["--model", "m"], "OPENAI_API_KEY is not set"),
        (["--judge", "j"], "--judge j"),
        (["--price-in", "1"], "--price-out stands 0 times"),
        (["/nowhere"], "no such repository"),
        ([], "cases.parquet"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = run(*arguments, "-o", tmp_path / "out")
    assert done.code == 1 and told in done.error and len(done.error.splitlines()) == 1


def test_no_file_has_as_many_steps(repository: Path, tmp_path: Path) -> None:
    done = run(repository, "-o", tmp_path / "out", "--patches", "9")
    assert done.code == 1 and "no file of these histories" in done.error
    assert not (tmp_path / "out").exists()


def test_results_of_other_cases_are_left_out(repository: Path, tmp_path: Path) -> None:
    with serving(from_diffs) as server:
        run(*small(repository, tmp_path / "out"), "--model", "m", url=server.url)
    done = run(repository, "-o", tmp_path / "out", "--patches", "2", "--cases", 1, "--min-bytes", 1)
    assert done.code == 0 and "m.parquet is of other cases" in done.stdout
    table = pl.read_parquet(tmp_path / "out" / "accuracy.parquet")
    assert set(table["contestant"]) == {"git apply", "latest diff", "no-op"}


def test_repositories_of_one_name_are_told_apart(repository: Path, tmp_path: Path) -> None:
    second = Git(tmp_path / "second" / "history")
    second.commit("1", {"b.py": b"y = 1\n"})
    asked = ["-o", tmp_path / "out", "--patches", "0", "--cases", 9, "--min-bytes", 1]
    done = run(repository / ".git", second.folder, *asked)
    assert done.code == 0, done.error
    names = pl.read_parquet(tmp_path / "out" / "cases.parquet")["repository"].to_list()
    assert set(names) == {f"{tmp_path.name}/history", "second/history"}
    twice = run(repository, repository / ".git", *asked)
    assert twice.code == 1 and "named twice" in twice.error
