"""How a server is announced, who is told its password, and how long the link is good for."""

import asyncio
import stat
import time
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from flows import server, web
from flows.server import Access

HERE = Access("http://127.0.0.1:1/api", "rcfam:secret")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


def test_the_announcement_is_the_owners_alone_and_goes(home: Path) -> None:
    (home / "open").write_text("")
    (home / "profile.toml").symlink_to(home / "open")  # what somebody left there is not written through
    with server.announced(HERE):
        assert stat.S_IMODE((home / "profile.toml").stat().st_mode) == 0o600
        assert "secret" in (home / "profile.toml").read_text()
    assert [path.name for path in home.iterdir()] == ["open"]
    assert (home / "open").read_text() == ""
    assert "secret" not in repr(HERE)


def test_the_password_goes_to_the_announced_server_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.announced(HERE):
        assert server.found() is None  # nobody answers there
        monkeypatch.setattr(server, "healthy", lambda api_url: api_url == HERE.api_url)
        assert server.found() == HERE
        monkeypatch.setenv("PREFECT_API_URL", HERE.api_url)
        assert server.found() == HERE
        monkeypatch.setenv("PREFECT_API_URL", "http://elsewhere/api")
        assert server.found() == Access("http://elsewhere/api", None)
        monkeypatch.setenv("PREFECT_API_URL", HERE.api_url)
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "what:the-user-says")
        assert server.found() == Access(HERE.api_url, None)


@pytest.mark.parametrize("text", ["", "[", "profiles = 1", "[profiles.rcfam]", "[profiles.rcfam]\nPREFECT_API_URL = 1"])
def test_a_damaged_announcement_is_none(home: Path, text: str) -> None:
    (home / "profile.toml").write_text(text)
    assert server.found() is None


def test_a_ticket_is_good_once_and_for_a_while() -> None:
    async def asked(app: web.Door, ticket: str, method: str = "POST") -> tuple[int, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:1") as client:  # type: ignore[arg-type]
            answer = await client.request(method, "/enter", headers={"Ticket": ticket})
            return answer.status_code, answer.text

    async def everything() -> None:
        door = web.Door(PlainTextResponse("inside"), "ticket", "secret")
        for ticket in ("", "ticke", "ticket2"):
            assert (await asked(door, ticket))[0] == httpx.codes.FORBIDDEN
        assert (await asked(door, "ticket", "PUT"))[0] == httpx.codes.FORBIDDEN
        assert "secret" not in (await asked(door, "ticket", "GET"))[1]
        assert await asked(door, "ticket") == (httpx.codes.OK, "secret")
        assert (await asked(door, "ticket"))[0] == httpx.codes.FORBIDDEN
        late = web.Door(PlainTextResponse("inside"), "ticket", "secret", closes=time.monotonic())
        assert (await asked(late, "ticket"))[0] == httpx.codes.FORBIDDEN

    asyncio.run(everything())
