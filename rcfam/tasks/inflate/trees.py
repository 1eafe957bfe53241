"""A judge by syntax trees: two texts are equal when their trees are, whatever their blanks, comments and line breaks.

Functions that stand side by side may change places, unless two of them share a name. A comma before a closing bracket,
parentheses around an operand, a tuple or one parameter, and in the languages concerned semicolons that may be missing,
braces around one statement and the kind of quotes do not count. Where trees still differ, both texts go through a
formatter, if there is one for the language, and are compared again. Python is read as Python 3. A candidate with an
error is wrong; where the truth has one, there is no verdict.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from rcfam.tasks.inflate.cases import InflateError
from rcfam.tasks.inflate.formatting import FORMATTERS, formatted

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

# suffix -> (package, the function that gives the language)
LANGUAGES: dict[str, tuple[str, str]] = {
    **dict.fromkeys((".sh", ".bash"), ("tree_sitter_bash", "language")),
    **dict.fromkeys((".c",), ("tree_sitter_c", "language")),
    **dict.fromkeys((".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp"), ("tree_sitter_cpp", "language")),
    **dict.fromkeys((".css",), ("tree_sitter_css", "language")),
    **dict.fromkeys((".go",), ("tree_sitter_go", "language")),
    **dict.fromkeys((".java",), ("tree_sitter_java", "language")),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), ("tree_sitter_javascript", "language")),
    **dict.fromkeys((".json",), ("tree_sitter_json", "language")),
    **dict.fromkeys((".lua",), ("tree_sitter_lua", "language")),
    **dict.fromkeys((".py", ".pyi"), ("tree_sitter_python", "language")),
    **dict.fromkeys((".rb",), ("tree_sitter_ruby", "language")),
    **dict.fromkeys((".rs",), ("tree_sitter_rust", "language")),
    **dict.fromkeys((".ts", ".mts", ".cts"), ("tree_sitter_typescript", "language_typescript")),
    **dict.fromkeys((".tsx",), ("tree_sitter_typescript", "language_tsx")),
}
COMMENTS = {"comment", "line_comment", "block_comment"}
# Not Rust's: the attributes of one stand before it, as nodes of their own.
FUNCTIONS = {
    "function_declaration",
    "function_definition",
    "method_declaration",
    "method_definition",
}
PYTHON = {".py", ".pyi"}
SCRIPTS = {".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"}
BRACED = {*SCRIPTS, ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".java"}
# Where a comma before the closing bracket says nothing; that of (1,) has made a tuple of it already.
COMMAS = {
    *("argument_list", "arguments", "formal_parameters", "parameter_list", "parameters"),
    *("array", "array_expression", "array_initializer", "array_pattern", "initializer_list", "literal_value", "object"),
    *("object_pattern", "field_initializer_list"),
    *("enum_body", "enum_variant_list", "enumerator_list", "export_clause", "field_declaration_list", "named_imports"),
    *("dictionary", "list", "set", "tuple", "tuple_expression", "use_list"),
}
# Where parentheses may say something: optional chains, macros, fields that are called, directives, f"{(x)=}", decltype.
PARENTHESES_COUNT_IN = {
    *("argument_list", "call", "call_expression", "decltype", "export_statement", "expression_statement"),
    *("interpolation", "member_expression", "non_null_expression", "subscript_expression"),
}
# Statements of JavaScript and TypeScript that a semicolon may end.
ENDED = {
    *("break_statement", "continue_statement", "debugger_statement", "do_statement", "export_statement"),
    *("expression_statement", "import_statement", "lexical_declaration", "return_statement", "throw_statement"),
    *("type_alias_declaration", "variable_declaration"),
}
CONTROL = {
    *("do_statement", "else_clause", "enhanced_for_statement", "for_in_statement", "for_range_loop", "for_statement"),
    *("if_statement", "while_statement"),
}
BLOCKS = {"block", "compound_statement", "statement_block"}
QUOTED = {**dict.fromkeys(SCRIPTS, "string"), ".lua": "string", ".css": "string_value"}


@cache
def _parser(suffix: str) -> "Parser | None":
    if suffix not in LANGUAGES:
        return None
    package, function = LANGUAGES[suffix]
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(getattr(import_module(package), function)()))
    except ImportError as error:
        raise InflateError(f"{error.name} is not installed: pip install 'rcfam[inflate]'") from error


def same_tree(path: str, truth: str, candidate: str) -> bool | None:
    """What `same_trees` says of one candidate."""
    return same_trees([(path, truth, candidate)])[0]


def same_trees(asked: Sequence[tuple[str, str, str]]) -> list[bool | None]:
    """For each (path, truth, candidate) whether they have one tree; None where the truth itself gives none.

    That is where the language is unknown, or the grammar finds an error in the truth. Raises InflateError where a
    grammar or a formatter is not installed.
    """
    found: list[bool | None] = []
    doubtful: list[tuple[int, str, str, str]] = []
    for number, (path, truth, candidate) in enumerate(asked):
        suffix = PurePosixPath(path).suffix.lower()
        wanted, given = _tree(suffix, truth), _tree(suffix, candidate)
        found.append(None if wanted is None else given == wanted)
        if suffix in FORMATTERS and found[-1] is False and given is not None:
            doubtful.append((number, suffix, truth, candidate))
    trees = _formatted_trees({(suffix, text) for _, suffix, *texts in doubtful for text in texts})
    for number, suffix, truth, candidate in doubtful:
        wanted = trees[suffix, truth]
        found[number] = wanted is not None and trees[suffix, candidate] == wanted
    return found


def _formatted_trees(texts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bytes | None]:
    """The tree of each (suffix, text) once it is formatted; None where the formatter or the grammar refuses it."""
    found: dict[tuple[str, str], bytes | None] = {}
    texts = sorted(texts)
    for wanted in sorted({suffix for suffix, _ in texts}):
        own = [text for suffix, text in texts if suffix == wanted]
        for text, better in zip(own, formatted(wanted, [_guarded(wanted, text) for text in own]), strict=True):
            found[wanted, text] = None if better is None else _tree(wanted, better)
    return found


def _guarded(suffix: str, text: str) -> str:
    """Python with hashes for strings that stand alone, as docstrings do: ruff would take blanks out of them."""
    parser = _parser(suffix)
    if parser is None or suffix not in PYTHON:
        return text
    source = text.encode()
    spans: list[tuple[int, int]] = []
    waiting = [parser.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        alone = node.type == "expression_statement" and node.child_count == 1
        if alone and (said := node.children[0]).type == "string":
            spans.append((said.children[0].end_byte, said.children[-1].start_byte))
        else:
            waiting.extend(node.children)
    for start, stop in sorted(spans, reverse=True):
        source = source[:start] + sha256(source[start:stop]).hexdigest().encode() + source[stop:]
    return source.decode()


@lru_cache(maxsize=512)
def _tree(suffix: str, text: str) -> bytes | None:
    """The hash of a text's tree; None where the language is unknown or it has errors. One truth is asked for often."""
    parser = _parser(suffix)
    if parser is None:
        return None
    source = text.encode()
    root = parser.parse(source).root_node
    return None if root.has_error else _digest(root, source, suffix)


