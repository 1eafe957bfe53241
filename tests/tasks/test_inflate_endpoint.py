"""Questions to a real local server: kept answers, few at a time, patience with its faults, and no key anywhere."""

import gzip
import json
import logging
import socket
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from rcfam.tasks.inflate import Answer, Endpoint, InflateError, ask
from rcfam.tasks.inflate.endpoint import LOST_IN_A_ROW
from rcfam.tasks.inflate.prompts import Message
from tests.support.completions_server import Reply, Request, Server, completion, failure, scripted, serving

pytest.importorskip("openai")

KEY = "sk-secret-0123456789abcdef"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def question(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


def endpoint(server: Server, **changes: object) -> Endpoint:
    settings = {"model": "m", "key": KEY, "url": server.url, "first_wait_s": 0.01, "attempts": 3, "timeout_s": 20.0}
    return Endpoint(**{**settings, **changes})  # type: ignore[arg-type]


def one(server: Server, folder: Path, **changes: object) -> Answer | InflateError:
    return ask(endpoint(server, **changes), [question("q")], folder)[0]


def test_answers_come_in_order_and_are_kept(tmp_path: Path) -> None:
    with serving(lambda request, number: completion(request.body["messages"][0]["content"] + "!")) as server:
        questions = [question(str(i)) for i in range(9)]
        first = ask(endpoint(server, body={"reasoning_effort": "minimal"}), questions, tmp_path)
        again = ask(endpoint(server, body={"reasoning_effort": "minimal"}), questions, tmp_path)
        assert [answer.text for answer in first if isinstance(answer, Answer)] == [f"{i}!" for i in range(9)]
        assert first[3] == Answer("3!", 11, 2, cut=False, fresh=True)
        assert again[3] == Answer("3!", 11, 2, cut=False, fresh=False)
        assert len(server.requests) == 9 and server.busiest <= 4
        assert server.requests[0].body["reasoning_effort"] == "minimal" and server.requests[0].key == KEY
        ask(endpoint(server, model="other", body={"reasoning_effort": "minimal"}), questions[:1], tmp_path)
        ask(endpoint(server), questions[:1], tmp_path)  # another body: another question
        assert len(server.requests) == 11


def test_what_one_address_answered_is_not_taken_for_anothers(tmp_path: Path) -> None:
    with serving(scripted(completion("a"))) as server, serving(scripted(completion("b"))) as other:
        for asked, said in ((server, "a"), (other, "b"), (server, "a")):
            found = one(asked, tmp_path)
            assert isinstance(found, Answer) and found.text == said
        assert len(server.requests) == len(other.requests) == 1


def test_equal_questions_are_asked_once(tmp_path: Path) -> None:
    with serving(scripted(completion("a"))) as server:
        found = ask(endpoint(server), [question("q")] * 3, tmp_path)
        assert [answer.fresh for answer in found if isinstance(answer, Answer)] == [True, False, False]
        assert len(server.requests) == 1


def test_the_limit_on_requests_at_a_time_holds(tmp_path: Path) -> None:
    def slowly(request: object, number: int) -> Reply:
        reply = completion("a")
        reply.wait_s = 0.05
        return reply

    with serving(slowly) as server:
        ask(endpoint(server, concurrency=2), [question(str(i)) for i in range(8)], tmp_path)
        assert server.busiest == 2


@pytest.mark.parametrize(
    "bad",
    [
        failure(429, "slow down"),
        failure(500, "oops"),
        failure(503, "later"),
        Reply(b'{"choices": [{"mess', cut=True),
        Reply(b'{"choices": [{"mess'),
        Reply(b"\xff\xfe not JSON at all", headers={"Content-Type": "text/html"}),
        Reply(b"[1, 2]"),
        Reply(b'{"choices": []}'),
        Reply(b'{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": null}}]}'),
        Reply(b'{"choices": [{"finish_reason": "stop", "message": {"content": "\\ud800"}}]}'),
        Reply(b"null"),
        Reply(b""),
    ],
    ids=lambda reply: f"{reply.status}-{reply.body[:12]!r}",
)
def test_faults_that_pass_are_tried_again(bad: Reply, tmp_path: Path) -> None:
    with serving(scripted(bad, bad, completion("good"))) as server:
        answer = one(server, tmp_path)
        assert isinstance(answer, Answer) and answer.text == "good"
        assert len(server.requests) == 3


def raw(body: bytes, headers: bytes = b"", status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + headers + length + b"\r\n" + body


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\xff nothing like HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        raw(b"not gzip", b"Content-Encoding: gzip\r\n"),
        raw(b"[" * 100_000),
        raw(b"", b"Location: /v1/chat/completions\r\n", b"307 Again"),
        raw(b"", b"Location: http://[bad\r\n", b"307 Again"),
        raw(b"", status=b"304 Same"),
        raw(b"", status=b"999 Odd"),
    ],
    ids=range(10),
)
def test_what_is_no_http_costs_one_answer(sent: bytes, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        connection.recv(1 << 16)
                        connection.sendall(sent)

        threading.Thread(target=serve, daemon=True).start()
        asked = Endpoint("m", KEY, f"http://127.0.0.1:{listening.getsockname()[1]}/v1", attempts=2, first_wait_s=0.01)
        found = ask(asked, [question("q")], tmp_path)[0]
        assert isinstance(found, InflateError) and len(str(found).splitlines()) == 1
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("usage", [b"null", b"[1]", b'{"prompt_tokens": 1e999, "completion_tokens": "x"}', b"{}"])
def test_nonsense_about_tokens_counts_as_none(usage: bytes, tmp_path: Path) -> None:
    body = b'{"choices": [{"finish_reason": "stop", "message": {"content": "a"}}], "usage": ' + usage + b"}"
    with serving(scripted(Reply(body))) as server:
        assert one(server, tmp_path) == Answer("a", 0, 0, cut=False, fresh=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_host_sees_a_question(status: int, tmp_path: Path) -> None:
    with serving(scripted(completion("not the one that was asked"))) as other:
        there = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        with serving(scripted(failure(status, "over there", Location=there))) as server:
            found = one(server, tmp_path)
            assert isinstance(found, InflateError) and f"answers {status}" in str(found)
            assert len(server.requests) == 1 and not other.requests


def test_what_the_environment_tells_the_client_is_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: hidden\nUser-Agent: hidden")
    monkeypatch.setenv("OPENAI_ORG_ID", "hidden")
    with serving(scripted(completion("a"))) as server:
        one(server, tmp_path / "1")
        one(server, tmp_path / "2", alone=True)
        first, second = server.requests
        assert first.headers["x-secret"] == first.headers["openai-organization"] == "hidden"
        assert "hidden" not in second.headers.values() and second.key == first.key == KEY


def test_the_official_address_is_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the environment names is for the key that stands beside it; the command line hands it over."""
    with serving(scripted(completion("a"))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setattr("rcfam.tasks.inflate.endpoint.OFFICIAL", "http://127.0.0.1:9/v1")
        found = ask(Endpoint("m", KEY, attempts=1, timeout_s=5.0), [question("q")], Path("nowhere"))[0]
        assert isinstance(found, InflateError) and not server.requests


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_beyond_all_bounds_is_given_up(packed: bool, tmp_path: Path) -> None:
    body = completion("a" * (20 << 20)).body
    reply = Reply(gzip.compress(body, 1), headers={"Content-Encoding": "gzip"}) if packed else Reply(body)
    with serving(scripted(reply)) as server:
        found = one(server, tmp_path, attempts=2)
        assert isinstance(found, InflateError) and "TooLargeError" in str(found)
        assert len(server.requests) == 2 and not list(tmp_path.iterdir())


def test_packed_answers_are_read(tmp_path: Path) -> None:
    reply = Reply(gzip.compress(completion("good").body), headers={"Content-Encoding": "gzip"})
    with serving(scripted(reply)) as server:
        found = one(server, tmp_path)
        assert isinstance(found, Answer) and found.text == "good"


def test_a_quota_that_is_used_up_stops_everything_at_once(tmp_path: Path) -> None:
    body = json.dumps({"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"}})
    with serving(scripted(completion("a"), Reply(body.encode(), 429))) as server:
        with pytest.raises(InflateError, match="429"):
            ask(endpoint(server, concurrency=1), [question(str(i)) for i in range(50)], tmp_path)
        assert len(server.requests) == 2 and len(list(tmp_path.rglob("*.json"))) == 1


def test_a_server_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    with serving(scripted(completion("a"), failure(502, "gone"))) as server:
        with pytest.raises(InflateError, match=rf"502.*given up after {LOST_IN_A_ROW} questions in a row"):
            ask(endpoint(server, concurrency=1), [question(str(i)) for i in range(50)], tmp_path)
        assert len(server.requests) == 1 + 3 * LOST_IN_A_ROW and len(list(tmp_path.rglob("*.json"))) == 1
    patient = tmp_path / "patient"  # an answer now and then: somebody is there
    replies = [failure(502, "gone"), failure(502, "gone"), failure(502, "gone"), completion("a")]
    with serving(lambda request, number: replies[number % 4]) as server:
        found = ask(endpoint(server, concurrency=1), [question(str(i)) for i in range(4 * LOST_IN_A_ROW)], patient)
        assert sum(isinstance(answer, Answer) for answer in found) == 2 * LOST_IN_A_ROW
    refused = tmp_path / "refused"  # that is about the question, not about the server
    with serving(scripted(failure(400, "too long"))) as server:
        found = ask(endpoint(server), [question(str(i)) for i in range(20)], refused)
        assert len(server.requests) == len(found) == 20


def test_faults_that_stay_leave_one_question_without_an_answer(tmp_path: Path) -> None:
    def answer(request: object, number: int) -> Reply:
        return failure(500, f"oops {KEY}") if "bad" in str(request) else completion("good")

    with serving(answer) as server:
        found = ask(endpoint(server), [question("bad"), question("fine")], tmp_path)
        assert isinstance(found[0], InflateError) and "500" in str(found[0]) and "3 times" in str(found[0])
        assert isinstance(found[1], Answer)
        assert len(list(tmp_path.rglob("*.json"))) == 1


def test_the_server_says_how_long_to_wait(tmp_path: Path) -> None:
    wait = {"Retry-After": "0.4"}
    with serving(scripted(failure(429, "slow down", **wait), completion("good"))) as server:
        one(server, tmp_path)
        assert server.requests[1].time - server.requests[0].time >= 0.4


def test_the_server_names_a_time_to_wait_for(tmp_path: Path) -> None:
    until = datetime.now(UTC) + timedelta(seconds=3)
    wait = {"Retry-After": format_datetime(until, usegmt=True)}
    with serving(scripted(failure(429, "slow down", **wait), completion("good"))) as server:
        one(server, tmp_path)
        assert datetime.now(UTC) >= until.replace(microsecond=0)


def test_no_server_is_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcfam.tasks.inflate.endpoint.LONGEST_WAIT_S", 0.1)
    with serving(scripted(failure(429, "slow down", **{"Retry-After": "86400"}), completion("good"))) as server:
        assert isinstance(one(server, tmp_path), Answer)


@pytest.mark.parametrize("header", ["soon", "-5", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_nonsense_about_waiting_is_not_obeyed(header: str, tmp_path: Path) -> None:
    with serving(scripted(failure(429, "slow down", **{"Retry-After": header}), completion("good"))) as server:
        assert isinstance(one(server, tmp_path), Answer)


def test_waits_grow(tmp_path: Path) -> None:
    with serving(scripted(failure(500, "oops"))) as server:
        one(server, tmp_path, attempts=4, first_wait_s=0.1)
        times = [request.time for request in server.requests]
        waits = [after - before for before, after in pairwise(times)]
        assert all(wait >= least for wait, least in zip(waits, (0.075, 0.15, 0.3), strict=True))


@pytest.mark.parametrize("slow", [{"wait_s": 5.0}, {"drip_s": 0.1}])
def test_a_slow_answer_is_given_up(slow: dict[str, float], tmp_path: Path) -> None:
    reply = completion("a")
    reply.wait_s, reply.drip_s = slow.get("wait_s", 0.0), slow.get("drip_s", 0.0)
    with serving(scripted(reply, completion("good"))) as server:
        answer = one(server, tmp_path, timeout_s=1.0)
        assert isinstance(answer, Answer) and answer.text == "good"


def test_nobody_listens(tmp_path: Path) -> None:
    with serving(scripted(completion("a"))) as server:
        pass
    found = one(server, tmp_path)
    assert isinstance(found, InflateError) and "127.0.0.1" in str(found)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_will_not_pass_stops_everything_at_once(status: int, tmp_path: Path) -> None:
    with serving(scripted(completion("a"), failure(status, f"Incorrect API key provided: {KEY}"))) as server:
        with pytest.raises(InflateError, match=str(status)) as caught:
            ask(endpoint(server, concurrency=1), [question(str(i)) for i in range(50)], tmp_path)
        assert len(server.requests) == 2
        whole = "".join(traceback.format_exception(caught.value))
        assert KEY not in whole and "***" in str(caught.value)
        assert caught.value.__cause__ is None and caught.value.__context__ is None
        assert len(list(tmp_path.rglob("*.json"))) == 1  # what was answered stays


def test_a_question_that_is_refused_is_not_asked_again(tmp_path: Path) -> None:
    with serving(scripted(failure(400, "too long for this model"))) as server:
        found = one(server, tmp_path)
        assert isinstance(found, InflateError) and "too long" in str(found)
        assert len(server.requests) == 1


def test_an_answer_that_stops_at_its_limit_is_marked(tmp_path: Path) -> None:
    with serving(scripted(completion("half", finish="length", usage=False))) as server:
        assert one(server, tmp_path) == Answer("half", 0, 0, cut=True, fresh=True)
        assert one(server, tmp_path) == Answer("half", 0, 0, cut=True, fresh=False)


def test_damaged_files_are_asked_for_again(tmp_path: Path) -> None:
    with serving(scripted(completion("good"))) as server:
        one(server, tmp_path)
        for damage in (b"", b"{", b"[]", b'{"text": 1}', b"\xff"):
            next(tmp_path.rglob("*.json")).write_bytes(damage)
            answer = one(server, tmp_path)
            assert isinstance(answer, Answer) and answer.fresh and answer.text == "good"


def test_the_key_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore2")  # it tells the headers of answers as they come

    def echo(request: Request, number: int) -> Reply:
        reply = completion(f"your key is {request.key}")
        reply.headers["X-Request-Id"] = request.key
        return reply

    with serving(echo) as server:
        answer = one(server, tmp_path)
        assert isinstance(answer, Answer) and answer.text == "your key is ***"
        assert KEY not in repr(endpoint(server)) and KEY not in str(endpoint(server))
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*.json"))
    assert all(KEY not in str(path) for path in tmp_path.rglob("*"))
    assert KEY not in caplog.text
    assert KEY not in "".join(capsys.readouterr())


def test_a_short_key_is_no_secret_but_is_not_told(tmp_path: Path) -> None:
    with serving(scripted(failure(400, "you said a"), completion("a banana"))) as server:
        found = ask(endpoint(server, key="a", concurrency=1), [question("1"), question("2")], tmp_path)
        assert isinstance(found[0], InflateError) and "you said" not in str(found[0])
        assert isinstance(found[1], Answer) and found[1].text == "a banana"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": "line\nbreak"},
        {"key": "ключ"},
        {"model": ""},
        {"concurrency": 0},
        {"attempts": 0},
        {"timeout_s": 0.0},
        {"timeout_s": float("nan")},
        {"url": "ftp://host"},
        {"url": "http://"},
        {"url": "http://[bad"},
        {"url": "https://user:line@host/v1"},
        {"url": "https://host/v1?key=line"},
    ],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(InflateError) as caught:
        Endpoint(**{"model": "m", "key": KEY, **wrong})  # type: ignore[arg-type]
    assert "line" not in str(caught.value) and "ключ" not in str(caught.value)


def test_an_answer_file_is_plain_json(tmp_path: Path) -> None:
    with serving(scripted(completion("ü"))) as server:
        one(server, tmp_path)
    row = json.loads(next(tmp_path.rglob("*.json")).read_text(encoding="utf-8"))
    assert row == {"model": "m", "text": "ü", "input_tokens": 11, "output_tokens": 1, "cut": False}
