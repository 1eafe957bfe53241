"""Heads, backbones and the action model that joins them."""
