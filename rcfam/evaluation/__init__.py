"""Metrics of a model over held-out windows."""
