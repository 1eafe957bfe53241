"""Power laws, their intervals, and wall-time crossovers: from a run table, importing nothing that trains."""
