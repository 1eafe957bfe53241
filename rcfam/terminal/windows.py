"""What one window of the multiplexer holds."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.editor.registers import Register
from rcfam.terminal.shell.shell import Shell
from rcfam.terminal.state import State


@dataclass
class Buffer:
    """The file in a window's editor."""

    path: str
    shown: str
    new: bool
    size: int
    """bytes as it was read"""
    binary: bool = True
    """`nobinary` always writes the final newline"""
    message: bool = False
    """a commit message: written to no file, committed when the editor leaves"""
    written: bytes | None = None
    """what a commit message was last saved as"""
    amend: bool = False
    """the commit replaces the last one"""


@dataclass
class Window:
    """One window of the multiplexer: a shell, perhaps with an editor on top."""

    state: State
    shell: Shell
    buffer: Buffer | None = None
    registers: dict[str, Register] = field(default_factory=dict)
    """the editor's named registers"""
    behind: NDArray[np.uint32] | None = None
    """the shell's screen while the editor is open"""
    behind_cursor: tuple[int, int] = (0, 0)
    coloured: bool = True
    """`:syntax off` is for as long as the editor runs"""
