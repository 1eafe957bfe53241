"""Editor sessions: whatever two texts, the planned keys turn one into the other, in real vim."""

import random
import shutil
from pathlib import Path

import pytest

from rcfam.history import Repository
from rcfam.typist import arrows, modal
from rcfam.typist.key_text import to_keys
from tests.support.oracles import vim

Pair = tuple[bytes | None, bytes]


needs_vim = pytest.mark.skipif(shutil.which("vim") is None, reason="real vim is not installed")

ODD: list[Pair] = [
    (None, b""),
    (None, b"\n"),
    (b"", b"x"),
    (None, b"\n\n"),
    (None, b"\n \n"),
    (None, b"a"),
    (None, b"a\n"),
    (b"a\n", b"a"),
    (b"a", b"a\n"),
    (b"a\nb", b"a\n"),
    (b"a\nb", b"b\n"),
    (b"a\n", b"\n"),
    (b"a\nb\n", b"\n"),
    (b"\n\n\n", b"\n"),
    (b"a\r\nb\r\n", b"a\r\nc\r\n"),
    (b"a\nb\n", b"a\r\nb\r\n"),
    (b"\xef\xbb\xbfabc\n", b"\xef\xbb\xbfabd\n"),
    (b"abc\n", b"\xef\xbb\xbfabc\n"),
    (None, b"\x01\x02\x03\x08\x0b\x1a\x1b\x7f\x0c\t x\n\x0c\n"),
    (b"a\x0cb\x1b\n", b"a\x0bb\x1bc\n"),
    (b"a b\n", b"a  b\n"),
    (b"a\n  b\n", b"a b\n"),
    (b"a\n)b\n", b"a )b\n"),
    (b"  indented(x)\n", b"  indented(y)\n"),
    (b"\tx\n", b"\t\tx\n"),
    ("é à\n".encode(), "é â x\n".encode()),
    ("e\u0301x y\n".encode(), "e\u0301y y\n".encode()),
    ("日本語\n".encode(), "日本x語\n".encode()),
    ("a👩\u200d👩b c\n".encode(), "a👩\u200d👩b d\n".encode()),
    ("x\u0085y\u2028z\n".encode(), "x\u0085Y\u2028z\n".encode()),
    (b"x" * 10000 + b"\n", b"x" * 5000 + b"y" + b"x" * 5000 + b"\n"),
    (
        b"".join(b"%d\n" % i for i in range(100_000)),
        b"".join(b"%d\n" % i for i in range(100_000) if i != 70_000) + b"z",
    ),
]

_LINES = [
    "",
    "  ",
    "\t",
    "    return x",
    "def f(a, b):",
    "x = 1",
    "foo.bar(baz)",
    "\tif (x) {",
    "}",
    "-- b c d",
    "é ü",
    "日本 語",
    "  )",
    "x\r",
]
_WORDS = ["alpha", "b", "c_d", "+", "==", "(x)", "naïve"]
_PIECES = ["", "", "x", "new", "a b ", "\t", ")", "(y)", "long_name + other"]


def _line(random: random.Random) -> str:
    if random.random() < 0.3:
        return " ".join(random.choice(_WORDS) for _ in range(random.randint(1, 12)))
    return random.choice(_LINES)


def _mutated(lines: list[str], random: random.Random) -> list[str]:
    lines = list(lines)
    for _ in range(random.randint(1, 5)):
        roll, place = random.random(), random.randint(0, len(lines))
        if roll < 0.25:
            lines[place:place] = [_line(random) for _ in range(random.randint(1, 3))]
        elif roll < 0.5 and len(lines) > 3:
            del lines[place : place + random.randint(1, 3)]
        elif lines:
            place = min(place, len(lines) - 1)
            line = lines[place]
            start = random.randint(0, len(line))
            stop = min(len(line), start + random.choice([0, 0, 1, 2, 5, 20]))
            lines[place] = line[:start] + random.choice(_PIECES) + line[stop:]
            if roll > 0.95 and place + 1 < len(lines):
                lines[place : place + 2] = [lines[place] + " " + lines[place + 1].lstrip()]
    return lines


def invented(seed: int, count: int) -> list[Pair]:
    """Pairs of texts that differ by a few edits, with ends of every kind."""
    random_ = random.Random(seed)
    pairs: list[Pair] = []
    while len(pairs) < count:
        lines = [_line(random_) for _ in range(random_.randint(1, 30))]
        old = ("\n".join(lines) + random_.choice(["\n", "\n", ""])).encode()
        new = ("\n".join(_mutated(lines, random_)) + random_.choice(["\n", "\n", ""])).encode()
        if old and new and old != new:
            pairs.append((old, new))
    return pairs


def from_history() -> list[Pair]:
    """Every modification in this project's own history."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("not in a checkout: there is no history to take edits from")
    return [
        (change.old, change.new)
        for commit in Repository(root).commits()
        for change in commit.changes
        if change.kind == "modify" and change.left_out is None and change.old and change.new
    ][-300:]


def planned(old: bytes | None, new: bytes, style: str, seed: int) -> list[int]:
    """The keys of one session, as the typist plans it."""
    random_ = random.Random(seed)
    if not old:
        return to_keys(modal.new_file(new, random_)).tolist()
    keys = arrows.edit(old, new) if style == "arrows" else None
    if keys is None:
        return to_keys(modal.edit(old, new, random_)).tolist()
    return to_keys(keys + modal.save(old, new, random_)).tolist()


def judge(pairs: list[Pair], style: str, folder: Path) -> None:
    plans = [planned(old, new, style, seed) for seed, (old, new) in enumerate(pairs)]
    found = vim.sessions([(old, keys) for (old, _), keys in zip(pairs, plans, strict=True)], folder)
    for (old, new), keys, data in zip(pairs, plans, found, strict=True):
        assert data == new, (old, new, keys)


@pytest.mark.real
@needs_vim
@pytest.mark.parametrize("style", ["vim", "arrows"])
def test_odd_texts(style: str, tmp_path: Path) -> None:
    judge(ODD if style == "vim" else ODD[:-1], style, tmp_path)


@pytest.mark.real
@needs_vim
@pytest.mark.parametrize("style", ["vim", "arrows"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_invented_edits(style: str, seed: int, tmp_path: Path) -> None:
    judge(invented(seed, 300), style, tmp_path)


@pytest.mark.real
@needs_vim
@pytest.mark.parametrize("style", ["vim", "arrows"])
def test_edits_of_real_history(style: str, tmp_path: Path) -> None:
    pairs = from_history()
    assert len(pairs) > 10
    judge(pairs, style, tmp_path)
