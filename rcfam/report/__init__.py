"""Figures and tables in one self-contained page."""
