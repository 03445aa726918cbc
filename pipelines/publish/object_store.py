"""The object store of a lake: its files by pyarrow, and what DuckDB needs to use them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.config.object_store import ObjectStore
from pipelines.errors import JobError
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb
    from pyarrow.fs import FileSystem

# By itself DuckDB's extension verifies no certificate, and copies what AWS's variables say into
# settings, which queries may read.
_SETTINGS = {
    "s3_access_key_id": "",
    "s3_secret_access_key": "",
    "s3_session_token": "",
    "enable_server_cert_verification": True,
    "enable_curl_server_cert_verification": True,
    "enable_global_s3_configuration": False,
    "http_proxy": "",
}


@lru_cache(maxsize=1)
def files_of(lake: Lake) -> FileSystem:
    """The data path, here or in the store; names in it are relative."""
    from pyarrow.fs import LocalFileSystem, S3FileSystem, SubTreeFileSystem

    store = lake.store
    if store is None:
        return SubTreeFileSystem(str(lake.data_path), LocalFileSystem())
    ask_no_machine()
    return SubTreeFileSystem(
        str(store.folder),
        S3FileSystem(
            access_key=store.key_id,
            secret_key=store.key.reveal(),
            session_token=store.token.reveal() if store.token else None,
            region=store.region,
            scheme="https" if store.is_encrypted else "http",
            endpoint_override=store.host,
            tls_ca_file_path=certificates(),
            # A small file is one request, and there or not.
            allow_delayed_open=True,
        ),
    )


def let_in(connection: duckdb.DuckDBPyConnection, store: ObjectStore) -> None:
    """Let the connection's SQL use the store, and tell nobody the credential.

    Raises:
        JobError: DuckDB refuses the credential's form.
    """
    import duckdb

    for setting, value in (_SETTINGS | {"ca_cert_file": certificates()}).items():
        connection.execute(f"SET GLOBAL {setting} = {literal(value)}")
    options = {
        "TYPE": "s3",
        "SCOPE": store.address,
        "KEY_ID": store.key_id,
        "SECRET": store.key.reveal(),
        "SESSION_TOKEN": store.token.reveal() if store.token else "",
        "REGION": store.region,
        "USE_SSL": store.is_encrypted,
    }
    if store.host:
        options |= {"ENDPOINT": store.host, "URL_STYLE": "path"}
    given = ", ".join(f"{name} {literal(value)}" for name, value in options.items())
    try:
        connection.execute(f"CREATE SECRET store ({given})")
    except duckdb.Error:
        raise JobError(
            f"DuckDB can't use the credential of {store.address}. Look whether access_key_id and"
            " secret_access_key in [lake] were copied whole."
        ) from None
    connection.execute("SET GLOBAL allow_unredacted_secrets = false")


@contextmanager
def unquoted(lake: Lake) -> Iterator[None]:
    """Whatever goes wrong inside is told without the credential: a store may quote a request that
    it refuses, and DuckDB and pyarrow quote the store. Raises JobError in place of such an error.
    """
    try:
        yield
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        if lake.store is None or lake.store.redacted(told) == told:
            raise
        raise JobError(lake.store.redacted(str(error))) from None


def ask_no_machine() -> None:
    """Keep AWS's libraries from looking for more at a server that is only in AWS's network, which
    takes seconds elsewhere."""
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def certificates() -> str:
    """The file of those that TLS is verified with."""
    import certifi

    return os.environ.get("SSL_CERT_FILE") or certifi.where()
