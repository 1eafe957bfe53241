"""Verdicts and their shares: three judges, what is left out, Wilson's intervals, the figure."""

from pathlib import Path

import polars as pl
import pytest

from rcfam.report import figure
from rcfam.tasks.inflate import Attempt, Case, Endpoint, accuracy, chart, judge, try_model, try_offline, wilson
from rcfam.tasks.inflate.offline import RefusedError
from rcfam.tasks.inflate.prompts import compare, read_file, read_verdict, write_file
from tests.support.completions_server import Reply, Request, completion, failure, serving
from tests.tasks.test_inflate_offline import case_of

pytest.importorskip("openai")
pytest.importorskip("tree_sitter")

CASE = case_of("x = 1\n", "x = 1\ny = 2\n")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def tried(*answers: str | None) -> list[Attempt]:
    return [Attempt("one", CASE, 3, answer) for answer in answers]


def test_exact_and_tree(tmp_path: Path) -> None:
    found = judge(tried("x = 1\ny = 2\n", "x=1\n\ny=2", "x = 1\n", "(", None), None, tmp_path)
    assert found["exact"].to_list() == [True, False, False, False, False]
    assert found["tree"].to_list() == [True, True, False, False, False]
    assert found["model"].null_count() == 5
    assert found["parsed"].to_list() == [None, True, True, True, False]
    assert found["answer"].to_list() == [None, "x=1\n\ny=2", "x = 1\n", "(", None]


def test_what_is_left_out_counts_in_no_share(tmp_path: Path) -> None:
    rows = [*tried("x = 1\ny = 2\n", "x"), Attempt("one", CASE, 3, None, left_out="no answer")]
    found = accuracy(judge(rows, None, tmp_path))
    assert found["judge"].to_list() == ["exact", "tree"]
    assert found.select("cases", "right", "left_out", "accuracy").row(0) == (2, 1, 1, 0.5)


def test_a_model_judges_what_is_not_exact(tmp_path: Path) -> None:
    def answer(request: Request, number: int) -> Reply:
        candidate = request.body["messages"][1]["content"].partition("<candidate>\n")[2]
        words = {"same": "They are EQUIVALENT.", "other": "different", "both": "EQUIVALENT or DIFFERENT?"}
        word = candidate.partition("<")[0].strip()
        return completion(words[word]) if word in words else failure(400, "no")

    with serving(answer) as server:
        model = Endpoint("j", "none", server.url, attempts=1)
        rows = tried("x = 1\ny = 2\n", "same", "other", "both", "trouble", None)
        found = judge(rows, model, tmp_path)
        assert found["model"].to_list() == [True, True, False, None, None, False]
        assert found["told"].to_list()[3] == "the judge gave no verdict"
        assert "400" in found["told"].to_list()[4]
        assert len(server.requests) == 4


def test_a_contestant_that_gives_up_is_wrong() -> None:
    def refuses(case: Case, context: int) -> str:
        raise RefusedError("cannot")

    found = judge(try_offline("r", refuses, [CASE]), None, Path())
    assert found["exact"].to_list() == [False] * 3 and found["told"].to_list() == ["cannot"] * 3


def test_a_model_writes_the_file(tmp_path: Path) -> None:
    def answer(request: Request, number: int) -> Reply:
        diffs = request.body["messages"][1]["content"]
        if "@@ -1 +1,2 @@" in diffs:
            return completion("Here:\n<file>\nx = 1\ny = 2\n</file>")
        return completion("<file>\nx = 1", finish="length")

    with serving(answer) as server:
        rows = try_model(Endpoint("m", "none", server.url), [CASE], tmp_path)
    assert [(row.context, row.answer, row.left_out is None) for row in rows if row.left_out is None] == [
        (3, CASE.truth, True),
        (1, CASE.truth, True),
    ]
    assert rows[2].left_out == "stopped at the limit of its length"
    assert accuracy(judge(rows, None, tmp_path))["right"].sum() == 4


@pytest.mark.parametrize(
    ("answer", "file"),
    [
        ("<file>\na\n</file>", "a\n"),
        ("<file>\na</file>\n", "a"),
        ("sure <file>\r\na\n<file>\n</file>\n</file> done", "a\n<file>\n</file>\n"),
        ("<file></file>", ""),
        ("```python\na\n```", "a\n"),
        ("a\n", "a\n"),
        ("", ""),
    ],
)
def test_how_an_answer_is_read(answer: str, file: str) -> None:
    assert read_file(answer) == file


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("EQUIVALENT", True),
        ("Different.", False),
        ("", None),
        ("NOT EQUIVALENT, DIFFERENT", None),
        ("EQUIVALENTLY", None),
    ],
)
def test_how_a_verdict_is_read(said: str, verdict: bool | None) -> None:
    assert read_verdict(said) is verdict


def test_questions_hold_the_diffs_and_no_truth() -> None:
    for context in (3, 1, 0):
        asked = write_file(CASE, context)[1]["content"]
        assert all(text in asked for text in CASE.patches[context]) and CASE.truth not in asked
    assert CASE.truth in compare("f.py", CASE.truth, "candidate")[1]["content"]


@pytest.mark.parametrize(
    ("right", "cases", "low", "high"),
    [(48, 48, 0.9259, 1.0), (0, 48, 0.0, 0.0741), (24, 48, 0.3639, 0.6361), (1, 1, 0.2065, 1.0)],
)
def test_wilson(right: int, cases: int, low: float, high: float) -> None:
    """Against the closed formula."""
    z, share = 1.959964, right / cases
    middle = (share + z * z / (2 * cases)) / (1 + z * z / cases)
    half = z / (1 + z * z / cases) * (share * (1 - share) / cases + z * z / (4 * cases * cases)) ** 0.5
    assert wilson(right, cases) == pytest.approx((low, high), abs=1e-4)
    assert wilson(right, cases) == pytest.approx((middle - half, middle + half), abs=1e-4)


def test_the_figure_is_drawn(tmp_path: Path) -> None:
    table = accuracy(
        pl.concat([judge(try_offline(name, lambda case, u: "x", [CASE]), None, tmp_path) for name in "ab"])
    )
    svg, png = figure(chart(table), 0, 1.0)
    assert "share right" in svg and "U3" in svg and png.startswith(b"\x89PNG")
