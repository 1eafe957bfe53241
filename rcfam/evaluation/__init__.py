"""What a model does on held-out windows. It takes a model, not a path."""

from rcfam.evaluation.measuring import Measured, measure
from rcfam.evaluation.scoring import EvaluateParams, Evaluation, Scores, evaluate, loss_in_pieces

__all__ = ["EvaluateParams", "Evaluation", "Measured", "Scores", "evaluate", "loss_in_pieces", "measure"]
