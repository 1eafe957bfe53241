"""A case-aware vocabulary and greedy longest match: keystrokes to tokens and back (paper, section 7)."""

from rcfam.tokenizer.training import TokenizeParams, train
from rcfam.tokenizer.vocabulary import Encoder, Tokenizer, TokenizerError

__all__ = ["Encoder", "TokenizeParams", "Tokenizer", "TokenizerError", "train"]
