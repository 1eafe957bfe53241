"""What can be wrong with a task's parameters or files."""

from rcfam.errors import RcfamError


class TaskError(RcfamError):
    """A task that cannot be made or trained as asked for."""
