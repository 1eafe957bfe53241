"""Sequence models behind one signature: `model(tokens_BT, where_P) -> answers_BPK`.

An embedding, a backbone (B, T, D) -> (B, T, D), a linear read-out of the steps where an answer is due. No backbone
looks ahead, so one example can be fed longer than another without harm.
"""

# B examples, T steps, P answers, K numbers an answer, D width

from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.tasks.tracking.attention import Attention
from rcfam.tasks.tracking.linear import MinGru, MinLstm, Sum, mamba
from rcfam.tasks.tracking.recurrent import Lstm, Slstm

Kind = Literal["lstm", "slstm", "transformer", "rotary", "looped", "minlstm", "mingru", "sum", "mamba"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
RECURRENT: Final = ("lstm", "slstm")  # no bound on the serial steps that they can take
_RATIO: Final = 4  # of the MLP
_STATE: Final = 16  # of Mamba, for each of 2 D channels


@dataclass(frozen=True)
class TrackerParams:
    """One model."""

    kind: Kind = "lstm"
    layers: Annotated[int, Range(1, 256)] = 1
    """For `looped`: how often its one layer is applied."""
    width: Annotated[int, Range(2, 2**16)] = 256
    heads: Annotated[int, Range(1, 1_024)] = 4

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
        if params.kind in ("transformer", "looped"):
            self.position = nn.Parameter(torch.randn(steps, params.width) * 0.1)
        self.backbone = _backbone(params, cuda)
        self.norm = nn.RMSNorm(params.width) if params.kind not in ("lstm", "sum") else nn.Identity()
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
        loops = params.layers if params.kind == "looped" else 1
        matrices = sum(p.numel() for name, p in self.backbone.named_parameters() if p.ndim > 1)
        mixing = {"transformer": 2 * steps, "rotary": 2 * steps, "looped": 2 * steps, "mamba": 2 * 6 * _STATE}
        each_step = 2 * matrices * loops + params.layers * params.width * mixing.get(params.kind, 3)
        return each_step * steps

    @property
    def parameters_count(self) -> int:
        """All that is learned."""
        return sum(p.numel() for p in self.parameters())


def _backbone(params: TrackerParams, cuda: bool) -> nn.Module:
    kind, width, layers = params.kind, params.width, params.layers
    if kind == "lstm":
        return Lstm(width, layers)
    if kind == "mamba":
        return mamba(width, layers, cuda)
    if kind == "looped":
        return Looped(Layer(Attention(width, params.heads, rotary=False), width), layers)
    return nn.Sequential(*(Layer(_mixer(params), width) for _ in range(layers)))


def _mixer(params: TrackerParams) -> nn.Module:
    match params.kind:
        case "slstm":
            return Slstm(params.width, params.heads)
        case "minlstm":
            return MinLstm(params.width)
        case "mingru":
            return MinGru(params.width)
        case "sum":
            return Sum(params.width)
        case _:
            return Attention(params.width, params.heads, rotary=params.kind == "rotary")
