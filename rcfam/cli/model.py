"""`rcfam flops`: what the model of a parameter file weighs and costs."""

from pathlib import Path
from typing import Annotated

import typer

from rcfam.cli.params import DEFAULT, Parameters, SettingsOption
from rcfam.printable import say


def flops(
    path: Annotated[Path, typer.Argument(help="The parameter file.")] = DEFAULT,
    settings: SettingsOption = None,
    distinct: Annotated[
        float | None, typer.Option("--distinct", min=0, help="Rows of a frame that are new to its chunk; else all.")
    ] = None,
) -> None:
    """Parameters and forward FLOPs a frame, by formula and by PyTorch's counter, with the main model's share.

    Reads sizes alone: grid from `render`, vocabulary from `tokenize`, the model, and the study's greatest length.
    """
    import numpy as np
    import torch

    from rcfam.model import ActionModel, DataShape, ModelParams, parameter_count
    from rcfam.model.flops import counted, flops_of
    from rcfam.rendering import RenderParams
    from rcfam.tokenizer import TokenizeParams
    from rcfam.tokenizer.vocabulary import MULTIPLE
    from rcfam.training import StudyParams

    parameters = Parameters(path, settings, "render", "tokenize", "model", "study")
    grid = parameters.section("render", RenderParams)
    vocabulary = -(-parameters.section("tokenize", TokenizeParams).size // MULTIPLE) * MULTIPLE
    model = parameters.section("model", ModelParams)
    length = max(parameters.section("study", StudyParams).lengths)
    shape = DataShape(grid.rows, grid.columns, vocabulary, np.zeros((1, 3), np.uint32))
    with torch.device("meta"):
        weights = parameter_count(ActionModel(model, shape))
    say(f"{model.head.kind} head, {model.backbone.kind}: {weights:,} parameters")
    say(f"{grid.rows} x {grid.columns} cells, vocabulary {vocabulary:,}, windows of {length:,}")
    formula, found = flops_of(model, shape, length, distinct), counted(model, shape, length, distinct)
    say("forward FLOPs a frame           formula            counted      share")
    for name, one, other in zip(("head", "main model", "vote"), formula, found, strict=True):
        say(f"{name:16}{one:23,.0f}{other:19,.0f}{one / formula.total:11.3%}")
    say(f"{'together':16}{formula.total:23,.0f}{found.total:19,.0f}")
    beside = length * formula.backbone / (length * formula.backbone + formula.head)
    say(f"one step of training, a frame: {formula.training:,.0f}")
    say(f"{length:,} frames of the main model beside ONE frame of head: {beside:.1%}")
