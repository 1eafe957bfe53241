"""Maze position tracking (the paper's sections 8.1.3 and 8.1.4): where is the agent after each move?

One maze for all examples. A move is two tokens: what was tried (LEFT, RIGHT, UP, DOWN), then what came of it: a token
of its own for each of the four ways, UNCHANGED where a wall stood in the way, or WITHHELD. (With one token for both, no
sum over time could tell a way that was tried from one that was gone, and the paper's sum solves the unwithheld task.)
The depth of an answer is the number of moves withheld so far. An example of the withheld task has `depth` of its moves
withheld, drawn among all of them; in the unwithheld task none is, and the depth of an answer counts all moves. The
answer, row and column, is asked for after each move.

The paper names neither the size of the maze nor its walls, start or length of walk: `size` squared cells, a maze
without loops drawn from `maze_seed`, a start in the middle, depth / rate moves, each in a direction drawn evenly.
"""

# N examples, M moves, S cells a side, T tokens

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.bounds import Range, Seed, check
from rcfam.jit import kernel
from rcfam.tasks.tracking.examples import Facts, Group

LEFT, RIGHT, UP, DOWN = range(4)
WENT, UNCHANGED, WITHHELD = 4, 8, 9  # WENT + way: the move led there
WORDS: Final = ("LEFT", "RIGHT", "UP", "DOWN", "LEFT", "RIGHT", "UP", "DOWN", "UNCHANGED", "WITHHELD")
STEPS: Final = np.array([[0, -1], [0, 1], [-1, 0], [1, 0]], np.int64)


@dataclass(frozen=True)
class MazeParams:
    """Maze position tracking: how mazes and walks are drawn."""

    kind: ClassVar[str] = "maze"
    vocabulary: ClassVar[int] = 10
    """How many tokens there are."""
    depth: Annotated[int, Range(1, 10_000)] = 32
    """Moves withheld in an example; without withholding it only sets the length."""
    rate: Annotated[float, Range(least=0.01, most=1)] = 0.2
    """Share of the moves that is withheld."""
    withheld: bool = True
    """Hide what came of some moves."""
    size: Annotated[int, Range(2, 100)] = 8
    """Cells a side."""
    maze_seed: Seed = 0
    """Seed of the maze, the same for all examples."""
    walks: Annotated[int, Range(1, 10_000_000)] = 20_000
    """Training examples."""
    held_out: Annotated[int, Range(1, 10_000_000)] = 500
    """Validation examples, and as many test examples."""
    beyond: Annotated[float, Range(least=1, most=16)] = 2.0
    """Test walks go on to this many times the trained depth."""

    def __post_init__(self) -> None:
        check(self)

    def moves(self, depth: int) -> int:
        """How many moves a walk of this depth has."""
        return round(depth / self.rate)

    @property
    def name(self) -> str:
        """What the task is called in tables and folders."""
        return self.kind if self.withheld else f"{self.kind}-unwithheld"

    @property
    def version(self) -> int:
        """A new one where the same seed gives other examples."""
        return 1 if self.withheld else 2

    def depths(self) -> dict[str, list[int]]:
        """The depths of each part of a data set."""
        last = int(self.depth * self.beyond)
        own = [self.depth]
        return {"train": own, "validation": own, "test": own, "beyond": [last] if last > self.depth else []}

    def draw(self, training: bool, depth: int, seed: tuple[int, ...]) -> tuple[Group, Facts]:
        """The examples of one depth, for training or to hold out, and what they are like.

        Facts: blocked (share of moves that a wall stops), true_depth (moves withheld before the last answer).
        """
        made = group(self, depth, self.walks if training else self.held_out, seed)
        seen_NM = made.tokens_NT[:, 1::2]
        shown_NM = seen_NM != WITHHELD
        withheld_N = (~shown_NM).sum(axis=1)
        return made, {
            "blocked": float((seen_NM == UNCHANGED).sum() / max(shown_NM.sum(), 1)),
            "true_depth": float(withheld_N.mean()),
            "true_depth_most": float(withheld_N.max()),
        }

    @classmethod
    def small(cls) -> "MazeParams":
        """A task of a few walks, for tests."""
        return cls(depth=2, size=3, walks=12, held_out=4)


