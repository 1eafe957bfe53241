"""What joins frames over time.

One signature each: `initial(streams) -> state`, `backbone(x_TBD, state) -> (x_TBD, state)`, and `remember(x_TBD,
state) -> state`, which leaves out what no state depends on: most of the last layer.

A state is a tuple of tensors: everything that later steps may know of earlier ones. Feeding a sequence in pieces and
handing the state on gives what feeding it whole gives, and gradients pass through the state; streaming training rests
on that.
"""

# T steps, B streams, D width, S remembered steps

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.blocks import Mlp, join_heads, lstm_flops, split_heads

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class LstmParams:
    """Residual layers of LSTM and MLP, the paper's main sequence model."""

    kind: ClassVar[str] = "lstm"
    constant_state: ClassVar[bool] = True
    """Whether the state has the same size after any number of steps."""
    state: Literal["learned", "zero"] = "learned"
    """The state before the first step."""
    projection: bool = False
    """A square matrix after each LSTM."""

    def build(self, width: int, layers: int, ratio: int) -> "LstmStack":
        """A fresh backbone."""
        return LstmStack(width, layers, ratio, self.state, self.projection)

    def demand(self, width: int) -> None:
        """Raise ValueError for a width that the layers cannot have."""

    def flops(self, width: int, length: int) -> float:
        """Forward FLOPs of one layer and step without its MLP, on average over a window of `length` steps."""
        return lstm_flops(width, width) + (2.0 * width**2 if self.projection else 0.0)

    @classmethod
    def small(cls) -> "LstmParams":
        """For tests."""
        return cls(projection=True)


@dataclass(frozen=True)
class AttentionParams:
    """Causal transformer layers with learned positions (the paper's appendix E)."""

    kind: ClassVar[str] = "attention"
    constant_state: ClassVar[bool] = False
    heads: Annotated[int, Range(1, 1_024)] = 4
    """Attention heads; must divide the width."""
    positions: Annotated[int, Range(1, 2**24)] = 512
    """Learned positions. Later steps share the last one."""

    def __post_init__(self) -> None:
        check(self)

    def build(self, width: int, layers: int, ratio: int) -> "AttentionStack":
        """A fresh backbone."""
        return AttentionStack(width, layers, ratio, self.heads, self.positions)

    def demand(self, width: int) -> None:
        """Raise ValueError for a width that the layers cannot have."""
        if width % self.heads:
            raise ValueError(f"backbone.heads: {self.heads} does not divide width {width}")

    def flops(self, width: int, length: int) -> float:
        """Forward FLOPs of one layer and step without its MLP, on average over a window of `length` steps.

        The whole square of attention is computed; half of it is masked.
        """
        return 8.0 * width**2 + 4.0 * length * width

    @classmethod
    def small(cls) -> "AttentionParams":
        """For tests."""
        return cls(heads=2, positions=9)


@dataclass(frozen=True)
class SumParams:
    """Layers whose only memory is a sum over time, the paper's "cross-temporal sum"."""

    kind: ClassVar[str] = "sum"
    constant_state: ClassVar[bool] = True

    def build(self, width: int, layers: int, ratio: int) -> "SumStack":
        """A fresh backbone."""
        return SumStack(width, layers, ratio)

    def demand(self, width: int) -> None:
        """Raise ValueError for a width that the layers cannot have."""

    def flops(self, width: int, length: int) -> float:
        """Forward FLOPs of one layer and step without its MLP, on average over a window of `length` steps."""
        return 4.0 * width**2

    @classmethod
    def small(cls) -> "SumParams":
        """For tests."""
        return cls()


Backbone = LstmParams | AttentionParams | SumParams
"""What a parameter file may name as `model.backbone`."""


class LstmStack(nn.Module):
    """Residual layers of LSTM then MLP, pre-norm (the paper's main sequence model).

    State: (h, c) of each layer, (B, D) each.
    """

    zero: Tensor

    def __init__(
        self, width: int, layers: int, ratio: int, initial: Literal["learned", "zero"], projection: bool
    ) -> None:
        super().__init__()
        self.norm = nn.ModuleList(nn.RMSNorm(width) for _ in range(layers))
        self.lstm = nn.ModuleList(_lstm(width) for _ in range(layers))
        self.mlp = nn.ModuleList(Mlp(width, ratio) for _ in range(layers))
        self.project = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(layers if projection else 0))
        state = torch.zeros(2 * layers, width)
        self.start: nn.Parameter | None = nn.Parameter(state) if initial == "learned" else None
        self.register_buffer("zero", state.clone(), persistent=False)

    def initial(self, streams: int) -> State:
        """The state before the first step of `streams` windows."""
        start = self.zero if self.start is None else self.start
        return tuple(part.expand(streams, -1).contiguous() for part in start.unbind())

    def forward(self, x_TBD: Tensor, state: State) -> tuple[Tensor, State]:
        """(T, B, D) and the state before -> (T, B, D) and the state after the last step."""
        return self._through(x_TBD, state, len(self.norm))

    def remember(self, x_TBD: Tensor, state: State) -> State:
        """The state after the last step alone."""
        return self._through(x_TBD, state, len(self.norm) - 1)[1]

    def _through(self, x_TBD: Tensor, state: State, whole: int) -> tuple[Tensor, State]:
        """Through `whole` layers, and through those after them only so far that their state is known."""
        out: list[Tensor] = []
        for layer, (norm, lstm, mlp) in enumerate(zip(self.norm, self.lstm, self.mlp, strict=True)):
            h, c = state[2 * layer][None], state[2 * layer + 1][None]
            y_TBD, (h, c) = lstm(norm(x_TBD), (h, c))
            out += [h[0], c[0]]
            if layer < whole:
                x_TBD = mlp(x_TBD + (self.project[layer](y_TBD) if self.project else y_TBD))
        return x_TBD, tuple(out)


