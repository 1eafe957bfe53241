"""Figures and tables in one self-contained page."""

from rcfam.report.beside import Reading, reading
from rcfam.report.charts import charts
from rcfam.report.figures import figure
from rcfam.report.material import LAW_TABLES, Material, ReportError, ReportParams
from rcfam.report.page import page
from rcfam.report.plots import template
from rcfam.report.replay import Sample

__all__ = [
    "LAW_TABLES",
    "Material",
    "Reading",
    "ReportError",
    "ReportParams",
    "Sample",
    "charts",
    "figure",
    "page",
    "reading",
    "template",
]
