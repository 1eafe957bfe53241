"""`rcfam --version` and completion of the shell."""

from importlib import metadata

from typer.testing import CliRunner

from rcfam.cli import app


def test_the_version_is_that_of_the_package() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0 and done.output == metadata.version("rcfam") + "\n"


def test_verbs_are_completed() -> None:
    asked = {"_RCFAM_COMPLETE": "complete_bash", "COMP_WORDS": "rcfam ren", "COMP_CWORD": "1"}
    done = CliRunner().invoke(app, [], env=asked, prog_name="rcfam")
    assert done.output.split() == ["render"]
