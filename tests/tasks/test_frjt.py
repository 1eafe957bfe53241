"""Programs with forward jumps: the interpreter, the tokens, how they are drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcfam.tasks.tracking import frjt
from rcfam.tasks.tracking.frjt import ADD, AT_LEAST, EQUAL, SET, FrjtParams
from tests.support.oracles import tracking

# blocks of (update, register, value, test, register, bound, then, else); the last two may be depth (A), depth + 1 (B)
GOLDEN = {
    "the first test holds": ([[SET, 0, 2, AT_LEAST, 0, 2, 1, 2]], "A", "L0"),
    "and does not": ([[SET, 0, 1, AT_LEAST, 0, 2, 1, 2]], "B", "L0"),
    "registers begin at 0": ([[SET, 0, 1, EQUAL, 1, 0, 1, 2]], "A", "L0"),
    "ADD wraps": ([[ADD, 0, 3, EQUAL, 0, 3, 1, 3], [ADD, 0, 2, EQUAL, 0, 1, 3, 2]], "B", "L0 L1"),
    "a skipped block changes nothing": (
        [[ADD, 1, 1, EQUAL, 1, 1, 2, 1], [SET, 1, 3, EQUAL, 1, 3, 3, 4], [ADD, 1, 1, EQUAL, 1, 2, 4, 3]],
        "B",
        "L0 L2",
    ),
    "straight to the end": (
        [[SET, 0, 0, EQUAL, 0, 0, 3, 1], [SET, 0, 0, EQUAL, 0, 0, 3, 4], [SET, 0, 0, EQUAL, 0, 0, 4, 3]],
        "A",
        "L0",
    ),
    "three in a row": (
        [[ADD, 0, 1, AT_LEAST, 0, 1, 1, 2], [ADD, 0, 1, AT_LEAST, 0, 2, 2, 3], [ADD, 0, 1, AT_LEAST, 0, 3, 4, 3]],
        "B",
        "L0 L1 L2",
    ),
}


@pytest.mark.parametrize(("blocks", "halt", "path"), GOLDEN.values(), ids=GOLDEN.keys())
def test_programs_by_hand(blocks: list[list[int]], halt: str, path: str) -> None:
    """Both interpreters agree with what a person finds."""
    params = FrjtParams(depth=len(blocks))
    program = np.array([blocks], np.int8)
    halts, ran = frjt.run(program, params.values)
    assert "AB"[halts[0]] == halt
    assert [f"L{n}" for n in np.flatnonzero(ran[0])] == path.split()
    text = frjt.listing(params, frjt.tokens(params, program, np.array([0]))[0])
    assert tracking.run_program(text, params.values) == (halt, path.split())


def test_a_program_as_text() -> None:
    """One token an instruction; labels count from the given start."""
    params = FrjtParams(depth=2)
    program = np.array([[[ADD, 1, 2, AT_LEAST, 0, 3, 1, 2], [SET, 0, 3, EQUAL, 1, 0, 3, 2]]], np.int8)
    found = frjt.listing(params, frjt.tokens(params, program, np.array([2]))[0])
    assert found == [
        *("L2:", "ADD r1 2", "IF r0 >= 3", "THEN L3", "ELSE HALT A"),
        *("L3:", "SET r0 3", "IF r1 == 0", "THEN HALT B", "ELSE HALT A"),
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 4), st.integers(2, 5), st.floats(0, 4), st.floats(0.01, 1), st.integers(0, 999)
)
def test_the_kernel_agrees_with_the_slow_interpreter(
    depth: int, registers: int, values: int, leave: float, nearness: float, seed: int
) -> None:
    """On any programs that can be drawn; jumps lead forward, to two different places."""
    params = FrjtParams(depth=depth, registers=registers, values=values, exit=leave, nearness=nearness)
    group, ran_ND = frjt.group(params, depth, 8, (seed,))
    assert group.tokens_NT.shape == (8, 5 * depth)
    assert group.tokens_NT.max() < params.vocabulary
    for tokens_T, answer, ran_D in zip(group.tokens_NT, group.answers_NPK[:, 0, 0], ran_ND, strict=True):
        text = frjt.listing(params, tokens_T)
        first = int(text[0].strip("L:"))
        halt, passed = tracking.run_program(text, values)
        assert halt == "AB"[answer]
        assert [int(label[1:]) - first for label in passed] == np.flatnonzero(ran_D).tolist()
        for block in range(depth):
            then, other = (line.split(maxsplit=1)[1] for line in text[5 * block + 3 : 5 * block + 5])
            assert then != other
            assert all(to.startswith("HALT") or int(to[1:]) - first > block for to in (then, other))


def test_programs_are_as_the_paper_wants_them() -> None:
    """About half of the blocks run at every depth, halts are even, near targets likelier, the same seed the same."""
    params = FrjtParams(depth=32)
    for depth in (4, 8, 16, 32):
        group, ran_ND = frjt.group(params, depth, 4_000, (0, depth))
        assert 0.4 < ran_ND.mean() < 0.6
        assert 0.47 < group.answers_NPK.mean() < 0.53
    programs = frjt.generate(params, 32, 2_000, np.random.default_rng(1))
    ahead_N = (programs[:, 0, frjt.THEN :]).ravel()
    counts = np.bincount(ahead_N, minlength=34)
    assert counts[1] > counts[2] > counts[3] > counts[4]
    assert counts[32:].sum() < counts[1:32].sum() / 20
    again, _ = frjt.group(params, 8, 100, (0, 8))
    other, _ = frjt.group(params, 8, 100, (1, 8))
    same, _ = frjt.group(params, 8, 100, (0, 8))
    assert np.array_equal(again.tokens_NT, same.tokens_NT)
    assert not np.array_equal(again.tokens_NT, other.tokens_NT)


def test_labels_begin_anywhere_and_answers_know_their_depth() -> None:
    """A model trained to depth 2 sees every name that programs of depth 4 use."""
    params = FrjtParams(depth=2)
    group, _ = frjt.group(params, 2, 400, (0,))
    first = np.bincount(group.tokens_NT[:, 0])
    assert len(first) == params.labels - 1 and first.min() > 80
    assert np.unique(group.tokens_NT[:, [0, 5]]).tolist() == list(range(params.labels))
    assert group.hidden_NP.tolist() == [[2]] * 400


@pytest.mark.parametrize(
    "wrong", [{"depth": 0}, {"depth": 200}, {"depth": 100}, {"values": 1}, {"registers": 9}, {"exit": -1.0}]
)
def test_bad_parameters(wrong: dict[str, float]) -> None:
    """One sentence that names the value."""
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        FrjtParams(**wrong)  # type: ignore[arg-type]
