"""Whole recordings with strange contents: half characters, unknown keys, texts of absurd length, deep documents."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forging import take_apart
from rcfam.cli import main
from rcfam.dataset.dataset_tables import commit_rows
from rcfam.dataset.split import Span
from rcfam.dataset.tokens import Tokens
from rcfam.printable import MOST_CHARACTERS
from rcfam.recording import Reader, Writer
from rcfam.recording.layout import varint
from rcfam.rendering import RenderParams
from rcfam.terminal.keys import name


def header(provenance: bytes) -> bytes:
    size = (1).to_bytes(2, "little") + (2).to_bytes(2, "little") + (9).to_bytes(2, "little")
    return size + varint(1) + bytes(12) + varint(len(provenance)) + provenance


def forged(path: Path, provenance: bytes = b"{}", side: bytes = b"") -> Path:
    """Three blank frames with right checksums, and a side table in chunk and index."""
    parts = take_apart(written(path, [97, 98, 99]).read_bytes())
    parts.header, parts.side, parts.pieces[0].streams[8] = header(provenance), side, side
    path.write_bytes(parts.build())
    return path


def written(path: Path, keys: list[int]) -> Path:
    with path.open("wb") as file, Writer(file, 2, 9, np.zeros((1, 3), np.uint32), {"name": "x"}) as writer:
        writer.mark("commit", "a one")
        count = len(keys)
        cells = np.full((count, 2, 9), 0x20, np.uint32)
        writer.append(cells, np.zeros((count, 3), np.int32), np.array(keys, np.uint32))
    return path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rcfam", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(str(end.code))
    out, err = capsys.readouterr()
    errors = [line for line in err.replace("\r", "\n").split("\n") if line.startswith("rcfam: ")]
    assert len(errors) == (code == 1)
    return code, out + "".join(errors)


def test_half_a_surrogate_pair_is_shown_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    side = rb'{"marks":[[0,"commit","a \udead \ud83d\ude00"],[1,"\ud800",""]],"clusters":["\ud800"]}'
    path, again = forged(tmp_path / "a.tsr", b'{"name":"\\ud83d","\\udc00":"x"}', side), tmp_path / "again.tsr"
    for words in (
        ("info", path, "--check"),
        ("play", path, "--dump", 1),
        *(("export", path, "--to", to, "-o", tmp_path / to) for to in ("txt", "cast", "cast2", "png")),
        ("repack", path, "-o", again),
    ):
        code, text = said(capsys, *words)
        text.encode()
        assert code == 0, text
    with Reader(path) as reader, Reader(again) as other:
        assert other.marks == reader.marks and other.provenance == reader.provenance
        rows = commit_rows("r", [Span("r", "train", 0, 3)], 3, reader.marks, Tokens(*[np.arange(3)] * 3))
        assert rows["subject"].to_list() == ["\ufffd \U0001f600"]
        rows.write_parquet(tmp_path / "commits.parquet")
    table = {"params": json.dumps(asdict(RenderParams())), "name": "\ud800", "revision": "0" * 40}
    path = forged(tmp_path / "b.tsr", json.dumps(table).encode())
    code, text = said(capsys, "verify", path, "--repo", Path(__file__).parents[2])
    assert code == 1 and "name holds half a surrogate pair" in text


@pytest.mark.parametrize("key", [0x11000A, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_key_that_is_none_is_shown_by_number_and_not_exported_as_typed(
    key: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.tsr", [97, key, 98])
    assert name(key) == f"<key {key:#x}>"
    assert said(capsys, "info", path, "--check")[0] == 0
    code, text = said(capsys, "play", path, "--dump", 1)
    assert code == 0 and f"<key {key:#x}>" in text
    assert said(capsys, "export", path, "--to", "txt", "-o", tmp_path / "o")[0] == 0
    for to in ("cast", "cast2"):
        code, text = said(capsys, "export", path, "--to", to, "-o", tmp_path / "o.cast")
        assert code == 1 and f"frame 1: key {key:#x}: 0..0x110009 expected" in text
        assert not (tmp_path / "o.cast").exists()
    assert said(capsys, "repack", path, "-o", tmp_path / "again.tsr")[0] == 0


def test_a_key_that_is_half_a_pair_has_a_name() -> None:
    assert name(0xD800) == "<key 0xd800>" and name(0xDFFF) == "<key 0xdfff>" and name(0xE000) == "\ue000"


def test_texts_of_absurd_length_are_cut_where_they_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tsr"
    with path.open("wb") as file, Writer(file, 2, 9, np.zeros((1, 3), np.uint32), {"x": "y" * 1_000_000}) as writer:
        for _ in range(100_000):
            writer.mark("other", "")
        writer.mark("commit", "z" * 3_000_000)
        cells = np.full((2000, 2, 9), 0x20, np.uint32)
        writer.append(cells, np.zeros((2000, 3), np.int32), np.full(2000, 97, np.uint32))
    started = time.process_time()
    for words in (
        ("info", path),
        ("play", path, "--dump", 3),
        ("export", path, "--to", "txt", "-o", tmp_path / "o.txt"),
        ("export", path, "--to", "cast", "-o", tmp_path / "o.cast"),
    ):
        code, text = said(capsys, *words)
        assert code == 0 and len(text) < 10 * MOST_CHARACTERS
    assert max((tmp_path / name).stat().st_size for name in ("o.txt", "o.cast")) < 20_000_000
    assert time.process_time() - started < 60  # a mark looked through for each frame took minutes


@pytest.mark.parametrize("document", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, b'{"a":{}}', b'"' + b"\\"])
def test_a_provenance_that_is_no_table_of_strings(
    document: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = forged(tmp_path / "a.tsr", document)
    for words in (("info", path), ("play", path, "--dump", 0), ("repack", path, "-o", tmp_path / "b.tsr")):
        code, text = said(capsys, *words)
        assert code == 1 and "byte" in text


def test_a_provenance_with_deep_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = json.dumps({"params": "[" * 100_000, "name": "x", "revision": "0" * 40}).encode()
    path = forged(tmp_path / "a.tsr", deep)
    assert said(capsys, "info", path)[0] == 0
    code, text = said(capsys, "verify", path, "--repo", Path(__file__).parents[2])
    assert code == 1 and "does not say how it was rendered" in text
