"""An object store that speaks S3, with one bucket: moto, from an environment of its own."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

_SERVER = Path(__file__).parents[2] / ".store" / "bin" / "moto_server"
KEY_ID, KEY, TOKEN = "a-key-id", "a-very/secret+key-0123456789", "a-very-secret/token-0123456789"
BUCKET = "billhouse-lake"

needs_store = pytest.mark.skipif(not _SERVER.exists(), reason="moto isn't installed: make store")


@contextmanager
def running_store(certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Its origin. Whoever asks is let in; with a `certificate` and its key it speaks TLS."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tls = ["-c", str(certificate[0]), "-k", str(certificate[1])] if certificate else []
    command = [str(_SERVER), "-H", "127.0.0.1", "-p", str(port), *tls]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    with subprocess.Popen(command, **quiet) as server:  # type: ignore[call-overload]
        try:
            _make_bucket(url, certificate)
            yield url
        finally:
            server.terminate()


def _make_bucket(url: str, certificate: tuple[Path, Path] | None) -> None:
    verify = ssl.create_default_context(cafile=str(certificate[0])) if certificate else False
    with httpx.Client(base_url=url, trust_env=False, verify=verify) as client:
        for _ in range(300):
            try:
                client.put(f"/{BUCKET}").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.1)
    raise AssertionError("moto doesn't answer")


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that nobody trusts, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def in_store(url: str) -> dict[str, str]:
    """`[lake]` of one that lies there."""
    return {
        "data_path": f"s3://{BUCKET}/some/prefix",
        "endpoint": url,
        "access_key_id": KEY_ID,
        "secret_access_key": KEY,
        "session_token": TOKEN,
    }
