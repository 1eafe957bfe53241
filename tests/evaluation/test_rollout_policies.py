"""What a policy draws: greedy and sampled tokens, spelled keys, pairs of tokens."""

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from rcfam.evaluation.rollout import held_out
from rcfam.evaluation.rollout.policies import (
    SILENT,
    Bigram,
    Model,
    Pairs,
    Repeat,
    Sampling,
    Speller,
    Teacher,
    WrongFirst,
)
from rcfam.tokenizer import Tokenizer
from rcfam.tokenizer.trie import SPELLING
from tests.support.rollout_world import SETTINGS


def begun(sampling: Sampling, numbers: list[int]) -> Sampling:
    sampling.begin(cast(Any, [SimpleNamespace(number=number) for number in numbers]))
    return sampling


def test_greedy_takes_the_likeliest_and_so_does_a_narrow_top_p() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 0.0, 4.9]])
    assert begun(Sampling(0, 1, 0), [0, 1]).choose(logits) == [1, 0]
    assert begun(Sampling(1, 0.01, 0), [0, 1]).choose(logits) == [1, 0]


def test_what_is_drawn_has_the_shares_that_the_temperature_gives() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    for temperature, top_p in ((1.0, 1.0), (0.5, 1.0), (2.0, 0.8)):
        sampling = begun(Sampling(temperature, top_p, 0), [0])
        drawn = np.bincount([sampling.choose(logits)[0] for _ in range(4000)], minlength=4) / 4000
        shares = (logits[0] / temperature).softmax(-1).numpy()
        order = np.argsort(-shares)
        kept = order[np.cumsum(shares[order]) - shares[order] < top_p]
        wanted = np.zeros(4)
        wanted[kept] = shares[kept] / shares[kept].sum()
        np.testing.assert_allclose(drawn, wanted, atol=0.03)
        assert (drawn[wanted == 0] == 0).all()


def test_no_temperature_is_too_low_or_too_high_and_ties_are_broken_by_number() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0, 3.0]])
    for temperature in (5e-324, 1e-300, 1e-6):
        drawn = {begun(Sampling(temperature, 1, seed), [0]).choose(logits)[0] for seed in range(40)}
        assert drawn == {1, 3}  # as likely as each other, and nothing else
        assert begun(Sampling(temperature, 0.5, 0), [0]).choose(logits) == [1]
    drawn = {begun(Sampling(1e308, 1, seed), [0]).choose(logits)[0] for seed in range(80)}
    assert drawn == {0, 1, 2, 3}
    assert begun(Sampling(0, 1, 0), [0]).choose(logits) == [1]
    even = torch.zeros(1, 1000)
    for seed in range(20):  # the first ten of a thousand equal ones, whatever they are batched with
        sampling = begun(Sampling(1, 0.01, seed), [0, 1])
        assert max(cast(Any, sampling.choose(even.expand(2, -1)))) < 10
    tiny = begun(Sampling(1, 5e-324, 0), [0])
    assert tiny.choose(even) == [0]


def test_tokens_that_cannot_be_are_never_drawn_and_broken_logits_are_refused() -> None:
    inf = float("inf")
    for temperature in (0.0, 0.7, 1e308):
        assert begun(Sampling(temperature, 1, 0), [0]).choose(torch.tensor([[-inf, 2.0, -inf]])) == [1]
        for broken in ([0.0, float("nan")], [inf, 0.0], [-inf, -inf]):
            rows = torch.tensor([broken, [0.0, 9.0]])
            assert begun(Sampling(temperature, 0.9, 0), [0, 1]).choose(rows) == [None, 1]  # the others go on
        assert begun(Sampling(temperature, 0.9, 0), [0]).choose(torch.zeros(1, 0)) == [None]


def test_who_has_no_token_to_choose_says_so(tokenizer: Tokenizer) -> None:
    """Logits that are not finite, and a baseline that has seen no token at all."""
    assert Speller(tokenizer).keys(None) is SILENT
    bigram = Bigram(Pairs([], tokenizer.size), tokenizer, Sampling(0, 1, 0))
    bigram.begin(cast(Any, [SimpleNamespace(number=0)]), cast(Any, SimpleNamespace(targets_TB=np.array([[1]]))))
    for _ in range(2):
        assert bigram.next(np.zeros(0, np.uint32), np.zeros(0, np.int32)) == [SILENT]


def test_a_terminals_draws_are_its_own() -> None:
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    together = begun(Sampling(1, 1, 7), [4, 5, 6])
    alone = begun(Sampling(1, 1, 7), [5])
    for _ in range(20):
        assert together.choose(logits)[1] == alone.choose(logits[1:2])[0]
    drawn = np.array([together.choose(logits[:1].expand(3, -1)) for _ in range(9)])
    assert len({tuple(column) for column in drawn.T}) == 3


