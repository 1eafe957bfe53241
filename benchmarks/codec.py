"""The recording's size and speed beside general compressors, on the same frames.

    python -m benchmarks.codec [--json] [--frames N] [--repository [NAME=]PATH ...] [--grid 24x80 ...] [--skip-slow]

Cases: one file typed from empty, and the histories of repositories (by default this one), in our own terminal.
The rivals get the frames' cells as u32, as they are (`raw`) and as XOR with the frame before (`xor`), in one piece that
cannot be sought in, and the keystrokes are free for them. `cast` is our own asciicast v3 export under zstd -19 --long,
which cannot be sought in either. Ours holds keystrokes, marks and the index as well. Time is the processor's, on one
thread; `whole` is the small level of a whole history.
"""

import argparse
import io
import json
import lzma
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from rcfam.history import Repository
from rcfam.recording import Reader, Writer, repack
from rcfam.recording.ansi import asciicast
from rcfam.recording.writer import Level
from rcfam.rendering import RenderParams, record
from rcfam.terminal import Terminal
from rcfam.terminal.keys import ESCAPE, from_text

Frames = tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint32]]
LONG = zstandard.ZstdCompressionParameters.from_level(19, enable_ldm=True, window_log=27)
RIVALS: dict[str, Callable[[bytes], bytes]] = {
    "zstd -3": zstandard.ZstdCompressor(3).compress,
    "zstd -19 --long": zstandard.ZstdCompressor(compression_params=LONG).compress,
    "xz -9e": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}
SMALL_CHUNK = 4096


def typed(rows: int, columns: int, frames: int) -> bytes:
    """The recording of a file that is typed from empty: this one and the codec's own."""
    room = Path(__file__).parent.parent / "rcfam" / "recording"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(room.glob("*.py")))[:frames]
    terminal, file = Terminal(rows, columns), io.BytesIO()
    with Writer(file, rows, columns, np.asarray(terminal.attributes, np.uint32), {}) as writer:
        for keys in (from_text("vim file.py\ri"), from_text(text), np.array([ESCAPE], np.uint32), from_text(":wq\r")):
            writer.press(terminal, keys)
    return file.getvalue()


def history(path: Path, rows: int, columns: int) -> bytes:
    """The recording of a repository's history."""
    file = io.BytesIO()
    record(Repository(path), "HEAD", path.resolve().name, RenderParams(rows=rows, columns=columns), file)
    return file.getvalue()


