"""Keystrokes: one uint32 each, and the xterm control sequences that they stand for.

A value up to 0x10FFFF is a typed character; the control characters among them are the Ctrl keys (13 Enter, 9 Tab,
27 Escape, 127 Backspace, 2 Ctrl-B ...). Values from NAMED on are keys that an xterm sends as a control sequence.

Every number of a key or character in the terminal has its name here: `keys.g`, `keys.SLASH`, `keys.CTRL_B`. Numba
compiles them to the same code as numbers; it does not do so for `ord("g")`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError

# Ctrl keys, and the control characters that they type
CTRL_A: Final = 1
CTRL_B: Final = 2
CTRL_C: Final = 3
CTRL_D: Final = 4
CTRL_E: Final = 5
CTRL_F: Final = 6
CTRL_G: Final = 7
CTRL_H: Final = 8
TAB: Final = 9
CTRL_J: Final = 10
CTRL_K: Final = 11
CTRL_L: Final = 12
ENTER: Final = 13
CTRL_N: Final = 14
CTRL_O: Final = 15
CTRL_P: Final = 16
CTRL_Q: Final = 17
CTRL_R: Final = 18
CTRL_S: Final = 19
CTRL_T: Final = 20
CTRL_U: Final = 21
CTRL_V: Final = 22
CTRL_W: Final = 23
CTRL_X: Final = 24
CTRL_Y: Final = 25
CTRL_Z: Final = 26
ESCAPE: Final = 27
BACKSPACE: Final = 127
NEWLINE: Final = CTRL_J  # the end of a line in a text
FORM_FEED: Final = CTRL_L

# Printable ASCII, in order
SPACE: Final = 32
BANG: Final = 33
DOUBLE_QUOTE: Final = 34
HASH: Final = 35
DOLLAR: Final = 36
PERCENT: Final = 37
AMPERSAND: Final = 38
QUOTE: Final = 39
LEFT_PAREN: Final = 40
RIGHT_PAREN: Final = 41
STAR: Final = 42
PLUS: Final = 43
COMMA: Final = 44
MINUS: Final = 45
DOT: Final = 46
SLASH: Final = 47
ZERO: Final = 48
ONE: Final = 49
TWO: Final = 50
THREE: Final = 51
FOUR: Final = 52
FIVE: Final = 53
SIX: Final = 54
SEVEN: Final = 55
EIGHT: Final = 56
NINE: Final = 57
COLON: Final = 58
SEMICOLON: Final = 59
LESS: Final = 60
EQUALS: Final = 61
GREATER: Final = 62
QUESTION: Final = 63
AT: Final = 64
A: Final = 65
B: Final = 66
C: Final = 67
D: Final = 68
E: Final = 69
F: Final = 70
G: Final = 71
H: Final = 72
I: Final = 73  # noqa: E741
J: Final = 74
K: Final = 75
L: Final = 76
M: Final = 77
N: Final = 78
O: Final = 79  # noqa: E741
P: Final = 80
Q: Final = 81
R: Final = 82
S: Final = 83
T: Final = 84
U: Final = 85
V: Final = 86
W: Final = 87
X: Final = 88
Y: Final = 89
Z: Final = 90
LEFT_BRACKET: Final = 91
BACKSLASH: Final = 92
RIGHT_BRACKET: Final = 93
CARET: Final = 94
UNDERSCORE: Final = 95
BACKQUOTE: Final = 96
a: Final = 97
b: Final = 98
c: Final = 99
d: Final = 100
e: Final = 101
f: Final = 102
g: Final = 103
h: Final = 104
i: Final = 105
j: Final = 106
k: Final = 107
l: Final = 108  # noqa: E741
m: Final = 109
n: Final = 110
o: Final = 111
p: Final = 112
q: Final = 113
r: Final = 114
s: Final = 115
t: Final = 116
u: Final = 117
v: Final = 118
w: Final = 119
x: Final = 120
y: Final = 121
z: Final = 122
LEFT_BRACE: Final = 123
BAR: Final = 124
RIGHT_BRACE: Final = 125
TILDE: Final = 126

CASE_BIT: Final = 0x20  # set in a lower-case letter of ASCII, not in its capital
CONTROL_BIT: Final = 0x40  # what a control character differs by from the letter that shows it, as in ^X
ASCII_END: Final = 0x80
NO_BREAK_SPACE: Final = 0xA0
SURROGATES: Final = 0xD800  # up to SURROGATES_END: no keyboard sends them
SURROGATES_END: Final = 0xE000
RAW_BYTES: Final = 0xDC80  # up to RAW_BYTES_END: a byte of a file that is not UTF-8, as Python's surrogateescape has it
RAW_BYTES_END: Final = 0xDD00
LAST_CHARACTER: Final = 0x10FFFF

# Keys that an xterm sends as control sequences
NAMED: Final = 0x110000
UP: Final = NAMED
DOWN: Final = NAMED + 1
RIGHT: Final = NAMED + 2
LEFT: Final = NAMED + 3
HOME: Final = NAMED + 4
END: Final = NAMED + 5
INSERT: Final = NAMED + 6
DELETE: Final = NAMED + 7
PAGE_UP: Final = NAMED + 8
PAGE_DOWN: Final = NAMED + 9

# What xterm sends with normal cursor keys (its ctlseqs document, "PC-style function keys").
SEQUENCES: Final[dict[int, str]] = {
    UP: "\x1b[A",
    DOWN: "\x1b[B",
    RIGHT: "\x1b[C",
    LEFT: "\x1b[D",
    HOME: "\x1b[H",
    END: "\x1b[F",
    INSERT: "\x1b[2~",
    DELETE: "\x1b[3~",
    PAGE_UP: "\x1b[5~",
    PAGE_DOWN: "\x1b[6~",
}

NAMES: Final[dict[int, str]] = {
    TAB: "<Tab>",
    ENTER: "<Enter>",
    ESCAPE: "<Esc>",
    BACKSPACE: "<Backspace>",
    UP: "<Up>",
    DOWN: "<Down>",
    RIGHT: "<Right>",
    LEFT: "<Left>",
    HOME: "<Home>",
    END: "<End>",
    INSERT: "<Insert>",
    DELETE: "<Delete>",
    PAGE_UP: "<PageUp>",
    PAGE_DOWN: "<PageDown>",
}


def from_text(text: str) -> NDArray[np.uint32]:
    """The keys that type `text` literally; a newline becomes Enter."""
    return np.frombuffer(text.replace("\n", "\r").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def to_xterm(keys: NDArray[np.uint32]) -> bytes:
    """The bytes that an xterm would send for `keys`. Raises RcfamError for a number that is no key."""
    unknown = keys[keys > PAGE_DOWN]
    if len(unknown):
        raise RcfamError(f"key {int(unknown[0]):#x}: 0..{PAGE_DOWN:#x} expected")
    return "".join(SEQUENCES.get(key, "") or chr(key) for key in keys.tolist()).encode("utf-8", "surrogatepass")


def name(key: int) -> str:
    """A readable name: the character itself, `<Up>`, `<C-b>`."""
    if key in NAMES:
        return NAMES[key]
    if key < SPACE:
        return f"<C-{chr(key + BACKQUOTE)}>"
    return chr(key) if key < NAMED and not SURROGATES <= key < SURROGATES_END else f"<key {key:#x}>"
