"""Syntax colours: the compiled lexer beside a slow one, redraws beside drawing from nothing, and real vim."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rcfam.terminal
from rcfam.terminal import Terminal, keys
from rcfam.terminal import attributes as A
from rcfam.terminal import state as S
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.languages import LANGUAGES
from rcfam.terminal.syntax.rules import Language
from rcfam.terminal.syntax.tables import language_of, tables, word_hash
from tests.support.oracles import editor_screen, syntax
from tests.support.terminal_screens import rows, spelled


def editing(name: str, data: bytes, height: int = 24, width: int = 80) -> Terminal:
    terminal = Terminal(height, width)
    terminal.files.write(name, data)
    terminal.press(keys.from_text(f"vim {name}\n"))
    return terminal


def colours(terminal: Terminal) -> list[list[int]]:
    """The attributes of the text rows that show lines."""
    state = terminal.state
    cells = state.cells[:-2][state.rows[: state.cells.shape[0] - 2, 0] >= 0]
    return (cells >> 21).tolist()


def check(terminal: Terminal) -> None:
    """The text area is what the slow way draws."""
    assert rows(terminal)[:-2] == editor_screen.text_rows(terminal.state)
    assert colours(terminal) == syntax.window(terminal.state)


def file_name(language: Language) -> str:
    return language.files.split()[0].replace("*", "f")


def pieces(language: Language) -> list[str]:
    """What a text of the language is made of."""
    listed = " ".join(language.words.values()).split()
    marks = [mark for region in language.regions for mark in (region.start, region.end) if mark]
    marks += [*language.sigils, *language.keys, language.directive, *"".join(language.marks.values())]
    return [
        *listed[:: max(1, len(listed) // 12)],
        *marks * 2,
        *("\n" * 4),
        *("     "),
        *"\t\\\\x9(){}[]=:;.,-+*/%#$'\"!@&<>|~?_",
        *[
            "TODO",
            "Name",
            "EOF",
            "0x1f",
            "1.5e-3",
            "u00e9",
            "\\x41",
            "\\033",
            "%d",
            "${a}",
            "$(a)",
            "#{b}",
            "f(",
            "a.b",
            "<<EOF",
        ],
        *["é", "漢", "e\u0301", "\x01", "in", "end", "x = 1", "- a: true", "__", "@a.b", "::", "key: "],
    ]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_any_text_has_the_colours_of_the_slow_lexer(language: Language) -> None:
    @given(st.lists(st.sampled_from(pieces(language)), max_size=80))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def colour(parts: list[str]) -> None:
        terminal = editing(file_name(language), "".join(parts).encode())
        assert language_of(file_name(language)) == LANGUAGES.index(language) + 1
        check(terminal)

    colour()


_KEY = st.one_of(
    st.sampled_from([ord(c) for c in "hjklwbxpPuJVVvvicaoOgG0$zrd<>/n"] + [27, 27, 13, 18, 4, 21, 5, 25]),
    st.sampled_from([ord(c) for c in "\"'/*`#{}()[]<!-=:\\ \tifx9"] * 2),
    st.sampled_from([0xE9, 0x301, 0x6F22, keys.BACKSPACE, keys.UP, keys.DOWN, keys.PAGE_DOWN, keys.PAGE_UP]),
)
_SOURCES = {
    "f.c": "#define A(x) \\\n  \"s\"\n/* one\ntwo */ int f(void) { return 0x1f; } // TODO\n\tif (a) b = '\\n';\n",
    "f.py": 'def f(a):\n    """doc\n    more"""\n    return r"\\d" + \'x\' # NOTE\n@a.b\nclass C: pass\n',
    "f.sh": "cat <<-EOF\n\t$a\n\tEOF\nif [ -n \"$x\" ]; then # c\n  echo 'a\nb'\nfi\n",
    "f.html": "<a href='x'>t</a>\n<!-- c\n-->\n<p\nclass=x>&amp;\n",
    "f.md": "# h\n```\ncode\n```\n*a* **b** `c` [t](u)\n- x\n",
    "f.yml": 'a: 1\n- b: true # c\n- "x\n  y"\n',
}


@pytest.mark.parametrize("name", _SOURCES)
@given(st.integers(1, 40), st.lists(st.lists(_KEY, min_size=1, max_size=20), max_size=10))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_keys_leave_the_colours_of_a_full_redraw(name: str, times: int, batches: list[list[int]]) -> None:
    terminal = editing(name, (_SOURCES[name] * times).encode())
    for batch in batches:
        terminal.press(np.array(batch, dtype=np.uint32))
        ctl = terminal.state.ctl
        if terminal.program == "editor" and ctl[S.MODE] != S.COMMAND and not ctl[S.LITERAL]:
            check(terminal)


def test_an_edit_redraws_the_rows_that_it_colours() -> None:
    terminal = editing("f.c", b"int a;\nint b; /* x */\nint c;\nint d;\n")
    terminal.state.dirty[:] = 0
    terminal.press(spelled("i/"))
    assert terminal.state.dirty.tolist()[:4] == [1, 0, 0, 0]
    terminal.state.dirty[:] = 0
    terminal.press(spelled("*"))
    assert terminal.state.dirty.tolist()[:4] == [1, 1, 0, 0]
    check(terminal)
    terminal.press(spelled("<BS>"))
    check(terminal)


def test_a_selection_is_shown_as_in_vim() -> None:
    terminal = editing("f", b"abc def\n\n\tx y\nlast\n", 8, 40)
    terminal.press(spelled("lvjj"))
    shown = ["".join(".S"[cell == A.SELECTED] for cell in row)[:14] for row in colours(terminal)]
    assert shown == [".SSSSSSS......", "S.............", "SSSSSSS.......", ".............."]
    terminal.press(spelled("<Esc>ggVjj"))
    shown = ["".join(".S"[cell == A.SELECTED] for cell in row)[:14] for row in colours(terminal)]
    assert shown == ["SSSSSSSS......", "S.............", "SSSSSSS.SSSS..", ".............."]
    terminal.press(spelled("<Esc>"))
    assert not any(map(any, colours(terminal)))


def test_syntax_off_and_on() -> None:
    terminal = editing("f.py", b"import os\n")
    assert colours(terminal)[0][:7] == [A.PREPROC] * 6 + [0]
    terminal.press(spelled(":syntax off<CR>"))
    assert not any(map(any, colours(terminal)))
    terminal.press(spelled(":e<CR>"))
    assert not any(map(any, colours(terminal)))
    terminal.press(spelled(":syn on<CR>"))
    assert colours(terminal)[0][:6] == [A.PREPROC] * 6
    terminal.press(spelled(":syntax off<CR>:q<CR>"))
    terminal.press(keys.from_text("vim f.py\n"))
    assert colours(terminal)[0][:6] == [A.PREPROC] * 6


def test_languages_by_name_and_first_line() -> None:
    names = [
        LANGUAGES[language_of(*case) - 1].name for case in (("a.h",), ("Makefile",), ("run", "#!/usr/bin/env python3"))
    ]
    assert names == ["cpp", "make", "python"]
    assert language_of("README") == language_of("notes.unknown", "text") == 0


def test_long_lines_are_coloured_up_to_a_column() -> None:
    terminal = editing("f.c", b"int " * 900 + b"/*\nint x;\n", 48, 160)
    check(terminal)
    terminal.press(spelled("$"))
    check(terminal)


def test_the_lexer_looks_back_no_further_than_it_says() -> None:
    data = b"/*\n" + b"int x;\n" * 200
    terminal = editing("f.c", data)
    assert colours(terminal)[5][0] == A.COMMENT
    terminal.press(spelled("150Gzt"))
    assert colours(terminal)[5][0] == A.TYPE
    check(terminal)
    terminal.press(spelled("gg"))
    assert colours(terminal)[5][0] == A.COMMENT
    terminal.press(spelled("x60jzt"))
    check(terminal)


def test_words_of_all_languages_have_places_of_their_own() -> None:
    listed = {
        (number, word.lower() if language.switches.get(T.FOLD) else word)
        for number, language in enumerate(LANGUAGES, 1)
        for text in language.words.values()
        for word in text.split()
    }
    assert len({word_hash(*pair) for pair in listed}) == len(listed)
    assert np.count_nonzero(tables()[1]) == len(listed)


def test_a_short_word_that_is_not_listed_has_the_place_of_none() -> None:
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    known = set((tables()[1] >> T.VALUE_BITS).tolist())
    for number, language in enumerate(LANGUAGES, 1):
        fold = language.switches.get(T.FOLD)
        listed = {word.lower() if fold else word for text in language.words.values() for word in text.split()}
        short = [a + b + c for a in letters for b in letters for c in ["", *letters]]
        assert not {word for word in short if word_hash(number, word) in known} - listed


GROUPS = {
    "Comment": A.COMMENT, "Constant": A.CONSTANT, "Identifier": A.IDENTIFIER, "Statement": A.STATEMENT,
    "PreProc": A.PREPROC, "Special": A.PREPROC, "Title": A.PREPROC, "Type": A.TYPE, "Todo": A.TODO,
    "Underlined": A.UNDERLINED,
    "Error": A.MISTAKE, "htmlBold": A.STRONG, "htmlItalic": A.EMPHASIS,
}  # fmt: skip
_DUMP = """
call writefile(map(range(1, line('$')), {_, l -> json_encode(map(range(1, col([l, '$']) - 1),
 \\ {_, c -> synIDattr(synIDtrans(synID(l, c, 1)), 'name')}))}), 'colours')
