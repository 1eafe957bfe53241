"""No module of the package imports, directly or through others, a module that imports it."""

import ast
import graphlib
from pathlib import Path

import pytest

import rcfam

ROOT = Path(rcfam.__file__).parent


def modules(root: Path) -> dict[str, Path]:
    """Every module by its dotted name; a package by that of its `__init__.py`."""
    found = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(source: str, known: dict[str, Path]) -> set[str]:
    """The modules that a source names in imports, also within functions and for annotations alone.

    Of `from package import name` the module `package.name` counts where there is one: that the package itself is
    initialised on the way is no dependency on its other modules.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else node.module)
    return found & known.keys()


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of the graph, empty where there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle() -> None:
    known = modules(ROOT)
    graph = {name: imported(path.read_text(encoding="utf-8"), known) - {name} for name, path in known.items()}
    assert len(graph) > 200
    found = circle(graph)
    assert not found, " -> ".join(found)


@pytest.mark.parametrize(
    "back",
    [
        "import rcfam.a",
        "from rcfam import a",
        "def f():\n    from rcfam.a import g",
        "if TYPE_CHECKING:\n    import rcfam.a",
    ],
)
def test_a_circle_is_seen(back: str, tmp_path: Path) -> None:
    root = tmp_path / "rcfam"
    root.mkdir()
    (root / "__init__.py").touch()
    (root / "a.py").write_text("from rcfam import b\n")
    (root / "b.py").write_text(back)
    known = modules(root)
    assert circle({name: imported(path.read_text(), known) for name, path in known.items()})
