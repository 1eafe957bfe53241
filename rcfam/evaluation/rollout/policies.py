"""Who may sit at the keyboard: a model, and what it is measured beside.

One signature: `begin(starts, context)` before the first key, then `next(cells, cursors) -> keys` for all terminals at
once, the same number of them every time. Keys are an array for each terminal: None for a token that stands for no key
here, an empty one where a spelled key has digits to come, and SILENT where the policy has no token to choose.
"""

# T steps, B terminals, R rows, C columns, V vocabulary, N tokens, P pairs of tokens

from collections.abc import Iterable, Sequence
from enum import Enum
from random import Random
from typing import Any, Final, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcfam.dataset.index import Batch
from rcfam.evaluation.measuring import frames_of
from rcfam.evaluation.rollout.starts import Start
from rcfam.model.action import ActionModel
from rcfam.model.backbones import State
from rcfam.model.frames import gather
from rcfam.terminal.cells import GLYPH_BITS, GLYPH_MASK
from rcfam.terminal.keys import BACKSPACE, ENTER, ESCAPE, UP
from rcfam.tokenizer import Tokenizer
from rcfam.tokenizer.trie import MAX_SPELLED, SPELL_LAST, SPELLING


class Silence(Enum):
    """Why a policy gives no keys any more."""

    SILENT = "silent"
    """Its logits name no token: not a number or infinite, as of a model whose training diverged, or a vocabulary of
    which the training never used a token.
    """


SILENT: Final = Silence.SILENT
Keys = NDArray[np.uint32] | None | Literal[Silence.SILENT]
WRONG: Final = (*range(32, 127), ENTER, ESCAPE, BACKSPACE, UP)
_WARM_CHUNK: Final = 16  # frames of every terminal taken through the model at once


class Policy(Protocol):
    """What sees frames and gives keys."""

    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        """Take the sessions; `context` is what the teacher typed before, (T, B)."""

    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        """The next token's keys for each terminal."""


class Sampling:
    """One token of each row of logits: the likeliest at temperature 0, else drawn from the likeliest `top_p` of all.

    What is drawn for a terminal depends on `seed` and on its start's number, not on what it is batched with.
    """

    def __init__(self, temperature: float, top_p: float, seed: int) -> None:
        self.temperature, self.top_p, self._seed = temperature, top_p, seed
        self._generators: list[np.random.Generator] = []

    def begin(self, starts: Sequence[Start]) -> None:
        """One generator a terminal."""
        self._generators = [np.random.default_rng([self._seed, start.number]) for start in starts]

    def choose(self, logits_BV: Tensor) -> list[int | None]:
        """One token a row; of equally likely ones the lower number comes first. None where the largest of the logits is
        not finite.
        """
        if not logits_BV.shape[1]:
            return [None] * len(logits_BV)
        best_B1 = logits_BV.amax(-1, keepdim=True).double()
        finite_B = best_B1[:, 0].isfinite()
        if self.temperature == 0:
            return _where(finite_B, logits_BV.argmax(-1))
        logits_BV = logits_BV.double().where(finite_B[:, None], 0.0)  # a row without a choice draws as the others do
        best_BV = best_B1.where(finite_B[:, None], 0.0)
        scaled_BV = (logits_BV - best_BV) / self.temperature  # at most 0: no temperature is too low
        shares_BV, order_BV = scaled_BV.softmax(-1).sort(dim=-1, descending=True, stable=True)
        sums_BV = shares_BV.cumsum(-1)
        kept_BV = shares_BV.masked_fill(sums_BV - shares_BV >= self.top_p, 0.0).cumsum(-1)
        drawn_B1 = torch.tensor([[generator.random()] for generator in self._generators], dtype=torch.float64)
        place_B1 = torch.searchsorted(kept_BV, drawn_B1.to(kept_BV.device) * kept_BV[:, -1:], right=True)
        return _where(finite_B, order_BV.gather(1, place_B1.clamp_max(order_BV.shape[1] - 1)).flatten())


def _where(finite_B: Tensor, chosen_B: Tensor) -> list[int | None]:
    return [token if kept else None for token, kept in zip(chosen_B.tolist(), finite_B.tolist(), strict=True)]


