"""vim's patterns and replacements ('magic') for `:s`, made into programs for `matching`."""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import keys as K
from rcfam.terminal.editor import matching as M

Ranges = tuple[tuple[int, int], ...]


def _ranges(text: str) -> Ranges:
    """`az09__`: from a to z, from 0 to 9, and _."""
    return tuple((ord(low), ord(high)) for low, high in zip(text[::2], text[1::2], strict=True))


_CLASSES: Final = {
    "s": _ranges("  \t\t"), "d": _ranges("09"), "w": _ranges("09AZaz__"), "x": _ranges("09AFaf"), "a": _ranges("AZaz"),
    "l": _ranges("az"), "u": _ranges("AZ"), "h": _ranges("AZaz__"), "o": _ranges("07"),
}  # fmt: skip
_CHARACTERS: Final = {"t": K.TAB, "e": K.ESCAPE, "r": K.ENTER, "b": K.CTRL_H}
_ANCHORS: Final = {"<": M.WORD_START, ">": M.WORD_END}
_NAMED = "nzvVmMcCkKpPfFiI_%@&~"  # what follows a backslash with a meaning that is not here, but for those handled
_COUNT: Final = re.compile(r"(-?)(\d{0,9})(,?)(\d{0,9})\\?}")
_MOST_CODE: Final = 4000
_MOST_DEPTH: Final = 40
_MOST_GROUPS: Final = 9
_ENDLESS: Final = 1 << 40


class UnsupportedError(Exception):
    """A part of vim's patterns that is not here, or no pattern at all."""


class TooLongError(Exception):
    """A pattern whose program would be too long."""


class Program(NamedTuple):
    """What `matching` runs: operations (op, a, b, c), ranges of sets (low, high), and so many slots."""

    code: NDArray[np.int64]
    sets: NDArray[np.int64]
    slots: int


def split(argument: str) -> tuple[str, str, str] | None:
    """`/pattern/text/flags` in its parts; None where it does not begin with a delimiter."""
    if not argument or argument[0].isalnum() or argument[0] in '"|\\ ':
        return None
    delimiter = argument[0]
    parts: list[str] = []
    part, i = "", 1
    while i < len(argument) and len(parts) < 2:
        c = argument[i]
        if c == "\\" and i + 1 < len(argument):
            follows = argument[i + 1]
            part += follows if follows == delimiter and delimiter != "&" else c + follows
            i += 2
        elif c == delimiter:
            parts.append(part)
            part = ""
            i += 1
        else:
            part += c
            i += 1
    if len(parts) < 2:
        parts.append(part)
    flags = argument[i:] if len(parts) == 2 else ""
    return parts[0], parts[1] if len(parts) > 1 else "", flags.strip()


Code = list[tuple[int, int, int, int]]
"""operations; a jump counts from its own place"""


