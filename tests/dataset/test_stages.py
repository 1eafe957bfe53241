"""rcfam tokenize and rcfam dataset on real recordings of plain typing, and what they refuse."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from rcfam.cli import app
from rcfam.dataset import Dataset, HeldOut, Loader, Windows
from rcfam.dataset import tokens as token_files
from rcfam.errors import RcfamError
from rcfam.outputs import MARK
from rcfam.recording import Reader, Writer
from rcfam.terminal import keys
from rcfam.tokenizer import Tokenizer

ROWS, COLUMNS = 4, 30
PARAMS = """
tokenize: {size: 300, min_count: 2, longest: 31}
dataset: {held_out: 0.3, seed: 0, sampling: length}
"""


def record(path: Path, commits: list[str], repository: str | None = None, attributes: int = 1) -> None:
    """A recording in which each commit's text is typed over the grid, cell after cell."""
    cells, place = np.full((ROWS, COLUMNS), 32, np.uint32), 0
    table = np.arange(3 * attributes, dtype=np.uint32).reshape(-1, 3)
    provenance = {"name": repository or path.stem, "revision": "0" * 40}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, Writer(file, ROWS, COLUMNS, table, provenance, chunk_frames=64) as writer:
        for number, text in enumerate(commits):
            writer.mark("commit", f"{number:040x} Commit {number}")
            for key in keys.from_text(text):
                cursor = np.array([[place // COLUMNS, place % COLUMNS, 1]], np.int32)
                writer.append(cells[None].copy(), cursor, np.array([key], np.uint32))
                if key >= 32:
                    cells[place // COLUMNS, place % COLUMNS] = key
                    place = (place + 1) % (ROWS * COLUMNS)


def record_files(path: Path, files: dict[str, str]) -> None:
    """A recording of one commit in which each file is opened from the shell and its text is typed."""
    cells, cursor = np.full((1, ROWS, COLUMNS), 32, np.uint32), np.zeros((1, 3), np.int32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, Writer(file, ROWS, COLUMNS, np.zeros((1, 3)), {"name": path.stem}) as writer:
        writer.mark("commit", f"{0:040x} Files")
        for name, text in files.items():
            for program, what in (("shell", f"vim {name}\n"), ("editor", text)):
                writer.mark("program", f"0:{program}")
                stroke = keys.from_text(what)
                writer.append(cells.repeat(len(stroke), 0), cursor.repeat(len(stroke), 0), stroke)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


class Place:
    """A project folder with parameters, and the two stages on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.params = folder / "params.yaml"
        self.recordings, self.tokens, self.dataset = (folder / n for n in ("recordings", "tokens", "dataset"))
        self.params.write_text(PARAMS)

    def tokenize(self) -> Result:
        return run("tokenize", self.recordings, "-o", self.tokens, "--params", self.params)

    def index(self) -> Result:
        return run("dataset", self.recordings, self.tokens, "-o", self.dataset, "--params", self.params)

    def both(self) -> "Place":
        self.both_output()
        return self

    def both_output(self) -> Result:
        for result in (self.tokenize(), self.index()):
            assert result.exit_code == 0, result.output + repr(result.exception)
        return result


COMMITS = [
    "def spam(eggs):\n    return eggs\n" * 6,
    "spam(42)\nspam(43)\n" * 5,
    "import spam\n" * 9,
    "x = spam(1)\n" * 4,
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def refused(result: Result, *words: str) -> None:
    assert isinstance(result.exception, RcfamError), (result.output, result.exception)
    assert "\n" not in str(result.exception)
    for word in words:
        assert word in str(result.exception)


def test_one_repository_goes_through_both_stages(place: Place) -> None:
    record(place.recordings / "only.tsr", COMMITS)
    place.both()
    tokenizer = Tokenizer.load(place.tokens / "vocabulary.json")
    reader = Reader(place.recordings / "only.tsr")
    tokens = token_files.load(place.tokens / "only.tokens.npz")
    np.testing.assert_array_equal(tokenizer.decode(tokens.tokens_N), reader.keys())
    borders = np.cumsum([0] + [len(text) for text in COMMITS])
    np.testing.assert_array_equal(tokens.breaks_K, borders[:-1])
    assert set(borders[:-1].tolist()) <= set(tokens.starts_N.tolist())

    index = pl.read_parquet(place.dataset / "index.parquet")
    assert index["side"].to_list() == ["train", "held_out"]
    cut = index["first_frame"][1]
    assert cut in borders
    assert index["frames"].sum() == reader.frames
    assert index["tokens"].sum() == len(tokens.tokens_N)
    commits = pl.read_parquet(place.dataset / "commits.parquet")
    assert commits["commit"].to_list() == [f"{number:040x}" for number in range(len(COMMITS))]
    assert commits["subject"].to_list() == [f"Commit {number}" for number in range(len(COMMITS))]
    assert commits["frames"].to_list() == np.diff(borders).tolist()
    assert commits["tokens"].sum() == len(tokens.tokens_N)
    assert commits["side"].to_list() == ["train" if b < cut else "held_out" for b in borders[:-1]]


def test_no_token_spans_a_commit_or_a_change_of_program(place: Place) -> None:
    record_files(place.recordings / "a.tsr", {"vim": "vim\n" * 40, "b": "vim b\nvim " * 9})
    record_files(place.recordings / "b.tsr", {"b": "vim b\n" * 3})
    place.both()
    for name in ("a", "b"):
        reader = Reader(place.recordings / f"{name}.tsr")
        tokens = token_files.load(place.tokens / f"{name}.tokens.npz")
        assert {mark.frame for mark in reader.marks} <= set(tokens.starts_N.tolist())
        tokenizer = Tokenizer.load(place.tokens / "vocabulary.json")
        np.testing.assert_array_equal(tokenizer.decode(tokens.tokens_N), reader.keys())
    assert any(tokenizer.name(number) == "vim" for number in range(len(tokenizer)))


def test_windows_give_the_frames_of_the_recording(place: Place) -> None:
    record(place.recordings / "only.tsr", COMMITS)
    dataset = Dataset.open(place.both().dataset)
    reader = Reader(place.recordings / "only.tsr")
    cells, cursors = reader.frames_at(np.arange(reader.frames))
    tokens = token_files.load(place.tokens / "only.tokens.npz")
    assert (dataset.rows, dataset.columns) == (ROWS, COLUMNS)
    assert dataset.vocabulary % 128 == 0
    held = dataset.stretches("held_out").first_S[0]
    for side, batches in {
        "train": Loader(Windows(dataset, 16, 3, 5), 8, workers=2),
        "held_out": Loader(held := HeldOut(dataset, 7, 4, 2), len(held)),
    }.items():
        for batch in batches:
            for slot, (_, first) in enumerate(batch.ids_B2.tolist()):
                size = int(batch.mask_TB[:, slot].sum())
                assert size == len(batch.mask_TB)
                starts = tokens.starts_N[first : first + size]
                np.testing.assert_array_equal(batch.cells_TBRC[:, slot], cells[starts])
                np.testing.assert_array_equal(batch.cursors_TB3[:, slot], cursors[starts])
                np.testing.assert_array_equal(batch.targets_TB[:, slot], tokens.tokens_N[first : first + size])
                stretch = dataset.stretches(side)
                assert stretch.first_S[0] <= first
                assert first + size <= stretch.first_S[0] + stretch.tokens_S[0]


def test_the_vocabulary_never_sees_the_held_out_side(place: Place) -> None:
    texts = {"a": COMMITS, "b": COMMITS, "c": ["zyzzyva zyzzyva\n" * 12]}
    for name, commits in texts.items():
        record(place.recordings / f"{name}.tsr", commits)
    held: set[str] = set()
    for seed in range(20):
        place.params.write_text(PARAMS.replace("seed: 0", f"seed: {seed}"))
        place.both()
        index = pl.read_parquet(place.dataset / "index.parquet")
        out = index.filter(pl.col("side") == "held_out")["recording"].to_list()
        assert sorted(index["recording"]) == ["a", "b", "c"]
        held |= set(out)
        tokenizer = Tokenizer.load(place.tokens / "vocabulary.json")
        seen = any("zyz" in tokenizer.name(number) for number in range(len(tokenizer)))
        assert seen == ("c" not in out)
        table = pl.read_parquet(place.dataset / "tokens.parquet")
        assert table["train"].to_list()[32:] == tokenizer.counts_V[32:].tolist()
    assert "c" in held


def test_statistics_add_up(place: Place) -> None:
    record(place.recordings / "only.tsr", COMMITS)
    ledger = {
        "repository": ["only"] * 4,
        "commit": ["a", "a", "b", "b"],
        "kind": ["add", "add", "modify", "add"],
        "path": ["spam.py", "Makefile", "spam.py", "logo.png"],
        "left_out": [None, None, None, "binary"],
    }
    pl.DataFrame(ledger).write_parquet(place.recordings / "ledger.parquet")
    place.both()
    table = pl.read_parquet(place.dataset / "statistics.parquet")
    values = {(of, name, quantity): value for of, name, quantity, value in table.iter_rows()}
    total = sum(map(len, COMMITS))
    assert values["all", "all", "keystrokes"] == total
    for quantity in ("keystrokes", "tokens", "commits"):
        sides = values["side", "train", quantity] + values["side", "held_out", quantity]
        assert sides == values["all", "all", quantity]
    kinds = table.filter(pl.col("of") == "token kind")
    assert kinds.filter(pl.col("quantity") == "keystrokes")["value"].sum() == total
    assert kinds.filter(pl.col("quantity") == "tokens")["value"].sum() == values["all", "all", "tokens"]
    assert values["all", "all", "share of changes left out"] == 0.25
    assert values["left out", "binary", "changes"] == 1
    assert values["language", "Python", "changes"] == 2
    assert values["language", "Python", "files"] == 1
    assert values["language", "Make", "files"] == 1
    shares = [values["token frequency", str(rank), "train"] for rank in (1, 2, 3)]
    assert 1 > shares[0] >= shares[1] >= shares[2] > 0
    seen = [values["window coverage", "16", str(drawn)] for drawn in (100, 1000, 1_000_000)]
    assert 0 < seen[0] <= seen[1] <= seen[2] == 1
    frequency = pl.read_parquet(place.dataset / "tokens.parquet")
    known = frequency["train"].to_numpy() + 1
    losses = -np.log(known / known.sum())
    for side in ("train", "held_out"):
        mean = np.average(losses, weights=frequency[side].to_numpy())
        assert values["side", side, "nats per token, training frequencies alone"] == pytest.approx(mean)


def test_a_second_run_writes_the_same_bytes_and_drops_stale_tokens(place: Place) -> None:
    for name in ("a", "b", "c"):
        record(place.recordings / f"{name}.tsr", COMMITS)
    place.both()
    before = {path: path.read_bytes() for path in sorted(place.folder.glob("*/*"))}
    assert {place.tokens / MARK, place.dataset / MARK} <= before.keys()
    place.both()
    assert {path: path.read_bytes() for path in sorted(place.folder.glob("*/*"))} == before
    (place.tokens / "note.txt").write_text("mine")
    refused(place.tokenize(), "note.txt is not what rcfam wrote there")
    refused(place.index(), "note.txt is not in its list")
    (place.tokens / "note.txt").unlink()
    (place.recordings / "c.tsr").unlink()
    place.both()
    assert sorted(p.name for p in place.tokens.iterdir()) == [
        MARK,
        "a.tokens.npz",
        "b.tokens.npz",
        "split.json",
        "vocabulary.json",
    ]


def test_attributes_of_recordings_are_merged(place: Place) -> None:
    record(place.recordings / "a.tsr", COMMITS, attributes=2)
    record(place.recordings / "b.tsr", COMMITS, attributes=5)
    place.both()
    assert Dataset.open(place.dataset).attributes_A3.tolist() == np.arange(15).reshape(5, 3).tolist()


def test_bad_input_is_one_line_and_leaves_nothing(place: Place) -> None:
    refused(place.tokenize(), "no recordings")
    record(place.recordings / "a.tsr", COMMITS)
    record(place.recordings / "b.tsr", COMMITS[:2])
    good = (place.recordings / "b.tsr").read_bytes()
    (place.recordings / "b.tsr").write_bytes(good[: len(good) - 30])
    refused(place.tokenize(), "b.tsr", "damaged")
    (place.recordings / "b.tsr").write_bytes(b"nonsense")
    refused(place.tokenize(), "b.tsr")
    (place.recordings / "b.tsr").write_bytes(good)
    assert sorted(path.name for path in place.folder.iterdir()) == ["params.yaml", "recordings"]
    refused(place.index(), "split.json")
    place.tokens.write_text("a file")
    refused(place.tokenize(), "cannot write into", str(place.tokens))
    assert place.tokens.read_text() == "a file"
    place.tokens.unlink()
    assert sorted(path.name for path in place.folder.iterdir()) == ["params.yaml", "recordings"]


def test_stages_that_do_not_belong_together_are_refused(place: Place) -> None:
    for name in ("a", "b"):
        record(place.recordings / f"{name}.tsr", COMMITS)
    assert place.tokenize().exit_code == 0
    place.params.write_text(PARAMS.replace("0.3", "0.6"))
    refused(place.index(), "held_out 0.3", "0.6", "tokenize again")
    place.params.write_text(PARAMS)
    record(place.recordings / "b.tsr", COMMITS[:3])
    refused(place.index(), "b: its tokens", "another recording")
    assert place.tokenize().exit_code == 0
    document = json.loads((place.tokens / "split.json").read_text())
    (place.tokens / MARK).unlink()  # else it is told that these are not the files that were written
    (place.tokens / "split.json").write_text(json.dumps(document | {"vocabulary": "0" * 64}))
    refused(place.index(), "another vocabulary")
    (place.tokens / "split.json").write_text("{}")
    refused(place.index(), "split.json: held_out: key is missing")
    shutil.rmtree(place.tokens)
    assert place.tokenize().exit_code == 0
    (place.tokens / "a.tokens.npz").unlink()
    refused(place.index(), "a.tokens.npz is missing")
    (place.tokens / MARK).unlink()
    refused(place.index(), "a.tokens.npz", "No such file")
    assert not place.dataset.exists()


def test_different_grids_are_refused(place: Place) -> None:
    record(place.recordings / "a.tsr", COMMITS)
    with (place.recordings / "b.tsr").open("wb") as file, Writer(file, 2, 9, np.zeros((1, 3)), {}) as writer:
        writer.append(np.full((5, 2, 9), 32, np.uint32), np.zeros((5, 3), np.int32), np.full(5, 97, np.uint32))
    assert place.tokenize().exit_code == 0
    refused(place.index(), "grids differ", "4 x 30", "2 x 9")


def test_text_on_both_sides_is_reported_by_commit(place: Place) -> None:
    novel = "".join(f"w{n:03d} = {n * 7919 % 1009}\n" for n in range(60))
    other = "".join(f"{n * 104729 % 997} -> q{n}\n" for n in range(60))
    record(place.recordings / "only.tsr", [novel, novel + other[:10], other, novel])
    place.params.write_text(PARAMS.replace("0.3", "0.4"))
    place.both()
    commits = pl.read_parquet(place.dataset / "commits.parquet")
    assert commits["side"].to_list() == ["train", "train", "held_out", "held_out"]
    shared = commits["shared"].to_list()
    assert shared[:2] == [None, None]
    assert shared[2] < 0.1
    assert shared[3] > 0.9
    table = pl.read_parquet(place.dataset / "statistics.parquet")
    assert table.filter(pl.col("quantity") == "commits mostly typed in training too")["value"].to_list() == [1.0]


def test_near_duplicate_files_are_reported_with_the_file_they_are_like(place: Place) -> None:
    novel = "".join(f"w{n:03d} = {n * 7919 % 1009}\n" for n in range(90))
    other = "".join(f"{n * 104729 % 997} -> q{n}\n" for n in range(90))
    changed = novel.replace("w04", "z04")
    trained = {"mine.py": novel, "b/other.txt": other[:300], "big.c": other[::-1] * 6}
    record_files(place.recordings / "a.tsr", trained)
    record_files(place.recordings / "held.tsr", {"copy.py": changed, "fresh.py": other[300:], "tiny": "x"})
    result = place.both_output()
    index = pl.read_parquet(place.dataset / "index.parquet")
    assert index["side"].to_list() == ["train", "held_out"]
    files = pl.read_parquet(place.dataset / "files.parquet")
    assert sorted(files.filter(pl.col("side") == "train")["path"]) == ["b/other.txt", "big.c", "mine.py"]
    rows = {row["path"]: row for row in files.filter(pl.col("side") == "held_out").iter_rows(named=True)}
    assert set(rows) == {"copy.py", "fresh.py", "tiny"}
    copy = rows["copy.py"]
    assert 0.5 < copy["like"] <= copy["shared"] < 1
    assert (copy["like_recording"], copy["like_path"]) == ("a", "mine.py")
    assert (copy["sessions"], copy["keystrokes"]) == (1, len(changed))
    assert rows["fresh.py"]["shared"] == 0
    assert rows["tiny"]["shared"] is None
    assert "1 of 3 files" in result.output
    table = pl.read_parquet(place.dataset / "statistics.parquet")
    values = {(of, name, quantity): value for of, name, quantity, value in table.iter_rows()}
    assert values["side", "held_out", "files mostly typed in training too"] == 1
    assert values["side", "held_out", "files with enough text to compare"] == 2
    share = len(changed) / index.filter(pl.col("side") == "held_out")["frames"].sum()
    assert values["side", "held_out", "share of keystrokes in files mostly typed in training too"] == share
    assert values["language", "Python", "keystrokes"] == len(novel) + len(changed) + len(other[300:])
    assert values["language", "C", "keystrokes"] == 6 * len(other)


def test_recordings_without_a_keystroke_are_nothing_to_tokenize(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    record(tmp_path / "recordings" / "a.tsr", [])
    (tmp_path / "params.yaml").write_text(PARAMS)
    found = run("tokenize", tmp_path / "recordings", "-o", tmp_path / "tokens", "--params", tmp_path / "params.yaml")
    assert isinstance(found.exception, RcfamError), found.output
    assert not (tmp_path / "tokens").exists()
