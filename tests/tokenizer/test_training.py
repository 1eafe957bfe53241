"""Training and the file: what becomes a token, determinism, and damaged files."""

import json
from pathlib import Path

import numpy as np
import pytest

from rcfam import params
from rcfam.documents import DocumentError
from rcfam.errors import RcfamError
from rcfam.terminal import keys
from rcfam.tokenizer import TokenizeParams, Tokenizer, train
from tests.support.oracles import tokenizer as oracle

PARAMS = TokenizeParams(size=300, min_count=2, longest=31)


def names(tokenizer: Tokenizer) -> set[str]:
    return {tokenizer.name(v) for v in range(tokenizer.size)}


def stream(text: str) -> tuple[np.ndarray, list[int]]:
    return keys.from_text(text), []


def test_popular_words_become_tokens_and_rare_ones_do_not() -> None:
    text = "frame = getFrame(HTTPServer)\n" * 20 + "zyxwvut\n"
    found = names(train([stream(text)], PARAMS))
    assert {"frame", " get", "Frame", "HTTP", "Server"} <= found
    assert not any("zy" in name for name in found)
    assert "getFrame" not in found


def test_the_rare_is_built_from_the_popular() -> None:
    tokenizer = train([stream("(work)" * 50 + "(ing)" * 50 + "(working)")], PARAMS)
    tokens, _ = tokenizer.encode(keys.from_text("working"))
    assert [tokenizer.name(int(t)) for t in tokens] == ["work", "ing"]


def test_rare_characters_take_no_room_from_words_but_frequent_ones_do() -> None:
    rare = "".join(f" {chr(0x4E00 + n)}" * 2 for n in range(400))
    words = [f"{'abcdefghijklm'[n // 13]}{'abcdefghijklm'[n % 13]}word" for n in range(150)]
    tokenizer = train([stream("".join(f"({word})" * 20 for word in words) + "é\n" * 90 + rare)], PARAMS)
    found = names(tokenizer)
    assert {"é", *words} <= found
    assert sum("\u4e00" <= name[-1] <= "\u4fff" for name in found) <= 300 - 32 - 109 - 151


def test_repeated_named_keys_and_spaces_become_runs() -> None:
    stroke = np.array(([keys.DOWN] * 5 + [keys.ENTER] + [32] * 8 + [ord("x")]) * 30, np.uint32)
    tokenizer = train([(stroke, [])], PARAMS)
    tokens, _ = tokenizer.encode(stroke[:15])
    assert [tokenizer.name(int(t)) for t in tokens] == ["<Down*5>", "<Enter>        ", "x"]
    assert tokenizer.kind(int(tokens[0])) == "control"


def test_a_break_hides_what_spans_it() -> None:
    stroke = keys.from_text("abab" * 40)
    whole = train([(stroke, [])], PARAMS)
    cut = train([(stroke, range(len(stroke)))], PARAMS)
    assert any(len(whole.token(v)) > 1 for v in range(32, whole.size))
    assert all(len(cut.token(v)) == 1 for v in range(32, cut.size))


def test_the_order_of_streams_does_not_matter() -> None:
    texts = [Path(p).read_text() for p in ("rcfam/params.py", "rcfam/atomic.py", "ARCHITECTURE.md")]
    one = train([stream(t) for t in texts], PARAMS)
    other = train([stream(t) for t in reversed(texts)], PARAMS)
    assert one.hash == other.hash


def test_size_threshold_and_length_are_kept() -> None:
    text = Path("ARCHITECTURE.md").read_text()
    for size, min_count, longest in [(256, 1, 4), (512, 5, 31), (20_352, 3, 64)]:
        tokenizer = train([stream(text)], TokenizeParams(size, min_count, longest))
        assert tokenizer.size <= size
        assert tokenizer.padded % 128 == 0
        assert 0 <= tokenizer.padded - tokenizer.size < 128
        assert tokenizer.lengths_V.max() <= longest
    assert train([stream(text)], TokenizeParams(512, 2, 31)).size == 512


