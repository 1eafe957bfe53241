"""Documents from strangers: a value, or one line that names file and place. Nothing else, and nothing for ever."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from rcfam import documents
from rcfam.bounds import Count, Name, Range, Size
from rcfam.documents import DocumentError


@dataclass(frozen=True)
class Item:
    name: Name
    share: Annotated[float, Range(0, 1)] = 0.5
    note: str | None = None


@dataclass(frozen=True)
class Listing:
    version: Literal[1]
    items: Annotated[tuple[Item, ...], Size(0, 3)] = ()
    spans: tuple[tuple[Name, Count], ...] = ()
    law: dict[str, float | int | str | None] | None = None
    free: Any = None


def read(value: Any) -> Listing:
    return documents.build(Listing, value, "f.json:", complete=False)


def test_a_document_becomes_its_dataclass() -> None:
    found = read({"version": 1, "items": [{"name": "a", "share": 1}], "spans": [["b", 2]], "law": {"x": 1, "y": "z"}})
    assert found == Listing(1, (Item("a", 1.0),), (("b", 2),), {"x": 1.0, "y": "z"})


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([], "f.json: expected keys and values, found a list"),
        (None, "f.json: expected keys and values, found nothing"),
        ({}, "f.json: version: key is missing"),
        ({"version": True}, "f.json: version: True is not one of 1"),
        ({"version": 1, "x": 1}, "f.json: x: unknown key; known: free, items, law, spans, version"),
        ({"version": 1, "x\x1b[2J": 1}, "f.json: 'x\\x1b[2J': unknown key; known: free, items, law, spans, version"),
        ({"version": 1, "items": {}}, "f.json: items: expected a list, found {}"),
        ({"version": 1, "items": [3]}, "f.json: items[0]: expected keys and values, found 3"),
        ({"version": 1, "items": [{"name": "../x"}]}, "f.json: items[0].name: '../x' is not a name: letters"),
        ({"version": 1, "items": [{"name": 3}]}, "f.json: items[0].name: expected str, found 3"),
        ({"version": 1, "items": [{"name": "a", "share": 2}]}, "items[0].share: 2.0 is not at least 0 and at most 1"),
        ({"version": 1, "items": [{"name": "a", "share": "0.5"}]}, "items[0].share: expected float, found '0.5'"),
        ({"version": 1, "items": [{"name": "a"}] * 4}, "f.json: items: 4 items, must be 0 to 3"),
        ({"version": 1, "spans": [["a"]]}, "f.json: spans[0]: expected 2 values, found 1"),
        ({"version": 1, "spans": [["a", -1]]}, "f.json: spans[0][1]: -1 is not at least 0"),
        ({"version": 1, "spans": [["a", 10**30]]}, "f.json: spans[0][1]: 1000000000000000000000000000000 is beyond 64"),
        ({"version": 1, "law": {"x": []}}, "f.json: law.x: expected float, found []"),
        ({"version": 1, "law": 3}, "f.json: law: expected keys and values, found 3"),
    ],
)
def test_what_does_not_fit_is_one_line_with_file_key_value_and_bound(value: Any, line: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(value)
    assert line in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f: not valid JSON"),
        ("{", "f: not valid JSON"),
        ("[" * 100_000, "f: nested more than 32 deep"),
        ("[" * 40 + "]" * 40, "f: nested more than 32 deep"),
        ('{"a": 1, "a": 2}', "f: not valid JSON: key 'a' stands there twice"),
        ('{"a": NaN}', "f: a: nan is not finite"),
        ('{"a": {"b": [-Infinity]}}', "f: a.b[0]: -inf is not finite"),
        ('{"a": 1e999}', "f: a: inf is not finite"),
        ("1" * 5_000, "f: not valid JSON: a number of 5000 digits, at most 40 are read"),
        ('{"a": "\\ud800"}', "f: a: '\\ud800' holds half a character"),
    ],
)
def test_a_json_text_that_cannot_be_used(text: str, line: str) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.json_value(text, "f")
    assert line in str(caught.value)
    assert str(caught.value).isprintable()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BOMB, "alias *a: aliases are not read"),
        ("a: &a [*a]", "alias *a: aliases are not read"),
        ("a: &a {b: 1}\nc: {<<: *a}", "alias *a: aliases are not read"),
        ("a: 1\nb: 2\na: 3", "key 'a' stands there twice"),
        ("a: {b: 1, b: 2}", "key 'b' stands there twice"),
        ("[" * 100_000, "nested more than 32 deep"),
        ("- " * 500 + "1", "nested more than 32 deep"),
        ("a: .nan", "f: a: nan is not finite"),
        ("a: 1.0e+999", "f: a: inf is not finite"),
        ("a: " + "1" * 5_000, "a number of 5000 digits"),
        ("a: !!python/object/apply:os.system [x]", "tags are not read"),
        ("a: !!int x", "tags are not read"),
        ("? [a]\n: 1", "a list or mapping as a key"),
        ("a: 0x_", "not valid YAML"),
        ("a: =", "not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
    ],
)
def test_a_yaml_text_that_cannot_be_used(text: str, line: str) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.yaml_value(text, "f")
    assert line in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def test_a_date_in_yaml_is_a_text() -> None:
    assert documents.yaml_value("since: 2026-01-31", "f") == {"since": "2026-01-31"}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\xff\xfe{\x00}\x00", "not UTF-8: byte 0xff at 0"),
        (b'{"a": "\xe9"}', "not UTF-8: byte 0xe9 at 7"),
        (b"\x00", "not valid JSON"),
        (b" " * 2_000 + b"1", "2,001 bytes, at most 1,000 are read"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, data: bytes, line: str) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        documents.load_json(path, 1_000)
    assert str(caught.value).startswith(f"{path}: ") and line in str(caught.value)


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert documents.load_json(tmp_path / "f") == {"a": 1}


def test_special_files_are_neither_waited_for_nor_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for path, line in (
        (tmp_path / "fifo", "a special file, expected a regular file"),
        (Path("/dev/zero"), "a special file, expected a regular file"),
        (tmp_path, "a folder, expected a regular file"),
        (tmp_path / "none", "No such file or directory"),
        (tmp_path / "loop", "Too many levels of symbolic links"),
        (Path("a\0b"), "embedded null byte"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(DocumentError, match=line):
            documents.load_json(path)


def test_a_parameter_file_that_is_a_fifo_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "params.yaml")
    command = [sys.executable, "-c", "from rcfam.cli import main; main()", "params"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "rcfam: params.yaml: a special file, expected a regular file"
