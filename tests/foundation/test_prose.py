"""Docstrings and comments of the package: complete, in whole paragraphs, without private words."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import rcfam

PACKAGE: Final = Path(rcfam.__file__).parent

CHECKED: Final[tuple[str, ...]] = ("trained",)
"""Files and folders of the package that are held to these rules."""

PRIVATE_WORDS: Final = re.compile(
    r"\b(told|said|stood|stands(?! for\b)|nobody|anybody|lest|hence|as it were|is none|are none)\b|(?<!-)\banew\b",
)
"""Words that cost the reader a second reading. `None` in capitals is Python's."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """Every module that is checked."""
    found: list[Path] = []
    for name in CHECKED:
        path = PACKAGE / name
        assert path.exists(), f"{name} is not in the package"
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Names of the module, public classes, functions and methods that have no docstring."""
    if tree.body and ast.get_docstring(tree) is None:
        yield "line 1: the module"
    yield from _undocumented_in(tree.body)


def _undocumented_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            overload = any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
            if ast.get_docstring(node) is None and not overload:
                yield f"line {node.lineno}: {node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _undocumented_in(node.body)


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is a statement: docstrings, and strings below fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def comments(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def broken_paragraphs(text: str) -> Iterator[str]:
    """Last words of the paragraphs whose last line is a single word. List items do not count."""
    for block in re.split(r"\n[ \t]*\n", text.strip()):
        lines = block.splitlines()
        prose = len(lines) > 1 and len(lines[0].split()) > 1 and not lines[-1].lstrip().startswith(("-", "*", "|"))
        if prose and len(lines[-1].split()) == 1:
            yield lines[-1].strip()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_prose(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    faults = [f"{name} has no docstring" for name in undocumented(tree)]
    for line, text in docstrings(tree):
        faults += [f"line {line}: a paragraph ends in the line {word!r}" for word in broken_paragraphs(text)]
    for line, text in [*docstrings(tree), *comments(source)]:
        faults += [f"line {line}: the word {found.group()!r}" for found in PRIVATE_WORDS.finditer(text)]
    assert not faults, "\n".join([str(path.relative_to(PACKAGE.parent)), *faults])


def test_the_rules_find_faults() -> None:
    source = '"""Title."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\n'
    assert list(undocumented(ast.parse(source))) == ["line 4: b"]
    assert list(broken_paragraphs("One line and\nthen\n\nNext line\nwith two words.\n")) == ["then"]
    assert not list(broken_paragraphs("A list:\n\n    a\n    b\n"))
    assert PRIVATE_WORDS.search("where nobody waits") and PRIVATE_WORDS.search("a date that is none")
    assert not PRIVATE_WORDS.search("B stands for streams; `x is None`; --anew")
