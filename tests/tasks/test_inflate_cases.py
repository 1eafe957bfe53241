"""Cases from histories that real git made: every state by its diffs, drawn by seed, within bounds."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.errors import RcfamError
from rcfam.history import Repository, patch
from rcfam.tasks.inflate import (
    Chain,
    InflateParams,
    chains_of,
    do_nothing,
    git_apply,
    load,
    make,
    sample,
    table,
    write,
)
from tests.support.oracles.git import Git

SMALL = InflateParams(patches=(0, 1, 3), cases=5, min_bytes=1, max_bytes=2_000)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path / "repository")


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def pool(git: Git, params: InflateParams = SMALL) -> list[Chain]:
    return chains_of(Repository(git.folder), "r", params)


def shown(git: Git, what: str) -> str:
    """An object as real git has it."""
    return subprocess.run(["git", "show", what], cwd=git.folder, capture_output=True, check=True).stdout.decode()


def states(chain: Chain) -> list[bytes]:
    return [chain.read(version.oid) for version in chain.versions]


def test_a_chain_ends_where_the_file_does(git: Git) -> None:
    git.commit("born", {"a": b"1\n", "other": b"o\n"})
    git.commit("grown", {"a": b"1\n2\n"})
    git.run("update-index", "--chmod=+x", "a")
    git.run("commit", "-qm", "mode alone")
    (git.folder / "a").chmod(0o755)
    git.commit("gone", {"a": None})
    git.commit("born again", {"a": b"3\n"})
    git.commit("not text", {"a": b"\0"})
    git.commit("text again", {"a": b"4\n"})
    git.commit("too large", {"a": b"5\n" * 2_000})
    git.commit("small again", {"a": b"6\n"})
    found = [(chain.path, states(chain), chain.born) for chain in pool(git)]
    assert found == [
        ("a", [b"1\n", b"1\n2\n"], True),
        ("a", [b"3\n"], True),
        ("a", [b"4\n"], False),
        ("a", [b"6\n"], False),
        ("other", [b"o\n"], True),
    ]
    born = sample(pool(git), replace(SMALL, patches=(0,), start="birth", cases=9))
    assert sorted(case.truth for case in born) == ["1\n", "3\n", "o\n"]


def test_a_renamed_file_begins_anew_and_links_are_no_files(git: Git) -> None:
    long = text(*(f"line {i} that makes it known again" for i in range(20)))
    git.commit("born", {"a": long})
    git.commit("moved", {"a": None, "b": long + b"x\n"})
    git.commit("grown", {"b": long + b"x\ny\n"})
    (git.folder / "b").unlink()
    (git.folder / "b").symlink_to("a")
    git.commit("now a link")
    found = {chain.path: states(chain) for chain in pool(git)}
    assert found == {"a": [long], "b": [long + b"x\n", long + b"x\ny\n"]}


@pytest.mark.parametrize("data", [bytes(range(256)) * 9, b"\xe9t\xe9\n" * 30, b"a" * 30_000 + b"\n", b"line\n" * 999])
def test_what_is_no_text_within_the_bounds_gives_no_case_where_it_is_moved_either(git: Git, data: bytes) -> None:
    git.commit("born", {"a": data, "c": b"1\n"})
    git.commit("moved", {"a": None, "b": data})
    git.commit("copied", {"b": data + b"x", "d": data})
    assert [chain.path for chain in pool(git)] == ["c"]


def test_only_changes_along_first_parents_are_steps(git: Git) -> None:
    git.commit("1", {"a": b"1\n"})
    git.run("checkout", "-qb", "side")
    git.commit("2", {"a": b"1\n2\n"})
    git.commit("3", {"a": b"1\n2\n3\n"})
    git.run("checkout", "-q", "main")
    git.run("merge", "-q", "--no-ff", "-m", "merged", "side")
    git.run("update-index", "--add", "--cacheinfo", "160000", "1" * 40, "module")
    git.run("commit", "-qm", "a submodule")
    assert [(chain.path, states(chain)) for chain in pool(git)] == [("a", [b"1\n", b"1\n2\n3\n"])]


def test_odd_names_and_states_come_back(git: Git) -> None:
    first = {'a b"c/é\\.py': b"1", "-x": b"\r\r\n", "dev/null": b"x\n", "e": b""}
    git.commit("1", first)
    git.commit("2", {'a b"c/é\\.py': b"1\n", "-x": "\r\u2028\x0b\x85".encode(), "dev/null": b"y", "e": b"e"})
    cases = sample(pool(git), SMALL)
    assert {case.path for case in cases if case.n == 1} == {*first} - {"e"}  # empty is below the least size
    for case in cases:
        assert case.truth == shown(git, f"{case.last.commit}:{case.path}")
        assert all(git_apply(case, context) == case.truth for context in (3, 1, 0))


def test_only_files_asked_for(git: Git) -> None:
    git.commit("born", {"a.py": b"1\n", "a.md": b"1\n", "src/b.py": b"1\n"})
    assert [chain.path for chain in pool(git, replace(SMALL, paths=("*.py",)))] == ["a.py", "src/b.py"]


def test_a_case_tells_every_step(git: Git) -> None:
    lines = [f"line {i}" for i in range(12)]
    git.commit("1", {"a": text(*lines)})
    lines[6] = "six"
    git.commit("2", {"a": text(*lines)})
    git.commit("3", {"a": text(*lines, "end")})
    case = make(pool(git)[0], 0, 2, SMALL)
    assert case is not None and case.n == 2
    assert case.initial == text(*[f"line {i}" for i in range(12)]).decode() and do_nothing(case, 3) == case.initial
    assert case.truth == text(*lines, "end").decode()
    assert {context: len(patches) for context, patches in case.patches.items()} == {3: 3, 1: 3, 0: 3}
    assert "--- /dev/null" in case.patches[0][0] and "+line 11" in case.patches[0][0]
    assert case.patches[0][1].endswith("@@ -7 +7 @@ line 5\n-line 6\n+six\n")
    assert case.patches[1][1].endswith("@@ -6,3 +6,3 @@ line 4\n line 5\n-line 6\n+six\n line 7\n")
    assert case.last.time > case.first.time and case.last.commit == git.run("rev-parse", "HEAD")


def history(git: Git, commits: int = 8) -> None:
    for i in range(commits):
        files: dict[str, bytes | None] = {f"f{k}": text(*map(str, range(k + i + 1))) for k in range(3)}
        git.commit(str(i), files)


def test_cases_are_drawn_by_seed_and_all_different(git: Git) -> None:
    history(git)
    params = replace(SMALL, cases=12)
    cases = sample(pool(git), params)
    assert [case.n for case in cases] == [0] * 12 + [1] * 12 + [3] * 12
    assert len({case.id for case in cases}) == 36
    assert {case.path for case in cases[:3]} == {"f0", "f1", "f2"}  # files take turns
    assert sample(pool(git), params) == cases
    assert sample(pool(git), replace(params, seed=1)) != cases
    assert sample(pool(git), replace(params, patches=(3,))) == cases[24:]


def test_fewer_cases_where_the_history_has_no_more(git: Git) -> None:
    history(git, commits=3)
    cases = sample(pool(git), replace(SMALL, cases=100))
    assert [sum(case.n == n for case in cases) for n in (0, 1, 3)] == [9, 6, 0]
    born = sample(pool(git), replace(SMALL, cases=100, start="birth"))
    assert [sum(case.n == n for case in born) for n in (0, 1, 3)] == [3, 3, 0]
    assert {case.first.commit for case in born} == {git.run("rev-list", "--max-parents=0", "HEAD")}


def test_sizes_are_bounded(git: Git) -> None:
    history(git)
    large = sample(pool(git), replace(SMALL, min_bytes=13, patches=(1,), cases=100))
    assert large and all(len(case.initial) >= 13 for case in large)
    assert not sample(pool(git), replace(SMALL, max_patch_bytes=50))


def test_the_table_keeps_everything(git: Git, tmp_path: Path) -> None:
    git.commit("1", {"a b.py": "é\r\nno end".encode()})
    git.commit("2", {"a b.py": "é\r\nno end\n\x0c\u2028x".encode()})
    cases = sample(pool(git), SMALL)
    write(tmp_path / "cases.parquet", cases)
    assert load(tmp_path / "cases.parquet") == cases
    kept = table(cases)
    assert kept["last_time"].max().year == 2026  # type: ignore[union-attr]
    assert {"u3", "u1", "u0"} <= set(kept.columns)


def test_no_table_of_cases(tmp_path: Path) -> None:
    for data in (None, b"", b"PAR1 and nonsense"):
        path = tmp_path / "cases.parquet"
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(RcfamError, match=r"cases\.parquet"):
            load(path)


@pytest.mark.parametrize(
    "wrong",
    [{"patches": ()}, {"patches": (1, 1)}, {"contexts": (-1,)}, {"cases": 0}, {"min_bytes": 0}, {"max_bytes": 1}],
)
def test_params_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).replace("max", "m..")):
        InflateParams(**wrong)  # type: ignore[arg-type]


LINES = st.lists(st.sampled_from(["", "a", "b", "def f():", "\tx\r", "é" * 30, "}"]), max_size=14)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda pair: ("\n".join(pair[0]) + "\n" * pair[1]).encode())


@settings(max_examples=25, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([0, 1, 3]))
def test_diffs_are_those_that_git_prints(tmp_path_factory: pytest.TempPathFactory, a: bytes, b: bytes, u: int) -> None:
    if a == b:
        return
    folder = tmp_path_factory.mktemp("diff")
    for name, data in (("a", a), ("b", b)):
        (folder / name).mkdir()
        (folder / name / "f").write_bytes(data)
    command = [
        "git",
        "diff",
        "--no-index",
        f"-U{u}",
        "--no-color",
        "--no-prefix",
        "--inter-hunk-context=0",
        "a/f",
        "b/f",
    ]
    theirs = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout
    ours = patch(a, b, "f", u).encode()
    assert _body(ours) == _body(theirs.decode("utf-8", "replace").encode())


def _body(diff: bytes) -> list[bytes]:
    return [line for line in diff.split(b"\n") if not line.startswith((b"---", b"+++", b"diff"))]
