"""Line commands, registers, marks and repeats: what they do to a file, and what real vim shows after each of them."""

import random
import re
import shutil
from pathlib import Path

import pytest

from rcfam.terminal import keys
from tests.support.beside_vim import our_screen
from tests.support.oracles import substitution
from tests.support.terminal_screens import editing, spelled, typed
from tests.support.vim_in_tmux import Pane

LINES = "".join(f"line {number} of (this), a/b\n" for number in range(1, 31)).encode()
WORDS = b"alpha beta gamma\n\tbeta beta beta\n\nsome (text) here\n  last\n"

SESSIONS = {
    "delete": (
        LINES,
        [":3,5d<CR>", "j", "u", ":$d<CR>", ":%d<CR>", "u", ":d<CR>", ".", ":d 3<CR>", ":2d x<CR>", '"xp'],
    ),
    "join": (LINES, [":2,4j<CR>", "u", ":j<CR>", ":1j!<CR>", ":3,3j<CR>", ":$j<CR>", "u"]),
    "move": (LINES, [":2,4m10<CR>", "u", ":3,9m5<CR>", ":5m5<CR>", ":2,3m1<CR>", ":3,5m.+9<CR>", "u", "u"]),
    "copy": (LINES, [":2,4t10<CR>", "u", ":1t$<CR>", ":2,5co7<CR>", ":t.<CR>", "u"]),
    "shift": (LINES, [":7,8><CR>", ":7,9><CR>", ":7,9>><CR>", ":7,9<lt><CR>", ":7<lt><CR>", ">>", "."]),
    "ranges": (
        LINES,
        [":3,4<CR>", ":+2<CR>", ":-1<CR>", ":.+1d<CR>", "3:", "d<CR>", "1:", "<Esc>", "5:", "s/line/X/<CR>"],
    ),
    "errors": (LINES, [":foo<CR>", ":99d<CR>", ":3,99d<CR>", ":m<CR>", ":s/zzz/y/<CR>", "'z", '"zp', "u"]),
    "substitute": (
        LINES,
        [
            ":s/line/LINE/<CR>",
            ":%s/i/I/g<CR>",
            "u",
            ":3,5s/\\(line\\) \\(\\d*\\)/\\2 \\1/<CR>",
            ":s#a/b#c#<CR>",
            "n",
            "u",
        ],
    ),
    "replacements": (
        LINES,
        ["G", ":s/\\w\\+/<&>/g<CR>", ":s/ /\\r/<CR>", "u", ":4s/$/ end/<CR>", ":4s/^/begin /<CR>", ":5s/[0-9]/#/<CR>"],
    ),
    "selection": (LINES, ["Vjj:", "<Esc>", "Vj:d<CR>", "vjl:", "<Esc>", "Vj:s/i/I/g<CR>", ":'<lt>,'>j<CR>"]),
    "registers": (
        WORDS,
        [
            '"ayy',
            "j",
            "dd",
            '"ap',
            "p",
            '"aP',
            "u",
            "j.",
            '"Ayy',
            '"ap',
            '"byw',
            '"bp',
            'w"bP',
            '3"ap',
            '"a2p',
            '"cdw',
            ".",
        ],
    ),
    "marks": (WORDS, ["majmbjmcgg", "dd", "'a", "'b", "`c", "Otop<Esc>", "'b", "'c", "G", "`b", "u", "u", "'b"]),
    "marks-joined": (WORDS, ["wmagg0i<CR><Esc>", "`a", "kJ", "`a", "ma:1d<CR>", "'a", "jmajdd", "'a", "u"]),
    "indent": (
        WORDS,
        ["A<C-t>x<Esc>", "i<C-d><Esc>", "I<C-d><C-d>y<Esc>", "j0i<C-t><Esc>", "o<C-t>q<CR><C-t><C-d>r<Esc>", ".", "u"],
    ),
    "repeats": (
        WORDS,
        ["Vj>", "j.", "u", "vld", ".", "j.", "vjcXX<Esc>", ".", "Vr-", "j.", "VjJ", ".", "v$d", ".", "vU"],
    ),
    "counts": (
        WORDS,
        [
            "3ixy<Esc>",
            ".",
            "j2.",
            "u",
            "3oab<Esc>",
            "j.",
            "3ifo<BS>x<Esc>",
            "3ax<Del>y<Esc>",
            "$3ib<C-w>c<Esc>",
            "$4ib<C-u>d<Esc>",
            "2ofo<C-t>x<CR>y<Esc>",
            "u",
            "30oz<Esc>",
            "u",
            "gg100ilong <Esc>",
            "u",
            "3i<BS><Esc>",
            "j4i<Del><Esc>",
            "3i<C-v>u00e9<C-v>x41b<Esc>",
            ".",
            "9Oq<Esc>",
            "2Aa<CR>b<Esc>",
            "u",
        ],
    ),
    "counts-replaced": (
        WORDS,
        ["3Rab<Esc>", "u", "j3Ra<CR>b<Esc>", "u", "3Ra<BS>b<Esc>", ".", "2.", "u", "99Rz<Esc>", "u"],
    ),
    "counts-moved": (
        WORDS,
        [
            "3iab<Left>c<Esc>",
            "j.",
            "5.",
            ".",
            "3iab<Left><Esc>",
            "k.",
            "3oab<Up>c<Esc>",
            "j.",
            "3Rab<Home>c<Esc>",
            "j.",
            "2Ax<End>y<Right>z<Esc>",
            "k.",
            "u",
        ],
    ),
    "counts-put": (
        WORDS,
        ["wvjly", "3p", "u", "w2P", "u", "yiw", "9p", "30p", "u", "yyj5p", "u", "ggvG$y", "2P", "u", "9>>", "20J", "u"],
    ),
    "repeats-that-fail": (
        WORDS,
        [
            "cwa.b<Esc>",
            "G$w.",
            "gg.",
            "d/be<CR>",
            ".",
            "u",
            "u",
            "yyp..3.",
            "2.",
            "dd2.",
            "u",
            "cwx.y<Esc>",
            "G",
            ".",
            "3.",
        ],
    ),
}


