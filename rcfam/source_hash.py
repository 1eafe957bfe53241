"""What source code does, without how it is written: a hash that comments, docstrings and formatting do not change."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_NOT_MEANT: Final = frozenset({"kind", "type_comment"})  # `u` before a text, comments that are types
_SKIPPED: Final = frozenset({"__pycache__"})


def digest(path: Path) -> str:
    """SHA-256 of a file: of the syntax tree of a Python module, of the bytes of every other file.

    Raises SyntaxError where a module is none.
    """
    if path.suffix != ".py":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(normalised(path.read_bytes()).encode()).hexdigest()


def normalised(source: str | bytes) -> str:
    """The syntax tree of a module as text, equal on every version of Python that reads the module alike.

    Left out are positions, comments, docstrings and all other strings that stand alone as a statement.
    """
    return "".join(_texts(ast.parse(source)))


def files(folder: Path) -> list[Path]:
    """All files below a folder that belong to its code, in order."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sorted(path for path in found if not _SKIPPED.intersection(path.parts))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name, inner in ast.iter_fields(value):
            # Newer versions have more fields, which are empty where a module uses nothing new.
            if name in _NOT_MEANT or inner is None or inner == []:
                continue
            if isinstance(value, ast.JoinedStr):
                inner = [part for part in inner if not _is_empty(part)]
            yield f"{name}="
            yield from _texts(inner)
            yield ","
        yield ")"
    elif isinstance(value, list):
        yield "["
        for inner in value:
            if not _is_text_alone(inner):
                yield from _texts(inner)
                yield ","
        yield "]"
    else:
        yield f"{type(value).__name__}:{value!r}"


def _is_text_alone(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_empty(node: Any) -> bool:
    """Whether a node is an empty text: Python 3.12 puts some into formatted texts, where they say nothing."""
    return isinstance(node, ast.Constant) and node.value == ""
