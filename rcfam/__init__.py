"""rcfam: learning long-horizon action models from git history. The picture of the rooms is in ARCHITECTURE.md."""

__version__ = "0.1.0"
