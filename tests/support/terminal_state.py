"""What must hold of a terminal between any two keys, and random sessions to hold it against."""

import random

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal import Terminal, widths
from rcfam.terminal import state as S
from rcfam.terminal.cells import CLUSTER_BASE, attributes, glyphs
from rcfam.terminal.keys import NAMED, PAGE_DOWN
from rcfam.terminal.state import State
from tests.support.terminal_screens import spelled

_WIDTHS = widths.table()


def check(terminal: Terminal, before: NDArray[np.uint32] | None = None) -> None:
    """Raise AssertionError unless the state is valid. `before` holds the cells as they were when `dirty` was last
    cleared.
    """
    s = terminal.state
    _check_cells(terminal)
    _check_cursor(s)
    _check_lines(s)
    _check_log(s)
    _check_clusters(s)
    ctl = s.ctl
    assert ctl[S.PROGRAM] in (S.SHELL, S.EDITOR)
    assert S.NORMAL <= ctl[S.MODE] <= S.VISUAL
    assert 0 <= ctl[S.INPUT_CURSOR] <= ctl[S.INPUT_LENGTH] <= S.REGION
    assert 0 <= ctl[S.KILLED_LENGTH] <= S.REGION
    assert -1 <= ctl[S.PATTERN_LENGTH] <= S.REGION
    assert 0 <= ctl[S.SEARCHED_LENGTH] <= S.REGION
    assert 0 <= ctl[S.DOT_LENGTH] <= S.REGION
    assert ctl[S.ACTION] == S.ACT_NONE
    if before is not None:
        changed = (s.cells != before).any(axis=1)
        missed = np.flatnonzero(changed & (s.dirty == 0))
        assert missed.size == 0, f"rows {missed.tolist()} changed and are not dirty"


def bases(s: State) -> NDArray[np.int64]:
    """The first character of every cell (R, C), 0 for the second half of a wide one."""
    found = glyphs(s.cells).astype(np.int64)
    while (found >= CLUSTER_BASE).any():
        found = np.where(found >= CLUSTER_BASE, s.clusters[np.maximum(found - CLUSTER_BASE, 0), 0], found)
    return found


def _check_cells(terminal: Terminal) -> None:
    s = terminal.state
    found = glyphs(s.cells).astype(np.int64)
    count = int(s.ctl[S.CLUSTERS])
    assert (found < CLUSTER_BASE + count).all(), "a glyph of no cluster"
    assert (attributes(s.cells) < len(terminal.attributes)).all(), "an attribute of no row"
    found = bases(s)
    classes = np.where(found == 0, 255, _WIDTHS[found])
    odd = ~np.isin(classes, (0, 1, 2, 255))
    assert not odd.any(), f"glyph {found[odd][0]:#x} at {np.argwhere(odd)[0]} is no character of one or two cells"
    assert not (classes[:, 0] == 255).any(), "a second half in the first column"
    assert not (classes[:, -1] == 2).any(), "a first half in the last column"
    wrong = (classes[:, :-1] == 2) != (classes[:, 1:] == 255)
    assert not wrong.any(), f"half a wide character at {np.argwhere(wrong)[0]}"


def _check_cursor(s: State) -> None:
    rows, columns = s.cells.shape
    row, column, visible = s.cursor.tolist()
    assert 0 <= row < rows - 1, f"cursor in row {row} of {rows}"
    assert 0 <= column <= columns - (s.ctl[S.PROGRAM] == S.EDITOR), f"cursor in column {column} of {columns}"
    assert visible in (0, 1)


