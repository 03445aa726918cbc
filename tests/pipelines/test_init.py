from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from pipelines.config import secrets_file
from pipelines.errors import JobError, UsageError
from pipelines.warehouse.files import Warehouse
from sandbox import charges
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import VENDORS
from tests.pipelines.processes import Billhouse, environment
from tests.pipelines.terminals import conversation


@pytest.fixture(scope="module")
def sandbox_of_one() -> Iterator[Sandbox]:
    with running(World(months=2, accounts=1)) as sandbox:
        yield sandbox


def answered(
    sandbox: Sandbox, folder: Path, answers: Sequence[tuple[str, str]], *arguments: str
) -> tuple[int, str]:
    """`billhouse init` in a terminal, whose vendors are the sandbox's, and no account is known."""
    addresses = {
        name: value for name, value in sandbox.environment().items() if name.endswith("_URL")
    }
    return conversation(
        [sys.executable, "-m", "pipelines.cli", "init", *arguments],
        answers,
        folder=folder,
        variables=environment(Warehouse(folder / "warehouse"), {**addresses, "COLUMNS": "400"}),
    )


@pytest.mark.parametrize("name", VENDORS)
def test_every_required_key_is_asked_for(name: str) -> None:
    setup = VENDORS[name].setup
    fields = msgspec.structs.fields(VENDORS[name].account_type)
    for credential in setup.credentials:
        asked = {*setup.questions, *credential.keys}
        assert asked <= {field.name for field in fields}
        assert {field.name for field in fields if field.required} <= asked
        assert credential.origin.endswith(".")


def test_what_is_typed_is_written_and_checked(sandbox_of_one: Sandbox, tmp_path: Path) -> None:
    [turso] = sandbox_of_one.world.accounts("turso")
    [mongodb] = sandbox_of_one.world.accounts("mongodb")
    token, keys = turso.settings["api_token"], mongodb.settings
    exported = tmp_path / "charges.csv"
    charges.write(exported, sandbox_of_one.world.now, 1)
    exit_code, shown = answered(
        sandbox_of_one,
        tmp_path,
        [
            ("Turso: load its invoices?", "y"),
            ("organization (", turso.settings["organization"]),
            ("api_token (is not shown): ", f"{token} and more"),
            ("organization (", f" {turso.settings['organization']}"),
            ("api_token (is not shown): ", token),
            ("tables call this account? [", "main"),
            ("Another account at Turso?", "n"),
            ("Versori: load its invoices?", "n"),
            ("MongoDB: load its invoices?", "y"),
            ("org_id (", keys["org_id"]),
            ("Number, 1 or 2", "3"),
            ("Number, 1 or 2", "2"),
            ("public_key (is not shown): ", keys["public_key"]),
            ("private_key (is not shown): ", keys["private_key"]),
            ("tables call this account? [", ""),
            ("Another account at MongoDB?", ""),
            *(
                (f"{vendor.title}: load its invoices?", "")
                for name, vendor in VENDORS.items()
                if name not in ("turso", "versori", "mongodb", "focus")
            ),
            ("FOCUS files: load its invoices?", "y"),
            ("path (", str(exported)),
            ("tables call this account? [", "cloud"),
            ("Another account at FOCUS files?", ""),
        ],
    )
    assert exit_code == 0, shown
    assert "`api_token` has white space" in shown
    assert "turso auth api-tokens mint" in shown
    assert "Organization Billing Viewer" in shown
    assert "Everything answers" in shown
    assert token not in shown
    assert keys["private_key"] not in shown
    file = tmp_path / ".dlt" / "secrets.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(file.read_text())["sources"] == {
        "turso": {
            "accounts": [
                {
                    "name": "main",
                    "organization": turso.settings["organization"],
                    "api_token": token,
                }
            ]
        },
        "mongodb": {
            "accounts": [{key: keys[key] for key in ("org_id", "public_key", "private_key")}]
        },
        "focus": {"accounts": [{"name": "cloud", "path": str(exported)}]},
    }


def test_a_credential_that_does_not_work_is_told(sandbox_of_one: Sandbox, tmp_path: Path) -> None:
    exit_code, shown = answered(
        sandbox_of_one,
        tmp_path,
        [
            ("organization (", "acme"),
            ("api_token (is not shown): ", "wrong"),
            ("tables call this account? [acme]", ""),
            ("Another account at Turso?", "n"),
        ],
        "--vendor",
        "turso",
    )
    assert exit_code == 1
    assert "401" in shown
    assert "fix what the table says" in shown
    assert "Everything answers" not in shown


