"""Our editor beside real vim: random plausible sessions, text area and cursor after every command."""

import random
import shutil
from pathlib import Path

import pytest

from tests.support.beside_vim import our_screen
from tests.support.terminal_screens import editing, spelled
from tests.support.vim_in_tmux import Pane

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (shutil.which("vim") and shutil.which("tmux")), reason="vim and tmux are not both installed"
    ),
]

COMMANDS = [
    "h",
    "j",
    "k",
    "l",
    "w",
    "b",
    "e",
    "W",
    "B",
    "E",
    "0",
    "^",
    "$",
    "G",
    "gg",
    "3j",
    "5k",
    "2w",
    "3b",
    "10G",
    ":7<CR>",
    "H",
    "M",
    "L",
    "<C-f>",
    "<C-d>",
    "<C-u>",
    "<C-e>",
    "<C-y>",
    "zz",
    "zt",
    "zb",
    "}",
    "{",
    "%",
    "x",
    "X",
    "3x",
    "dd",
    "2dd",
    "D",
    "dw",
    "d$",
    "d0",
    "db",
    "de",
    "dj",
    "dk",
    "dG",
    "J",
    "3J",
    "yy",
    "yw",
    "yj",
    "p",
    "P",
    "3p",
    "u",
    "u",
    "u",
    "<C-r>",
    "~",
    "3rz",
    "r<CR>",
    ".",
    ">>",
    "<<",
    "cwnew<Esc>",
    "ccone<CR>two<Esc>",
    "Cend<Esc>",
    "sX<Esc>",
    "ifoo<Esc>",
    "abar<Esc>",
    "Ibeg<Esc>",
    "Aend<Esc>",
    "oopen<Esc>",
    "Oabove<Esc>",
    "o<Tab>x<CR>y<Esc>",
    "i<CR><Esc>",
    "A<BS><BS>q<Esc>",
    "I<BS>z<Esc>",
    "Vd",
    "Vjd",
    "VjjJ",
    "V>",
    "Vj<",
    "vwd",
    "vey",
    "V~",
    "ft;",
    "fe",
    "Fa",
    ",",
    ";",
    "te",
    "dfe",
    "dta",
    "ct,xx<Esc>",
    "/the<CR>",
    "n",
    "N",
    "?a<CR>",
    "*",
    "#",
    "iab<Left>c<Right>d<Up>e<Down>f<Home>g<End>h<Esc>",
    "diw",
    "di(",
    "yip",
    "dip",
    "daw",
    "dap",
    "viwd",
    "ciwq<Esc>",
    "dd.",
    "cwk<Esc>.",
    "i<CR>\tz<Esc>",
    "Vjj2>",
    "A" + "wide " * 12 + "<Esc>",
    "5ix<Esc>",
    "2oab<Esc>",
    "R12<Esc>",
    "R1<BS>2<Esc>",
    "gJ",
    "ge",
    "gU2w",
    "+",
    "-",
    "_",
    "3|",
    "i<Del><Del><Esc>",
    "xp",
    "ddp",
    "yyp",
    "i<C-w>x<Esc>",
    "<Down>",
    "<Up>",
    "<Left>",
    "<Right>",
    "<PageDown>",
    "S<Esc>",
    "Yp",
    ":3,5d<CR>",
    ":2,4><CR>",
    "d/e<CR>",
]

ODD_LINES = [
    "x" * 80,
    "long line " * 20,
    "\ttab\tted",
    "漢字かな" * 15,
    "e\u0301a\u0300 marks",
    "  ",
    "y" * 79,
    "^A \x01\x7f",
    "w " * 300,
]


def text(generator: random.Random) -> bytes:
    """Source code, and some lines that are hard to show."""
    lines = Path(__file__).read_text(encoding="utf-8").split("\n")[: generator.choice([5, 30, 70])]
    for line in generator.sample(ODD_LINES, 3):
        lines.insert(generator.randrange(len(lines) + 1), line)
    return "\n".join(lines).encode() + b"\n" * generator.randrange(2)


@pytest.mark.parametrize("seed", range(4))
def test_random_sessions_show_what_vim_shows(seed: int, tmp_path: Path) -> None:
    generator = random.Random(seed)
    data = text(generator)
    (tmp_path / "f").write_bytes(data)
    ours = editing(data)
    spellings = [generator.choice(COMMANDS) for _ in range(40)]
    with Pane(tmp_path / "tmux") as vim:
        vim.edit(tmp_path, "f")
        vim.comes_to_show(our_screen(ours))
        for number, spelling in enumerate(spellings):
            codes = spelled(spelling)
            ours.press(codes)
            vim.press(codes)
            wanted = our_screen(ours)
            shown = vim.comes_to_show(wanted)
            said = f"{number}: {spelling} after {spellings[:number]}"
            assert (shown.text, shown.cursor) == (wanted.text, wanted.cursor), said
        leave = spelled(":wq<CR>")
        ours.press(leave)
        vim.press(leave)
        assert vim.ended()
    assert ours.files["f"].data == (tmp_path / "f").read_bytes()
