"""What is asked of runs that training has left: scores on held-out windows, and the step that failed once more."""

from rcfam.trained.replay import Replay, replay
from rcfam.trained.scores import Scored, ScoredRun, metrics_of, score_places, score_runs

__all__ = ["Replay", "Scored", "ScoredRun", "metrics_of", "replay", "score_places", "score_runs"]
