"""The slow, obvious lexer: plain data, strings, regular expressions; and the coloured window from nothing."""

import re

from rcfam.terminal import attributes as A
from rcfam.terminal import state as S
from rcfam.terminal import widths
from rcfam.terminal.cells import GLYPH_MASK
from rcfam.terminal.state import State
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.languages import LANGUAGES
from rcfam.terminal.syntax.lexer import SYNC_LINES
from rcfam.terminal.syntax.rules import Language, Region
from tests.support.oracles.editor_screen import lines_of, shapes

# What is open at a line's end: () nothing, (region, depth), (region, strip, name) of a here-document, or
# ("base", colour, quiet)
Open = tuple[int | str | bool, ...]
LONGEST = 3000


class Lexer:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.switch = dict.fromkeys(range(T.FOLD, T.REGIONS), 0) | language.switches
        self.words: dict[str, int] = {}
        for value, listed in language.words.items():
            for word in listed.split():
                self.words[word.lower() if self.switch[T.FOLD] else word] = value

    def part(self, character: str) -> bool:
        known = character.isalnum() or character in self.language.letters + self.language.inside
        return known if ord(character) < 128 else True

    def letter(self, character: str) -> bool:
        if ord(character) >= 128:
            return True
        if self.language.directive == character or character.isdigit():
            return False
        return character.isalpha() or character in self.language.letters

    def word_end(self, line: str, i: int) -> int:
        while i < len(line) and self.part(line[i]):
            i += 1
        return i

    def value(self, word: str) -> int:
        if self.switch[T.FOLD]:
            word = "".join(c.lower() if c.isascii() else c for c in word)
        return self.words.get(word, 0)

    def initial(self) -> Open:
        return (self.language.initial - 1, 0) if self.language.initial else ()

    def line(self, line: str, before: Open) -> tuple[list[int], Open]:
        """The colours of the characters, and what is open after them."""
        line = line[:LONGEST]
        self.colours = [0] * len(line)
        region, depth, base, quiet = -1, 0, 0, False
        pending: Open = ()
        i = 0
        if before and before[0] == "base":
            base, quiet = int(before[1]), bool(before[2])
        elif len(before) == 3:
            region = int(before[0])
            text = line.lstrip(" \t") if before[1] else line
            name = text[: self.word_end(text, 0)]
            if name == before[2] and text[len(name) : len(name) + 1] in ("", ";"):
                rule = self.language.regions[region]
                return [rule.colour if rule.mark_colour < 0 else rule.mark_colour] * len(line), ()
        elif before:
            region, depth = int(before[0]), int(before[1])
        elif self.language.keys:
            i = self.key(line)
        if before and before[0] == "base" and self.language.keys:
            i = self.key(line)
        first, following, prior, opened, values, bare, flow = i == 0, 0, "", -1, 0, False, False
        while i < len(line):
            if region >= 0:
                rule = self.language.regions[region]
                i, depth = self.inside(rule, line, i, depth, bare)
                if depth >= 0:
                    break
                depth = 0
                if rule.flags & T.KEYED and opened >= 0 and line[i:].lstrip(" \t").startswith(":"):
                    self.paint(opened + 1, i - 1, A.STATEMENT)
                region = region + 1 if rule.flags & T.THEN else -1
                prior, first = '"', False
                continue
            c = line[i]
            number = self.region_at(line, i, first, prior)
            if number >= 0:
                rule = self.language.regions[number]
                mark = rule.colour if rule.mark_colour < 0 else rule.mark_colour
                if rule.flags & T.HERE:
                    tight = rule.flags & T.HERE_QUOTED
                    blanks = "" if tight else "[ \t]*"
                    match = re.compile(rf"([-~]?){blanks}([\"'\\]?)").match(line, i + len(rule.start))
                    assert match
                    end = self.word_end(line, match.end())
                    name = line[match.end() : end]
                    if name and name[0] not in "0123456789" and (not tight or match[2] or "A" <= name[0] <= "Z"):
                        pending = (number, bool(match[1]), name)
                        end += match[2] != "" and line[end : end + 1] == match[2]
                        self.paint(i, end, mark)
                        i, prior = end, '"'
                        continue
                else:
                    region, opened, bare = -1 if rule.flags & T.ALONE else number, i, True
                    self.paint(i, i + len(rule.start), mark)
                    i += len(rule.start)
                    continue
            if c in " \t":
                self.colours[i] = base
                i += 1
                continue
            j = i + 1
            if self.switch[T.SCALARS]:
                if c in "[]{},":
                    flow = True
                    self.colours[i] = A.PREPROC
                else:
                    j = self.scalar(line, i, flow)
            elif self.letter(c):
                j = self.word_end(line, i)
                value = 0
                if not quiet and not (prior == "." and self.switch[T.DOTTED]):
                    value = self.value(line[i:j])
                    if value & T.NOTE or (value & T.FIRST_WORD and not first):
                        value = 0
                colour = value & T.VALUE_COLOUR or following
                if not colour and not quiet:
                    colour, more = self.shape(line, i, j)
                    j += more
                    if colour and not more and line[j : j + 1] == ":" and not self.switch[T.PATHED]:
                        values = self.switch[T.VALUES]
                self.paint(i, j, colour or base | values)
                following = value >> 6 & 63
                c = "a"
            elif c in "0123456789" and self.switch[T.NUMBERS]:
                j = self.number_end(line, i)
                self.paint(i, j, self.switch[T.NUMBERS])
            elif c in self.language.sigils:
                end = (
                    self.sigil(line, i) if c == "$" or i == 0 or not (self.part(line[i - 1]) or line[i - 1] == c) else i
                )
                self.colours[i] = base
                if end > i:
                    j = end
                    self.paint(i, j, self.language.sigils[c])
                    if self.switch[T.SIGIL_NAME]:
                        self.paint(i + 1, j, self.switch[T.SIGIL_NAME])
                    c = "a"
            elif c == self.language.directive and first:
                match = re.compile("[ \t]*").match(line, j)
                assert match
                end = self.word_end(line, match.end())
                value = self.words.get(c + line[match.end() : end], 0) if end > match.end() else 0
                if value:
                    self.paint(i, end, value & T.VALUE_COLOUR)
                    j = end
                    if value & T.INCLUDE:
                        if found := re.compile("[^<]*(<[^>]*>)").match(line, j):
                            self.paint(found.start(1), found.end(1), A.CONSTANT)
                            j = found.end(1)
                    else:
                        base, quiet = value & T.VALUE_COLOUR, bool(value & T.QUIET)
            elif c == "\\" and j < len(line):
                j += 1
                self.paint(i, j, base)
            else:
                mark = next((colour for colour, marks in self.language.marks.items() if c in marks), 0)
                self.colours[i] = base or (mark if not self.part(c) else 0)
                following = 0
                values = 0 if c == ";" else values
            prior, first, i = c, False, j
        slashed = line.endswith("\\")
        if region >= 0:
            flags = self.language.regions[region].flags
            if flags & T.HERE:
                return self.colours, before
            if flags & T.LINES or (flags & T.CONTINUED and slashed):
                return self.colours, (region, depth)
        if pending:
            return self.colours, pending
        return self.colours, ("base", base, quiet) if slashed and base else ()

    def paint(self, i: int, j: int, colour: int) -> None:
        self.colours[i:j] = [colour] * (j - i)

    def region_at(self, line: str, i: int, first: bool, prior: str) -> int:
        """The number of the first region in the list that may start at `i`, or -1."""
        for number, rule in enumerate(self.language.regions):
            flags = rule.flags
            behind = line[i + len(rule.start) :]
            if not rule.start or not line.startswith(rule.start, i):
                continue
            if (flags & T.LINE_START and i > 0) or (flags & T.FIRST and not first):
                continue
            if flags & T.AFTER_BLANK and i > 0 and line[i - 1] not in " \t;|&(":
                continue
            if flags & T.NOT_IN_WORD and i > 0 and self.part(line[i - 1]):
                continue
            if flags & T.AFTER_OPERATOR and prior and (self.part(prior) or prior in ")]}\"'"):
                continue
            if flags & T.CHARACTER and not (len(line) > i + 2 and (line[i + 1] == "\\" or line[i + 2] == line[i])):
                continue
            if flags & T.CLOSED:
                end, escape = re.escape(rule.end), re.escape(rule.escape) if rule.escape else "(?!)"
                inner = rf"(?!{end}|[ \t])(?:{escape}.|(?!{escape}|{end}).)+{end}"
                if not re.compile(inner, re.DOTALL).match(behind):
                    continue
            return number
        return -1

    def inside(self, rule: Region, line: str, i: int, depth: int, bare: bool) -> tuple[int, int]:
        """Colour an open region: (its end, how deep it still is), -1 where it was closed."""
        mark = rule.colour if rule.mark_colour < 0 else rule.mark_colour
        escaped = rule.colour if rule.escape_colour < 0 else rule.escape_colour
        flags = rule.flags
        while i < len(line):
            c = line[i]
            if rule.end and line.startswith(rule.end, i):
                if flags & T.DOUBLED and line.startswith(2 * rule.end, i):
                    self.paint(i, i + 2 * len(rule.end), A.PREPROC)
                    i += 2 * len(rule.end)
                    continue
                self.paint(i, i + len(rule.end), mark)
                i += len(rule.end)
                depth -= 1
                if depth < 0:
                    break
                continue
            end = i
            if c == rule.escape:
                end = min(i + 2, len(line))
                if escaped != rule.colour and (
                    match := re.compile(r"\\(x[0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|[0-7]{1,3})").match(line, i)
                ):
                    end = match.end()
                self.paint(i, end, escaped)
                i = end
                continue
            if flags & T.NESTED and line.startswith(rule.start, i):
                self.paint(i, i + len(rule.start), rule.colour)
                i += len(rule.start)
                depth = min(depth + 1, 255)
                continue
            if ord(c) < 128:
                end = self.special(rule, escaped, line, i, bare)
            if end > i:
                bare, i = False, end
                continue
            if flags & T.SUMMARY and i >= 50:
                return len(line), depth
            self.colours[i] = rule.colour
            i += 1
        return i, depth

    def special(self, rule: Region, escaped: int, line: str, i: int, bare: bool) -> int:
        """Colour what stands out at `i` inside a region; its end."""
        flags, c = rule.flags, line[i]
        if flags & T.NOTES:
            if "A" <= c <= "Z" and (i == 0 or not self.part(line[i - 1])):
                end = self.word_end(line, i)
                if self.value(line[i:end]) & T.NOTE:
                    self.paint(i, end, A.TODO)
                    return end
            return i
        if flags & T.SIGILS and c in self.language.sigils:
            end = self.sigil(line, i)
            self.paint(i, end, self.language.sigils[c])
            return end
        if flags & T.BRACES and (match := re.compile(r"#\{[^}]*\}").match(line, i)):
            self.paint(i, match.end(), 0)
            self.paint(i, i + 2, A.PREPROC)
            self.colours[match.end() - 1] = A.PREPROC
            return match.end()
        if flags & T.FORMATS and (match := re.compile(r"%[-+ #*.0-9]*[hlLjqtz]*[a-zA-Z%]").match(line, i)):
            # a length letter may itself be the conversion only where another letter follows it
            self.paint(i, match.end(), A.PREPROC)
            return match.end()
        if flags & T.TAG:
            if c in "\"'":
                end = line.find(c, i + 1)
                end = len(line) if end < 0 else end + 1
                self.paint(i, end, A.CONSTANT)
                return end
            if self.part(c):
                end = self.word_end(line, i)
                self.paint(i, end, escaped if bare else A.TYPE)
                return end
        return i

    def shape(self, line: str, i: int, j: int) -> tuple[int, int]:
        """The colour of a word by what follows, and how many characters of that it takes along."""
        after, s = line[j : j + 2].ljust(1), self.switch
        blank = len(after) < 2 or after[1] in " \t"
        if after[0] == "(" and s[T.CALLED]:
            return s[T.CALLED], 0
        if after[0] == "!" and after[1:] != "=" and s[T.BANGED]:
            return s[T.BANGED], 1
        if after[0] == "=" and after[1:] != "=" and s[T.ASSIGNED]:
            return s[T.ASSIGNED], 0
        if after[0] == ":" and after[1:] == ":" and s[T.PATHED]:
            return s[T.PATHED], 2
        if j < len(line) and after[0] == ":" and blank and s[T.LABELLED]:
            return s[T.LABELLED], 0
        return (s[T.CAPITAL] if "A" <= line[i] <= "Z" else 0), 0

    def sigil(self, line: str, i: int) -> int:
        rule, sigil = self.switch[T.SIGIL_OPEN], line[i]
        for bit, pattern in ((1, r"\{[^}]*\}"), (2, r"\([^)]*\)")):
            if match := re.compile(pattern).match(line, i + 1):
                if rule & bit:
                    return match.end()
            elif rule & bit and line[i + 1 : i + 2] == pattern[1]:
                return i
        if i + 1 >= len(line):
            return i
        j = i + 1
        if line[j] == sigil and sigil in "@-":
            j += 1
        if j > i + 1 or self.letter(line[j]):
            end = self.word_end(line, j)
            while sigil == "@" and end + 1 < len(line) and line[end] == "." and self.letter(line[end + 1]):
                end = self.word_end(line, end + 1)
            return end if end > j else i
        if rule & 4 and line[j] in "0123456789?!$#*@-<^":
            return j + 1
        return i

    def number_end(self, line: str, i: int) -> int:
        radix = line[i : i + 2] in ("0x", "0X")
        j = i + 1
        while j < len(line):
            c, behind = line[j], line[j + 1 : j + 2]
            if c == ".":
                if behind and (behind == "." or self.letter(behind)):
                    break
            elif c in "+-":
                if radix or line[j - 1] not in "eE":
                    break
            elif not self.part(c):
                break
            j += 1
        return j

    def key(self, line: str) -> int:
        rule, s = self.switch[T.KEY_RULE], self.switch
        if rule & T.KEY_UNTABBED and line.startswith("\t"):
            return 0
        i = len(line) - len(line.lstrip(" \t"))
        while rule & T.KEY_DASHES and (match := re.compile(r"-(?:[ \t]+|$)").match(line, i)):
            self.colours[i] = A.STATEMENT
            i = match.end()
        k = i
        while k < len(line):
            if line[k] in self.language.keys and (not rule & T.KEY_SPACED or line[k + 1 : k + 2] in ("", " ", "\t")):
                break
            if line[k] in "\"'#{[" and line[k] not in self.language.keys:
                return i
            k += 1
        if k in (i, len(line)):
            return i
        j = k
        while j > i and line[j - 1] in " \t!+?":
            j -= 1
        self.paint(i, j, s[T.KEY_COLOUR])
        self.colours[k] = s[T.KEY_MARK_COLOUR]
        return k + 1

    def scalar(self, line: str, i: int, flow: bool) -> int:
        j = i
        while j < len(line):
            if (line[j] == "#" and j > i and line[j - 1] in " \t") or (flow and line[j] in ",]}"):
                break
            j += 1
        text = line[i:j].rstrip(" \t")
        colour = 0
        if text in ("|", ">"):
            colour = A.PREPROC
        elif text[:1] in ("&", "*") and text:
            colour = A.TYPE
        elif re.fullmatch(r"[0-9][0-9.]*", text):
            colour = A.CONSTANT
        elif text and all(self.part(c) for c in text) and text[0] not in "0123456789":
            colour = self.value(text) & T.VALUE_COLOUR
        self.paint(i, i + len(text), colour)
        return max(j, i + 1)


