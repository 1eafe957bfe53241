"""The base of every error that is the input's fault, not ours."""


class RcfamError(Exception):
    """Bad input. The message is one line that names the value and the bound; the command line prints it and exits 1."""
