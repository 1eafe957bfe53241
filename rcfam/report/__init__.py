"""Figures and tables in one self-contained page."""

from rcfam.report.charts import charts
from rcfam.report.figures import figure
from rcfam.report.inputs import LAW_TABLES, Inputs, ReportError, ReportParams
from rcfam.report.page import page
from rcfam.report.paper_comparison import Comparison, reading
from rcfam.report.plots import template
from rcfam.report.replay import Sample

__all__ = [
    "LAW_TABLES",
    "Comparison",
    "Inputs",
    "ReportError",
    "ReportParams",
    "Sample",
    "charts",
    "figure",
    "page",
    "reading",
    "template",
]
