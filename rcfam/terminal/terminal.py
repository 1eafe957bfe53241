"""`Terminal`: the compiled state, its windows, and the services that the kernels ask for through traps."""

import numpy as np
from numpy.typing import NDArray

from rcfam.errors import RcfamError
from rcfam.terminal import attributes, growth, kernels
from rcfam.terminal import state as S
from rcfam.terminal.cells import BLANK, CLUSTER_BASE, GLYPH_BITS
from rcfam.terminal.editor import buffer, commandline, ex, registers, repeat
from rcfam.terminal.files import Files, FilesError
from rcfam.terminal.limits import Limits
from rcfam.terminal.shell import coreutils
from rcfam.terminal.shell.context import CommandError, Output
from rcfam.terminal.shell.git import EditMessage, finish
from rcfam.terminal.shell.printing import last_screens
from rcfam.terminal.shell.shell import HOST, Edit, Shell
from rcfam.terminal.shell.vcs import Vcs
from rcfam.terminal.syntax import tables
from rcfam.terminal.windows import Buffer, Window

MIN_ROWS, MIN_COLUMNS = 6, 40
MAX_ROWS, MAX_COLUMNS = 512, 1024
MAX_WINDOWS = 10
_NO_ROOM = "E212: Can't open file for writing"


class Terminal:
    """A deterministic terminal of `rows` x `columns` cells: virtual files, shell, editor, multiplexer. Nothing real
    is touched.

    `state` holds the frame (`cells`, `cursor`, `dirty`) and is replaced when its arrays grow. `files` are the virtual
    files, below a root that the prompt shows as `~/name`. `limits` are what it may hold: with the default ones an
    editor takes at most 320 MiB. KEYS.md says what every key does. Raises RcfamError where the size is out of bounds.
    """

    def __init__(self, rows: int = 24, columns: int = 80, name: str = "repo", limits: Limits | None = None) -> None:
        if not (MIN_ROWS <= rows <= MAX_ROWS and MIN_COLUMNS <= columns <= MAX_COLUMNS):
            bounds = f"{MIN_ROWS} x {MIN_COLUMNS} to {MAX_ROWS} x {MAX_COLUMNS}"
            raise RcfamError(f"a terminal of {rows} x {columns} cells is outside {bounds}")
        self.limits = limits or Limits()
        self.files = Files(self.limits)
        self.vcs = Vcs(self.files)
        self.attributes = attributes.table()
        self._name = name
        self._clusters: list[str] = []
        self.state = S.new(rows, columns, self.limits)
        self._windows: dict[int, Window] = {0: Window(self.state, self._new_shell())}
        self.window = 0
        self._last = 0
        self._prompt()
        self._status_bar()

    def _new_shell(self) -> Shell:
        return Shell(self.files, self.vcs, self._name, *self.state.cells.shape)

    @property
    def clusters(self) -> list[str]:
        """The grapheme clusters by number: glyph CLUSTER_BASE + n in a cell is clusters[n]."""
        table = self.state.clusters
        for number in range(len(self._clusters), int(self.state.ctl[S.CLUSTERS])):
            glyph, mark = (int(value) for value in table[number, :2])
            base = self._clusters[glyph - CLUSTER_BASE] if glyph >= CLUSTER_BASE else chr(glyph)
            self._clusters.append(base + chr(mark))
        return self._clusters

    @property
    def program(self) -> str:
        """The program in the foreground: 'shell' or 'editor'."""
        return "editor" if self.state.ctl[S.PROGRAM] == S.EDITOR else "shell"

    @property
    def waits_after(self) -> str | None:
        """The line that the shell took last, where it waits for a new one of which no key is pressed; else None."""
        ctl, shell = self.state.ctl, self._windows[self.window].shell
        begun = ctl[S.INPUT_LENGTH] or ctl[S.PREFIX] or ctl[S.LITERAL] or shell.open_text
        if self.program == "editor" or begun:
            return None
        return shell.history[-1] if shell.history else ""

    def press(self, keys: NDArray[np.uint32]) -> None:
        """Press keys, one after another."""
        at = 0
        while at < len(keys):
            at, trap = kernels.run(self.state, keys, at)
            if trap:
                self.service(trap)

    def service(self, trap: int) -> None:
        """Do what a trap asked for; read `state` again afterwards."""
        window = self._windows[self.window]
        if trap == S.TRAP_PREFIX:
            self._prefix(int(self.state.ctl[S.KEY]))
        elif trap == S.TRAP_LINE:
            self._submit(window)
        elif trap == S.TRAP_HISTORY:
            self._history(window)
        elif trap == S.TRAP_INTERRUPT:
            self._leave_input(window, "^C")
            window.shell.interrupt()
            self._prompt()
        elif trap == S.TRAP_LOGOUT:
            self._print([("exit\n", attributes.PLAIN)])
            self._close_window()
        elif trap == S.TRAP_CLEAR:
            self._clear()
            self._prompt(keep_input=True)
        elif trap == S.TRAP_SCROLL:
            self._draw_input()
        elif trap == S.TRAP_ROOM:
            self._make_room()
        elif trap != S.TRAP_GROW:
            self._editor_service(window, trap)
        self.state = growth.grown(self.state, tidy=True)

    # The multiplexer

    def _prefix(self, key: int) -> None:
        numbers = sorted(self._windows)
        place = numbers.index(self.window)
        if key == ord("c") and len(numbers) < MAX_WINDOWS:
            number = min(set(range(MAX_WINDOWS)) - set(numbers))
            rows, columns = self.state.cells.shape
            self._windows[number] = Window(S.new(rows, columns, self.limits), self._new_shell())
            self._switch(number)
            self._clear()
            self._prompt()
        elif key == ord("n"):
            self._switch(numbers[(place + 1) % len(numbers)])
        elif key == ord("p"):
            self._switch(numbers[place - 1])
        elif ord("0") <= key <= ord("9") and key - ord("0") in self._windows:
            self._switch(key - ord("0"))

    def _switch(self, number: int) -> None:
        if number == self.window:
            return
        old = self._windows[self.window]
        now = self.state
        old.state = now._replace(cells=now.cells.copy(), cursor=now.cursor.copy())
        self.window, self._last = number, self.window
        window = self._windows[number]
        cells = window.state.cells
        cursor = window.state.cursor
        window.state.ctl[S.CLUSTERS] = now.ctl[S.CLUSTERS]
        self.state = window.state._replace(cells=now.cells, cursor=now.cursor, dirty=now.dirty, clusters=now.clusters)
        self.state.cells[:-1] = cells[:-1]
        self.state.cursor[:] = cursor
        self.state.dirty[:] = 1
        self._status_bar()

    def _close_window(self) -> None:
        if len(self._windows) == 1:
            window = self._windows[self.window]
            window.shell = self._new_shell()
            self.state.ctl[S.INPUT_LENGTH] = self.state.ctl[S.INPUT_CURSOR] = 0
            self._clear()
            self._prompt()
            return
        closed = self.window
        self._switch(
            max((n for n in self._windows if n < closed), default=min(n for n in self._windows if n != closed))
        )
        del self._windows[closed]
        self._last = self.window
        self._status_bar()

    def _status_bar(self) -> None:
        state = self.state
        columns = state.cells.shape[1]
        row = state.cells.shape[0] - 1
        names = []
        for number in sorted(self._windows):
            window = self._windows[number]
            mark = "*" if number == self.window else "-" if number == self._last else ""
            names.append(f"{number}:{'vim' if window.buffer else window.shell.window_name()}{mark or ' '}")
        left = "[0] " + " ".join(names)
        right = f'"{HOST}"'
        text = left[: columns - len(right) - 1].ljust(columns - len(right)) + right
        codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        state.cells[row] = codes | np.uint32(attributes.STATUS << GLYPH_BITS)
        state.dirty[row] = 1

    # The shell

    def _print(self, output: Output) -> None:
        for text, attribute in last_screens(output, *self.state.cells.shape):
            if text:
                codes = buffer.characters(text.encode("utf-8", "surrogateescape"))
                kernels.write(self.state, np.require(codes, requirements="W"), attribute)

    def _prompt(self, keep_input: bool = False) -> None:
        state = self.state
        if state.cursor[1] > 0 and not keep_input:
            state.cursor[1] = min(state.cursor[1], state.cells.shape[1])
        self._print(self._windows[self.window].shell.prompt())
        ctl = state.ctl
        ctl[S.PROMPT_ROW] = ctl[S.INPUT_ROW] = state.cursor[0]
        ctl[S.PROMPT_COLUMN] = state.cursor[1]
        if not keep_input:
            ctl[S.INPUT_LENGTH] = ctl[S.INPUT_CURSOR] = 0
        ctl[S.LITERAL] = 0
        self._draw_input()

    def _draw_input(self) -> None:
        kernels.draw_input(self.state)

    def _clear(self) -> None:
        """Blank the shell's rows, cursor at the top."""
        self.state.cells[:-1] = BLANK
        self.state.cursor[:2] = 0
        self.state.dirty[:] = 1

    def _leave_input(self, window: Window, mark: str = "") -> str:
        """Finish the input line: the cursor goes to the row after it; returns what was typed."""
        state = self.state
        ctl = state.ctl
        line = buffer.to_bytes(state.pool[S.INPUT : S.INPUT + ctl[S.INPUT_LENGTH]]).decode("utf-8", "surrogateescape")
        if not mark:
            ctl[S.INPUT_CURSOR] = ctl[S.INPUT_LENGTH]
        self._draw_input()
        if mark:
            # The mark stands at the cursor, what follows below the last row of the line.
            self._print([(mark, attributes.PLAIN)])
            state.cursor[0] = max(state.cursor[0], ctl[S.INPUT_ROW])
        if mark or state.cursor[1] > 0 or state.cursor[0] == ctl[S.PROMPT_ROW]:
            self._print([("\n", attributes.PLAIN)])
        ctl[S.INPUT_LENGTH] = ctl[S.INPUT_CURSOR] = 0
        return line

    def _submit(self, window: Window) -> None:
        line = self._leave_input(window)
        self._print(window.shell.submit(line))
        self._continue(window)

    def _continue(self, window: Window) -> None:
        """Run what the shell has queued, up to its end or to an editor."""
        output, wanted = window.shell.step()
        if output and output[-1] == coreutils.CLEAR:
            self._clear()
            output = []
        self._print(output)
        if isinstance(wanted, Edit):
            self._open(window, wanted.path, wanted.shown, wanted.line)
        elif isinstance(wanted, EditMessage):
            self._open_message(window, wanted)
        elif window.shell.exited:
            self._close_window()
        else:
            self._prompt()

    def _history(self, window: Window) -> None:
        ctl = self.state.ctl
        current = buffer.to_bytes(self.state.pool[S.INPUT : S.INPUT + ctl[S.INPUT_LENGTH]]).decode(
            "utf-8", "surrogateescape"
        )
        line = window.shell.recall(int(ctl[S.KEY]), current)
        if line is None:
            return
        codes = buffer.characters(line.encode("utf-8", "surrogateescape"))[: S.REGION]
        self.state.pool[S.INPUT : S.INPUT + codes.size] = codes
        ctl[S.INPUT_LENGTH] = ctl[S.INPUT_CURSOR] = codes.size
        self._draw_input()

    # The editor

    def _open(self, window: Window, path: str, shown: str, line: int = 0) -> None:
        """Open the editor on a file below the root."""
        if path in self.files and self._refused(window, self.files.read(path)):
            return
        self._enter_editor(window)
        self.edit(window, path, shown)
        commandline.go_to(self.state, line)
        self.show_file_message(window)

    def _refused(self, window: Window, data: bytes) -> bool:
        """Whether a text is too large for the editor; says so and goes on with the shell's line if it is."""
        if buffer.fits(data, self.limits):
            return False
        window.shell.status = 1
        self._print([(ex.out_of_memory(len(data)) + "\n", attributes.PLAIN)])
        self._continue(window)
        return True

    def _open_message(self, window: Window, wanted: EditMessage) -> None:
        text = wanted.text.encode("utf-8", "surrogateescape")
        if self._refused(window, text):
            return
        self._enter_editor(window)
        window.buffer = Buffer("", ".git/COMMIT_EDITMSG", False, len(text), message=True, amend=wanted.amend)
        self.state = buffer.load(self.state, text)
        self.colour(window)
        self.state.ctl[S.PROGRAM] = S.EDITOR
        self.show_file_message(window)

    def _enter_editor(self, window: Window) -> None:
        if window.behind is None:
            window.registers.clear()
            window.behind = self.state.cells[:-1].copy()
            window.coloured = True
            window.behind_cursor = (int(self.state.cursor[0]), int(self.state.cursor[1]))

    def edit(self, window: Window, path: str, shown: str) -> None:
        """Load a file, or an empty buffer where there is none."""
        files = self.files
        new = path not in files
        data = b"" if new else files.read(path)
        window.buffer = Buffer(path, shown, new, len(data))
        self.state = buffer.load(self.state, data)
        self.state.ctl[S.SEQUENCE] = 0
        self.colour(window)
        self.state.ctl[S.PROGRAM] = S.EDITOR

    def colour(self, window: Window) -> None:
        """Let the file's language decide the colours, or nothing where they are off."""
        opened = window.buffer
        assert opened is not None
        state = self.state
        start, count = (int(value) for value in state.lines[0 if state.ctl[S.GAP] else state.ctl[S.GAP_SIZE], :2])
        first = buffer.to_bytes(state.pool[start : start + min(count, 256)]).decode("utf-8", "replace")
        name = opened.shown.rpartition("/")[2]
        state.ctl[S.SYNTAX] = tables.language_of(name, first) if window.coloured else 0
        state.ctl[S.SYNC_LINE] = -1
        state.ctl[S.CHANGED] = state.ctl[S.WHOLE] = 1

    def show_file_message(self, window: Window) -> None:
        """Redraw the editor with vim's message on the file just read."""
        opened = window.buffer
        assert opened is not None
        self._status_bar()
        kernels.show_mode(self.state)
        said = commandline.file_message(self.state, opened.shown, opened.new, "", opened.size)
        commandline.message(self.state, commandline.truncated(self.state, said))
        kernels.refresh(self.state)

    def close_editor(self, window: Window) -> None:
        """Back to the shell, its screen as it was."""
        left = window.buffer
        assert left is not None and window.behind is not None
        state = self.state
        state.cells[:-1] = window.behind
        state.dirty[:] = 1
        state.cursor[:] = (*window.behind_cursor, 1)
        state.ctl[S.PROGRAM] = S.SHELL
        state.ctl[S.MODE] = S.NORMAL
        window.buffer = window.behind = None
        self._status_bar()
        if left.message:
            try:
                self._print(finish(window.shell.place, left.written or b"", left.amend))
            except CommandError as error:
                window.shell.status = 1
                self._print([(f"{error}\n", attributes.PLAIN)])
        self._continue(window)

    def write(self, window: Window, path: str | None = None, shown: str = "") -> str:
        """`:w`: write the buffer, to another path where one is given; returns vim's message."""
        opened = window.buffer
        assert opened is not None
        if not opened.binary:
            self.state.ctl[S.EOL] = 1
        data = buffer.save(self.state)
        if opened.message and path is None:
            opened.written = data
            self.state.ctl[S.MODIFIED] = 0
            return commandline.file_message(self.state, opened.shown, False, " written", len(data))
        target = opened.path if path is None else path
        name = opened.shown if path is None else shown
        folder = target.rpartition("/")[0]
        if self.files.is_directory(target):
            return f'E17: "{name}" is a directory'
        if not self.files.is_directory(folder):
            return _NO_ROOM
        new = target not in self.files
        try:
            self.files.write(target, data)
        except FilesError:
            return f'"{name}" E514: Write error (file system full?)' if target in self.files else _NO_ROOM
        if path is None:
            opened.new = False
            self.state.ctl[S.MODIFIED] = 0
        return commandline.file_message(self.state, name, new, " written", len(data))

    def _editor_service(self, window: Window, trap: int) -> None:
        if trap == S.TRAP_EX:
            commandline.execute(self, window)
        elif trap == S.TRAP_QUIT:
            commandline.leave(self, window, bool(self.state.ctl[S.KEY]))
        elif trap == S.TRAP_REPLAY:
            repeat.last_change(self)
        elif trap == S.TRAP_REPEAT:
            repeat.insertion(self)
        elif trap == S.TRAP_REGISTER:
            self.keep_register(window)
        elif trap == S.TRAP_PUT:
            complaint = registers.put(self, window.registers)
            if complaint:
                commandline.error(self.state, complaint)
                kernels.refresh(self.state)
        else:
            raise AssertionError(f"no service for trap {trap}")

    def _make_room(self) -> None:
        """Let the command that waits for room go on."""
        ctl = self.state.ctl
        needs = int(ctl[S.NEED]), int(ctl[S.NEED_LINES]), int(ctl[S.NEED_ROWS])
        ctl[S.NEED] = ctl[S.NEED_LINES] = ctl[S.NEED_ROWS] = 0
        self.state = growth.grown(self.state, *needs, tidy=True)
        self.press(np.array([kernels.CONTINUE], dtype=np.uint32))

    def keep_register(self, window: Window) -> None:
        """What was just yanked or deleted goes to the named register ctl[KEY] too."""
        complaint = registers.keep(self, window.registers)
        if complaint:
            commandline.error(self.state, complaint)
            kernels.refresh(self.state)

    def reserve(self, characters: int, lines: int) -> None:
        """Make room for one more key, and so many characters and lines besides."""
        self.state = growth.grown(self.state, characters, lines)
