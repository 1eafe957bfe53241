"""The shell, its git and the multiplexer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.errors import RcfamError
from rcfam.terminal import Terminal
from rcfam.terminal.keys import from_text
from rcfam.terminal.shell import words
from tests.support.terminal_screens import cursor, rows, spelled

PROMPT = "user@host:~/repo$"


def run(*lines: str) -> Terminal:
    terminal = Terminal()
    for line in lines:
        terminal.press(from_text(line + "\n"))
    return terminal


def last(terminal: Terminal, count: int = 1) -> list[str]:
    """The last rows of output before the prompt."""
    shown = [row for row in rows(terminal)[:-1] if row]
    assert shown[-1].endswith("$")
    return shown[-1 - count : -1]


def test_a_fresh_terminal_shows_a_prompt_and_a_status_bar() -> None:
    terminal = Terminal()
    assert rows(terminal)[0] == PROMPT
    assert rows(terminal)[23] == "[0] 0:bash*" + " " * 63 + '"host"'
    assert cursor(terminal) == (0, len(PROMPT) + 1)
    assert terminal.program == "shell"


def test_files_come_and_go() -> None:
    terminal = run(
        "mkdir -p a/b",
        "touch a/b/c",
        "chmod +x a/b/c",
        "ln -s a/b/c l",
        "cp l d",
        "mv d a",
        "echo hi there > a/e",
        "cat a/e",
    )
    assert last(terminal) == ["hi there"]
    assert dict(terminal.files) == {
        "a/b/c": (0o100755, b""),
        "l": (0o120000, b"a/b/c"),
        "a/d": (0o100755, b""),
        "a/e": (0o100644, b"hi there\n"),
    }
    terminal.press(from_text("rm -r a\nls -a\n"))
    assert set(terminal.files) == {"l"}
    assert last(terminal) == [".  ..  .git  l"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cd nowhere", "-bash: cd: nowhere: No such file or directory"),
        ("cd ..", "-bash: cd: ..: Permission denied"),
        ("cat /etc/passwd", "cat: /etc/passwd: No such file or directory"),
        ("cat ../../etc/passwd", "cat: ../../etc/passwd: Permission denied"),
        ("rm x", "rm: cannot remove 'x': No such file or directory"),
        ("frobnicate", "-bash: frobnicate: command not found"),
        ("echo a | cat", "-bash: syntax error near unexpected token `|'"),
        ("mkdir a/b", "mkdir: cannot create directory ‘a/b’: No such file or directory"),  # noqa: RUF001
        ("git commit -m x", 'nothing to commit (create/copy files and use "git add" to track)'),
        ("git add x", "fatal: pathspec 'x' did not match any files"),
    ],
)
def test_errors_are_said_as_a_person_would_see_them(line: str, said: str) -> None:
    assert last(run(line)) == [said]


def test_commits() -> None:
    terminal = run("echo one > a", "git add -A", 'git commit -m "First \\"one\\""')
    assert last(terminal, 3)[1:] == [" 1 file changed, 1 insertion(+)", " create mode 100644 a"]
    assert terminal.vcs.commits[-1].message == 'First "one"'
    terminal.press(from_text("git mv a b\necho two >> b\ngit status -s\n"))
    assert last(terminal, 2) == ["D  a", "AM b"]
    terminal.press(from_text("git commit -a\niSubject\n\nBody of it.\x1b:wq\n"))
    assert terminal.vcs.commits[-1].message == "Subject\n\nBody of it."
    assert terminal.program == "shell"
    terminal.press(from_text("git commit --allow-empty -m Begun\nrm b\ngit commit -a --amend --no-edit\n"))
    assert [commit.message for commit in terminal.vcs.commits][-1] == "Begun"
    assert last(terminal, 2) == [" 1 file changed, 2 deletions(-)", " delete mode 100644 b"]
    assert not terminal.vcs.staged()
    assert not terminal.vcs.unstaged()


def test_an_empty_commit_message_aborts() -> None:
    terminal = run("touch a", "git add a", "git commit")
    terminal.press(spelled(":wq<CR>"))
    assert last(terminal) == ["Aborting commit due to empty commit message."]
    assert not terminal.vcs.commits


def test_the_line_is_edited_as_bash_does() -> None:
    terminal = Terminal()
    terminal.press(spelled("ecko two<C-a><Right><Right><Del>h<C-e><C-w>three<Left><BS><C-e>!"))
    assert rows(terminal)[0] == PROMPT + " echo thre!"
    terminal.press(spelled("<CR>echo x<CR><Up><Up><Down>y<CR>"))
    assert last(terminal) == ["xy"]
    terminal.press(spelled("junk<C-c>"))
    assert rows(terminal)[cursor(terminal)[0] - 1] == PROMPT + " junk^C"


def test_long_lines_wrap_and_the_screen_scrolls() -> None:
    terminal = Terminal()
    for _ in range(30):
        terminal.press(from_text("echo " + "z" * 100 + "\n"))
    terminal.press(from_text("echo " + "q" * 200))
    row, column = cursor(terminal)
    assert row == 22
    assert column == (len(PROMPT) + 1 + 205) % 80
    assert rows(terminal)[22].startswith("qqq")


def test_an_open_quote_goes_on() -> None:
    terminal = run("echo 'a", "b' c")
    assert last(terminal, 3) == ["> b' c", "a", "b c"]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1), max_size=5))
@settings(max_examples=100, deadline=None)
def test_quoted_words_come_back(parts: list[str]) -> None:
    quoted = " ".join("'" + part.replace("'", "'\\''") + "'" for part in parts)
    assert [command.words for command in words.parse(quoted)] == ([parts] if parts else [])


def test_windows() -> None:
    terminal = run("echo first", "vim f")
    terminal.press(spelled("iin the editor"))
    edited = rows(terminal)
    terminal.press(spelled("<C-b>c"))
    assert terminal.window == 1
    assert terminal.program == "shell"
    assert rows(terminal)[23].startswith("[0] 0:vim- 1:bash*")
    terminal.press(spelled("touch g<CR><C-b>n"))
    assert terminal.window == 0
    assert rows(terminal)[:-1] == edited[:-1]
    terminal.press(spelled("<Esc>:wq<CR><C-b>1exit<CR>"))
    assert terminal.window == 0
    assert terminal.files["f"].data == b"in the editor\n"
    assert "g" in terminal.files


@given(st.lists(st.one_of(st.integers(0, 0x250), st.integers(0x110000, 0x110009), st.sampled_from([13, 2, 27]))))
@settings(max_examples=100, deadline=None)
def test_any_keys_at_the_prompt_leave_a_valid_state(codes: list[int]) -> None:
    terminal = Terminal()
    terminal.press(np.array(codes, dtype=np.uint32))
    row, column = cursor(terminal)
    assert 0 <= row < 24
    assert 0 <= column <= 80


def test_the_same_keys_give_the_same_frames() -> None:
    codes = spelled("mkdir a<CR>vim a/x<CR>iw\u0301<CR>漢<Esc>:wq<CR>git add .<CR>git commit -m x<CR>")
    first, second = Terminal(), Terminal()
    first.press(codes)
    second.press(codes)
    np.testing.assert_array_equal(first.state.cells, second.state.cells)
    assert first.clusters == second.clusters


@pytest.mark.parametrize("size", [(5, 80), (24, 39), (513, 80)])
def test_sizes_out_of_bounds_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(RcfamError, match="outside 6 x 40"):
        Terminal(*size)
