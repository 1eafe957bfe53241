"""Whole histories through typist, terminal and codec: after each commit the files are the commit's tree."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rcfam.cli import main
from rcfam.history import HistoryError, Ledger, Repository
from rcfam.outputs import MARK
from rcfam.recording import Reader, Writer
from rcfam.rendering import RenderingError, RenderParams, record, render
from rcfam.terminal import Terminal
from rcfam.verifying import verify
from tests.support.oracles.git import Git

TEXT = b"".join(b"line %d of a text that is long enough to be known again\n" % i for i in range(30))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Every kind of change, with merges, odd names, odd ends, and things that cannot be typed."""
    folder = tmp_path_factory.mktemp("rendering")
    inner = Git(folder / "inner")
    inner.commit("inner", {"x": b"1\n"})
    git = Git(folder / "odd")
    git.run("submodule", "add", "-q", str(inner.folder), "module")
    git.commit(
        "start\n\nwith a body\nof two lines", {"a": b"1\n", "dir/b": TEXT, "tool": b"x", "-d": b"\td\n", "it's": b""}
    )
    (git.folder / "tool").chmod(0o755)
    (git.folder / "link").symlink_to("dir/b")
    git.commit("modes and links", {"crlf": b"a\r\nb\r\n", "bom": b"\xef\xbb\xbfx\n", "nul": b"\0", "latin": b"\xe9\n"})
    git.commit("", {"a": None, "crlf": b"a\r\nc", "bom": b"\xef\xbb\xbfy\n", "it's": b"\n", "latin": None})
    git.commit(
        "a directory where a file was", {"a/b/c": b"2\n", "dir/b": None, "dir/e": TEXT + b"e\n", "tool": b""}, "Bob"
    )
    git.run("checkout", "-q", "-b", "side")
    git.commit("side", {"side": "naïve 日本 e\u0301\n".encode(), "a/b/c": TEXT.replace(b"line 7", b"row seven")})
    git.run("checkout", "-q", "main")
    git.commit(
        "own", {"own": b"\x0c\x01\x1b[31m\n", "nul": b"\0\0", (b"caf\xe9").decode("utf-8", "surrogateescape"): b"1\n"}
    )
    git.run("merge", "-q", "-m", "merge", "side")
    git.run("mv", "nul", "moved.bin")
    git.run("mv", "dir", "far")
    (git.folder / "link").unlink()
    git.commit("moves", {"link": b"now a file\n", "side": None, "a/b/c": b"x" * 500 + b"\n" + TEXT})
    git.run("rm", "-q", "-r", "far", "moved.bin")
    git.run("rm", "-q", "module")
    git.commit("the end")
    return Repository(git.folder)


def rendered(repository: Repository, params: RenderParams, folder: Path) -> Reader:
    path = folder / "r.tsr"
    with path.open("wb") as file:
        done = record(repository, "HEAD", "odd", params, file)
    ledger = done.ledger
    assert done.whole and done.commits == ledger.commits
    assert ledger.rendered + sum(ledger.left_out.values()) == ledger.changes == ledger.table().height
    return Reader(path)


@pytest.mark.parametrize(
    "params",
    [
        RenderParams(),
        RenderParams(style="arrows", message="after", seed=1),
        RenderParams(rows=48, columns=160, first_parent=False, seed=2),
        RenderParams(since="2026-01-04", authors=("Ada *",), max_commits=4, seed=3),
        RenderParams(paths=("*b*", "tool"), max_file_bytes=600, seed=4),
    ],
    ids=["vim", "arrows", "every commit", "a range of one author", "some paths"],
)
def test_every_tree_is_the_commits(repository: Repository, params: RenderParams, tmp_path: Path) -> None:
    with rendered(repository, params, tmp_path) as reader:
        ids = repository.ids("HEAD", params.selection())
        commits = [mark.text.partition(" ")[0] for mark in reader.marks if mark.kind == "commit"]
        assert commits == ids
        assert [mark.kind for mark in reader.marks][-1] == "end"
        found = verify(reader, repository, frames=True)
        assert (found.commits, found.keystrokes, found.frames) == (len(ids), reader.frames, reader.frames)
        assert found.whole and found.rest == 0


def test_what_is_left_out_is_counted_with_its_reason(repository: Repository, tmp_path: Path) -> None:
    done = record(repository, "HEAD", "odd", RenderParams(), io.BytesIO())
    assert done.ledger.left_out == {"binary": 2, "submodule": 2, "not UTF-8": 1, "unprintable path": 1}


def test_a_key_that_goes_astray_is_found(repository: Repository) -> None:
    class Careless(Writer):
        """Loses the first key of a word that is typed into a file."""

        def press(self, terminal: Any, keys_K: np.ndarray) -> None:
            text = "".join(chr(key) if key < 0x110000 else "?" for key in keys_K.tolist())
            place = text.find("line 21")
            super().press(terminal, keys_K if place < 0 else np.delete(keys_K, place + 1))

    params = RenderParams()
    terminal = Terminal(params.rows, params.columns)
    with Careless(io.BytesIO(), 24, 80, np.asarray(terminal.attributes, np.uint32), {}) as writer:
        oid = repository.ids()[0]
        place = TEXT.index(b"line 21") + 1
        with pytest.raises(RenderingError, match=f"commit {oid}, dir/b: first differing byte {place}, typed b'ne 21"):
            render(repository, "HEAD", writer, terminal, params, Ledger("odd"))


