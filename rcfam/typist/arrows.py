"""Editor sessions in the style of the paper's small editor: cursor keys, Backspace and typing, all in insert mode."""

from rcfam.typist.difference import ChangedLines, Difference, common_prefix, common_suffix, difference
from rcfam.typist.inline import stands_alone
from rcfam.typist.key_text import BACKSPACE, DOWN, END, ESCAPE, HOME, LEFT, RIGHT, UP, typed


def edit(old: bytes, new: bytes) -> str | None:
    """The keys that turn an open file from `old` into `new`, neither empty, before saving; the cursor is at the top.

    None where a line to be changed holds combining characters: how far a cursor key goes is then not certain.
    """
    found = difference(old, new)
    if not all(stands_alone(line) for region in found.regions for line in region.old):
        return None
    pen = _Pen(found, old[:1] not in (b" ", b"\t"))
    shift = 0
    for region in found.regions:
        pen.apply(region.start + shift, region)
        shift += len(region.new) - len(region.old)
    return "i" + "".join(pen.keys) + ESCAPE if pen.keys else ""


class _Pen:
    """The cursor in insert mode and the number of lines, as they are after the keys planned so far."""

    def __init__(self, found: Difference, at_start: bool) -> None:
        self.rows = found.lines
        self.row = 0
        self.at_start = at_start
        self.keys: list[str] = []

    def apply(self, row: int, region: ChangedLines) -> None:
        """Do one region, whose old lines stand at `row`."""
        if not region.old:
            self._insert(row, region.new)
        elif not region.new:
            self._delete(row, region.old)
        elif len(region.old) == len(region.new):
            for index, (old, new) in enumerate(zip(region.old, region.new, strict=True)):
                self._change(row + index, [old], new)
        else:
            self._change(row, region.old, "\n".join(region.new))

    def _go(self, row: int) -> None:
        """Move to the start of a line."""
        if not self.at_start:
            self.keys.append(HOME)
            self.at_start = True
        self.keys.append(DOWN * (row - self.row) + UP * (self.row - row))
        self.row = row

    def _move(self, length: int, column: int) -> None:
        """Move within the line, from its start, from the side that is nearer."""
        if column <= length - column + 1:
            self.keys.append(RIGHT * column)
        else:
            self.keys.append(END + LEFT * (length - column))
        self.at_start = column == 0

    def _type(self, text: str) -> None:
        if text:
            self.keys.append(typed(text))
            self.row += text.count("\n")
            self.rows += text.count("\n")
            self.at_start = text.endswith("\n")

    def _insert(self, row: int, lines: list[str]) -> None:
        if row == 0:
            self._go(0)
            self._type("".join([line + "\n" for line in lines]))
        else:
            self._go(row - 1)
            self.keys.append(END)
            self.at_start = False
            self._type("".join(["\n" + line for line in lines]))

    def _delete(self, row: int, old: list[str]) -> None:
        """Delete whole lines, never all of them."""
        last = row + len(old) == self.rows
        self._go(row + len(old) - 1 if last else row + len(old))
        if last:
            self.keys.append(END)
        self.keys.append(BACKSPACE * (sum(map(len, old)) + len(old)))
        self.rows -= len(old)
        self.row = row - 1 if last else row
        self.at_start = not last

    def _change(self, row: int, lines: list[str], new: str) -> None:
        """Replace lines by text, from the end of what goes backwards."""
        old = "\n".join(lines)
        if old == new:
            return
        prefix = common_prefix(old, new)
        suffix = common_suffix(old, new, min(len(old), len(new)) - prefix)
        gone = old[prefix : len(old) - suffix]
        before = old[: len(old) - suffix]
        self._go(row + before.count("\n"))
        line = lines[before.count("\n")]
        self._move(len(line), len(before) - before.rfind("\n") - 1)
        if gone:
            self.keys.append(BACKSPACE * len(gone))
            self.row -= gone.count("\n")
            self.rows -= gone.count("\n")
            self.at_start = prefix == 0 or old[prefix - 1] == "\n"
        self._type(new[prefix : len(new) - suffix])
