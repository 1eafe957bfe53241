"""Parameter counts against the paper's, FLOPs by formula against PyTorch's counter."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from rcfam.model.action import ActionModel, DataShape, ModelParams, build, parameter_count
from rcfam.model.flops import counted, flops_of
from rcfam.model.frames import gather
from tests.support import parameters
from tests.support.oracles.backpropagation import ATTRIBUTES, BACKBONES, HEADS, SMALL, shape, typed_windows

COUNTS = {  # published, or the most that a small one may have
    "paper-82m": 82e6,
    "paper-103m": 103e6,
    "paper-145m": 145e6,
    "paper-737m": 737e6,
    "small": 3e6,
    "default": 0.6e6,
    "tiny": 0.15e6,
    "study-tiny": 0.15e6,
}


def preset(name: str) -> tuple[ModelParams, DataShape]:
    """A preset's model and the grid and vocabulary it is for."""
    sections = parameters.preset(name)
    where = DataShape(
        sections["render"]["rows"], sections["render"]["columns"], sections["tokenize"]["size"], ATTRIBUTES
    )
    return parameters.preset_section(name, "model", ModelParams), where


def test_no_preset_is_left_uncounted() -> None:
    assert set(parameters.PRESETS) == set(COUNTS)


@pytest.mark.parametrize("name", list(COUNTS))
def test_parameter_counts(name: str) -> None:
    """On the meta device: no memory is taken."""
    with torch.device("meta"):
        count = parameter_count(ActionModel(*preset(name)))
    if name.startswith("paper"):
        assert count == pytest.approx(COUNTS[name], rel=0.02)
    else:
        assert count < COUNTS[name]


@pytest.mark.parametrize("name", ["paper-737m", "small", "default", "tiny"])  # the 82M below
def test_flops_of_presets_equal_the_counter(name: str) -> None:
    params, where = preset(name)
    expected, found = flops_of(params, where, 4, 2.5), counted(params, where, 4, 2.5)
    for part, other in zip(expected, found, strict=True):
        assert part == pytest.approx(other, rel=0.01)


@pytest.mark.parametrize("backbone", list(BACKBONES))
@pytest.mark.parametrize("head", list(HEADS))
def test_flops_equal_the_counter(head: str, backbone: str) -> None:
    params = replace(SMALL, backbone=BACKBONES[backbone], head=HEADS[head])
    model = build(params, shape(), 0)
    batch = typed_windows(8, 2, seed=1)
    frames = gather(batch.cells_TBRC, batch.cursors_TB3)
    # Without oneDNN and fused attention everything is made of products that the counter sees.
    plain = torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH)
    with plain[0], plain[1], FlopCounterMode(display=False) as counter:
        model(frames, model.initial(2))
    expected = flops_of(params, shape(), length=8, distinct_rows=len(frames.rows_UC) / 16)
    assert counter.get_total_flops() / 16 == pytest.approx(expected.total, rel=0.01)


def test_the_main_models_share_in_the_paper() -> None:
    """ "About 6 %" of the FLOPs in the main model does not follow from the paper's own formulas: it is below 0.1 %."""
    for flops in (flops_of(*preset("paper-82m"), length=1024), counted(*preset("paper-82m"), length=1)):
        assert flops.head == pytest.approx(523e9, rel=0.02)
        assert flops.backbone / flops.total < 1e-3
        # It does follow when 1,024 frames of main model are set against one frame of head.
        assert 1024 * flops.backbone / (1024 * flops.backbone + flops.head) == pytest.approx(0.07, abs=0.015)


def test_training_flops_count_the_second_forward() -> None:
    flops = flops_of(*preset("tiny"), length=16)
    assert flops.training == pytest.approx(4 * (flops.head + flops.backbone) + 3 * flops.vote)
