"""What can be wrong with a repository."""

from rcfam.errors import RcfamError


class HistoryError(RcfamError):
    """A repository, revision or address that cannot be used; one line that names it."""
