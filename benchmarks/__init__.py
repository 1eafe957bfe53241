"""Each module here shows one claim: python -m benchmarks.NAME [--json]."""
