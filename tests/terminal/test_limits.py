"""What a terminal may hold, and that no key costs more than its time, whatever was typed before it."""

import dataclasses
import random
import time

import numpy as np
import pytest

from rcfam.errors import RcfamError
from rcfam.terminal import Limits, Terminal
from rcfam.terminal import state as S
from rcfam.terminal.fork import fork, own_bytes, text_of
from rcfam.terminal.keys import from_text
from tests.support.oracles.insertion import typed_out
from tests.support.terminal_screens import editing, rows, spelled
from tests.support.terminal_state import check

_MOST_S = 0.05
"""what one key may cost"""


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, 1 << 60, 1.5, "1", True, None])
def test_a_limit_out_of_its_bounds_is_one_line_that_names_it(name: str, value: object) -> None:
    with pytest.raises(RcfamError, match=rf"limit {name} of {value!r} is no whole number of \d+ to \d+$"):
        Limits(**{name: value})  # type: ignore[arg-type]


def test_a_terminal_keeps_the_limits_that_it_is_given() -> None:
    assert Terminal().limits == Limits()
    assert Terminal(limits=Limits(disk_files=3)).limits.disk_files == 3


COMMANDS = "iaIAoO"
PIECES = (
    "ab",
    "<CR>",
    "<BS>",
    "<BS><BS>",
    "<Del>",
    "<C-w>",
    "<C-u>",
    "<C-t>",
    "<C-d>",
    "<Tab>",
    " ",
    "x y",
    "<C-v>u00e9",
)
TEXT = "one two three\n\tfour five\n\n  six é\u0301 seven eight\nnine\n" * 3


@pytest.mark.parametrize("number", range(60))
def test_a_count_comes_to_the_keys_typed_out(number: int) -> None:
    generator = random.Random(number)
    command, count = generator.choice(COMMANDS), generator.randrange(1, 9)
    pieces = [generator.choice(PIECES[: 4 if number % 2 else None]) for _ in range(generator.randrange(1, 6))]
    place = spelled(f"{generator.randrange(9, 15)}G{generator.randrange(1, 9)}|")
    whole, apart = editing(TEXT.encode()), editing(TEXT.encode())
    whole.press(np.concatenate([place, spelled(f"{count}{command}{''.join(pieces)}<Esc>")]))
    apart.press(np.concatenate([place, typed_out(ord(command), spelled("".join(pieces)), count)]))
    assert_same(whole, apart, f"{count}{command}{pieces}")
    # `.` does it again elsewhere, `u` takes all of it back.
    again = spelled(f"{generator.randrange(9, 15)}G{generator.randrange(1, 9)}|")
    whole.press(np.concatenate([again, spelled("3.")]))
    apart.press(np.concatenate([again, typed_out(ord(command), spelled("".join(pieces)), 3)]))
    assert_same(whole, apart, f"{count}{command}{pieces} and 3.")
    whole.press(spelled("uu"))
    assert text_of(whole, "f") == TEXT.encode()


def assert_same(one: Terminal, two: Terminal, what: str) -> None:
    check(one)
    assert text_of(one, "f") == text_of(two, "f"), what
    assert one.state.ctl[S.LINE] == two.state.ctl[S.LINE] and one.state.ctl[S.COLUMN] == two.state.ctl[S.COLUMN], what


def seconds(terminal: Terminal, spelling: str) -> float:
    """CPU time of the costliest of some keys; where it is too much, the least that it was in four tries."""
    before = fork(terminal)
    most = _costliest(terminal, spelling)
    check(terminal)
    return most if most < _MOST_S else min(most, *(_costliest(fork(before), spelling) for _ in range(3)))


def _costliest(terminal: Terminal, spelling: str) -> float:
    most = 0.0
    for key in spelled(spelling):
        began = time.thread_time()
        terminal.press(np.array([key], dtype=np.uint32))
        most = max(most, time.thread_time() - began)
    return most


def last_line(terminal: Terminal) -> str:
    return rows(terminal)[-2]


def test_the_count_that_a_model_once_typed() -> None:
    """Sixty characters, then 99,999,999 times sixty-one: the text stays what was typed once, and vim says why."""
    seconds(editing(b""), "i" + 60 * "x" + "<Esc>9999a" + 61 * "y" + "<Esc>u.u3.")  # compiles
    terminal = editing(b"")
    assert seconds(terminal, "i" + 60 * "x" + "<Esc>99999999a" + 61 * "y" + "<Esc>") < _MOST_S
    assert last_line(terminal).startswith("E342: Out of memory!  (allocating 6099999878 bytes)")
    assert text_of(terminal, "f") == b"x" * 60 + b"y" * 61 + b"\n"
    # What fits goes in: 9,999 times, which once took 28 minutes.
    assert seconds(terminal, "9999a" + 61 * "y" + "<Esc>") < _MOST_S
    assert text_of(terminal, "f") == b"x" * 60 + b"y" * 61 * 10_000 + b"\n"
    assert seconds(terminal, "u.u3.") < _MOST_S


