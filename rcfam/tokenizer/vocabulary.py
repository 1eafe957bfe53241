"""The tokenizer: a vocabulary, keystrokes to tokens, tokens to keystrokes, and its file."""

# K keystrokes, N tokens, V vocabulary, P pool of the tokens' keys

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rcfam import atomic, documents
from rcfam.bounds import Count, Range, Sha256, Size, shown
from rcfam.errors import RcfamError
from rcfam.terminal import keys
from rcfam.tokenizer import chunks, trie

FORMAT: Final = "rcfam vocabulary"
VERSION: Final = 1
MULTIPLE: Final = 128  # the model's vocabulary is padded to a multiple of this
_BLOCK_TOKENS: Final = 1 << 16
_HOLD: Final = trie.MAX_SPELLED * chunks.MAX_CHUNK_KEYS
_BY_NAME: Final = {name: key for key, name in keys.NAMES.items()}
_KINDS: Final = ("lower", "UPPER", "digits", "spaces", "punctuation", "foreign", "control")


class TokenizerError(RcfamError):
    """A vocabulary that cannot be used, or tokens that are none of its own."""


class Tokenizer:
    """Greedy longest match over a fixed vocabulary, lossless for every uint32 key.

    Tokens 0..31 spell keys that no other token begins with (trie.py); the rest stand for one or more keys each.
    `padded` is the vocabulary's size rounded up to a multiple of 128: the number of classes of a model; the ids between
    are never made.
    """

    def __init__(self, spellings: list[NDArray[np.uint32]], counts: ArrayLike | None = None) -> None:
        """`spellings`: the keys of tokens 32, 33 ...; `counts`: how often each stood in the training keystrokes.

        Raises TokenizerError for a token that is empty, double, or no part of one chunk (chunks.py).
        """
        _check(spellings)
        self.pool_P = np.concatenate([np.zeros(0, np.uint32), *spellings]).astype(np.uint32)
        ends = np.cumsum([0] * (trie.SPELLING + 1) + [len(spelling) for spelling in spellings])
        self.offsets_V = ends.astype(np.int64)
        self.lengths_V = np.diff(self.offsets_V)
        self.size = len(self.lengths_V)
        self.padded = -(-self.size // MULTIPLE) * MULTIPLE
        self.counts_V = np.zeros(self.size, np.int64)
        if counts is not None:
            self.counts_V[trie.SPELLING :] = counts
        self.trie = trie.build(self.pool_P, self.offsets_V)

    def __repr__(self) -> str:
        return f"Tokenizer({self.size} tokens, padded to {self.padded}, sha256 {self.hash[:12]})"

    def __len__(self) -> int:
        """The number of tokens, the spelling tokens among them, without padding."""
        return self.size

    @property
    def keystrokes_V(self) -> NDArray[np.int64]:
        """How many keystrokes each token completes: of a spelled key its last digit 1, the others 0."""
        keystrokes = self.lengths_V.copy()
        keystrokes[trie.SPELL_LAST : trie.SPELLING] = 1
        return keystrokes

    def token(self, number: int) -> NDArray[np.uint32]:
        """The keys of one token; none for a spelling token. Raises TokenizerError outside the vocabulary."""
        if not 0 <= number < self.size:
            raise TokenizerError(f"token {number} is outside the vocabulary of {self.size}")
        return self.pool_P[self.offsets_V[number] : self.offsets_V[number + 1]]

    def name(self, number: int) -> str:
        """One token as a person reads it: `return`, `<Up>`, `<Down*4>`, `<hex a->` for a spelling token."""
        if 0 <= number < trie.SPELLING:
            return f"<hex {number % 16:x}{'-' if number < trie.SPELL_LAST else ''}>"
        spelling = self.token(number)
        if len(spelling) > 1 and kind(spelling) == "control" and (spelling == spelling[0]).all():
            return f"<{keys.name(int(spelling[0])).strip('<>')}*{len(spelling)}>"
        return "".join(map(keys.name, spelling.tolist()))

    def kind(self, number: int) -> str:
        """'spelling', 'lower', 'Capitalised', 'UPPER', 'digits', 'spaces', 'punctuation', 'foreign' or 'control'."""
        return "spelling" if 0 <= number < trie.SPELLING else kind(self.token(number))

    def encode(self, keys_K: NDArray[np.uint32], breaks: ArrayLike = ()) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Tokens and, for each, the index of its first key. No token spans a break.

        `breaks`: indices into keys_K, in any order, before which a token must end (a commit, a change of program);
        those outside 0..K do nothing. The spelling tokens of one key share its index. `decode` of the tokens is keys_K
        again.
        """
        encoder = Encoder(self)
        parts = [encoder.push(keys_K, breaks), encoder.finish()]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def decode(self, tokens_N: ArrayLike) -> NDArray[np.uint32]:
        """The keys that the tokens stand for. Raises TokenizerError for ids outside the vocabulary and broken
        spellings.
        """
        tokens = np.ascontiguousarray(tokens_N, dtype=np.int64)
        length = trie.decoded_length(tokens, self.lengths_V)
        if length < 0:
            place = -1 - length
            what = f"token {tokens[place]}" if place < len(tokens) else "the end"
            raise TokenizerError(
                f"position {place}: {what} does not fit the vocabulary of {self.size} or breaks a spelled key"
            )
        keys_K = np.empty(length, np.uint32)
        trie.decode_into(tokens, self.pool_P, self.offsets_V, keys_K)
        return keys_K

    @property
    def hash(self) -> str:
        """SHA-256 of the vocabulary: two tokenizers with one hash encode alike."""
        document = [FORMAT, VERSION, self.offsets_V.tolist(), self.pool_P.tolist()]
        return hashlib.sha256(json.dumps(document).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON, one token a line."""
        rows = ",\n".join(
            "    " + json.dumps(_row(self.token(number), int(self.counts_V[number])))
            for number in range(trie.SPELLING, self.size)
        )
        head = {"format": FORMAT, "version": VERSION, "sha256": self.hash, "size": self.size, "padded": self.padded}
        body = json.dumps(head, indent=2)[:-2]
        with atomic.writing(path) as temporary:
            temporary.write_text(f'{body},\n  "spelling": {trie.SPELLING},\n  "tokens": [\n{rows}\n  ]\n}}\n')

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a vocabulary. Raises TokenizerError where it is missing, damaged, of another version, or not what
        its hash says.
        """
        document = documents.load(path, _Document)
        try:
            rows = [_spelling(row) for row in document.tokens]
            tokenizer = cls([row[0] for row in rows], [row[1] for row in rows])
        except (TokenizerError, ValueError, IndexError) as error:
            raise TokenizerError(f"{path}: damaged vocabulary: {error}") from error
        if tokenizer.hash != document.sha256:
            raise TokenizerError(f"{path}: sha256 is {tokenizer.hash[:12]}, the file says {document.sha256[:12]}")
        return tokenizer


@dataclass(frozen=True)
class _Document:
    """The file. A token is its kind, its text or a key's name and how often it is repeated, and its count."""

    format: Literal["rcfam vocabulary"]
    version: Literal[1]
    sha256: Sha256
    spelling: Annotated[int, Range(trie.SPELLING, trie.SPELLING)]
    size: Count
    padded: Count
    tokens: tuple[tuple[str, Annotated[str, Size(1, chunks.MAX_CHUNK_KEYS)] | tuple[str, int], Count], ...]


class Encoder:
    """A stream of keystrokes to tokens, block by block: the blocks do not change the answer. Holds at most one
    chunk back.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._held = np.zeros(0, np.uint32)
        self._position = 0  # index in the stream of the first key held

    def push(self, keys_K: NDArray[np.uint32], breaks: ArrayLike = ()) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Take the stream's next keys; return the tokens that are certain by now and their starts in the stream.

        `breaks` are places in the stream, and every break must come with the block that it lies in or begins.
        """
        block = np.concatenate([self._held, np.asarray(keys_K, dtype=np.uint32)])
        places = np.unique(np.asarray(breaks, dtype=np.int64)) - self._position
        borders = [int(place) for place in places if 0 < place < len(block)]
        return self._encode(block, borders, final=False)

    def finish(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The tokens of what was held back; the stream is over, and the next push begins a new one after it."""
        return self._encode(self._held, [], final=True)

    def _encode(
        self, block: NDArray[np.uint32], borders: list[int], final: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        tokens_of, starts_of = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
        done, ends = 0, np.array([*borders, len(block)], np.int64)
        while done < len(block):
            room = min(_BLOCK_TOKENS, trie.MAX_SPELLED * (len(block) - done)) + _HOLD
            tokens_N, starts_N = np.empty(room, np.int32), np.empty(room, np.int64)
            before = done
            done, count = trie.encode_block(
                *self._tokenizer.trie, block, done, ends, final, self._position, tokens_N, starts_N
            )
            tokens_of.append(tokens_N[:count].copy())
            starts_of.append(starts_N[:count].copy())
            if done == before:
                break
        self._held = block[done:].copy()
        self._position += done
        return np.concatenate(tokens_of), np.concatenate(starts_of)


def _number(name: str) -> int:
    """The number in `<key 0x11000a>`."""
    found = re.fullmatch(r"<key (0x[0-9a-f]{1,8})>", name)
    if found is None:
        raise ValueError(f"{shown(name)} is the name of no key")
    return int(found[1], 16)


def _check(spellings: list[NDArray[np.uint32]]) -> None:
    seen: set[bytes] = set()
    for number, spelling in enumerate(spellings, trie.SPELLING):
        written = spelling.astype(np.uint32).tobytes()
        if not len(spelling) or chunks.chunk_end(spelling, 0, len(spelling)) != len(spelling):
            raise TokenizerError(f"token {number}: {spelling.tolist()} is no part of one chunk")
        if chunks.key_class(int(spelling[0])) == chunks.OUTSIDE:
            raise TokenizerError(f"token {number}: {spelling.tolist()} holds what is no key")
        if written in seen:
            raise TokenizerError(f"token {number}: {spelling.tolist()} stands twice")
        seen.add(written)


def kind(spelling: NDArray[np.uint32]) -> str:
    """What the keys of a token are; the space before a word does not count."""
    if len(spelling) > 1 and spelling[0] == 32 and spelling[1] != 32:
        spelling = spelling[1:]
    first = int(chunks.key_class(int(spelling[0])))
    if first == chunks.UPPER and len(spelling) > 1 and chunks.key_class(int(spelling[1])) == chunks.LOWER:
        return "Capitalised"
    return _KINDS[first]


def _row(spelling: NDArray[np.uint32], count: int) -> list[Any]:
    """[kind, text or [key name, times], count]: a text where every key is a character, else one key repeated."""
    if spelling.max() < keys.NAMED:
        return [kind(spelling), "".join(map(chr, spelling.tolist())), count]
    return [kind(spelling), [keys.name(int(spelling[0])), len(spelling)], count]


def _spelling(row: tuple[str, str | tuple[str, int], int]) -> tuple[NDArray[np.uint32], int]:
    """The inverse of `_row`."""
    said, what, count = row
    if isinstance(what, str):
        spelling = np.array([ord(character) for character in what], np.uint32)
    else:
        name, times = what
        if not 0 < times <= chunks.MAX_CHUNK_KEYS:
            raise ValueError(f"{shown(name)} {times} times")
        key = _BY_NAME[name] if name in _BY_NAME else _number(name)
        spelling = np.full(times, key, np.uint32)
    if not len(spelling) or kind(spelling) != said:
        raise ValueError(f"{shown(what)} is not of kind {shown(said)}")
    return spelling, int(count)
