"""`[alerts]` of the configuration: where alerts go, and with which code a run ends that raised one.

    [alerts]                                     # .dlt/secrets.toml, or ALERTS__WEBHOOK_URL
    webhook_url = "https://hooks.slack.com/services/…"

    [alerts]                                     # .dlt/config.toml, or ALERTS__EXIT_CODE
    exit_code = 4

A webhook's URL is all that is needed to write to it, so it is a secret like any token.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from pipelines.config.files import readable_configuration
from pipelines.errors import UsageError
from sources.client.redaction import Secret

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


def read_settings() -> AlertSettings:
    """What `[alerts]` says. Raises UsageError, which names the key and quotes no secret."""
    with readable_configuration():
        values = _configured()
    for key in values:
        if key not in _KEYS:
            raise UsageError(
                f"[alerts] (in .dlt/config.toml or .dlt/secrets.toml) has an unknown key `{key}`."
                f" Known are {_listed(_KEYS)}."
            )
    return AlertSettings(
        _webhook_url(values.get("webhook_url")), _exit_code(values.get("exit_code"))
    )


def _configured() -> dict[str, Any]:
    """Both files' sections and the environment, which comes first.

    The providers are asked themselves: what is asked of `dlt.secrets` is kept in dlt's trace.
    """
    import dlt
    from dlt.common.typing import TSecretStrValue

    values: dict[str, Any] = {}
    for provider in reversed(dlt.config.config_providers):
        section, _ = provider.get_value(_SECTION, TSecretStrValue, "")
        if isinstance(section, dict):
            values |= section
    for key in _KEYS:
        variable = f"{_SECTION}__{key}".upper()
        if os.environ.get(variable):
            values[key] = os.environ[variable]
    return values


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