def _check_lines(s: State) -> None:
    ctl = s.ctl
    total, gap, size, end = (int(ctl[name]) for name in (S.LINES, S.GAP, S.GAP_SIZE, S.POOL_END))
    assert total >= 1
    assert 0 <= gap <= total
    assert size >= 0
    assert total + size == s.lines.shape[0]
    assert S.TEXT <= ctl[S.MARK] <= end <= s.pool.size
    table = np.concatenate([s.lines[:gap], s.lines[gap + size :]])
    _check_spans(table, end, "line")
    assert table[:, 1].sum() == ctl[S.CHARACTERS], "characters are counted wrong"
    assert table[:, 1].max() <= ctl[S.LONGEST], "a line is longer than the longest"
    assert 0 <= ctl[S.REGISTER_LINES] <= s.register.shape[0] == s.lines.shape[0]
    _check_spans(s.register[: ctl[S.REGISTER_LINES]], end, "register line")
    if ctl[S.PROGRAM] == S.EDITOR:
        assert 0 <= ctl[S.LINE] < total, f"cursor on line {ctl[S.LINE]} of {total}"
        assert 0 <= ctl[S.TOP] < total, f"line {ctl[S.TOP]} of {total} at the top"
        place = int(ctl[S.LINE])
        length = int(s.lines[place if place < gap else place + size, 1])
        last = length if ctl[S.MODE] in (S.INSERT, S.REPLACE, S.VISUAL) else max(length - 1, 0)
        if ctl[S.MODE] != S.COMMAND:
            assert 0 <= ctl[S.COLUMN] <= last, f"cursor on character {ctl[S.COLUMN]} of {length}"
    used = s.pool[S.TEXT : end]
    assert (used < 0x110000).all(), "text that is no character"
    assert not ((used >= 0xD800) & (used < 0xE000) & ~((used >= 0xDC80) & (used < 0xDD00))).any(), "a surrogate"


def _check_spans(table: NDArray[np.int64], end: int, what: str) -> None:
    starts, counts = table[:, 0], table[:, 1]
    assert (counts >= 0).all(), f"a {what} of negative length"
    inside = (counts == 0) | ((starts >= S.TEXT) & (starts + counts <= end))
    assert inside.all(), f"a {what} outside the pool"


def _check_log(s: State) -> None:
    """The undo log from the front and the redo log from the back are units of entries of saved lines."""
    first, undo, redo = int(s.ctl[S.UNDO_FIRST]), int(s.ctl[S.UNDO_END]), int(s.ctl[S.REDO_END])
    assert 0 <= first <= undo
    assert s.ctl[S.UNDO_UNITS] == (s.log[first:undo, 3] == -2).sum()
    assert redo >= 0
    assert undo + redo <= s.log.shape[0]
    for items in (s.log[first:undo], s.log[::-1][:redo]):
        at = len(items) - 1
        while at >= 0:
            _top, count, _now, kind = items[at].tolist()
            if kind == -2:
                at -= 1
                continue
            assert kind == -1, f"an entry of kind {kind}"
            assert 0 <= count <= at
            _check_spans(items[at - count : at, :2], int(s.ctl[S.POOL_END]), "saved line")
            at -= count + 1


def _check_clusters(s: State) -> None:
    count = int(s.ctl[S.CLUSTERS])
    assert 0 <= count <= s.clusters.shape[0]
    bases = s.clusters[:count, 0]
    assert (bases < CLUSTER_BASE + np.arange(count)).all(), "a cluster built on a later one"


