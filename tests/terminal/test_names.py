"""Keys, operators, actions, traps and characters are compared by name in the terminal and the teacher."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcfam
from rcfam.terminal import state as S

ROOT = Path(rcfam.__file__).parent
ROOMS = sorted([*(ROOT / "terminal").rglob("*.py"), *(ROOT / "typist").rglob("*.py")])

SIZES = {"count", "given", "percent", "digit", "cells", "room", "n", "rest", "i", "after - v", "ex.number(value)"}
"""other sides of a comparison that count something; `len(...)` does, too"""

BLOCKS = {
    ("editor/positions.py", "character_class"): "bounds of Unicode blocks, as vim's table of classes lists them",
    ("editor/letter_case.py", "changed"): "bounds of Latin, Greek and Cyrillic alphabets",
}
"""functions whose numbers are bounds of ranges of Unicode"""


def literals(node: ast.expr) -> Iterator[int]:
    """Whole numbers above 1 or below -1 that stand in an operand, also in its tuples and behind `ord`."""
    for part in node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]:
        if isinstance(part, ast.UnaryOp):
            part = part.operand
        if isinstance(part, ast.Constant) and type(part.value) is int and abs(part.value) > 1:
            yield part.value


def counts(node: ast.expr) -> bool:
    return ast.unparse(node) in SIZES or (isinstance(node, ast.Call) and ast.unparse(node.func) == "len")


def faults(source: str, name: str = "") -> list[str]:
    found = []
    tree = ast.parse(source)
    outer = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    allowed = {id(inside) for function in outer if (name, function.name) in BLOCKS for inside in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchValue) and list(literals(node.value)):
            found.append(f"{name}:{node.value.lineno}: case {ast.unparse(node)}")
        if not isinstance(node, ast.Compare) or id(node) in allowed:
            continue
        operands = [node.left, *node.comparators]
        others = [
            operand for operand in operands if not isinstance(operand, ast.Constant) and not list(literals(operand))
        ]
        if any(list(literals(operand)) for operand in operands) and not (others and all(map(counts, others))):
            found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    for function in outer:
        if any("kernel" in ast.unparse(each) or "inner" in ast.unparse(each) for each in function.decorator_list):
            found += [
                f"{name}:{call.lineno}: {ast.unparse(call)} in a kernel"
                for call in ast.walk(function)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "ord"
            ]
    return found


def test_keys_and_commands_are_compared_by_name() -> None:
    found = []
    for path in ROOMS:
        name = path.relative_to(ROOT / "terminal" if "terminal" in path.parts else ROOT).as_posix()
        found += faults(path.read_text(), name)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "key == 103",
        "key < 97",
        "97 <= key <= 122",
        "key in (103, 102)",
        "(key | 32) == 120",
        "s.pool[i] != 10",
        "trap == -3",
        "@inner\ndef f(key):\n    return key == ord('g')",
        "match key:\n    case 103:\n        pass",
    ],
)
def test_the_rule_sees(source: str) -> None:
    assert faults(source)


@pytest.mark.parametrize("source", ["key == K.g", "len(parts) < 2", "count > 2", "x == 1", "key in (K.UP, K.DOWN)"])
def test_the_rule_lets_pass(source: str) -> None:
    assert not faults(source)


def test_a_cell_is_parted_by_name() -> None:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and type(node.value) is int:
                assert node.value != 0x1FFFFF, f"{path}:{node.lineno}: GLYPH_MASK has no name here"
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift | ast.RShift):
                one = isinstance(node.left, ast.Constant) and node.left.value == 1  # a size
                bits = isinstance(node.right, ast.Constant) and node.right.value == 21
                assert one or not bits, f"{path}:{node.lineno}: GLYPH_BITS has no name here"


def test_scalars_are_numbered_without_holes() -> None:
    source = ast.parse((ROOT / "terminal" / "state.py").read_text())
    names = [
        node.target.id
        for node in source.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.value is not None
        and ast.unparse(node.value) == "next(_numbers)"
    ]
    assert [getattr(S, name) for name in names] == list(range(len(names)))
    assert names[-1] == "MARK_TABLE"
    assert len(names) - 1 + 2 * S.MARKS == S.SCALARS


def test_the_test_of_a_word_stands_once() -> None:
    tests = [path for path in ROOMS if path.read_text().count("K.UNDERSCORE or") + path.read_text().count("== 95")]
    assert [path.name for path in tests] == ["characters.py"]
