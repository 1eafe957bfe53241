"""What formatters and the rules beside them let pass, what they must not, and how they fail."""

from pathlib import Path

import pytest

from rcfam.tasks.inflate import InflateError, formatting, same_tree, same_trees
from rcfam.tasks.inflate.formatting import BATCH, FORMATTERS, formatted

pytest.importorskip("tree_sitter")
pytest.importorskip("ruff")

SAME = [
    # quotes
    ("a.py", "x = 'a', {'b': u'c'}\n", 'x = "a", {"b": "c"}\n'),
    ("a.py", "x = 'it\\'s'\n", 'x = "it\'s"\n'),
    ("a.py", "x = 'a' 'b'\n", "x = 'ab'\n"),
    ("a.py", "'''doc\n  more'''\nx = 'a'\n", '"""doc\n  more"""\nx = "a"\n'),
    ("a.js", "x = 'it\\'s \"so\"';\n", 'x = "it\'s \\"so\\""\n'),
    ("a.ts", "import a from 'a'\n", 'import a from "a";\n'),
    ("a.jsx", "x = <a b='c'/>\n", 'x = <a b="c"/>;\n'),
    ("a.lua", "x = 'a'\n", 'x = "a"\n'),
    ("a.css", "a { b: url(x) 'c' }\n", 'a {\n  b: url(x) "c"\n}\n'),
    # commas
    ("a.py", "x = [\n    1,\n    2,\n]\nf(a, b=c,)\ny = (1, 2,)\n", "x = [1, 2]\nf(a, b=c)\ny = (1, 2)\n"),
    ("a.py", "x = ['a', # one\n 2,]\n", 'x = ["a", 2]\n'),
    ("a.py", "def f(a,): pass\nx = {'a': 1,}\n", 'def f(a):\n    pass\n\n\nx = {"a": 1}\n'),
    ("a.js", "f(a, [1, 2,], {b, c: 1,},)\n", "f(a, [1, 2], {b, c: 1})\n"),
    ("a.ts", "enum A { B, C, }\n", "enum A { B, C }\n"),
    ("a.c", "int a[] = {1, 2,}; enum b { C, D, };\n", "int a[] = {1, 2};\nenum b { C, D };\n"),
    ("a.java", "class A { int[] a = {1, 2,}; }\n", "class A { int[] a = {1, 2}; }\n"),
    ("a.go", "package a\nvar x = f(\n\t1,\n\t[]int{2,},\n)\n", "package a\nvar x = f(1, []int{2})\n"),
    ("a.rs", "fn f(a: u8,) { g(a, [1,],) }\n", "fn f(a: u8) { g(a, [1]) }\n"),
    # parentheses
    ("a.py", "def f():\n    return (a)\n", "def f():\n    return a\n"),
    ("a.py", "if (a and (b)):\n    c\n", "if a and b:\n    c\n"),
    ("a.py", "x = (a +\n     b)\n", "x = a + b\n"),
    ("a.py", "x = 1, 2\nreturn_ = ('a', 3)\n", 'x = (1, 2)\nreturn_ = "a", 3\n'),
    ("a.js", "x = y => (z) => 1\n", "x = (y) => z => 1\n"),
    ("a.ts", "x = y => 1\n", "x = (y,) => 1\n"),
    ("a.js", "x = (a) + (b * c)\n", "x = a + b * c\n"),
    ("a.c", "int f(int a) { return (a); }\n", "int f(int a) { return a; }\n"),
    ("a.cpp", "int f(int a) { return ((a)); }\n", "int f(int a) { return a; }\n"),
    ("a.java", "class A { int a = (1) + 2; }\n", "class A { int a = 1 + 2; }\n"),
    ("a.go", "package a\nvar x = (1 + 2)\n", "package a\nvar x = 1 + 2\n"),
    ("a.rs", "fn f() -> u8 { (1) }\n", "fn f() -> u8 { 1 }\n"),
    # semicolons and braces
    ("a.js", "let a = 1\nb()\n", "let a = 1;\nb();\n"),
    ("a.js", "class A { a = 1\nf() {}; }\nfunction g() {};\n", "class A { a = 1; f() {} }\nfunction g() {}\n"),
    ("a.js", "if (a) b(); else if (c) d(); else e()\n", "if (a) { b() } else if (c) { d() } else { e() }\n"),
    ("a.ts", "for (const a of b) c(a)\n", "for (const a of b) {\n  c(a);\n}\n"),
    ("a.c", "void f() { while (a) b(); }\n", "void f() { while (a) { b(); } }\n"),
    ("a.java", "class A { void f() { for (int a : b) c(); } }\n", "class A { void f() { for (int a : b) { c(); } }}\n"),
    ("a.py", "x = 1;\ny = 2\n", "x = 1\ny = 2\n"),
    # what else a formatter writes in one way
    ("a.py", "x = 0XFF + 1E5\n", "x = 0xFF + 1e5\n"),
    ("a.py", "x = 1 + \\\n  2\ny = 'a'\n", 'x = 1 + 2\ny = "a"\n'),
    ("a.sh", "x=`ls`\n", "x=$(ls)\n"),
    ("a.sh", "case $a in (b) c;; esac\n", "case $a in b) c ;; esac\n"),
]  # fmt: skip
DIFFERENT = [
    # operators
    ("a.py", "x = 'a' + b\n", 'x = "a" - b\n'),
    ("a.js", "x = 'a' + b\n", 'x = "a" - b\n'),
    ("a.c", "int x = (a) + b;\n", "int x = a - b;\n"),
    ("a.go", "package a\nvar x = (1 + 2)\n", "package a\nvar x = 1 - 2\n"),
    ("a.sh", "x=`a` && b\n", "x=$(a) || b\n"),
    # arguments
    ("a.py", "f('a', 'b')\n", 'f("b", "a")\n'),
    ("a.js", "f('a', b,)\n", 'f(b, "a")\n'),
    ("a.rs", "fn f() { g(1, 2,) }\n", "fn f() { g(2, 1) }\n"),
    ("a.java", "class A { int a = f(1, 2); }\n", "class A { int a = f(2, 1); }\n"),
    ("a.sh", "x=`a b c`\n", "x=$(a c b)\n"),
    # what strings hold
    ("a.py", "x = 'a'\ny = 'say \"a\"'\n", "x = \"a\"\ny = \"say 'a'\"\n"),
    ("a.py", "x = 'a'\ny = r'\\n'\n", 'x = "a"\ny = "\\n"\n'),
    ("a.py", "x = 'a', ' b'\n", 'x = "a", "b"\n'),
    ("a.py", "x = 'a', b'c'\n", 'x = "a", "c"\n'),
    ("a.py", "'''doc '''\nx = 'a'\n", '"""doc"""\nx = "a"\n'),
    ("a.py", "def f():\n    '''a\n    b'''\n", 'def f():\n    """a\n        b"""\n'),
    ("a.py", "x = f'{a=}'\n", "x = f'{(a)=}'\n"),
    ("a.js", "x = 'a\"b'\n", "x = \"a'b\"\n"),
    ("a.js", "x = 'a\\\\\\'b'\n", 'x = "a\\\'b"\n'),
    ("a.js", "x = '\\n'\n", 'x = "n"\n'),
    ("a.js", "x = '${a}'\n", "x = `${a}`\n"),
    ("a.jsx", "x = <a b='c\\d'/>\n", 'x = <a b="cd"/>\n'),
    ("a.jsx", "x = <a> b </a>\n", "x = <a>b</a>\n"),
    ("a.rb", "x = 'a#{b}'\n", 'x = "a#{b}"\n'),
    ("a.sh", "x=`a` y=$(($a * 2))\n", "x=$(a) y=$((a * 2))\n"),
    ("a.sh", "echo '$a' `b`\n", 'echo "$a" $(b)\n'),
    # indentation that means something
    ("a.py", "if a:\n    b('x')\n    c()\n", 'if a:\n    b("x")\nc()\n'),
    ("a.py", "for x in 'a':\n    b\nelse:\n    c\n", 'for x in "a":\n    b\n    c\n'),
    # the order of what is run, imports among it
    ("a.py", "import b\nimport a\nx = 'a'\n", 'import a\nimport b\nx = "a"\n'),
    ("a.js", "import 'b'\nimport 'a'\n", 'import "a"\nimport "b"\n'),
    ("a.c", '#include "b.h"\n#include "a.h"\n', '#include "a.h"\n#include "b.h"\n'),
    # commas that mean something
    ("a.py", "x = ('a',)\n", 'x = ("a")\n'),
    ("a.py", "x = a['b',]\n", 'x = a["b"]\n'),
    ("a.js", "x = [1,,]\n", "x = [1,]\n"),
    ("a.js", "x = [,]\n", "x = []\n"),
    ("a.rs", "fn f() { g((1,)) }\n", "fn f() { g((1)) }\n"),
    # parentheses that mean something
    ("a.py", "x = (a + b) * 'c'\n", 'x = a + b * "c"\n'),
    ("a.py", "x = (a < b) < 'c'\n", 'x = a < b < "c"\n'),
    ("a.py", "(a): int = 'b'\n", 'a: int = "b"\n'),
    ("a.js", "x = (a?.b).c\n", "x = a?.b.c\n"),
    ("a.py", "x = (1,)\n", "x = 1\n"),
    ("a.py", "f((1, 'a'))\n", 'f(1, "a")\n'),
    ("a.py", "x = [(1, 'a')]\n", 'x = [1, "a"]\n'),
    ("a.py", "assert (a, 'b')\n", 'assert a, "b"\n'),
    ("a.js", "x = ([y]) => 1\n", "x = y => 1\n"),
    ("a.js", "x = (y = 1) => 1\n", "x = y => 1\n"),
    ("a.ts", "x = (y: A) => 1\n", "x = y => 1\n"),
    ("a.ts", "x = (y?) => 1\n", "x = y => 1\n"),
    ("a.js", "x = (a, b)\n", "x = a, b\n"),
    ("a.js", "('use strict')\n", "'use strict'\n"),
    ("a.js", "x = () => ({})\n", "x = () => {}\n"),
    ("a.cpp", "decltype((x)) y = x;\n", "decltype(x) y = x;\n"),
    ("a.rs", "fn f() { (a.b)(1) }\n", "fn f() { a.b(1) }\n"),
    ("a.lua", "x = {(f())}\n", "x = {f()}\n"),
    # semicolons and braces that mean something
    ("a.js", "return_ = a\n(b)\n", "return_ = a;\n(b);\n"),
    ("a.js", "function f() { return\na }\n", "function f() { return a }\n"),
    ("a.js", "if (a) b(); c()\n", "if (a) { b(); c() }\n"),
    ("a.js", "while (a); b()\n", "while (a) b()\n"),
    ("a.c", "void f() { if (a) if (b) c(); else d(); }\n", "void f() { if (a) { if (b) c(); } else d(); }\n"),
    ("a.rs", "fn f() -> u8 { 1 }\n", "fn f() -> u8 { 1; }\n"),
    ("a.py", "x = 'a'\n", "x = 'a'\ny = (\n"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "a", "b"), SAME)
