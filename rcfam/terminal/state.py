"""The compiled state: a NamedTuple of arrays, and the meaning of every scalar in `ctl`.

The text of the editor's buffer lives in `pool`, a run of characters that grows at its end; what nothing points to any
more is taken out when room runs short (`compaction`). `lines` is the line table: (start,
length) of each line in the pool, with a gap at the place of the last insertion or deletion of lines. A line at or
beyond `ctl[MARK]` belongs to the open undo unit and is edited in place; a line below it is shared with the undo log
or the register and is copied to the pool's end before its first edit. So undo, yank and put move pairs of numbers and
never text.

`rows` says what every screen row shows, so that a redraw draws only the rows that differ.
"""

from itertools import count
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam.reference import by_reference
from rcfam.terminal import keys, widths
from rcfam.terminal.cells import BLANK, GLYPH_BITS
from rcfam.terminal.limits import Limits


@by_reference
class State(NamedTuple):
    """All that a kernel sees. Arrays are replaced by larger ones when they grow: read `terminal.state` again after a
    service.
    """

    cells: NDArray[np.uint32]
    """(R, C) cells, as in cells.py"""
    cursor: NDArray[np.int32]
    """(3,): row, column, visible"""
    dirty: NDArray[np.uint8]
    """(R,): 1 for every row whose cells may have changed since the reader cleared it"""
    ctl: NDArray[np.int64]
    """(SCALARS,): the scalars below"""
    rows: NDArray[np.int64]
    """(R, 6): what a text row shows: start, length, row within the line, rows of the line, and the lexer's state before
    and after the line
    """
    lines: NDArray[np.int64]
    """(capacity, 2): the line table with its gap: start and length of each line in the pool"""
    register: NDArray[np.int64]
    """(capacity, 2), as many rows as `lines`: start and length of the register's lines"""
    pool: NDArray[np.uint32]
    """(capacity,): characters; the first TEXT of them are the regions below"""
    log: NDArray[np.int64]
    """(capacity, 4): the undo log from the front, the redo log from the back: saved lines, headers of entries and
    units
    """
    clusters: NDArray[np.int32]
    """(capacity, 6): each grapheme cluster as (glyph before, mark), and four buckets of their hash table: 0 or number
    + 1
    """
    widths: NDArray[np.uint8]
    """(0x110000,): the class of each code point, as in widths.py"""


# Programs
SHELL: Final = 0
EDITOR: Final = 1

# Modes of the editor
NORMAL: Final = 0
INSERT: Final = 1
REPLACE: Final = 2
COMMAND: Final = 3
VISUAL: Final = 4

# What `rows` holds where no line is shown
ROW_UNKNOWN: Final = -1
ROW_TILDE: Final = -2
ROW_AT: Final = -3

STICK: Final = 1 << 40  # the wanted column after `$`
HERE: Final = -1  # the wanted column is where the cursor stands at the end of the key

# Kinds of motion: how an operator takes the characters between the cursor and the target
NO_MOTION: Final = -1  # the key is no motion
FAILED: Final = 0
EXCLUSIVE: Final = 1
INCLUSIVE: Final = 2
LINEWISE: Final = 3
TO_END: Final = 4  # from the cursor to the end of a line, which stays (D, C)

# Commands that normal mode leaves in ctl[ACTION]
ACT_NONE: Final = 0
ACT_MOTION: Final = 1
ACT_OBJECT: Final = 2
ACT_SEARCH: Final = 3
ACT_OPERATE: Final = 4
ACT_EDIT: Final = 5  # p P J gJ ~
ACT_REPLACE: Final = 6  # r
ACT_INSERT: Final = 7
ACT_UNDO: Final = 8
ACT_SCROLL: Final = 9
ACT_Z: Final = 10
ACT_INDENT: Final = 11  # Ctrl-T, Ctrl-D in insert mode

# Operators, each by the key that begins it, alone or after g
OP_DELETE: Final = keys.d
OP_CHANGE: Final = keys.c
OP_YANK: Final = keys.y
OP_SHIFT_RIGHT: Final = keys.GREATER
OP_SHIFT_LEFT: Final = keys.LESS
OP_SWAP_CASE: Final = keys.TILDE
OP_LOWER: Final = keys.u
OP_UPPER: Final = keys.U

# What visual mode selects, by the key that begins it
SELECT_CHARACTERS: Final = keys.v
SELECT_LINES: Final = keys.V

