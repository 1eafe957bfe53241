"""The one way to compile a kernel: Numba, cached on disk until any kernel's source changes.

Numba's own cache looks only at the file of the outermost function, so a change to a kernel that another file
calls would go unseen. Here the cache lives in a folder named by the hash of every source file that holds kernels.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_ROOT = Path(__file__).parent
_KERNEL_ROOMS = ("jit.py", "tokenizer", "terminal", "typist", "recording", "dataset", "tasks")


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for room in _KERNEL_ROOMS:
        place = _ROOT / room
        for source in sorted(place.glob("**/*.py")) if place.is_dir() else [place]:
            if source.exists():
                digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """NUMBA_CACHE_DIR if set, else beside the package in a checkout, else the user's cache folder."""
    chosen: str = getattr(numba.config, "CACHE_DIR", "")
    if chosen:
        return Path(chosen)
    checkout = _ROOT.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / ".cache" / "kernels"
    return Path.home() / ".cache" / "rcfam" / "kernels"


setattr(numba.config, "CACHE_DIR", str(_cache_folder() / _sources_hash()))  # noqa: B010 - Numba's settings are untyped


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` in no-Python mode without the GIL, cached on disk. `NUMBA_DISABLE_JIT=1` runs it as Python."""
    return numba.njit(cache=True, nogil=True)(function)
