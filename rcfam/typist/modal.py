"""Editor sessions in the modal style: commands with counts, operators and motions."""

import re
from random import Random

from rcfam.typist.difference import ChangedLines, common_ends, difference
from rcfam.typist.inline import edit_line
from rcfam.typist.key_text import ENTER, ESCAPE, typed
from rcfam.typist.motions import first_non_blank, to_row

_MAX_CELLS = 64  # pairs of lines that are looked at when lines are matched to lines
_EDIT_OVERHEAD = 5  # keys that an edit inside a line costs beside its text
_FAR = 12  # lines; nearer places are seen, not searched for
_SEARCH_SHARE = 0.25
_SOUGHT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{4,15}")
_PAGE_SHARE = 0.1
_PAGE = 20  # about the lines of a page
_PAGE_DOWN, _PAGE_UP = "\x06", "\x02\x02"  # Ctrl-F; Ctrl-B, once for the multiplexer
_SAVE = ((0.7, f":wq{ENTER}"), (0.85, f":x{ENTER}"), (1.0, "ZZ"))


def new_file(new: bytes, random: Random) -> str:
    """The keys that fill the empty buffer of a new or empty file with `new` and save it."""
    if not new:
        return f":wq{ENTER}"  # `:x` would not make the file
    if new == b"\n":
        return f"o{ESCAPE}dd" + save(b"\n", new, random)
    text = new[:-1] if new.endswith(b"\n") else new
    return "i" + typed(text.decode("utf-8")) + ESCAPE + save(b"\n", new, random)


def save(old: bytes, new: bytes, random: Random) -> str:
    """The keys that write and leave; the final newline is set or taken away where `old` and `new` differ in it."""
    ends = new.endswith(b"\n")
    if old.endswith(b"\n") != ends:
        # In binary mode the editor keeps a missing final newline missing, whatever `eol` says.
        return f":set {'nobinary eol' if ends else 'noeol'}{ENTER}:wq{ENTER}"
    roll = random.random()
    return next(keys for share, keys in _SAVE if roll <= share)


def edit(old: bytes, new: bytes, random: Random) -> str:
    """The keys that turn an open file from `old` into `new`, neither empty, and save it; the cursor is at the top."""
    found = difference(old, new)
    # Opened from a shell the cursor is in column 0, opened inside the editor on the first non-blank.
    pen = _Pen(found.lines, None if old[:1] in (b" ", b"\t") else 0, random)
    shift, passed, behind = 0, 0, ""
    for region in found.regions:
        row = region.start + shift
        if not pen.page_towards(row) and row - pen.row > _FAR and region.old and random.random() < _SEARCH_SHARE:
            match = _SOUGHT.search(region.old[0])
            if match and match[0] not in behind and not found.occurs(match[0], passed, region.start):
                pen.search(row, region.old[0], match[0])
        pen.apply(row, region)
        shift += len(region.new) - len(region.old)
        passed, behind = region.start + len(region.old), "\n".join(region.new)
    pen.keys.append(save(old, new, random))
    return "".join(pen.keys)


