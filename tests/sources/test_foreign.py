"""Files behind links: fetched from where they may be, and from nowhere else."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpcore
import httpx
import pytest

from sources.client import foreign
from sources.client.addresses import is_public
from sources.client.foreign import FileError, ForeignFile, download
from tests.sources.scripted import Request, Scripted, response, scripted

HOST = "assets.example.com"
ELSEWHERE = "https://vendor.example.com"
PDF = b"%PDF-1.4 of an invoice"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


def fetched(link: str, base_url: str = ELSEWHERE, limit: int = 1_000) -> ForeignFile:
    return asyncio.run(download(link, {HOST}, base_url, limit))


def refused(link: str, base_url: str = ELSEWHERE, limit: int = 1_000) -> FileError:
    with pytest.raises(FileError) as raised:
        fetched(link, base_url, limit)
    assert "secret" not in str(raised.value)
    return raised.value


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Every name leads to these addresses, one after the other. Returns the names looked up."""
    asked: list[str] = []
    remaining = list(answers)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_stand_in_on_this_machine_gives_its_files_without_a_credential(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.in_turn(
        response("", "302 Found", Location="/other?signature=secret", Set_Cookie="a=secret"),
        response(PDF, content_type="application/pdf"),
    )
    found = fetched(f"{server.url}/invoice.pdf?signature=secret#page", f"{server.url}/vendor")
    assert found == ForeignFile(PDF, "127.0.0.1")
    assert [each.target for each in server.requests] == [
        "/invoice.pdf?signature=secret",
        "/other?signature=secret",
    ]
    for each in server.requests:
        assert set(each.headers) == {"host", "user-agent", "accept", "accept-encoding"}


@pytest.mark.parametrize(
    "link",
    [
        "http://assets.example.com/a.pdf",
        "https://assets.example.com:8443/a.pdf",
        "https://other.example.com/a.pdf",
        "https://assets.example.com.evil.example/a.pdf",
        "https://evil.example#assets.example.com/a.pdf",
        "https://assets.example.com@evil.example/a.pdf",
        "https://user:secret@assets.example.com/a.pdf",
        "https://127.0.0.1/a.pdf",
        "https://[::1]/a.pdf",
        "https://[::ffff:127.0.0.1]/a.pdf",
        "https://2130706433/a.pdf",
        "https://localhost/a.pdf",
        "https://169.254.169.254/latest/meta-data",
        "ftp://assets.example.com/a.pdf",
        "file:///etc/passwd",
        "//assets.example.com/a.pdf",
        "/a.pdf",
        "",
        "https://",
        "https://[::1",
    ],
)
def test_links_that_are_not_followed(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, "93.184.216.34")
    assert refused(link).is_final
    assert not asked


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{other}/a.pdf",
        "http://localhost:{port}/a.pdf",
        "http://[::1]:{port}/a.pdf",
        "http://[::ffff:127.0.0.1]:{port}/a.pdf",
        "http://10.0.0.1/a.pdf",
        "http://192.168.0.1/a.pdf",
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1:{port}/a.pdf",
        "https://assets.example.com/a.pdf",
        "http://user:secret@127.0.0.1:{port}/a.pdf",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_is_a_new_link(to: str, server: Scripted) -> None:
    """Also where a stand-in is asked: it may lead to itself alone."""
    with scripted() as other:
        ports = {
            name: each.url.rpartition(":")[2] for name, each in (("port", server), ("other", other))
        }
        server.in_turn(response("", "302 Found", Location=to.format(**ports)))
        error = refused(f"{server.url}/a.pdf", server.url)
        assert error.is_final
        assert len(server.requests) == 1
        assert not other.requests


def test_redirects_have_an_end(server: Scripted) -> None:
    server.in_turn(response("", "302 Found", Location="/again"))
    assert "too often" in str(refused(f"{server.url}/a.pdf", server.url))
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::1",
    ],
)
def test_a_known_host_that_leads_inside_is_not_connected_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_public(ipaddress.ip_address(address))
    resolving(monkeypatch, address)
    error = refused(f"https://{HOST}/a.pdf?signature=secret")
    assert str(error) == f"{HOST} leads to an address that isn't public"
    assert error.is_final


def test_a_known_host_on_this_machine_gets_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real socket on the port that would be connected to."""
    resolving(monkeypatch, "127.0.0.1")
    monkeypatch.setattr(foreign, "_allowed", lambda link, *_: httpx.URL(link))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        refused(f"https://{HOST}:{listener.getsockname()[1]}/a.pdf")
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_what_was_checked_is_what_is_connected_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time (DNS rebinding) isn't looked up again."""
    asked = resolving(monkeypatch, address, "127.0.0.1")
    connected: list[str] = []

    async def connect(_: Any, host: str, *__: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError("refused")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    error = refused(f"https://{HOST}/a.pdf")
    assert not error.is_final
    assert (asked, connected) == ([HOST], [address])


def test_one_address_inside_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "isn't public" in str(refused(f"https://{HOST}/a.pdf"))


def test_what_is_too_large(server: Scripted) -> None:
    server.in_turn(response(b"x" * 1_000))
    assert len(fetched(server.url, server.url).content) == 1_000
    server.in_turn(response(b"x" * 1_001))
    assert "larger than" in str(refused(server.url, server.url))


def test_what_is_packed_is_not_unpacked(server: Scripted) -> None:
    server.in_turn(response(gzip.compress(b"x" * 100_000), Content_Encoding="gzip"))
    assert "packed" in str(refused(server.url, server.url))


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        ("401 Unauthorized", True),
        ("403 Forbidden", True),
        ("404 Not Found", True),
        ("410 Gone", True),
        ("204 No Content", True),
        ("429 Too Many Requests", False),
        ("500 Oops", False),
        ("503 Later", False),
    ],
)
def test_what_a_status_means(status: str, is_final: bool, server: Scripted) -> None:
    server.in_turn(response("" if status[:3] == "204" else "secret", status))
    error = refused(server.url, server.url)
    assert (str(error), error.is_final) == (f"127.0.0.1 answered {status[:3]}", is_final)


def test_an_answer_that_breaks_off(server: Scripted) -> None:
    server.in_turn(response(PDF)[:-3])
    error = refused(server.url, server.url)
    assert not error.is_final
    assert "no whole answer" in str(error)


def test_a_slow_body_ends_with_the_callers_time(server: Scripted) -> None:
    begun = time.monotonic()

    def slowly(_: Request) -> bytes:
        time.sleep(1)
        return response(PDF)

    server.answer = slowly

    async def bounded() -> None:
        async with asyncio.timeout(0.2):
            await download(server.url, {HOST}, server.url)

    with pytest.raises(TimeoutError):
        asyncio.run(bounded())
    assert time.monotonic() - begun < 0.9
