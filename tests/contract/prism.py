"""Prism (https://github.com/stoplightio/prism), a mock server that we didn't write, over the
vendors' specifications; and a door before it, where what goes in and out is written down.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.contract.specification import for_a_mock

PROGRAM = Path(__file__).parents[2] / ".prism" / "node_modules" / ".bin" / "prism"
SECONDS_TO_START = 120.0


def missing() -> str | None:
    """What isn't there, in a sentence, if anything."""
    if shutil.which("node") is None:
        return "node isn't installed: apt-get install nodejs npm, then make prism"
    if not PROGRAM.exists():
        return "Prism isn't installed: make prism"
    return None


@dataclass(frozen=True)
class Exchange:
    """A request, and what Prism answered. `violations` are those that it has of its own answer."""

    path: str
    query: Mapping[str, list[str]]
    status: int
    violations: str
    body: bytes


@dataclass
class Door:
    """`url` has each vendor's API under its name."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def opened(folder: Path, static: str, token_url: str) -> Iterator[Door]:
    """A server that passes requests on to Prism.

    Prism answers with the specification's examples where `static` stands in the path, else with
    what it draws from a seed, which is the request's own. MongoDB's specification names the token's
    address and doesn't describe it: those requests go to `token_url`.
    """
    with (
        _prism(folder) as origin,
        httpx.Client(trust_env=False, timeout=60) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server,
    ):
        door = Door(f"http://127.0.0.1:{server.server_address[1]}")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name: value for name, value in self.headers.items() if name != "Host"}
                headers["Prefer"] = _preference(self.path, static)
                answer = client.get(f"{origin}{self.path}", headers=headers)
                door.exchanges.append(_exchange(self.path, answer))
                self.pass_on(answer)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
                self.pass_on(client.post(token_url, content=body, headers=headers))

            def pass_on(self, answer: httpx.Response) -> None:
                self.send_response(answer.status_code)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        server.RequestHandlerClass = Handler
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


def _preference(target: str, static: str) -> str:
    if static in target:
        return "dynamic=false"
    # Without its dates, so that what is drawn doesn't change with the calendar.
    seed = re.sub(r"\d{4}-\d{2}-\d{2}", "", target)
    return f"dynamic=true, seed={hashlib.sha256(seed.encode()).hexdigest()}"


def _exchange(target: str, answer: httpx.Response) -> Exchange:
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=True)
    violations = answer.headers.get("sl-violations", "")
    return Exchange(parts.path, query, answer.status_code, violations, answer.content)


@contextmanager
def _prism(folder: Path) -> Iterator[str]:
    """Where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    specification, log = folder / "specification.json", folder / "prism.log"
    specification.write_text(json.dumps(for_a_mock()), encoding="utf-8")
    command = [str(PROGRAM), "mock", "--errors", "--port", str(port), str(specification)]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while f"listening on http://127.0.0.1:{port}" not in log.read_text(encoding="utf-8"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Prism did not start: {log.read_text(encoding='utf-8')}")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
