"""Contestants without a model: git apply is always right, the shortcut is right as long as contexts tell the place."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.history import Repository, patch
from rcfam.tasks.inflate import Case, InflateError, InflateParams, Version, chains_of, git_apply, latest_shown, sample
from rcfam.tasks.inflate.offline import RefusedError, hunks_shown

NOWHEN = Version("0" * 40, "0" * 40, 0)
CONTEXTS = (3, 1, 0)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def case_of(*states: str, path: str = "f.py") -> Case:
    """A case from the states of a file."""
    data = [state.encode() for state in states]
    steps = list(zip([None, *data[:-1]], data, strict=True))
    patches = {context: tuple(patch(old, new, path, context) for old, new in steps) for context in CONTEXTS}
    return Case("c", "r", path, NOWHEN, NOWHEN, states[0], states[-1], patches)


def text(*lines: object) -> str:
    return "".join(f"{line}\n" for line in lines)


def right(case: Case) -> dict[int, bool]:
    """For each size of context whether the shortcut is right."""
    return {context: latest_shown(case, context) == case.truth for context in CONTEXTS}


@needs_git
@pytest.mark.parametrize("path", ["a", "dir/a b", 'q"uote', "tab\tin", "ünicode/\\", ".gitattributes", "-x", "a\nb"])
@pytest.mark.parametrize("context", CONTEXTS)
def test_git_apply_is_right(path: str, context: int) -> None:
    case = case_of("a\r\n b\nc", "a\r\n b\nc\n", "x\n  \na\r\n\n\tb \n", "", "\x0c\u2028é\n\ufeffz", path=path)
    assert git_apply(case, context) == case.truth


@needs_git
def test_git_apply_looks_at_nothing_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[apply]\n\twhitespace = fix\n[core]\n\tautocrlf = true\n")
    for name, value in (("HOME", home), ("GIT_DIR", tmp_path / "none"), ("GIT_WORK_TREE", tmp_path)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    os.system(f"unset GIT_DIR GIT_WORK_TREE; git init -q {tmp_path}")
    (tmp_path / ".gitattributes").write_text("* text eol=crlf\n")
    case = case_of("a  \nb\r\n", "a  \nb\r\nc\t\n")
    assert git_apply(case, 3) == case.truth
    assert not (tmp_path / "f.py").exists()


@needs_git
def test_git_apply_refuses_what_does_not_fit() -> None:
    case = case_of(text(1, 2, 3), text(1, 2, 4))
    broken = Case(
        "c", "r", "f.py", NOWHEN, NOWHEN, "", "", {3: (case.patches[3][0].replace("+2", "+x"), *case.patches[3][1:])}
    )
    with pytest.raises(RefusedError, match="case c, U3"):
        git_apply(broken, 3)
    outside = Case("c", "r", "../f", NOWHEN, NOWHEN, "", "", {3: (patch(None, b"1\n", "../f", 3),)})
    with pytest.raises(RefusedError):
        git_apply(outside, 3)


def test_git_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InflateError, match="not installed"):
        git_apply(case_of("a\n", "b\n"), 3)


def test_hunks_are_read_as_they_are_written() -> None:
    case = case_of("a\nb\n--- c\nd", "a\nB\n--- c\nd\n")
    [birth] = hunks_shown(case.patches[3][:1])
    assert birth.new == ("a\n", "b\n", "--- c\n", "d") and birth.old == () and birth.lead == birth.trail == 0
    [one] = hunks_shown(case.patches[3][1:])
    assert one.old == ("a\n", "b\n", "--- c\n", "d") and one.new == ("a\n", "B\n", "--- c\n", "d\n")
    assert (one.start, one.lead, one.trail) == (0, 1, 0)
    first, second = hunks_shown(case.patches[0][1:])
    assert (first.start, first.old, first.new) == (1, ("b\n",), ("B\n",))
    assert (second.start, second.old, second.new) == (3, ("d",), ("d\n",))


def test_nothing_to_follow_is_a_copy() -> None:
    assert right(case_of(text(*range(9)))) == {3: True, 1: True, 0: True}


LINES = st.lists(st.integers(0, 40), unique=True, max_size=30)


@settings(max_examples=200, deadline=None)
@given(LINES.filter(bool), LINES, st.booleans())
def test_one_step_between_lines_that_are_all_different_is_followed(old: list[int], new: list[int], end: bool) -> None:
    case = case_of(text(*old), text(*new).removesuffix("" if end else "\n"))
    assert right(case) == {3: True, 1: True, 0: True}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from("ab}"), min_size=1, max_size=12), min_size=2, max_size=6))
def test_the_shortcut_comes_to_an_end(states: list[list[str]]) -> None:
    case = case_of(*(text(*state) for state in states))
    longest = sum(len(hunk.new) for hunk in hunks_shown(case.patches[3]))
    for context in CONTEXTS:
        assert latest_shown(case, context).count("\n") <= longest


def test_steps_far_apart_are_followed_where_a_context_tells_the_place() -> None:
    lines: list[object] = [f"line {i}" for i in range(40)]
    states = [text(*lines)]
    for at in (30, 20, 10):  # upwards: every step moves the places of those before it
        lines[at] = f"new {at}\nand more"
        states.append(text(*lines))
    assert right(case_of(*states)) == {3: True, 1: True, 0: False}


def test_the_latest_of_steps_at_one_place_wins() -> None:
    lines: list[object] = [f"line {i}" for i in range(20)]
    states = [text(*lines)]
    for value in "xyz":
        lines[9] = value
        states.append(text(*lines))
    assert right(case_of(*states)) == {3: True, 1: True, 0: True}


def test_lines_that_repeat_mislead_a_short_context() -> None:
    block = ["{", "}"]
    lines: list[object] = [*block * 3, "a", *block * 3, "b", *block * 3]
    states = [text(*lines), text(*lines[:7], "new", *lines[7:])]
    states.append(text("top", "top 2", "top 3", "top 4", states[-1].removesuffix("\n")))
    shown = right(case_of(*states))
    assert shown[3] and not shown[0]


@pytest.mark.parametrize(
    ("context", "states"),
    [
        *((1, "dada Xada a"), (3, "abaaaa YYaaaa aaa")),  # of two diffs that could go on the later one does
        *((1, "bbba bb"), (3, "aaaa aaaaZ")),  # its context comes again further down, nearer to its line number
        *((1, "bbaa a"), (3, "bbaaaa baaa")),  # so does the context behind it
        *((1, "abfb Yb YXfb"), (3, "aaaabbbb aaaZXbbb aaaZbbb")),  # it goes on in the latest diff that has that context
    ],
)
def test_places_that_look_alike_are_told_apart(context: int, states: str) -> None:
    case = case_of(*(text(*state) for state in states.split()))
    assert latest_shown(case, context) == case.truth


def test_a_state_that_two_steps_make_together_is_lost() -> None:
    """The second diff shows the region as it was between them; what the first one did below is not in it."""
    before = [f"line {i}" for i in range(12)]
    first = [*before[:4], "new 4", "new 5", "new 6", "new 7", *before[8:]]
    second = [*before[:3], *first[4:]]
    states = [text(*before), text(*first), text(*second)]
    assert right(case_of(*states))[0] is False


@needs_git
def test_git_apply_is_right_on_this_history() -> None:
    root = Path(__file__).parents[2]
    params = InflateParams(cases=10)
    cases = sample(chains_of(Repository(root), "here", params), params)
    assert len(cases) >= 30
    for case in cases:
        for context in CONTEXTS:
            assert git_apply(case, context) == case.truth
