"""A server on a real socket that answers with whatever bytes a test wants, right or wrong."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.listening import answering


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        values = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: value[-1] for name, value in values.items()}


Answer = Callable[[Request], bytes]


def response(
    body: bytes | str, status: str = "200 OK", content_type: str = "application/json", **more: str
) -> bytes:
    """A whole HTTP response; `more` are headers, `_` in their names standing for `-`."""
    payload = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": content_type, "Content-Length": str(len(payload))}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + payload


def document(value: object, **headers: str) -> bytes:
    return response(json.dumps(value), "200 OK", "application/json", **headers)


@dataclass
class Scripted:
    """`answer` makes the bytes for a request; nothing but them is sent, then the line is cut."""

    url: str
    answer: Answer
    requests: list[Request] = field(default_factory=list)

    def in_turn(self, *answers: bytes) -> None:
        """These answers, the last of them again and again."""
        remaining = list(answers)

        def answer(_: Request) -> bytes:
            return remaining.pop(0) if len(remaining) > 1 else remaining[0]

        self.answer = answer


@contextmanager
def scripted(answer: Answer | None = None) -> Iterator[Scripted]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline().decode().split()
            headers: dict[str, str] = {}
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.decode().partition(":")
                headers[name.strip().lower()] = value.strip()
            self.rfile.read(int(headers.get("content-length", 0)))
            if first:
                request = Request(first[0], first[1], headers)
                with lock:
                    server.requests.append(request)
                    answered = server.answer(request)
                self.wfile.write(answered)

    lock = threading.Lock()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        url = f"http://127.0.0.1:{listener.server_address[1]}"
        server = Scripted(url, answer or (lambda _: response("{}")))
        with answering(listener):
            yield server
