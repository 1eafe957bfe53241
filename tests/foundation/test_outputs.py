"""An output folder is replaced or added to only if it is ours; nothing that is foreign is ever deleted."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcfam import atomic, outputs
from rcfam.errors import RcfamError
from rcfam.outputs import Kind, OutputError

THINGS = Kind("things", ("*.txt", "below/*.txt", "list.json"), proofs=(("list.json", ("version", "thing*")),))
WORKS = Kind("works", ("run-*/*.txt", "table.txt"))


def make(folder: Path, **files: str) -> None:
    with outputs.replacing(folder, THINGS) as fresh:
        for name, text in files.items():
            (fresh / f"{name}.txt").write_text(text)


def add(folder: Path, **files: str) -> None:
    with outputs.adding(folder, WORKS):
        for name, text in files.items():
            (folder / f"run-{name}").mkdir(exist_ok=True)
            (folder / f"run-{name}" / "a.txt").write_text(text)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_is_replaced_whole_and_says_what_it_holds(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    make(out, a="one", b="two")
    make(out, a="three")
    assert set(tree(out)) == {"a.txt", outputs.MARK}
    assert list(out.parent.iterdir()) == [out]
    mark = outputs.check(out, THINGS, hashes=True)
    assert mark is not None
    assert mark.files == {"a.txt": outputs.file_of(out / "a.txt")}


def test_the_same_output_is_the_same_bytes_wherever_it_stands(tmp_path: Path) -> None:
    for place in ("here", "there"):
        make(tmp_path / place, b="two", a="one")
    assert tree(tmp_path / "here") == tree(tmp_path / "there")


def test_a_block_that_fails_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path / "out", a="old")
    before = tree(tmp_path)
    for out in (tmp_path / "out", tmp_path / "none" / "below"):
        with pytest.raises(ZeroDivisionError), outputs.replacing(out, THINGS) as fresh:
            (fresh / "a.txt").write_text("half")
            raise ZeroDivisionError
    assert tree(tmp_path) == before
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


@pytest.mark.parametrize("files", [["thesis.tex"], ["a.txt"], ["list.json"], ["below/a.txt"], [".hidden"]])
def test_a_folder_without_our_mark_stays_as_it_is(tmp_path: Path, files: list[str]) -> None:
    mine = tmp_path / "mine"
    for name in files:
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text('{"things": 1}')
    before = tree(tmp_path)
    for kind in (THINGS, WORKS):
        with pytest.raises(OutputError, match=r"mine: not marked as (things|works) of rcfam"):
            if kind is THINGS:
                make(mine, a="new")
            else:
                add(mine)
    assert tree(tmp_path) == before


def test_a_folder_that_is_added_to_keeps_what_is_foreign_and_is_gone_if_nothing_came(tmp_path: Path) -> None:
    out = tmp_path / "out"
    add(out / "deep" / "below")
    assert not out.exists()
    add(out, a="one")
    (out / "notes.md").write_text("mine")
    (out / "run-a" / ".a.txt.99999999-0123abcd.part").touch()
    (out / ".run-c.99999999-0123abcd.part").mkdir()
    (out / ".run-c.99999999-0123abcd.part" / "a.txt").touch()
    add(out, b="two")
    assert set(tree(out)) == {"run-a/a.txt", "run-b/a.txt", "notes.md", outputs.MARK}
    assert sorted(path.name for path in out.iterdir()) == [outputs.MARK, "notes.md", "run-a", "run-b"]


def test_another_kind_of_output_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "things", a="one")
    add(tmp_path / "works", a="one")
    with pytest.raises(OutputError, match="holds things, not works"):
        add(tmp_path / "things")
    with pytest.raises(OutputError, match="holds works, not things"):
        make(tmp_path / "works", a="one")


def test_a_foreign_file_in_our_folder_is_named_and_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(out, a="one")
    (out / "notes.md").write_text("mine")
    with pytest.raises(OutputError, match=r"out: notes\.md is not what rcfam wrote there; move it away"):
        make(out, a="two")
    assert (out / "notes.md").read_text() == "mine"
    assert (out / "a.txt").read_text() == "one"


def test_a_foreign_file_that_comes_while_we_write_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(out, a="one")
    with pytest.raises(OutputError, match=r"notes\.md is not"), outputs.replacing(out, THINGS) as fresh:
        (fresh / "a.txt").write_text("two")
        (out / "notes.md").write_text("mine")
    assert set(tree(out)) == {"a.txt", "notes.md", outputs.MARK}


def test_a_folder_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "below").mkdir(parents=True)
    (out / "list.json").write_text(json.dumps({"version": 1, "things": []}))
    (out / "a.txt").write_text("old")
    make(out, b="new")
    assert set(tree(out)) == {"b.txt", outputs.MARK}


@pytest.mark.parametrize(
    "text", ["", "{}", "[" * 100_000, '{"format": "rcfam output", "version": 2, "kind": "things"}']
)
def test_a_damaged_mark_is_one_line_and_nothing_is_deleted(tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    make(out, a="one")
    (out / outputs.MARK).write_text(text)
    before = tree(out)
    for act in (lambda: make(out, a="two"), lambda: add(out), lambda: outputs.check(out, THINGS)):
        with pytest.raises(OutputError, match=r"\.rcfam\.json"):
            act()
    assert tree(out) == before


def test_places_where_no_output_may_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    for name in ("home/me", "mine/below", "repository/.git", "bare/objects", "here"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bare" / "HEAD").touch()
    (tmp_path / "link").symlink_to("mine")
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    package = Path(outputs.__file__).parent
    names = [".", "..", "", "mine/..", "mine/.", "link", "link/", "file", "file/below", "pipe", "/", "/proc", "home"]
    names += [
        "home/me",
        "repository",
        "bare",
        "here/../..",
        str(tmp_path),
        str(package),
        str(package.parent),
        "n" * 300,
    ]
    before = sorted(tmp_path.rglob("*"))
    for name in names:
        if name == "mine/.":  # the same as mine, which is empty but for a folder
            continue
        for act in (make, add):
            with pytest.raises(RcfamError):
                act(Path(name))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mount_point_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path)
    with pytest.raises(OutputError, match="a mount point"):
        make(tmp_path, a="one")


@pytest.mark.parametrize("out", ["source", "source/below", "."])
def test_inputs_are_not_written_over(tmp_path: Path, out: str) -> None:
    (tmp_path / "source" / "below").mkdir(parents=True)
    with pytest.raises(OutputError, match="overlaps the input"):
        outputs.check_place(tmp_path / out, [tmp_path / "other", tmp_path / "source"])
    outputs.check_place(tmp_path / "elsewhere", [tmp_path / "source"])


def test_the_second_process_at_one_output_is_told(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom rcfam import outputs\n"
        "from tests.foundation.test_outputs import make, THINGS\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "outputs.check(out, THINGS) if sys.argv[2] == 'read' else make(out, a='second')"
    )
    out = tmp_path / "out"
    with outputs.replacing(out, THINGS) as fresh:
        (fresh / "a.txt").write_text("first")
        for what, told in (("read", "another process is writing it"), ("write", "another process is at work here")):
            command = [sys.executable, "-c", program, str(out), what]
            other = subprocess.run(command, capture_output=True, text=True, check=False)
            assert told in other.stderr
    assert (out / "a.txt").read_text() == "first"


def test_readers_notice_what_is_missing_foreign_or_changed(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def fresh() -> None:
        make(out, a="one", b="two")
        assert outputs.check(out, THINGS, hashes=True) is not None

    fresh()
    (out / "a.txt").unlink()
    with pytest.raises(OutputError, match=r"a\.txt is missing"):
        outputs.check(out, THINGS)
    fresh()
    (out / "c.txt").touch()
    with pytest.raises(OutputError, match=r"c\.txt is not in its list"):
        outputs.check(out, THINGS)
    (out / "c.txt").unlink()
    (out / "a.txt").write_text("longer")
    with pytest.raises(OutputError, match=r"a\.txt: 6 bytes, 3 were written"):
        outputs.check(out, THINGS)
    (out / "a.txt").write_text("eno")
    outputs.check(out, THINGS)
    with pytest.raises(OutputError, match=r"a\.txt: contents differ"):
        outputs.check(out, THINGS, hashes=True)


def test_a_folder_that_was_filled_by_hand_may_be_read_unless_something_is_half_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert outputs.check(tmp_path, THINGS) is None
    (tmp_path / ".b.txt.12-0123abcd.part").touch()
    with pytest.raises(OutputError, match="half written"):
        outputs.check(tmp_path, THINGS)


def test_clearing_deletes_our_own_files_alone(tmp_path: Path) -> None:
    run = tmp_path / "run-1"
    (run / "below").mkdir(parents=True)
    (run / "a.txt").touch()
    (run / "below" / "b.txt").touch()
    with pytest.raises(OutputError, match=r"run-1: below/b\.txt is not what rcfam writes there"):
        outputs.clear(run, ["*.txt"])
    assert (run / "a.txt").exists()
    outputs.clear(run, ["*.txt", "below/*.txt"])
    assert list(run.iterdir()) == []
    outputs.clear(tmp_path / "none", ["*.txt"])


def killed(at: int, way: str, out: Path) -> bool:
    """Make `out` in a child that kills itself at system call number `at`; whether it was killed."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    calls = itertools.count(1)

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(calls) == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*arguments, **options)

        return call

    if way == "aside":
        atomic._RENAME_EXCHANGE = 1 << 20  # type: ignore[misc]  # a kernel that does not know it
    for name in ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync"):
        setattr(os, name, counted(getattr(os, name)))
    atomic.exchange = counted(atomic.exchange)
    status = 1
    try:
        make(out, a="new", c="new")
        status = 0
    finally:
        os._exit(status)


@pytest.mark.parametrize("way", ["exchange", "aside"])
def test_whatever_the_moment_of_a_kill_the_folder_is_the_old_or_the_new_and_a_rerun_sweeps(
    tmp_path: Path, way: str
) -> None:
    make(tmp_path / "wanted" / "out", a="new", c="new")
    wanted = tree(tmp_path / "wanted")
    make(tmp_path / "old" / "out", a="old", b="old")
    old = tree(tmp_path / "old")
    at, finished = 0, False
    while not finished:
        at += 1
        place = tmp_path / f"{way}-{at}"
        make(place / "out", a="old", b="old")
        finished = not killed(at, way, place / "out")
        if (place / "out").exists() or way == "exchange":
            assert tree(place / "out") in (tree(tmp_path / "old" / "out"), tree(tmp_path / "wanted" / "out"))
        with pytest.raises(ZeroDivisionError), outputs.replacing(place / "out", THINGS):
            raise ZeroDivisionError  # a rerun that fails loses nothing either
        assert tree(place) in (old, wanted)
        make(place / "out", a="new", c="new")
        assert tree(place) == wanted
        assert list(place.iterdir()) == [place / "out"]
    assert at > 15
