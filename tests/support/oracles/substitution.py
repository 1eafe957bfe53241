"""vim's patterns and replacements ('magic') for `:s`, as regular expressions of Python: slow where they backtrack."""

import re
from collections.abc import Callable

Replacement = Callable[[re.Match[str]], str]
BREAK = "\r\n"
"""stands for the line break that `\\r` puts into a replacement: a newline cannot stand in a line"""

_CLASSES = {
    "s": "[ \\t]", "S": "[^ \\t]", "d": "[0-9]", "D": "[^0-9]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]",
    "x": "[0-9A-Fa-f]", "X": "[^0-9A-Fa-f]", "a": "[A-Za-z]", "A": "[^A-Za-z]", "l": "[a-z]", "L": "[^a-z]",
    "u": "[A-Z]", "U": "[^A-Z]", "h": "[A-Za-z_]", "H": "[^A-Za-z_]", "o": "[0-7]", "O": "[^0-7]",
    "t": "\\t", "e": "\\x1b", "r": "\\r", "b": "\\x08",
    "+": "+", "=": "?", "?": "?", "(": "(", ")": ")", "|": "|",
    "<": "(?<![0-9A-Za-z_\\u00c0-\\U0010ffff])(?=[0-9A-Za-z_\\u00c0-\\U0010ffff])",
    ">": "(?<=[0-9A-Za-z_\\u00c0-\\U0010ffff])(?![0-9A-Za-z_\\u00c0-\\U0010ffff])",
}  # fmt: skip
_NAMED = "nzvVmMcCkKpPfFiI_%@&{~"  # what follows a backslash with a meaning that is not here, but for those handled


class UnsupportedError(Exception):
    """A part of vim's patterns that is not here."""


def translate(pattern: str) -> str:
    """A vim pattern as a regular expression. Raises UnsupportedError."""
    out: list[str] = []
    i = 0
    while i < len(pattern):
        c = pattern[i]
        i += 1
        begins = not out or out[-1] in ("(", "(?:", "|")
        if c == "\\" and i < len(pattern):
            taken, i = _escaped(pattern, i)
            out.append(taken)
        elif c == "^":
            out.append("^" if begins else "\\^")
        elif c == "$":
            out.append("$" if i == len(pattern) or pattern.startswith(("\\|", "\\)"), i) else "\\$")
        elif c == ".":
            out.append(".")
        elif c == "*":
            out.append("\\*" if begins or out == ["^"] else "*")
        elif c == "[":
            taken, i = _set(pattern, i)
            out.append(taken)
        elif c == "~":
            raise UnsupportedError
        else:
            out.append(re.escape(c))
    return "(?s)" + "".join(out)


def _escaped(pattern: str, i: int) -> tuple[str, int]:
    """What a backslash and the character at `i` mean, and where the pattern goes on."""
    c = pattern[i]
    if pattern.startswith("%(", i):
        return "(?:", i + 2
    if c == "{":
        found = re.compile(r"(-?)(\d*)(,?)(\d*)\\?}").match(pattern, i + 1)
        if found is None:
            raise UnsupportedError
        lazy, low, comma, high = found.groups()
        times = f"{{{low or 0},{high}}}" if comma or not low else f"{{{low}}}"
        return times + ("?" if lazy else ""), found.end()
    if c in _CLASSES:
        return _CLASSES[c], i + 1
    if c.isdecimal() and c != "0":
        return f"(?:\\{c})", i + 1
    if c in _NAMED or c.isdecimal():
        raise UnsupportedError
    return re.escape(c), i + 1


def _set(pattern: str, i: int) -> tuple[str, int]:
    """`[...]` from behind its bracket on; a bracket that nothing closes is itself."""
    found = re.compile(r"\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*\]").match(pattern, i)
    if found is None:
        return "\\[", i
    inner = found[0][:-1]
    if "[:" in inner:
        raise UnsupportedError
    inverted = inner.startswith("^")
    body = ""
    place = 1 if inverted else 0
    while place < len(inner):
        c = inner[place]
        place += 1
        if c == "\\" and place < len(inner) and inner[place] in "etrbn\\]^-":
            body += {"e": "\\x1b", "t": "\\t", "r": "\\r", "b": "\\x08", "n": "\\n"}.get(
                inner[place], "\\" + inner[place]
            )
            place += 1
        else:
            body += c if c == "-" else re.escape(c)
    return f"[{'^' if inverted else ''}{body}]", found.end()


def replacement(text: str) -> Replacement:
    """The text of `:s` as a function of a match: & \\0-\\9, \\n \\r \\t, and the case changes \\u \\l \\U \\L \\E."""
    pieces = re.findall(r"\\.|[^\\]|\\$", text, re.DOTALL)

    def made(match: re.Match[str]) -> str:
        out, once, mode = "", "", ""
        for piece in pieces:
            if piece == "&":
                part = match[0]
            elif len(piece) == 1:
                part = BREAK if piece == "\r" else piece
            elif piece[1].isdecimal():
                part = match[int(piece[1])] or ""
            elif piece[1] in "ul":
                once = piece[1]
                continue
            elif piece[1] in "ULEe":
                mode = piece[1]
                continue
            else:
                part = {"r": BREAK, "n": "\0", "t": "\t"}.get(piece[1], piece[1])
            part = part.upper() if mode == "U" else part.lower() if mode == "L" else part
            if once and part:
                part = (part[0].upper() if once == "u" else part[0].lower()) + part[1:]
                once = ""
            out += part
        return out

    return made


def substitute(wanted: re.Pattern[str], put: Replacement, line: str, all_of_it: bool) -> tuple[str, int]:
    """The line with the first match replaced, or all of them, and how many there were.

    As in vim nothing is matched where the match before ended, and not at the line's end after another match.
    """
    out = ""
    done = count = 0
    for match in wanted.finditer(line):
        if count and match.end() == match.start() and match.end() in (done, len(line)):
            continue
        out += line[done : match.start()] + put(match)
        done = match.end()
        count += 1
        if not all_of_it:
            break
    return out + line[done:], count
