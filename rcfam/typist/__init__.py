"""The teacher: turns a commit into keystrokes."""

from rcfam.typist.typist import Typist, TypistParams

__all__ = ["Typist", "TypistParams"]
