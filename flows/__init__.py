"""Prefect flows and Optuna search over the same `rcfam` verbs that DVC runs."""
