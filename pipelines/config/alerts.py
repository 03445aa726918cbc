"""`[alerts]` of the configuration: where alerts go, and with which code a run ends that raised one.

    [alerts]                                     # .dlt/secrets.toml, or ALERTS__WEBHOOK_URL
    webhook_url = "https://hooks.slack.com/services/…"

    [alerts]                                     # .dlt/config.toml, or ALERTS__EXIT_CODE
    exit_code = 4

A webhook's URL is all that is needed to write to it, so it is a secret like any token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from sources.client.redaction import Secret

if TYPE_CHECKING:
    from sources.accounts.values import Values

_KEYS = ("webhook_url", "exit_code")
_SECTION = "alerts"
FIRST_FREE_EXIT_CODE = 4
LAST_FREE_EXIT_CODE = 125


@dataclass(frozen=True)
class AlertSettings:
    """`exit_code` 0 leaves a run's own exit code as it is."""

    webhook_url: Secret | None = None
    exit_code: int = 0

    @property
    def wanted(self) -> bool:
        """Whether anybody asked for alerts; without that nothing is looked for."""
        return self.webhook_url is not None or self.exit_code != 0


def alert_settings(values: Values) -> AlertSettings:
    """What `[alerts]` says. Raises UsageError, which names the key and quotes no secret."""
    for key in values.keys(_SECTION):
        if key not in _KEYS:
            raise UsageError(
                f"[alerts] (in .dlt/config.toml or .dlt/secrets.toml) has an unknown key `{key}`."
                f" Known are {_listed(_KEYS)}."
            )
    return AlertSettings(
        _webhook_url(values.get(_SECTION, "webhook_url")),
        _exit_code(values.get(_SECTION, "exit_code")),
    )


def _webhook_url(value: object) -> Secret | None:
    import httpx

    from sources.client.origin import is_loopback

    if value is None:
        return None
    try:
        url = httpx.URL(str(value).strip())
    except httpx.InvalidURL:
        raise _no_address() from None
    if not url.host or not (
        url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    ):
        raise _no_address()
    return Secret(str(url))


def _no_address() -> UsageError:
    return UsageError(
        "`webhook_url` in [alerts] (ALERTS__WEBHOOK_URL) is no address that alerts can be sent to:"
        " it must begin with https:// and a host. It isn't shown here, since it is a secret."
    )


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
