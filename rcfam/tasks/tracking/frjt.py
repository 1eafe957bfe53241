"""The Forward-Referencing Jumps Task (the paper's sections 4 and 8.1.1): does a program halt in A or in B?

A program of depth n is n labelled blocks of five instructions, one token each:

    L3:             a label
    ADD r1 2        or SET: registers hold 0 .. values - 1, from 0 on; ADD wraps
    IF r0 >= 2      or ==
    THEN L4         both targets stand further on, or are the end: HALT A, HALT B
    ELSE HALT B

Execution begins at the first block; a block that is not jumped to does nothing. The paper prints no grammar and no
tokens; these are ours. Its rules hold: two forward jumps a block, near targets likelier, now and then straight to the
end, so seldom that about half of the blocks are executed at every depth.

Labels are numbered upwards from a start drawn anew for each program, so that a model trained on short programs has
seen every name that longer ones use (up to `labels`).
"""

# N programs, D blocks, F fields of a block, T tokens, C targets to choose from

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from rcfam.bounds import Range, check
from rcfam.jit import kernel
from rcfam.tasks.tracking.examples import Facts, Group

SET, ADD = 0, 1
EQUAL, AT_LEAST = 0, 1
UPDATE, UPDATED, ADDEND, TEST, TESTED, BOUND, THEN, ELSE = range(8)
FIELDS: Final = 8
INSTRUCTIONS: Final = 5
BLOCKS_AT_MOST: Final = 120  # tokens are bytes
_BEYOND_AT_MOST: Final = 8  # depths past the trained one that are tested


@dataclass(frozen=True)
class FrjtParams:
    """The Forward-Referencing Jumps Task: how programs are drawn."""

    kind: ClassVar[str] = "frjt"
    version: ClassVar[int] = 1
    """A new one where the same seed gives other examples."""
    depth: Annotated[int, Range(1, BLOCKS_AT_MOST)] = 8
    """Blocks of the longest program; there are programs of every depth up to it."""
    programs: Annotated[int, Range(1, 10_000_000)] = 8_000
    """Training programs of each depth."""
    held_out: Annotated[int, Range(1, 10_000_000)] = 1_000
    """Validation programs of each depth, and as many test programs."""
    registers: Annotated[int, Range(1, 8)] = 2
    """Registers of a program."""
    values: Annotated[int, Range(2, 8)] = 4
    """What a register can hold."""
    exit: Annotated[float, Range(least=0, most=100)] = 0.3
    """Probability that a jump leads straight to the end, times the depth."""
    nearness: Annotated[float, Range(least=0.01, most=1)] = 0.3
    """How much less likely each block is than the one before it to be jumped to."""
    beyond: Annotated[float, Range(least=1, most=16)] = 2.0
    """Test programs go on to this many times the trained depth."""

    def __post_init__(self) -> None:
        check(self)
        if self.labels > BLOCKS_AT_MOST or self.vocabulary > 256:
            raise ValueError(
                f"depth {self.depth} x beyond {self.beyond} = {self.labels} labels: too many for one byte a token"
            )

    @property
    def labels(self) -> int:
        """How many names of labels there are."""
        return int(self.depth * self.beyond)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return 3 * self.labels + 4 + 2 * self.registers * (2 * self.values - 1)

    @property
    def name(self) -> str:
        """What the task is called in tables and folders."""
        return self.kind

    def depths(self) -> dict[str, list[int]]:
        """The depths of each part of a data set."""
        whole = list(range(1, self.depth + 1))
        last = self.labels
        steps = min(_BEYOND_AT_MOST, last - self.depth)
        further = sorted({int(depth) for depth in np.linspace(self.depth, last, steps + 1)[1:].round()})
        return {"train": whole, "validation": whole, "test": whole, "beyond": further}

    def draw(self, training: bool, depth: int, seed: tuple[int, ...]) -> tuple[Group, Facts]:
        """The examples of one depth, for training or to hold out, and what they are like.

        Facts: coverage (share of blocks executed), true_depth (blocks executed, mean and largest), halts_b.
        """
        made, ran_ND = group(self, depth, self.programs if training else self.held_out, seed)
        chain_N = ran_ND.sum(axis=1)
        return made, {
            "coverage": float(ran_ND.mean()),
            "true_depth": float(chain_N.mean()),
            "true_depth_most": float(chain_N.max()),
            "halts_b": float(made.answers_NPK.mean()),
        }

    @classmethod
    def small(cls) -> "FrjtParams":
        """A task of a few programs, for tests."""
        return cls(depth=2, programs=64, held_out=16)


def generate(params: FrjtParams, depth: int, count: int, random: np.random.Generator) -> NDArray[np.int8]:
    """`count` programs of `depth` blocks: (N, D, F). Target `depth` is HALT A, `depth` + 1 is HALT B."""
    shape = (count, depth)
    programs_NDF = np.zeros((*shape, FIELDS), np.int8)
    for kind, register, value in ((UPDATE, UPDATED, ADDEND), (TEST, TESTED, BOUND)):
        # SET and == take any value, ADD and >= any but 0, which would say nothing
        drawn = random.integers(2 * params.values - 1, size=shape)
        programs_NDF[..., kind] = drawn >= params.values
        programs_NDF[..., value] = np.where(drawn >= params.values, drawn - params.values + 1, drawn)
        programs_NDF[..., register] = random.integers(params.registers, size=shape)
    for block in range(depth):
        ahead = depth - 1 - block
        end = min(max(params.exit / depth, 1e-9), 0.5) if ahead else 1.0
        near = params.nearness ** np.arange(ahead)
        weights_C = np.concatenate([(1 - end) * near / max(near.sum(), 1e-9), [end / 2, end / 2]])
        choose(weights_C, random.random((2, count)), block, programs_NDF)
    return programs_NDF


