"""The one way to compile a kernel: Numba, cached on disk until its source or a source that it imports changes.

Numba's own cache looks only at the file of the outermost function, so a change to a kernel that another file
calls would go unseen. Here the cache of a module's kernels lives in a folder named by the hash of that module and of
everything of this package that it imports, directly or not. No other user can write into it.

Versions of Numba in TESTED compile kernels as `linked_kernels.py` and `reference.py` say, in a quarter of the time.
Other versions compile them in the plain way, `numba.njit(nogil=True)`: the results are the same, bit by bit.
"""

import ast
import atexit
import errno
import grp
import hashlib
import logging
import os
import pickle
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np

TESTED: Final = ("0.68.",)
"""Beginnings of the versions of Numba whose insides are known."""
PLAIN: Final = not numba.__version__.startswith(TESTED)
"""Whether kernels compile in the plain way."""
_ROOT = Path(__file__).parent
_LOG = logging.getLogger(__name__)

if PLAIN:
    _LOG.warning(
        "rcfam: Numba %s was not tested: kernels compile in the plain way, in four times the time", numba.__version__
    )
if numba.config.DISABLE_JIT:  # type: ignore[attr-defined] # settings that Numba makes as it starts
    np.seterr(over="ignore")  # hashes wrap around, as they do in machine code


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
    """NUMBA_CACHE_DIR if set, else beside the package in a checkout, else the user's cache folder. Raises OSError."""
    if chosen:
        return Path(chosen)
    checkout = _ROOT.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / ".cache" / "kernels"
    try:
        return Path.home() / ".cache" / "rcfam" / "kernels"
    except RuntimeError as error:
        raise NotADirectoryError(errno.ENOTDIR, "this user has no home folder", "~") from error


@cache
def _folder() -> Path | None:
    """The folder for compiled kernels, one that no other user can write into; None where there is none.

    What lies there is run: Numba keeps pickles and machine code. Where the usual place is not private, or cannot be
    written, kernels go into a temporary folder for the time of this process.
    """
    try:
        folder = _cache_folder(getattr(numba.config, "CACHE_DIR", "")).absolute()
        _make_private(folder)
        tempfile.TemporaryFile(dir=folder).close()
        return folder
    except OSError as error:
        place, reason = error.filename, error.strerror
    try:
        temporary = Path(tempfile.mkdtemp(prefix="rcfam-kernels-"))  # mode 0700, a name that nobody can guess
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    except OSError:
        temporary = None
    _LOG.warning("rcfam: kernels are compiled anew: their cache cannot be used: %s: %s", place, reason)
    return temporary


def _make_private(folder: Path) -> None:
    """Make a folder that is ours alone, or see that it is. Raises OSError."""
    place = folder.parent.resolve() / folder.name
    place.parent.mkdir(parents=True, exist_ok=True)
    trusted = {0, os.geteuid(), _ROOT.stat().st_uid}  # who may write the program may write its kernels
    for above in place.parents:
        found = above.stat()
        if found.st_uid not in trusted or (_is_open(found) and not found.st_mode & stat.S_ISVTX):
            raise PermissionError(errno.EPERM, "other users may write there", str(above))
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise PermissionError(errno.EPERM, "a symbolic link", str(place))
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    if found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(place))
    if _is_open(found):
        raise PermissionError(errno.EPERM, "other users may write there", str(place))
    if found.st_mode & 0o077:
        place.chmod(0o700)


def _is_open(found: os.stat_result) -> bool:
    """Whether others may write: the world, or a group that is not this user's own and nobody else's."""
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and found.st_gid not in (0, _own_group())


@cache
def _own_group() -> int:
    """The group that has the user's name and no other members, as many systems make one for each user; else -1."""
    try:
        user = pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(user.pw_gid)
    except KeyError:
        return -1
    return group.gr_gid if group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name} else -1


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` in no-Python mode without the GIL, cached on disk. `NUMBA_DISABLE_JIT=1` runs it as Python."""
    return _cached(function, {})


def bare_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `kernel`, for a function that makes no arrays and returns none: it counts no references to those it is given.

    A kernel that is called once a keystroke spends a tenth of its time on counting them.
    """
    return _cached(function, {"_nrt": False})


def _cached(function: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    compiler: Any = numba.njit
    options = dict(options)
    folder = None if numba.config.DISABLE_JIT else _folder()  # type: ignore[attr-defined]
    if folder is not None:
        source = sys.modules[function.__module__].__file__
        place = folder / _sources_hash(Path(source)) if source else folder
        if PLAIN:
            place = place.with_name(f"{place.name}-plain")
        setattr(numba.config, "CACHE_DIR", str(place))  # noqa: B010 - Numba's settings are untyped
        options = {**options, "cache": True}
    if PLAIN:
        options = {name: value for name, value in options.items() if name == "cache"}
    else:
        from rcfam.linked_kernels import WholeCompiler

        options["pipeline_class"] = WholeCompiler
    made: Callable[..., Any] = compiler(nogil=True, **options)(function)
    if folder is not None and not PLAIN:
        _forgive(made)
    return made


def _forgive(made: Any) -> None:
    """A kernel runs also where its cached code was damaged, as by a power loss, or where the disk does not take it."""
    load, save = made._cache.load_overload, made._cache.save_overload

    def load_overload(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except (EOFError, pickle.UnpicklingError, OSError):
            with suppress(OSError):
                made._cache.flush()
            return None

    def save_overload(*arguments: Any) -> None:
        with suppress(OSError):
            save(*arguments)

    made._cache.load_overload, made._cache.save_overload = load_overload, save_overload


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` for kernels to call; it must not make arrays. Called from Python it raises TypeError.

    It has no door from Python, no cache, reference counts, or copy of its own for every constant that it is called
    with: each of them costs much of a fresh compile. In the plain way it is an ordinary compiled function.
    """
    if PLAIN:
        made: Callable[..., Any] = numba.njit(nogil=True)(function)
        return made
    from rcfam.linked_kernels import inner

    return inner(function)