def test_counts_are_the_uses_in_the_training_keys() -> None:
    stroke, _ = stream(Path("ARCHITECTURE.md").read_text())
    tokenizer = train([(stroke, [])], PARAMS)
    tokens, _ = tokenizer.encode(stroke)
    held = np.bincount(tokens, minlength=tokenizer.size)[32:]
    np.testing.assert_array_equal(held, tokenizer.counts_V[32:])


def test_training_beats_plain_words_in_the_same_room() -> None:
    """The obvious rival: the most frequent whole chunks, one token each."""
    stroke, _ = stream("".join(Path(p).read_text() for p in ("ARCHITECTURE.md", "rcfam/params.py")))
    tokenizer = train([(stroke, [])], PARAMS)
    counted: dict[tuple[int, ...], int] = {}
    for chunk in oracle.chunks(stroke.tolist()):
        counted[tuple(chunk)] = counted.get(tuple(chunk), 0) + 1
    singles = [tuple(tokenizer.token(v).tolist()) for v in range(32, tokenizer.size) if tokenizer.lengths_V[v] == 1]
    ranked = sorted((c for c in counted if len(c) > 1), key=lambda c: -counted[c] * (len(c) - 1))
    words = [*singles, *ranked[: tokenizer.size - 32 - len(singles)]]
    rival = Tokenizer([np.array(w, np.uint32) for w in words])
    assert rival.size == tokenizer.size
    assert len(tokenizer.encode(stroke)[0]) < 0.95 * len(rival.encode(stroke)[0])


def test_nothing_to_learn_from_still_encodes() -> None:
    tokenizer = train([], PARAMS)
    stroke = keys.from_text("héllo\n")
    np.testing.assert_array_equal(tokenizer.decode(tokenizer.encode(stroke)[0]), stroke)


def test_params_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("tokenize: {size: 100, min_count: 4, longest: 31}\n")
    with pytest.raises(DocumentError, match="size: 100 is not at least 256"):
        params.load(file, "tokenize", TokenizeParams)
    for bad in ({"min_count": 0}, {"longest": 65}):
        with pytest.raises(ValueError, match="is"):
            TokenizeParams(**({"size": 512, "min_count": 4, "longest": 31} | bad))


def test_the_file_is_readable_and_round_trips(tmp_path: Path) -> None:
    text = Path("ARCHITECTURE.md").read_text() + "│\u2028é" * 9
    stroke = np.concatenate(
        [keys.from_text(text), np.array([keys.DOWN] * 9 + [1, keys.UP, keys.NAMED + 50] * 9, np.uint32)]
    )
    tokenizer = train([(stroke, [])], TokenizeParams(512, 2, 31))
    file = tmp_path / "vocabulary.json"
    tokenizer.save(file)
    loaded = Tokenizer.load(file)
    assert loaded.hash == tokenizer.hash
    np.testing.assert_array_equal(loaded.counts_V, tokenizer.counts_V)
    assert loaded.encode(stroke)[0].tolist() == tokenizer.encode(stroke)[0].tolist()
    document = json.loads(file.read_text())
    assert document["version"] == 1
    assert any(row[0] == "lower" and "recording" in row[1] for row in document["tokens"])


def test_damaged_files_are_one_line_errors(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.json"
    tokenizer = train([stream("hello world\n" * 9)], PARAMS)
    tokenizer.save(file)
    good = file.read_text()
    document = json.loads(good)
    damaged = [
        "",
        "[]",
        "{}",
        good[:-20],
        good.replace('"version": 1', '"version": 2'),
        good.replace("world", "words"),
        good.replace('["punctuation", "!"', '["lower", "!"'),
        json.dumps(document | {"tokens": document["tokens"][:-1]}),
        json.dumps(document | {"tokens": [["lower", 5, 1]]}),
        json.dumps(document | {"tokens": [["control", ["<Up>", 10**9], 1]]}),
        json.dumps(document | {"tokens": [["control", ["<key zz>", 1], 1]]}),
        json.dumps(document | {"tokens": None}),
        json.dumps(document | {"sha256": None}),
    ]
    for text in damaged:
        assert text != good
        file.write_text(text)
        with pytest.raises(RcfamError) as caught:
            Tokenizer.load(file)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(RcfamError, match="No such file"):
        Tokenizer.load(tmp_path / "none.json")