@pytest.mark.parametrize(
    "spelling",
    [
        "99999999ix<Esc>", "99999999oab<CR>c<Esc>", "99999999Aab<BS>c<Esc>", "99999999Rx<Esc>", "99999999i<BS><Esc>",
        "99999999a<Del><Esc>", "99999999i<C-w><Esc>", "99999999ib<C-u>c<Esc>", "99999999i<C-t>x<Esc>",
        "99999999a<C-d><Esc>", "99999999ia <C-w><C-w>b<Esc>", "99999999i<CR><Esc>", "yy99999999p", "yG99999999P",
        "yiw99999999P", "vjly99999999p", '"ayyjj99999999"ap', "99999999x", "99999999X", "99999999rx", "99999999~",
        "99999999.", "x99999999.", "99999999>>", "99999999<lt><lt>", "99999999dd", "99999999yy", "99999999J",
        "99999999gJ", "99999999u", "99999999<C-r>", "99999999w", "99999999b", "99999999e", "99999999ge", "99999999l",
        "99999999<Space>", "99999999<BS>", "99999999j", "99999999G", "99999999}", "99999999{", "99999999fo",
        "99999999%", "99999999|", "d99999999w",
        "99999999<C-f>", "99999999<C-d>", "99999999<C-e>", "/o<CR>99999999n",
        "?e<CR>99999999N", "99999999*", "VG99999999>", "ggVG99999999J", ":99999999999999999999<CR>",
        ":1,9m99999999<CR>",
        ":%d 99999999999999999999<CR>",
        ":%>>>>>>>>>>>><CR>", ":set et sw=99<CR>VG99>",
        "gUG", "g~G", "vG~", "vGr9",
    ],
)  # fmt: skip
def test_no_count_costs_more_than_its_time(spelling: str) -> None:
    seconds(editing(TEXT.encode()), spelling.replace("99999999", "3"))  # compiles
    terminal = editing(TEXT.encode() * 400)
    spelling = spelling.replace("<Space>", " ")
    assert seconds(terminal, spelling) < _MOST_S
    assert seconds(terminal, "<Esc>uuu") < _MOST_S
    assert text_of(terminal, "f") == TEXT.encode() * 400


def test_a_character_beyond_the_limit_is_not_typed_and_the_terminal_goes_on() -> None:
    terminal = Terminal(limits=Limits(characters=1 << 10))
    terminal.files.write("f", b"x" * 1022 + b"\n")
    terminal.press(from_text("vim f\n"))
    terminal.press(spelled("iab"))
    assert last_line(terminal).startswith("E342: Out of memory!  (allocating 1 bytes)")
    terminal.press(spelled("<CR><BS>c<Esc>xx:wq<CR>"))
    assert terminal.files["f"].data == b"x" * 1021 + b"\n" and terminal.program == "shell"
    terminal.files.write("g", b"y" * 5000)
    terminal.press(from_text("vim g\n"))
    assert terminal.program == "shell"
    assert "E342: Out of memory!  (allocating 5000 bytes)" in rows(terminal)


def test_undo_forgets_the_oldest_changes_as_vim_does() -> None:
    terminal = Terminal(limits=Limits(undo_units=5))
    terminal.press(from_text("vim f\n"))
    terminal.press(spelled("ia<Esc>" + "ob<Esc>" * 9 + "u" * 20))
    assert last_line(terminal).startswith("Already at oldest change")
    assert text_of(terminal, "f") == b"a\n" + b"b\n" * 3
    check(terminal)
    terminal.press(spelled("<C-r>" * 20))
    assert text_of(terminal, "f") == b"a\n" + b"b\n" * 9


def test_what_undo_keeps_does_not_grow_without_end() -> None:
    """Joined and cut again and again in one insertion, the line is saved each time."""
    limits = Limits(characters=1 << 14)
    terminal = Terminal(limits=limits)
    terminal.files.write("f", b"\n" * 500 + b"y" * 10_000 + b"\n")
    terminal.press(from_text("vim f\n"))
    terminal.press(spelled("Gi" + "<BS>" * 300 + "<Esc>"))
    check(terminal)
    assert terminal.state.pool.nbytes < 4 * (S.TEXT + 16 * limits.characters)
    terminal.press(spelled("u" * 10 + "<C-r>" * 10))
    check(terminal)