def test_same(path: str, a: str, b: str) -> None:
    assert same_tree(path, a, b) is True
    assert same_tree(path, b, a) is True


@pytest.mark.parametrize(("path", "a", "b"), DIFFERENT)
def test_different(path: str, a: str, b: str) -> None:
    assert same_tree(path, a, b) is False
    assert same_tree(path, b, a) is not True
    assert same_tree(path, a, a) is True


def test_many_are_compared_at_once_also_where_some_are_refused() -> None:
    asked = []
    for number in range(BATCH + 9):
        truth = f"x = 'a', {number}\n"
        candidate = truth.replace("'", '"') if number % 3 else "print 'a'\n"  # which the grammar reads, but not ruff
        asked.append(("a.py", truth, candidate))
    asked += [("a.sh", "x=`a`\n", "x=$(a)\n"), ("a.unknown", "a", "b"), ("a.js", "a('b')\n", 'a("b");\n')]
    asked.append(("a.py", "print 'a'\n", 'print "a"\n'))
    wanted = [bool(number % 3) for number in range(BATCH + 9)]
    assert same_trees(asked) == [*wanted, True, None, True, False]


def test_what_a_formatter_refuses_is_told_apart() -> None:
    assert formatted(".py", ["x='a'", "x = (", "", "y='b'", "z ="]) == ['x = "a"\n', None, "", 'y = "b"\n', None]
    assert formatted(".sh", ["if a", "a  b\n"]) == [None, "a b\n"]
    assert formatted(".py", []) == []


