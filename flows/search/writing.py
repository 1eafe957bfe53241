"""A point written into params.yaml: the values alone, every other byte stays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.search import TuneError
from flows.search.space import DIMENSIONS, LENGTH, changes
from flows.trial import load
from rcfam.atomic import writing

_LENGTHS = "study.lengths"


def write_back(path: Path, point: Mapping[str, float]) -> list[str]:
    """Put a point into the parameter file, comments and layout kept; return what was changed, in words.

    Batch, chunk, rates, width and layers are replaced. Length is no parameter: the study's list of lengths gets it
    where it is not in there. Raises RcfamError, and then nothing is written.
    """
    load(path, changes(dict(point)))
    try:
        text = path.read_text(encoding="utf-8")
        document: Any = yaml.safe_load(text)
        said: list[str] = []
        for dimension in DIMENSIONS:
            value = point[dimension.name]
            if dimension.name == LENGTH:
                if value not in _value(document, _LENGTHS, path):
                    text = _insert(text, _LENGTHS, int(value))
                    said.append(f"{_LENGTHS}: {int(value)} is added")
            elif (before := _value(document, dimension.key, path)) != value:
                node = _node(text, dimension.key)
                text = text[: node.start_mark.index] + _scalar(value) + text[node.end_mark.index :]
                said.append(f"{dimension.key}: {before} -> {_scalar(value)}")
        if said:
            with writing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
                _check(temporary, document, point)
    except OSError as error:
        raise TuneError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TuneError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    return said


def _check(path: Path, before: Any, point: Mapping[str, float]) -> None:
    """Raise TuneError unless the file is as it was, but for the point."""
    expected = before
    for dimension in DIMENSIONS:
        *above, last = dimension.key.split(".")
        place = expected
        for key in above:
            place = place[key]
        if dimension.name == LENGTH:
            place[last] = sorted({*place[last], point[LENGTH]})
        else:
            place[last] = point[dimension.name]
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written["study"]["lengths"] = sorted(written["study"]["lengths"])
    if written != expected:
        raise TuneError("the parameter file is laid out in a way that cannot be written back into: nothing was changed")


def _value(document: Any, key: str, path: Path) -> Any:
    for part in key.split("."):
        if not isinstance(document, dict) or part not in document:
            raise TuneError(f"{path}: {key}: parameter is missing")
        document = document[part]
    if key == _LENGTHS and not isinstance(document, list):
        raise TuneError(f"{path}: {key}: expected a list")
    return document


def _node(text: str, key: str) -> yaml.Node:
    """Where the value of a key stands in the text."""
    node = yaml.compose(text, yaml.SafeLoader)
    for part in key.split("."):
        assert isinstance(node, yaml.MappingNode)
        node = next(value for name, value in node.value if name.value == part)
    assert node is not None
    return node


def _insert(text: str, key: str, value: int) -> str:
    """A number put into a list [like, this] at its place in the order."""
    node = _node(text, key)
    if not isinstance(node, yaml.SequenceNode) or not node.flow_style or not node.value:
        raise TuneError(f"{key}: expected a list in brackets, such as [2, 4]")
    for item in node.value:
        if float(item.value) > value:
            return f"{text[: item.start_mark.index]}{value}, {text[item.start_mark.index :]}"
    end = node.value[-1].end_mark.index
    return f"{text[:end]}, {value}{text[end:]}"


def _scalar(value: float) -> str:
    """A number as YAML 1.1 reads it: an exponent needs a point before it."""
    text = repr(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text
