"""Mazes and walks: the walker, the tokens, what is withheld."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.tasks.tracking import maze
from rcfam.tasks.tracking.maze import DOWN, LEFT, RIGHT, UNCHANGED, UP, WITHHELD, WORDS, MazeParams
from tests.support.oracles import tracking

PICTURE = [
    "#######",
    "# #   #",
    "# # # #",
    "#   # #",
    "##### #",
    "#     #",
    "#######",
]


def opened(picture: list[str]) -> np.ndarray:
    """The walls of a picture, as the walker wants them."""
    size = len(picture) // 2
    found = np.zeros((size, size, 4), np.bool_)
    for row in range(size):
        for column in range(size):
            for way, (down, right) in enumerate(maze.STEPS.tolist()):
                found[row, column, way] = picture[2 * row + 1 + down][2 * column + 1 + right] == " "
    return found


def test_a_walk_by_hand() -> None:
    """From the middle of a maze of three cells a side."""
    tried = [RIGHT, UP, RIGHT, DOWN, DOWN, DOWN, LEFT, LEFT, LEFT, UP]
    moved, places = maze.answers(opened(PICTURE), np.array([tried], np.uint8))
    assert moved[0].tolist() == [False, True, True, True, True, False, True, True, False, False]
    assert places[0].tolist() == [[1, 1], [0, 1], [0, 2], [1, 2], [2, 2], [2, 2], [2, 1], [2, 0], [2, 0], [2, 0]]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 9), st.integers(0, 999), st.integers(1, 9), st.booleans())
def test_the_kernel_agrees_with_the_slow_walker(size: int, seed: int, depth: int, withheld: bool) -> None:
    """On any maze; tokens tell what was tried and, unless withheld, what came of it."""
    params = MazeParams(depth=depth, size=size, maze_seed=seed, withheld=withheld, rate=0.25)
    group = maze.group(params, depth, 4, (seed,))
    picture = maze.picture(maze.draw(size, seed))
    assert group.tokens_NT.shape == (4, 8 * depth)
    assert group.where_P.tolist() == list(range(1, 8 * depth, 2))
    for tokens_T, answers_PK, hidden_P in zip(group.tokens_NT, group.answers_NPK, group.hidden_NP, strict=True):
        tried, shown = tokens_T[::2], tokens_T[1::2]
        found = tracking.walk_maze(picture, size // 2, [WORDS[way] for way in tried])
        assert answers_PK.tolist() == [[row, column] for _, row, column in found]
        for way, told, (moved, _, _) in zip(tried, shown, found, strict=True):
            assert told == WITHHELD or told == (maze.WENT + way if moved else UNCHANGED)
        assert hidden_P.tolist() == (shown == WITHHELD if withheld else shown > 0).cumsum().tolist()
        assert (shown == WITHHELD).sum() == (depth if withheld else 0)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_a_maze_reaches_every_cell_by_one_way(size: int) -> None:
    """As many openings as a tree has, and all cells reached; walls hold on both sides."""
    open_SS4 = maze.draw(size, 3)
    assert open_SS4.sum() == 2 * (size * size - 1)
    reached, waiting = {(0, 0)}, [(0, 0)]
    while waiting:
        row, column = waiting.pop()
        for way in np.flatnonzero(open_SS4[row, column]):
            place = row + int(maze.STEPS[way][0]), column + int(maze.STEPS[way][1])
            assert open_SS4[place][way ^ 1]
            if place not in reached:
                reached.add(place)
                waiting.append(place)
    assert len(reached) == size * size


def test_moves_are_withheld_anywhere_and_seeds_decide() -> None:
    """Every move is as likely to be withheld; maze and walks have seeds of their own."""
    params = MazeParams(depth=4)
    group = maze.group(params, 4, 2_000, (0,))
    assert abs((group.tokens_NT[:, 1::2] == WITHHELD).mean(axis=0) - params.rate).max() < 0.05
    assert np.array_equal(maze.group(params, 4, 2_000, (0,)).tokens_NT, group.tokens_NT)
    assert not np.array_equal(maze.group(params, 4, 2_000, (1,)).tokens_NT, group.tokens_NT)
    assert maze.picture(maze.draw(8, 0)) == maze.picture(maze.draw(8, 0)) != maze.picture(maze.draw(8, 1))


@pytest.mark.parametrize("wrong", [{"depth": 0}, {"rate": 0.0}, {"size": 1}, {"beyond": 0.5}])
def test_bad_parameters(wrong: dict[str, float]) -> None:
    """One sentence that names the value."""
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        MazeParams(**wrong)  # type: ignore[arg-type]
