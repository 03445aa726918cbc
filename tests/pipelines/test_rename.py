"""An account gets another name: it is told before anything counts twice, and its history moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import duckdb

from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox
from tests.pipelines.processes import Billhouse

FACTS = "SELECT invoice_id, total_cents, payment_status FROM fct_invoices ORDER BY ALL"
_DOCUMENTS = "SELECT count(*) FROM raw.\"{}\" WHERE document_key <> ''"
VENDORS = ["turso", "versori", "northflank", "planetscale"]


def published(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        return connection.execute(sql).fetchall()


def named(variables: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The first two accounts, under other names."""
    renamed = dict(variables)
    for variable, value in variables.items():
        if variable.endswith("__ACCOUNTS"):
            accounts = json.loads(value)[:2]
            for number, account in enumerate(accounts):
                account["name"] = f"{prefix} {number}"
            renamed[variable] = json.dumps(accounts)
    return renamed


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """How many there are of documents. An account without any is nobody's double."""
    with closing(duckdb.connect(warehouse.work, read_only=True)) as connection:
        tables: Sequence[tuple[str]] = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'"
            " AND contains(table_name, '__') ORDER BY ALL"
        ).fetchall()
        return [
            (name, connection.execute(_DOCUMENTS.format(name)).fetchone()) for (name,) in tables
        ]


def test_a_renamed_account_is_told_and_its_history_moves(
    warehouse: Warehouse, billhouse: Billhouse, sandbox: Sandbox
) -> None:
    first = named(sandbox.environment(VENDORS), "old")
    assert billhouse("run", variables=first).returncode == 0
    facts, held = published(warehouse, FACTS), versions(warehouse)
    second = named(sandbox.environment(VENDORS), "it's new")

    refused = billhouse("run", variables=second)
    assert refused.returncode in (1, 3)
    told = " ".join((refused.stdout + refused.stderr).split())
    assert "count twice" in told
    assert (published(warehouse, FACTS), versions(warehouse)) == (facts, held)

    for vendor in VENDORS:
        assert f"billhouse rename-account {vendor} 'old 0'" in told
        for number in range(len(json.loads(second[f"SOURCES__{vendor.upper()}__ACCOUNTS"]))):
            moved = billhouse("rename-account", vendor, f"old {number}", f"it's new {number}")
            assert moved.returncode == 0, moved.stderr
    done = billhouse("run", variables=second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert published(warehouse, FACTS) == facts
    # Nothing looked new to the load.
    assert versions(warehouse) == held
    assert published(warehouse, "SELECT DISTINCT account LIKE 'it''s new%' FROM fct_invoices") == [
        (True,)
    ]


def test_of_no_such_account_and_to_its_own_name(
    warehouse: Warehouse, billhouse: Billhouse, sandbox: Sandbox
) -> None:
    assert billhouse("rename-account", "turso", "a", "b").returncode == 2
    variables = sandbox.environment(["turso"])
    billhouse("run", variables=variables)
    unknown = billhouse("rename-account", "turso", "nobody", "b")
    assert unknown.returncode == 2
    assert "It holds: turso-1-full" in unknown.stderr
    assert billhouse("rename-account", "turso", "a", "a").returncode == 2
    assert billhouse("rename-account", "tusro", "a", "b").returncode == 2


def test_an_account_that_was_loaded_under_both_names_is_one_again(
    warehouse: Warehouse, billhouse: Billhouse, sandbox: Sandbox
) -> None:
    """As an earlier Billhouse loaded it, which didn't ask."""
    variables = sandbox.environment(["mongodb"])
    accounts = json.loads(variables["SOURCES__MONGODB__ACCOUNTS"])[:1]
    variables["SOURCES__MONGODB__ACCOUNTS"] = json.dumps(
        [accounts[0] | {"name": "old"}, accounts[0] | {"name": "new"}]
    )
    doubled = billhouse("run", variables=variables)
    assert doubled.returncode == 0
    assert "possibly_same_invoice" in doubled.stdout + doubled.stderr
    [(count,)] = published(warehouse, "SELECT count(*) FROM fct_invoices")
    variables["SOURCES__MONGODB__ACCOUNTS"] = json.dumps([accounts[0] | {"name": "new"}])
    assert billhouse("rename-account", "mongodb", "old", "new").returncode == 0
    done = billhouse("run", variables=variables)
    assert done.returncode == 0, done.stdout
    assert published(warehouse, "SELECT count(*), count(delisted_at) FROM fct_invoices") == [
        (count // 2, 0)
    ]


def test_accounts_that_bore_one_name_in_turn_share_no_invoice(
    warehouse: Warehouse, billhouse: Billhouse, sandbox: Sandbox
) -> None:
    """Each is known by its periods alone, and moved on before the next took its name."""
    accounts = json.loads(sandbox.environment(["versori"])["SOURCES__VERSORI__ACCOUNTS"])[:3]
    given = dict(sandbox.environment(["versori"]))
    names: list[str] = []
    for number, account in enumerate(accounts):
        now = [*(one | {"name": name} for one, name in zip(accounts, names, strict=False))]
        given["SOURCES__VERSORI__ACCOUNTS"] = json.dumps([*now, account | {"name": "team"}])
        assert billhouse("run", variables=given).returncode in (0, 3)
        if number < 2:
            names.append(f"team of {number}")
            assert billhouse("rename-account", "versori", "team", names[-1]).returncode == 0
    ids = "SELECT count(*) - count(DISTINCT invoice_id), count(DISTINCT account) FROM fct_invoices"
    assert published(warehouse, ids) == [(0, 3)]
    assert published(warehouse, "SELECT count(*) FROM audit_results WHERE severity = 'error'") == [
        (0,)
    ]
