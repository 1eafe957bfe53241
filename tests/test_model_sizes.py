"""Parameter counts against the paper's, FLOPs by formula against PyTorch's counter."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rcfam.model import presets
from rcfam.model.action import ActionModel, DataShape, ModelParams, build, parameter_count
from rcfam.model.flops import flops_of
from rcfam.model.frames import gather
from tests.oracles.backpropagation import ATTRIBUTES, HEADS, SMALL, shape, typed_windows


def meta_model(params: ModelParams, where: DataShape) -> ActionModel:
    with torch.device("meta"):
        return ActionModel(params, where)


@pytest.mark.parametrize(
    ("params", "published"),
    [
        (presets.paper(3), 82e6),
        (presets.paper(6), 103e6),
        (presets.paper(12), 145e6),
        (presets.paper(3, head_width=1024, width=4096), 737e6),
    ],
)
def test_published_parameter_counts(params: ModelParams, published: float) -> None:
    where = DataShape(presets.PAPER_ROWS, presets.PAPER_COLUMNS, presets.PAPER_VOCABULARY, ATTRIBUTES)
    assert parameter_count(meta_model(params, where)) == pytest.approx(published, rel=0.02)


def test_small_presets_are_small() -> None:
    where = DataShape(24, 80, 1024, ATTRIBUTES)
    assert parameter_count(build(presets.tiny(), where, 0)) < 150_000
    assert parameter_count(build(presets.small(), where, 0)) < 1_200_000


@pytest.mark.parametrize("backbone", ["lstm", "attention", "sum"])
@pytest.mark.parametrize("head", list(HEADS))
def test_flops_equal_the_counter(head: str, backbone: str) -> None:
    params = replace(SMALL, backbone=backbone, **HEADS[head])
    model = build(params, shape(), 0)
    batch = typed_windows(8, 2, seed=1)
    frames = gather(batch.cells_TBRC, batch.cursors_TB3)
    # Without oneDNN and fused attention everything is made of products that the counter sees.
    plain = torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH)
    with plain[0], plain[1], FlopCounterMode(display=False) as counter:
        model(frames, model.initial(2))
    expected = flops_of(params, shape(), length=8, distinct_rows=len(frames.rows_UC) / 16)
    assert counter.get_total_flops() / 16 == pytest.approx(expected.total, rel=0.01)


def test_main_model_share_of_the_paper() -> None:
    """ "About 6 %" of the FLOPs in the main model does not follow from the paper's own formulas: it is below 0.1 %."""
    where = DataShape(presets.PAPER_ROWS, presets.PAPER_COLUMNS, presets.PAPER_VOCABULARY, ATTRIBUTES)
    flops = flops_of(presets.paper(3), where, length=1024)
    assert flops.head == pytest.approx(523e9, rel=0.02)
    assert flops.backbone / flops.total < 1e-3
    # It does follow when 1,024 frames of main model are set against one frame of head.
    assert 1024 * flops.backbone / (1024 * flops.backbone + flops.head) == pytest.approx(0.07, abs=0.015)


def test_training_flops_count_the_second_forward() -> None:
    flops = flops_of(presets.tiny(), DataShape(24, 80, 512, np.zeros((1, 3), np.uint32)), 16)
    assert flops.training == pytest.approx(4 * (flops.head + flops.backbone) + 3 * flops.vote)
