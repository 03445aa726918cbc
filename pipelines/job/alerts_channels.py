"""The ways by which alerts are sent: a webhook (Slack's form), a card of Teams, an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pipelines.config.alerts import AlertSettings, Email
from pipelines.job import alerts_email
from pipelines.job.alerts_sent import Alert
from sources.client.redaction import Secret

TIMEOUT_SECONDS = 10.0
ALERTS_SHOWN = 20
_CHARACTERS_SHOWN = 600

Channel = Callable[[Sequence[Alert]], None]


class ChannelError(Exception):
    """The message wasn't taken. The text says why, without the address."""


def channels(settings: AlertSettings) -> Mapping[str, Channel]:
    """What is configured, by the name of its key. Each raises ChannelError; there is no second try,
    since the next run makes one."""
    found: dict[str, Channel] = {}
    if settings.webhook_url is not None:
        found["webhook_url"] = partial(_send_text, settings.webhook_url)
    if settings.teams_url is not None:
        found["teams_url"] = partial(_send_card, settings.teams_url)
    if settings.email is not None:
        found["smtp_url"] = partial(_send_email, settings.email)
    return found


def ping(url: Secret) -> None:
    """Ask an address that waits for it. Raises ChannelError."""
    _request("GET", url)


def try_all(settings: AlertSettings) -> dict[str, str | None]:
    """Send each channel a test, and ask `success_url`: None where it was taken, else why not."""
    test = [Alert("test", "", "This is a test: alerts of `billhouse run` come this way.")]
    tried = {name: partial(send, test) for name, send in channels(settings).items()}
    if settings.success_url is not None:
        tried["success_url"] = partial(ping, settings.success_url)
    answers: dict[str, str | None] = {}
    for name, send in tried.items():
        try:
            send()
            answers[name] = None
        except ChannelError as error:
            answers[name] = str(error)
    return answers


def message(alerts: Sequence[Alert]) -> str:
    """One line an alert, Slack's own signs (links, mentions) as plain text."""
    text = "\n".join([_title(alerts), *_lines(alerts, before="• ")])
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _send_text(url: Secret, alerts: Sequence[Alert]) -> None:
    """`{"text": …}`, which Slack and what follows it understand."""
    _request("POST", url, {"text": message(alerts)})


def _send_card(url: Secret, alerts: Sequence[Alert]) -> None:
    """https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using"""
    lines = [_title(alerts), *_lines(alerts)]
    # A run of text isn't read as Markdown, so that nothing in it becomes a link or a mention.
    body = [
        {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": line, "weight": "Default" if at else "Bolder"}],
        }
        for at, line in enumerate(lines)
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    _request("POST", url, {"type": "message", "attachments": [attachment]})


def _send_email(email: Email, alerts: Sequence[Alert]) -> None:
    try:
        alerts_email.send(email, _title(alerts), _lines(alerts), TIMEOUT_SECONDS)
    except alerts_email.RefusedError as error:
        raise ChannelError(str(error)) from None


def _title(alerts: Sequence[Alert]) -> str:
    return f"Billhouse: {len(alerts)} new alert(s)"


def _lines(alerts: Sequence[Alert], *, before: str = "") -> list[str]:
    """Each on one line and not too long; the first 20 of many, as a first load may find years."""
    lines = []
    for alert in alerts[:ALERTS_SHOWN]:
        line = " ".join(alert.message.split())
        cut = f"{line[:_CHARACTERS_SHOWN]}…" if len(line) > _CHARACTERS_SHOWN else line
        lines.append(f"{before}{cut}")
    if len(alerts) > ALERTS_SHOWN:
        lines.append(f"… and {len(alerts) - ALERTS_SHOWN} more: see `billhouse status`")
    return lines


def _request(method: str, address: Secret, content: object = None) -> None:
    import httpx

    from sources.client.origin import is_loopback
    from sources.client.surroundings import trusted_certificates
    from sources.errors import ConfigurationError

    url = httpx.URL(address.reveal())
    try:
        response = httpx.request(
            method,
            url,
            json=content,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            verify=trusted_certificates(),
            trust_env=not is_loopback(url.host),  # no proxy gets what is meant for this machine
        )
    except ConfigurationError as error:
        raise ChannelError(str(error)) from None
    except httpx.HTTPError as error:
        # Only its kind: the text may quote the address.
        late = isinstance(error, httpx.TimeoutException)
        raise ChannelError(
            f"no answer within {TIMEOUT_SECONDS:.0f} s" if late else "no connection, or it broke"
        ) from None
    if not response.is_success:
        raise ChannelError(f"it answered {response.status_code} {response.reason_phrase}".rstrip())
