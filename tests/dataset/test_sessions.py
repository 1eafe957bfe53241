"""Editor sessions: which keystrokes were typed into which file."""

import numpy as np
import pytest

from rcfam.dataset.sessions import Session, path_of, sessions
from rcfam.recording import Mark
from rcfam.terminal import keys


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("vim a.py", "a.py"),
        ("vim +12 src/a.py", "src/a.py"),
        ("vi ./-odd", "-odd"),
        ("vim 'a b/c d'", "a b/c d"),
        ('vim "it\'s"', "it's"),
        ("vim", None),
        ("vim a b", None),
        ("git commit", None),
        ("vim 'open", None),
        ("", None),
        ("   ", None),
    ],
)
def test_the_file_is_told_by_the_shell_line(line: str, path: str | None) -> None:
    assert path_of(line) == path


def typed(*parts: tuple[str, str]) -> tuple[np.ndarray, list[Mark]]:
    """Keys, and a program mark before each part that names one."""
    marks, text = [], ""
    for program, what in parts:
        if program:
            marks.append(Mark(len(text), "program", program))
        text += what
    return keys.from_text(text), marks


def test_a_session_lasts_from_one_program_to_the_next() -> None:
    stroke, marks = typed(
        ("0:shell", "ls\nvim b.c\n"),
        ("0:editor", "ihello\n:wq\n"),
        ("0:shell", "git commit\n"),
        ("0:editor", "imessage"),
        ("0:shell", "vim x\x1by\n"),
        ("0:editor", "never known"),
    )
    found = sessions(stroke, marks)
    assert [session.path for session in found] == ["b.c", None, None]
    assert [bytes(stroke[s.start : s.stop].astype(np.uint8)).decode() for s in found] == [
        "ihello\r:wq\r",
        "imessage",
        "never known",
    ]


def test_a_stretch_inside_a_recording_counts_from_its_own_first_key() -> None:
    stroke, marks = typed(("0:shell", "vim a\n"), ("0:editor", "one"), ("0:shell", "vim b\n"), ("0:editor", "two"))
    marks.insert(2, Mark(9, "commit", "0" * 40))
    assert sessions(stroke[9:], marks, 9) == [Session(6, 9, "b")]
    assert sessions(stroke[:8], marks) == [Session(6, 8, "a")]
    assert sessions(stroke[:0], marks) == []


def test_an_editor_left_for_another_window_is_still_in_its_file() -> None:
    stroke, marks = typed(
        ("0:shell", "vim a\n"), ("0:editor", "one"), ("1:shell", "vim b\n"), ("1:editor", "two"), ("0:editor", "three")
    )
    marks += [Mark(len(stroke), "program", "0:shell")]
    assert [session.path for session in sessions(stroke, marks)] == ["a", "b", "a"]
