"""The languages' rules as arrays for the lexer, and which language a file is in."""

from fnmatch import fnmatchcase
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.languages import LANGUAGES


def word_hash(language: int, word: str) -> int:
    """The hash that the lexer makes of a word of the language with that number."""
    value = language
    for character in word:
        value = (value * T.HASH_FACTOR + ord(character)) & T.HASH_MASK
    return value


def _row(language: T.Language, width: int) -> NDArray[np.int32]:
    row = np.zeros(width, dtype=np.int32)
    for code in range(128):
        character = chr(code)
        if character.isdigit():
            row[code] = T.PART | (T.DIGIT if language.switches.get(T.NUMBERS) else T.PLAIN)
        elif character.isalpha() or character in language.letters:
            row[code] = T.WORD | T.PART
        elif character in language.sigils:
            row[code] = T.SIGIL
        if character in language.inside:
            row[code] |= T.PART
        row[T.COLOURS + code] = language.sigils.get(character, 0)
    for colour, characters in language.marks.items():
        for character in characters:
            row[T.COLOURS + ord(character)] = colour
    if language.directive:
        row[ord(language.directive)] = T.DIRECTIVE
    for place, value in language.switches.items():
        row[place] = value
    for i, character in enumerate(language.keys):
        row[T.KEY_MARKS + i] = ord(character)
    row[T.INITIAL] = language.initial
    row[T.STATEFUL] = bool(language.directive or language.initial) or any(
        region.flags & (T.LINES | T.HERE | T.CONTINUED) for region in language.regions
    )
    row[T.SHAPED] = any(language.switches.get(place) for place in range(T.CALLED, T.ASSIGNED + 1))
    for listed in language.words.values():
        for word in listed.split():
            name = word.removeprefix(language.directive) if language.directive else word
            for letter in {name[0].lower(), name[0].upper()} if language.switches.get(T.FOLD) else {name[0]}:
                row[T.LENGTHS + ord(letter)] |= np.int32(1 << min(len(name), 30))
    for number in range(len(language.regions) - 1, -1, -1):  # the first of those with the same start ends up first
        region = language.regions[number]
        at = T.REGIONS + number * T.REGION
        for place, mark in ((T.START, region.start), (T.END, region.end)):
            assert len(mark) <= T.MOST_MARK
            row[at + place] = len(mark)
            row[at + place + 1 : at + place + 1 + len(mark)] = [ord(character) for character in mark]
        row[at + T.COLOUR] = region.colour
        row[at + T.MARK_COLOUR] = region.colour if region.mark_colour < 0 else region.mark_colour
        row[at + T.ESCAPE] = ord(region.escape) if region.escape else 0
        row[at + T.ESCAPE_COLOUR] = region.colour if region.escape_colour < 0 else region.escape_colour
        row[at + T.FLAGS] = region.flags
        first = ord(region.start[0]) if region.start else 0
        if first:
            row[at + T.NEXT] = row[T.CHAINS + first]
            row[T.CHAINS + first] = number + 1
            row[first] |= T.STARTS
    return row


@cache
def tables() -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(L + 1, width) `grammars`, row 0 for no language, and (slots,) `words`: hash << VALUE_BITS | value, or 0."""
    width = T.REGIONS + T.REGION * max(len(language.regions) for language in LANGUAGES)
    grammars = np.zeros((len(LANGUAGES) + 1, width), dtype=np.int32)
    hashed: dict[int, int] = {}
    for number, language in enumerate(LANGUAGES, 1):
        grammars[number] = _row(language, width)
        grammars[number, T.NUMBER] = number
        for value, listed in language.words.items():
            for word in listed.split():
                hashed[word_hash(number, word.lower() if language.switches.get(T.FOLD) else word)] = value
    slots = 1 << (2 * len(hashed)).bit_length()
    words = np.zeros(slots, dtype=np.int64)
    for key, value in hashed.items():
        slot = (key ^ key >> 17) & (slots - 1)
        while words[slot]:
            slot = (slot + 1) & (slots - 1)
        words[slot] = key << T.VALUE_BITS | value
    return grammars, words


@cache
def language_of(name: str, first_line: str = "") -> int:
    """The number of the language of a file, by its name (the last part of its path), else by a first line that names an
    interpreter; 0 where it is unknown.
    """
    for number, language in enumerate(LANGUAGES, 1):
        if any(fnmatchcase(name, pattern) for pattern in language.files.split()):
            return number
    if first_line.startswith("#!"):
        words = first_line[2:].replace("/", " ").split()
        names = {word.rstrip("0123456789.") for word in words}
        for number, language in enumerate(LANGUAGES, 1):
            if names & set(language.interpreters.split()):
                return number
    return 0
