"""Levenshtein's distance by its whole table."""


def distance(text: bytes, truth: bytes) -> int:
    """Insertions, deletions and replacements of single bytes that make `truth` of `text`."""
    above = list(range(len(truth) + 1))
    for done, byte in enumerate(text, 1):
        row = [done]
        for place, wanted in enumerate(truth):
            row.append(min(above[place] + (byte != wanted), above[place + 1] + 1, row[place] + 1))
        above = row
    return above[-1]
