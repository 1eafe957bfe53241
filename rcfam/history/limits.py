"""What a repository may cost: to fetch, and to read."""

from dataclasses import dataclass
from typing import Annotated, Final

from rcfam.bounds import Range, check

Seconds = Annotated[int, Range(1, 1_000_000)]
Number = Annotated[int, Range(1, 2**32 - 1)]
Bytes = Annotated[int, Range(1, 2**62)]

MAX_READ_BYTES: Final = 1 << 28  # of any one object, whatever parameters say


@dataclass(frozen=True)
class TransferLimits:
    """Bounds on one clone or update; each ends it with an error, and the mirror stays as it was."""

    connect_s: Seconds = 20
    """Seconds until a server must have taken the connection."""
    silent_s: Seconds = 60
    """Seconds without any progress. A byte of an object is progress, and so is a message from the server."""
    total_s: Seconds = 7200
    """Seconds that the whole transfer may take."""
    bytes: Bytes = 1 << 33
    """Bytes received."""
    objects: Number = 20_000_000
    """Objects in a pack."""
    refs: Number = 200_000
    """Branches, tags and other references."""
    memory_bytes: Bytes = 1 << 30
    """Memory of the process that does the transfer."""

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class HistoryLimits:
    """Bounds on what is read of a repository. Past them is an error; of a message the rest is left out."""

    commits: Number = 1_000_000
    """Commits between the root and the revision."""
    files: Number = 200_000
    """Files of one commit."""
    depth: Number = 256
    """Folders above a file."""
    object_bytes: Bytes = 1 << 25
    """Bytes of a commit or of one folder's list of files."""
    rename_bytes: Bytes = 1 << 28
    """Bytes of a commit's files that are compared to find renames and copies. Past them only equal files are found."""
    disk_bytes: Annotated[int, Range(1 << 10, 1 << 36)] = 1 << 29
    """Bytes of the files of one commit that can be typed, and of their paths."""
    message_characters: Bytes = 1 << 16
    """Characters of a commit message that are typed."""

    def __post_init__(self) -> None:
        check(self)
