"""Damaged documents of strangers: a value or one line; the full count is `python -m benchmarks.damaged`."""

import pytest

from benchmarks import damaged
from rcfam.errors import RcfamError

SLOW = {"law", "law's fits", "law's crossovers", "study's summary", "evaluation"}  # each makes a page


@pytest.mark.parametrize("kind", [kind.name for kind in damaged.KINDS])
def test_damaged_files_are_read_or_are_one_line(kind: str) -> None:
    (row,) = damaged.rows(12 if kind in SLOW else 40, seed=1, seconds=60, only=(kind,))
    assert row.lost == ()
    assert row.tried == row.read + row.refused


def test_a_reader_that_breaks_is_noticed() -> None:
    def worse(path: damaged.Path) -> None:
        if not path.read_bytes():
            raise KeyError("x")
        if path.read_bytes()[:3] == b"\xef\xbb\xbf":
            raise RcfamError("two\nlines")
        (path.parent.parent / "outside").write_text("x")

    broken = damaged.Kind("params.yaml", damaged._made_params, worse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(damaged, "KINDS", (broken,))
        (row,) = damaged.rows(12, only=("params.yaml",))
    assert any("KeyError" in lost for lost in row.lost)
    assert any("'two\\nlines'" in lost for lost in row.lost)
