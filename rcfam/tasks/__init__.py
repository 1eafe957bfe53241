"""Synthetic diagnostics that force serial computation."""
