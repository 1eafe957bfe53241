"""params.yaml -> dataclasses: what is right is converted, what is wrong is named."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from rcfam import params
from rcfam.documents import DocumentError


@dataclass(frozen=True)
class Inner:
    width: int


@dataclass(frozen=True)
class Sample:
    count: int
    rate: float
    name: str
    flag: bool
    kind: Literal["a", "b"]
    lengths: tuple[int, ...]
    revisions: dict[str, str]
    limit: int | None
    inner: Inner

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count is {self.count}, must be at least 1")


GOOD = """
sample:
  count: 3
  rate: 1
  name: x
  flag: true
  kind: a
  lengths: [2, 4]
  revisions: {one: abc}
  limit: null
  inner: {width: 5}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


def test_every_supported_kind_of_value_is_converted(tmp_path: Path) -> None:
    loaded = params.load(write(tmp_path, GOOD), "sample", Sample)
    assert loaded == Sample(3, 1.0, "x", True, "a", (2, 4), {"one": "abc"}, None, Inner(5))
    assert isinstance(loaded.rate, float)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count: 3", "count: three", "sample.count: expected int, found 'three'"),
        ("count: 3", "count: true", "sample.count: expected int, found True"),
        ("count: 3", "count: 0", "count is 0, must be at least 1"),
        ("count: 3", "cuont: 3", "sample.cuont: unknown key; known: count"),
        ("  name: x\n", "", "sample.name: key is missing"),
        ("rate: 1", "rate: fast", "sample.rate: expected float"),
        ("kind: a", "kind: c", "sample.kind: 'c' is not one of a, b"),
        ("[2, 4]", "[2, x]", "sample.lengths[1]: expected int, found 'x'"),
        ("[2, 4]", "2", "sample.lengths: expected a list"),
        ("{width: 5}", "{widht: 5}", "sample.inner.widht: unknown key"),
        ("sample:", "simple:", "section 'sample' is missing"),
        ("flag: true", "flag: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DocumentError) as caught:
        params.load(path, "sample", Sample)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"nowhere\.yaml: No such file"):
        params.load(tmp_path / "nowhere.yaml", "sample", Sample)
