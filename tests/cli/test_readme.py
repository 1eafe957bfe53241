"""What README.md and the documentation say: Python runs, verbs and options exist, files are there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rcfam.cli import app
from tests.support.oracles.git import Git
from tests.support.parameters import write_preset

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> Iterator[str]:
    """Every `rcfam ...` of README and documentation, of code blocks and of text."""
    pages = [README, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))]
    for line in "\n".join(pages).splitlines():
        if line.startswith("    "):
            yield from (
                part.strip() for part in line.partition("  #")[0].split("&&") if part.strip().startswith("rcfam ")
            )
        yield from re.findall(r"`(rcfam [^`]*)`", line)


def test_every_verb_and_option_that_is_named_exists() -> None:
    named = list(_commands())
    assert len(named) > 20
    for command in named:
        words, group = command.split()[1:], typer.main.get_command(app)
        while hasattr(group, "commands") and words and not words[0].startswith("-"):
            name = words.pop(0).rstrip(",")
            assert name in group.commands, command
            group = group.commands[name]
        known = {option for parameter in group.params for option in parameter.opts} | {"--install-completion"}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, command


def test_every_file_that_is_named_is_there() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    named = re.findall(r"`((?:rcfam|flows|benchmarks)/[\w./-]+)`", README)
    for path in [*linked, *named]:
        assert "://" in path or (ROOT / path).exists(), path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which README's commands were run, on a small repository."""
    folder = tmp_path_factory.mktemp("readme")
    git = Git(folder / "kilo")
    for number in range(4):
        git.commit(f"Commit {number}", {f"file{number}.c": b"int x;\n" * (5 + number)})
    params = write_preset("tiny", folder / "params.yaml")
    for command in (
        ["render", git.folder, "-o", folder / "recordings" / "kilo.tsr"],
        ["tokenize", folder / "recordings", "-o", folder / "tokens"],
        ["dataset", folder / "recordings", folder / "tokens", "-o", folder / "dataset"],
    ):
        done = CliRunner().invoke(app, [*map(str, command), "--params", str(params)])
        assert done.exit_code == 0, done.output
    return folder


def test_the_python_of_the_readme_runs(dataset: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert blocks
    shapes = "print(tuple(glyphs_TBRC.shape), tuple(colours_TBRC.shape), tuple(targets_TB.shape))\n"
    script = "\n".join([*blocks, shapes])
    done = subprocess.run([sys.executable, "-c", script], cwd=dataset, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kilo" in done.stdout and "Commit 0" in done.stdout
    assert done.stdout.splitlines()[-1] == "(64, 8, 24, 80) (64, 8, 24, 80) (64, 8)"