LETTERS = "abc XYZ_(){}[]<>=+-*/#'\",.;:!?\\|~@$%^&0123456789\tàßñœΩЖ─│█€"
WIDE = "漢字かなカナ한글\uff0c\uff21🎉☝⏭"
MARKS = "\u0301\u0300\u0323\u20d7\ufe0f"
_COMMANDS = (
    "dd 3dd D dw d$ db d0 dG dgg dj dk de diw daw di( da{ dip cw C cc S x 5x X J 5J gJ p P 9p u U . 3. yy yw y} Y ~ "
    "9~ r漢 3rx >> << >} 3>> gUw guu g~$ G gg 5G w b e W B E ge 0 ^ $ f; t) Fa ; , % { } H M L zt zz zb n N * # "
    "/a<CR> ?.<CR> /\\<a<CR> /nowhere漢<CR> V v Vj vw VG ggVG ma 'a `a d'a :w<CR> :wq<CR> :q!<CR> :x<CR> :1<CR> "
    ":$<CR> :2,5d<CR> :%d<CR> :e!<CR> :r<Space>odd<CR> :set<Space>nu<CR> :set<Space>nonu<CR> :\x1b :u<CR> ZZ ZQ "
    "o O A I a i R 9ix<Esc> 3oab<Esc> 5R漢<Esc> <C-f> <C-d> <C-u> <C-e> <C-y> <C-r> <C-b><C-b> <C-b>c <C-b>n <C-b>p "
    "<C-b>0 i<C-v>u6f22<Esc> i<C-v>012<Esc> i<C-w><Esc> i<C-u><Esc> :s/a/b/g<CR> :%s/./漢/<CR> :m0<CR> :t.<CR> "
    '"ayy "ap :nowhere漢\u0301<CR> qa @a 99999999p 99999999ix<Esc> 1000dd :99999999999999999999<CR>'
)
_LINES = (
    "vim odd|vim new|ls|ls -la|cat odd|git add -A|git commit -m 'x 漢'|git commit|git status|git log|git diff|cd d|cd|"
    "mkdir -p d/e|rm -r d|mv odd d|cp odd n|exit|clear|history|echo '|echo 漢é\u0301 > n|git mv odd n|chmod +x odd|"
    "ln -s odd l|vim l|cat n n odd|vim +99 odd|git commit -a --amend --no-edit|frob|vim ''|cat /|touch a b c"
)
COMMANDS = _COMMANDS.split()
LINES = _LINES.split("|")
HOSTILE = (
    "\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[6n\x1bc\x1bP+q544e\x1b\\\x1b_Gi=1;AAAA\x1b\\\x1b]52;c;eA==\x07"
    "\x9b31m\x9d0;t\x9c\x90q\x9c\x85\x84\x8d bidi \u202e\u2066x\u2069\u200f zero \u200b\u200d\ufeff\u2060 \u2028\u2029"
    " \x7f\x00\x08\r \U000e0041\n"
)


def random_keys(generator: random.Random, count: int) -> NDArray[np.uint32]:
    """At least `count` keys: words, commands, shell lines, odd characters and plain noise."""
    codes: list[int] = []
    while len(codes) < count:
        kind = generator.random()
        if kind < 0.3:
            codes += [ord(generator.choice(LETTERS)) for _ in range(generator.randrange(1, 12))]
        elif kind < 0.4:
            codes.append(ord(generator.choice(WIDE)))
        elif kind < 0.47:
            codes.append(ord(generator.choice(MARKS)))
        elif kind < 0.52:
            codes.append(generator.randrange(32))
        elif kind < 0.55:
            codes += [22, generator.randrange(160)]
        elif kind < 0.75:
            codes += [27, *spelled(generator.choice(COMMANDS).replace("<Space>", " ")).tolist()]
        elif kind < 0.82:
            codes += [*map(ord, generator.choice(LINES)), 13]
        elif kind < 0.92:
            codes += [generator.randrange(NAMED, PAGE_DOWN + 1)] * generator.choice((1, 1, 1, 4, 30))
        elif kind < 0.95:
            codes.append(generator.choice((generator.randrange(1 << 32), generator.randrange(0x110000))))
        else:
            codes.append(13)
    return np.array(codes, dtype=np.uint32)


def odd_file(generator: random.Random) -> bytes:
    """A file that is hard to show: long, wide, broken, without an end."""
    parts = [HOSTILE.encode(), ("漢字e\u0301 " * generator.randrange(60)).encode(), b"\xff\xfe\xed\xa0\x80 \xc3"]
    parts += [b"x" * generator.choice((79, 80, 81, 500)), b"\t" * generator.randrange(30), b"\n" * 5, b"{ a (b) }\r\n"]
    parts += [b"word and word\n" * generator.choice((1, 30, 200)), "\u0301lone mark\n".encode()]
    generator.shuffle(parts)
    return b"\n".join(parts[: generator.randrange(len(parts) + 1)])
