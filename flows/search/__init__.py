"""What `flows.tune` searches, how its trials are judged, and what is kept of them."""

from rcfam.errors import RcfamError


class TuneError(RcfamError):
    """The search cannot go on. The message is one line."""