class _Part(NamedTuple):
    """A child that was read; `name` is that of the function it defines, if it does."""

    kind: str
    digest: bytes
    name: bytes | None


@dataclass
class _Open:
    """A node whose children are being read."""

    node: "Node"
    kind: str
    left: "Iterator[Node]"
    end: int
    parts: list[_Part] = field(default_factory=list)


def _digest(root: "Node", source: bytes, suffix: str) -> bytes:
    """A hash of the tree, made without recursion: texts of others may be nested deeply."""
    waiting = [_Open(root, root.type, iter(root.children), root.start_byte)]
    while True:
        top = waiting[-1]
        child = next(top.left, None)
        if child is not None:
            kind, start, end = child.type, child.start_byte, child.end_byte
            if gap := source[top.end : start].strip():  # text that no node stands for
                top.parts.append(_Part("", _hash("gap", gap), None))
            top.end = end
            if kind in COMMENTS:
                continue
            if child.child_count:
                waiting.append(_Open(child, kind, iter(child.children), start))
            elif child.is_named or source[start:end].strip():
                top.parts.append(_Part(kind, _hash(kind, source[start:end]), None))
            continue
        waiting.pop()
        parent = waiting[-1].kind if waiting else ""
        digest = _closed(top, parent, source, suffix)
        if not waiting:
            return digest
        waiting[-1].parts.append(_Part(top.kind, digest, _name(top.node, source)))


