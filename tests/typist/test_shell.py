"""Shell lines: real bash and real git must do with them what the commits say."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from rcfam.history import Commit, Repository
from rcfam.history.changes import EXECUTABLE, SUBMODULE
from rcfam.terminal import keys as K
from rcfam.typist import Typist, TypistParams
from rcfam.typist.shell import Paths, Session, quote, quote_path, steps
from rcfam.typist.typist import _say
from tests.support.oracles.git import Git

TEXT = b"".join(b"line %d of a text that is long enough to be known again\n" % i for i in range(30))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path / "repository")


def bash(folder: Path, lines: str) -> str:
    environment = {**os.environ, "GIT_EDITOR": "true", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    script = "set -e\n" + lines.replace("\r", "\n")
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (lines, done.stdout, done.stderr)
    return done.stdout


def replay(commits: Iterable[Commit], work: Git) -> None:
    """Follow the typist's steps with real programs, files written as the editor would leave them."""
    paths = Paths()
    for commit in commits:
        out_of_band = [change for change in commit.changes if change.left_out is not None]
        for change in out_of_band:
            if change.kind == "delete" or (change.kind == "rename" and change.old_path != change.path):
                (work.folder / change.old_path).unlink()
                paths.remove(change.old_path)
        for step in steps(commit.changes, paths):
            if isinstance(step, Session):
                path = work.folder / step.path
                before = path.read_bytes() if path.exists() else None
                assert before == step.old or (not before and not step.old)
                path.write_bytes(step.new)
            else:
                bash(work.folder, step)
        for change in out_of_band:
            assert change.new_mode != SUBMODULE
            if change.new is not None:
                path = work.folder / os.fsencode(change.path).decode("utf-8", "surrogateescape")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(change.new)
                path.chmod(0o755 if change.new_mode == EXECUTABLE else 0o644)
                paths.add(change.path)
        work.commit(commit.subject)
        assert work.run("rev-parse", "HEAD^{tree}") == commit.tree, commit.subject


def test_every_kind_of_change_with_real_git(git: Git, tmp_path: Path) -> None:
    git.commit(
        "start", {"a": b"1\n", "dir/b": TEXT, "dir/sub/c": b"3\n", "tool": b"x\n", "-dash": b"d\n", "it's": b"q\n"}
    )
    git.commit(
        "names", {'sp ace/"q".txt': b"1\n", "$HOME": b"2\n", "a`b": b"3\n", "~x": b"4\n", "+x": b"5\n", "ü/é": b"6\n"}
    )
    (git.folder / "tool").chmod(0o755)
    (git.folder / "link").symlink_to("dir/b")
    (git.folder / "deep").mkdir()
    (git.folder / "deep/odd link").symlink_to("it's")
    git.commit("modes and links")
    git.commit("file to directory", {"a": None, "-dash": b"", "~x": None, "+x": b"55\n"})
    git.commit("file to directory", {"a/b/c": b"2\n", "$HOME": None})
    git.commit("directory to file", {"a/b/c": None, "new/file": b"n\n"})
    git.write({"a": b"again\n", "dir/sub/c": None, "dir/sub/d/e": b"3\n"})
    git.commit("moves")
    git.write({"dir/b": None, "dir/sub/d/e": None, "dir/renamed": TEXT + b"more\n"})
    git.run("mv", "ü", "elsewhere")
    git.commit("rename a directory, edit the renamed")
    git.write({"dir/renamed": None})
    git.write({"dir": TEXT})
    git.commit("a file moves to the place of its directory")
    git.write({"dir": None})
    git.write({"dir/dir": TEXT})
    git.commit("and back into one of its own name")
    git.commit("a directory of one file", {"lone/ly/file": TEXT + b"alone\n"})
    git.run("mv", "lone/ly/file", "moved out")
    git.commit("whose file moves out")
    (git.folder / "lone/ly").rmdir()
    (git.folder / "lone").rmdir()
    git.write({"moved out": None})
    git.write({"lone": TEXT + b"alone\n"})
    git.commit("and comes to the name of the directory")
    git.write({"dir/dir": TEXT + b"changed\n", "dir/copy 1": TEXT, "far/copy": TEXT + b"copied\n"})
    git.commit("copies")
    git.write({"dir/dir": None, "one": TEXT + b"changed\n", "two": TEXT + b"once\n", "three/four": TEXT + b"twice\n"})
    git.commit("renamed to several places")
    (git.folder / "link").unlink()
    (git.folder / "link").symlink_to("far/copy")
    (git.folder / "tool").unlink()
    (git.folder / "tool").symlink_to("a")
    git.commit("links move, a file becomes a link")
    for name in ("link", "tool"):
        (git.folder / name).unlink()
    git.write({"link": b"now a file\n", "tool": b"#!\n", "new/file": b"", "binary": b"\0" + TEXT})
    (git.folder / "tool").chmod(0o755)
    git.commit("links become files")
    (git.folder / "soft").symlink_to("far/copy")
    git.commit("one more link")
    (git.folder / "soft").unlink()
    git.write({"soft": TEXT + b"copied, and more\n", "far/copy": TEXT + b"copied again\n"})
    git.commit("a link becomes a copy")
    git.run("mv", "binary", "moved.bin")
    git.write({"link": b"\0", "new/file": b"no longer empty"})
    (git.folder / "a").chmod(0o755)
    git.commit("binaries")
    git.write({"link": b"text again\n", "moved.bin": b"\0short", "a": b"changed and made plain\n"})
    (git.folder / "a").chmod(0o644)
    git.commit("binaries again")
    (git.folder / "link").chmod(0o755)
    git.write({f"many/{i}": b"%d" % i for i in range(20)})
    git.commit("many")
    git.write({f"many/{i}": None for i in range(20)})
    git.commit("none", {"moved.bin": None})
    replay(Repository(git.folder).commits(), Git(tmp_path / "work"))


