"""Windows of frames and tokens: an index, a split, and deterministic sampling."""
