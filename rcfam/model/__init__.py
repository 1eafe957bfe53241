"""The action model: heads that look at one frame, backbones that join frames over time."""

from rcfam.model.action import ActionModel, DataShape, ModelParams, build, parameter_count
from rcfam.model.frames import Frames, gather

__all__ = ["ActionModel", "DataShape", "Frames", "ModelParams", "build", "gather", "parameter_count"]
