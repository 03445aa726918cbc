"""`[alerts]` of the configuration: where alerts go, and with which code a run ends that raised one.

    [alerts]                                     # .dlt/secrets.toml, or ALERTS__WEBHOOK_URL, …
    webhook_url = "https://hooks.slack.com/services/…"
    teams_url = "https://….logic.azure.com/workflows/…"
    smtp_url = "smtps://user:password@smtp.example.com"
    email_to = "finance@example.com, oncall@example.com"
    email_from = "billhouse@example.com"         # default: the first of email_to
    success_url = "https://hc-ping.com/…"        # asked after each run that published

    [alerts]                                     # .dlt/config.toml, or ALERTS__EXIT_CODE
    exit_code = 4

A webhook's URL is all that is needed to write to it, so it is a secret like any token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipelines.errors import UsageError
from sources.client.redaction import Secret

if TYPE_CHECKING:
    from sources.accounts.values import Values

_KEYS = (
    "webhook_url",
    "teams_url",
    "smtp_url",
    "email_to",
    "email_from",
    "success_url",
    "exit_code",
)
_SECTION = "alerts"
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
FIRST_FREE_EXIT_CODE = 4
LAST_FREE_EXIT_CODE = 125


@dataclass(frozen=True)
class Email:
    """Which server takes a message, whom it is from and for whom."""

    smtp_url: Secret
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class AlertSettings:
    """`exit_code` 0 leaves a run's own exit code as it is."""

    webhook_url: Secret | None = None
    exit_code: int = 0
    teams_url: Secret | None = None
    email: Email | None = None
    success_url: Secret | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody asked for alerts; without that nothing is looked for."""
        return any((self.webhook_url, self.teams_url, self.email, self.exit_code))


def alert_settings(values: Values) -> AlertSettings:
    """What `[alerts]` says. Raises UsageError, which names the key and quotes no secret."""
    for key in values.keys(_SECTION):
        if key not in _KEYS:
            raise UsageError(
                f"[alerts] (in .dlt/config.toml or .dlt/secrets.toml) has an unknown key `{key}`."
                f" Known are {_listed(_KEYS)}."
            )
    return AlertSettings(
        _url(values, "webhook_url"),
        _exit_code(values.get(_SECTION, "exit_code")),
        _url(values, "teams_url"),
        _email(values),
        _url(values, "success_url"),
    )


def _url(values: Values, key: str) -> Secret | None:
    import httpx

    from sources.client.origin import is_loopback

    value = values.get(_SECTION, key)
    if value is None:
        return None
    try:
        url = httpx.URL(str(value).strip())
    except httpx.InvalidURL:
        raise _no_address(key) from None
    if not url.host or not (
        url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    ):
        raise _no_address(key)
    return Secret(str(url))


def _no_address(key: str) -> UsageError:
    return UsageError(
        f"`{key}` in [alerts] (ALERTS__{key.upper()}) is no address that can be sent to: it must"
        " begin with https:// and a host. It isn't shown here, since it is a secret."
    )


def _email(values: Values) -> Email | None:
    url, to, sender = (values.get(_SECTION, key) for key in ("smtp_url", "email_to", "email_from"))
    if url is None and to is None and sender is None:
        return None
    if url is None or to is None:
        raise UsageError(
            "Alerts by e-mail need `smtp_url` and `email_to` in [alerts] (ALERTS__SMTP_URL,"
            " ALERTS__EMAIL_TO): one of them is missing."
        )
    recipients = tuple(
        str(each).strip() for each in (to if isinstance(to, list) else to.split(","))
    )
    for key, address in [
        *(("email_to", each) for each in recipients),
        ("email_from", str(sender or recipients[0])),
    ]:
        if not _ADDRESS.fullmatch(address):
            raise UsageError(
                f"`{key}` in [alerts] (ALERTS__{key.upper()}) holds {address!r}, which is no e-mail"
                " address. Write name@example.com; several with commas between them."
            )
    return Email(_smtp_url(str(url)), str(sender or recipients[0]), recipients)


def _smtp_url(text: str) -> Secret:
    try:
        parts = urlsplit(text.strip())
        is_usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise UsageError(
            "`smtp_url` in [alerts] (ALERTS__SMTP_URL) is no mail server's address: write"
            " smtps://user:password@host (TLS from the beginning) or smtp://user:password@host:587"
            " (STARTTLS), with %40 for an @ in the password. It isn't shown here, since it is a"
            " secret."
        )
    return Secret(text.strip())


def _exit_code(value: object) -> int:
    text = str(value or 0)
    if text == "0":
        return 0
    if text.isascii() and text.isdigit():
        code = int(text)
        if FIRST_FREE_EXIT_CODE <= code <= LAST_FREE_EXIT_CODE:
            return code
    raise UsageError(
        f"`exit_code` in [alerts] (ALERTS__EXIT_CODE) is {text!r}: write a whole number from"
        f" {FIRST_FREE_EXIT_CODE} to {LAST_FREE_EXIT_CODE} (0 to 3 have their meanings already), or"
        " 0 for none."
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
