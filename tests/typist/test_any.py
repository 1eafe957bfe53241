"""Any two texts: the planned keys, typed into this project's own terminal, turn the one into the other."""

import random
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rcfam.terminal import Terminal
from rcfam.terminal.files import EXECUTABLE
from rcfam.typist import arrows, modal
from rcfam.typist.key_text import to_keys

Style = Literal["vim", "arrows"]
STYLES: tuple[Style, ...] = ("vim", "arrows")

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0\n")
_LINES = st.one_of(
    st.sampled_from(
        ["", " ", "\t", "    return x", "\tif (x) {", "}", "x\r", "\x0c", "日本 語", "e\u0301x", "naïve", ")"]
    ),
    st.text("ab_ ().\t", max_size=30),
    st.text(_CHARACTERS, max_size=8),
)
_ENDS = st.sampled_from(["\n", "\n", "\n", "", "\r\n", "\n\n"])


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two texts that may share lines, parts of lines or nothing."""
    old = draw(st.lists(_LINES, max_size=14))
    new = [draw(_LINES) if draw(st.integers(0, 3)) == 0 else line for line in old if draw(st.integers(0, 4))]
    for _ in range(draw(st.integers(0, 3))):
        new.insert(draw(st.integers(0, len(new))), draw(_LINES))
    for _ in range(draw(st.integers(0, 3)) if new else 0):
        place = draw(st.integers(0, len(new) - 1))
        cut = draw(st.integers(0, len(new[place])))
        new[place] = new[place][:cut] + draw(_LINES) + new[place][cut + draw(st.integers(0, 3)) :]
    mark = draw(st.sampled_from(["", "", "\ufeff"]))
    texts = ["\n".join(old) + draw(_ENDS), mark + "\n".join(new) + draw(_ENDS)]
    return texts[0].encode(), texts[1].encode()


def _typed(terminal: Terminal, old: bytes, new: bytes, style: Style, seed: int) -> tuple[bytes, int]:
    """What a session makes of `old`, and its number of keys."""
    choice = random.Random(seed)
    terminal.files.write("f", old, EXECUTABLE)
    keys = arrows.edit(old, new) if style == "arrows" and old else None
    if keys is not None:
        keys += modal.save(old, new, choice)
    else:
        keys = modal.edit(old, new, choice) if old else modal.new_file(new, choice)
    terminal.press(to_keys(f"vim f\r{keys}"))
    assert terminal.program == "shell", keys
    return terminal.files.read("f"), len(keys)


TERMINAL = Terminal(24, 80)


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=300, deadline=None)
@given(_pairs(), st.integers(0, 9))
@example((b"a\r\nb\r\n", b"a\nb\r\n"), 0)
@example((b"a\nb", b"a\nb\n"), 0)
@example((b"a\nb\n", b"a\nb"), 0)
@example((b"\xef\xbb\xbfa\n", b"a\n"), 0)
@example((b"a\x0cb\n\x0c\n", b"\x0c\na\x0c\n"), 0)
@example((b"", b"\n"), 0)
@example((b"\n", b"\n\n"), 0)
def test_any_two_texts(style: Style, pair: tuple[bytes, bytes], seed: int) -> None:
    old, new = pair
    if new:  # a file is emptied in the shell
        assert _typed(TERMINAL, old, new, style, seed)[0] == new


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("place", [0, 4_999, 9_999])
def test_lines_of_ten_thousand_characters(style: Style, place: int) -> None:
    line = "".join(random.Random(1).choice("ab (é\t") for _ in range(10_000))
    old = f"first\n{line}\nlast\n".encode()
    new = f"first\n{line[:place]}new text{line[place + 3 :]}\nlast\n".encode()
    made, count = _typed(Terminal(24, 80), old, new, style, 0)
    assert made == new
    assert count < 200 if style == "vim" else count < 6_000


def test_a_file_of_a_hundred_thousand_lines() -> None:
    lines = [b"line %d of many\n" % i for i in range(100_000)]
    new = list(lines)
    new[70_000] = b"line of few\n"
    new[99_999:] = [b"added\n", b"at the end"]
    del new[50:60]
    new.insert(0, b"first\n")
    made, count = _typed(Terminal(24, 80), b"".join(lines), b"".join(new), "vim", 0)
    assert made == b"".join(new)
    assert count < 150


@pytest.mark.parametrize("style", STYLES)
def test_the_same_seed_gives_the_same_keys(style: Style) -> None:
    old = b"".join([b"word another(%d) end\n" % i for i in range(60)])
    new = old.replace(b"7", b"seven").replace(b"another(4", b"other(4")
    plans = set()
    for seed in range(6):
        one, two = (
            arrows.edit(old, new) if style == "arrows" else modal.edit(old, new, random.Random(seed)) for _ in range(2)
        )
        assert one == two
        plans.add(one)
    assert (len(plans) > 1) == (style == "vim")