@pytest.mark.real
@pytest.mark.skipif(not (shutil.which("vim") and shutil.which("tmux")), reason="vim and tmux are not both installed")
@pytest.mark.parametrize("name", SESSIONS)
def test_vim_shows_the_same(name: str, tmp_path: Path) -> None:
    data, commands = SESSIONS[name]
    (tmp_path / "f").write_bytes(data)
    ours = editing(data)
    with Pane(tmp_path / "tmux") as vim:
        vim.edit(tmp_path, "f")
        vim.comes_to_show(our_screen(ours))
        for number, command in enumerate(commands):
            codes = spelled(command)
            ours.press(codes)
            vim.press(codes)
            wanted = our_screen(ours)
            assert vim.comes_to_show(wanted) == wanted, f"{command} after {commands[:number]}"


CASES = [
    (b"a\nb\nc\n", ":2d", b"a\nc\n"),
    (b"a\nb\nc\n", ":1m$", b"b\nc\na\n"),
    (b"a\nb\nc\n", ":3m0", b"c\na\nb\n"),
    (b"a\nb\nc\n", ":1,2t.", b"a\na\nb\nb\nc\n"),
    (b"a\nb\n", ":%s/^/x/", b"xa\nxb\n"),
    (b"a.b a.b\n", ":s/a\\.b/[&]/g", b"[a.b] [a.b]\n"),
    (b"one two\n", ":s/\\<\\(\\w\\)\\(\\w*\\)/\\u\\1\\2/g", b"One Two\n"),
    (b"aaa\n", ":s/a*/b/g", b"b\n"),
    (b"x y\n", ":s/ /\\r/", b"x\ny\n"),
    (b"a\rb\n", ":s/\\r/-/", b"a-b\n"),
    (b"caf\xc3\xa9 \xff\n", ":s/\xc3\xa9/e/".encode("latin-1").decode("utf-8"), b"cafe \xff\n"),
    (b"a/b\n", ":s+/+\\\\+", b"a\\b\n"),
    (b"foobar foo\n", ":s/foo\\>/X/", b"foobar X\n"),
    (b"aXbxc\n", ":s/x/-/gi", b"a-b-c\n"),
    (b"a\n", ":s/~/x/", b"a\n"),
    (b"a\nb\n", "yy:%d<CR>p", b"\na\nb\n"),
]


@pytest.mark.parametrize(("data", "spelling", "wanted"), CASES)
def test_line_commands_make_these_bytes(data: bytes, spelling: str, wanted: bytes) -> None:
    assert typed(data, spelling + "<CR>") == wanted


PIECES = (
    "a", "b", "c", " ", ".", "a*", "b\\+", "c\\=", "\\(a\\|b\\)", "\\(ab*\\)*", "\\(a\\|bc\\)\\+", "\\1",
    "[ab]", "[^a]*", "\\{-}",
    ".*", "a\\{2}", "\\w\\+", "\\s", "\\<lt>", "\\>", "^", "$", "\\d*", "\\{1,2}", ".\\{-}c", "[a-c_]\\{-1,2}",
    "\\(a*b\\)\\{2,}",
)  # fmt: skip
TEXTS = ("X", "<lt>&>", "\\1\\1", "\\u&", "\\U&\\Ex", "", "a\\rb", "\\n")


@pytest.mark.parametrize("seed", range(4))
def test_substitutions_are_those_of_pythons_expressions(seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(150):
        pattern = "".join(generator.choice(PIECES) for _ in range(generator.randrange(1, 5)))
        text, flags = generator.choice(TEXTS), generator.choice(("", "g", "gi"))
        line = "".join(generator.choice("abcAB 1d_") for _ in range(generator.randrange(12)))
        spelling = f":s/{pattern}/{text}/{flags}<CR>"
        pattern, text = pattern.replace("<lt>", "<"), text.replace("<lt>", "<")
        try:
            wanted = re.compile(substitution.translate(pattern), re.IGNORECASE if "i" in flags else 0)
            made, _ = substitution.substitute(wanted, substitution.replacement(text), line, "g" in flags)
        except (re.error, substitution.UnsupportedError, IndexError):
            continue
        assert typed(f"{line}\n".encode(), spelling) == made.replace("\r\n", "\n").encode() + b"\n", spelling


def test_registers_outlive_the_file_but_not_the_editor() -> None:
    terminal = editing(b"one\n")
    terminal.files.write("g", b"two\n")
    terminal.press(spelled('"ayy:e g<CR>"ap:wq<CR>'))
    assert terminal.files["g"].data == b"two\none\n"
    terminal.press(keys.from_text("vim g\n"))
    terminal.press(spelled('"ap:wq<CR>'))
    assert terminal.files["g"].data == b"two\none\n"


def test_a_huge_put_of_a_register_does_nothing() -> None:
    assert typed(b"one\n", '"ayy99999999"ap') == b"one\n"


def test_a_repeat_inside_a_repeated_change_ends() -> None:
    assert typed(b"ab cd\n", "cw.x.<Esc>w..") is not None