def draw(size: int, seed: int) -> NDArray[np.bool_]:
    """A maze without loops: (S, S, 4), whether a cell is open to the LEFT, RIGHT, UP, DOWN."""
    random = np.random.default_rng((seed, 0))
    open_SS4 = np.zeros((size, size, 4), np.bool_)
    reached = np.zeros((size, size), np.bool_)
    path = [(0, 0)]
    reached[0, 0] = True
    while path:
        row, column = path[-1]
        ways = []
        for way, (down, right) in enumerate(STEPS.tolist()):
            place = row + down, column + right
            if min(place) >= 0 and max(place) < size and not reached[place]:
                ways.append((way, place))
        if not ways:
            path.pop()
            continue
        way, place = ways[random.integers(len(ways))]
        open_SS4[row, column, way] = open_SS4[place][way ^ 1] = True
        reached[place] = True
        path.append(place)
    return open_SS4


def picture(open_SS4: NDArray[np.bool_]) -> list[str]:
    """The maze in text: cells are blanks at odd rows and columns, walls are #."""
    size = len(open_SS4)
    text = [["#"] * (2 * size + 1) for _ in range(2 * size + 1)]
    for row in range(size):
        for column in range(size):
            text[2 * row + 1][2 * column + 1] = " "
            for way, (down, right) in enumerate(STEPS.tolist()):
                if open_SS4[row, column, way]:
                    text[2 * row + 1 + down][2 * column + 1 + right] = " "
    return ["".join(line) for line in text]


@kernel
def walk(
    open_SS4: NDArray[np.bool_], start: int, tried_NM: NDArray[np.uint8], moved_NM: NDArray[np.bool_],
    places_NM2: NDArray[np.int16],
) -> None:  # fmt: skip
    """Walk from row and column `start`: whether each move moved, and where it led."""
    for n in range(tried_NM.shape[0]):
        row = column = start
        for m in range(tried_NM.shape[1]):
            way = tried_NM[n, m]
            moved = open_SS4[row, column, way]
            if moved:
                row += int(way == DOWN) - int(way == UP)
                column += int(way == RIGHT) - int(way == LEFT)
            moved_NM[n, m] = moved
            places_NM2[n, m, 0] = row
            places_NM2[n, m, 1] = column


def answers(open_SS4: NDArray[np.bool_], tried_NM: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    """Whether each move moved: (N, M), and the row and column after it: (N, M, 2); from the middle of the maze."""
    moved_NM = np.zeros(tried_NM.shape, np.bool_)
    places_NM2 = np.zeros((*tried_NM.shape, 2), np.int16)
    walk(open_SS4, len(open_SS4) // 2, tried_NM, moved_NM, places_NM2)
    return moved_NM, places_NM2


def group(params: MazeParams, depth: int, count: int, seed: tuple[int, ...]) -> Group:
    """Walks with `depth` moves withheld, or of that length with none withheld."""
    random = np.random.default_rng(seed)
    moves = params.moves(depth)
    tried_NM = random.integers(4, size=(count, moves), dtype=np.uint8)
    moved_NM, places_NM2 = answers(draw(params.size, params.maze_seed), tried_NM)
    hidden_NM = np.zeros((count, moves), np.bool_)
    if params.withheld:
        hidden_NM[:, :depth] = True
        hidden_NM = random.permuted(hidden_NM, axis=1)
    seen_NM = np.where(hidden_NM, WITHHELD, np.where(moved_NM, WENT + tried_NM, UNCHANGED)).astype(np.uint8)
    tokens_NT = np.stack([tried_NM, seen_NM], axis=2).reshape(count, -1)
    return Group(
        depth,
        tokens_NT,
        np.arange(1, 2 * moves, 2),
        places_NM2,
        (hidden_NM if params.withheld else ~hidden_NM).cumsum(axis=1).astype(np.int16),
    )
