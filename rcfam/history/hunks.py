"""Line differences by libgit2's diff, which is xdiff in C: as hunks, and as the text that `git diff` prints."""

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


def patch(old: bytes | None, new: bytes, path: str, context: int) -> str:
    """What `git diff -U<context>` prints where the file `path` becomes `new`; `old` None: it was not there.

    Both must be UTF-8. A hunk's heading, which git cuts at 80 bytes, may end in a replacement character.
    """
    flags = _FLAGS | DiffOption.INDENT_HEURISTIC
    made = pygit2.Patch.create_from(old, new, path, path, flag=flags, context_lines=context, interhunk_lines=0)
    return made.data.decode("utf-8", "replace")
