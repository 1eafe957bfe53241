"""Exact streaming training: gradients, optimisers, the loop, checkpoints, the run table."""

from rcfam.training.diloco import OuterParams
from rcfam.training.distributed import Ranks
from rcfam.training.errors import CheckpointError, TrainingError
from rcfam.training.loop import TrainParams
from rcfam.training.optimiser import OptimiserParams
from rcfam.training.run import Job, TrainingData, load_model, run
from rcfam.training.streaming import gradients
from rcfam.training.study import StudyParams, seed_folder, train_length, train_together

__all__ = [
    "CheckpointError",
    "Job",
    "OptimiserParams",
    "OuterParams",
    "Ranks",
    "StudyParams",
    "TrainParams",
    "TrainingData",
    "TrainingError",
    "gradients",
    "load_model",
    "run",
    "seed_folder",
    "train_length",
    "train_together",
]
