"""The judge by syntax trees: what may differ, and what may not."""

import pytest

from rcfam.tasks.inflate import same_tree
from rcfam.tasks.inflate.trees import LANGUAGES, _parser

pytest.importorskip("tree_sitter")

SAME = [
    ("a.py", "def f(a,b):\n  return a+b # sum\n", "def f(a, b):\n\n    # add\n    return a + b\n"),
    ("a.py", "def f(): pass\ndef g(): pass\n", "def g():\n    pass\n\n\ndef f():\n    pass\n"),
    ("a.py", "x = [1,2,\n 3]\n", "x = [1, 2, 3]\n"),
    ("a.c", "int f(){return 1;} int g(){return 2;}", "int g()\n{ return 2; /* 2 */ }\nint f() { return 1; }"),
    ("a.js", "function f(){}\nfunction g(){return 1}\n", "function g() { return 1 }\nfunction f() {}\n"),
    ("a.go", "package a\nfunc f(){\nx:=1\ny()}\n", "package a\n\nfunc f() {\n\tx := 1\n\ty()\n}\n"),
    ("a.json", '{"a":[1,2]}', '{ "a": [ 1, 2 ] }\n'),
    ("a.rs", "fn f()->u8{1}\n", "fn f() -> u8 {\n    1 // one\n}\n"),
    ("a.sh", "if a; then b; fi\n", "if a; then\n  b;\nfi\n"),
    ("A.PY", "x=1", "x = 1\n"),
]  # fmt: skip
DIFFERENT = [
    ("a.py", "x = 1\n", "x = 2\n"),
    ("a.py", "x = ' '\n", "x = '  '\n"),
    ("a.py", "if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n"),
    ("a.py", "def f(): return 1\ndef f(): return 2\n", "def f(): return 2\ndef f(): return 1\n"),
    ("a.py", "@one\ndef f(): pass\ndef g(): pass\n", "def f(): pass\n@one\ndef g(): pass\n"),
    ("a.py", "a()\nb()\n", "b()\na()\n"),
    ("a.py", "x = 1\n", "x = 1\nx = (\n"),
    ("a.py", "x = 1\n", ""),
    ("a.py", '"""a\n b"""\n', '"""a\nb"""\n'),
    ("a.c", '#include "a.h"\n', '#include "b.h"\n'),
    ("a.rs", "#[test]\nfn a() {}\nfn b() {}\n", "#[test]\nfn b() {}\nfn a() {}\n"),
    ("a.js", "a = `x  y`\n", "a = `x y`\n"),
    ("a.ts", "let a: number\n", "let a: string\n"),
    ("a.json", "[1, 2]", "[2, 1]"),
    ("a.css", "a { color: red }", "a { color: blue }"),
    ("a.lua", "x = 'a'", "x = 'b'"),
    ("a.java", "class A { int a = 1; }", "class A { int a = 2; }"),
    ("a.rb", "x = :a\n", "x = :b\n"),
]


@pytest.mark.parametrize(("path", "a", "b"), SAME)
def test_same(path: str, a: str, b: str) -> None:
    assert same_tree(path, a, b) is True
    assert same_tree(path, b, a) is True


@pytest.mark.parametrize(("path", "a", "b"), DIFFERENT)
def test_different(path: str, a: str, b: str) -> None:
    assert same_tree(path, a, b) is False
    assert same_tree(path, a, a) is True


@pytest.mark.parametrize(("path", "truth"), [("README", "a"), ("a.unknown", "a"), ("a.py", "def (:\n"), ("a.c", "{{{")])
def test_no_verdict(path: str, truth: str) -> None:
    assert same_tree(path, truth, truth) is None


def test_every_grammar_works() -> None:
    for suffix in LANGUAGES:
        parser = _parser(suffix)
        assert parser is not None and parser.parse(b"").root_node is not None


def test_deep_nesting_is_read() -> None:
    deep = "[" * 20_000 + "]" * 20_000
    assert same_tree("a.json", deep, deep) is True
    assert same_tree("a.json", deep, deep + "]") is False
    assert same_tree("a.json", "[]", "[" * 20_000) is False
