"""The editor: what keys do to a file's bytes, and that incremental redraws equal drawing from nothing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcfam.terminal import kernels, keys
from rcfam.terminal import state as S
from tests.support.oracles import editor_screen
from tests.support.terminal_screens import cursor, editing, rows, spelled, typed

CASES = [
    (None, "ihello", b"hello\n"),
    (None, "", b""),
    (b"", "", b""),
    (None, "o<Esc>dd", b"\n"),
    (b"a\nb\n", "ddp", b"b\na\n"),
    (b"a\nb\n", "dG", b""),
    (b"a\nb", "x", b"\nb"),
    (b"a\nb", ":set nobinary eol<CR>", b"a\nb\n"),
    (b"a\n", ":set noeol<CR>", b"a"),
    (b"a\r\nb\r\n", "A<C-v><CR><BS>c<C-v><CR>", b"a\rc\r\r\nb\r\n".replace(b"\rc\r\r", b"\rc\r")),
    (b"\xef\xbb\xbfx\n", "ohe\ff".replace("\f", "<C-v><C-l>"), b"\xef\xbb\xbfx\nhe\x0cf\n"),
    (b"caf\xc3\xa9 \xff\xfe\n", "$x", b"caf\xc3\xa9 \xff\n"),
    (b"a b c d\n", "wdw2.", b"a \n"),
    (b"one two three\n", "wcwTWO<Esc>bD", b"one \n"),
    (b"a\nb\nc\n", "JJ", b"a b c\n"),
    (b"x\n", "yy3p2P", b"x\n" * 6),
    (b"one\n", "3ix<Esc>", b"xxxone\n"),
    (b"one\n", "2oab<Esc>", b"one\nab\nab\n"),
    (b"one\ntwo\n", "Vjd", b""),
    (b"a\nb\nc\nd\n", "jVj>:1<CR>>>", b"\ta\n\tb\n\tc\nd\n"),
    (b"a\nb\nc\n", "ddjddu<C-r>uu", b"a\nb\nc\n"),
    (b"f(a, b)\n", "fadt)", b"f()\n"),
    (b"alpha beta\n", "/be<CR>iX", b"alpha Xbeta\n"),
    (b"a.b\naxb\n", "/a\\.b<CR>rZ/a.b<CR>rY", b"Z.b\nYxb\n"),
    (b"word\n", "~g~~", b"wORD\n"),
    (b"abc\n", "R12<BS><BS><BS>X", b"Xbc\n"),
    (b"abc\n", "A<C-v>u00e9<C-v>065<C-v>x42<C-v>u2", "abcéAB\x02\n".encode()),
    (b"1\n2\n3\n4\n5\n", ":2,4d<CR>", b"1\n5\n"),
    (b"", "i" + "x" * 10_000 + "<CR>y", b"x" * 10_000 + b"\ny\n"),
]


@pytest.mark.parametrize(("data", "spelling", "wanted"), CASES)
def test_keys_make_these_bytes(data: bytes | None, spelling: str, wanted: bytes) -> None:
    assert typed(data, spelling) == wanted


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_come_back_as_they_were(data: bytes) -> None:
    terminal = editing(data)
    terminal.press(spelled(":w<CR>"))
    assert terminal.files["f"].data == data


_ANY_KEY = st.one_of(
    st.integers(0, 127),
    st.sampled_from([ord(c) for c in "hjklwbedyxpPuJVvicaoOgG0$zfr<>/n.~3%{}:"] * 3 + [27, 27, 27, 13, 18, 22]),
    st.sampled_from([0xE9, 0x301, 0x6F22, 0x200B, 0x1F600, 0x10FFFF, 0xD800]),
    st.integers(keys.UP, keys.PAGE_DOWN),
)


@given(
    st.lists(st.text('ab \t("x漢é\u0301\x01', max_size=200), max_size=40),
    st.lists(st.lists(_ANY_KEY, min_size=1, max_size=25), max_size=12),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_keys_leave_a_screen_that_a_full_redraw_would_draw(lines: list[str], batches: list[list[int]]) -> None:
    terminal = editing("\n".join(lines).encode())
    for batch in batches:
        terminal.press(np.array(batch, dtype=np.uint32))
        state = terminal.state
        r, c, visible = state.cursor.tolist()
        assert 0 <= r < 24
        assert 0 <= c <= 80
        assert visible == 1
        if terminal.program != "editor" or state.ctl[S.MODE] == S.COMMAND or state.ctl[S.LITERAL]:
            continue
        assert 0 <= state.ctl[S.LINE] < state.ctl[S.LINES]
        assert rows(terminal)[:-2] == editor_screen.text_rows(state)
        before = state.cells.copy()
        state.ctl[S.WHOLE] = 1
        kernels.refresh(state)
        np.testing.assert_array_equal(state.cells, before)


@given(st.lists(_ANY_KEY, max_size=60), st.integers(1, 59))
@settings(max_examples=40, deadline=None)
def test_pressing_in_pieces_changes_nothing(batch: list[int], cut: int) -> None:
    whole, pieces = editing(b"some text\nto edit\n"), editing(b"some text\nto edit\n")
    whole.press(np.array(batch, dtype=np.uint32))
    pieces.press(np.array(batch[:cut], dtype=np.uint32))
    pieces.press(np.array(batch[cut:], dtype=np.uint32))
    np.testing.assert_array_equal(whole.state.cells, pieces.state.cells)
    np.testing.assert_array_equal(whole.state.cursor, pieces.state.cursor)


def test_rows_that_change_are_marked_dirty() -> None:
    terminal = editing(b"line\n" * 50)
    for key in spelled("jjiab<Esc>3ddpGggVjju:w<CR>").tolist():
        before = terminal.state.cells.copy()
        terminal.state.dirty[:] = 0
        terminal.press(np.array([key], dtype=np.uint32))
        changed = (terminal.state.cells != before).any(axis=1)
        assert not (changed & (terminal.state.dirty == 0)).any(), chr(key)


def test_the_screen_of_a_small_file() -> None:
    terminal = editing(b"one\n\ttwo\n")
    assert rows(terminal)[:3] == ["one", "        two", "~"]
    assert rows(terminal)[22] == '"f" 2L, 9B' + " " * 52 + "1,1           All"
    assert rows(terminal)[23].startswith("[0] 0:vim*")
    terminal.press(spelled("jA!"))
    assert rows(terminal)[1] == "        two!"
    assert rows(terminal)[22].startswith("-- INSERT --")
    assert cursor(terminal) == (1, 12)


def test_large_files_are_edited_where_they_are_long() -> None:
    data = b"0123456789\n" * 100_000
    terminal = editing(data)
    terminal.press(spelled("50000Gonew<Esc>GAend<Esc>:wq<CR>"))
    wanted = b"0123456789\n" * 50_000 + b"new\n" + b"0123456789\n" * 49_999 + b"0123456789end\n"
    assert terminal.files["f"].data == wanted


@pytest.mark.parametrize(("height", "width"), [(48, 160), (6, 40)])
def test_other_sizes(height: int, width: int) -> None:
    terminal = editing(b"x" * 500 + b"\n" + b"y\n" * 100, height, width)
    terminal.press(spelled("GVggyP" + "j" * 70 + "ihello<CR>"))
    assert rows(terminal)[: height - 2] == editor_screen.text_rows(terminal.state)