class AttentionStack(nn.Module):
    """Causal transformer layers with learned positions (the paper's appendix E).

    State: keys and values of every earlier piece, so it grows with time, as attention's memory does. Layer l's pieces
    stand at l, l + layers, ...; a piece is (2, B, heads, steps, D / heads).
    """

    def __init__(self, width: int, layers: int, ratio: int, heads: int, positions: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Parameter(torch.randn(positions, width) * 0.02)
        self.norm = nn.ModuleList(nn.RMSNorm(width) for _ in range(layers))
        self.qkv = nn.ModuleList(nn.Linear(width, 3 * width, bias=False) for _ in range(layers))
        self.project = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(layers))
        self.mlp = nn.ModuleList(Mlp(width, ratio) for _ in range(layers))

    def initial(self, streams: int) -> State:
        """Nothing is remembered before the first step."""
        return ()

    def forward(self, x_TBD: Tensor, state: State) -> tuple[Tensor, State]:
        """(T, B, D) and the earlier pieces -> (T, B, D) and all pieces.

        Positions past the last learned one share it.
        """
        return self._through(x_TBD, state, len(self.norm))

    def remember(self, x_TBD: Tensor, state: State) -> State:
        """The state after the last step alone."""
        return self._through(x_TBD, state, len(self.norm) - 1)[1]

    def _through(self, x_TBD: Tensor, state: State, whole: int) -> tuple[Tensor, State]:
        """Through `whole` layers, and through those after them only so far that their state is known."""
        layers = len(self.norm)
        past = sum(piece.shape[3] for piece in state[::layers])
        place_T = torch.arange(past, past + len(x_TBD), device=x_TBD.device)
        x_BTD = (x_TBD + self.position[place_T.clamp_max(len(self.position) - 1), None]).transpose(0, 1)
        seen_TS = torch.arange(past + len(x_TBD), device=x_TBD.device) <= place_T[:, None]
        pieces: list[Tensor] = []
        for layer in range(layers):
            q, k, v = (
                split_heads(part, self.heads) for part in self.qkv[layer](self.norm[layer](x_BTD)).chunk(3, dim=-1)
            )
            pieces.append(torch.stack([k, v]))
            if layer >= whole:
                continue
            keys, values = torch.cat([*state[layer::layers], pieces[-1]], dim=3)
            mixed = nn.functional.scaled_dot_product_attention(q, keys, values, attn_mask=seen_TS)
            x_BTD = self.mlp[layer](x_BTD + self.project[layer](join_heads(mixed)))
        return x_BTD.transpose(0, 1), state + tuple(pieces)


class SumStack(nn.Module):
    """Layers whose only memory is a sum over time (the paper's "cross-temporal sum").

    State: the sums, (B, D), and a count (B, 1).
    """

    zero: Tensor

    def __init__(self, width: int, layers: int, ratio: int) -> None:
        super().__init__()
        self.norm = nn.ModuleList(nn.RMSNorm(width) for _ in range(layers))
        self.value = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(layers))
        self.project = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(layers))
        self.mlp = nn.ModuleList(Mlp(width, ratio) for _ in range(layers))
        self.register_buffer("zero", torch.zeros(width), persistent=False)

    def initial(self, streams: int) -> State:
        """Nothing is summed before the first step."""
        zero = self.zero.expand(streams, -1).contiguous()
        return (*(zero for _ in self.norm), zero[:, :1])

    def forward(self, x_TBD: Tensor, state: State) -> tuple[Tensor, State]:
        """(T, B, D) and the sums before -> (T, B, D) and the sums after the last step.

        Each sum is divided by the square root of its length, so that its size does not grow with time.
        """
        return self._through(x_TBD, state, len(self.norm))

    def remember(self, x_TBD: Tensor, state: State) -> State:
        """The state after the last step alone."""
        return self._through(x_TBD, state, len(self.norm) - 1)[1]

    def _through(self, x_TBD: Tensor, state: State, whole: int) -> tuple[Tensor, State]:
        """Through `whole` layers, and through those after them only so far that their state is known."""
        *sums, count = state
        count_TB1 = count + torch.arange(1, len(x_TBD) + 1, device=count.device, dtype=count.dtype)[:, None, None]
        out: list[Tensor] = []
        for layer, sum_BD in enumerate(sums):
            sum_TBD = sum_BD + self.value[layer](self.norm[layer](x_TBD)).cumsum(0)
            out.append(sum_TBD[-1])
            if layer < whole:
                x_TBD = self.mlp[layer](x_TBD + self.project[layer](sum_TBD * count_TB1.rsqrt()))
        return x_TBD, (*out, count_TB1[-1])


def _lstm(width: int) -> nn.LSTM:
    lstm = nn.LSTM(width, width)
    gates = lstm.get_parameter("bias_ih_l0").detach().view(4, width)  # input, forget, cell, output
    gates[1] = 1.0  # the forget gate starts open
    return lstm
