"""The one way to compile a kernel: Numba, cached on disk until its source or a source that it imports changes.

Numba's own cache looks only at the file of the outermost function, so a change to a kernel that another file
calls would go unseen. Here the cache of a module's kernels lives in a folder named by the hash of that module and of
everything of this package that it imports, directly or not.
"""

import ast
import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.types import unliteral

_ROOT = Path(__file__).parent


def _source(module: str) -> Path | None:
    """The file of a module of this package, None for a name inside a module or of another package."""
    place = _ROOT.parent.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)


@cache
def _imported(path: Path) -> frozenset[Path]:
    """The sources of this package that a source names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    found = (_source(name) for name in names if name.split(".")[0] == _ROOT.name)
    return frozenset(source for source in found if source is not None)


@cache
def _sources_hash(path: Path) -> str:
    reached, waiting = {path}, [path]
    while waiting:
        new = _imported(waiting.pop()) - reached
        reached |= new
        waiting.extend(new)
    digest = hashlib.sha256()
    for source in sorted(reached):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder(chosen: str) -> Path:
    """NUMBA_CACHE_DIR if set, else beside the package in a checkout, else the user's cache folder."""
    if chosen:
        return Path(chosen)
    checkout = _ROOT.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / ".cache" / "kernels"
    return Path.home() / ".cache" / "rcfam" / "kernels"


_FOLDER = _cache_folder(getattr(numba.config, "CACHE_DIR", ""))


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` in no-Python mode without the GIL, cached on disk. `NUMBA_DISABLE_JIT=1` runs it as Python."""
    source = sys.modules[function.__module__].__file__
    folder = _FOLDER / _sources_hash(Path(source)) if source else _FOLDER
    setattr(numba.config, "CACHE_DIR", str(folder))  # noqa: B010 - Numba's settings are untyped
    return numba.njit(cache=True, nogil=True)(function)


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` for other kernels to call; it must not make arrays.

    Without a door from Python, a cache of its own, reference counts, and a copy of its own for every constant that it
    is called with, a fresh compile takes half the time.
    """
    compiler: Any = numba.njit
    compiled: Any = compiler(nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    if compiled is not function:  # with NUMBA_DISABLE_JIT=1 it is
        resolve = compiled.get_call_template

        def without_constants(arguments: Any, named: dict[str, Any]) -> Any:
            plain = {name: unliteral(kind) for name, kind in named.items()}
            return resolve([unliteral(kind) for kind in arguments], plain)

        compiled.get_call_template = without_constants
    made: Callable[..., Any] = compiled
    return made
