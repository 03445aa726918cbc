"""Who may read the file that holds the credentials."""

from __future__ import annotations

import stat

from pipelines.job.events import Event, Listener


def warn_of_readable_secrets(tell: Listener) -> None:
    """A warning for each of dlt's secrets.toml files that others than its owner may read.

    The run goes on: a job that stops at night helps nobody, and the file was as open before.
    """
    from sources.accounts.values import DltValues

    for file in DltValues().secrets_files:
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            tell(
                Event(
                    "secrets_readable",
                    f"{file} holds credentials, and others on this machine may read it. Run:"
                    f" chmod 600 '{file}'",
                    "warning",
                    {"path": str(file)},
                )
            )
