"""Keystrokes a token and MB/s on held-out keystrokes, beside Hugging Face's byte-level BPE and SentencePiece where
installed (`pip install -c constraints.txt '.[rivals]'`).

    python -m benchmarks.tokenizer [--json] [--recordings FOLDER | --histories GIT ... ] [--sizes 1024 4096 20352]

With histories (paths of git repositories, two or more): what the typist types for them, the last one held out.
With recordings: trained and measured on the two sides of the split, literal text (the editor's insert mode) and
commands apart. Without: source text typed literally, trained on the standard library and measured on another project.
The rivals get the same keystrokes as text, a named key as one character of the private use area, one document between
two breaks. Every token they make is counted, one for the byte level's or SentencePiece's fall-back bytes too. One
thread each, CPU time, whole calls from Python.
"""

import argparse
import json
import os
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import itertools

import numpy as np

from rcfam.dataset import dataset_tables
from rcfam.dataset.split import HELD_OUT, TRAIN, split
from rcfam.history import Repository
from rcfam.recording import Reader
from rcfam.terminal import keys
from rcfam.tokenizer import TokenizeParams, train
from rcfam.typist import Typist, TypistParams

HELD_OUT_SHARE = 0.2
MIN_COUNT = 4
LONGEST = 32
TARGET_SPEED = 5.0
PRIVATE = 0xE000  # where named keys go in the rivals' text


class Stream(NamedTuple):
    """Keystrokes, where no token may span, and which of them are literal text."""

    keys_K: np.ndarray
    breaks: np.ndarray
    literal_K: np.ndarray


class Score(NamedTuple):
    """Tokens on the held-out side: all, in documents of literal text, of commands; seconds; vocabulary."""

    tokens: int
    literal: int
    commands: int
    seconds: float
    vocabulary: int


def typed(paths: Iterable[Path], most: int) -> list[Stream]:
    """Files typed literally, one stream a file, `most` keystrokes in all."""
    streams: list[Stream] = []
    room = most
    for path in sorted(paths):
        stroke = keys.from_text(path.read_text(encoding="utf-8", errors="replace"))[:room]
        streams.append(Stream(stroke, np.zeros(0, np.int64), np.ones(len(stroke), bool)))
        room -= len(stroke)
    return streams


def history(path: Path, most: int = 5_000_000) -> Stream:
    """The typist's keystrokes for a repository, the oldest commits first, until there are `most`."""
    repository = Repository(path)
    typist = Typist(TypistParams())
    parts: list[np.ndarray] = []
    breaks: list[int] = []
    count = 0
    for commit in repository.commits(repository.resolve()):
        breaks.append(count)
        for part in typist.keys(commit):
            parts.append(part)
            count += len(part)
        if count >= most:
            break
    return Stream(
        np.concatenate(parts), np.array(breaks), np.zeros(count, bool)
    )  # literal or not is unknown without frames


def recorded(folder: Path) -> tuple[list[Stream], list[Stream]]:
    """Training and held-out streams of a folder of recordings; a break also where literal text begins or ends."""
    readers = {path.stem: Reader(path) for path in sorted(folder.glob("*.tsr"))}
    sources = [dataset_tables.source(name, name, r.frames, r.marks) for name, r in readers.items()]
    sides: dict[str, list[Stream]] = {TRAIN: [], HELD_OUT: []}
    for span in split(sources, HELD_OUT_SHARE, 0):
        reader = readers[span.name]
        literal = insert_mode(reader, span.start, span.stop)
        turns = np.flatnonzero(np.diff(literal)) + 1
        places = np.union1d(dataset_tables.breaks(reader.marks) - span.start, turns)
        sides[span.side].append(Stream(reader.keys(span.start, span.stop), places, literal))
    return sides[TRAIN], sides[HELD_OUT]


def insert_mode(reader: Reader, start: int, stop: int) -> np.ndarray:
    """For each frame: does a row say that the editor inserts what is typed?"""
    wanted = np.array([ord(c) for c in "-- INSERT --"], np.uint32)
    found = np.zeros(stop - start, bool)
    for first in range(start, stop, 2048):
        cells, _ = reader.frames_at(np.arange(first, min(first + 2048, stop)))
        glyphs = cells[:, -3:, : len(wanted)] & np.uint32((1 << 21) - 1)
        found[first - start : first - start + len(cells)] = (glyphs == wanted).all(axis=2).any(axis=1)
    return found


def documents(streams: list[Stream]) -> tuple[list[str], list[bool]]:
    """The text between breaks, and which of it is literal."""
    texts, literal = [], []
    for stream in streams:
        inner = {int(b) for b in stream.breaks if 0 < b < len(stream.keys_K)}
        borders = [0, *sorted(inner), len(stream.keys_K)]
        for begin, end in itertools.pairwise(borders):
            values = stream.keys_K[begin:end].astype(np.int64)
            values = np.where(values >= keys.NAMED, values - keys.NAMED + PRIVATE, values)
            texts.append("".join(map(chr, values.tolist())))
            literal.append(bool(end > begin and stream.literal_K[begin]))
    return texts, literal


