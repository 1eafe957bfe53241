"""The slow, obvious way to draw the editor's text rows: every character's cells, row after row, from nothing."""

from rcfam.terminal import state as S
from rcfam.terminal import widths
from rcfam.terminal.state import State


def lines_of(state: State) -> list[list[int]]:
    """The buffer's lines as code points."""
    ctl = state.ctl
    gap, size = int(ctl[S.GAP]), int(ctl[S.GAP_SIZE])
    table = [*range(gap), *range(gap + size, gap + size + int(ctl[S.LINES]) - gap)]
    return [state.pool[start : start + count].tolist() for start, count in state.lines[table, :2].tolist()]


def shapes(line: list[int], columns: int, tabstop: int) -> list[str]:
    """The cells of a line: one string each, '' for the second half of a wide character."""
    cells: list[str] = []
    table = widths.table()
    for code in line:
        kind = int(table[code])
        if kind == widths.COMBINING and cells:
            base = len(cells) - 1 if cells[-1] else len(cells) - 2
            if len(cells[base]) < 3:
                cells[base] += chr(code)
        elif kind == widths.TAB:
            cells += [" "] * (tabstop - len(cells) % tabstop)
        elif kind == widths.CONTROL:
            cells += ["^", chr(code ^ 64)]
        elif kind > 2:
            shown = code - 0xDC00 if 0xDC80 <= code < 0xDD00 else code
            cells += list(f"<{shown:0{kind - 2}x}>")
        elif kind == 2:
            if len(cells) % columns == columns - 1:
                cells.append(">")
            cells += [chr(code), ""]
        else:
            cells.append(chr(code))
    return cells


def text_rows(state: State) -> list[str]:
    """What the text rows must show for the state's top line."""
    rows, columns = state.cells.shape[0] - 2, state.cells.shape[1]
    lines = lines_of(state)
    shown: list[str] = []
    first = int(state.ctl[S.TOP])
    for number in range(first, len(lines)):
        cells = shapes(lines[number], columns, int(state.ctl[S.TABSTOP]))
        parts = [cells[i : i + columns] for i in range(0, max(len(cells), 1), columns)]
        if number == first:
            parts = parts[int(state.ctl[S.SKIP]) :]
        elif len(shown) + len(parts) > rows:
            return shown + ["@"] * (rows - len(shown))
        shown += ["".join(part).rstrip() for part in parts]
        if len(shown) >= rows:
            return shown[:rows]
    return shown + ["~"] * (rows - len(shown))
