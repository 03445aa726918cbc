"""`raw.charges`: the charges of files, each day's of an invoice once, whichever files hold them.

A chunk is what a file holds of one invoice and day, called by a hash of its charges. `raw.charges`
has each chunk once and keeps it for ever; `raw.charge_files` notes of which chunks the files
consist now. The document of an invoice names its chunks: so each version of it has the charges that
it had, while a file that is written again each night adds the days that changed, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.warehouse.session import at_most
from sources import charge_files, charges
from sources.charge_files import ChargeFile, UnreadableFile
from sources.charges import COLUMNS, COST
from sources.errors import SourceError

if TYPE_CHECKING:
    import duckdb

    from sources.vendor import ConfiguredAccount

Account = tuple[str, str]
"""Vendor and the account's name."""

# DuckDB looks for patterns in the names of files that it reads.
_PLAIN = re.compile(r"[^*?\[\]{}]+")
_TABLES = f"""
    CREATE SCHEMA IF NOT EXISTS raw;
    CREATE TABLE IF NOT EXISTS raw.charges (
        chunk TEXT NOT NULL, BilledCost DECIMAL(38, 18) NOT NULL,
        {", ".join(f"{name} TEXT" for name in COLUMNS[1:])}
    );
    CREATE TABLE IF NOT EXISTS raw.charge_files (
        vendor TEXT NOT NULL, account TEXT NOT NULL, file TEXT NOT NULL, stamp TEXT NOT NULL,
        content_hash TEXT NOT NULL, invoice TEXT, billing_account TEXT NOT NULL,
        period_start TEXT NOT NULL, period_end TEXT NOT NULL, currency TEXT NOT NULL, issuer TEXT,
        chunk TEXT NOT NULL, first_row BIGINT NOT NULL, charges BIGINT NOT NULL,
        cost DECIMAL(38, 18) NOT NULL
    );
"""
# In one spelling, since it may be what an invoice is known by; some leave the seconds out.
_MOMENT = """
    strftime(
        TRY_CAST(
            regexp_replace({name}, '^(..........[T ]..:..)(Z|[+-]|$)', '\\1:00\\2') AS TIMESTAMPTZ
        ),
        '%Y-%m-%dT%H:%M:%SZ'
    )
"""
# A sum of hashes is the same in whatever order the charges stand.
_CHUNKS = """
    CREATE OR REPLACE TEMP TABLE chunks AS
    WITH told AS (
        SELECT *, left(ChargePeriodStart, 10) AS day, concat_ws(chr(31), {texts}) AS text
        FROM {rows}
    )
    SELECT
        InvoiceId, BillingAccountId, BillingPeriodStart, BillingPeriodEnd, BillingCurrency, day,
        {starts_at} AS starts_at, {ends_at} AS ends_at,
        min(InvoiceIssuerName) AS issuer, min(file_row_number) + 1 AS first_row,
        count(*) AS charges, sum({cost}) AS cost,
        md5(concat_ws('/', count(*), sum(md5_number_lower(text)), sum(md5_number_upper(text))))
            AS chunk
    FROM told
    GROUP BY ALL
"""
_NEW_CHARGES = """
    INSERT INTO raw.charges
    SELECT chunk.chunk, charge.{cost}, {columns}
    FROM {rows} AS charge
    INNER JOIN (
        FROM chunks ANTI JOIN (SELECT DISTINCT chunk FROM raw.charges) USING (chunk)
    ) AS chunk
        ON {same} AND chunk.day IS NOT DISTINCT FROM left(charge.ChargePeriodStart, 10)
"""
_SAME = (
    "InvoiceId",
    "BillingAccountId",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "BillingCurrency",
)
_NOTES = """
    INSERT INTO raw.charge_files
    SELECT
        $vendor, $account, $file, $stamp, $content_hash, InvoiceId, BillingAccountId, starts_at,
        ends_at, upper(BillingCurrency), issuer, chunk, first_row, charges, cost
    FROM chunks
"""
# Whether others of the billing account and period are on an invoice tells what those are which
# aren't.
_INVOICES = """
    WITH told AS (
        SELECT
            *, coalesce(invoice, concat_ws('/', billing_account, period_start, period_end)) AS key,
            bool_or(invoice IS NOT NULL) OVER (PARTITION BY billing_account, period_start)
                AS is_invoiced
        FROM raw.charge_files
        WHERE vendor = $vendor AND account = $account
    )
"""
_TWO_CURRENCIES = """
    , firsts AS (
        SELECT key, currency, min(row(file, first_row)) AS place FROM told GROUP BY key, currency
    )
    SELECT
        max(place), key, arg_max(currency, place) AS other, arg_min(currency, place) AS currency
    FROM firsts
    GROUP BY key
    HAVING count(*) > 1
    ORDER BY key
"""
_DOCUMENTS = """
    SELECT CAST(json_object(
        'InvoiceId', min(invoice),
        'InvoiceIssuerName', min(issuer),
        'BillingAccountId', min(billing_account),
        'BillingPeriodStart', min(period_start),
        'BillingPeriodEnd', max(period_end),
        'BillingCurrency', min(currency),
        'BilledCost', rtrim(rtrim(CAST(sum(cost) AS VARCHAR), '0'), '.'),
        'x_IsInvoiced', bool_or(is_invoiced),
        'x_Charges', CAST(sum(charges) AS BIGINT),
        'x_Chunks', list(chunk ORDER BY chunk)
    ) AS VARCHAR)
    FROM told
    GROUP BY key
    ORDER BY key
"""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables, where they aren't there."""
    connection.execute(_TABLES)


