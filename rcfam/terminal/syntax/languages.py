"""The languages that the lexer knows, in vim's default colours."""

from typing import Final

from rcfam.terminal.syntax.c import CPP, CSHARP, GO, JAVA, JAVASCRIPT, KOTLIN, RUST, TYPESCRIPT, C
from rcfam.terminal.syntax.scripts import HASKELL, LUA, PERL, PHP, PYTHON, RUBY, SHELL, SQL, VIM
from rcfam.terminal.syntax.texts import (
    COMMIT,
    CSS,
    DIFF,
    DOCKER,
    HTML,
    IGNORE,
    INI,
    JSON,
    MAKE,
    MARKDOWN,
    TOML,
    XML,
    YAML,
)

LANGUAGES: Final = (
    PYTHON, C, CPP, JAVASCRIPT, TYPESCRIPT, JAVA, KOTLIN, CSHARP, GO, RUST, RUBY, SHELL, LUA,
    PHP, SQL, HTML, XML, CSS, JSON, YAML, TOML, INI, IGNORE, MAKE, MARKDOWN, VIM, HASKELL, PERL, DIFF,
    COMMIT, DOCKER,
)  # fmt: skip
"""Numbered from 1 in this order; the first whose pattern matches a name is its language."""
