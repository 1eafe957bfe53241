"""Who may ask the web interface for anything: not another page, not another name, nobody without the password."""

import base64
import json
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from flows import PROJECT, registry
from flows.stages import program
from tests.support import flows_toy, flows_ui
from tests.support.flows_ui import Ui
from tests.support.oracles import chromium

browser = pytest.mark.skipif(chromium.program() is None, reason="no chromium on this machine")
HERE = ("--no-proxy-server",)
ELSEWHERE = (*HERE, "--host-resolver-rules=MAP evil.example 127.0.0.1")
# What an environment may hold that would open the server.
OPEN = {
    "PREFECT_SERVER_API_HOST": "0.0.0.0",
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "*",
    "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": "*",
}


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    with flows_ui.running(tmp_path_factory.mktemp("home"), **OPEN) as started:
        yield started


@pytest.fixture(scope="module")
def verb(ui: Ui) -> str:
    return str(ui.get("deployments/name/verb/local")["id"])


def runs(ui: Ui) -> int:
    return int(ui.ask("flow_runs/count"))


def address(ui: Ui, path: str = "", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{ui.port}{path}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/deployments/filter"),
        ("POST", "/api/deployments/{verb}/create_flow_run"),
        ("PATCH", "/api/work_pools/rcfam"),
        ("POST", "/api/flow_runs/"),
        ("GET", "/api/admin/settings"),
        ("POST", "/api/variables/name/health"),
        ("POST", "/api/csrf-token"),
    ],
)
def test_without_the_password_nothing_is_answered(ui: Ui, verb: str, method: str, path: str) -> None:
    where = address(ui, path.format(verb=verb))
    for password in (None, ("rcfam", ""), ("rcfam", "x" * 32), ("", "")):
        answer = httpx.request(method, where, json={"parameters": {"words": ["params"]}}, auth=password)
        assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert runs(ui) == 0


def test_only_names_of_loopback_are_answered(ui: Ui) -> None:
    for path in ("/", "/enter", "/ui-settings", "/api/health", "/api/admin/version"):
        for host in ("evil.example", f"evil.example:{ui.port}", "127.0.0.1.evil.example", "localhost.evil.example", ""):
            answer = httpx.get(address(ui, path), headers={"Host": host}, auth=ui.password())
            assert answer.status_code == httpx.codes.BAD_REQUEST
        assert httpx.get(address(ui, path), auth=ui.password(), follow_redirects=True).is_success
        assert httpx.get(address(ui, path, "localhost"), auth=ui.password(), follow_redirects=True).is_success


def test_other_origins_are_refused_even_with_the_password(ui: Ui) -> None:
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    others = ("http://evil.example", "null", f"https://127.0.0.1:{ui.port}", f"http://127.0.0.1:{ui.port + 1}")
    for origin in others:
        preflight = httpx.options(address(ui, "/api/flow_runs/count"), headers={"Origin": origin, **asking})
        posted = httpx.post(address(ui, "/api/flow_runs/count"), headers={"Origin": origin}, auth=ui.password())
        for answer in (preflight, posted):
            assert answer.status_code == httpx.codes.FORBIDDEN
            assert "access-control-allow-origin" not in answer.headers
    for own in (address(ui), address(ui, host="localhost")):
        preflight = httpx.options(address(ui, "/api/flow_runs/count"), headers={"Origin": own, **asking})
        assert preflight.headers["access-control-allow-origin"] == own


def test_websockets_need_the_password_and_an_own_page(ui: Ui) -> None:
    where = f"ws://127.0.0.1:{ui.port}/api/events/out"
    evil = f"ws://evil.example:{ui.port}/api/events/out"
    speak: Any = {"subprotocols": ["prefect"], "proxy": None}
    with pytest.raises(InvalidStatus):
        connect(where, origin=cast(Any, "http://evil.example"), **speak).close()
    with pytest.raises(InvalidStatus):
        connect(evil, sock=socket.create_connection(("127.0.0.1", ui.port)), **speak).close()
    for secret, known in (("", False), ("rcfam:x", False), (":".join(ui.password()), True)):
        with connect(where, origin=cast(Any, address(ui)), **speak) as spoken:
            spoken.send(json.dumps({"type": "auth", "token": secret}))
            if known:
                assert json.loads(spoken.recv())["type"] == "auth_success"
            else:
                with pytest.raises(ConnectionClosed):
                    spoken.recv()


