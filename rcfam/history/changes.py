"""What a commit did, one change a file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["add", "modify", "delete", "rename", "copy", "mode", "link", "submodule", "message"]
Reason = Literal[
    "binary",
    "not UTF-8",
    "too large",
    "line too long",
    "submodule",
    "unprintable path",
    "unsafe path",
    "unprintable link target",
    "author not selected",
    "path not selected",
    "before the range",
    "message too long",
]

REGULAR = 0o100644
EXECUTABLE = 0o100755
LINK = 0o120000
SUBMODULE = 0o160000
FILE_MODES = (REGULAR, EXECUTABLE)
MAX_LINE_BYTES = 20_000  # nobody types longer lines: they are drawings and minified programs


@dataclass(frozen=True)
class Change:
    """One file's step in one commit. Paths are text; bytes that are not UTF-8 travel as surrogate escapes.

    `old_mode` and `old_id` are None for an addition, `new_mode` and `new_id` for a deletion. `old_path` differs from
    `path` for a rename or a copy only. `old_reason` and `new_reason` say why the contents before and after could not
    be typed (None: they can, or there are none). `left_out` says why the change is not rendered, None when it is: a
    binary file cannot be typed, but it can be moved, copied, made executable and removed.
    """

    kind: Kind
    path: str
    old_path: str
    old_mode: int | None
    new_mode: int | None
    old_id: str | None
    new_id: str | None
    old_reason: Reason | None
    new_reason: Reason | None
    left_out: Reason | None
    read: Callable[[str], bytes] = field(repr=False, compare=False)

    @property
    def old(self) -> bytes | None:
        """The file before the change, read from the repository; None when there was none or it is a submodule."""
        return None if self.old_id is None or self.old_mode == SUBMODULE else self.read(self.old_id)

    @property
    def new(self) -> bytes | None:
        """The file after the change, read from the repository; None when there is none or it is a submodule."""
        return None if self.new_id is None or self.new_mode == SUBMODULE else self.read(self.new_id)


@dataclass(frozen=True)
class Commit:
    """One commit and its changes against its first parent (against nothing for a root commit).

    Of a message longer than the limit only the beginning is here; `message_left_out` counts the characters after it.
    """

    id: str
    tree: str
    parent: str | None
    message: str
    author: str  # Name <address>
    time: int  # of the commit, seconds since 1970, UTC
    changes: tuple[Change, ...] = field(repr=False)
    message_left_out: int = 0

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].strip()


def path_reason(path: str) -> Reason | None:
    """Why a path cannot be typed, None when it can."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        return "unsafe path"
    if not path.isprintable() or any("\ud800" <= character <= "\udfff" for character in path):
        return "unprintable path"
    return None


def content_reason(mode: int, data: bytes) -> Reason | None:
    """Why a file's contents cannot be typed, None when they can."""
    if b"\0" in data:
        return "binary"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    if len(data) > MAX_LINE_BYTES and max(map(len, data.split(b"\n"))) > MAX_LINE_BYTES:
        return "line too long"
    if mode == LINK and not (text and text.isprintable()):
        return "unprintable link target"
    return None