def read_files(
    connection: duckdb.DuckDBPyConnection, folder: Path, accounts: Sequence[ConfiguredAccount]
) -> dict[Account, Sequence[bytes] | SourceError]:
    """Of each account that has files: the documents of its invoices, or why they can't be made.

    What a file holds that is new is kept in `raw.charges` first; one that is as it was isn't read.
    `folder` is for what is laid out in between. An account is read whole or not at all.
    """
    read: dict[Account, Sequence[bytes] | SourceError] = {}
    # Charges only pass through: DuckDB needs no more for it, and would keep whatever it may.
    with at_most(connection, "1GB"):
        for each in accounts:
            if (path_of := each.definition.charge_files) is not None:
                names = {"vendor": each.vendor, "account": each.name}
                try:
                    read[each.vendor, each.name] = _documents(
                        connection, folder, names, path_of(each.account)
                    )
                except UnreadableFile as error:
                    read[each.vendor, each.name] = error.of_account(each.vendor, each.name)
    return read


def _documents(
    connection: duckdb.DuckDBPyConnection, folder: Path, names: dict[str, str], path: str
) -> Sequence[bytes]:
    create(connection)
    files = charge_files.found(path)
    known = connection.execute(
        "SELECT DISTINCT file, stamp, content_hash FROM raw.charge_files"
        " WHERE vendor = $vendor AND account = $account",
        names,
    ).fetchall()
    held = {file: (stamp, content_hash) for file, stamp, content_hash in known}
    for file in files:
        stamp, content_hash = held.pop(file.path, ("", ""))
        if stamp != file.stamp:
            _take_in(connection, folder, names, file, content_hash)
    for file_gone in held:
        _forget(connection, names, file_gone)
    mixed = connection.execute(f"{_INVOICES} {_TWO_CURRENCIES}", names).fetchone()
    if mixed is not None:
        (file, row), key, other, currency = mixed
        raise UnreadableFile(file, f"row {row}: the invoice {key} is in {other} and in {currency}")
    documents = connection.execute(f"{_INVOICES} {_DOCUMENTS}", names).fetchall()
    return [document.encode() for (document,) in documents]


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    names: dict[str, str],
    file: ChargeFile,
    held: str,
) -> None:
    """Keep the file's charges and note its chunks, both or neither."""
    with _working(folder) as place:
        target = place / "texts.parquet"
        with charge_files.at_hand(file, place) as at_hand:
            content_hash = charge_files.content_hash(at_hand)
            if content_hash != held:
                charges.write_as_text(connection, file, at_hand, target)
        if content_hash == held:
            connection.execute(
                "UPDATE raw.charge_files SET stamp = $stamp"
                " WHERE vendor = $vendor AND account = $account AND file = $file",
                {**names, "file": file.path, "stamp": file.stamp},
            )
            return
        rows = charges.rows(target)
        texts = ", ".join(f"coalesce({name}, chr(30))" for name in COLUMNS)
        connection.execute(
            _CHUNKS.format(
                texts=texts,
                rows=rows,
                cost=COST,
                starts_at=_MOMENT.format(name="BillingPeriodStart"),
                ends_at=_MOMENT.format(name="BillingPeriodEnd"),
            )
        )
        _refuse_unread_periods(connection, file)
        same = " AND ".join(f"chunk.{name} IS NOT DISTINCT FROM charge.{name}" for name in _SAME)
        columns = ", ".join(f"charge.{name}" for name in COLUMNS[1:])
        connection.begin()
        try:
            _forget(connection, names, file.path)
            connection.execute(
                _NEW_CHARGES.format(cost=COST, columns=columns, rows=rows, same=same)
            )
            note = {"file": file.path, "stamp": file.stamp, "content_hash": content_hash}
            connection.execute(_NOTES, {**names, **note})
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.execute("DROP TABLE IF EXISTS chunks")


def _refuse_unread_periods(connection: duckdb.DuckDBPyConnection, file: ChargeFile) -> None:
    bad = connection.execute(
        "SELECT first_row, BillingPeriodStart, BillingPeriodEnd FROM chunks"
        " WHERE starts_at IS NULL OR ends_at IS NULL ORDER BY first_row LIMIT 1"
    ).fetchone()
    if bad is not None:
        row, start, end = bad
        raise UnreadableFile(
            file.path, f"row {row}: its billing period is no time: {start[:40]} to {end[:40]}"
        )


def _forget(connection: duckdb.DuckDBPyConnection, names: dict[str, str], file: str) -> None:
    connection.execute(
        "DELETE FROM raw.charge_files"
        " WHERE vendor = $vendor AND account = $account AND file = $file",
        {**names, "file": file},
    )


@contextmanager
def _working(folder: Path) -> Iterator[Path]:
    """An empty folder that DuckDB can read files in, gone afterwards."""
    inside = folder if _PLAIN.fullmatch(str(folder)) else None
    if inside is not None:
        inside.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="billhouse-", dir=inside) as place:
        yield Path(place)
