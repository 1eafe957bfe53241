"""Our asciicasts in asciinema's own player: the screens, keystrokes and markers that it sees are the recording's.

Needs Chromium, and in ASCIINEMA_PLAYER the folder of asciinema-player's bundle (dist/bundle of its npm package).
"""

import json
import os
from pathlib import Path

import pytest

from rcfam.recording import Reader, Writer
from rcfam.recording.ansi import asciicast, text_rows
from rcfam.terminal import keys as names
from tests.support.oracles import chromium
from tests.support.recording_screens import ATTRIBUTES, CLUSTERS, typed

BUNDLE = os.environ.get("ASCIINEMA_PLAYER", "")
SCRIPT = Path(BUNDLE, "asciinema-player.min.js")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(chromium.program() is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not (BUNDLE and SCRIPT.exists()), reason="ASCIINEMA_PLAYER names no asciinema-player bundle"),
]
SPEED = 0.05
PAGE = """<!doctype html><meta charset=utf-8><style>STYLE</style><div id=player></div>
<script>SOURCE</script><script>
window.seen = {i: [], m: []};
window.player = AsciinemaPlayer.create({data: CAST}, document.getElementById('player'), {preload: true, speed: 5});
player.addEventListener('input', e => seen.i.push(e.data));
player.addEventListener('marker', e => seen.m.push(e.label));
player.addEventListener('ended', () => { seen.ended = true; });
</script>"""
READY = "!!document.querySelector('.ap-term-text, .ap-terminal, .ap-term')"
LINES = "[...document.querySelectorAll('.ap-line')].map(line => line.textContent)"


@pytest.mark.parametrize("version", [2, 3])
def test_the_player_shows_the_recording(tmp_path: Path, version: int) -> None:
    cells, cursors, keys = typed("def f(x):\n    return x + 1\n\nprint(f(2))\n", 8, 40)
    cells[:, 4, :4] = [0x1B, 0x9B, 0x2502, 0xE9]
    keys[5] = names.UP
    path, page = tmp_path / "a.tsr", tmp_path / "page.html"
    with path.open("wb") as file, Writer(file, 8, 40, ATTRIBUTES, {"name": "</script>"}) as writer:
        writer.add_clusters(CLUSTERS)
        writer.mark("commit", "first")
        writer.append(cells[:9], cursors[:9], keys[:9])
        writer.mark("commit", "second")
        writer.append(cells[9:], cursors[9:], keys[9:])
    with Reader(path) as reader:
        cast = "\n".join(asciicast(reader, version, SPEED, 0, reader.frames)) + "\n"
        shown = [text_rows(frame, reader.clusters) for frame in cells]
    style = (SCRIPT.parent / "asciinema-player.css").read_text(encoding="utf-8")
    source = PAGE.replace("STYLE", style).replace("SOURCE", SCRIPT.read_text(encoding="utf-8"))
    page.write_text(source.replace("CAST", json.dumps(cast).replace("</", "<\\/")), encoding="utf-8")
    frames = [3, 20, 8, len(keys) - 1]
    ask = []
    for frame in frames:
        seek = f"player.seek({(frame + 0.5) * SPEED})"
        ask += [f"{seek}.then(() => new Promise(done => setTimeout(done, 300))).then(() => {LINES})"]
    ended = "new Promise(done => { const wait = () => seen.ended ? done(seen) : setTimeout(wait, 50); wait(); })"
    again = "Object.assign(seen, {i: [], m: [], ended: false})"
    ask += [f"player.seek(0).then(() => {{ {again}; return player.play(); }}).then(() => 1)", ended]
    ask += ["document.querySelectorAll('.ap-marker').length"]
    *screens, _, heard, marks = chromium.visit(page, READY, ask).values
    for frame, lines in zip(frames, screens, strict=True):
        assert [line.rstrip() for line in lines] == shown[frame]
    # What happens at second 0 is part of the seek to it, and not told again.
    assert heard["m"] == ["commit second"] and marks == 2
    assert "".join(heard["i"]) == names.to_xterm(keys[1:]).decode()
