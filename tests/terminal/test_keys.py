"""Any keys at all: the terminal stays valid, and what is pressed in pieces ends where one run ends."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.terminal import Terminal
from rcfam.terminal import state as S
from rcfam.terminal.keys import from_text
from tests.support.terminal_state import check, odd_file, random_keys

KEYS = st.lists(st.one_of(st.integers(0, 127), st.integers(0, (1 << 32) - 1), st.integers(0x110000, 0x110009)))
GRIDS = st.sampled_from([(6, 40), (7, 41), (24, 80), (48, 160)])


def editing(rows: int, columns: int, seed: int) -> Terminal:
    terminal = Terminal(rows, columns)
    terminal.files.write("odd", odd_file(random.Random(seed)))
    terminal.press(from_text("vim odd\n"))
    return terminal


@given(KEYS, GRIDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_keys_leave_a_valid_state(codes: list[int], grid: tuple[int, int], in_editor: bool) -> None:
    terminal = editing(*grid, len(codes)) if in_editor else Terminal(*grid)
    before = terminal.state.cells.copy()
    terminal.state.dirty[:] = 0
    terminal.press(np.array(codes, dtype=np.uint32))
    check(terminal, before)


@given(st.integers(0, 1 << 32), GRIDS)
@settings(max_examples=60, deadline=None)
def test_sessions_of_commands_and_odd_text_leave_a_valid_state(seed: int, grid: tuple[int, int]) -> None:
    generator = random.Random(seed)
    terminal = editing(*grid, seed)
    for _ in range(4):
        before = terminal.state.cells.copy()
        terminal.state.dirty[:] = 0
        terminal.press(random_keys(generator, 30))
        check(terminal, before)


@given(st.integers(0, 1 << 32), st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_pieces_end_where_one_run_ends(seed: int, size: int) -> None:
    keys = random_keys(random.Random(seed), 60)
    whole, parts = editing(24, 80, seed), editing(24, 80, seed)
    whole.press(keys)
    for first in range(0, len(keys), size):
        parts.press(keys[first : first + size])
    np.testing.assert_array_equal(whole.state.cells, parts.state.cells)
    np.testing.assert_array_equal(whole.state.cursor, parts.state.cursor)
    assert dict(whole.files) == dict(parts.files)


def _half(terminal: Terminal) -> None:
    terminal.state.cells[0, 5] = 0x6F22


def _escape(terminal: Terminal) -> None:
    terminal.state.cells[0, 5] = 27


def _line(terminal: Terminal) -> None:
    terminal.state.lines[0, 1] = 1 << 30


def _cursor(terminal: Terminal) -> None:
    terminal.state.cursor[1] = 80


def _gap(terminal: Terminal) -> None:
    terminal.state.ctl[S.GAP] = -1


@pytest.mark.parametrize("harm", [_half, _escape, _line, _cursor, _gap])
def test_the_check_sees_a_wrong_state(harm: object) -> None:
    terminal = editing(24, 80, 1)
    check(terminal)
    harm(terminal)  # type: ignore[operator]
    with pytest.raises(AssertionError):
        check(terminal)


def test_a_row_that_changes_unnoticed_is_seen() -> None:
    terminal = Terminal()
    before = terminal.state.cells.copy()
    terminal.state.dirty[:] = 0
    terminal.state.cells[3, 3] = 65
    with pytest.raises(AssertionError, match=r"rows \[3\]"):
        check(terminal, before)
