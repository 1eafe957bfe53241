"""A fork goes on as the terminal would have, and neither sees what is typed into the other."""

import random

import numpy as np
import pytest

from rcfam.terminal import Terminal
from rcfam.terminal.editor.registers import Register
from rcfam.terminal.fork import complaint, editing, fork, own_bytes, text_of
from rcfam.terminal.keys import ESCAPE, from_text
from tests.support.terminal_state import check, odd_file, random_keys


def shown(terminal: Terminal) -> tuple[object, ...]:
    """All that can be told of a terminal from outside."""
    return (
        terminal.state.cells.tobytes(),
        terminal.state.cursor.tobytes(),
        terminal.state.ctl.tobytes(),
        dict(terminal.files),
        terminal.vcs.head,
        terminal.vcs.index,
        terminal.vcs.commits,
        list(terminal.clusters),
        terminal.program,
        terminal.window,
    )


@pytest.mark.parametrize("number", range(6))
def test_both_go_on_alike_and_apart(number: int) -> None:
    generator = random.Random(number)
    terminal = Terminal(*((24, 80), (7, 41))[number % 2])
    terminal.files.write("odd", odd_file(generator))
    for _ in range(6):
        terminal.press(random_keys(generator, 40))
        other = fork(terminal)
        before = shown(terminal)
        assert shown(other) == before
        keys = random_keys(generator, 60)
        other.press(keys)
        check(other)
        assert shown(terminal) == before
        terminal.press(keys)
        assert shown(terminal) == shown(other)
        for one, two in zip(terminal._windows.values(), other._windows.values(), strict=True):
            assert one.registers.keys() == two.registers.keys()
            assert all(isinstance(register, Register) for register in two.registers.values())
            assert one.shell.history == two.shell.history


def test_undo_reaches_behind_the_fork() -> None:
    terminal = Terminal()
    terminal.press(from_text("vim a\rione two three"))
    terminal.press(np.array([ESCAPE], np.uint32))
    terminal.press(from_text("yyp"))
    other = fork(terminal)
    other.press(from_text("uu"))
    assert text_of(other, "a") == b""
    assert text_of(terminal, "a") == b"one two three\none two three\n"
    assert own_bytes(other) <= own_bytes(terminal)


def test_what_a_bystander_sees() -> None:
    terminal = Terminal()
    terminal.files.write("a", b"1\n")
    terminal.press(from_text("vim a\r"))
    assert editing(terminal, "a") and not editing(terminal, "b")
    terminal.press(from_text("x"))
    assert text_of(terminal, "a") == b"\n" and terminal.files.read("a") == b"1\n"
    assert complaint(terminal) == ""
    terminal.press(from_text(":frob\r"))
    assert complaint(terminal).startswith("E492: Not an editor command")
    terminal.press(from_text("\x02c"))  # another window, the editor behind it
    assert editing(terminal, "a") and text_of(terminal, "a") == b"\n"
    assert complaint(terminal) == ""
    terminal.press(from_text("frob\r"))
    assert complaint(terminal) == "line 1: status 127"
    assert text_of(terminal, "b") is None