@pytest.mark.parametrize("name", ["command", "env", "env.PYTHONPATH", "working_dir", "stream_output"])
def test_job_variables_are_refused(ui: Ui, verb: str, tmp_path: Path, name: str) -> None:
    mine = {name: {"X": "1"} if name == "env" else f"touch {tmp_path}/PWNED"}
    asked = {"parameters": {"words": ["params"]}, "job_variables": mine}
    where = address(ui, f"/api/deployments/{verb}/create_flow_run")
    answer = httpx.post(where, json=asked, auth=ui.password())
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Additional properties are not allowed" in answer.text
    assert runs(ui) == 0


def test_the_pool_of_an_older_database_is_made_anew(ui: Ui) -> None:
    free = {"job_configuration": {"command": "{{ command }}"}, "variables": {"properties": {"command": {}}}}
    ui.call("PATCH", "work_pools/rcfam", {"base_job_template": free})
    assert ui.get("work_pools/rcfam")["base_job_template"] == free
    access = {PREFECT_API_URL: address(ui, "/api"), PREFECT_API_AUTH_STRING: ":".join(ui.password())}
    with temporary_settings(updates=access):
        registry.make_pool("rcfam")
    assert ui.get("work_pools/rcfam")["base_job_template"] == registry.JOB


def test_the_password_is_in_one_file_that_its_owner_alone_reads(ui: Ui) -> None:
    assert stat.S_IMODE((ui.home / "profile.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE(ui.home.stat().st_mode) == 0o700
    _, secret = ui.password()
    assert len(secret) >= 32
    for name in ("server.log", "worker.log"):
        assert secret not in (ui.home / name).read_text()
    for pid in [ui.process.pid, *flows_ui.descendants(ui.process.pid)]:
        assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_it_listens_on_loopback_whatever_the_environment_says(ui: Ui) -> None:
    rows = [line.split() for each in ("tcp", "tcp6") for line in Path("/proc/net", each).read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{ui.port:04X}")}
    assert listening == {f"0100007F:{ui.port:04X}"}


def test_programs_of_the_owner_find_server_and_password(ui: Ui) -> None:
    for around in (
        {"PREFECT_PROFILES_PATH": str(ui.home / "profile.toml")},
        {"PREFECT_API_URL": address(ui, "/api"), "PREFECT_API_AUTH_STRING": ":".join(ui.password())},
    ):
        kept = {name: value for name, value in flows_toy.settings(ui.home).items() if name != "PREFECT_HOME"}
        command = program("prefect", "deployment", "ls")
        done = subprocess.run(command, cwd=PROJECT, env=kept | around, capture_output=True, text=True, check=False)
        assert "verb/local" in done.stdout, done.stderr


@browser
def test_a_link_lets_one_browser_in_and_others_are_asked(ui: Ui) -> None:
    text = "document.body ? document.body.innerText : ''"
    stranger = chromium.visit(address(ui, "/v2/deployments"), f"/Login/.test({text})", [text], flags=HERE)
    assert "verb" not in stranger.values[0]
    kept = "localStorage.getItem('prefect-password')"
    seen = chromium.visit(ui.link, f"/verb/.test({text})", [text, "location.href", kept], flags=HERE)
    for flow in ("pipeline", "study", "tune", "tracking", "verb"):
        assert flow in seen.values[0]
    assert "enter" not in seen.values[1]
    assert base64.b64decode(seen.values[2]).decode() == ":".join(ui.password())
    again = chromium.visit(ui.link, f"/used/.test({text})", [kept], flags=HERE)
    assert again.values == [None]
    for page in (stranger, seen, again):  # no analytics, whatever the page would like
        assert all(address(ui) in asked or asked.startswith(("data:", "blob:")) for asked in page.requests)


ATTACK = """<!doctype html><title>evil</title>
<form id="form" method="post" enctype="text/plain" target="frame" action="WHERE">
<input name='JSON_START' value='"}'></form>
<iframe name="frame"></iframe><iframe id="inside" src="ROOT/"></iframe>
<script>
const body = `BODY`, said = {};
const tell = (name, promise) => promise.then((a) => said[name] = a.type || "open", (e) => said[name] = "refused");
const json = {"Content-Type": "application/json"};
const socket = () => new Promise((yes, no) => {
  const s = new WebSocket("ROOT/api/events/in".replace("http", "ws"), "prefect");
  s.onopen = yes; s.onerror = no;
});
const all = Promise.all([
  tell("json", fetch("WHERE", {method: "POST", headers: json, body})),
  tell("password", fetch("WHERE", {method: "POST", headers: {...json, Authorization: "Basic cmNmYW06"}, body})),
  tell("included", fetch("WHERE", {method: "POST", body, mode: "no-cors", credentials: "include"})),
  tell("plain", fetch("WHERE", {method: "POST", body, mode: "no-cors"})),
  tell("enter", fetch("ROOT/enter", {method: "POST", headers: {"Ticket": "x"}})),
  tell("read", fetch("ROOT/ui-settings")),
  tell("socket", socket()),
]);
navigator.sendBeacon("WHERE", body);
document.getElementById("form").submit();
window.done = false;
all.then(() => setTimeout(() => { window.done = true; }, 500));
</script>
"""


@browser
def test_a_page_of_another_origin_starts_nothing_and_reads_nothing(ui: Ui, verb: str, tmp_path: Path) -> None:
    where = address(ui, f"/api/deployments/{verb}/create_flow_run")
    body = json.dumps({"parameters": {"words": ["params"]}, "job_variables": {"command": f"touch {tmp_path}/PWNED"}})
    page = ATTACK.replace("WHERE", where).replace("BODY", body).replace("ROOT", address(ui))
    page = page.replace("JSON_START", body[:-1] + ', "x": "')
    (tmp_path / "index.html").write_text(page)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        pages = (f"http://evil.example:{other.server_port}/", f"http://127.0.0.1:{other.server_port}/")
        for attack in pages:
            seen = chromium.visit(attack, "window.done === true", ["said"], flags=ELSEWHERE)
            # What no-cors sends is opaque whatever is answered; the server says 403.
            assert {name for name, end in seen.values[0].items() if end != "refused"} <= {"plain", "included"}
            assert set(seen.values[0]) == {"json", "password", "included", "plain", "enter", "read", "socket"}
        other.shutdown()
    assert runs(ui) == 0
    assert not (tmp_path / "PWNED").exists()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@browser
def test_a_name_that_is_turned_to_this_machine_shows_nothing(ui: Ui, verb: str) -> None:
    """DNS rebinding: for the browser the page is of the same origin as the server that it asks."""
    ask = f"""fetch("/api/deployments/{verb}/create_flow_run", {{method: "POST", body: "{{}}",
        headers: {{"Content-Type": "application/json"}}}}).then((answer) => answer.status)"""
    seen = chromium.visit(address(ui, "/", "evil.example"), "document.body !== null", [ask], flags=ELSEWHERE)
    assert seen.values == [httpx.codes.BAD_REQUEST]
    assert runs(ui) == 0


def test_runs_of_the_interface_keep_to_the_checkout(ui: Ui) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside = Path(folder) / "params.yaml"
        started = {
            "verb": ui.start("verb", parameters={"words": ["preset", "tiny", "--params", str(outside)]}),
            "pipeline": ui.start("pipeline", parameters={"project": folder}),
            "tune": ui.start("tune", parameters={"storage": f"sqlite:///{folder}/x.db"}),
        }
        for flow, run in started.items():
            end = ui.end(run, 180)
            assert (flow, end["state_name"]) == (flow, "Failed")
            assert "BoundsError" in end["state"]["message"]
        assert not list(Path(folder).iterdir())
