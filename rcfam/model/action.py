"""The action model: a head looks at frames one by one, a backbone joins them over time, a vote over tokens ends it."""

# T steps, B streams, D width, V vocabulary

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.backbones import Backbone, LstmParams, State
from rcfam.model.cell import DIRECT_GLYPHS
from rcfam.model.conv import ConvParams
from rcfam.model.frames import DataShape as DataShape
from rcfam.model.frames import Frames
from rcfam.model.paper import PaperParams
from rcfam.model.rows import RowsParams

Head = RowsParams | ConvParams | PaperParams
"""What a parameter file may name as `model.head`."""

_MOVED = (
    "stands elsewhere now: write head: {kind: rows, ...} with the keys that `rows` had, and backbone: "
    "{kind: lstm, state: ..., projection: ...} or {kind: attention, heads: ..., positions: ...}"
)


@dataclass(frozen=True)
class ModelParams:
    """What looks at a frame, and what joins frames over time."""

    moved: ClassVar[dict[str, str]] = dict.fromkeys(
        ("state", "heads", "positions", "projection", "rows", "conv", "paper"), _MOVED
    )
    """Keys that former parameter files have here, and how to write them."""
    head: Head = field(default_factory=RowsParams)
    """What makes a vector of a frame."""
    backbone: Backbone = field(default_factory=LstmParams)
    """What joins the vectors over time."""
    width: Annotated[int, Range(1, 2**16)] = 96
    """Width of a frame's vector and of the backbone."""
    layers: Annotated[int, Range(1, 1_000)] = 2
    """Layers of the backbone."""
    mlp_ratio: Annotated[int, Range(1, 64)] = 4
    """Hidden width of the backbone's MLPs over `width`."""
    glyphs: Annotated[int, Range(DIRECT_GLYPHS + 1, 2**21)] = 512
    """Rows of the glyph table. The first 256 code points have a row each; the others share the rest by hash."""

    def __post_init__(self) -> None:
        check(self)
        self.backbone.demand(self.width)


class ActionModel(nn.Module):
    """Frames and a state -> the logits of the next token at every step, and the state after them."""

    def __init__(self, params: ModelParams, shape: DataShape) -> None:
        super().__init__()
        self.params = params
        self.head = params.head.build(params.width, params.glyphs, shape)
        self.backbone = params.backbone.build(params.width, params.layers, params.mlp_ratio)
        self.norm = nn.RMSNorm(params.width)
        self.vote = nn.Linear(params.width, shape.vocabulary, bias=False)
        nn.init.normal_(self.vote.weight, std=0.02)
        self.lower: torch.dtype | None = None

    def initial(self, streams: int) -> State:
        """The state before the first frame of `streams` windows."""
        return self.backbone.initial(streams)

    def advance(self, frames: Frames, state: State) -> tuple[Tensor, State]:
        """T steps of B streams and the state before -> features (T, B, D) without the vote, and the state after."""
        features_TBD, state = self.backbone(self.look(frames), state)
        return features_TBD, state

    def look(self, frames: Frames) -> Tensor:
        """The head alone: (T, B, D), as precise as the weights."""
        with self.cast():
            vectors_TBD: Tensor = self.head(frames)
        return vectors_TBD.to(self.vote.weight.dtype)

    def forward(self, frames: Frames, state: State) -> tuple[Tensor, State]:
        """Logits (T, B, V) and the state after the last frame."""
        features_TBD, state = self.advance(frames, state)
        return self.decide(features_TBD), state

    def decide(self, features_TBD: Tensor) -> Tensor:
        """Features -> logits (T, B, V)."""
        with self.cast():
            logits_TBV: Tensor = self.vote(self.norm(features_TBD))
        return logits_TBV.to(self.vote.weight.dtype)

    def cast(self) -> AbstractContextManager[object]:
        """Where this holds, head and vote multiply in `lower`, if there is one. The recurrence never does: its state
        crosses thousands of steps and takes a small part of the work.
        """
        return nullcontext() if self.lower is None else torch.autocast(self.vote.weight.device.type, self.lower)


def build(params: ModelParams, shape: DataShape, seed: int) -> ActionModel:
    """A fresh model; the same seed gives the same weights, and torch's own random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ActionModel(params, shape)


def parameter_count(model: nn.Module) -> int:
    """How many numbers training moves."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
