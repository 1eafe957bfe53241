"""Every parameter has its bounds in its dataclass; a value beyond one is refused with key, value and bound."""

import copy
import dataclasses
import math
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from rcfam import documents, params, schema
from rcfam.bounds import NAME, BoundsError, Different, Range, Size, hints, shown
from rcfam.cli.params import sections
from rcfam.documents import DocumentError
from rcfam.model.action import Head
from rcfam.model.backbones import Backbone
from rcfam.rendering import RenderParams
from rcfam.tasks.inflate import InflateParams
from rcfam.tasks.tracking.frjt import FrjtParams
from rcfam.tasks.tracking.maze import MazeParams
from rcfam.tasks.tracking.models import TrackerParams
from rcfam.tasks.tracking.training import TrackingParams
from rcfam.typist import TypistParams
from tests.support.parameters import PRESETS, preset_section

ROOT = Path(__file__).parents[2]
DEFAULT = params.read(ROOT / "params.yaml")
SECTIONS = sections()
OTHERS = (InflateParams, FrjtParams, MazeParams, TrackerParams, TrackingParams, TypistParams)
KINDS = (*schema.dataclasses_in(Head), *schema.dataclasses_in(Backbone))
"""What a model is made of; their keys are not in every file."""
PARTS = {"outer": {"every": 50, "rate": 0.7, "momentum": 0.9}}


def whole(kind: Any) -> dict[str, Any]:
    """A mapping that the dataclass is made of, with every part that may be null."""
    for name, section in SECTIONS.items():
        if section is kind:
            found = DEFAULT[name]
            return found | {part: PARTS[part] for part in PARTS if part in found and not isinstance(found[part], int)}
    made: dict[str, Any] = schema.plain(kind.small() if kind in KINDS else kind())
    return made


def numbers(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Path and bounds of every number in a dataclass and in its parts."""
    for name, hint in hints(kind).items():
        for inner, bounds in [] if schema.kinds(hint) else leaves(hint, []):
            if dataclasses.is_dataclass(inner):
                yield from numbers(inner, (*path, name))
            elif inner in (int, float):
                yield (*path, name), bounds


def leaves(hint: Any, bounds: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    if typing.get_origin(hint) is Annotated:
        yield from leaves(typing.get_args(hint)[0], [*bounds, *typing.get_args(hint)[1:]])
    elif typing.get_args(hint) and typing.get_origin(hint) is not typing.Literal:
        for inner in typing.get_args(hint):
            yield from leaves(inner, bounds)
    else:
        yield hint, bounds


def ranges(bounds: list[Any]) -> list[Range]:
    return [bound for bound in bounds if isinstance(bound, Range)]


CASES = [
    (kind, path, found[0])
    for kind in (*SECTIONS.values(), *OTHERS, *KINDS)
    for path, bounds in numbers(kind)
    if len(found := ranges(bounds)) == 1
]


def test_every_number_of_every_section_has_a_lower_and_an_upper_bound() -> None:
    without = [
        f"{kind.__name__}.{'.'.join(path)}"
        for kind in (*SECTIONS.values(), *OTHERS, *KINDS)
        for path, bounds in numbers(kind)
        if len(found := ranges(bounds)) != 1
        or (found[0].least is None and found[0].above is None)
        or (found[0].most is None and found[0].below is None)
    ]
    assert without == []
    assert len(CASES) > 90


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_within_the_bounds(preset: str) -> None:
    for name, kind in SECTIONS.items():
        preset_section(preset, name, kind)


@pytest.mark.parametrize(("kind", "path", "bound"), CASES, ids=lambda v: ".".join(v) if isinstance(v, tuple) else None)
def test_a_value_beside_its_bound_is_refused(kind: Any, path: tuple[str, ...], bound: Range) -> None:
    def with_value(value: Any) -> Any:
        document = copy.deepcopy(whole(kind))
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = [value] if isinstance(place[path[-1]], list) else value  # a list's items have the bounds
        return documents.build(kind, document, "f:")

    beyond = [bound.least - 1 if bound.least is not None else bound.above]
    beyond += [bound.most * 2 + 1 if bound.most is not None else bound.below]
    for value in (*beyond, math.inf, -math.inf, math.nan, True, "1", 10**400, [], {}):
        with pytest.raises(DocumentError) as caught:
            with_value(value)
        told = str(caught.value)
        assert told.startswith(f"f: {'.'.join(path)}") and "\n" not in told and len(told) < 300, told


def test_bounds_hold_wherever_a_value_comes_from() -> None:
    with pytest.raises(BoundsError, match=r"^rows: 0 is not at least 6 and at most 512$"):
        RenderParams(rows=0)
    with pytest.raises(BoundsError, match=r"^max_commits: -1 is not at least 1"):
        RenderParams(max_commits=-1)
    with pytest.raises(BoundsError, match=r"^rate: nan is not finite$"):
        TrackingParams(rate=math.nan)
    with pytest.raises(ValueError, match="chunk_frames: 65536 is not at most 128 on 512 x 1024"):
        RenderParams(rows=512, columns=1024, chunk_frames=65536)


@pytest.mark.parametrize("name", ["a", "_a", "a.b-c", "9", "a" * 100])
def test_names_that_stay_in_their_folder(name: str) -> None:
    assert NAME.matches(name)


@pytest.mark.parametrize("name", ["", ".", "..", ".a", "-a", "a/b", "../x", "a\n", "a\0", "é", "a" * 101, "a b", "~"])
def test_names_that_do_not(name: str) -> None:
    assert not NAME.matches(name)
    with pytest.raises(BoundsError, match="is not a name"):
        NAME.check(name, "name")


def test_other_bounds_name_what_is_wrong() -> None:
    with pytest.raises(BoundsError, match=r"^x: 3 stands there twice$"):
        Different().check((3, 4, 3), "x")
    with pytest.raises(BoundsError, match=r"^x: 0 items, must be 1 to 2$"):
        Size(1, 2).check((), "x")
    with pytest.raises(BoundsError, match=r"^x: 3 characters, must be 1 to 2$"):
        Size(1, 2).check("abc", "x")
    with pytest.raises(BoundsError, match=r"^x: 1 is not at least 0 and below 1$"):
        Range(least=0, below=1).check(1, "x")


def test_a_value_is_shown_in_one_short_line_without_control_characters() -> None:
    for value in ("\x1b[2J\n" * 50, "\u202e" * 500, [1] * 10_000, 10**5_000, {"a": "\0"}):
        text = shown(value)
        assert text.isprintable() and len(text) <= 80