def test_no_configuration_around_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def f():\n    x = 'a'\n"
    for name in ("ruff.toml", ".ruff.toml"):
        (tmp_path / name).write_text('indent-width = 7\n[format]\nquote-style = "preserve"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.ruff]\nextend-exclude = ["*"]\n')
    (tmp_path / ".editorconfig").write_text("root = true\n[*]\nindent_style = space\nindent_size = 7\n")
    (tmp_path / "home" / "ruff").mkdir(parents=True)
    (tmp_path / "home" / "ruff" / "ruff.toml").write_text("indent-width = 7\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUFF_CONFIG", str(tmp_path / "ruff.toml"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert formatted(".py", [text]) == ['def f():\n    x = "a"\n']
    assert formatted(".sh", ["if a; then\n    b\nfi\n"]) == ["if a; then\n\tb\nfi\n"]


def test_a_missing_formatter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    formatting._program.cache_clear()
    monkeypatch.setattr("shutil.which", lambda name, path: None)
    with pytest.raises(InflateError, match=r"ruff is not installed: pip install 'rcfam\[inflate\]'"):
        same_tree("a.py", "x = 'a'\n", 'x = "a"\n')
    assert same_tree("a.py", "x = 1\n", "x  =  1\n") is True  # trees are equal: none is needed


def test_a_formatter_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATTERS, ".py", ("sleep", "60", "#"))
    monkeypatch.setattr(formatting, "SECONDS", 0.2)
    assert formatted(".py", ["x", "y"]) == [None, None]


def test_text_that_is_odd_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = "\ufeffx = 'é\u2028'\r\ny = 'a'\r\n"
    assert same_tree("a.py", odd, odd.replace("'", '"')) is True
    deep = "x = " + "(" * 3_000 + "'a'" + ")" * 3_000 + "\n"
    assert same_tree("a.py", deep, deep.replace("'", '"')) in (True, False)  # whatever ruff makes of it
