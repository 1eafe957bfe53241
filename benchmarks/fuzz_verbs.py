"""Strange and damaged recordings through what the verbs do with one: a result, or one line that says why not.

    python -m benchmarks.fuzz_verbs [--json] [--inputs N] [--first I] [--seconds S]

Input number i is a pure function of i: every second one is a damaged or crafted file (`benchmarks/forging.py`), the
others are whole files with strange contents, made from the rendering of a small repository: keys that are none, marks
that lie, provenance of any form, tables of absurd length. Each goes through three of the things that `info`, `play`,
`export`, `repack`, `verify`, `tokenize`, `dataset`, `report` and appending do.
A finding is an exception that is no RcfamError, a message of more than one line, text that steers a terminal, a
repacked recording that differs, tokens that do not give the keys back, more than 30 seconds, more than 1 GiB, and a
recording that `verify` passes though its marks are not the history's.
"""

import argparse
import io
import json
import random
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import FrameType

import numpy as np

from benchmarks import forging
from benchmarks.forging import Parts, edge, take_apart
from rcfam.cli.recordings import describe, headings_of
from rcfam.dataset import dataset_tables
from rcfam.dataset.sessions import sessions
from rcfam.dataset.split import Span
from rcfam.dataset.tokens import Tokens
from rcfam.errors import RcfamError
from rcfam.history import Repository
from rcfam.history.synthetic import make_repository
from rcfam.printable import printable
from rcfam.recording import Mark, Reader, appending, repack
from rcfam.recording.ansi import asciicast, text_rows
from rcfam.recording.layout import varint
from rcfam.recording.picture import Painter
from rcfam.recording.repack import digest
from rcfam.rendering import RenderParams, record
from rcfam.report import html
from rcfam.report.replay import Sample, document
from rcfam.tokenizer import TokenizeParams, Tokenizer, train
from rcfam.verifying import verify

MEMORY_BYTES = 1 << 30
INPUT_SECONDS = 30
SHOWN_FRAMES = 300  # of one recording
PARAMS = RenderParams(rows=8, columns=40, chunk_frames=48)
COMMITS = (
    ("one\n", {"a.py": b"x = 1\ny = 2\n"}),
    ("two \xe9\n\nbody\n", {"dir/b": b"1\n2\n3\n", "c": "e\u0301\u4e2d\n".encode()}),
    ("nothing\n", {}),
    ("three\n", {"a.py": b"x = 1\nz = 3\n", "d": b"\0"}),
)


def steers(text: str) -> bool:
    """Whether a text does something to the terminal that shows it."""
    return any(not c.isprintable() and printable(c) != c for c in text)


@cache
def world() -> tuple[Repository, bytes, Parts, tuple[Mark, ...], Tokenizer]:
    """The repository, its recording, that taken apart, its marks, and a tokenizer learned from its keys."""
    folder = Path(tempfile.mkdtemp(prefix="rcfam-fuzz-"))
    make_repository(folder / "r.git", COMMITS)
    repository = Repository(folder / "r.git")
    file = io.BytesIO()
    record(repository, "HEAD", "r", PARAMS, file)
    (folder / "r.tsr").write_bytes(file.getvalue())
    with Reader(folder / "r.tsr") as reader:
        parts, marks = take_apart(file.getvalue()), tuple(reader.marks)
        parts.side = json.dumps({"marks": [[mark.frame, mark.kind, mark.text] for mark in marks]}).encode()
        if reader.clusters:
            parts.side = json.dumps(json.loads(parts.side) | {"clusters": reader.clusters}).encode()
        tokenizer = train([(reader.keys(), ())], TokenizeParams(size=400, min_count=2))
    return repository, file.getvalue(), parts, marks, tokenizer


