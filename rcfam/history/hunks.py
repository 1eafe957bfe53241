"""Line differences by libgit2's diff, which is xdiff in C."""

from typing import NamedTuple

import pygit2
from pygit2.enums import DiffOption

_FLAGS = DiffOption.FORCE_TEXT


class Hunk(NamedTuple):
    """Lines `old_start : old_stop` become lines `new_start : new_stop`; counted from 0, stop excluded."""

    old_start: int
    old_stop: int
    new_start: int
    new_stop: int


def hunks(old: bytes, new: bytes) -> list[Hunk]:
    """The hunks that turn the lines of `old` into those of `new`, top to bottom, without context.

    A line ends with its newline; a last line without one differs from the same line with one.
    """
    found = []
    for hunk in pygit2.Patch.create_from(old, new, context_lines=0, interhunk_lines=0, flag=_FLAGS).hunks:
        # As in a unified diff, the start of an empty side is the line before it.
        old_start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        new_start = hunk.new_start - 1 if hunk.new_lines else hunk.new_start
        found.append(Hunk(old_start, old_start + hunk.old_lines, new_start, new_start + hunk.new_lines))
    return found
