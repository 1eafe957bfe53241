"""Encoding: against the oracle, lossless for anything, the same in blocks, never across a break."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.terminal import keys
from rcfam.tokenizer import Encoder, TokenizeParams, Tokenizer, TokenizerError, train
from rcfam.tokenizer.chunks import chunk_end
from tests.support.oracles import tokenizer as oracle

SOURCE = Path("rcfam/params.py").read_text() + Path("ARCHITECTURE.md").read_text()
TOKENIZER = train([(keys.from_text(SOURCE), [])], TokenizeParams(size=384, min_count=3, longest=31))
VOCABULARY = {tuple(TOKENIZER.token(v).tolist()): v for v in range(32, TOKENIZER.size)}

# Texts that look like code, and keys that look like nothing.
CODE = st.lists(
    st.sampled_from(
        ["def ", "get", "HTTPServer", "camelCase", "snake_case", "X", "  ", " ", "\r", "\r    ", "42", "é", "(", ")):"]
    ),
    max_size=20,
).map(lambda parts: [ord(c) for c in "".join(parts)])
ANY_KEY = st.one_of(
    st.integers(0, 2**32 - 1),
    st.integers(0, 0x7F),
    st.integers(0xD7FE, 0xE001),
    st.sampled_from([keys.UP, keys.DOWN, keys.DELETE, keys.NAMED - 1, keys.NAMED + 63, keys.NAMED + 64]),
)
KEYS = st.one_of(
    CODE, st.lists(ANY_KEY, max_size=60), st.tuples(ANY_KEY, st.integers(0, 600)).map(lambda p: [p[0]] * p[1])
)
BREAKS = st.lists(st.integers(-2, 70), max_size=5)


def array(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.uint32)


@settings(max_examples=300, deadline=None)
@given(KEYS, BREAKS)
def test_encoding_equals_the_oracle_and_is_lossless(stroke: list[int], breaks: list[int]) -> None:
    tokens, starts = TOKENIZER.encode(array(stroke), breaks)
    assert tokens.dtype == np.int32
    assert starts.dtype == np.int64
    assert list(zip(tokens.tolist(), starts.tolist(), strict=True)) == oracle.encode(VOCABULARY, stroke, breaks)
    np.testing.assert_array_equal(TOKENIZER.decode(tokens), array(stroke))


@settings(max_examples=150, deadline=None)
@given(KEYS, BREAKS, st.lists(st.integers(0, 70), max_size=4))
def test_blocks_do_not_change_the_answer(stroke: list[int], breaks: list[int], cuts: list[int]) -> None:
    encoder = Encoder(TOKENIZER)
    borders = [0, *sorted(min(cut, len(stroke)) for cut in cuts), len(stroke)]
    parts = []
    for begin, end in itertools.pairwise(borders):
        parts.append(encoder.push(array(stroke[begin:end]), [b for b in breaks if begin <= b < end]))
    parts.append(encoder.finish())
    tokens, starts = TOKENIZER.encode(array(stroke), breaks)
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), tokens)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), starts)


@settings(max_examples=100, deadline=None)
@given(KEYS, BREAKS)
def test_no_token_spans_a_break(stroke: list[int], breaks: list[int]) -> None:
    tokens, starts = TOKENIZER.encode(array(stroke), breaks)
    lengths = np.where(tokens < 32, 1, TOKENIZER.lengths_V[tokens])
    for place in breaks:
        assert not ((starts < place) & (starts + lengths > place)).any()


RUNS = st.one_of(
    st.text("abc", min_size=1, max_size=6).map(lambda text: tuple(map(ord, text))),
    st.lists(st.integers(0x80, 0xD7FF) | st.integers(0xE000, 0x10FFFF), min_size=1, max_size=3).map(tuple),
    st.tuples(st.sampled_from([keys.UP, keys.ESCAPE, keys.NAMED + 63, 2]), st.integers(1, 9)).map(
        lambda p: (p[0],) * p[1]
    ),
    st.integers(1, 40).map(lambda size: (32,) * size),
)


@settings(max_examples=150, deadline=None)
@given(st.sets(RUNS, max_size=60), st.data())
def test_any_vocabulary_encodes_as_the_oracle_does(spellings: set[tuple[int, ...]], data: st.DataObject) -> None:
    tokenizer = Tokenizer([array(list(spelling)) for spelling in sorted(spellings)])
    vocabulary = {spelling: number for number, spelling in enumerate(sorted(spellings), 32)}
    pieces = st.sampled_from(sorted(spellings)) if spellings else RUNS
    stroke = [key for piece in data.draw(st.lists(pieces | RUNS, max_size=12)) for key in piece]
    tokens, starts = tokenizer.encode(array(stroke))
    assert list(zip(tokens.tolist(), starts.tolist(), strict=True)) == oracle.encode(vocabulary, stroke, [])
    np.testing.assert_array_equal(tokenizer.decode(tokens), array(stroke))


def test_a_vocabulary_of_thousands_of_keys() -> None:
    rng = np.random.default_rng(4)
    spellings = {tuple(rng.integers(0x4E00, 0x9FFF, rng.integers(1, 4)).tolist()) for _ in range(9000)}
    tokenizer = Tokenizer([array(list(spelling)) for spelling in sorted(spellings)])
    for number, spelling in enumerate(sorted(spellings), 32):
        assert tokenizer.encode(array(list(spelling)))[0].tolist() == [number]


def test_a_stream_longer_than_every_buffer() -> None:
    rng = np.random.default_rng(3)
    stroke = rng.choice(np.array([97, 98, 0x10FFFF, 32, 13, keys.UP, 2**32 - 1], np.uint32), 300_000)
    tokens, starts = TOKENIZER.encode(stroke, range(0, 300_000, 777))
    np.testing.assert_array_equal(TOKENIZER.decode(tokens), stroke)
    assert (np.diff(starts) >= 0).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("camelCase", ["camel", "Case"]),
        ("PascalCase", ["Pascal", "Case"]),
        ("snake_case2", ["snake", "_", "case", "2"]),
        ("HTTPServer(URL)", ["HTTP", "Server", "(", "URL", ")"]),
        ("x = y  z", ["x", " =", " y", "  ", "z"]),
        ("\n    return A\n\n  b", ["\r    ", "return", " A", "\r\r  ", "b"]),
        ("f(): \n  (x,\n\n", ["f", "():", " ", "\r  ", "(", "x", ",\r\r"]),
    ],
)
def test_chunks_part_where_a_reader_parts_them(text: str, expected: list[str]) -> None:
    stroke = keys.from_text(text)
    found, place = [], 0
    while place < len(stroke):
        end = chunk_end(stroke, place, len(stroke))
        found.append("".join(map(chr, stroke[place:end].tolist())))
        place = end
    assert found == expected


@pytest.mark.parametrize("tokens", [[-1], [10_000], [383, 1], [1, 40], [0] * 9 + [16], [2**40]])
def test_what_the_tokenizer_never_makes_is_refused(tokens: list[int]) -> None:
    with pytest.raises(TokenizerError, match="position"):
        TOKENIZER.decode(tokens)


def test_single_tokens_decode_alone() -> None:
    for token in range(32, TOKENIZER.size):
        again, _ = TOKENIZER.encode(TOKENIZER.decode([token]))
        assert again.tolist() == [token]


def test_a_token_must_be_one_chunk_and_new() -> None:
    for spellings in ([[97, 65]], [[]], [[0xD800]], [[97], [97]], [[2**31]]):
        with pytest.raises(TokenizerError, match="token 3"):
            Tokenizer([array(spelling) for spelling in spellings])