@dataclass
class _Parser:
    """A pattern on its way to a program."""

    pattern: str
    at: int = 0
    depth: int = 0
    groups: int = 0
    slots: int = 2 * (_MOST_GROUPS + 1)
    sets: list[tuple[int, int]] = field(default_factory=list)

    def alternatives(self) -> Code:
        """`one\\|two`, up to `\\)` or the end."""
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise TooLongError
        branches = [self.branch()]
        while self.pattern.startswith("\\|", self.at):
            self.at += 2
            branches.append(self.branch())
        self.depth -= 1
        code = branches.pop()
        for branch in reversed(branches):
            code = [(M.SPLIT, 1, len(branch) + 2, 0), *branch, (M.JUMP, len(code) + 1, 0, 0), *code]
            _check(code)
        return code

    def branch(self) -> Code:
        code: Code = []
        first = True
        while self.at < len(self.pattern) and not self.pattern.startswith(("\\|", "\\)"), self.at):
            c = self.pattern[self.at]
            if first and c == "^":
                self.at += 1
                code.append((M.START, 0, 0, 0))
                if self.pattern.startswith("*", self.at):
                    self.at += 1
                    code += self.times([(M.CHARACTER, ord("*"), 0, 0)])
            elif first and c == "*":
                self.at += 1
                code += self.times([(M.CHARACTER, ord("*"), 0, 0)])
            else:
                code += self.times(self.atom())
            first = False
            _check(code)
        return code

    def atom(self) -> Code:
        c = self.pattern[self.at]
        self.at += 1
        if c == "\\" and self.at < len(self.pattern):
            return self.escaped()
        if c == "$" and (self.at == len(self.pattern) or self.pattern.startswith(("\\|", "\\)"), self.at)):
            return [(M.END, 0, 0, 0)]
        if c == ".":
            return [(M.ANY, 0, 0, 0)]
        if c == "[":
            return self.set()
        if c in "~*":
            raise UnsupportedError
        return [(M.CHARACTER, ord(c), 0, 0)]

    def escaped(self) -> Code:
        """What a backslash and the character after it mean."""
        if self.pattern.startswith("%(", self.at):
            self.at += 2
            return self.closed()
        c = self.pattern[self.at]
        self.at += 1
        if c == "(":
            self.groups += 1
            group = self.groups
            if group > _MOST_GROUPS:
                raise UnsupportedError
            return [(M.SAVE, 2 * group, 0, 0), *self.closed(), (M.SAVE, 2 * group + 1, 0, 0)]
        if c in _CLASSES:
            return self.of(_CLASSES[c], False)
        if c.lower() in _CLASSES:
            return self.of(_CLASSES[c.lower()], True)
        if c in _ANCHORS:
            return [(_ANCHORS[c], 0, 0, 0)]
        if c in _CHARACTERS:
            return [(M.CHARACTER, _CHARACTERS[c], 0, 0)]
        if c in "123456789" and int(c) <= self.groups:
            return [(M.SAME, 2 * int(c), 0, 0)]
        if c in _NAMED or c in "+=?{)|" or c.isdecimal():
            raise UnsupportedError
        return [(M.CHARACTER, ord(c), 0, 0)]

    def closed(self) -> Code:
        code = self.alternatives()
        if not self.pattern.startswith("\\)", self.at):
            raise UnsupportedError
        self.at += 2
        return code

    def of(self, ranges: Ranges, inverted: bool) -> Code:
        """A character of a set, or none of it."""
        place = len(self.sets)
        self.sets += ranges
        return [(M.SET, place, len(self.sets), int(inverted))]

    def set(self) -> Code:
        """`[...]` from behind its bracket on; a bracket that nothing closes is itself."""
        found = re.compile(r"\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*\]").match(self.pattern, self.at)
        if found is None:
            return [(M.CHARACTER, ord("["), 0, 0)]
        self.at = found.end()
        inner = found[0][:-1]
        if "[:" in inner:
            raise UnsupportedError
        inverted = inner.startswith("^")
        marks = re.findall(r"\\[etrbn\\\]^-]|.", inner[inverted:], re.DOTALL)
        members = [({**_CHARACTERS, "n": K.NEWLINE}.get(m[1], ord(m[1])) if len(m) > 1 else ord(m)) for m in marks]
        ranges: list[tuple[int, int]] = []
        i = 0
        while i < len(members):
            if i + 2 < len(members) and marks[i + 1] == "-":
                if members[i] > members[i + 2]:
                    raise UnsupportedError
                ranges.append((members[i], members[i + 2]))
                i += 3
            else:
                ranges.append((members[i], members[i]))
                i += 1
        return self.of(tuple(ranges), inverted)

    def times(self, atom: Code) -> Code:
        """The atom as often as what follows it says."""
        rest = self.pattern[self.at : self.at + 2]
        low, high, lazy = 1, 1, False
        if rest[:1] == "*":
            self.at, low, high = self.at + 1, 0, _ENDLESS
        elif rest in ("\\+", "\\=", "\\?"):
            self.at += 2
            low, high = (1, _ENDLESS) if rest == "\\+" else (0, 1)
        elif rest == "\\{":
            found = _COUNT.match(self.pattern, self.at + 2)
            if found is None:
                raise UnsupportedError
            self.at = found.end()
            minus, least, comma, most = found.groups()
            lazy = bool(minus)
            low = int(least or 0)
            high = int(most) if most else _ENDLESS if comma or not least else low
        else:
            return atom
        nested = self.pattern.startswith(("*", "\\+", "\\=", "\\?", "\\{"), self.at)
        if nested or low > high or (len(atom) == 1 and atom[0][0] in (M.START, M.END, M.WORD_START, M.WORD_END)):
            raise UnsupportedError
        if len(atom) == 1 and atom[0][0] in (M.CHARACTER, M.ANY, M.SET):
            return [(M.FEW if lazy else M.MANY, low, high, 0), *atom]
        return self.repeated(atom, low, high, lazy)

    def repeated(self, atom: Code, low: int, high: int, lazy: bool) -> Code:
        size = len(atom)
        copies = low if high == _ENDLESS else high
        if (size + 3) * copies > _MOST_CODE:
            raise TooLongError
        code = atom * low
        if high == _ENDLESS:
            self.slots += 1
            slot = self.slots - 1
            loop = [(M.HERE, slot, 0, 0), *atom, (M.LOOP, -size - 2, slot, 0)]
            return [*code, _either(len(loop), lazy), *loop]
        for left in range(high - low, 0, -1):
            code = [*code, _either((size + 1) * left - 1, lazy), *atom]
        return code


def _either(size: int, lazy: bool) -> tuple[int, int, int, int]:
    """Go on with the next `size` operations or behind them; which is tried first."""
    return (M.SPLIT, size + 1, 1, 0) if lazy else (M.SPLIT, 1, size + 1, 0)


def _check(code: Code) -> None:
    if len(code) > _MOST_CODE:
        raise TooLongError


def translate(pattern: str) -> Program:
    """A vim pattern as a program. Raises UnsupportedError and TooLongError."""
    parser = _Parser(pattern)
    code = parser.alternatives()
    if parser.at < len(pattern):
        raise UnsupportedError
    code = [*code, (M.MATCHED, 0, 0, 0)]
    sets = np.array(parser.sets or [(0, -1)], dtype=np.int64)
    return Program(np.array(code, dtype=np.int64), sets, parser.slots)


def replacement(text: str) -> NDArray[np.int64]:
    """The text of `:s` as parts (what, value): characters, & \\0-\\9, \\n \\r \\t, and \\u \\l \\U \\L \\E."""
    parts = []
    for piece in re.findall(r"\\.|[^\\]|\\$", text, re.DOTALL):
        what, value = M.PUT_CHARACTER, ord(piece[-1])
        if piece == "&":
            what, value = M.PUT_GROUP, 0
        elif piece == "\r" or piece == "\\r":
            what = M.PUT_BREAK
        elif len(piece) > 1 and piece[1] in "0123456789":
            what, value = M.PUT_GROUP, 2 * int(piece[1])
        elif len(piece) > 1 and piece[1] in "ul":
            what = M.PUT_ONCE
        elif len(piece) > 1 and piece[1] in "ULEe":
            what, value = M.PUT_CASE, ord(piece[1].lower()) if piece[1] in "UL" else 0
        elif len(piece) > 1:
            value = {"n": 0, "t": K.TAB}.get(piece[1], value)
        elif piece == "\n":
            value = 0
        parts.append((what, value))
    return np.array(parts or [(M.PUT_CASE, 0)], dtype=np.int64)
