"""Tools for finished runs: scores on held-out windows, and the replay of a step that failed."""

from rcfam.trained.replay import Replay, replay
from rcfam.trained.scores import Scored, ScoredRun, metrics_of, score_places, score_runs

__all__ = ["Replay", "Scored", "ScoredRun", "metrics_of", "replay", "score_places", "score_runs"]
