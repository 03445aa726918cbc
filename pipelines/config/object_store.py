"""`[lake]` of a lake whose files lie in an object store that speaks S3: where, and who may use it.

[lake]                                  # .dlt/secrets.toml, or LAKE__SECRET_ACCESS_KEY_FILE, …
data_path = "s3://my-bucket/billhouse"
access_key_id = "…"                     # or AWS_ACCESS_KEY_ID
secret_access_key = "…"                 # or AWS_SECRET_ACCESS_KEY
session_token = "…"                     # or AWS_SESSION_TOKEN: of a key that is short-lived
region = "eu-central-1"                 # or AWS_REGION, AWS_DEFAULT_REGION; by default us-east-1
endpoint = "https://s3.example.com"     # or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; by default AWS
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from sources.client.redaction import REMOVED, Secret

if TYPE_CHECKING:
    from sources.accounts.values import Values

KEYS = ("access_key_id", "secret_access_key", "session_token", "region", "endpoint")
SCHEME = "s3://"

_SECTION = "lake"
_VARIABLES = {
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}
# What no program reads as a pattern, and none escapes.
_PLACE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.)[A-Za-z0-9._=-]+)*")


@dataclass(frozen=True)
class ObjectStore:
    """A bucket's folder, and its credential. `endpoint` is an origin; None means AWS's own."""

    bucket: str
    prefix: str
    region: str
    endpoint: str | None
    key_id: str
    key: Secret
    token: Secret | None = field(default=None)

    @property
    def address(self) -> str:
        """`s3://bucket/prefix`."""
        return f"{SCHEME}{self.folder}"

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.bucket, self.prefix)

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken; else the store is on this machine."""
        return self.endpoint is None or self.endpoint.startswith("https:")

    @property
    def host(self) -> str | None:
        """The endpoint's host and port."""
        return self.endpoint and self.endpoint.partition("://")[2]

    def redacted(self, text: str) -> str:
        """The text without the credential."""
        for secret in filter(None, (self.token, self.key)):
            text = text.replace(secret.reveal(), REMOVED)
        return text


def object_store(values: Values, data_path: str) -> ObjectStore:
    """The store that `data_path` names. Raises UsageError, which quotes no credential."""
    place = data_path.rstrip("/")
    if not _PLACE.fullmatch(place):
        raise UsageError(
            f"`data_path` in [lake] (LAKE__DATA_PATH) is {data_path!r}: write a folder, or an"
            " object store's bucket and prefix like s3://my-bucket/billhouse, in letters, digits"
            " and ._=- alone."
        )
    bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
    own = {key: _text(values, key) for key in KEYS}
    # One credential is not made of two.
    is_own = any(own[key] for key in KEYS[:3])
    key_id, key, token = (
        own[key] if is_own else os.environ.get(f"AWS_{key.upper()}", "").strip() for key in KEYS[:3]
    )
    if not key_id or not key:
        raise UsageError(
            f"{place} needs both `access_key_id` and `secret_access_key` in [lake]"
            " (LAKE__ACCESS_KEY_ID, LAKE__SECRET_ACCESS_KEY, each also with _FILE), or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: one of them is missing. Profiles and"
            " roles of a machine aren't asked; `aws configure export-credentials --format env`"
            " writes what they give as these variables."
        )
    region, endpoint = (own[key] or _first(_VARIABLES[key]) for key in ("region", "endpoint"))
    return ObjectStore(
        bucket,
        prefix,
        region or "us-east-1",
        _origin(endpoint) if endpoint else None,
        key_id,
        Secret(key),
        Secret(token) if token else None,
    )


def _origin(text: str) -> str:
    from sources.client.origin import check_base_url

    try:
        origin = check_base_url(text)
        if "/" in origin.partition("://")[2]:
            raise ValueError("must not have a path")
    except ValueError as error:
        raise UsageError(
            f"`endpoint` in [lake] (LAKE__ENDPOINT, AWS_ENDPOINT_URL) {error}. Write where the"
            " object store answers, like https://s3.example.com:9000."
        ) from None
    return origin


def _text(values: Values, key: str) -> str:
    return str(values.get(_SECTION, key) or "").strip()


def _first(names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
