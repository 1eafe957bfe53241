"""The environment: keystroke in, frame out. It knows nothing of git, of the teacher or of recordings."""

from rcfam.terminal.terminal import Terminal

__all__ = ["Terminal"]
