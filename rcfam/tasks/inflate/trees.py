"""A judge by syntax trees: two texts are equal when their trees are, whatever their blanks, comments and line breaks.

Functions that stand side by side may change places, unless two of them share a name. Strings and names must be equal.
A candidate with an error is wrong; where the truth has one, there is no verdict.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rcfam.tasks.inflate.cases import InflateError

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
    """Whether a candidate for the file `path` has the truth's tree; None where the truth itself gives none.

    That is where the language is unknown, or the grammar finds an error in the truth. Raises InflateError where a
    grammar is not installed.
    """
    suffix = PurePosixPath(path).suffix.lower()
    wanted = _tree(suffix, truth)
    return None if wanted is None else _tree(suffix, candidate) == wanted


@lru_cache(maxsize=512)
def _tree(suffix: str, text: str) -> bytes | None:
    """The hash of a text's tree; None where the language is unknown or it has errors. One truth is asked for often."""
    parser = _parser(suffix)
    if parser is None:
        return None
    source = text.encode()
    root = parser.parse(source).root_node
    return None if root.has_error else _digest(root, source)


@dataclass
class _Open:
    """A node whose children are being read; `parts` holds (digest, name of the function it is or None)."""

    node: "Node"
    left: "Iterator[Node]"
    end: int
    parts: list[tuple[bytes, bytes | None]] = field(default_factory=list)


def _digest(root: "Node", source: bytes) -> bytes:
    """A hash of the tree, made without recursion: texts of others may be nested deeply."""
    waiting = [_opened(root)]
    while True:
        top = waiting[-1]
        child = next(top.left, None)
        if child is not None:
            gap = source[top.end : child.start_byte].strip()  # text that no node stands for
            if gap:
                top.parts.append((_hash(b"gap", gap), None))
            top.end = child.end_byte
            blank = not child.is_named and not source[child.start_byte : child.end_byte].strip()
            if not blank and child.type not in COMMENTS:
                waiting.append(_opened(child))
            continue
        waiting.pop()
        digest = _closed(top, source)
        if not waiting:
            return digest
        waiting[-1].parts.append((digest, _name(top.node, source)))


def _opened(node: "Node") -> _Open:
    return _Open(node, iter(node.children), node.start_byte)


def _closed(open_node: _Open, source: bytes) -> bytes:
    node = open_node.node
    if not node.child_count:
        return _hash(node.type.encode(), source[node.start_byte : node.end_byte])
    gap = source[open_node.end : node.end_byte].strip()
    last = [_hash(b"gap", gap)] if gap else []
    return _hash(node.type.encode(), *_in_order(open_node.parts), *last)


def _in_order(parts: list[tuple[bytes, bytes | None]]) -> list[bytes]:
    """The digests, with functions of different names that stand side by side sorted."""
    order: list[bytes] = []
    at = 0
    while at < len(parts):
        stop = at
        while stop < len(parts) and parts[stop][1] is not None:
            stop += 1
        run = parts[at:stop]
        digests = [digest for digest, _ in run]
        order.extend(sorted(digests) if len({name for _, name in run}) == len(run) else digests)
        if stop < len(parts):
            order.append(parts[stop][0])
        at = stop + 1
    return order


def _name(node: "Node", source: bytes) -> bytes | None:
    """The name of the function that a node defines; None when it defines none or none can be told."""
    if node.type not in FUNCTIONS:
        return None
    named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    return None if named is None else source[named.start_byte : named.end_byte]


def _hash(*parts: bytes) -> bytes:
    digest = sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
