"""Known secrets, searched for in everything that a good and a failing job write and print."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from sandbox.server import Sandbox, running
from sandbox.world import World
from tests.pipelines.processes import ROOT
from tests.support.faults import Fault, Faults, whose

SECRET_KEYS = (
    "api_token",
    "api_key",
    "private_key",
    "client_secret",
    "service_token",
    "oauth_token",
    "application_secret",
    "consumer_key",
)
GOOD = (("run", "--verbose"),)
FAILING = (("run", "--log-format", "json"), ("check", "--verbose"), ("rebuild", "--verbose"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], set[str]]:
    """The home of a user who ran every command, what was printed, and the secrets."""
    home = tmp_path_factory.mktemp("home")
    faults = Faults()
    with running(World(seed=5, months=1, accounts=2), between=faults) as sandbox:
        secrets = _configure(home, sandbox)
        printed = [_ran(home, sandbox, command) for command in GOOD]
        # Half of the accounts get their request quoted back, credential and all.
        for vendor in _accounts(sandbox):
            first = sandbox.world.accounts(vendor)[0]
            faults.inject(Fault(kind="echo", whose=whose(first), status=403))
        printed += [_ran(home, sandbox, command) for command in FAILING]
    assert any("[removed]" in text for text in printed)
    return home, printed, secrets


def _accounts(sandbox: Sandbox) -> dict[str, list[dict[str, str]]]:
    return {
        name.split("__")[1].lower(): json.loads(value)
        for name, value in sandbox.environment().items()
        if name.endswith("__ACCOUNTS")
    }


def _configure(home: Path, sandbox: Sandbox) -> set[str]:
    lines, secrets = [], set()
    for vendor, accounts in _accounts(sandbox).items():
        for account in accounts:
            lines.append(f"[[sources.{vendor}.accounts]]")
            for key, value in account.items():
                if key in SECRET_KEYS:
                    secrets.add(value)
                lines.append(f"{key} = {json.dumps(value)}")
    folder = home / ".dlt"
    folder.mkdir()
    (folder / "secrets.toml").write_text("\n".join(lines))
    (folder / "secrets.toml").chmod(0o644)
    assert len(secrets) >= 10
    return secrets


def _ran(home: Path, sandbox: Sandbox, command: tuple[str, ...]) -> str:
    addresses = {
        name: value for name, value in sandbox.environment().items() if name.endswith("BASE_URL")
    }
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *command],
        env={**os.environ, **addresses, "PYTHONPATH": str(ROOT), "HOME": str(home),
             "TMPDIR": str(temporary), "WAREHOUSE__DIRECTORY": str(home / "warehouse")},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in finished.stdout
    return finished.stdout + finished.stderr


def spellings(secret: str) -> set[bytes]:
    """How a secret may travel: as it is, escaped, in Basic, hashed by Digest, as bytes in hex."""
    plain = secret.encode()
    aligned = {
        base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4].strip(b"=")
        for shift in range(3)
    }
    return aligned | {
        plain,
        plain.hex().encode(),
        quote(secret, safe="").encode(),
        quote_plus(secret).encode(),
        secret.encode("utf-16-le"),
        hashlib.md5(plain).hexdigest().encode(),
        hashlib.sha256(plain).hexdigest().encode(),
    }


def test_nothing_written_or_printed_holds_a_secret(
    written: tuple[Path, list[str], set[str]],
) -> None:
    home, printed, secrets = written
    looked_at = {f"output {number}": text.encode() for number, text in enumerate(printed)}
    for path in home.rglob("*"):
        if path.is_file() and path.name != "secrets.toml":
            content = path.read_bytes()
            looked_at[str(path)] = gzip.decompress(content) if path.suffix == ".gz" else content
    assert any("billhouse.duckdb" in name for name in looked_at)
    found = [
        (name, secret)
        for name, content in looked_at.items()
        for secret in secrets
        if any(spelling in content for spelling in spellings(secret))
    ]
    assert found == []


def test_files_are_their_owners_alone(written: tuple[Path, list[str], set[str]]) -> None:
    files = [path for path in (written[0] / "warehouse").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_secrets_that_others_may_read_are_warned_of(
    written: tuple[Path, list[str], set[str]],
) -> None:
    home, printed, _ = written
    warning = f"chmod 600 '{home / '.dlt' / 'secrets.toml'}'"
    commands = [command[0] for command in (*GOOD, *FAILING)]
    warned = [command for command, text in zip(commands, printed, strict=True) if warning in text]
    assert warned == ["run", "run", "check"]
