"""Windows: pure in (seed, step, rank, slot), never shared, never over a border, padding masked; and the loader."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.dataset import Ahead, Batch, DatasetError, HeldOut, Loader, Pool, Windows, held_out_windows, index
from rcfam.dataset import tokens as token_files
from rcfam.dataset.lru_pool import LruPool
from rcfam.dataset.windows import permuted
from rcfam.errors import RcfamError
from rcfam.terminal.cells import BLANK
from tests.support.dataset_fakes import FakeReader, dataset

# Recording 2 is cut by time; recording 5 is shorter than the windows; recording 7 is empty.
STRETCHES = [
    (1, "train", 0, 40),
    (2, "train", 0, 25),
    (2, "held_out", 25, 30),
    (5, "train", 0, 3),
    (7, "train", 0, 0),
    (9, "held_out", 0, 50),
]
NUMBERS = {0: 1, 1: 2, 2: 5, 3: 7, 4: 9}  # recording number in the index -> fake
LENGTH = 8


@pytest.fixture
def small(tmp_path: Path) -> index.Dataset:
    return dataset(tmp_path, STRETCHES)


def check(batch: Batch, length: int) -> None:
    """Every slot holds the frames and tokens that its id says, and padding where the stretch ends."""
    for slot, (recording, first) in enumerate(batch.ids_B2.tolist()):
        fake = NUMBERS[recording]
        stop = next(f + n for r, _, f, n in STRETCHES if r == fake and f <= first < f + n)
        size = min(length, stop - first)
        places = np.arange(first, first + size)
        cells, cursors = FakeReader(Path(f"r{fake:05d}.tsr")).frames_at(3 * places)
        np.testing.assert_array_equal(batch.cells_TBRC[:size, slot], cells)
        np.testing.assert_array_equal(batch.cursors_TB3[:size, slot], cursors)
        np.testing.assert_array_equal(batch.targets_TB[:size, slot], (7 * fake + places) % 512)
        assert batch.mask_TB[:size, slot].all()
        assert not batch.mask_TB[size:, slot].any()
        assert (batch.cells_TBRC[size:, slot] == BLANK).all()
        assert not batch.targets_TB[size:, slot].any()


def equal(one: Batch, other: Batch) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(0, 2**64 - 1))
def test_permuted_is_a_permutation(size: int, key: int) -> None:
    assert sorted(permuted(n, size, np.uint64(key)) for n in range(size)) == list(range(size))


def test_permuted_mixes_and_takes_large_sizes() -> None:
    size = 10**12 + 7
    images = np.array([permuted(n, size, np.uint64(5)) for n in range(20_000)])
    assert len(set(images.tolist())) == len(images)
    counts = np.bincount((images * 10 // size).astype(int), minlength=10)
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(2000 * 0.9)
    assert abs(np.corrcoef(images[:-1], images[1:])[0, 1]) < 0.03


def test_the_types_and_shapes_are_what_is_promised(small: index.Dataset) -> None:
    batch = Windows(small, LENGTH, 4, 0).batch(0)
    assert batch.cells_TBRC.shape == (LENGTH, 4, 3, 5)
    assert batch.cursors_TB3.shape == (LENGTH, 4, 3)
    assert [array.dtype for array in batch] == [np.uint32, np.int32, np.int64, np.bool_, np.int64]


@pytest.mark.parametrize("sampling", ["length", "uniform"])
@pytest.mark.parametrize("side", ["train", "held_out"])
def test_windows_hold_what_their_ids_say(small: index.Dataset, sampling: str, side: str) -> None:
    windows = Windows(small, LENGTH, 5, 3, side, sampling=sampling)
    sides = {(r, f + k): s for r, s, f, n in STRETCHES for k in range(n)}
    for step in range(20):
        batch = windows.batch(step)
        check(batch, LENGTH)
        for recording, first in batch.ids_B2.tolist():
            assert sides[NUMBERS[recording], first] == side


@pytest.mark.parametrize("sampling", ["length", "uniform"])
def test_a_window_depends_on_seed_step_and_rank_alone(small: index.Dataset, sampling: str) -> None:
    windows = Windows(small, LENGTH, 4, 7, world_size=2, sampling=sampling)
    forwards = [windows.batch(step, rank) for step in range(6) for rank in range(2)]
    again = Windows(small, LENGTH, 4, 7, world_size=2, sampling=sampling)
    for number in reversed(range(12)):
        equal(again.batch(number // 2, number % 2), forwards[number])
    other = Windows(small, LENGTH, 4, 8, world_size=2, sampling=sampling)
    assert any((other.ids(step) != windows.ids(step)).any() for step in range(6))


def test_ranks_are_the_slots_of_one_large_batch(small: index.Dataset) -> None:
    one = Windows(small, LENGTH, 12, 1)
    three = Windows(small, LENGTH, 4, 1, world_size=3)
    for step in range(9):
        np.testing.assert_array_equal(np.concatenate([three.ids(step, rank) for rank in range(3)]), one.ids(step))


def test_every_window_once_a_pass_and_none_shared(small: index.Dataset) -> None:
    windows = Windows(small, LENGTH, 4, 1, world_size=3)
    assert windows.total == 33 + 18 + 1
    steps = windows.total // 12
    for turn in range(3):
        ids = np.concatenate([windows.ids(turn * steps + step, rank) for step in range(steps) for rank in range(3)])
        assert len(np.unique(ids, axis=0)) == len(ids)


def test_length_sampling_weighs_by_places_and_uniform_by_recordings(small: index.Dataset) -> None:
    def share(sampling: str) -> np.ndarray:
        windows = Windows(small, LENGTH, 8, 5, sampling=sampling)
        ids = np.concatenate([windows.ids(step) for step in range(600)])
        return np.bincount(ids[:, 0], minlength=5) / len(ids)

    np.testing.assert_allclose(share("length"), np.array([33, 18, 1, 0, 0]) / 52, atol=0.02)
    np.testing.assert_allclose(share("uniform"), np.array([1, 1, 1, 0, 0]) / 3, atol=0.01)


@pytest.mark.parametrize("count", [1, 2, 5, 9, 100])
def test_held_out_windows_do_not_overlap_and_cover_evenly(small: index.Dataset, count: int) -> None:
    ids = held_out_windows(small, LENGTH, count)
    assert len(ids) == min(count, 30 // LENGTH + 50 // LENGTH)
    places = {(r, f + k) for r, f in ids.tolist() for k in range(LENGTH)}
    assert len(places) == LENGTH * len(ids)
    batch = small.read(ids, LENGTH)
    check(batch, LENGTH)
    assert batch.mask_TB.all()
    if count == 100:
        assert len(places) >= 80 - 2 * (LENGTH - 1)
    if count == 5:
        assert ids[:, 0].tolist() == [1, 1, 4, 4, 4]


def test_held_out_batches_come_in_order(small: index.Dataset) -> None:
    held = HeldOut(small, LENGTH, 100, 4)
    batches = list(Loader(held, len(held)))
    assert [len(batch.ids_B2) for batch in batches] == [4, 4, 1]
    np.testing.assert_array_equal(np.concatenate([b.ids_B2 for b in batches]), held.ids_W2)


def test_the_loader_gives_the_same_batches_from_any_step(small: index.Dataset) -> None:
    windows = Windows(small, LENGTH, 4, 2)
    expected = [windows.batch(step) for step in range(12)]
    for workers in (1, 3):
        for start in (0, 5):
            got = list(Loader(windows, 12 - start, start_step=start, workers=workers))
            assert len(got) == 12 - start
            for one, other in zip(got, expected[start:], strict=True):
                equal(one, other)


def test_batches_decoded_ahead_are_those_of_their_steps_in_any_order(small: index.Dataset) -> None:
    windows = Windows(small, LENGTH, 4, 2, world_size=2)
    ahead = Ahead(windows, rank=1)
    for step in (0, 1, 2, 7, 8, 3, 3, 4):
        equal(ahead.batch(step), windows.batch(step, 1))
    failing = Ahead(Failing())  # type: ignore[arg-type]
    assert failing.batch(2).ids_B2.tolist() == [[2, 0]]
    with pytest.raises(DatasetError, match="step 3"):
        failing.batch(3)
    assert failing.batch(4).ids_B2.tolist() == [[4, 0]]


def test_batches_lie_in_the_memory_that_the_caller_gives(small: index.Dataset) -> None:
    given: list[np.ndarray] = []

    def allocate(shape: tuple[int, ...], dtype: object) -> np.ndarray:
        given.append(np.full(shape, 1, dtype))  # type: ignore[call-overload]
        return given[-1]

    windows = Windows(small, LENGTH, 4, 2)
    for number, batch in enumerate(Loader(windows, 3, allocate=allocate)):
        equal(batch, windows.batch(number))
        assert all(any(array is one for one in given) for array in batch[:4])


def test_a_pool_uses_memory_again_that_nobody_holds() -> None:
    made: list[tuple[int, ...]] = []

    def allocate(shape: tuple[int, ...], dtype: object) -> np.ndarray:
        made.append(shape)
        return np.empty(shape, dtype)  # type: ignore[call-overload]

    pool = Pool(allocate)
    one, other = pool((3, 4), np.uint32), pool((3, 4), np.uint32)
    one[:], other[:] = 1, 2
    view = one[1:, ::2]
    del one
    assert not np.shares_memory(pool((3, 4), np.uint32), view)
    assert made == [(3, 4)] * 3
    address = view.base.ctypes.data
    del view
    again = [pool((3, 4), np.uint32), pool((3, 4), "uint32")]
    assert address in [array.ctypes.data for array in again]
    assert len(made) == 3
    assert pool((3, 4), np.int64).dtype == np.int64
    assert pool((0, 4), np.bool_).shape == (0, 4)
    assert all(array.flags.writeable and array.flags.c_contiguous for array in again)


def test_batches_that_are_kept_are_not_written_over(small: index.Dataset) -> None:
    windows = Windows(small, LENGTH, 4, 2)
    kept = list(Loader(windows, 9, workers=2))
    ahead = Ahead(windows)
    kept += [ahead.batch(step) for step in range(9)]
    for number, batch in enumerate(kept):
        equal(batch, windows.batch(number % 9))


class Failing:
    """Batches that break at step 3."""

    def batch(self, step: int, rank: int = 0, allocate: object = None) -> Batch:
        if step == 3:
            raise DatasetError("step 3 is broken")
        zeros = np.zeros(0, np.int64)
        return Batch(zeros, zeros, zeros, zeros, np.array([[step, rank]]))  # type: ignore[arg-type]


def loader_threads() -> int:
    return sum(thread.name.startswith("loader") for thread in threading.enumerate())


def test_an_error_comes_at_its_step_and_the_threads_end() -> None:
    got = []
    with pytest.raises(DatasetError, match="step 3"):
        for batch in Loader(Failing(), 100, workers=2):  # type: ignore[arg-type]
            got.append(int(batch.ids_B2[0, 0]))
    assert got == [0, 1, 2]
    assert loader_threads() == 0


def test_leaving_early_ends_the_threads(small: index.Dataset) -> None:
    iterator = iter(Loader(Windows(small, LENGTH, 2, 0), 10_000, workers=2))
    next(iterator)
    assert loader_threads() > 0
    iterator.close()  # type: ignore[attr-defined]
    assert loader_threads() == 0


def test_few_recordings_are_open_at_a_time_and_all_are_closed(tmp_path: Path) -> None:
    many = dataset(tmp_path, [(r, "train" if r else "held_out", 0, 10) for r in range(100)])
    windows = Windows(many, 4, 20, 0, sampling="uniform")
    before = FakeReader.open_now
    for _ in Loader(windows, 20, workers=3):
        assert FakeReader.open_now - before <= index.OPEN_RECORDINGS + 3
    assert FakeReader.open_now - before == index.OPEN_RECORDINGS == len(many.shelf)
    many.shelf.close()
    assert FakeReader.open_now == before


def test_what_is_in_use_is_closed_after_its_use() -> None:
    closed: list[int] = []
    shelf = LruPool(1, lambda number: number, closed.append)
    with shelf.borrow(1) as one:
        with shelf.borrow(2):
            assert closed == []
        assert one == 1
    assert closed == [1]
    with shelf.borrow(2):
        shelf.close()
        assert closed == [1]
    assert closed == [1, 2]


def test_attributes_of_another_table_are_renumbered(tmp_path: Path) -> None:
    small = dataset(tmp_path, [(1, "train", 0, 20), (1, "held_out", 20, 5)])
    small.attributes_A3 = np.array([[5, 5, 5], [1, 0, 0], [0, 0, 0]], np.uint32)
    cells = np.array([[7, (1 << 21) | 9]], np.uint32)
    remap = index.renumbering(FakeReader.attributes, small.attributes_A3)
    assert remap is not None
    out = np.zeros((1, 2, 1, 2), np.uint32)
    index._put_renumbered(cells[None], remap, out, 1)
    assert out.tolist() == [[[[0, 0]], [[(2 << 21) | 7, (1 << 21) | 9]]]]
    assert index.renumbering(FakeReader.attributes, FakeReader.attributes) is None
    merged = index.merge_attributes([FakeReader.attributes, small.attributes_A3])
    assert merged.tolist() == [[0, 0, 0], [1, 0, 0], [5, 5, 5]]
    double = np.array([[0, 0, 0], [4, 4, 4], [0, 0, 0]], np.uint32)
    kept = index.merge_attributes([double, FakeReader.attributes])
    assert kept.tolist() == [*double.tolist(), [1, 0, 0]]
    assert index.renumbering(double, kept) is None
    assert index.renumbering(FakeReader.attributes, kept).tolist() == [0, 3]  # type: ignore[union-attr]
    with pytest.raises(DatasetError, match="not in the dataset's table"):
        index.renumbering(np.array([[9, 9, 9]], np.uint32), merged)
    with pytest.raises(DatasetError, match="2049 different attributes"):
        index.merge_attributes([np.arange(3 * 2049, dtype=np.uint32).reshape(-1, 3)])


def test_bad_requests_name_the_value(small: index.Dataset) -> None:
    for bad in ({"length": 0}, {"batch": 0}, {"world_size": 0}):
        with pytest.raises(DatasetError, match="is below 1"):
            Windows(**({"dataset": small, "length": 4, "batch": 2, "seed": 0} | bad))
    windows = Windows(small, LENGTH, 2, 0)
    for step, rank in ((-1, 0), (0, 1), (0, -1)):
        with pytest.raises(DatasetError, match=f"step {step} rank {rank}"):
            windows.batch(step, rank)
    for ids in ([[0, 40]], [[5, 0]], [[-1, 0]], [[0, -1]], [[3, 0]]):
        with pytest.raises(DatasetError, match="no window begins"):
            small.read(ids, 4)
    with pytest.raises(DatasetError, match="neither"):
        Windows(small, 4, 2, 0, side="test")
    with pytest.raises(DatasetError, match="neither"):
        Windows(small, 4, 2, 0, sampling="files")
    with pytest.raises(DatasetError, match="below 1"):
        held_out_windows(small, 4, 0)
    with pytest.raises(DatasetError, match="3 held-out batches"):
        HeldOut(small, LENGTH, 100, 4).batch(3)


def test_a_dataset_survives_the_disk_and_damage_is_one_line(tmp_path: Path) -> None:
    small = dataset(tmp_path, STRETCHES)
    index.write(tmp_path, small.about, small.index)
    opened = index.Dataset.open(tmp_path)
    assert opened.names.to_list() == [f"r{r:05d}" for r in (1, 2, 5, 7, 9)]
    np.testing.assert_array_equal(Windows(opened, LENGTH, 9, 4).ids(2), Windows(small, LENGTH, 9, 4).ids(2))
    for name in (index.ABOUT, index.INDEX):
        good = (tmp_path / name).read_bytes()
        for bad in (b"", b"{}", good[: len(good) // 2], good.replace(b'"version": 1', b'"version": 9')):
            if bad == good:
                continue
            (tmp_path / name).write_bytes(bad)
            with pytest.raises(RcfamError) as caught:
                index.Dataset.open(tmp_path)
            assert "\n" not in str(caught.value)
        (tmp_path / name).write_bytes(good)
    with pytest.raises(RcfamError, match="No such file"):
        index.Dataset.open(tmp_path / "none")


def test_token_files_are_mapped_and_damage_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "r.tokens.npz"
    tokens = token_files.Tokens(np.arange(5, dtype=np.int32), np.arange(5), np.array([2]))
    token_files.save(file, tokens)
    loaded = token_files.load(file)
    assert all(isinstance(array, np.memmap) for array in loaded)
    for one, other in zip(loaded, tokens, strict=True):
        np.testing.assert_array_equal(one, other)
    with np.load(file) as archive:
        assert sorted(archive.files) == ["breaks", "starts", "tokens"]
    good = file.read_bytes()
    for size in range(0, len(good) - 1, 37):
        file.write_bytes(good[:size])
        with pytest.raises(DatasetError, match=r"r\.tokens\.npz"):
            token_files.load(file)
    np.savez_compressed(file, tokens=tokens.tokens_N, starts=tokens.starts_N, breaks=tokens.breaks_K)
    with pytest.raises(DatasetError, match="compressed"):
        token_files.load(file)
    np.savez(file, tokens=tokens.tokens_N, starts=tokens.starts_N[:3], breaks=tokens.breaks_K)
    with pytest.raises(DatasetError, match="5 tokens but 3 starts"):
        token_files.load(file)
    with pytest.raises(DatasetError, match="No such file"):
        token_files.load(tmp_path / "none.npz")