qall!
"""


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
def test_our_own_files_look_as_in_vim(tmp_path: Path) -> None:
    """Most characters of this checkout's files have vim's colour; KEYS.md says what differs."""
    root = Path(rcfam.terminal.__file__).parents[2]
    agree: dict[str, float] = {}
    for path in ("rcfam/terminal/state.py", "rcfam/recording/encode.py", "pyproject.toml", "dvc.yaml", "README.md"):
        text = (root / path).read_text(encoding="utf-8")
        if not text.isascii():
            text = "".join(c if c.isascii() else "?" for c in text)
        name = Path(path).name
        (tmp_path / name).write_text(text)
        (tmp_path / "dump.vim").write_text(_DUMP)
        settings = Path(rcfam.terminal.__file__).parent / "vimrc"
        command = ["vim", "-N", "-i", "NONE", "-u", str(settings), "-es", "-S", "dump.vim", name]
        subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        theirs = [json.loads(line) for line in (tmp_path / "colours").read_text().splitlines()]
        lexer = syntax.Lexer(LANGUAGES[language_of(name) - 1])
        before = lexer.initial()
        same = total = 0
        for line, names in zip(text.splitlines(), theirs, strict=True):
            ours, before = lexer.line(line, before)
            for c, mine, group in zip(line, ours, names, strict=True):
                if c not in " \t":
                    total += 1
                    same += GROUPS.get(group, 0) == mine
        agree[path] = same / total
    assert min(agree.values()) > 0.9, agree
    assert sum(agree.values()) / len(agree) > 0.97, agree
