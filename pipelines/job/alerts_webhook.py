"""Alerts as one message to a webhook: `{"text": …}`, which Slack and what follows it understand."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.job.alerts_sent import Alert
from sources.client.redaction import Secret

TIMEOUT_SECONDS = 10.0
ALERTS_SHOWN = 20
_CHARACTERS_SHOWN = 600


class WebhookError(Exception):
    """The message wasn't taken. The text says why, without the address."""


def send(webhook_url: Secret, alerts: Sequence[Alert]) -> None:
    """POST them. Raises WebhookError; there is no second try, since the next run makes one."""
    import httpx

    from sources.client.origin import is_loopback
    from sources.client.surroundings import trusted_certificates
    from sources.errors import ConfigurationError

    url = httpx.URL(webhook_url.reveal())
    try:
        response = httpx.post(
            url,
            json={"text": message(alerts)},
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            verify=trusted_certificates(),
            trust_env=not is_loopback(url.host),  # no proxy gets what is meant for this machine
        )
    except ConfigurationError as error:
        raise WebhookError(str(error)) from None
    except httpx.HTTPError as error:
        # Only its kind: the text may quote the address.
        late = isinstance(error, httpx.TimeoutException)
        raise WebhookError(
            f"no answer within {TIMEOUT_SECONDS:.0f} s" if late else "no connection, or it broke"
        ) from None
    if not response.is_success:
        raise WebhookError(f"it answered {response.status_code} {response.reason_phrase}".rstrip())


def message(alerts: Sequence[Alert]) -> str:
    """One line an alert; the first 20 of many, as a first load may find years of them."""
    lines = [f"• {_escaped(alert.message)}" for alert in alerts[:ALERTS_SHOWN]]
    if len(alerts) > ALERTS_SHOWN:
        lines.append(f"… and {len(alerts) - ALERTS_SHOWN} more: see `billhouse status`")
    return "\n".join([f"Billhouse: {len(alerts)} new alert(s)", *lines])


def _escaped(text: str) -> str:
    """On one line and not too long; Slack's own signs (links, mentions) as plain text."""
    line = " ".join(text.split())
    if len(line) > _CHARACTERS_SHOWN:
        line = line[:_CHARACTERS_SHOWN] + "…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
