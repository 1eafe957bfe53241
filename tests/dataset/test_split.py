"""The split: by repository, by time when there is one, never by window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcfam.dataset.split import HELD_OUT, TRAIN, Candidate, DatasetError, DatasetParams, Span, split


def source(name: str, frames: int, commits: tuple[int, ...] = (0,), repository: str | None = None) -> Candidate:
    return Candidate(name, repository or name, frames, commits)


def frames(spans: list[Span], side: str) -> int:
    return sum(span.stop - span.start for span in spans if span.side == side)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=30), st.floats(0.01, 0.99), st.integers(0, 99))
def test_repositories_stand_on_one_side_and_both_sides_are_filled(sizes: list[int], share: float, seed: int) -> None:
    sources = [source(f"a{i}", size, repository=f"r{i // 2 if i > 3 else i}") for i, size in enumerate(sizes)]
    spans = split(sources, share, seed)
    assert [(s.name, s.start, s.stop) for s in spans] == [(s.name, 0, s.frames) for s in sources]
    sides: dict[str, set[str]] = {}
    for span, one in zip(spans, sources, strict=True):
        sides.setdefault(one.repository, set()).add(span.side)
    assert all(len(found) == 1 for found in sides.values())
    assert frames(spans, TRAIN) > 0
    held = frames(spans, HELD_OUT)
    assert held > 0
    repositories = {s.repository: sum(t.frames for t in sources if t.repository == s.repository) for s in sources}
    assert held <= share * sum(sizes) or held == min(repositories.values())


def test_the_seed_chooses_and_the_order_of_recordings_does_not() -> None:
    sources = [source(f"r{i}", 100) for i in range(20)]
    chosen = {frozenset(s.name for s in split(sources, 0.2, seed) if s.side == HELD_OUT) for seed in range(8)}
    assert len(chosen) > 4
    assert all(len(names) == 4 for names in chosen)
    backwards = split(sources[::-1], 0.2, 3)
    assert sorted(backwards, key=lambda s: s.name) == sorted(split(sources, 0.2, 3), key=lambda s: s.name)


def test_one_repository_is_split_by_time_at_a_commit() -> None:
    one = source("r", 1000, (0, 300, 640, 820, 950))
    assert split([one], 0.2, 0) == [Span("r", TRAIN, 0, 820), Span("r", HELD_OUT, 820, 1000)]
    assert split([one], 0.05, 5)[1].start == 950
    assert split([one], 0.001, 5)[1].start == 950
    assert split([one], 0.99, 5)[1].start == 300


def test_several_recordings_of_one_repository_follow_each_other() -> None:
    two = [source("b", 400, (0, 200), "r"), source("a", 600, (0, 500), "r")]
    assert split(two, 0.2, 0) == [Span("a", TRAIN, 0, 600), Span("b", TRAIN, 0, 200), Span("b", HELD_OUT, 200, 400)]
    assert split(two, 0.45, 0) == [Span("a", TRAIN, 0, 500), Span("a", HELD_OUT, 500, 600), Span("b", HELD_OUT, 0, 400)]
    assert split(two, 0.4, 0) == [Span("a", TRAIN, 0, 600), Span("b", HELD_OUT, 0, 400)]


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(DatasetError, match="one commit"):
        split([source("r", 50)], 0.1, 0)
    with pytest.raises(DatasetError, match="no recording"):
        split([source("r", 0), source("s", 0)], 0.1, 0)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_the_share_must_leave_both_sides_something(share: float) -> None:
    with pytest.raises(ValueError, match="held_out"):
        DatasetParams(share, 0, "length")