def ours(training: list[Stream], held: list[Stream], size: int) -> Score:
    tokenizer = train([(s.keys_K, s.breaks) for s in training], TokenizeParams(size, MIN_COUNT, LONGEST))
    literal = total = 0
    tokenizer.encode(held[0].keys_K[:1])
    began = time.process_time()
    results = [tokenizer.encode(stream.keys_K, stream.breaks) for stream in held]
    seconds = time.process_time() - began
    for stream, (tokens, starts) in zip(held, results, strict=True):
        assert (tokenizer.decode(tokens) == stream.keys_K).all()
        total += len(tokens)
        literal += int(stream.literal_K[starts].sum())
    return Score(total, literal, total - literal, seconds, len(tokenizer))


def rival(
    encode: Callable[[list[str]], list[list[int]]], held: list[Stream], vocabulary: int, size: int, name: str
) -> Score:
    texts, literal = documents(held)
    began = time.process_time()
    encoded = encode(texts)
    seconds = time.process_time() - began
    counts = np.array([len(tokens) for tokens in encoded])
    assert vocabulary <= size, f"{name}: {vocabulary} tokens"
    of_text = int(counts[np.array(literal)].sum())
    return Score(int(counts.sum()), of_text, int(counts.sum()) - of_text, seconds, vocabulary)


def byte_level_bpe(training: list[Stream], held: list[Stream], size: int) -> Score | None:
    """Hugging Face tokenizers, byte-level BPE with GPT-2's pre-tokenizer."""
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    except ImportError:
        return None
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(documents(training)[0], trainer)

    def encode(texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    return rival(encode, held, tokenizer.get_vocab_size(), size, "byte-level BPE")


def sentencepiece(kind: str) -> Callable[[list[Stream], list[Stream], int], Score | None]:
    """SentencePiece of a kind, 'bpe' or 'unigram', lossless: identity normaliser and byte fall-back."""

    def measure(training: list[Stream], held: list[Stream], size: int) -> Score | None:
        try:
            import io

            import sentencepiece as spm
        except ImportError:
            return None
        model = io.BytesIO()
        # SentencePiece drops a document with a line end inside and gives up on long ones: cut at Enter, which is \r.
        texts = [part for text in documents(training)[0] for part in text.replace("\r", "\r\0").split("\0") if part]
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type=kind,
            vocab_size=size,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            byte_fallback=True,
            character_coverage=1.0,
            hard_vocab_limit=False,
            bos_id=-1,
            eos_id=-1,
            minloglevel=2,
        )
        processor = spm.SentencePieceProcessor(model_proto=model.getvalue())
        return rival(lambda texts: processor.encode(texts, num_threads=1), held, processor.get_piece_size(), size, kind)

    return measure


METHODS: dict[str, Callable[[list[Stream], list[Stream], int], Score | None]] = {
    "rcfam": ours,
    "HF byte-level BPE": byte_level_bpe,
    "SentencePiece BPE": sentencepiece("bpe"),
    "SentencePiece unigram": sentencepiece("unigram"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--histories", type=Path, nargs="+", metavar="GIT")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 4096, 20352])
    arguments = parser.parse_args()
    if arguments.recordings:
        training, held = recorded(arguments.recordings)
    elif arguments.histories:
        *training, last = [history(path) for path in arguments.histories]
        held = [last]
    else:
        library = Path(sysconfig.get_path("stdlib"))
        training = typed(library.glob("[a-z]*.py"), 4_000_000)
        held = typed(Path(np.__file__).parent.glob("lib/*.py"), 1_000_000)
    total = sum(len(s.keys_K) for s in held)
    literal = sum(int(s.literal_K.sum()) for s in held)
    size_mb = sum(len(text.encode()) for text in documents(held)[0]) / 1e6
    print(f"{sum(len(s.keys_K) for s in training):,} training keystrokes, {total:,} held out")
    if arguments.recordings:
        print(f"{literal / total:.0%} of the held-out keystrokes are literal text")
    claims: list[dict[str, object]] = []
    for size in arguments.sizes:
        scores = {}
        for name, measure in METHODS.items():
            score = measure(training, held, size)
            if score is None:
                print(f"{size:6,}  {name:22} not installed", file=sys.stderr)
                continue
            scores[name] = score
            apart = ""
            if score.commands and score.literal:
                apart = f" (text {literal / score.literal:.3f}, commands {(total - literal) / score.commands:.3f})"
            print(
                f"{size:6,}  {name:22} {total / score.tokens:6.3f} keys/token{apart}, "
                f"{size_mb / score.seconds:7.1f} MB/s, {score.vocabulary:6,} tokens"
            )
        if "HF byte-level BPE" in scores:
            claims += claims_of(size, scores["rcfam"], scores["HF byte-level BPE"])
    if arguments.json:
        print(json.dumps({"claims": claims}))


def claims_of(size: int, mine: Score, bpe: Score) -> list[dict[str, object]]:
    """Keystrokes a token and speed, over BPE's at the same vocabulary size."""
    saved, faster = bpe.tokens / mine.tokens, bpe.seconds / mine.seconds
    return [
        {
            "name": f"keystrokes a token over byte-level BPE, vocabulary {size:,}",
            "value": round(saved, 4),
            "unit": "ratio",
            "target": 1.0,
            "holds": saved >= 1.0,
        },
        {
            "name": f"speed over byte-level BPE, vocabulary {size:,}",
            "value": round(faster, 2),
            "unit": "ratio",
            "target": TARGET_SPEED,
            "holds": faster >= TARGET_SPEED,
        },
    ]


if __name__ == "__main__":
    main()