# Traps: what Python is asked to do before the next key
TRAP_NONE: Final = 0
TRAP_GROW: Final = 1  # enlarge what lacks headroom
TRAP_REPEAT: Final = 2  # an insertion with a count ended
TRAP_PREFIX: Final = 3  # ctl[KEY] came after the multiplexer's prefix
TRAP_LINE: Final = 4  # the shell's line is complete
TRAP_HISTORY: Final = 5  # ctl[KEY] is -1 (older) or 1 (newer)
TRAP_INTERRUPT: Final = 6  # Ctrl-C in the shell
TRAP_LOGOUT: Final = 7  # Ctrl-D on an empty shell line
TRAP_CLEAR: Final = 8  # Ctrl-L in the shell
TRAP_EX: Final = 9  # the editor's command line is complete
TRAP_REPLAY: Final = 10  # press the keys of the last change again, with ctl[REPLAY_COUNT] as count if not 0
TRAP_QUIT: Final = 11  # ZZ (ctl[KEY] 1) or ZQ (0)
TRAP_SCROLL: Final = 12  # the shell's input no longer fits below its prompt
TRAP_PUT: Final = 13  # ctl[KEY], p or P, of the register ctl[REGISTER], ctl[REPLAY_COUNT] times
TRAP_REGISTER: Final = 14  # what was yanked or deleted goes to the register ctl[KEY] too
TRAP_ROOM: Final = (
    15  # the command in ctl[ACTION] waits for room for NEED characters, NEED_LINES lines, NEED_ROWS rows of the log
)

# Headroom kept for one more key beyond a copy of the text
SPARE_CHARACTERS: Final = 4096
SPARE_LINES: Final = 64
SPARE_LOG: Final = 256

# The scalars of `ctl`: each has the next number, so that a new one is one line
_numbers = count()

