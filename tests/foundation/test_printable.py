"""Foreign text on its way to people: nothing in it steers their terminal, whatever verb shows it."""

import ast
import io
import json
from pathlib import Path

import numpy as np
import pytest

from rcfam.cli import main
from rcfam.printable import MOST_CHARACTERS, printable, say
from rcfam.recording import Writer
from rcfam.recording.ansi import text_rows
from rcfam.terminal.cells import CLUSTER_BASE
from tests.support.oracles import planted, reported
from tests.support.oracles.git import Git

EVIL = "x\x1b]0;pwned\x07\x1b[31m\u202e\x9b2J\x7f"
PROJECT = Path(__file__).parents[2]


def steering(text: str) -> set[str]:
    """The characters of a text that no one who prints it wants."""
    return {
        c
        for c in text
        if (ord(c) < 32 and c != "\n")
        or 0x7F <= ord(c) < 0xA0
        or "\u200e" <= c <= "\u200f"
        or "\u2028" <= c <= "\u202e"
        or "\u2066" <= c <= "\u206f"
        or "\ud800" <= c < "\ue000"
    }


def test_every_character_is_shown_or_replaced() -> None:
    shown = printable("".join(map(chr, range(0x110000))), 0x110000)
    assert len(shown) == 0x110000
    assert not steering(shown) and "\n" not in shown
    assert printable(EVIL + "\ud800\n") == "x\u241b]0;pwned\u2407\u241b[31m\ufffd\ufffd2J\u2421\ufffd\u240a"
    assert (
        printable("na\u00efve \u65e5\u672c \U0001f469\u200d\U0001f4bb")
        == "na\u00efve \u65e5\u672c \U0001f469\u200d\U0001f4bb"
    )


def test_long_text_is_cut_and_says_by_how_much() -> None:
    assert printable("abcdef", 6) == "abcdef"
    assert printable("abcdef", 4) == "abcd ... (2 more characters)"
    out = io.StringIO()
    say("y" * 10_000 + "\nshort", out)
    assert out.getvalue() == "y" * MOST_CHARACTERS + f" ... ({10_000 - MOST_CHARACTERS:,} more characters)\nshort\n"


def test_a_stream_that_lacks_characters_gets_question_marks() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    say("na\u00efve\x1b\ud800", file)
    file.seek(0)
    assert file.read() == "na?ve??\n"


def test_only_the_cleaner_prints() -> None:
    """What draws a terminal, and what one program tells another, is named here."""
    drawing, telling = (
        {"rcfam/cli/recordings.py"},
        {"flows/supervisor.py", "flows/trial.py", "rcfam/history/transfer_child.py"},
    )
    allowed = {"rcfam/printable.py"} | drawing | telling
    found = set()
    for path in sorted([*(PROJECT / "rcfam").rglob("*.py"), *(PROJECT / "flows").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("print", "sys.stdout.write", "sys.stderr.write") or called.endswith((".echo", ".secho")):
                found.add(path.relative_to(PROJECT).as_posix())
    assert found <= allowed


def test_a_cluster_of_absurd_length_is_cut() -> None:
    cells = np.full((1, 2000), CLUSTER_BASE, np.uint32)
    assert len(text_rows(cells, ["e" + "\u0301" * 1_000_000])[0]) < 200_000


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What `rcfam` with these words prints; without carriage returns, which progress bars begin with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["rcfam", *map(str, words)])
        try:
            main()
        except SystemExit as end:
            assert end.code in (0, 1), end.code
    out, err = capsys.readouterr()
    assert not steering(out) and not steering(err.replace("\r", "")), ascii(out + err)
    return out + err


def test_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{EVIL}.tsr"
    with path.open("wb") as file, Writer(file, 2, 9, np.zeros((1, 3), np.uint32), {EVIL: EVIL, "name": EVIL}) as writer:
        writer.add_clusters([EVIL])
        writer.mark("commit", f"{EVIL} {EVIL}")
        writer.mark("rollout", EVIL)
        cells = np.full((1, 2, 9), CLUSTER_BASE, np.uint32)
        writer.append(cells, np.zeros((1, 3), np.int32), np.array([27], np.uint32))
    assert "pwned" in said(capsys, "info", path, "--check")
    assert "pwned" in said(capsys, "play", path, "--dump", 0)
    for to in ("txt", "cast", "cast2"):
        out = tmp_path / f"out.{to}"
        said(capsys, "export", path, "--to", to, "-o", out)
        text = out.read_text(encoding="utf-8")
        assert not steering(text) and "pwned" in text
    assert "pwned" in said(capsys, "repack", path, "-o", tmp_path / f"{EVIL}2")
    assert "pwned" in said(capsys, "play", path, "--dump", 9)
    assert "pwned" in said(capsys, "info", tmp_path / f"none{EVIL}")


def test_repositories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git = Git(tmp_path / f"odd{EVIL}")
    git.commit(f"subject {EVIL}", {f"dir/{EVIL}": b"1\n", "a": f"{EVIL}\n".encode()}, author=EVIL)
    out = tmp_path / "r.tsr"
    shown = said(capsys, "render", git.folder, "-o", out, "--rows", 6, "--columns", 40)
    assert "1 unprintable path" in shown
    assert "1 commits" in said(capsys, "info", out)
    shown = said(capsys, "verify", out, "--repo", git.folder)
    assert "verified" in shown
    listed = tmp_path / "list.txt"
    listed.write_text(f"{EVIL} {EVIL}\n", encoding="utf-8")
    assert "line 1" in said(capsys, "clone", "--list", listed, "-o", tmp_path / "mirrors")
    listed.write_text(f"fine {git.folder}\ngone {tmp_path}/{EVIL.replace(' ', '')}\n", encoding="utf-8")
    said(capsys, "clone", "--list", listed, "-o", tmp_path / "mirrors")
    said(capsys, "render", git.folder, "-o", out, "--revision", EVIL)


def test_studies_and_laws(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for length in (2, 8, 32, 128):
        folder = tmp_path / "data" / "runs" / f"length-{length}"
        folder.mkdir(parents=True)
        planted.table(planted.Planted(), (length,), 1, 30, draw=length).write_parquet(folder / "runs.parquet")
    said(capsys, "fit", "data/runs", "-o", "data/law")
    place = tmp_path / "data" / "studies" / "tiny" / "critical-batch" / "summary.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(reported.study() | dict.fromkeys(("study", "paper", "question"), EVIL + "\ud800")))
    assert "pwned" in said(capsys, "report")
    said(capsys, "fit", f"none{EVIL}.csv", "-o", "law")
