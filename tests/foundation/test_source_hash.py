"""Hashes of source code: what changes them, and that DVC's stages follow them."""

import hashlib
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import PROJECT
from flows.stages import stale
from rcfam.cli import app
from rcfam.errors import RcfamError
from rcfam.source_hash import digest, files, normalised
from tests.support import flows_toy

SOURCE = '''"""A module."""

from pathlib import Path

LIMIT = 3  # of tries
"""How often."""


def name(path: Path, plain: bool = True) -> str:
    """Its name."""
    # in front
    return f"{path.name!r:>4}" if plain else 'a' "b"
'''
SAME = """from pathlib import Path
LIMIT=3
def name(path:Path,plain:bool=True)->str:
    "Another docstring."
    return (
        f'{path.name!r:>4}'
        if plain
        else "ab"
    )
"""


def test_comments_docstrings_and_formatting_change_nothing() -> None:
    assert normalised(SOURCE) == normalised(SAME)


@pytest.mark.parametrize(
    ("old", "new"),
    [("LIMIT = 3", "LIMIT = 4"), ("LIMIT = 3", "LIMIT = 3.0"), ("True", "False"), ("!r", "!s"), ("'a'", "'A'")],
)
def test_code_changes_it(old: str, new: str) -> None:
    assert normalised(SOURCE) != normalised(SOURCE.replace(old, new))


def test_every_version_of_python_hashes_alike() -> None:
    """Of Python 3.11; 3.12 puts empty texts into nested formats, and 3.13 has more fields."""
    source = "def f(width, text):\n    return f'{text:>{width}}{text:{width}.{width}f}'\n"
    assert hashlib.sha256(normalised(source).encode()).hexdigest()[:16] == "5faca92940455a41"


def test_other_files_count_whole(tmp_path: Path) -> None:
    (tmp_path / "FORMAT.md").write_text("# one")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.cpython-311.pyc").write_text("")
    assert files(tmp_path) == [tmp_path / "FORMAT.md"]
    before = digest(tmp_path / "FORMAT.md")
    (tmp_path / "FORMAT.md").write_text("# two")
    assert digest(tmp_path / "FORMAT.md") != before


def test_what_is_no_module_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "rcfam").mkdir()
    (tmp_path / "rcfam" / "a.py").write_text("x = 1\nif:\n")
    done = CliRunner().invoke(app, ["code", str(tmp_path / "rcfam"), "-o", str(tmp_path / "code")])
    assert isinstance(done.exception, RcfamError)
    assert "a.py, line 2: invalid syntax" in str(done.exception)


def test_a_comment_makes_no_stage_stale_and_code_does(tmp_path: Path) -> None:
    """Two stages as dvc.yaml has them: `code`, and one that depends on the hash of a file."""
    (tmp_path / "rcfam").mkdir()
    source = tmp_path / "rcfam" / "room.py"
    source.write_text(SOURCE)
    run = f"{sys.executable} -m rcfam code rcfam -o data/code"
    (tmp_path / "dvc.yaml").write_text(
        f"stages:\n  code: {{cmd: PYTHONPATH={PROJECT} {run}, deps: [rcfam], outs: [data/code]}}\n"
        "  work: {cmd: echo x >> ran; cat ran > out, deps: [data/code/room.py.sha256], outs: [out]}\n"
    )
    flows_toy.dvc(tmp_path, "init", "--no-scm", "--quiet")

    def runs() -> int:
        flows_toy.dvc(tmp_path, "repro", "--quiet")
        assert stale(tmp_path, ["code", "work"]) == {}
        return len((tmp_path / "ran").read_text().split())

    assert runs() == 1
    source.write_text(SAME)
    assert [*stale(tmp_path, ["code", "work"])] == ["code"]
    assert runs() == 1
    source.write_text(SAME.replace("LIMIT=3", "LIMIT=4"))
    assert runs() == 2
    source.rename(tmp_path / "rcfam" / "other.py")
    shutil.copy(tmp_path / "rcfam" / "other.py", source)
    assert runs() == 2


def test_every_file_that_a_stage_names_is_there() -> None:
    import yaml

    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    named = {dep for stage in stages.values() for dep in stage["deps"] if dep.startswith("data/code/")}
    missing = [dep for dep in named if not (PROJECT / "rcfam" / dep[10:].removesuffix(".sha256")).exists()]
    assert named
    assert not missing


def test_each_stage_names_the_file_of_its_verb() -> None:
    import yaml

    for name, stage in yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"].items():
        verb = stage["cmd"].split()[1]
        if name != "code":
            assert f"data/code/cli/{verb}.py.sha256" in stage["deps"], name
