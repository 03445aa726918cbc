"""A PostgreSQL of the machine's, started for a test on a socket of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FOLDERS = [*os.get_exec_path(), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
INITDB = shutil.which("initdb", path=os.pathsep.join(_FOLDERS))
PASSWORD = "very-secret"

needs_postgresql = pytest.mark.skipif(INITDB is None, reason="PostgreSQL is not installed")


@contextmanager
def running_postgresql() -> Iterator[str]:
    """The URL of an empty database. PostgreSQL refuses to be root, so root lends it `nobody`."""
    assert INITDB is not None
    # Not pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="billhouse-postgresql-"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    control = [str(Path(INITDB).with_name("pg_ctl")), "-D", str(data), "-w"]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    password = ["-A", "scram-sha-256", "--pwfile", str(folder / "password"), "-U", "tester"]
    run(INITDB, "-D", str(data), "--no-sync", "-E", "UTF8", *password)
    run(*control, "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql://tester:{PASSWORD}@127.0.0.1:{port}/postgres"
    run(*control, "-m", "immediate", "stop")
    shutil.rmtree(folder)