def _closed(top: _Open, parent: str, source: bytes, suffix: str) -> bytes:
    node, kind, parts = top.node, top.kind, top.parts
    if QUOTED.get(suffix) == kind and source[node.start_byte] in b"\"'":
        return _hash(kind, _unquoted(source[node.start_byte : node.end_byte], parent))
    gap = source[top.end : node.end_byte].strip()
    if gap:
        parts.append(_Part("", _hash("gap", gap), None))
    if kind == "parenthesized_expression" and len(parts) == 3:
        if parent not in PARENTHESES_COUNT_IN and suffix != ".lua":  # where they cut a list of values to one
            return parts[1].digest
    elif kind in COMMAS and _ends_in_comma([part.kind for part in parts[-3:]]):
        del parts[-2]
    if kind == "tuple" and suffix in PYTHON and parent != "raise_statement":
        return _hash("expression_list", *_in_order(parts[1:-1]))
    if suffix in SCRIPTS:
        if (kind == "required_parameter" and len(parts) == 1) or (
            kind == "formal_parameters" and _one_name(parent, parts)
        ):
            return parts[len(parts) // 2].digest
        parts = _without_semicolons(kind, parts)
    if suffix in BRACED and parent in CONTROL:
        if kind in BLOCKS:
            return _hash("body", *_in_order(parts[1:-1]))
        if kind.endswith("_statement"):
            return _hash("body", _hash(kind, *_in_order(parts)))
    return _hash(kind, *_in_order(parts))


def _ends_in_comma(kinds: list[str]) -> bool:
    """Whether the last three parts end in a comma and a bracket; commas alone are holes in an array of JavaScript."""
    return kinds[1:] in ([",", ")"], [",", "]"], [",", "}"]) and kinds[0] not in ("[", ",")


def _one_name(parent: str, parts: list[_Part]) -> bool:
    """Whether these are the parameters of (name) => ..., which may be written without parentheses."""
    return parent == "arrow_function" and len(parts) == 3 and parts[1].kind in ("identifier", "required_parameter")


def _without_semicolons(kind: str, parts: list[_Part]) -> list[_Part]:
    if kind in ENDED and parts and parts[-1].kind == ";":
        return parts[:-1]
    if kind in ("class_body", "program", "statement_block"):
        return [part for part in parts if part.kind not in (";", "empty_statement")]
    return parts


def _unquoted(text: bytes, parent: str) -> bytes:
    """What stands between quotes, with those in it as they are meant. An attribute of JSX knows no backslashes."""
    if parent == "jsx_attribute":
        return text[1:-1]
    return re.sub(rb"\\(.)", lambda found: found[1 if found[1] in b"'\"" else 0], text[1:-1], flags=re.DOTALL)


def _in_order(parts: list[_Part]) -> list[bytes]:
    """The digests, with functions of different names that stand side by side sorted."""
    if all(part.name is None for part in parts):
        return [part.digest for part in parts]
    order: list[bytes] = []
    at = 0
    while at < len(parts):
        stop = at
        while stop < len(parts) and parts[stop].name is not None:
            stop += 1
        run = parts[at:stop]
        digests = [part.digest for part in run]
        order.extend(sorted(digests) if len({part.name for part in run}) == len(run) else digests)
        if stop < len(parts):
            order.append(parts[stop].digest)
        at = stop + 1
    return order


def _name(node: "Node", source: bytes) -> bytes | None:
    """The name of the function that a node defines; None when it defines none or none can be told."""
    if node.type not in FUNCTIONS:
        return None
    named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    return None if named is None else source[named.start_byte : named.end_byte]


def _hash(kind: str, *parts: bytes) -> bytes:
    """Of a leaf's text, or of the digests of children, all of one length."""
    return sha256(b"%d:%b" % (len(kind), kind.encode()) + b"".join(parts)).digest()
