"""Documents of strangers at the verbs: one line and exit code 1, and nothing is written outside."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcfam.cli import app
from rcfam.errors import RcfamError

COMMIT = "0" * 40


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ([{"name": "../../../x", "commit": COMMIT}], "repositories[0].name: '../../../x' is not a name"),
        ([{"name": "/x", "commit": COMMIT}], "repositories[0].name: '/x' is not a name"),
        ([{"name": "a", "commit": "HEAD"}], "repositories[0].commit: 'HEAD' is not a commit id"),
        ([{"name": "a", "commit": COMMIT}, {"name": "a", "commit": COMMIT}], "the name 'a' stands there twice"),
        ([{"name": 3, "commit": COMMIT}], "repositories[0].name: expected str, found 3"),
        ([], "names no repository"),
        (3, "repositories: expected a list, found 3"),
    ],
)
def test_a_manifest_of_mirrors_names_nothing_outside_its_folder(tmp_path: Path, document: object, line: str) -> None:
    mirrors = tmp_path / "deep" / "mirrors"
    mirrors.mkdir(parents=True)
    (mirrors / "manifest.json").write_text(json.dumps({"version": 1, "repositories": document}))
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["render", str(mirrors), "-o", str(tmp_path / "deep" / "out")])
    assert isinstance(done.exception, RcfamError), done.exception
    assert line in str(done.exception) and str(done.exception).isprintable()
    assert sorted(tmp_path.rglob("*")) == before
