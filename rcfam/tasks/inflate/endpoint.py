"""Models behind an OpenAI-compatible endpoint: many questions, few at a time, every answer kept on disk.

An answer's file is named after a hash of the address, the model and the whole question, so that a second run asks only
what has no answer yet, also after an interrupt. Requests that fail for the moment (429, 5xx, timeouts, cut or damaged
answers) are tried again, waiting longer each time and as long as the server says, up to two minutes. The key goes into
the requests' header and nowhere else; redirections are not followed, so no other host sees a question.
"""

import asyncio
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rcfam.atomic import writing
from rcfam.tasks.inflate.cases import InflateError
from rcfam.tasks.inflate.prompts import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FIRST_WAIT_S = 1.0  # doubles with every attempt
LONGEST_WAIT_S = 120.0
SHORTEST_SECRET = 8  # shorter keys are words that local servers ask for
MOST_TOKENS = 1 << 53
PASSING = {408, 409, 425, 429}  # and every 5xx
OFFICIAL = "https://api.openai.com/v1"
MOST_BYTES = 16 << 20  # of one answer, unpacked
LOST_IN_A_ROW = 8  # questions, each after all its attempts: then nobody is there
NONSENSE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)  # raised by reading what is no answer
HEADERS = {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host"}


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers and how it is asked."""

    model: str
    key: str = field(repr=False)
    url: str | None = None
    """Base address of the API; None: the official one."""
    body: dict[str, Any] = field(default_factory=dict)
    """What else the requests shall hold, such as {"reasoning_effort": "minimal"}."""
    concurrency: int = 4
    attempts: int = 6
    timeout_s: float = 300.0
    """For one whole answer."""
    first_wait_s: float = FIRST_WAIT_S
    alone: bool = False
    """Keep from this endpoint what else the environment tells the client: organization, project, headers."""

    def __post_init__(self) -> None:
        if not self.model:
            raise InflateError("no model is named")
        if not self.key or not self.key.isascii() or not self.key.isprintable() or " " in self.key:
            raise InflateError("the key is empty or has characters that no header can carry")
        if self.concurrency < 1 or self.attempts < 1 or not 0 < self.timeout_s < math.inf:
            raise InflateError("concurrency and attempts must be at least 1, the timeout above 0 and finite")
        if self.url is None:
            return
        try:
            parts = urlsplit(self.url)
            right = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            right = False
        if not right or "@" in self.url or parts.query or parts.fragment:
            # Not told: what stands there may be secret, and what stands in an address is logged by the client.
            raise InflateError("an endpoint's address is http:// or https://, a host and a path, without any secret")

    @property
    def host(self) -> str:
        """Who answers, for messages."""
        return "the default endpoint" if self.url is None else urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Answer:
    """What a model said. `cut`: it stopped at its limit of length. `fresh`: asked for now, not found on disk."""

    text: str
    input_tokens: int
    output_tokens: int
    cut: bool
    fresh: bool


class _TryAgainError(Exception):
    """The request failed for the moment; `wait` is what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _RefusedError(Exception):
    """This question gets no answer from this endpoint."""


class _LostError(_RefusedError):
    """None of the attempts brought an answer."""


class TooLargeError(Exception):
    """An answer goes on beyond all bounds."""


def question_id(endpoint: Endpoint, messages: Sequence[Message]) -> str:
    """The hash that names an answer's file."""
    whole = {"url": endpoint.url, "model": endpoint.model, "body": endpoint.body, "messages": list(messages)}
    return sha256(json.dumps(whole, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def ask(
    endpoint: Endpoint,
    questions: Sequence[Sequence[Message]],
    folder: Path,
    done: Callable[[int, "Answer | InflateError"], None] = lambda number, answer: None,
) -> "list[Answer | InflateError]":
    """The answers in the order of the questions; an error stands where one could not be had.

    Answers are kept in `folder`. `done(number, answer)` is called as they come. Raises InflateError at once where going
    on is no use: the key is refused, the quota is used up, the model or the server is not there. Ctrl-C leaves every
    answer that came on disk.
    """
    found: dict[int, Answer | InflateError] = {}
    missing: dict[str, list[int]] = {}  # equal questions are asked once
    for number, messages in enumerate(questions):
        name = question_id(endpoint, messages)
        kept = None if name in missing else _kept(folder, name)
        if kept is None:
            missing.setdefault(name, []).append(number)
        else:
            found[number] = kept
            done(number, kept)

    def came(name: str, answer: Answer | InflateError) -> None:
        if isinstance(answer, Answer):
            _keep(folder, name, endpoint.model, answer)
        for number in missing[name]:
            found[number] = answer
            done(number, answer)
            if isinstance(answer, Answer):
                answer = replace(answer, fresh=False)  # paid once

    if missing:
        asyncio.run(_ask_missing(endpoint, {name: questions[i[0]] for name, i in missing.items()}, came))
    return [found[number] for number in range(len(questions))]


async def _ask_missing(
    endpoint: Endpoint,
    questions: Mapping[str, Sequence[Message]],
    came: Callable[[str, "Answer | InflateError"], None],
) -> None:
    try:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient
    except ImportError as error:
        raise InflateError(f"{error.name} is not installed: pip install 'rcfam[inflate]'") from error

    lost = 0

    async def work(client: "AsyncOpenAI") -> None:
        nonlocal lost
        while waiting:
            name = waiting.pop()
            try:
                answer: Answer | InflateError = await _one(client, endpoint, questions[name])
                lost = 0
            except _RefusedError as error:
                answer = InflateError(str(error))
                lost = lost + 1 if isinstance(error, _LostError) else 0
            came(name, answer)
            if lost == LOST_IN_A_ROW:
                raise InflateError(f"{answer}; given up after {lost} questions in a row, answers so far are kept")

    waiting = list(questions)[::-1]
    polite = DefaultAsyncHttpxClient(
        follow_redirects=False, event_hooks={"request": [_bare] if endpoint.alone else [], "response": [_bounded]}
    )
    url = endpoint.url or OFFICIAL
    async with AsyncOpenAI(api_key=endpoint.key, base_url=url, max_retries=0, http_client=polite) as client:
        workers = [asyncio.ensure_future(work(client)) for _ in range(min(endpoint.concurrency, len(questions)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def _bare(request: Any) -> None:
    """Take away every header that the question does not need."""
    for name in set(request.headers) - HEADERS:
        del request.headers[name]


async def _bounded(response: Any) -> None:
    """Read an answer; TooLargeError where it does not end, also where a small one unpacks into a large one."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise TooLargeError
    response._content = bytes(body)  # where the client looks first


async def _one(client: "AsyncOpenAI", endpoint: Endpoint, messages: Sequence[Message]) -> Answer:
    """One answer, however often it must be asked for."""
    reason = ""
    for attempt in range(endpoint.attempts):
        try:
            async with asyncio.timeout(endpoint.timeout_s):
                return await _request(client, endpoint, messages)
        except TimeoutError:
            reason, asked = f"no answer within {endpoint.timeout_s:g} s", None
        except _TryAgainError as error:
            reason, asked = str(error), error.wait
        if attempt + 1 < endpoint.attempts:
            wait = endpoint.first_wait_s * 2**attempt * random.uniform(0.75, 1.25)
            await asyncio.sleep(min(max(wait, asked or 0.0), LONGEST_WAIT_S))
    raise _LostError(f"{endpoint.model}: {reason}, {endpoint.attempts} times")


async def _request(client: "AsyncOpenAI", endpoint: Endpoint, messages: Sequence[Message]) -> Answer:
    import openai

    # The client's errors hold the request with its header: none of them may leave this function, not even as a cause.
    problem: Exception
    try:
        said = await client.chat.completions.create(
            model=endpoint.model,
            messages=list(messages),  # type: ignore[arg-type]
            extra_body=endpoint.body,
        )
        return _answer(said, endpoint)
    except openai.APIStatusError as error:
        code = error.status_code
        told = f"{endpoint.host} answers {code}: {_told(endpoint, error)}"
        if code == 429 and error.code == "insufficient_quota":
            problem = InflateError(f"{endpoint.model}: {told}")
        elif code in PASSING or code >= 500:
            problem = _TryAgainError(told, _seconds(error.response.headers.get("retry-after")))
        elif code in (401, 403, 404):
            problem = InflateError(f"{endpoint.model}: {told}")
        else:
            problem = _RefusedError(f"{endpoint.model}: {told}")
    except openai.APITimeoutError:
        problem = _TryAgainError(f"{endpoint.host} is too slow")
    except (openai.OpenAIError, TooLargeError, *NONSENSE) as error:
        why = type(error.__cause__ or error).__name__
        problem = _TryAgainError(f"{endpoint.host} gives no usable answer ({why})")
    raise problem from None


def _answer(said: Any, endpoint: Endpoint) -> Answer:
    """Read a completion, which is whatever the server sent. Raises TypeError and its like where it is none."""
    choice = said.choices[0]
    text = choice.message.content
    cut = choice.finish_reason == "length"
    if text is None and cut:
        text = ""
    if not isinstance(text, str):
        raise TypeError("no text")
    text.encode()  # half a surrogate pair is no text either
    if len(endpoint.key) >= SHORTEST_SECRET:
        text = text.replace(endpoint.key, "***")
    usage = getattr(said, "usage", None)
    return Answer(text, _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"), cut, fresh=True)


def _count(usage: Any, name: str) -> int:
    """A count of tokens; 0 where a server tells none or nonsense, which is no reason to lose an answer."""
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and 0 <= value < MOST_TOKENS else 0


def _told(endpoint: Endpoint, error: Exception) -> str:
    """A server's message in one line, without the key in it."""
    if len(endpoint.key) < SHORTEST_SECRET:
        return type(error).__name__
    return " ".join(str(error).replace(endpoint.key, "***").split())[:200]


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds, which may be told as a date; nonsense is taken as not said."""
    try:
        seconds = float(header or "")
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header or "").timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _file(folder: Path, question: str) -> Path:
    return folder / question[:2] / f"{question}.json"


def _keep(folder: Path, question: str, model: str, answer: Answer) -> None:
    row = {
        "model": model,
        "text": answer.text,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cut": answer.cut,
    }
    with writing(_file(folder, question), durable=True) as path:  # it was paid for
        path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")


def _kept(folder: Path, question: str) -> Answer | None:
    """An answer from an earlier run; a damaged file counts as none."""
    try:
        row = json.loads(_file(folder, question).read_bytes())
        return Answer(str(row["text"]), int(row["input_tokens"]), int(row["output_tokens"]), bool(row["cut"]), False)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
