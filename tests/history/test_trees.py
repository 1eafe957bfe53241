"""Object ids and line differences against git itself and against slow oracles."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rcfam.history import Repository, TreeHash, blob_id, hunks, tree_id
from tests.support.oracles import git as oracle
from tests.support.oracles.git import Git

NAMES = st.sampled_from(["a", "a.b", "a-b", "a0", "ab", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def test_ids_are_gits(tmp_path: Path) -> None:
    git = Git(tmp_path / "r")
    tip = git.commit("x", {"a/b/c": b"1\n", "a.txt": b"", "a-": b"z", "a0/x": b"2\n", "dir/ä": b"3"})
    files = Repository(git.folder).tree(tip)
    assert tree_id(files) == git.run("rev-parse", "HEAD^{tree}")
    assert files["a/b/c"] == (0o100644, blob_id(b"1\n")) == (0o100644, git.run("rev-parse", "HEAD:a/b/c"))
    assert TreeHash().id() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@given(st.lists(st.tuples(PATHS, st.sampled_from([None, b"1", b"2"]), st.booleans()), max_size=30))
def test_a_tree_kept_up_to_date_equals_one_built_anew(steps: list[tuple[str, bytes | None, bool]]) -> None:
    tree, files = TreeHash(), {}
    for path, data, look in steps:
        if data is None:
            tree.remove(path)
            files.pop(path, None)
        elif not any(path.startswith(f"{p}/") or p.startswith(f"{path}/") for p in files):
            tree.set(path, 0o100644, blob_id(data))
            files[path] = (0o100644, blob_id(data))
        if look:
            assert tree.id() == oracle.tree_id(files)
    assert tree.id() == oracle.tree_id(files)


@given(
    st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n"])), st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n"]))
)
def test_hunks_turn_the_old_lines_into_the_new(old: list[str], new: list[str]) -> None:
    found = hunks("".join(old).encode(), "".join(new).encode())
    done, place = [], 0
    for hunk in found:
        assert hunk.old_start >= place
        done += old[place : hunk.old_start]
        assert len(done) == hunk.new_start
        done += new[hunk.new_start : hunk.new_stop]
        place = hunk.old_stop
    assert done + old[place:] == new