# General
PROGRAM: Final = next(_numbers)
PREFIX: Final = next(_numbers)  # 1 after the multiplexer's prefix
KEY: Final = next(_numbers)  # the key or number that goes with a trap
NEED: Final = next(_numbers)  # pool characters and lines that the command in ctl[ACTION] waits for
NEED_LINES: Final = next(_numbers)
NEED_ROWS: Final = next(_numbers)  # rows of the undo log that the command in ctl[ACTION] waits for
CLUSTERS: Final = next(_numbers)  # grapheme clusters in use
# Text
LINES: Final = next(_numbers)
GAP: Final = next(_numbers)
GAP_SIZE: Final = next(_numbers)
POOL_END: Final = next(_numbers)
IN_USE: Final = next(_numbers)  # characters of the pool that were in use when it was last compacted
MARK: Final = next(_numbers)
LONGEST: Final = next(_numbers)  # no line is longer (an upper bound)
CHARACTERS: Final = next(_numbers)  # of all lines, their ends not counted
EMPTY: Final = next(_numbers)  # vim's empty buffer: written as no bytes at all
MODIFIED: Final = next(_numbers)
EOL: Final = next(_numbers)
# Cursor and view
LINE: Final = next(_numbers)
COLUMN: Final = next(_numbers)
WANT: Final = next(_numbers)  # the virtual column that j and k return to
TOP: Final = next(_numbers)
SKIP: Final = next(_numbers)  # screen rows of the top line that are scrolled away
BOTTOM: Final = next(_numbers)  # the first line that is not wholly shown
# Editor
MODE: Final = next(_numbers)
COUNT: Final = next(_numbers)  # 0 where none was typed
COUNT2: Final = next(_numbers)  # the count before an operator
OPERATOR: Final = next(_numbers)  # one of OP_..., 0 for none
LEAD: Final = next(_numbers)  # a first key that waits for its second: g z r f t F T m ' ` Z "
LITERAL: Final = next(_numbers)  # 0, 1 after Ctrl-V, else the base of the number being typed
LITERAL_VALUE: Final = next(_numbers)
LITERAL_LEFT: Final = next(_numbers)  # digits that may still come
FIND_KEY: Final = next(_numbers)  # f t F T of the last such motion
FIND_CHARACTER: Final = next(_numbers)
PATTERN_LENGTH: Final = next(_numbers)
PATTERN_BACKWARD: Final = next(_numbers)
INPUT_LENGTH: Final = next(_numbers)
INPUT_CURSOR: Final = next(_numbers)
INPUT_KIND: Final = next(_numbers)  # ':' '/' '?'
VISUAL_LINE: Final = next(_numbers)
VISUAL_COLUMN: Final = next(_numbers)
VISUAL_KIND: Final = next(_numbers)  # one of SELECT_...
REGISTER_LINES: Final = next(_numbers)
REGISTER_KIND: Final = next(_numbers)  # 1 for whole lines
UNDO_END: Final = next(_numbers)
REDO_END: Final = next(_numbers)
UNIT_OPEN: Final = next(_numbers)  # the next change joins the open undo unit
ENTRY: Final = next(_numbers)  # where the open entry's header stands in `log`, -1 for none
ENTRY_LINES: Final = next(_numbers)  # the number of lines when the entry was opened
UNDO_FIRST: Final = next(_numbers)  # the undo log begins there: what stood before is forgotten
UNDO_UNITS: Final = next(_numbers)  # units in the undo log
DOT_LENGTH: Final = next(_numbers)
DOT_RECORDING: Final = next(_numbers)  # keys recorded for the change in progress, at the end of `keys`
REPLAY_COUNT: Final = next(_numbers)
REPLAYING: Final = next(_numbers)  # `.` is pressing the keys of the last change
INSERT_COUNT: Final = next(_numbers)
INSERT_FROM: Final = next(_numbers)  # how many recorded keys came before the insertion
TYPED: Final = next(_numbers)  # what was typed since it began: so many numbers in TYPED_TEXT, -1 for too many
DOT_TYPED: Final = next(_numbers)  # the same of the change that `.` repeats, in the region after it
MOVED: Final = next(_numbers)  # an arrow was the last key of the insertion: the next one begins another
SHIFTWIDTH: Final = next(_numbers)
TABSTOP: Final = next(_numbers)
EXPANDTAB: Final = next(_numbers)
NUMBER: Final = next(_numbers)
MESSAGE: Final = next(_numbers)  # what messages.py shows when the key is done
WHOLE: Final = next(_numbers)  # redraw every row
START_LINE: Final = next(_numbers)  # where the insertion began
START_COLUMN: Final = next(_numbers)
HALF: Final = next(_numbers)  # rows that Ctrl-D and Ctrl-U scroll, 0 for half the window
SYNTAX: Final = next(_numbers)  # the language that is coloured, 0 for none
CHANGED: Final = next(_numbers)  # text changed since the last redraw
REPLACED: Final = next(_numbers)  # line + 1 whose characters Backspace restores in replace mode, 0 for none
REPLACED_START: Final = next(_numbers)  # where that line's characters as they were stand in the pool
REPLACED_LENGTH: Final = next(_numbers)
REPLACED_COLUMN: Final = next(_numbers)  # and where the replacing began
DRAWN_TOP: Final = next(_numbers)  # what the rows show
DRAWN_SKIP: Final = next(_numbers)
INPUT_ROW: Final = next(_numbers)  # the last row that the input line reached
SAVED_LINE: Final = next(_numbers)  # where the cursor stood before the change that was undone
SAVED_COLUMN: Final = next(_numbers)
COLUMNS: Final = next(_numbers)
TO_LINE: Final = next(_numbers)  # where a motion leads
TO_COLUMN: Final = next(_numbers)
TO_WANT: Final = next(_numbers)
SEARCHED_LENGTH: Final = next(_numbers)
FROM_LINE: Final = next(_numbers)  # where a text object or a selection begins
FROM_COLUMN: Final = next(_numbers)
INPUT_BEFORE: Final = next(_numbers)  # the mode that the command line was opened from
ACTION: Final = next(_numbers)  # the command that is whole: one of ACT_...
ACTION_KEY: Final = next(_numbers)
ACTION_LEAD: Final = next(_numbers)  # the first of its two keys, or 0
SPAN_KIND: Final = next(_numbers)  # how the operator takes FROM..TO: a kind of motion
SHIFT_TIMES: Final = next(_numbers)
VISUAL_DONE: Final = next(_numbers)  # the operator came from visual mode
MESSAGE_COUNT: Final = next(_numbers)
SAID: Final = next(_numbers)  # the last line shows more than the mode: it goes where vim moves rows in the window
KEPT: Final = next(_numbers)  # that message is new and of a kind that outlives it
SEQUENCE: Final = next(_numbers)  # the number of the last undo unit, counted as vim does
UNDONE: Final = next(_numbers)  # the unit that was undone or redone last
UNDONE_BEFORE: Final = next(_numbers)  # lines that undo replaced, and those that it put back
UNDONE_AFTER: Final = next(_numbers)
REGISTER: Final = next(_numbers)  # the letter typed after ", 0 for none
YANKED: Final = next(_numbers)  # the key filled the register
SELECTED: Final = next(_numbers)  # what the command in progress selected: kind, 0 for none, lines, columns
SELECTED_LINES: Final = next(_numbers)
SELECTED_COLUMNS: Final = next(_numbers)
DOT_SELECTED: Final = next(_numbers)  # the same of the change that `.` repeats
DOT_LINES: Final = next(_numbers)
DOT_COLUMNS: Final = next(_numbers)
DOT_INSERT: Final = next(_numbers)  # how many of its keys come before what is inserted
MARKED: Final = next(_numbers)  # whether any mark is set
VISUAL_FIRST: Final = next(_numbers)  # the lines of the last selection
VISUAL_LAST: Final = next(_numbers)
MESSAGE_NAME: Final = next(_numbers)  # the register that the message names
CHANGE_FIRST: Final = next(_numbers)  # the first line that changed since the last redraw
CHANGE_LAST: Final = next(_numbers)  # the line after the last of them
DRAWN_LINES: Final = next(_numbers)  # lines of the buffer at the last redraw
SELECTED_TOP: Final = next(_numbers)  # the rows that show a selection, up to SELECTED_END
SELECTED_END: Final = next(_numbers)
LOWEST: Final = next(_numbers)  # no line above it changed since the last redraw
SYNC_LINE: Final = next(_numbers)  # the lexer's state before this line was SYNC_STATE; -1 for none
SYNC_STATE: Final = next(_numbers)
# Limits, as in limits.py
MOST_CHARACTERS: Final = next(_numbers)
MOST_LINES: Final = next(_numbers)
MOST_UNITS: Final = next(_numbers)
MOST_SAVED: Final = next(_numbers)
MOST_WORK: Final = next(_numbers)
WORK: Final = next(_numbers)  # steps of the search or repetition in progress
# Shell
PROMPT_ROW: Final = next(_numbers)
PROMPT_COLUMN: Final = next(_numbers)
KILLED_LENGTH: Final = next(_numbers)
# Marks, and how many scalars there are
MARK_TABLE: Final = next(_numbers)  # marks a-z: line + 1 (0 for none) and column
MARKS: Final = 26
SCALARS: Final = MARK_TABLE + 2 * MARKS

