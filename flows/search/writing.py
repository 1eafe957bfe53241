"""A point written into params.yaml: the values alone, every other byte stays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.search import TuneError
from flows.search.space import DIMENSIONS, LENGTH, changes
from flows.trial import load
from rcfam import params as parameters
from rcfam.atomic import writing


def write_back(path: Path, point: Mapping[str, float]) -> list[str]:
    """Put a point into the parameter file, comments and layout kept; return what was changed, in words.

    Batch, chunk, rates, width and layers are replaced. Length is no parameter: the study's list of lengths gets it
    where it is not in there. Raises RcfamError, and then nothing is written.
    """
    load(path, changes(dict(point)))
    before = parameters.read(path)
    text = path.read_bytes().decode()  # line ends as they are
    said: list[str] = []
    try:
        for dimension in DIMENSIONS:
            key, value = dimension.key, point[dimension.name]
            standing = _value(before, key, path)
            if dimension.name == LENGTH:
                if not isinstance(standing, list) or not all(isinstance(each, int) for each in standing):
                    raise TuneError(f"{path}: {key}: expected a list of numbers")
                if value not in standing:
                    text = _insert(text, key, int(value))
                    said.append(f"{key}: {int(value)} is added")
            elif standing != value:
                node = _node(text, key)
                text = text[: node.start_mark.index] + _scalar(value) + text[node.end_mark.index :]
                said.append(f"{key}: {standing} -> {_scalar(value)}")
        as_meant = yaml.safe_load(text) == _with(before, point)
    except yaml.YAMLError:  # an anchor was replaced
        as_meant = False
    if not as_meant:
        raise TuneError(f"{path} is laid out in a way that cannot be written back into; nothing was changed")
    if said:
        with writing(path) as temporary:
            temporary.write_bytes(text.encode())
    return said


def _with(document: Any, point: Mapping[str, float]) -> Any:
    """A copy of the document that holds the point."""
    lengths, length = list(document["study"]["lengths"]), point[LENGTH]
    if length not in lengths:
        lengths.insert(next((n for n, each in enumerate(lengths) if each > length), len(lengths)), length)
    return parameters.overridden(document, {**changes(dict(point)), "study.lengths": lengths}, "the point")


def _value(document: Any, key: str, path: Path) -> Any:
    for part in key.split("."):
        if not isinstance(document, dict) or part not in document:
            raise TuneError(f"{path}: {key}: parameter is missing")
        document = document[part]
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
