"""Proxies and certificates that the environment names, right and wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from sources import Fetch, WarehouseState, check_accounts
from sources.client.origin import is_loopback
from sources.client.surroundings import check_surroundings, trusted_certificates
from sources.errors import ConfigurationError
from tests.sources.fetching import NOW, TOKEN, account, fetched
from tests.sources.scripted import Request, Scripted, document, scripted

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
EVERY = (*PROXIES, "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EVERY:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy() -> Iterator[Scripted]:
    with scripted(lambda _: document({"invoices": []})) as running:
        yield running


WRONG_PROXIES = [
    "not a url",
    "http://",
    "://proxy",
    "http://proxy:port",
    "http://proxy:99999",
    "http:/proxy.example:3128",
    "http://proxy.example:3128/path",
    "http://user:very#secret@proxy.example:3128",
    "http://[::1",
    "socks://proxy.example:1080",
    "socks4://proxy.example:1080",
    "socks5://user:very-secret@proxy.example:1080",
    "ftp://proxy.example",
]


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("value", WRONG_PROXIES)
def test_a_proxy_that_can_be_none_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        check_surroundings()
    assert str(caught.value).startswith(f"{name} is no proxy that can be used: ")
    assert "proxy.example" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "proxy.example",
        "proxy.example:3128",
        "http://user:pass%23word@proxy.example:3128/",
        "https://10.0.0.1:8080",
        "http://[::1]:3128",
        "http://proxy_1:80",
        "",
    ],
)
def test_a_proxy_that_can_be_one_is_left_alone(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "localhost,::1,10.0.0.0/8,.example.com")
    check_surroundings()


@pytest.mark.parametrize("value", ["[::1]", "localhost,a:b"])
def test_exceptions_that_cannot_be_read_are_named(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", value)
    with pytest.raises(ConfigurationError, match="NO_PROXY can't be used"):
        check_surroundings()


@pytest.mark.parametrize("content", [None, "", "no certificate", "a folder"])
def test_a_file_without_certificates_is_named(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = tmp_path / "ca.pem"
    if content == "a folder":
        named.mkdir()
    elif content is not None:
        named.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE names") as caught:
        check_surroundings()
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("content", [None, {}, {"ca.pem": True}, {"0a1b2c3d.0": False}])
def test_a_folder_without_certificates_is_named(
    content: dict[str, bool] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    if content is not None:
        folder.mkdir()
        for name, real in content.items():
            shutil.copy(certifi.where() if real else __file__, folder / name)
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with pytest.raises(ConfigurationError, match="SSL_CERT_DIR names"):
        check_surroundings()


def test_certificates_that_can_be_used_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(certifi.where(), tmp_path / "0a1b2c3d.0")
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}:/nowhere")
    trusted_certificates()
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")  # not looked at, where there is a file
    assert trusted_certificates().cert_store_stats()["x509"] > 10


def test_a_key_log_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    with pytest.raises(ConfigurationError, match="SSLKEYLOGFILE names no file that can be used"):
        check_surroundings()


def test_no_client_is_made_of_a_mistake(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks://proxy.example")
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        check_accounts([account("turso", server.url)])
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        Fetch([account("turso", server.url)], WarehouseState(), now=NOW)
    assert server.requests == []


@pytest.mark.parametrize("name", [*PROXIES[:1], *PROXIES[2:4], PROXIES[5]])
@pytest.mark.parametrize("exceptions", [None, "vendor.example"])
def test_what_is_meant_for_this_machine_goes_through_no_proxy(
    name: str,
    exceptions: str | None,
    server: Scripted,
    proxy: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, proxy.url)
    if exceptions:
        monkeypatch.setenv("NO_PROXY", exceptions)
    server.answer = lambda _: document({"invoices": []})
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        assert fetched(account("turso", url)).results[0].outcome == "ok"
    assert len(server.requests) == 4
    assert proxy.requests == []


def test_other_hosts_are_reached_through_the_proxy(
    proxy: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url)

    def answer(request: Request) -> bytes:
        return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"

    proxy.answer = answer
    error = fetched(account("turso", "https://vendor.example")).error
    assert "the proxy refused" in error
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert TOKEN not in str(proxy.requests)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)
def test_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