# Regions at the pool's front, each REGION characters
REGION: Final = 1 << 14
INPUT: Final = 0  # the shell's line or the editor's command line
KILLED: Final = REGION  # what Ctrl-Y puts back in the shell
PATTERN: Final = 2 * REGION  # the last search pattern
KEYS: Final = 3 * REGION  # the keys of the change in progress, then those of the last one, which `.` repeats
SEARCHED: Final = 5 * REGION  # the last search pattern as it was typed
TINT: Final = 6 * REGION  # the attributes of the characters of the line that is being drawn
MOST_TINT: Final = 3000  # characters of a line that are coloured (vim's 'synmaxcol')
TYPED_TEXT: Final = 7 * REGION  # what insert mode did since it began, then the same of the last change
TEXT: Final = 9 * REGION

# In TYPED_TEXT a character is itself; what keys did besides is above every character
DID_ENTER: Final = 1 << GLYPH_BITS
DID_BACKSPACE: Final = DID_ENTER + 1
DID_DELETE: Final = DID_ENTER + 2
DID_WORD: Final = DID_ENTER + 3  # Ctrl-W
DID_LINE: Final = DID_ENTER + 4  # Ctrl-U
DID_INDENT: Final = DID_ENTER + 5
DID_UNINDENT: Final = DID_ENTER + 6

_TAB_COLUMNS: Final = 8

DEFAULT_POOL: Final = TEXT + (1 << 16)
DEFAULT_LINES: Final = 1 << 10
DEFAULT_LOG: Final = 1 << 11
DEFAULT_CLUSTERS: Final = 1 << 15


def limit(ctl: NDArray[np.int64], limits: Limits) -> None:
    """Let `limits` be those of the editor."""
    ctl[MOST_CHARACTERS], ctl[MOST_LINES] = limits.characters, limits.lines
    ctl[MOST_UNITS], ctl[MOST_SAVED], ctl[MOST_WORK] = limits.undo_units, limits.undo_lines, limits.work


def new(rows: int, columns: int, limits: Limits) -> State:
    """A blank state with an empty buffer."""
    ctl = np.zeros(SCALARS, dtype=np.int64)
    limit(ctl, limits)
    ctl[COLUMNS] = columns
    ctl[LINES] = 1
    ctl[GAP] = 1
    ctl[GAP_SIZE] = DEFAULT_LINES - 1
    ctl[EMPTY] = ctl[EOL] = 1
    ctl[ENTRY] = -1
    ctl[SHIFTWIDTH] = ctl[TABSTOP] = _TAB_COLUMNS
    lines = np.zeros((DEFAULT_LINES, 2), dtype=np.int64)
    lines[0, 0] = ctl[POOL_END] = ctl[MARK] = TEXT
    return State(
        cells=np.full((rows, columns), BLANK, dtype=np.uint32),
        cursor=np.array([0, 0, 1], dtype=np.int32),
        dirty=np.ones(rows, dtype=np.uint8),
        ctl=ctl,
        rows=np.full((rows, 6), ROW_UNKNOWN, dtype=np.int64),
        lines=lines,
        register=np.zeros_like(lines),
        pool=np.zeros(DEFAULT_POOL, dtype=np.uint32),
        log=np.zeros((DEFAULT_LOG, 4), dtype=np.int64),
        clusters=np.zeros((DEFAULT_CLUSTERS, 6), dtype=np.int32),
        widths=widths.table(),
    )
