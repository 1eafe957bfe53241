"""Sequence models behind one signature: `model(tokens_BT, where_P) -> answers_BPK`.

An embedding, a backbone (B, T, D) -> (B, T, D), a linear read-out of the steps where an answer is due. No backbone
looks ahead, so one example can be fed longer than another without harm.
"""

# B examples, T steps, P answers, K numbers an answer, D width

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.tasks.tracking.attention import Attention
from rcfam.tasks.tracking.linear import MinGru, MinLstm, Sum, mamba
from rcfam.tasks.tracking.recurrent import Lstm, Slstm

Kind = Literal["lstm", "slstm", "transformer", "rotary", "looped", "minlstm", "mingru", "sum", "mamba"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
_RATIO: Final = 4  # of the MLP
_STATE: Final = 16  # of Mamba, for each of 2 D channels


@dataclass(frozen=True)
class TrackerParams:
    """One model."""

    kind: Kind = "lstm"
    """What mixes over time."""
    layers: Annotated[int, Range(1, 256)] = 1
    """Layers. For `looped`: how often its one layer is applied."""
    width: Annotated[int, Range(2, 2**16)] = 256
    """Width of every layer."""
    heads: Annotated[int, Range(1, 1_024)] = 4
    """Heads, where the kind has any."""

    def __post_init__(self) -> None:
        check(self)
        if self.kind not in KINDS:
            raise ValueError(f"model '{self.kind}': known are {', '.join(KINDS)}")
        if self.width % (2 * self.heads):
            raise ValueError(f"width: {self.width} is no multiple of twice the {self.heads} heads")

    @property
    def name(self) -> str:
        """Kind and layers, as in lstm-1."""
        return f"{self.kind}-{self.layers}"


class Mlp(nn.Sequential):
    """Width -> 4 width -> width, GELU."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.Linear(width, _RATIO * width), nn.GELU(), nn.Linear(_RATIO * width, width))


class Layer(nn.Module):
    """Pre-norm, residual: what mixes over time, then an MLP."""

    def __init__(self, mixer: nn.Module, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.RMSNorm(width), nn.RMSNorm(width)
        self.mixer, self.mlp = mixer, Mlp(width)

    def forward(self, x_BTD: Tensor) -> Tensor:
        x_BTD = x_BTD + self.mixer(self.before(x_BTD))
        out: Tensor = x_BTD + self.mlp(self.between(x_BTD))
        return out


class Looped(nn.Module):
    """One layer applied again and again, what came in added each time: depth without parameters."""

    def __init__(self, layer: Layer, loops: int) -> None:
        super().__init__()
        self.layer, self.loops = layer, loops

    def forward(self, x_BTD: Tensor) -> Tensor:
        y_BTD = torch.zeros_like(x_BTD)
        for _ in range(self.loops):
            y_BTD = self.layer(y_BTD + x_BTD)
        return y_BTD


class Tracker(nn.Module):
    """tokens (B, T), the steps where an answer is due (P,) -> (B, P, K).

    `steps` is the longest sequence that learned positions have rows for; later ones share the last row. `cuda`: it will
    be moved to a GPU.
    """

    def __init__(self, params: TrackerParams, vocabulary: int, answers: int, steps: int, cuda: bool = False) -> None:
        super().__init__()
        self.params = params
        self.embed = nn.Embedding(vocabulary, params.width)
        nn.init.normal_(self.embed.weight, std=0.5)
        self.position: nn.Parameter | None = None
        self.design = DESIGNS[params.kind]
        if self.design.positions:
            self.position = nn.Parameter(torch.randn(steps, params.width) * 0.1)
        self.backbone = self.design.backbone(params, cuda)
        self.norm = nn.RMSNorm(params.width) if self.design.norm else nn.Identity()
        self.read = nn.Linear(params.width, answers)

    def forward(self, tokens_BT: Tensor, where_P: Tensor) -> Tensor:
        x_BTD = self.embed(tokens_BT)
        if self.position is not None:
            place_T = torch.arange(tokens_BT.shape[1], device=tokens_BT.device)
            x_BTD = x_BTD + self.position[place_T.clamp_max(len(self.position) - 1)]
        found: Tensor = self.read(self.norm(self.backbone(x_BTD)[:, where_P]))
        return found

    def flops(self, steps: int) -> int:
        """Multiplications and additions in the forward pass of one example of `steps` tokens, by formula.

        Matrices, attention and scans; norms, activations and the embedding are left out.
        """
        params = self.params
        loops = params.layers if self.design.shared else 1
        matrices = sum(p.numel() for name, p in self.backbone.named_parameters() if p.ndim > 1)
        each_step = 2 * matrices * loops + params.layers * params.width * self.design.mixing(steps)
        return each_step * steps

    @property
    def parameters_count(self) -> int:
        """All that is learned."""
        return sum(p.numel() for p in self.parameters())


class Design(NamedTuple):
    """What makes one kind of tracker different from the others."""

    backbone: Callable[[TrackerParams, bool], nn.Module]
    """Parameters, and whether it will run on a GPU -> a module (B, T, D) -> (B, T, D)."""
    positions: bool = False
    """Learned positions are added to the embeddings."""
    norm: bool = True
    """A norm stands before the read-out."""
    shared: bool = False
    """One layer is applied `layers` times."""
    mixing: Callable[[int], int] = lambda steps: 3
    """Sequence length -> multiplications and additions of a step, layer and channel that are in no matrix."""


def _stack(mixer: Callable[[TrackerParams], nn.Module]) -> Callable[[TrackerParams, bool], nn.Module]:
    """A backbone of residual layers around a mixer."""
    return lambda params, cuda: nn.Sequential(*(Layer(mixer(params), params.width) for _ in range(params.layers)))


def _attention(params: TrackerParams) -> nn.Module:
    return Attention(params.width, params.heads, rotary=False)


def _looped(params: TrackerParams, cuda: bool) -> nn.Module:
    return Looped(Layer(_attention(params), params.width), params.layers)


def _two_a_step(steps: int) -> int:
    return 2 * steps


DESIGNS: Final[dict[Kind, Design]] = {
    "lstm": Design(lambda params, cuda: Lstm(params.width, params.layers), norm=False),
    "slstm": Design(_stack(lambda params: Slstm(params.width, params.heads))),
    "transformer": Design(_stack(_attention), positions=True, mixing=_two_a_step),
    "rotary": Design(_stack(lambda params: Attention(params.width, params.heads, rotary=True)), mixing=_two_a_step),
    "looped": Design(_looped, positions=True, shared=True, mixing=_two_a_step),
    "minlstm": Design(_stack(lambda params: MinLstm(params.width))),
    "mingru": Design(_stack(lambda params: MinGru(params.width))),
    "sum": Design(_stack(lambda params: Sum(params.width)), norm=False),
    "mamba": Design(lambda params, cuda: mamba(params.width, params.layers, cuda), mixing=lambda steps: 2 * 6 * _STATE),
}
"""The kinds of tracker. A new one is an entry here and a name in `Kind`."""
