"""From a shell line to commands: bash's quoting, `;` and `&&`, redirections. Nothing is expanded but a leading `~`."""

import re
from dataclasses import dataclass, field


class Incomplete(Exception):  # noqa: N818 - not an error: the line goes on
    """A quote is still open or the line ends in a backslash: bash would ask for more."""


class Syntax(Exception):  # noqa: N818 - shown to the person at the prompt, never raised to a caller
    """What bash would complain of: the token it did not expect."""


@dataclass
class Command:
    words: list[str] = field(default_factory=list)
    target: str | None = None
    """where the output goes, None for the screen"""
    append: bool = False
    needs_success: bool = False
    """joined to the command before by &&"""

    @property
    def empty(self) -> bool:
        """A redirection without a command is one all the same: it empties the file."""
        return not self.words and self.target is None


def parse(line: str) -> list[Command]:
    """The commands of a line. Raises Incomplete or Syntax."""
    commands = [Command()]
    redirect = ""
    for token, plain in _tokens(line):
        current = commands[-1]
        if plain and token in (";", "&&", "\n"):
            if redirect or (current.empty and token != "\n"):
                raise Syntax("newline" if token == "\n" else token)
            if not current.empty:
                commands.append(Command(needs_success=token == "&&"))
        elif plain and token in (">", ">>"):
            if redirect:
                raise Syntax(token)
            redirect = token
        elif plain and token[0] in "|&<()":
            raise Syntax(token)
        elif redirect:
            if current.target is not None:  # a file that only the last redirection's output misses
                commands.insert(-1, Command([], current.target, current.append, current.needs_success))
            current.target, current.append, redirect = token, redirect == ">>", ""
        else:
            current.words.append(token)
    if redirect:
        raise Syntax("newline")
    if commands[-1].empty:
        if commands[-1].needs_success:
            raise Incomplete
        commands.pop()
    return commands


def _tokens(line: str) -> list[tuple[str, bool]]:
    """Words and operators; the flag is true for operators."""
    tokens: list[tuple[str, bool]] = []
    word: list[str] | None = None
    i = 0
    end = len(line)
    while i < end:
        c = line[i]
        i += 1
        if c in " \t\n;&|<>()":
            if word is not None:
                tokens.append(("".join(word), False))
                word = None
            if c in " \t":
                continue
            if c in "&>|" and line[i : i + 1] == c:
                c += c
                i += 1
            tokens.append((c, True))
        elif c == "#" and word is None:
            i = line.find("\n", i)
            i = end if i < 0 else i
        else:
            quoted, i = _quoted(line, c, i)
            if word is None:
                word = []
                if c == "~" and (i == end or line[i] in "/ \t\n;&>"):
                    quoted = _HOME
            word.append(quoted)
    if word is not None:
        tokens.append(("".join(word), False))
    return tokens


_HOME = "\0home"
"""stands for a leading unquoted ~ until the path is resolved; NUL cannot be typed into a word"""


def _quoted(line: str, c: str, i: int) -> tuple[str, int]:
    """The literal text that begins with `c` at i - 1, and where it ends."""
    if c == "\\":
        if i >= len(line):
            raise Incomplete
        return ("" if line[i] == "\n" else line[i]), i + 1
    if c == "'":
        close = line.find("'", i)
        if close < 0:
            raise Incomplete
        return line[i:close], close + 1
    if c != '"':
        return c, i
    out: list[str] = []
    while True:
        if i >= len(line):
            raise Incomplete
        c = line[i]
        i += 1
        if c == '"':
            return "".join(out), i
        if c == "\\" and i < len(line) and line[i] in '"\\$`\n':
            if line[i] != "\n":
                out.append(line[i])
            i += 1
        else:
            out.append(c)


def home_path(word: str) -> str | None:
    """The path below the root where `word` began with an unquoted ~, else None."""
    return word.removeprefix(_HOME).lstrip("/") if word.startswith(_HOME) else None


def shown(word: str) -> str:
    """The word as messages show it."""
    return word.replace(_HOME, "/home/user/repo")


def waits(text: str) -> bool:
    """Whether an incomplete text ends in `&&` and waits for a command, rather than for a quote to close."""
    try:
        parse(text + " true")
    except (Incomplete, Syntax):
        return False
    return True


_SPECIAL = re.compile(r"""[ !"$&'()*;<=>?\[\\^`|]|^[#~]|^[{}]$""")
_ODD = re.compile("[\0-\x1f\x7f\udc80-\udcff]+")
_ESCAPES = {"\a": r"\a", "\b": r"\b", "\t": r"\t", "\n": r"\n", "\v": r"\v", "\f": r"\f", "\r": r"\r"}


def quoted(word: str, always: bool = True) -> str:
    """A word as the core utilities show it on a terminal: in quotes where it needs them, or `always`."""
    word = shown(word)
    if not _ODD.search(word):
        if word and not always and not _SPECIAL.search(word):
            return word
        if "'" in word and not re.search(r'["$`\\!]', word):
            return f'"{word}"'
        return _in_quotes(word)
    parts, at = [], 0
    for odd in _ODD.finditer(word):
        parts += [_in_quotes(word[at : odd.start()]) if odd.start() > at or at == 0 else "", _escaped(odd[0])]
        at = odd.end()
    return "".join(parts) + (_in_quotes(word[at:]) if at < len(word) else "")


def _in_quotes(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str) -> str:
    return "$'" + "".join(_ESCAPES.get(c) or f"\\{ord(c) & 0xFF:03o}" for c in text) + "'"
