"""What the machine refuses, in one line: a full or read-only disk, no memory, no free handles, a reader that left.

Libraries raise it as many kinds of exception. What is not known here is a fault of ours, and stays a traceback.
"""

import errno
import os
import re
import sys
from contextlib import suppress
from typing import Final

from rcfam.printable import say

_REFUSED: Final = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EROFS", "EDQUOT", "EFBIG", "EMFILE", "ENFILE", "ENAMETOOLONG", "EACCES", "EPERM", "EIO"),
        *("ENOMEM", "EAGAIN", "EPIPE", "ELOOP", "ESTALE", "EBUSY", "ETXTBSY", "ENOLCK"),
    )
)
_OF_RUST: Final = re.compile(r"\(os error (\d+)\)")  # Polars, safetensors
_NO_MEMORY: Final = re.compile(
    r"can't allocate memory|cannot allocate memory|unable to allocate|failed to map segment|can't start new thread"
    r"|Could not find/load shared object|unable to mmap|not enough memory|out of memory",
    re.IGNORECASE,
)  # PyTorch, NumPy, the loader of shared objects, llvmlite, the C library
_NO_ROOM: Final = "Invalid thrift: transport error"  # Polars, where the disk fills in the head of a Parquet file
_UNSAID: Final = "error return without exception set"  # the interpreter, where no memory is left to say that
_BROKEN_PIPE: Final = 128 + 13  # what a shell makes of SIGPIPE


def refused(error: BaseException) -> str | None:
    """What the machine refused, where that is what the error says; else None."""
    text = str(error)
    if isinstance(error, MemoryError) or (isinstance(error, SystemError) and _UNSAID in text):
        return "out of memory"
    if isinstance(error, OSError) and error.errno in _REFUSED:
        place = "" if error.filename is None else f"{error.filename}: "
        return f"{place}{error.strerror}"
    of_rust = _OF_RUST.search(text)
    if of_rust is not None and int(of_rust[1]) in _REFUSED:
        return os.strerror(int(of_rust[1]))
    if _NO_ROOM in text:
        return f"a table could not be written, as on a full disk: {' '.join(text.split())[:200]}"
    if isinstance(error, (RuntimeError, ImportError, OSError)) and _NO_MEMORY.search(text):
        return f"out of memory or of its bounds: {' '.join(text.split())[:200]}"
    return None if error.__cause__ is None else refused(error.__cause__)


def finish_output() -> int:
    """Bring what was printed to standard output; 0, or the exit status where that fails, with one line or none.

    A reader that left, as `head` does, is no failure to be told.
    """
    status = 0
    try:
        if hasattr(sys.stdout, "wrapped"):  # Typer puts something deaf in the place of one that broke
            raise BrokenPipeError
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        status = _BROKEN_PIPE
    except OSError as error:
        status = 1
        with suppress(OSError):
            say(f"rcfam: standard output: {error.strerror}", file=sys.stderr, flush=True)
    if status:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes once more
    return status
