"""Edits all over a file of thousands of lines, beside a list of lines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text

LINES = 6_000  # more than the gap of their table holds, so that it moves in several runs
_EDITS = ("o", "O", "dd", "yyp", "3yyP", "J", "A", "$x", "D", "0x")


def edited(lines: list[str], at: int, edit: str) -> None:
    """Do an edit at a line of the list."""
    if edit in "oO":
        lines.insert(at + (edit == "o"), "new")
    elif edit == "dd":
        del lines[at]
    elif edit == "yyp":
        lines.insert(at + 1, lines[at])
    elif edit == "3yyP":
        lines[at:at] = lines[at : at + 3]
    elif edit == "J":
        if at + 1 < len(lines):
            both = (lines[at], lines.pop(at + 1))
            lines[at] = both[0] + (" " if all(both) else "") + both[1]
    elif edit == "A":
        lines[at] += "!"
    elif edit == "$x":
        lines[at] = lines[at][:-1]
    elif edit == "D":
        lines[at] = ""
    else:
        lines[at] = lines[at][1:]


def typed(edit: str) -> str:
    """Its keys."""
    return {"o": "onew\x1b", "O": "Onew\x1b", "A": "A!\x1b", "D": "0D"}.get(edit, edit)


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(_EDITS)), max_size=30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_edits_far_apart_are_saved_and_undone(edits: list[tuple[float, str]], clean_end: bool) -> None:
    lines = [f"line {number}" for number in range(LINES)]
    before = "\n".join(lines) + "\n" * clean_end
    terminal = Terminal()
    terminal.files.write("f", before.encode())
    terminal.press(from_text("vim f\n"))
    for place, edit in edits:
        at = min(int(place * len(lines)), len(lines) - (3 if edit == "3yyP" else 1))
        terminal.press(from_text(f":{at + 1}\n{typed(edit)}"))
        edited(lines, at, edit)
    terminal.press(from_text(":w\n"))
    assert terminal.files["f"].data.decode() == "\n".join(lines) + "\n" * clean_end
    terminal.press(from_text("999u:w\n"))
    assert terminal.files["f"].data.decode() == before