def test_a_recording_that_was_stopped_is_whole_up_to_there(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "r.tsr"
    presses: list[int] = []
    with path.open("wb") as file:
        done = record(
            repository, "HEAD", "odd", RenderParams(), file, stop=lambda: presses.append(0) or len(presses) > 3
        )
    assert not done.whole and done.commits == 3
    with Reader(path) as reader:
        found = verify(reader, repository)
        assert (found.commits, found.whole) == (3, False) and reader.frames == done.keystrokes
        assert found.keystrokes + found.rest == reader.frames and found.rest > 0
        assert found.selected == len(repository.ids())


def test_a_recording_of_something_else_is_refused(repository: Repository, tmp_path: Path) -> None:
    other = Git(tmp_path / "other")
    other.commit("other", {"x": b"1\n"})
    with (
        rendered(repository, RenderParams(max_commits=2), tmp_path) as reader,
        pytest.raises(HistoryError, match="is not in"),
    ):
        verify(reader, Repository(other.folder))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    before, sys.argv = sys.argv, ["rcfam", *arguments]
    try:
        main()
        code = 0
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    return code, out, err


def test_the_verbs_from_list_to_verified_recordings(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"# repositories\nodd {repository.path}\n")
    mirrors, out = tmp_path / "mirrors", tmp_path / "recordings"
    for _ in range(2):  # the second time it updates
        code, text, _ = run(capsys, "clone", "-o", str(mirrors), "--list", str(listed))
        assert code == 0 and text.startswith("odd: ")
    manifest = json.loads((mirrors / "manifest.json").read_text())
    assert manifest["repositories"][0]["commit"] == repository.resolve()
    code, text, err = run(capsys, "render", str(mirrors), "-o", str(out), "--seed", "5", "--style", "arrows")
    assert code == 0, err
    counts = json.loads((out / "manifest.json").read_text())
    assert counts["repositories"][0]["keystrokes"] == counts["totals"]["keystrokes"] > 1000
    assert sorted(path.name for path in out.iterdir()) == [MARK, "ledger.parquet", "manifest.json", "odd.tsr"]
    code, text, _ = run(capsys, "verify", str(out / "odd.tsr"), "--repo", str(mirrors / "odd.git"), "--frames")
    assert code == 0 and "frames equal" in text
    code, text, err = run(capsys, "render", str(repository.path), "-o", str(tmp_path / "one.tsr"), "--max-commits", "2")
    assert code == 0 and "2 commits" in text


def test_bad_input_is_one_line_and_leaves_nothing(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("odd /nowhere/at/all\n")
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "out")
    good = str(repository.path)
    for arguments, words in (
        (("clone", "-o", out, "--list", str(listed)), "no such repository: /nowhere/at/all"),
        (("clone", "-o", out, "--list", str(tmp_path / "none.txt")), "none.txt: No such file"),
        (("render", "/nowhere", "-o", out), "no such repository"),
        (("render", good, "-o", out, "--revision", "nope"), "unknown revision"),
        (("render", good, "-o", str(tmp_path / "file" / "x.tsr")), "cannot write"),
        (("render", good, "-o", out, "--style", "emacs"), "'emacs' is not one of vim, arrows"),
        (("render", good, "-o", out, "--since", "yesterday"), "not a date: 'yesterday'"),
        (("render", good, "-o", out, "--rows", "2"), "rows: 2 is not at least 6"),
        (("verify", str(tmp_path / "file"), "--repo", good), "file"),
    ):
        code, _, err = run(capsys, *arguments)
        lines = [line for line in err.replace("\r", "\n").split("\n") if line.startswith("rcfam: ")]
        assert code == 1 and len(lines) == 1 and words in lines[0], (arguments, code, err)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "list.txt"]


def test_control_c_leaves_a_valid_recording(repository: Repository, tmp_path: Path) -> None:
    """A real process gets a real SIGINT once its progress shows that it is at work."""
    out = tmp_path / "stopped.tsr"
    code = (
        "import os, signal, sys\n"
        "import rcfam.rendering as rendering\n"
        "whole = rendering.record\n"
        "def record(repository, revision, name, params, file, progress, stop):\n"
        "    def interrupting(commits, keys):\n"
        "        progress(commits, keys)\n"
        "        if commits == 2 and not stop():\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "    return whole(repository, revision, name, params, file, interrupting, stop)\n"
        "rendering.record = record\n"
        "from rcfam.cli import main\n"
        f"sys.argv = ['rcfam', 'render', {str(repository.path)!r}, '-o', {str(out)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 130, done.stderr
    assert "stopped before the end" in done.stdout
    with Reader(out) as reader:
        assert reader.damage is None
        assert verify(reader, repository).commits == 2


def test_without_a_compiler_the_same_recording(tmp_path: Path) -> None:
    """`NUMBA_DISABLE_JIT=1`, for a debugger's sake: every kernel as plain Python, byte for byte the same."""
    git = Git(tmp_path / "small")
    git.commit("start", {"a.py": b"x = 1\ny = 2\n"})
    git.commit("on", {"a.py": b"x = 1\nz = 3\n"})
    for name, switch in (("compiled", {}), ("plain", {"NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "error"})):
        subprocess.run(
            [sys.executable, "-m", "rcfam", "render", str(git.folder), "-o", str(tmp_path / name)],
            env={**os.environ, **switch},
            check=True,
            capture_output=True,
        )
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "compiled").read_bytes()