def test_a_text_does_not_grow_beyond_its_limit() -> None:
    limits = Limits(characters=1 << 14, lines=1 << 9, register_bytes=1 << 12)
    terminal = Terminal(limits=limits)
    terminal.files.write("f", b"0123456789abcde\n" * 16)
    terminal.press(from_text("vim f\n"))
    for spelling in (
        "ggyGGp",
        "30o" + "x" * 200 + "<Esc>",
        ":%s/0/00000000/g<CR>",
        ':%t$<CR>gg"ayG',
        '"Ap"AyG',
        "ggVG99>",
    ):
        terminal.press(spelled(spelling * 12))
        check(terminal)
        ctl = terminal.state.ctl
        assert ctl[S.CHARACTERS] + ctl[S.LINES] <= limits.characters and ctl[S.LINES] <= limits.lines
        assert last_line(terminal).startswith("E342: Out of memory!  (allocating "), spelling
        terminal.press(spelled("u" * 30))
    assert terminal.state.pool.nbytes < 4 * (S.TEXT + 16 * limits.characters)


def test_a_terminal_stays_below_its_memory() -> None:
    """As its docstring says: with a full text, a full register, full undo and named registers."""
    seconds(editing(b"aaa\n"), 'yypggyGP:%s/a/b/g<CR>"ayG"byGdGuP')  # compiles
    terminal = editing(b"a" * 60 + b"\n")
    grow = "ggyGP" * 15
    for spelling in (grow, ":%s/a/aaaaaaaa/g<CR>" * 12, grow + '"ayG"byG"cyG', "ggdGuP" * 9):
        assert seconds(terminal, spelling) < _MOST_S, spelling
    assert own_bytes(terminal) + sum(r.nbytes for r in terminal._windows[0].registers.values()) < 320 << 20


@pytest.mark.parametrize(
    "spelling",
    [
        ":%s/\\(a*\\)*b/x/<CR>", ":%s/\\(a\\|a\\)*b/x/g<CR>", ":%s/a*a*a*a*a*b/x/<CR>",
        ":%s/a/" + "b" * 9000 + "/g<CR>",
        ":%s/\\(a*\\)\\1*b/&&/g<CR>", ":s/" + "\\(" * 7000 + "/x<CR>", ":s/\\(\\(a\\{999}\\)\\{999}\\)\\{999}/x<CR>",
        "/" + "a" * 3000 + "b<CR>", "?" + "a" * 3000 + "b<CR>", ":" + "9" * 9000 + "<CR>", ":.+" + "+" * 9000 + "d<CR>",
        ":" + ">" * 9000 + "<CR>", ":set sw=" + "9" * 9000 + "<CR>", ":%s/./\\r/g<CR>", ":%s/a/\\u&/g<CR>", ":%j<CR>",
    ],
)  # fmt: skip
def test_no_command_line_costs_more_than_its_time(spelling: str) -> None:
    seconds(editing(b"aaa\naaa\n"), spelling.replace("9000", "9"))  # compiles
    terminal = editing((b"a" * 99 + b"\n") * 10_000)
    assert seconds(terminal, spelling) < _MOST_S
    assert text_of(terminal, "f") is not None


@pytest.mark.parametrize("spelling", ["x" * 16_384, "x" * 16_000 + "<C-u><C-y><C-y><C-y><C-w><C-y><Home><C-k><C-y>"])
def test_no_key_of_a_long_shell_line_costs_more_than_its_time(spelling: str) -> None:
    terminal = Terminal()
    terminal.press(spelled("ab<C-u><C-y>" + 2000 * "x" + "<C-c><Up>"))  # compiles
    assert seconds(terminal, spelling) < _MOST_S
    assert seconds(terminal, "<C-c><Up><Down>") < _MOST_S


def test_a_count_of_searches_goes_round_as_often_as_it_says() -> None:
    terminal = editing(b"o\nx o\no o\n")
    terminal.press(spelled("/o<CR>"))
    for count in (1, 2, 3, 4, 5, 9, 10, 99_999_998):
        places = [(1, 2), (2, 0), (2, 2), (0, 0)]
        here = places.index((int(terminal.state.ctl[S.LINE]), int(terminal.state.ctl[S.COLUMN])))
        terminal.press(spelled(f"{count}n"))
        assert (terminal.state.ctl[S.LINE], terminal.state.ctl[S.COLUMN]) == places[(here + count) % 4]
