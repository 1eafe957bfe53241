"""Power laws with intervals, exponent over steps, wall-time crossovers, from a run table alone."""

from rcfam.scaling.analysis import PARTS, Analysis, FitParams, analyse
from rcfam.scaling.conclusions import conclusions
from rcfam.scaling.summary import no_law, summary, tables
from rcfam.scaling.table import Run, ScalingError, runs, without_diverged

__all__ = [
    "PARTS",
    "Analysis",
    "FitParams",
    "Run",
    "ScalingError",
    "analyse",
    "conclusions",
    "no_law",
    "runs",
    "summary",
    "tables",
    "without_diverged",
]
