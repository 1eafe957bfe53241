"""The command line: `rcfam preset` and `rcfam params`, one clear line for a bad key and for Ctrl-C."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rcfam.cli import params
from rcfam.errors import RcfamError

ROOT = Path(__file__).parents[2]
PRESETS = sorted(path.stem for path in (ROOT / "rcfam" / "presets").glob("*.yaml"))


def rcfam(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from rcfam.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_complete(tmp_path: Path, preset: str) -> None:
    assert rcfam("preset", preset, folder=tmp_path).returncode == 0
    checked = rcfam("params", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "11 sections, all well" in checked.stdout


def test_the_committed_file_at_the_root_is_the_default_preset() -> None:
    def committed(path: str) -> str:
        shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
        if shown.returncode != 0:
            pytest.skip(f"not in a git checkout: {shown.stderr.strip()}")
        return shown.stdout

    assert committed("params.yaml") == committed("rcfam/presets/default.yaml")


def test_a_preset_keeps_every_file_that_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("params.yaml")
    for number, text in enumerate((b"mine: 1\n", b"mine: 2\n", b"\xff not text\n"), 1):
        path.write_bytes(text)
        params.preset("tiny", path)
        assert Path(f"params.before-{number}.yaml").read_bytes() == text
    written = path.read_bytes()
    params.preset("tiny", path)
    assert path.read_bytes() == written
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *(f"params.before-{number}.yaml" for number in (1, 2, 3)),
        "params.yaml",
    ]


def test_a_preset_replaces_neither_links_nor_devices_nor_folders(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine: 1\n")
    (tmp_path / "link.yaml").symlink_to("mine.yaml")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    places = [tmp_path / name for name in ("link.yaml", "pipe", "folder", "mine.yaml/below", "n" * 300)]
    for path in (*places, Path("/dev/full"), Path("/dev/stdout")):
        with pytest.raises(RcfamError, match="cannot write"):
            params.preset("tiny", path)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "mine.yaml").read_text() == "mine: 1\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows: 24", "rows: many", "params.yaml: render.rows: expected int, found 'many'"),
        ("steps:", "stpes:", "params.yaml: train.stpes: unknown key"),
        ("evaluate:", "evalaute:", "unknown section 'evalaute'"),
    ],
)
def test_a_bad_key_is_one_line_and_exit_code_1(tmp_path: Path, old: str, new: str, message: str) -> None:
    rcfam("preset", "default", folder=tmp_path)
    path = tmp_path / "params.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    checked = rcfam("params", folder=tmp_path)
    assert checked.returncode == 1
    assert message in checked.stderr
    assert len(checked.stderr.strip().splitlines()) == 1


def test_an_unknown_preset_names_the_known_ones(tmp_path: Path) -> None:
    asked = rcfam("preset", "huge", folder=tmp_path)
    assert asked.returncode == 1
    assert f"no preset 'huge'; known: {', '.join(PRESETS)}" in asked.stderr


def test_the_verbs_read_the_parameter_file_of_the_folder_they_run_in(tmp_path: Path) -> None:
    rcfam("preset", "tiny", folder=tmp_path)
    path = tmp_path / "params.yaml"
    pinned = next(line for line in path.read_text().splitlines() if "revisions:" in line)
    path.write_text(path.read_text().replace(pinned, "  revisions: {own: no-such-revision}"))
    listed = tmp_path / "data" / "repositories" / "default.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("own repository\n")
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        (tmp_path / "repository").mkdir(exist_ok=True)
        subprocess.run(["git", *command], cwd=tmp_path / "repository", check=True)
    cloned = rcfam("clone", "-o", "mirrors", folder=tmp_path)
    assert cloned.returncode == 1
    assert "no-such-revision" in cloned.stderr
    assert not (tmp_path / "mirrors" / "manifest.json").exists()


def test_ctrl_c_is_one_line() -> None:
    interrupted = (
        "from rcfam import cli\ndef wait() -> None:\n    raise KeyboardInterrupt\ncli.app.command()(wait)\ncli.main()"
    )
    done = subprocess.run([sys.executable, "-c", interrupted, "wait"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "rcfam: stopped")


def test_what_a_file_holds_reaches_the_terminal_as_no_control_character(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_bytes(b"\x1b]0;x\x07,\x1b[2J\n1,2\n")
    done = rcfam("fit", "runs.csv", folder=tmp_path)
    assert done.returncode == 1 and "columns found" in done.stderr
    assert done.stderr.strip().isprintable()