class _Pen:
    """The cursor and the number of lines, as they are after the keys planned so far."""

    def __init__(self, rows: int, column: int | None, random: Random) -> None:
        self.rows = rows
        self.row = 0
        self.column = column
        self.keys: list[str] = []
        self._random = random

    def apply(self, row: int, region: ChangedLines) -> None:
        """Do one region, whose old lines stand at `row`."""
        if not region.old:
            self.insert(row, region.new)
        elif not region.new:
            self.delete(row, len(region.old))
        elif _joins(region):
            self.go(row, region.old[0])
            self.keys.append("J")
            self.rows -= 1
            self.column = len(region.old[0])
        else:
            self.replace(row, region.old, region.new)

    def go(self, row: int, line: str | None) -> None:
        """Move to a line, whose text is `line` where it is known."""
        if row != self.row:
            keys, jumped = to_row(self.row, row, self.rows, self._random)
            self.keys.append(keys)
            self.row = row
            self.column = first_non_blank(line) if jumped and line is not None else None

    def search(self, row: int, line: str, word: str) -> None:
        """Move to a line by searching a word of it that stands nowhere between."""
        self.keys.append(f"/{word}{ENTER}")
        self.row = row
        self.column = line.index(word)

    def page_towards(self, row: int) -> bool:
        """Now and then page towards a far line before going to it by number; where paging ends does not matter."""
        row = min(row, self.rows - 1)
        pages = min(3, abs(row - self.row) // _PAGE)
        if not pages or self._random.random() >= _PAGE_SHARE:
            return False
        key = _PAGE_DOWN if row > self.row else _PAGE_UP
        self.keys.append(f"{key * pages}{row + 1}G")
        self.row, self.column = row, None
        return True

    def insert(self, row: int, lines: list[str]) -> None:
        """Put new lines before the line at `row`, from the side that is nearer."""
        if row == 0 or (row < self.rows and abs(self.row - row) < abs(self.row - row + 1)):
            self.go(row, None)
            command = "O"
        else:
            self.go(row - 1, None)
            command = "o"
        self.rows += 1
        self.row = row
        self._type(command, lines)

    def delete(self, row: int, count: int) -> None:
        """Delete whole lines, never all of them."""
        self.go(row, None)
        if count == 1:
            self.keys.append("dd")
        elif row + count == self.rows:
            self.keys.append("dG")
        elif count == 2 and self._random.random() < 0.5:
            self.keys.append("dj")
        else:
            self.keys.append(f"{count}dd")
        self.rows -= count
        self.row = min(row, self.rows - 1)
        self.column = None

    def change(self, row: int, old: list[str], new: list[str]) -> None:
        """Replace whole lines by typing all the new ones."""
        self.go(row, None)
        self.rows -= len(old) - 1
        self._type("cc" if len(old) == 1 else f"{len(old)}cc", new)

    def _type(self, command: str, lines: list[str]) -> None:
        """`command` leaves the cursor on an empty line in insert mode."""
        text = "\n".join(lines)
        self.keys.append(command + typed(text) + ESCAPE)
        self.row += len(lines) - 1
        self.rows += len(lines) - 1
        self.column = max(0, len(lines[-1]) - 1)

    def replace(self, row: int, old: list[str], new: list[str]) -> None:
        """Replace lines: matching lines are edited inside, the others deleted, inserted or typed anew."""
        pairs = _align(old, new)
        done_old = done_new = 0
        for i, j in [*pairs, (len(old), len(new))]:
            here = row + done_new
            if done_old < i and done_new < j:
                self.change(here, old[done_old:i], new[done_new:j])
            elif done_old < i:
                self.delete(here, i - done_old)
            elif done_new < j:
                self.insert(here, new[done_new:j])
            if i < len(old) and old[i] != new[j]:
                self._inside(row + j, old[i], new[j])
            done_old, done_new = i + 1, j + 1

    def _inside(self, row: int, old: str, new: str) -> None:
        self.go(row, old)
        edited = edit_line(old, self.column, new, self._random)
        if edited is None or len(edited.keys) > len(new) + 3:
            self._type("cc", [new])
        else:
            self.keys.append(edited.keys)
            self.column = edited.column


def _joins(region: ChangedLines) -> bool:
    """Whether the region is what `J` does to two lines."""
    if len(region.old) != 2 or len(region.new) != 1:
        return False
    first, second = region.old[0], region.old[1].lstrip(" \t")
    if not first or first[-1] in " \t" or not second or second[0] == ")":
        return False
    return region.new[0] == f"{first} {second}"


def _saved(old: str, new: str) -> int:
    """How many keys an edit of `old` spares against typing `new`; not above 0 when it does not pay."""
    if old == new:
        return len(new) + 2
    if old[:1] != new[:1] and old[-1:] != new[-1:]:
        return 0
    return sum(common_ends(old, new)) - _EDIT_OVERHEAD


def _align(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Which old line becomes which new one: increasing pairs that spare the most keys."""
    rows, columns = len(old), len(new)
    if rows == columns == 1:
        return [(0, 0)] if _saved(old[0], new[0]) > 0 else []
    if rows * columns > _MAX_CELLS:
        if rows != columns:
            return []
        return [(i, i) for i in range(rows) if _saved(old[i], new[i]) > 0]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    gains = [[_saved(a, b) for b in new] for a in old]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], gains[i][j] + best[i + 1][j + 1])
    pairs, i, j = [], 0, 0
    while i < rows and j < columns:
        if gains[i][j] > 0 and best[i][j] == gains[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
