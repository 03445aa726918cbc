"""A webhook and a mail server on real sockets, which keep what they are sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.support.listening import answering


@dataclass
class Receiver:
    """`bodies` are what was posted, `texts` their messages in Slack's form; `pings` counts what was
    asked; `status` is what it answers."""

    url: str
    status: int = 200
    texts: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    pings: int = 0


@dataclass
class MailServer:
    """`messages` are what it took; a user is let in with this password alone."""

    url: str
    password: str = "p@ss"
    messages: list[str] = field(default_factory=list)


@contextmanager
def taking_mail() -> Iterator[MailServer]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self._answer("220 here")
            while line := self.rfile.readline().decode().strip():
                match line.upper().split(" ")[0]:
                    case "EHLO":
                        self._answer("250-here\r\n250 AUTH PLAIN")
                    case "AUTH":
                        given = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                        is_known = given[1:] == ["me@here", server.password]
                        self._answer("235 come in" if is_known else "535 no")
                    case "DATA":
                        self._answer("354 go on")
                        lines = iter(self.rfile.readline, b".\r\n")
                        server.messages.append(b"".join(lines).decode())
                        self._answer("250 taken")
                    case "QUIT":
                        self._answer("221 bye")
                        return
                    case _:
                        self._answer("250 yes")

        def _answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        server = MailServer(f"smtp://me%40here:p%40ss@127.0.0.1:{listening.server_address[1]}")
        with answering(listening):
            yield server


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.status == 200:
                receiver.bodies.append(json.loads(body))
                receiver.texts += [each["text"] for each in receiver.bodies[-1:] if "text" in each]
            self.send_response(receiver.status)
            self.end_headers()

        def do_GET(self) -> None:
            receiver.pings += 1
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/services/T0/very-secret")
        with answering(server):
            yield receiver
