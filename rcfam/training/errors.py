"""What can go wrong in training that is not a bug."""

from rcfam.errors import RcfamError


class TrainingError(RcfamError):
    """A run that cannot go on; the message names step and value."""


class CheckpointError(RcfamError):
    """A checkpoint that cannot be taken up; the message names the file and what differs."""
