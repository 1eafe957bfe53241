"""What a language is for the lexer: words, regions (comments, strings, whatever runs from mark to mark), switches.

The languages themselves are data (`syntax_languages.py`). A language's row of numbers (`syntax_tables.py`) holds, at
the places named here, what `syntax.py` reads.
"""

from dataclasses import dataclass, field
from typing import Final

# What a character of ASCII may begin outside regions: a kind, and flags
PLAIN: Final = 0
WORD: Final = 1
DIGIT: Final = 2
SIGIL: Final = 3
DIRECTIVE: Final = 4
KIND: Final = 7
STARTS: Final = 8  # a region may start here; CHAINS holds the first, counted from 1
PART: Final = 16  # a word goes on with it
CHAINS: Final = 128  # + character
COLOURS: Final = 256  # + character: of a sigil with its name, or of the character alone

# Places in a language's row
FOLD: Final = 384  # words in any case
NUMBERS: Final = 385  # colour of numbers, 0 for none
DOTTED: Final = 386  # words behind a dot are no keywords
SIGIL_NAME: Final = 387  # colour of the name behind a sigil, 0 for the sigil's
SIGIL_OPEN: Final = 388  # bits below
CALLED: Final = 389  # colour of a word before (
BANGED: Final = 390  # of a word with ! behind it
PATHED: Final = 391  # of a word before ::
LABELLED: Final = 392  # of a word before a colon and a blank
CAPITAL: Final = 393  # of a word that begins with a capital letter
ASSIGNED: Final = 395  # of a word before =
KEY_MARKS: Final = 396  # two characters that end a key at a line's start
KEY_COLOUR: Final = 398
KEY_MARK_COLOUR: Final = 399
KEY_RULE: Final = 400  # bits below
SCALARS: Final = 401  # YAML: a number or a word counts only where it is the whole value
INITIAL: Final = 402  # the state at the file's start
VALUES: Final = 403  # colour of words behind a labelled one, up to ;
STATEFUL: Final = 404  # a line's end may leave a state
SHAPED: Final = 405  # any of the colours CALLED to ASSIGNED is set
NUMBER: Final = 406  # the language's
LENGTHS: Final = 407  # + character: bits n of the lengths of the words that begin with it; 30 for all longer ones
REGIONS: Final = LENGTHS + 128
REGION: Final = 32  # places a region

KEY_SPACED: Final = 1  # a blank or the line's end follows the mark
KEY_DASHES: Final = 2  # dashes of list items may stand before it
KEY_UNTABBED: Final = 4  # not in lines that begin with a tab

SIGIL_BRACES: Final = 1  # ${...}
SIGIL_PARENS: Final = 2  # $(...)
SIGIL_SPECIAL: Final = 4  # $? $1

# Places in a region
NEXT: Final = 0  # the next region with the same first character, counted from 1
START: Final = 1  # length and characters
END: Final = 12  # length and characters; no characters: the line's end
COLOUR: Final = 23
MARK_COLOUR: Final = 24
ESCAPE: Final = 25
ESCAPE_COLOUR: Final = 26
FLAGS: Final = 27
MOST_MARK: Final = 10

# Flags of a region
LINES: Final = 1 << 0  # goes on in the next line
LINE_START: Final = 1 << 1  # only as the line's first character
FIRST: Final = 1 << 2  # only as its first character that is no blank
AFTER_BLANK: Final = 1 << 3  # only at a word's start as a shell sees it
AFTER_OPERATOR: Final = 1 << 4  # where a value may begin, not a division
NOT_IN_WORD: Final = 1 << 5
CLOSED: Final = 1 << 6  # only where it ends in the same line
CHARACTER: Final = 1 << 7  # only around one character or an escape
NESTED: Final = 1 << 8
DOUBLED: Final = 1 << 9  # the end mark twice stands for itself
CONTINUED: Final = 1 << 10  # goes on where the line ends in a backslash
NOTES: Final = 1 << 11  # TODO stands out
SIGILS: Final = 1 << 12
BRACES: Final = 1 << 13  # #{...}
FORMATS: Final = 1 << 14  # %d
TAG: Final = 1 << 15  # of HTML and XML: its name is in the escapes' colour
HERE: Final = 1 << 16  # its start names its last line
HERE_QUOTED: Final = 1 << 17  # such a name is in capitals or quotes, right behind the start
KEYED: Final = 1 << 18  # before a colon it is a key
THEN: Final = 1 << 19  # the next region of the language follows at once
ALONE: Final = 1 << 20  # its start mark is all of it
SUMMARY: Final = 1 << 21  # no further than 50 characters
CAREFUL: Final = NESTED | NOTES | SIGILS | BRACES | FORMATS | TAG | SUMMARY

# A word's value: its colour, then the colour of the next word << 6, then
VALUE_COLOUR: Final = 63
BASE: Final = 1 << 12  # of the rest of the line, too
QUIET: Final = 1 << 13  # and words in it are no keywords
INCLUDE: Final = 1 << 14  # <...> behind it is a string
NOTE: Final = 1 << 15  # stands out in comments, and is nothing elsewhere
FIRST_WORD: Final = 1 << 16  # only as a line's first word

VALUE_BITS: Final = 20
VALUE_MASK: Final = (1 << VALUE_BITS) - 1

HASH_FACTOR: Final = 2592277  # a prime above every character, near no power of two, so that short words never clash
HASH_MASK: Final = (1 << 40) - 1


@dataclass(frozen=True)
class Region:
    """From a start mark to an end mark ("" is the line's end), in one colour."""

    start: str
    end: str
    colour: int
    flags: int = 0
    escape: str = ""
    escape_colour: int = -1
    """-1: the region's"""
    mark_colour: int = -1


@dataclass(frozen=True)
class Language:
    """A language as plain data; the switches are those of the places above, 0 where it has none."""

    name: str
    files: str
    """patterns of file names, blanks between"""
    regions: tuple[Region, ...] = ()
    words: dict[int, str] = field(default_factory=dict)
    """value -> words, blanks between"""
    letters: str = "_"
    """what is in words beside letters and digits, from their start on"""
    inside: str = ""
    """what is in words, but not at their start"""
    interpreters: str = ""
    """names in a first line that begins with #!"""
    sigils: dict[str, int] = field(default_factory=dict)
    """characters that lead a name -> colour of both"""
    marks: dict[int, str] = field(default_factory=dict)
    """colour -> characters that stand for themselves"""
    directive: str = ""
    """begins, as a line's first character, words that are listed with it"""
    keys: str = ""
    """one or two characters that end a key"""
    initial: int = 0
    switches: dict[int, int] = field(default_factory=dict)
    """place -> value"""