def test_wrong_keys_are_drawn_by_seed_and_start() -> None:
    right = 97
    starts = [SimpleNamespace(number=n, keys_K=np.array([right], np.uint32)) for n in range(200)]
    drawn = {}
    for seed in (0, 1, 0):
        policy = WrongFirst(Repeat(), seed)
        policy.begin(cast(Any, [SimpleNamespace(**vars(start), last_key=1) for start in starts]), cast(Any, None))
        keys = [int(cast(Any, some)[0]) for some in policy.next(np.zeros(0, np.uint32), np.zeros(0, np.int32))]
        assert right not in keys and len(set(keys)) > 50
        assert drawn.setdefault(seed, keys) == keys
        assert {int(cast(Any, some)[0]) for some in policy.next(np.zeros(0, np.uint32), np.zeros(0, np.int32))} == {1}
    assert drawn[0] != drawn[1]


def test_who_types_is_set_as_asked(tokenizer: Tokenizer) -> None:
    settings = dataclasses.replace(SETTINGS, temperatures=(0.0, 0.5), top_p=0.75, seed=5)
    pairs = Pairs([np.array([1, 2])], tokenizer.size)
    made: dict[str, Any] = held_out._players(cast(Any, None), tokenizer, pairs, settings, None, "cpu")
    assert list(made) == [
        *("typist", "model greedy", "model at 0.5", "model greedy after a wrong key", "typist blind after a wrong key"),
        *("bigram greedy", "bigram at 0.5", "repeat"),
    ]
    for name, temperature in (("model greedy", 0.0), ("model at 0.5", 0.5), ("bigram at 0.5", 0.5)):
        sampling = made[name]._sampling
        assert (sampling.temperature, sampling.top_p, sampling._seed) == (temperature, 0.75, 5)
    wrong = made["model greedy after a wrong key"]
    assert wrong._seed == 5 and isinstance(wrong._policy, Model) and wrong._policy._sampling.temperature == 0
    assert isinstance(made["typist blind after a wrong key"]._policy, Teacher)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer([np.array([ord(c) for c in word], np.uint32) for word in ("a", "ab", "return")])


def test_a_speller_gives_back_what_was_encoded(tokenizer: Tokenizer) -> None:
    keys = np.array([97, 0x4E2D, 98, 0x110003, 0xFFFFFFFF, 97, 98], np.uint32)
    tokens, _ = tokenizer.encode(keys)
    speller = Speller(tokenizer)
    parts = [speller.keys(token) for token in tokens.tolist()]
    assert all(part is not None for part in parts)
    np.testing.assert_array_equal(np.concatenate(cast(Any, parts)), keys)


def test_broken_spellings_and_strange_tokens_are_no_keys(tokenizer: Tokenizer) -> None:
    speller = Speller(tokenizer)
    assert speller.keys(3) is not None and speller.keys(33) is None  # a digit is left behind
    assert cast(Any, speller.keys(33)).tolist() == [97, 98]
    assert speller.keys(tokenizer.size) is None
    assert [speller.keys(1) is None for _ in range(9)] == [False] * 8 + [True]  # nine digits


def test_pairs_count_what_follows() -> None:
    streams = [np.array([1, 2, 1, 2, 1, 3]), np.array([3, 3]), np.array([2])]
    pairs = Pairs(streams, 5)
    np.testing.assert_allclose(np.exp(pairs.logits(1)), [0, 0, 2, 1, 0])
    np.testing.assert_allclose(np.exp(pairs.logits(2)), [0, 2, 0, 0, 0])
    np.testing.assert_allclose(np.exp(pairs.logits(3)), [0, 0, 0, 1, 0])
    np.testing.assert_allclose(np.exp(pairs.logits(4)), [0, 3, 3, 3, 0])  # nothing ever followed: all tokens


def test_the_bigram_follows_the_last_token_then_its_own(tokenizer: Tokenizer) -> None:
    first, second, third = range(SPELLING, SPELLING + 3)
    pairs = Pairs([np.array([first, second, third, first])], tokenizer.size)
    policy = Bigram(pairs, tokenizer, Sampling(0, 1, 0))
    context = SimpleNamespace(targets_TB=np.array([[third, third], [first, second]]))
    policy.begin(cast(Any, [SimpleNamespace(number=n) for n in range(2)]), cast(Any, context))
    typed = [[cast(Any, keys).tolist() for keys in policy.next(np.zeros(0), np.zeros(0))] for _ in range(3)]
    wanted = {token: cast(Any, tokenizer.token(token)).tolist() for token in (first, second, third)}
    assert typed == [[wanted[a], wanted[b]] for a, b in ((second, third), (third, first), (first, second))]
