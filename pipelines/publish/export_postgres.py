"""A copy of the published tables in PostgreSQL, for tools that want a server.

The copy is replaced in one transaction: readers see the old tables until the new ones are whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.errors import JobError, UsageError
from pipelines.publish.postgres_tables import copy_table
from pipelines.publish.read import opened
from pipelines.warehouse.files import Warehouse

if TYPE_CHECKING:
    import duckdb
    import psycopg

_CONNECT_TIMEOUT = 10
# So that two exports at one time are one after the other; the number means nothing.
_LOCK = 4_242_424_242
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key")
# user:password, and what stands between it and the options.
_URL = re.compile(r"\w+://(?P<authority>[^/?]*)(?P<path>[^?]*)")


def export_postgres(warehouse: Warehouse, url: str, schema: str) -> list[tuple[str, int]]:
    """Copy every published table into the schema, and give each one's name and rows.

    A table whose columns are the same is emptied and filled, so that views on it and grants stay.

    Raises:
        UsageError: psycopg isn't installed, or the URL is none.
        JobError: nothing is published, or PostgreSQL refuses; then its tables are as they were.
    """
    with opened(warehouse) as source, _connected(url) as target:
        import psycopg

        try:
            with target.transaction():
                return list(_copy_all(source, target, schema))
        except psycopg.Error as error:
            raise JobError(
                f"PostgreSQL refused the copy: {_sentence(error)} Its tables are as they were. If a"
                " view hangs on a table whose columns changed, drop the view and export again."
            ) from error


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            "`billhouse export postgres` needs psycopg. Install Billhouse again, as the README"
            " says, with the extra postgres: billhouse[postgres] (in a clone: uv sync --extra"
            " postgres)."
        ) from None
    parameters = _parameters(url)
    try:
        connection = psycopg.connect(**parameters)
    except (psycopg.Error, OSError, UnicodeError) as error:
        settings = _settings(parameters)
        server = settings.get("host") or settings.get("hostaddr") or "this machine"
        reason = _sentence(error)
        for name in _SECRETS:
            if secret := settings.get(name):
                reason = reason.replace(secret, "[removed]")
        raise JobError(
            f"PostgreSQL at {server} can't be used: {reason} Check the URL, that the server runs,"
            " and that this machine may connect to it."
        ) from None
    try:
        yield connection
    finally:
        connection.close()


def _parameters(url: str) -> dict[str, Any]:
    """What libpq is asked for: the certificate is verified unless the URL says something else, or
    leads to this machine.

    Raises:
        UsageError: the URL is none. Its text isn't shown: it holds a password, or a part of one
            where libpq reads a host or a database.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    _refuse_a_torn_password(url)
    try:
        parameters = conninfo_to_dict(url)
    except (psycopg.ProgrammingError, UnicodeError):
        raise _unreadable() from None
    if any(port and not port.isdecimal() for port in str(parameters.get("port", "")).split(",")):
        raise _unreadable()
    if not parameters.get("sslmode") and not _is_here(parameters):
        parameters["sslmode"] = "verify-full"
        if not _settings(parameters).get("sslrootcert"):
            parameters["sslrootcert"] = "system"
    return {"connect_timeout": _CONNECT_TIMEOUT, **parameters, "client_encoding": "UTF8"}


def _is_here(parameters: Mapping[str, Any]) -> bool:
    """Whether every server that libpq may connect to is this machine."""
    from sources.client.origin import is_loopback

    settings = _settings(parameters)
    hosts, addresses = settings.get("host", ""), settings.get("hostaddr", "")
    if not hosts and not addresses:
        # A service that isn't found may be anywhere.
        return not settings.get("service")
    return all(
        not each or each.startswith("/") or is_loopback(each)
        for each in (*hosts.split(","), *addresses.split(","))
    )


def _settings(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters, and what libpq adds to them: from the service that is named, the environment
    (PGHOST, PGHOSTADDR, …) and its own defaults."""
    from psycopg import pq

    before = os.environ.get("PGSERVICE")
    try:
        if parameters.get("service"):
            os.environ["PGSERVICE"] = str(parameters["service"])
        found = {
            each.keyword.decode(): each.val.decode(errors="replace")
            for each in pq.Conninfo.get_defaults()
            if each.val
        }
    finally:
        os.environ.pop("PGSERVICE", None)
        if before is not None:
            os.environ["PGSERVICE"] = before
    return found | {name: str(value) for name, value in parameters.items() if value}


def _refuse_a_torn_password(url: str) -> None:
    """Of a password with a bare @ or / in it, libpq reads the rest as a host or a database, which
    errors show."""
    found = _URL.match(url)
    if found and (found["authority"].count("@") > 1 or "@" in found["path"]):
        raise UsageError(
            "The password in the URL of the PostgreSQL database has an @ or a / in it: write them"
            " as %40 and %2F."
        )


def _unreadable() -> UsageError:
    return UsageError(
        "The URL of the PostgreSQL database can't be read (and isn't shown, as it holds a"
        " password): write it as postgresql://user:password@host:5432/database."
    )


def _copy_all(
    source: duckdb.DuckDBPyConnection, target: psycopg.Connection, schema: str
) -> Iterator[tuple[str, int]]:
    from psycopg.sql import SQL, Identifier

    target.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    target.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
    for (table,) in sorted(source.execute("SHOW TABLES").fetchall()):
        yield table, copy_table(source, target, schema, table)


def _sentence(error: Exception) -> str:
    """Without libpq's question whether the server runs: what to do is said after it."""
    text = " ".join(str(error).partition("\n\tIs the server")[0].split()) or type(error).__name__
    return text if text.endswith(".") else f"{text}."