def test_the_projects_own_history_with_real_git(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("not in a checkout: there is no history to replay")
    repository = Repository(root)
    replay([repository.commit(oid) for oid in repository.ids()[:40]], Git(tmp_path / "work"))


@pytest.mark.parametrize(
    "word", ["plain", "a b", "it's", 'say "hi"', "$HOME", "`x`", "a\\b", "!x", "a;b", "#c", "ü", "*", "(x)", "~", ""]
)
def test_words_reach_a_program_as_they_are(word: str, tmp_path: Path) -> None:
    assert bash(tmp_path, f"printf %s {quote(word)}") == word


def test_paths_are_never_options() -> None:
    assert [quote_path(path) for path in ("-x", "+1", "~/a", "a b", "src/a.py")] == [
        "./-x",
        "./+1",
        "./~/a",
        '"a b"',
        "src/a.py",
    ]


@pytest.mark.parametrize("options", ["", "--allow-empty "])
@pytest.mark.parametrize(
    "message", ["Fix it", 'It\'s "quoted" & $odd `x`!', "-m starts with a dash", "Grüße", "a" * 100, "# no comment"]
)
def test_a_subject_is_committed_as_it_is(git: Git, message: str, options: str) -> None:
    git.commit("start")
    git.write({"a": b"1\n"})
    line = _say(message, options)
    assert line.endswith("\r") and "\r" not in line[:-1]
    git.run("config", "user.name", "Ada")
    git.run("config", "user.email", "ada@example.org")
    bash(git.folder, f"git add -A\r{line}")
    assert git.run("log", "-1", "--format=%B") == message


def test_long_messages_are_typed_in_the_editor() -> None:
    typed = _say("Subject\n\nBody with\ttab  \nand more\n\x07\n", "--allow-empty ")
    assert typed == "git commit --allow-empty\riSubject\r\rBody with\ttab\rand more\x1b:wq\r"
    assert _say("x" * 101, "") == "git commit\ri" + "x" * 101 + "\x1b:wq\r"
    assert _say(" \n", "") == "git commit --allow-empty-message -m ''\r"


def test_the_message_stands_before_or_after_the_edits(git: Git) -> None:
    git.commit("Say hello", {"hello.txt": b"hello\n"})
    commit = next(iter(Repository(git.folder).commits()))
    before, after = (
        "".join(map(chr, next(Typist(TypistParams(message=when)).keys(commit)).tolist()))
        for when in ("before", "after")
    )
    assert before.startswith('git commit --allow-empty -m "Say hello"\rvim hello.txt\rihello\x1b')
    assert before.endswith("git add -A\rgit commit -a --amend --no-edit\r")
    assert after.startswith("vim hello.txt\rihello\x1b") and after.endswith('git add -A\rgit commit -m "Say hello"\r')


def test_the_same_seed_gives_the_same_keys(git: Git) -> None:
    git.commit("one", {"a": TEXT})
    git.commit("two", {"a": TEXT.replace(b"line 7", b"row 7").replace(b"line 21 of", b"line twenty"), "b": b"x\n" * 50})
    for _ in range(6):
        git.commit("more", {"b": b"x\n" * Random(git.day).randint(1, 50) + b"y\n", "a": TEXT * git.day})

    def run(seed: int, style: str) -> list[int]:
        typist = Typist(TypistParams(style=style, seed=seed))
        return [
            key for commit in Repository(git.folder).commits() for keys in typist.keys(commit) for key in keys.tolist()
        ]

    for style in ("vim", "arrows"):
        assert run(1, style) == run(1, style)
        assert run(1, style) != run(2, style)
    allowed = {K.UP, K.DOWN, K.LEFT, K.RIGHT, K.HOME, K.END}
    assert {key for key in run(1, "arrows") if key >= K.NAMED} <= allowed