def text(rng: random.Random) -> str:
    """Some text that a stranger may have chosen."""
    pieces = ("\x1b]0;x\x07", "\ud800", "\u202e", "\r\n", "\x9b2J", "commit", "0" * 40, "\U0001f600", "\0", " ", "a:b")
    long = rng.choice(("", "", "", "x" * 5_000, "\n" * 100_000, "y" * 1_000_000))
    return "".join(rng.choices(pieces, k=rng.randrange(5))) + (long if rng.random() < 0.2 else "")


def odd_keys(rng: random.Random, parts: Parts) -> None:
    """Keys replaced, put in and taken out, numbers that are no key among them."""
    for _ in range(rng.choice((1, 1, 3, 20))):
        piece = rng.choice(parts.pieces)
        keys = bytearray(piece.streams[0])
        at = rng.randrange(len(keys))
        odd = b"\xff" + varint(rng.choice((edge(rng) & 0xFFFFFFFF, 0xD800, 0x110000, 0x11000A, 0x10FFFF, 0x200B)))
        if keys[at] < 255 and (at == 0 or keys[at - 1] < 128):
            keys[at : at + 1] = rng.choice((odd, bytes([rng.randrange(255)]), odd))
        piece.streams[0] = bytes(keys)


def odd_marks(rng: random.Random, parts: Parts) -> None:
    """Marks swapped, doubled, left out, moved, with other texts."""
    side = json.loads(parts.side)
    marks = side["marks"]
    frames = sum(piece.frames for piece in parts.pieces)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(marks))
        kind = rng.randrange(6)
        if kind == 0:
            del marks[at]
        elif kind == 1:
            marks.insert(at, list(rng.choice(marks)))
        elif kind == 2:
            marks[at][0] = rng.choice((marks[at][0] + rng.choice((-2, -1, 1, 2)), rng.randrange(frames + 1)))
        elif kind == 3:
            other = rng.choice(marks)
            marks[at][2], other[2] = other[2], marks[at][2]
        elif kind == 4:
            marks[at][rng.choice((1, 2))] = rng.choice((text(rng), "commit", "end", "program", "rollout"))
        else:
            marks[at][0] = frames
        if not marks:
            break
    if rng.random() < 0.9:
        for mark in marks:
            mark[0] = min(max(mark[0], 0), frames)
        marks.sort(key=lambda mark: mark[0])
    parts.side = json.dumps(side).encode()


def odd_provenance(rng: random.Random, parts: Parts) -> None:
    """Provenance with other values: deep, long, of another type, of another revision."""
    table, at = take_header(parts.header)
    said = {"name": "r", "params": json.dumps(asdict(PARAMS)), "revision": world()[0].resolve(), "licence": "none"}
    values = (text(rng), "[" * 50_000, "{}", '{"rows": 1e999}', "0" * 40, "HEAD", "main~1", "9" * 5_000, "null", "[]")
    for _ in range(rng.choice((1, 1, 2))):
        said[rng.choice(("name", "params", "revision", text(rng)))] = rng.choice(values)
    if rng.random() < 0.3:
        changed = rng.choice(({"since": "2020"}, {"max_commits": 2}, {"paths": ["*"]}, {"rows": -1}, {"authors": [[]]}))
        said["params"] = json.dumps(asdict(PARAMS) | changed)
    packed = json.dumps(said).encode()
    parts.header = table[:at] + varint(len(packed)) + packed


def odd_tables(rng: random.Random, parts: Parts) -> None:
    """Attributes of any value, clusters of any length."""
    header, at = take_header(parts.header)
    table = bytearray(header[:at])
    for _ in range(rng.randrange(1, 6)):
        place = at - 4 * rng.randrange(1, 13)
        table[place : place + 4] = (edge(rng) & 0xFFFFFFFF).to_bytes(4, "little")
    parts.header = bytes(table) + header[at:]
    side = json.loads(parts.side)
    side["clusters"] = [text(rng) for _ in side.get("clusters", [])] + [text(rng)]
    parts.side = json.dumps(side).encode()


