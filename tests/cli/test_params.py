"""The command line: `rcfam preset` and `rcfam params`, one clear line for a bad key and for Ctrl-C."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rcfam import documents, schema
from rcfam import params as parameters
from rcfam.cli import params
from rcfam.errors import RcfamError
from rcfam.params import Setting
from tests.support.parameters import PRESETS, preset, preset_text

ROOT = Path(__file__).parents[2]
BEFORE = json.loads((ROOT / "tests" / "golden" / "presets.json").read_text())
"""What the files of these presets held when each was written whole."""


def rcfam(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from rcfam.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_complete(tmp_path: Path, preset: str, capsys: pytest.CaptureFixture[str]) -> None:
    params.preset(preset, tmp_path / "params.yaml")
    params.check(tmp_path / "params.yaml")
    assert "11 sections, all well" in capsys.readouterr().out


@pytest.mark.parametrize("name", list(BEFORE))
def test_a_preset_has_the_values_that_it_always_had(name: str) -> None:
    """DVC compares values: another one makes stages stale."""
    expected = BEFORE[name] | {"model": as_kinds(BEFORE[name]["model"])}
    assert preset(name) == expected
    assert documents.yaml_value(preset_text(name), name) == expected


def as_kinds(model: dict[str, Any]) -> dict[str, Any]:
    """A former section `model`, whose head was a name and sizes elsewhere, as it is written now."""
    common = {key: model[key] for key in ("width", "layers", "mlp_ratio", "glyphs")}
    assert model["backbone"] == "lstm"
    backbone = {"kind": "lstm", "state": model["state"], "projection": model["projection"]}
    return common | {"head": {"kind": model["head"], **model[model["head"]]}, "backbone": backbone}


def test_a_former_file_is_told_how_to_write_the_model_now(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(parameters.text(BEFORE["tiny"]))
    with pytest.raises(RcfamError, match=r"params\.yaml: model\.state: stands elsewhere now: write head: \{kind: rows"):
        params.check(tmp_path / "params.yaml")


def test_every_key_is_documented() -> None:
    keys = list(schema.all_keys(params.sections()))
    assert len(keys) > 120
    assert [key.name for key in keys if not key.doc] == []
    assert [key.name for key in keys if len(key.summary) > 110] == []


def test_the_written_file_holds_every_key_with_its_comment() -> None:
    for part in preset_text("default").split("\n\n")[1:]:
        lines = part.splitlines()
        for key in schema.keys(params.sections()[lines[0].partition(":")[0]]):
            at = next(n for n, line in enumerate(lines) if line.startswith(f"  {key.name}:"))
            assert key.summary in lines[at] or key.summary in lines[at - 1], key.name


def test_a_new_field_is_a_new_key_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from rcfam.scaling import FitParams

    source = tmp_path / "more.py"
    source.write_text(
        "from dataclasses import dataclass\nfrom rcfam.scaling import FitParams\n\n"
        "@dataclass(frozen=True)\nclass MoreParams(FitParams):\n"
        '    """How laws are fitted."""\n\n    patience: int = 3\n    """Tries before it gives up."""\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    more = importlib.import_module("more").MoreParams
    kinds = {name: more if kind is FitParams else kind for name, kind in params.sections().items()}
    monkeypatch.setattr(params, "sections", lambda: kinds)
    text = params.written("tiny", [Setting("fit.patience", 5)])
    assert "  patience: 5 # Tries before it gives up" in text
    assert documents.build(more, documents.yaml_value(text, "x")["fit"], "x").patience == 5
    assert "fit.patience: Tries before it gives up" in params.explained("fit")


def test_a_preset_takes_settings(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    params.preset("tiny", path, [Setting("train.steps", 7), Setting("study.lengths", [2, 4])])
    assert parameters.read(path) == preset("tiny") | {
        "train": preset("tiny")["train"] | {"steps": 7},
        "study": preset("tiny")["study"] | {"lengths": [2, 4]},
    }
    with pytest.raises(RcfamError, match=r"-S: train\.stpes: unknown key; did you mean 'train\.steps'\?"):
        params.preset("tiny", path, [Setting("train.stpes", 7)])
    with pytest.raises(RcfamError, match=r"train\.steps: 0 is not at least 1"):
        params.preset("tiny", path, [Setting("train.steps", 0)])


def test_a_key_is_explained(tmp_path: Path) -> None:
    said = rcfam("params", "--explain", "render.style", folder=tmp_path).stdout.splitlines()
    assert said[:3] == ["render.style", "  one of vim, arrows", "  default: vim"]
    assert params.explained("clip")[0] == "train.optimiser.clip"
    assert len(params.explained(None)) > 120
    with pytest.raises(RcfamError, match=r"render\.stlye: no such key.*did you mean 'render\.style'"):
        params.explained("render.stlye")


def test_the_committed_file_at_the_root_is_what_the_default_preset_writes() -> None:
    def committed(path: str) -> str:
        shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
        if shown.returncode != 0:
            pytest.skip(f"not in a git checkout: {shown.stderr.strip()}")
        return shown.stdout

    assert committed("params.yaml") == preset_text("default")


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
