"""A refactoring changes nothing that a user can measure."""

import json
from pathlib import Path

import pytest

from tests.support import unchanged


@pytest.mark.slow
def test_recordings_tokens_weights_and_figures_are_as_before(tmp_path: Path) -> None:
    differing, _ = unchanged.differences(unchanged.measured(tmp_path), json.loads(unchanged.TAKEN.read_text()))
    assert not differing


def test_another_platform_compares_integers_only() -> None:
    taken = {"platform": "another", "hashes": {"recording vim first": "1", "weights": "2"}}
    assert unchanged.differences({"recording vim first": "1", "weights": "3"}, taken) == ([], ["weights"])
    assert unchanged.differences({"recording vim first": "0", "weights": "2"}, taken)[0] == ["recording vim first"]
