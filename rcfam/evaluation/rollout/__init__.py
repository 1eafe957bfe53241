"""The model at the keyboard: it sees the frame, its token's keys drive the terminal, and the next frame follows."""

from rcfam.evaluation.rollout.held_out import RolloutParams, Rollouts, rollouts
from rcfam.evaluation.rollout.starts import RolloutError

__all__ = ["RolloutError", "RolloutParams", "Rollouts", "rollouts"]
