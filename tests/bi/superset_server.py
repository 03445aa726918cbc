"""A Superset of its own: metadata in a temporary folder, one port of this machine, one user."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx

_CONFIGURATION = """\
SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
"""
_USER = "billhouse"
_PREPARATIONS = (
    ("db", "upgrade"),
    ("fab", "create-admin", "--username", _USER, "--firstname", "Billhouse", "--lastname", "Test",
     "--email", "billhouse@example.com", "--password"),
    ("init",),
)  # fmt: skip
_MOST_SECONDS = 600
_WAIT = 0.5


@dataclass(frozen=True)
class Superset:
    """Where it listens, and who may log in."""

    url: str
    user: str
    password: str = field(repr=False)


@contextmanager
def running(programs: Path, folder: Path) -> Iterator[Superset]:
    """Superset as `programs` (a virtual environment's bin) has it; it is gone at the end.

    Raises:
        RuntimeError: it can't be prepared, or doesn't answer; with the end of what it said.
    """
    password = secrets.token_urlsafe(24)
    configuration = folder / "superset_config.py"
    text = _CONFIGURATION.format(key=secrets.token_urlsafe(42), folder=folder)
    configuration.touch(mode=0o600)
    configuration.write_text(text, encoding="utf-8")
    environment = _environment(configuration)
    log = folder / "superset.log"
    for arguments in _PREPARATIONS:
        secret = [password] if arguments[-1] == "--password" else []
        _prepare([str(programs / "superset"), *arguments, *secret], environment, log)
    with socket.socket() as listener:
        # It inherits a port that is bound already, so nobody else can take it in between.
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with _serving(programs, listener, environment, log) as process:
            _wait_for_answer(url, process, log)
            yield Superset(url, _USER, password)


def _environment(configuration: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs and a home are, and that home is temporary."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(configuration.parent),
        "SUPERSET_HOME": str(configuration.parent),
        "SUPERSET_CONFIG_PATH": str(configuration),
        "FLASK_APP": "superset.app:create_app()",
        "TZ": "UTC",
    }


def _prepare(command: list[str], environment: Mapping[str, str], log: Path) -> None:
    with log.open("ab") as output:
        finished = subprocess.run(
            command,
            env=environment,
            stdout=output,
            stderr=output,
            timeout=_MOST_SECONDS,
            check=False,
        )
    if finished.returncode:
        raise RuntimeError(f"`superset {command[1]}` failed. It ended with:\n{_end_of(log)}")


@contextmanager
def _serving(
    programs: Path, listener: socket.socket, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """gunicorn with a worker of four threads, in a process group that ends with the block."""
    port = listener.fileno()
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [programs / "gunicorn", "--bind", f"fd://{port}", "--threads", "4",
             "--timeout", str(_MOST_SECONDS), environment["FLASK_APP"]],
            env=environment,
            stdout=output,
            stderr=output,
            pass_fds=[port],
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _wait_for_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = monotonic() + _MOST_SECONDS
    while process.poll() is None and monotonic() < until:
        try:
            if httpx.get(f"{url}/health", timeout=_MOST_SECONDS).is_success:
                return
        except httpx.TransportError:
            pass
        sleep(_WAIT)
    raise RuntimeError(f"Superset doesn't answer at {url}. It ended with:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
