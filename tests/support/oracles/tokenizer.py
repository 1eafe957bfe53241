"""The tokenizer, slow and obvious: chunks by one regular expression, tokens by trying every length."""

import itertools
import re

MAX_CHUNK_KEYS = 256
_NAMED, _LAST = 0x110000, 0x11003F
_FOREIGN = "[\x80-\ud7ff\ue000-\U0010ffff]+"
_PUNCTUATION = r"[!-/:-@\[-`{-~]+(?:\r+ *)?"
_WORD = rf"[A-Z]+(?![a-z])|[A-Z][a-z]+|[A-Z]+(?=[A-Z][a-z])|[a-z]+|[0-9]+|{_FOREIGN}|{_PUNCTUATION}"
_CHUNK = re.compile(rf"\r+ *| ?(?:{_WORD})|  +| |([\x00-\x1f\x7f])\1*")


def chunks(keys: list[int]) -> list[list[int]]:
    """The chunks of a stream without breaks. Keys that are no character stand alone or in runs of one named key."""
    found: list[list[int]] = []
    place = 0
    while place < len(keys):
        key = keys[place]
        window = keys[place : place + MAX_CHUNK_KEYS]
        if key >= _NAMED or 0xD800 <= key <= 0xDFFF:
            length = 1
            while _NAMED <= key <= _LAST and length < len(window) and window[length] == key:
                length += 1
        else:
            text = "".join(chr(k) if k < _NAMED else "\ud800" for k in window)
            match = _CHUNK.match(text)
            assert match is not None, text
            length = match.end()
        found.append(keys[place : place + length])
        place += length
    return found


def encode(vocabulary: dict[tuple[int, ...], int], keys: list[int], breaks: list[int]) -> list[tuple[int, int]]:
    """[(token, index of its first key)] by greedy longest match inside chunks; unknown keys in hexadecimal digits."""
    borders = [0, *sorted({b for b in breaks if 0 < b < len(keys)}), len(keys)]
    tokens: list[tuple[int, int]] = []
    start = 0
    for begin, end in itertools.pairwise(borders):
        for chunk in chunks(keys[begin:end]):
            tokens += _encode_chunk(vocabulary, chunk, start)
            start += len(chunk)
    return tokens


def _encode_chunk(vocabulary: dict[tuple[int, ...], int], chunk: list[int], start: int) -> list[tuple[int, int]]:
    tokens = []
    place = 0
    while place < len(chunk):
        for length in range(len(chunk) - place, 0, -1):
            token = vocabulary.get(tuple(chunk[place : place + length]))
            if token is not None:
                tokens.append((token, start + place))
                place += length
                break
        else:
            digits = [int(digit, 16) for digit in f"{chunk[place]:x}"]
            digits[-1] += 16
            tokens += [(digit, start + place) for digit in digits]
            place += 1
    return tokens
