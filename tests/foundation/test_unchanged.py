"""A refactoring changes nothing that a user can measure."""

import ast
import json
from pathlib import Path

import rcfam
from tests.support import unchanged


def test_recordings_tokens_weights_and_figures_are_as_before(tmp_path: Path) -> None:
    differing, _ = unchanged.differences(unchanged.measured(tmp_path), json.loads(unchanged.TAKEN.read_text()))
    assert not differing


def test_another_platform_compares_integers_only() -> None:
    taken = {"platform": "another", "hashes": {"recording vim first": "1", "weights": "2"}}
    assert unchanged.differences({"recording vim first": "1", "weights": "3"}, taken) == ([], ["weights"])
    assert unchanged.differences({"recording vim first": "0", "weights": "2"}, taken)[0] == ["recording vim first"]


def test_groups_are_summed_in_one_order() -> None:
    """Polars adds up groups in parallel otherwise, and the last digits of a mean change from run to run."""
    package = Path(rcfam.__file__).parent
    calls = [
        (path.name, node.lineno, {word.arg for word in node.keywords})
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "group_by"
    ]
    assert len(calls) > 10
    assert [(name, line) for name, line, words in calls if "maintain_order" not in words] == []
