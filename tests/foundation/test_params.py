"""params.yaml -> dataclasses: what is right is converted, what is wrong is named."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from rcfam import params, schema
from rcfam.bounds import Range
from rcfam.documents import DocumentError, build


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
        (
            "count: 3",
            "cuont: 3",
            "limit, name, rate, revisions; did you mean 'count'?",
        ),
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


@dataclass(frozen=True)
class Round:
    """A ball. With more words."""

    kind: ClassVar[str] = "round"
    radius: Annotated[float, Range(above=0)] = 1.0
    """Half its width, in
    metres. Not the whole."""


@dataclass(frozen=True)
class Square:
    """A box."""

    kind: ClassVar[str] = "square"
    side: int = 2
    """Its side."""


@dataclass(frozen=True)
class Drawn:
    """What is drawn."""

    shape: Round | Square = field(default_factory=Round)
    """The shape."""
    colour: Literal["red", "green"] = "red"
    """Its colour."""
    frame: Square | None = None
    """Around it."""
    marks: tuple[int, ...] = (1, 2)


KINDS: dict[str, type] = {"drawn": Drawn}


def test_a_file_is_written_with_the_documentation_of_its_keys() -> None:
    document = {"drawn": params.defaults(Drawn)}
    assert params.commented(document, KINDS, "Of shapes.") == (
        "# Of shapes.\n"
        "\n"
        "drawn: # What is drawn\n"
        "  shape: # The shape. Kinds: round, square\n"
        "    kind: round # A ball\n"
        "    radius: 1.0 # Half its width, in metres\n"
        "  colour: red # Its colour. One of red, green\n"
        "  frame: null # Around it. Not null: {kind: square, side: 2}\n"
        "  marks: [1, 2]\n"
    )
    assert build(Drawn, document["drawn"], "f") == Drawn()


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"side": 2}, "f.shape.kind: key is missing; known: round, square"),
        ({"kind": "squar", "side": 2}, "f.shape.kind: 'squar' is not one of round, square; did you mean 'square'?"),
        ({"kind": "square", "radius": 2}, "f.shape.radius: unknown key; known: side"),
        ({"kind": "round", "radius": 0.0}, "f.shape.radius: 0.0 is not above 0"),
        ({"kind": 3}, "f.shape.kind: 3 is not one of round, square"),
        ("round", "f.shape: expected {kind: ..., ...} of kind round, square; found 'round'"),
    ],
)
def test_a_kind_is_chosen_by_its_name(shape: object, said: str) -> None:
    whole = {"colour": "red", "frame": None, "marks": []}
    assert build(Drawn, whole | {"shape": {"kind": "square", "side": 3}}, "f").shape == Square(3)
    with pytest.raises(DocumentError) as caught:
        build(Drawn, whole | {"shape": shape}, "f")
    assert str(caught.value) == said


def test_what_is_plain_is_what_a_file_holds() -> None:
    drawn = Drawn(Square(5), "green", Square(), (3,))
    assert schema.plain(drawn) == {
        "shape": {"kind": "square", "side": 5},
        "colour": "green",
        "frame": {"kind": "square", "side": 2},
        "marks": [3],
    }
    assert build(Drawn, schema.plain(drawn), "f") == drawn


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a.b=1", "a.b", 1),
        ("a.b=1.5", "a.b", 1.5),
        ("a=1e-3", "a", 1e-3),
        ("a='1e-3'", "a", "1e-3"),
        ("a=[2, 4]", "a", [2, 4]),
        ("a={b: null}", "a", {"b": None}),
        ("a=2026-01-31", "a", "2026-01-31"),
        ("a=x=y", "a", "x=y"),
        ("a=", "a", None),
    ],
)
def test_a_setting_is_a_key_and_what_yaml_reads(text: str, key: str, value: object) -> None:
    assert params.setting(text) == (key, value)


@pytest.mark.parametrize("text", ["a", "=1", "a=[", "a=*x"])
def test_what_is_no_setting_is_one_line(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^-S ") as caught:
        params.setting(text)
    assert "\n" not in str(caught.value)


def test_values_are_put_over_a_copy() -> None:
    before = {"a": {"b": 1, "c": {"d": 2}}, "e": None}
    assert params.overridden(before, {"a.c.d": [3], "e": 4}, "x") == {"a": {"b": 1, "c": {"d": [3]}}, "e": 4}
    assert before == {"a": {"b": 1, "c": {"d": 2}}, "e": None}
    for key, said in [
        ("a.c.f", "x: a.c.f: unknown key; did you mean 'a.c.d'?"),
        ("e.f", "x: e.f: unknown key"),
        ("zzz", "x: zzz: unknown key"),
        ("", "x: : unknown key"),
    ]:
        with pytest.raises(DocumentError) as caught:
            params.overridden(before, {key: 1}, "x")
        assert str(caught.value) == said
    assert params.replaced(Drawn(), {"colour": "green", "shape.radius": 2.0}, "x") == Drawn(Round(2.0), "green")


def test_a_preset_says_what_differs_from_its_parent(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("about: First.\nvalues: {drawn.colour: green, other.key: 1}\n")
    (tmp_path / "child.yaml").write_text("parent: base\nvalues: {drawn.shape.radius: 3.0}\n")
    (tmp_path / "loop.yaml").write_text("parent: loop\n")
    (tmp_path / "bad.yaml").write_text("values: {drawn.color: red}\n")
    (tmp_path / "lost.yaml").write_text("parent: nobody\n")
    found = params.preset("child", KINDS, tmp_path)["drawn"]
    assert build(Drawn, found, "f") == Drawn(Round(3.0), "green")
    assert params.presets(tmp_path) == ["bad", "base", "child", "loop", "lost"]
    for name, said in [
        ("loop", "'loop' is a preset of its own line"),
        ("bad", "bad.yaml: values: drawn.color: unknown key; did you mean 'drawn.colour'?"),
        ("lost", "no preset 'nobody'; known: bad, base"),
    ]:
        with pytest.raises(DocumentError, match=said):
            params.preset(name, KINDS, tmp_path)
