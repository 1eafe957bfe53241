"""What several languages share: comments, strings, words."""

from typing import Final

from rcfam.terminal.attributes import COMMENT, CONSTANT, IDENTIFIER, PREPROC, STATEMENT
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.rules import Region

NAMED: Final = STATEMENT | IDENTIFIER << 6

TODO: Final = {T.NOTE: "TODO FIXME XXX"}


def comment(start: str, flags: int = 0) -> Region:
    """A comment up to the line's end."""
    return Region(start, "", COMMENT, flags | T.NOTES)


def block(start: str, end: str, flags: int = 0) -> Region:
    return Region(start, end, COMMENT, flags | T.LINES | T.NOTES)


def string(quote: str, flags: int = 0, escaped: int = PREPROC) -> Region:
    """A string with backslashes, escapes in a colour of their own."""
    return Region(quote, quote, CONSTANT, flags, "\\", escaped)


def plain(quote: str, flags: int = 0, end: str = "") -> Region:
    """A string without backslashes."""
    return Region(quote, end or quote, CONSTANT, flags)


SHELL_COMMENT: Final = comment("#", T.AFTER_BLANK)

DIRECTIVES: Final = {
    PREPROC | T.BASE: "#define #undef #pragma #error #warning #line",
    PREPROC | T.BASE | T.QUIET: "#if #ifdef #ifndef #elif #else #endif",
    PREPROC | T.INCLUDE: "#include #include_next #import",
}
