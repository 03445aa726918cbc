"""Alerts as one e-mail. TLS is verified, and nothing is sent without it but to this machine."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from pipelines.config.alerts import Email
from sources.client.origin import is_loopback
from sources.client.surroundings import trusted_certificates
from sources.errors import ConfigurationError


class RefusedError(Exception):
    """The server didn't take the message. The text says why, without user and password."""


def send(email: Email, subject: str, lines: Sequence[str], timeout: float) -> None:
    """Raises RefusedError."""
    text = EmailMessage()
    text["Subject"], text["From"], text["To"] = subject, email.sender, ", ".join(email.recipients)
    text.set_content("\n\n".join(lines) + "\n")
    url = urlsplit(email.smtp_url.reveal())
    host = url.hostname or ""
    try:
        context = trusted_certificates()
        with (
            smtplib.SMTP_SSL(host, url.port or 465, timeout=timeout, context=context)
            if url.scheme == "smtps"
            else smtplib.SMTP(host, url.port or 587, timeout=timeout)
        ) as server:
            if url.scheme == "smtp" and not is_loopback(host):
                server.starttls(context=context)
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(text)
    except ConfigurationError as error:
        raise RefusedError(str(error)) from None
    except smtplib.SMTPAuthenticationError:
        raise RefusedError("the mail server refused the user or the password") from None
    except smtplib.SMTPResponseException as error:
        raise RefusedError(f"the mail server answered {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused:
        raise RefusedError("the mail server refused each recipient") from None
    except smtplib.SMTPException as error:
        raise RefusedError(f"the mail server didn't take it ({type(error).__name__})") from None
    except ssl.SSLError as error:
        raise RefusedError(f"no secure connection to the mail server: {error.reason}") from None
    except OSError:
        raise RefusedError("no connection to the mail server, or it broke") from None
