"""Texts that fit one screen: what the study `fully-observable` types (the paper's appendix G)."""

from typing import Final

import numpy as np

# Words of Cicero's De finibus, book I.
_TEXT: Final = """
sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium totam rem aperiam
eaque ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae dicta sunt explicabo nemo enim ipsam
quia voluptas aspernatur aut odit fugit consequuntur magni dolores eos qui ratione sequi nesciunt neque porro
quisquam est dolorem ipsum dolor amet consectetur adipisci velit non numquam eius modi tempora incidunt labore
dolore magnam aliquam quaerat ad minima veniam quis nostrum exercitationem ullam corporis suscipit laboriosam nisi
aliquid ex ea commodi consequatur autem vel eum iure reprehenderit in voluptate esse quam nihil molestiae illum quo
nulla pariatur
"""
WORDS: Final = tuple(_TEXT.split())
SENTENCE: Final = (5, 14)
"""Words of a sentence, fewest and most."""


def paragraphs(count: int, rows: int, columns: int, seed: int) -> list[str]:
    """`count` texts of at most `rows` lines of at most `columns` characters each; no word is broken."""
    random = np.random.default_rng(seed)
    return [_paragraph(int(random.integers(rows // 2, rows + 1)), columns, random) for _ in range(count)]


def _paragraph(rows: int, columns: int, random: np.random.Generator) -> str:
    lines: list[str] = []
    line = ""
    while True:
        words = random.choice(WORDS, int(random.integers(SENTENCE[0], SENTENCE[1] + 1))).tolist()
        words[0] = words[0].capitalize()
        words[-1] += "."
        for word in words:
            if line and len(line) + 1 + len(word) > columns:
                lines.append(line)
                line = ""
                if len(lines) == rows:
                    return "\n".join(lines) + "\n"
            line += f" {word}" if line else word
