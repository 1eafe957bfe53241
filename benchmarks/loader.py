"""How fast windows come, and that their speed and memory do not depend on the size of the dataset.

    python -m benchmarks.loader [--json] [--dataset FOLDER | --history GIT ...] [--seconds S]

Windows come from a dataset of `rcfam dataset`, or from histories that are typed, recorded and tokenized here: this
project's own unless others are given, the oldest keystrokes of each. Where the checkout has no history: source text
typed into 24 x 80 cells that scroll, which is easier to decode. One core, by CPU time; a frame counts when it is handed
out, `decoded` counts the frames that had to be decoded on the way.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rcfam.dataset import Dataset, Loader, Pool, Windows, dataset_tables, index
from rcfam.dataset import tokens as token_files
from rcfam.dataset.rows import distinct_rows
from rcfam.dataset.split import HELD_OUT, TRAIN, Span
from rcfam.recording import Reader, Writer
from rcfam.terminal import keys
from rcfam.tokenizer import TokenizeParams, train

ROWS, COLUMNS = 24, 80
TARGET_FRAMES = 150_000
TARGET_OPEN = 2.0
SMALL, LARGE = 10, 10_000
LENGTHS = (2, 16, 128, 512, 2048)
ROUNDS = 3  # of all lengths in turn, so that other work on the machine meets them alike
PARAMS = """
tokenize: {size: 4096, min_count: 4, longest: 32}
dataset: {held_out: 0.1, seed: 0, sampling: length}
"""


def typed(stroke: np.ndarray, path: Path) -> None:
    """Record `stroke` typed into a grid that scrolls when it is full."""
    cells = np.full((1, ROWS, COLUMNS), 32, np.uint32)
    row = column = 0
    with path.open("wb") as file, Writer(file, ROWS, COLUMNS, np.zeros((1, 3), np.uint32), {}) as writer:
        writer.mark("commit", "0" * 40)
        for key in stroke.tolist():
            cursor = np.array([[row, column, 1]], np.int32)
            writer.append(cells, cursor, np.array([key], np.uint32))
            if key != keys.ENTER:
                cells[0, row, column] = key
                column += 1
            if key == keys.ENTER or column == COLUMNS:
                row, column = row + 1, 0
            if row == ROWS:
                cells[0, :-1] = cells[0, 1:].copy()
                cells[0, -1] = 32
                row -= 1


def typed_histories(folder: Path, histories: list[Path], most: int) -> Dataset:
    """A dataset of the oldest `most` keystrokes or so of each repository, made as the pipeline makes it."""
    from rcfam import rendering
    from rcfam.cli import dataset, tokenize
    from rcfam.history import Repository

    recordings, tokens, made = (folder / name for name in ("recordings", "tokens", "dataset"))
    recordings.mkdir()
    for number, path in enumerate(histories):
        count = [0]

        def progress(_: int, keystrokes: int, count: list[int] = count) -> None:
            count[0] = keystrokes

        def enough(count: list[int] = count) -> bool:
            return count[0] >= most

        with (recordings / f"r{number}.tsr").open("wb") as file:
            rendering.record(Repository(path), "HEAD", f"r{number}", rendering.RenderParams(), file, progress, enough)
    (folder / "params.yaml").write_text(PARAMS)
    with contextlib.redirect_stdout(sys.stderr):
        tokenize.tokenize(recordings, tokens, folder / "params.yaml")
        dataset.dataset(recordings, tokens, made, folder / "params.yaml")
    return Dataset.open(made)


def make_dataset(folder: Path, size: int) -> Dataset:
    """One recording of `size` typed keystrokes, tokenized; its last tenth is held out."""
    texts = [path.read_text() for path in sorted(Path(np.__file__).parent.glob("*/*.py"))]
    stroke = keys.from_text("".join(c for c in "".join(texts) if c == "\n" or 32 <= ord(c) < 127)[:size])
    typed(stroke, folder / "r.tsr")
    tokenizer = train([(stroke, [])], TokenizeParams(1024, 8, 31))
    tokens = token_files.Tokens(*tokenizer.encode(stroke), np.zeros(1, np.int64))
    token_files.save(folder / "r.tokens.npz", tokens)
    cut = int(tokens.starts_N[len(tokens.starts_N) * 9 // 10])
    spans = [Span("r", TRAIN, 0, cut), Span("r", HELD_OUT, cut, len(stroke))]
    write_index(folder, [dataset_tables.stretch_row(span, "r", tokens) for span in spans])
    return Dataset.open(folder)


def write_index(folder: Path, rows: list[dict[str, object]]) -> None:
    """An index of these rows, in the folder where recordings and tokens lie too."""
    import polars as pl

    about = {"rows": ROWS, "columns": COLUMNS, "vocabulary": 1024, "vocabulary_hash": "0", "sampling": "length"}
    index.write(folder, about | {"attributes": [[0, 0, 0]], "recordings": ".", "tokens": "."}, pl.DataFrame(rows))


def speed(dataset: Dataset, length: int, seconds: float) -> dict[str, float]:
    """Frames a second of CPU time of this one thread at `length`, in batches of about 2,048 frames."""
    batch = max(2048 // length, 1)
    windows = Windows(dataset, length, batch, 0)
    pool = Pool()
    windows.batch(0, allocate=pool)
    frames = step = 0
    spent = 0.0
    began = time.thread_time()
    while spent < seconds:
        step += 1
        frames += windows.batch(step, allocate=pool).mask_TB.size
        spent = time.thread_time() - began
    return {
        "frames_a_second": frames / spent,
        "batch": batch,
        "batches": step,
        "passed": passed(dataset, windows, step),
    }


def threaded(dataset: Dataset, workers: int, batches: int = 60) -> float:
    """Frames a second by the clock at L = 128 with so many decoding threads."""
    windows = Windows(dataset, 128, 16, 2)
    windows.batch(0)
    began = time.perf_counter()
    frames = sum(batch.mask_TB.size for batch in Loader(windows, batches, workers=workers))
    return frames / (time.perf_counter() - began)


def passed(dataset: Dataset, windows: Windows, steps: int) -> float:
    """Frames decoded for each frame handed out: a chunk is decoded from its start to the last frame wanted."""
    decoded = handed = 0
    for step in range(1, steps + 1):
        for recording, first in windows.ids(step).tolist():
            with dataset.shelf.borrow(recording) as opened:
                starts = opened.tokens.starts_N[first : first + windows.length]
                chunks = opened.frames.chunks  # type: ignore[attr-defined]
            begins = np.array([chunk.first for chunk in chunks])
            touched = np.searchsorted(begins, starts, side="right") - 1
            for chunk in np.unique(touched):
                decoded += int(starts[touched == chunk].max() - begins[chunk]) + 1
            handed += len(starts)
    return decoded / handed


def opening(folder: Path) -> dict[str, float]:
    """Time to open the dataset and draw the first batch, and the memory after 64 batches. Run in a process of its
    own.
    """
    import resource

    began = time.perf_counter()
    dataset = Dataset.open(folder)
    windows = Windows(dataset, 128, 16, 0, sampling="uniform")
    opened = time.perf_counter() - began
    windows.batch(0)
    first = time.perf_counter() - began
    for _ in Loader(windows, 64, start_step=1, workers=1):
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"open_ms": 1000 * opened, "first_batch_ms": 1000 * first, "peak_mib": peak, "open": len(dataset.shelf)}


def synthetic(folder: Path, source: Path, count: int) -> None:
    """A dataset of `count` recordings, all of them links to one."""
    tokens = token_files.load(source / "r.tokens.npz")
    spans = [Span(f"r{n:05d}", TRAIN if n else HELD_OUT, 0, Reader(source / "r.tsr").frames) for n in range(count)]
    for span in spans:
        os.link(source / "r.tsr", folder / f"{span.name}.tsr")
        os.link(source / "r.tokens.npz", folder / f"{span.name}.tokens.npz")
    row = dataset_tables.stretch_row(spans[0], "r", tokens)
    rows = [row | {"recording": s.name, "repository": s.name, "side": s.side} for s in spans]
    write_index(folder, rows)


def measure_opening(scratch: Path, repeats: int = 7) -> dict[int, dict[str, float]]:
    """`opening` of the small and the large synthetic dataset, the least of runs that take turns."""
    source = scratch / "source"
    source.mkdir()
    make_dataset(source, 20_000)
    found: dict[int, list[dict[str, float]]] = {SMALL: [], LARGE: []}
    for count in found:
        (scratch / str(count)).mkdir()
        synthetic(scratch / str(count), source, count)
    for _ in range(repeats):
        for count, runs in found.items():
            command = [sys.executable, "-m", "benchmarks.loader", "--opening", str(scratch / str(count))]
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return {count: {k: min(run[k] for run in runs) for k in runs[0]} for count, runs in found.items()}


def rows_speed(dataset: Dataset) -> tuple[float, float]:
    """Nanoseconds a row of `distinct_rows` on a chunk of 64 frames x 16 streams, and the share of rows that are
    distinct.
    """
    batch = Windows(dataset, 64, 16, 1).batch(0)
    rows = distinct_rows(batch.cells_TBRC, batch.cursors_TB3)[0]
    began = time.thread_time()
    for _ in range(5):
        distinct_rows(batch.cells_TBRC, batch.cursors_TB3)
    count = batch.cells_TBRC.size // batch.cells_TBRC.shape[3]
    return (time.thread_time() - began) / 5 / count * 1e9, len(rows) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dataset", type=Path, help="a folder that rcfam dataset wrote")
    parser.add_argument("--history", type=Path, nargs="+", metavar="GIT", help="repositories to type")
    parser.add_argument("--keystrokes", type=int, default=1_000_000, help="of each history")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each length")
    parser.add_argument("--opening", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.opening:
        print(json.dumps(opening(arguments.opening)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "typed"
        made.mkdir()
        own = Path(__file__).parent.parent
        histories = arguments.history or ([own] if (own / ".git").exists() else [])
        if arguments.dataset:
            dataset = Dataset.open(arguments.dataset)
        elif histories:
            dataset = typed_histories(made, histories, arguments.keystrokes)
        else:
            dataset = make_dataset(made, 300_000)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        rounds = [{n: speed(dataset, n, arguments.seconds / ROUNDS) for n in LENGTHS} for _ in range(ROUNDS)]
        results = {n: max((r[n] for r in rounds), key=lambda found: found["frames_a_second"]) for n in LENGTHS}
        nanoseconds, distinct = rows_speed(dataset)
        threads = {workers: threaded(dataset, workers) for workers in (1, 2)}
        opened = measure_opening(Path(scratch))
    print(f"{dataset.rows} x {dataset.columns} cells, one thread")
    for length, found in results.items():
        print(
            f"L = {length:5}: {found['frames_a_second']:9,.0f} frames/s handed out, "
            f"{found['passed']:5.1f} decoded for each; batches of {found['batch']:.0f}"
        )
    print(f"L = 128 by the clock: {threads[1]:,.0f} frames/s with one thread, {threads[2]:,.0f} with two")
    print(f"distinct_rows: {nanoseconds:.0f} ns a row, {distinct:.1%} of rows distinct in 64 frames x 16 streams")
    for count, numbers in opened.items():
        print(
            f"{count:6,} recordings: open {numbers['open_ms']:.1f} ms, first batch {numbers['first_batch_ms']:.1f} ms, "
            f"{numbers['peak_mib']:.0f} MiB after 64 batches with {numbers['open']:.0f} recordings open"
        )
    if arguments.json:
        print(json.dumps({"claims": claims(results, opened)}))


def claims(results: dict[int, dict[str, float]], opened: dict[int, dict[str, float]]) -> list[dict[str, object]]:
    """The figures that the loader is held to, beside their targets."""
    short, long = results[128]["frames_a_second"], results[2048]["frames_a_second"]
    ratio = opened[LARGE]["open_ms"] / opened[SMALL]["open_ms"]
    memory = opened[LARGE]["peak_mib"] / opened[SMALL]["peak_mib"]
    return [
        claim("frames a second a core, L = 128", short, "frames/s", TARGET_FRAMES, short >= TARGET_FRAMES),
        claim("frames a second at L = 2,048 over L = 128", long / short, "ratio", 1.0, long >= short),
        claim("time to open, 10,000 over 10 recordings", ratio, "ratio", TARGET_OPEN, ratio <= TARGET_OPEN),
        claim("peak memory, 10,000 over 10 recordings", memory, "ratio", TARGET_OPEN, memory <= TARGET_OPEN),
    ]


def claim(name: str, value: float, unit: str, target: float, holds: bool) -> dict[str, object]:
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "holds": bool(holds)}


if __name__ == "__main__":
    main()