class Case:
    """Frames from the middle of a recording, and a table of what they cost."""

    def __init__(self, name: str, data: bytes, frames: int, folder: Path) -> None:
        self.name = name
        path = folder / "case.tsr"
        path.write_bytes(data)
        with Reader(path) as reader:
            start = max(0, (reader.frames - frames) // 2)
            self.frames = reader.read(start, min(start + frames, reader.frames))
            self.attributes, self.clusters = reader.attributes, reader.clusters
        self.count = len(self.frames[2])
        self.folder = folder
        self.sizes: dict[str, float] = {}
        self.speeds: dict[str, float] = {}

    def note(self, method: str, size: int, seconds: float, more: str = "") -> None:
        """Print a row and keep its bytes a frame."""
        self.sizes[method], self.speeds[method] = size / self.count, self.count / seconds
        print(f"{self.name:24} {method:24} {size / self.count:9.3f} {self.count / seconds:12,.0f} {more}", flush=True)

    def ours(self, level: Level, chunk_frames: int) -> Path:
        """Encode our way; the time is that of the second pass."""
        path = self.folder / f"{level}.tsr"
        rows, columns = self.frames[0].shape[1:]
        for _ in range(2):
            begin = time.process_time()
            with path.open("wb") as file:
                writer = Writer(file, rows, columns, self.attributes, {}, chunk_frames, level)
                writer.add_clusters(self.clusters)
                writer.append(*self.frames)
                writer.close()
            seconds = time.process_time() - begin
        with Reader(path) as reader:
            assert (reader.read(0, reader.frames)[0] == self.frames[0]).all()
            streams = {name: packed / self.count for name, (_, packed) in reader.stream_sizes().items()}
        parts = " ".join(f"{name} {size:.3f}" for name, size in streams.items())
        self.note(f"ours, {level}, {chunk_frames}", path.stat().st_size, seconds, parts)
        return path

    def rivals(self, slow: bool) -> None:
        """General compressors on raw and XOR frames, and the cast."""
        cells = self.frames[0]
        xor = cells.copy()
        xor[1:] ^= cells[:-1]
        for kind, array in (("raw", cells), ("xor", xor)):
            data = array.tobytes()
            for name, compress in RIVALS.items():
                if slow or name == "zstd -3":
                    begin = time.process_time()
                    size = len(compress(data))
                    self.note(f"{kind} {name}", size, time.process_time() - begin)
        with Reader(self.folder / "small.tsr") as reader:
            lines = "\n".join(asciicast(reader, 3, 0.05, 0, reader.frames)).encode()
        begin = time.process_time()
        size = len(RIVALS["zstd -19 --long"](lines))
        self.note("cast v3 zstd -19 --long", size, time.process_time() - begin)


def whole(data: bytes, folder: Path) -> tuple[int, float, str]:
    """(frames, bytes a frame, sizes by stream) of a whole recording at the small level."""
    before, after = folder / "whole.tsr", folder / "whole-small.tsr"
    before.write_bytes(data)
    with Reader(before) as reader, after.open("wb") as file:
        repack(reader, file)
    with Reader(after) as reader:
        sizes = {name: packed / reader.frames for name, (_, packed) in reader.stream_sizes().items()}
        parts = " ".join(f"{name} {size:.3f}" for name, size in sizes.items())
        return reader.frames, after.stat().st_size / reader.frames, parts


def decoding(path: Path) -> tuple[float, float, float]:
    """(frames decoded in order a second, milliseconds for a random frame: the mean and the worst of many)."""
    with Reader(path) as reader:
        reader.verify()
        seconds, frames = 0.0, 0
        while seconds < 1.0:
            begin = time.process_time()
            frames += reader.verify()
            seconds += time.process_time() - begin
        times = []
        for place in np.random.default_rng(0).integers(0, reader.frames, 100):
            begin = time.process_time()
            reader.frames_at(np.array([place]))
            times.append(1000 * (time.process_time() - begin))
        return frames / seconds, sum(times) / len(times), max(times)


def claims_of(case: Case, in_order: float, random_ms: float, grid: str, slow: bool) -> list[dict[str, object]]:
    """What this case says about the targets."""
    small, fast = case.sizes[f"ours, small, {SMALL_CHUNK}"], case.sizes[f"ours, fast, {SMALL_CHUNK}"]
    speed = case.speeds[f"ours, fast, {SMALL_CHUNK}"]
    rows: list[tuple[str, float, str, float, bool]] = [
        ("fast level over small level", fast / small, "times", 2.0, fast <= 2 * small)
    ]
    if grid == "24x80":
        rows.append(("fast level", speed, "frames/s", 4e5, speed >= 4e5))
        rows.append(("decode in order", in_order, "frames/s", 1e6, in_order >= 1e6))
    if case.name.startswith("typed"):
        if grid == "24x80":
            rows.append(("small level", small, "B/frame", 1.0, small <= 1.0))
    elif slow:
        best = min(size for name, size in case.sizes.items() if name.startswith("xor"))
        rows.append(("best of XOR frames over small level", best / small, "times", 4.0, best >= 4 * small))
        cast = case.sizes["cast v3 zstd -19 --long"]
        rows.append(("small level over the cast", small / cast, "times", 1.0, small <= cast))
    rows.append(("a random frame", random_ms, "ms, the worst of 100", 5.0, random_ms <= 5.0))
    return [
        {"name": f"{case.name}: {what}", "value": round(value, 4), "unit": unit, "target": target, "holds": bool(holds)}
        for what, value, unit, target, holds in rows
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with the claims as one line of JSON")
    parser.add_argument("--frames", type=int, default=12_288, help="at most so many of each case, from its middle")
    parser.add_argument("--repository", action="append", help="[NAME=]PATH; by default this project's own")
    parser.add_argument("--grid", action="append", choices=("24x80", "48x160"))
    parser.add_argument("--skip-slow", action="store_true", help="of the rivals only zstd -3 and the cast")
    options = parser.parse_args()
    claims = []
    print(f"{'case':24} {'method':24} {'B/frame':>9} {'encode/s':>12}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for grid in options.grid or ["24x80"]:
            rows, columns = map(int, grid.split("x"))
            cases = [(f"typed {grid}", typed(rows, columns, options.frames))]
            for text in options.repository or [str(Path(__file__).parent.parent)]:
                title, _, place = text.rpartition("=")
                path = Path(place)
                cases.append((f"{title or path.resolve().name} {grid}", history(path, rows, columns)))
            for label, data in cases:
                case = Case(label, data, options.frames, folder)
                case.ours("fast", 1024)
                case.ours("fast", SMALL_CHUNK)
                small = case.ours("small", SMALL_CHUNK)
                in_order, mean_ms, random_ms = decoding(small)
                print(
                    f"{label:24} decode: {in_order:,.0f} frames/s in order,"
                    f" {mean_ms:.2f} ms for a random frame, at worst {random_ms:.2f}"
                )
                count, size, parts = whole(data, folder)
                print(f"{label:24} {f'whole, {count:,} frames':24} {size:9.3f} {'':12} {parts}", flush=True)
                case.rivals(not options.skip_slow)
                claims += claims_of(case, in_order, random_ms, grid, not options.skip_slow)
    if options.json:
        print(json.dumps({"claims": claims}))


if __name__ == "__main__":
    main()