def window(state: State) -> list[list[int]]:
    """The colours of every cell of the text rows that are filled with lines, drawn from nothing."""
    rows, columns, tabstop = state.cells.shape[0] - 2, state.cells.shape[1], int(state.ctl[S.TABSTOP])
    lines = lines_of(state)
    top = int(state.ctl[S.TOP])
    number = int(state.ctl[S.SYNTAX])
    lexer = Lexer(LANGUAGES[number - 1]) if number else None
    base = max(0, (top // SYNC_LINES - 1) * SYNC_LINES)
    before: Open = lexer.initial() if lexer and base == 0 else ()
    shown: list[list[int]] = []
    for n in range(base, len(lines)):
        text = "".join(map(chr, lines[n]))
        colours = [0] * len(text)
        if lexer:
            coloured, before = lexer.line(text, before)
            colours[: len(coloured)] = coloured
        if n < top:
            continue
        cells = _cells(lines[n], colours, columns, tabstop)
        cells = _selected(state, n, lines[n], cells, columns, tabstop)
        parts = [cells[i : i + columns] for i in range(0, max(len(cells), 1), columns)]
        if n == top:
            parts = parts[int(state.ctl[S.SKIP]) :]
        elif len(shown) + len(parts) > rows:
            break
        shown += [part + [0] * (columns - len(part)) for part in parts]
        if len(shown) >= rows:
            break
    shown = shown[:rows]
    if state.ctl[S.MODE] == S.VISUAL:
        row, column = state.cursor.tolist()[:2]
        wide = column + 1 < columns and not state.cells[row, column + 1] & GLYPH_MASK
        for x in range(column, min(column + 1 + wide, columns)):
            shown[row][x] %= A.SELECTED
    return shown


def _selected(state: State, n: int, line: list[int], cells: list[int], columns: int, tabstop: int) -> list[int]:
    """The same cells with what visual mode has selected in line `n`, the cursor's too."""
    ctl = state.ctl
    ends = sorted([(int(ctl[S.VISUAL_LINE]), int(ctl[S.VISUAL_COLUMN])), (int(ctl[S.LINE]), int(ctl[S.COLUMN]))])
    if ctl[S.MODE] != S.VISUAL or not ends[0][0] <= n <= ends[1][0]:
        return cells
    by_lines = ctl[S.VISUAL_KIND] == ord("V")
    start = 0 if by_lines or n > ends[0][0] else len(shapes(line[: ends[0][1]], columns, tabstop))
    through = by_lines or n < ends[1][0] or ends[1][1] >= len(line)
    stop = len(cells) + 1 if through else len(shapes(line[: ends[1][1] + 1], columns, tabstop))
    if stop > len(cells) and (len(cells) % columns or not cells):
        cells = [*cells, A.PLAIN]
    return [cell + A.SELECTED if start <= x < stop else cell for x, cell in enumerate(cells)]


def _cells(line: list[int], colours: list[int], columns: int, tabstop: int) -> list[int]:
    """The colours of a line's cells, as long as its `shapes`."""
    table = widths.table()
    out: list[int] = []
    for n, code in enumerate(line):
        kind = int(table[code])
        size = len(shapes(line[: n + 1], columns, tabstop)) - len(out)
        if kind == widths.TAB or kind == 1 or (kind == 0 and size):
            out += [colours[n]] * size
        elif kind == 2:
            out += [A.NONTEXT] * (size - 2) + [colours[n]] * 2
        elif size:
            out += [A.SPECIAL] * size
    return out
