"""What one terminal may hold and what one key may cost. Where a limit is met the program says what it says on a full
machine, and the terminal goes on.
"""

from dataclasses import dataclass, fields
from typing import Final

from rcfam.errors import RcfamError

_BOUNDS: Final = {
    "characters": (1 << 10, 1 << 26),
    "lines": (1 << 6, 1 << 24),
    "register_bytes": (1 << 10, 1 << 30),
    "undo_units": (1, 1_000_000),
    "undo_lines": (1 << 6, 1 << 24),
    "work": (1 << 16, 1 << 32),
    "disk_bytes": (1 << 10, 1 << 36),
    "disk_files": (1, 1 << 24),
}


@dataclass(frozen=True)
class Limits:
    """The limits of a terminal. Raises RcfamError, naming value and bounds, where one is out of its bounds."""

    characters: int = 1 << 21
    """characters of the text in one editor, its line ends counted"""
    lines: int = 1 << 18
    """lines of the text in one editor"""
    register_bytes: int = 1 << 24
    """bytes of the named registers of one editor, 4 a character"""
    undo_units: int = 1000
    """changes that `u` takes back, vim's 'undolevels'; the oldest go first"""
    undo_lines: int = 1 << 19
    """lines that these changes saved, all together"""
    work: int = 1 << 22
    """steps of one search or substitution: characters compared, and ways that a pattern tried"""
    disk_bytes: int = 1 << 28
    """bytes of all virtual files"""
    disk_files: int = 1 << 17
    """virtual files, links and directories"""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = _BOUNDS[field.name]
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise RcfamError(f"a terminal's limit {field.name} of {value!r} is no whole number of {low} to {high}")