@kernel
def choose(
    weights_C: NDArray[np.float64], drawn_2N: NDArray[np.float64], block: int, programs_NDF: NDArray[np.int8]
) -> None:
    """Set both targets of one block, two different ones of the C places after it, as likely as their weights."""
    whole = 0.0
    for c in range(len(weights_C)):
        whole += weights_C[c]
    for n in range(drawn_2N.shape[1]):
        first, left = -1, whole
        for turn in range(2):
            place, reached = 0, 0.0
            for c in range(len(weights_C)):
                if c != first:
                    place = c
                    reached += weights_C[c]
                    if drawn_2N[turn, n] * left < reached:
                        break
            programs_NDF[n, block, THEN + turn] = block + 1 + place
            first, left = place, whole - weights_C[place]


@kernel
def interpret(
    programs_NDF: NDArray[np.int8], values: int, halts_N: NDArray[np.uint8], ran_ND: NDArray[np.uint8]
) -> None:
    """Run programs: whether each halts in B, and which blocks it executes."""
    registers = np.zeros(8, np.int64)
    blocks = programs_NDF.shape[1]
    for n in range(programs_NDF.shape[0]):
        registers[:] = 0
        ran_ND[n] = 0
        place = np.int64(0)
        while place < blocks:
            block = programs_NDF[n, place]
            ran_ND[n, place] = 1
            value = np.int64(block[ADDEND])
            if block[UPDATE] == ADD:
                value = (value + registers[block[UPDATED]]) % values
            registers[block[UPDATED]] = value
            tested, bound = registers[block[TESTED]], np.int64(block[BOUND])
            holds = tested >= bound if block[TEST] == AT_LEAST else tested == bound
            place = np.int64(block[THEN]) if holds else np.int64(block[ELSE])
        halts_N[n] = place - blocks


def run(programs_NDF: NDArray[np.int8], values: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Where programs halt, 0 for A and 1 for B: (N,); the blocks that they execute: (N, D)."""
    halts_N = np.zeros(len(programs_NDF), np.uint8)
    ran_ND = np.zeros(programs_NDF.shape[:2], np.uint8)
    interpret(programs_NDF, values, halts_N, ran_ND)
    return halts_N, ran_ND


def tokens(params: FrjtParams, programs_NDF: NDArray[np.int8], start_N: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Five tokens a block; `start_N` is the number of each program's first label: (N, T)."""
    wide = programs_NDF.astype(np.int64)
    count, depth, _ = wide.shape
    choices = 2 * params.values - 1
    out = np.zeros((count, depth, INSTRUCTIONS), np.int64)
    start_N1 = np.asarray(start_N)[:, None]
    base = params.labels
    out[..., 0] = start_N1 + np.arange(depth)
    for place, (kind, register, value) in enumerate(((UPDATE, UPDATED, ADDEND), (TEST, TESTED, BOUND)), 1):
        said = wide[..., register] * choices + wide[..., kind] * (params.values - 1) + wide[..., value]
        out[..., place] = base + said
        base += params.registers * choices
    for place, field in ((3, THEN), (4, ELSE)):
        target = wide[..., field]
        halt = target >= depth
        out[..., place] = base + np.where(halt, target - depth, 2 + start_N1 + target)
        base += params.labels + 2
    return out.reshape(count, -1).astype(np.uint8)


def listing(params: FrjtParams, tokens_T: NDArray[np.uint8]) -> list[str]:
    """The instructions that tokens stand for, one line each."""
    names = [f"L{n}:" for n in range(params.labels)]
    for set_, add in (("SET r{} {}", "ADD r{} {}"), ("IF r{} == {}", "IF r{} >= {}")):
        for register in range(params.registers):
            names += [set_.format(register, value) for value in range(params.values)]
            names += [add.format(register, value) for value in range(1, params.values)]
    for word in ("THEN", "ELSE"):
        names += [f"{word} HALT A", f"{word} HALT B", *(f"{word} L{n}" for n in range(params.labels))]
    return [names[token] for token in tokens_T]


def group(params: FrjtParams, depth: int, count: int, seed: tuple[int, ...]) -> tuple[Group, NDArray[np.uint8]]:
    """Labelled programs of one depth, and the blocks that they execute: (N, D)."""
    random = np.random.default_rng(seed)
    programs_NDF = generate(params, depth, count, random)
    start_N = random.integers(params.labels - depth + 1, size=count)
    halts_N, ran_ND = run(programs_NDF, params.values)
    tokens_NT = tokens(params, programs_NDF, start_N)
    return (
        Group(
            depth,
            tokens_NT,
            np.array([tokens_NT.shape[1] - 1]),
            halts_N.astype(np.int16)[:, None, None],
            np.full((count, 1), depth, np.int16),
        ),
        ran_ND,
    )