def take_header(header: bytes) -> tuple[bytes, int]:
    """A header, and where its provenance begins."""
    count, at, shift = 0, 6, 0
    while True:
        count |= (header[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if header[at - 1] < 128:
            return header, at + 12 * count


STRANGE: tuple[Callable[[random.Random, Parts], None], ...] = (odd_keys, odd_marks, odd_provenance, odd_tables)


def make(i: int) -> tuple[str, bytes]:
    """Input number i: (kind, file)."""
    if i % 2 == 0:
        kind, _, data = forging.make(i // 2)
        return kind, data
    rng = random.Random(i)
    whole = world()[2]
    pieces = [forging.replace(piece, streams=list(piece.streams), sizes={}) for piece in whole.pieces]
    parts = forging.replace(whole, pieces=pieces)
    made = rng.choice(STRANGE)
    made(rng, parts)
    return made.__name__, parts.build()


def look(reader: Reader, rng: random.Random) -> None:
    """`info`, and `play --dump`."""
    reader.stream_sizes()
    said = [printable(part) for pair in reader.provenance.items() for part in pair]
    if reader.frames:
        frame = rng.randrange(reader.frames)
        cells, _, keys = reader.read(frame, frame + 1)
        said += [*text_rows(cells[0], reader.clusters), describe(reader, headings_of(reader), frame, int(keys[0]))]
    assert not any(map(steers, said)), "text that steers a terminal"
    reader.verify()


def export(reader: Reader, rng: random.Random) -> None:
    """`export` in every form."""
    stop = min(reader.frames, SHOWN_FRAMES)
    headings = headings_of(reader)
    for cells, _, keys in reader.iterate(0, stop):
        for number in range(len(keys)):
            shown = [*text_rows(cells[number], reader.clusters), describe(reader, headings, number, int(keys[number]))]
            assert not any(map(steers, shown)), "text that steers a terminal"
    if stop:
        frame = rng.randrange(reader.frames)
        cells, cursors, _ = reader.read(frame, frame + 1)
        painter = Painter(reader.attributes, reader.clusters, size=6)
        painter.check(1, reader.rows, reader.columns)
        painter.png(painter.paint(cells[0], cursors[0]), io.BytesIO())
    for line in asciicast(reader, rng.choice((2, 3)), 0.05, 0, stop):
        json.loads(line)
        assert line.isascii()


def again(reader: Reader, rng: random.Random) -> None:
    """`repack`, and appending to what it wrote."""
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        repack(reader, file, "fast", rng.choice((None, 7)))
        file.flush()
        with Reader(file.name) as second:
            assert digest(second) == digest(reader) and second.verify() == reader.frames, "repacked frames differ"
            assert (second.marks, second.clusters, second.provenance) == (
                *(reader.marks, reader.clusters),
                reader.provenance,
            ), "repacked tables differ"
        with appending(file.name) as writer:
            cells = np.full((1, reader.rows, reader.columns), 0x20, np.uint32)
            writer.append(cells, np.zeros((1, 3), np.int32), np.array([97], np.uint32))
        with Reader(file.name) as second:
            assert second.damage is None and second.verify() == reader.frames + 1, "an appended frame is lost"


def hold(reader: Reader, rng: random.Random) -> None:
    """`verify`: what passes has the history's marks."""
    repository, _, _, marks, _ = world()
    found = verify(reader, repository, rng.random() < 0.5)
    commits = [mark for mark in marks if mark.kind == "commit"]
    said = [(m.frame, m.text.partition(" ")[0]) for m in reader.marks if m.kind == "commit"]
    params = json.loads(reader.provenance["params"])
    if params == json.loads(json.dumps(asdict(PARAMS))) and reader.provenance["revision"] == repository.resolve():
        right = [(m.frame, m.text.partition(" ")[0]) for m in commits]
        assert said == right[: len(said)], "marks that are not the history's passed"
        assert found.commits == len(said) if found.whole else found.commits == len(said) - 1, (
            "a count of something else"
        )
        assert found.keystrokes + found.rest == reader.frames, "keystrokes that were not pressed are counted"


def learn(reader: Reader, rng: random.Random) -> None:
    """`tokenize` and `dataset`."""
    _, _, _, _, tokenizer = world()
    keys = reader.keys()
    if len(keys) > 100_000:
        return
    breaks = dataset_tables.breaks(reader.marks)
    tokens = Tokens(*tokenizer.encode(keys, breaks), breaks)
    assert (tokenizer.decode(tokens.tokens_N) == keys).all(), "tokens that do not give the keys back"
    if len(keys) > 1 and rng.random() < 0.2:
        other = train([(keys, breaks)], TokenizeParams(size=300, min_count=1))
        assert all(isinstance(json.dumps(other.name(n)).encode(), bytes) for n in range(len(other)))
        "".join(other.name(n) for n in range(len(other))).encode()
    sessions(keys, reader.marks)
    spans = [Span("r", "train", 0, reader.frames)]
    dataset_tables.commit_rows("r", spans, reader.frames, reader.marks, tokens).write_parquet(io.BytesIO())


def show(reader: Reader, rng: random.Random) -> None:
    """The stretch in `report`."""
    cells, cursors, keys = reader.read(0, min(reader.frames, 100))
    title = reader.marks[0].text if reader.marks else ""
    sample = Sample(title, 0, cells, cursors, keys, reader.attributes, tuple(reader.clusters))
    page = html.player("replay", document(sample)) + html.paragraph(title)
    assert not any(map(steers, page.split("\n"))), "text that steers a terminal"
    page.encode()


DONE = (look, export, again, hold, learn, show)


class TooLong(Exception):  # noqa: N818 - the clock's word
    """An input took more than INPUT_SECONDS."""


def check(i: int, path: Path) -> tuple[str, str, str]:
    """Put input i through some of DONE: (kind, outcome, finding or nothing)."""
    kind, data = make(i)
    path.write_bytes(data)
    rng = random.Random(~i)
    outcome = "read"
    for done in rng.sample(DONE, 3):
        signal.setitimer(signal.ITIMER_REAL, INPUT_SECONDS)
        try:
            with Reader(path) as reader:
                done(reader, rng)
        except RcfamError as error:
            outcome = "refused"
            if "\n" in str(error):
                return kind, "finding", f"input {i} ({kind}), {done.__name__}: more than one line: {str(error)[:200]!r}"
        except (Exception, TooLong) as error:  # whatever else comes is a finding
            said = f"{type(error).__name__}: {str(error)[:200]!r}"
            return kind, "finding", f"input {i} ({kind}), {done.__name__}: {said}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return kind, outcome, ""


def main() -> None:
    """Check inputs until there are enough or time is up, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TooLong(f"more than {INPUT_SECONDS} seconds")

    signal.signal(signal.SIGALRM, too_long)
    counts: Counter[str] = Counter()
    findings: list[str] = []
    begin, inputs = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "input.tsr"
        path.write_bytes(world()[1])
        for done in DONE:  # compiles what it needs
            with Reader(path) as reader:
                done(reader, random.Random(0))
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for i in range(options.first, options.first + options.inputs):
            if time.monotonic() - begin > options.seconds:
                break
            kind, outcome, finding = check(i, path)
            inputs += 1
            counts[f"{kind}: {outcome}"] += 1
            if finding:
                findings.append(finding)
                print(f"  FINDING {finding}", flush=True)
    print(f"{inputs:,} inputs in {time.monotonic() - begin:,.0f} s")
    for key in sorted(counts):
        print(f"  {key:36} {counts[key]:10,}")
    if options.json:
        rows = [("inputs", inputs, 20_000, inputs >= 20_000), ("findings", len(findings), 0, not findings)]
        claims = [{"name": n, "value": v, "unit": "", "target": t, "holds": h} for n, v, t, h in rows]
        print(json.dumps({"claims": claims}))
    if findings:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
