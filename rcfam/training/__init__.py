"""Exact streaming backpropagation through time, optimisers, the loop and its checkpoints."""