class Speller:
    """Tokens of one terminal -> keys; digits wait until the key that they spell is whole."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._digits = ""

    def keys(self, token: int | None) -> Keys:
        """The keys of the next token; None where it breaks a spelled key off or is none of the vocabulary."""
        if token is None:
            return SILENT
        if token >= self._tokenizer.size:
            return None
        if token >= SPELLING:
            whole = not self._digits
            self._digits = ""
            return self._tokenizer.token(token) if whole else None
        self._digits += f"{token % SPELL_LAST:x}"
        if len(self._digits) > MAX_SPELLED:
            self._digits = ""
            return None
        if token < SPELL_LAST:
            return np.zeros(0, np.uint32)
        key, self._digits = int(self._digits, 16), ""
        return np.array([key], np.uint32)


class Model:
    """A trained model, its state carried from frame to frame."""

    def __init__(
        self,
        model: ActionModel,
        tokenizer: Tokenizer,
        sampling: Sampling,
        numbers: NDArray[np.uint32] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """`numbers`: the dataset's number of each attribute of the terminal, None where they are the same."""
        self._model, self._tokenizer, self._sampling = model, tokenizer, sampling
        self._numbers, self._device = numbers, device
        self._state: State = ()
        self._spellers: list[Speller] = []

    @torch.inference_mode()
    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        self._sampling.begin(starts)
        self._spellers = [Speller(self._tokenizer) for _ in starts]
        self._state = self._model.initial(len(starts))
        for first in range(0, len(context.targets_TB), _WARM_CHUNK):
            _, self._state = self._model.advance(frames_of(context, first, _WARM_CHUNK, self._device), self._state)

    @torch.inference_mode()
    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        if self._numbers is not None:
            attributes = self._numbers[cells_BRC >> np.uint32(GLYPH_BITS)]
            cells_BRC = attributes << np.uint32(GLYPH_BITS) | cells_BRC & np.uint32(GLYPH_MASK)
        logits_TBV, self._state = self._model(gather(cells_BRC[None], cursors_B3[None], self._device), self._state)
        tokens = self._sampling.choose(logits_TBV[0, :, : self._tokenizer.size])
        return [speller.keys(token) for speller, token in zip(self._spellers, tokens, strict=True)]


class Pairs:
    """How often each token follows each other one, and each by itself."""

    def __init__(self, streams: Iterable[NDArray[np.integer[Any]]], size: int) -> None:
        """`streams`: consecutive tokens; `size`: the vocabulary's."""
        self.size = size
        pairs = np.zeros(0, np.int64)
        counts = np.zeros(0, np.int64)
        self._single_V = np.zeros(size, np.int64)
        for stream in streams:
            tokens_N = np.asarray(stream, np.int64)
            self._single_V += np.bincount(tokens_N, minlength=size)
            new = np.concatenate([pairs, tokens_N[:-1] * size + tokens_N[1:]])
            pairs, places = np.unique(new, return_inverse=True)
            weights = np.concatenate([counts, np.ones(len(new) - len(counts), np.int64)])
            counts = np.bincount(places, weights).astype(np.int64)
        self._pairs_P, self._counts_P = pairs, counts

    def logits(self, token: int) -> NDArray[np.float64]:
        """The logarithm of the count of what follows `token`, (V,); of all tokens where nothing ever did."""
        first, stop = np.searchsorted(self._pairs_P, [token * self.size, (token + 1) * self.size])
        counts_V = np.zeros(self.size)
        counts_V[self._pairs_P[first:stop] % self.size] = self._counts_P[first:stop]
        with np.errstate(divide="ignore"):
            logits_V: NDArray[np.float64] = np.log(counts_V if first < stop else self._single_V)
        return logits_V


class Bigram:
    """The token that most often follows the last one, or one drawn from those that do. It sees no frame."""

    def __init__(self, pairs: Pairs, tokenizer: Tokenizer, sampling: Sampling) -> None:
        self._pairs, self._tokenizer, self._sampling = pairs, tokenizer, sampling
        self._last: list[int] = []
        self._spellers: list[Speller] = []

    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        self._sampling.begin(starts)
        self._last = context.targets_TB[-1].tolist()
        self._spellers = [Speller(self._tokenizer) for _ in starts]

    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        logits_BV = torch.from_numpy(np.stack([self._pairs.logits(token) for token in self._last]))
        chosen = self._sampling.choose(logits_BV)
        self._last = [0 if token is None else token for token in chosen]
        return [speller.keys(token) for speller, token in zip(self._spellers, chosen, strict=True)]


class Repeat:
    """The last key again and again."""

    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        self._keys = [np.array([start.last_key], np.uint32) for start in starts]

    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        return list(self._keys)


class Teacher:
    """The recorded keys, a token at a time: what can be reached at best. It sees no frame, and stops at the end."""

    def __init__(self, late: int = 0) -> None:
        """`late`: steps that it lets pass first."""
        self._late = late

    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        none = [np.zeros(0, np.uint32)] * self._late
        self._waiting = [iter(none + np.split(start.keys_K, start.offsets_N[1:])) for start in starts]

    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        return [next(waiting, np.zeros(0, np.uint32)) for waiting in self._waiting]


class WrongFirst:
    """Another policy whose first keys give way to one that the teacher would not press.

    A teacher that is one step late types all its keys, and none the less for the wrong one: who finishes more often
    than that has repaired something.
    """

    def __init__(self, policy: Policy, seed: int) -> None:
        self._policy, self._seed = policy, seed
        self._wrong: list[NDArray[np.uint32]] = []

    def begin(self, starts: Sequence[Start], context: Batch) -> None:
        self._policy.begin(starts, context)
        self._wrong = [np.array([self._draw(start)], np.uint32) for start in starts]

    def _draw(self, start: Start) -> int:
        right = int(start.keys_K[0])
        return Random(f"{self._seed}:{start.number}").choice([key for key in WRONG if key != right])

    def next(self, cells_BRC: NDArray[np.uint32], cursors_B3: NDArray[np.int32]) -> list[Keys]:
        keys = self._policy.next(cells_BRC, cursors_B3)
        wrong, self._wrong = self._wrong, []
        return list(wrong) if wrong else keys