def test_leaving_early_writes_nothing(sandbox_of_one: Sandbox, tmp_path: Path) -> None:
    end_of_input = "\x04"
    exit_code, shown = answered(
        sandbox_of_one, tmp_path, [("Turso: load its invoices?", end_of_input)]
    )
    assert exit_code == 1
    assert "Nothing was written" in shown
    assert not (tmp_path / ".dlt").exists()


MINE = """\
# mine
[[sources.turso.accounts]]
organization = "{organization}" # ours
api_token = "{token}"

[alerts]
exit_code = 4
"""


def test_an_existing_file_gets_another_vendor_and_a_better_credential(
    sandbox_of_one: Sandbox, tmp_path: Path
) -> None:
    [turso] = sandbox_of_one.world.accounts("turso")
    [northflank] = sandbox_of_one.world.accounts("northflank")
    organization, token = turso.settings["organization"], turso.settings["api_token"]
    file = tmp_path / ".dlt" / "secrets.toml"
    file.parent.mkdir()
    file.write_text(MINE.format(organization=organization, token="expired-token"))
    file.chmod(0o640)
    exit_code, shown = answered(
        sandbox_of_one,
        tmp_path,
        [
            (f"Turso, organization {organization}, api_token is set: change it?", "y"),
            (f"as `turso org list` shows it) [{organization}]", ""),
            ("api_token (is not shown; Enter keeps it): ", token),
            ("tables call this account? [", ""),
            ("Another account at Turso?", "n"),
            ("team_id (", northflank.settings.get("team_id", "")),
            ("api_token (is not shown): ", northflank.settings["api_token"]),
            ("tables call this account? [", "flank"),
            ("Another account at Northflank?", "n"),
        ],
        *("--vendor", "turso", "--vendor", "northflank"),
    )
    assert exit_code == 0, shown
    assert "expired-token" not in shown
    assert token not in shown
    text = file.read_text()
    assert text.startswith(MINE.format(organization=organization, token=token).split("\n\n")[0])
    assert tomllib.loads(text)["alerts"] == {"exit_code": 4}
    assert tomllib.loads(text)["sources"]["northflank"]["accounts"][0]["name"] == "flank"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_check_that_fails_is_corrected(sandbox_of_one: Sandbox, tmp_path: Path) -> None:
    [turso] = sandbox_of_one.world.accounts("turso")
    file = tmp_path / ".dlt" / "secrets.toml"
    file.parent.mkdir()
    mine = MINE.format(organization=turso.settings["organization"], token="expired-token")
    file.write_text(mine)
    exit_code, shown = answered(
        sandbox_of_one,
        tmp_path,
        [("change it?", ""), ("Another account at Turso?", "")],
        *("--vendor", "turso"),
    )
    assert exit_code == 1
    assert "Nothing was changed" in shown
    assert "fix what the table says" in shown
    assert "`billhouse init --vendor NAME`" in shown
    assert file.read_text() == mine


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[sources.turso.accounts]\n", "not valid"),
        ("sources = 3\n", "`sources` is none"),
        ("[sources.turso]\naccounts = 'many'\n", "no lists of tables"),
    ],
)
def test_a_file_that_is_not_understood_is_left_alone(
    text: str, reason: str, billhouse: Billhouse, tmp_path: Path
) -> None:
    file = tmp_path / ".dlt" / "secrets.toml"
    file.parent.mkdir()
    file.write_text(text)
    finished = billhouse("init")
    assert finished.returncode == 2
    assert reason in finished.stderr
    assert file.read_text() == text


def test_what_would_be_lost_is_not_written(tmp_path: Path) -> None:
    """A vendor's accounts that stand in two places are more than tomlkit can add to."""
    file = tmp_path / "secrets.toml"
    text = MINE.format(organization="a", token="t") + MINE.split("\n\n")[0]
    file.write_text(text)
    known = secrets_file.accounts_in(file, text)
    with pytest.raises(UsageError, match="without losing something"):
        secrets_file.write_accounts(file, text, {"turso": [*known["turso"], {"api_token": "u"}]})
    with pytest.raises(JobError, match="by somebody else"):
        secrets_file.write_accounts(file, "", {"turso": [{"api_token": "u"}]})
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_without_a_terminal_it_asks_nothing(billhouse: Billhouse, tmp_path: Path) -> None:
    finished = billhouse("init")
    assert finished.returncode == 2
    assert "needs a terminal" in finished.stderr
    assert not (tmp_path / ".dlt").exists()


def test_shells_complete_commands_and_options(billhouse: Billhouse) -> None:
    asked = {"_BILLHOUSE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    options = billhouse(variables={**asked, "COMP_WORDS": "billhouse run --v"})
    assert options.stdout.split() == ["--vendor", "--verbose"]
