"""Who may read the file that holds the credentials."""

from __future__ import annotations

import stat
from pathlib import Path

from pipelines.job.events import Event, Listener


def warn_of_readable_secrets(tell: Listener) -> None:
    """A warning for each of dlt's secrets.toml files that others than its owner may read.

    The run goes on: a job that stops at night helps nobody, and the file was as open before.
    """
    for file in _secrets_files():
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


def _secrets_files() -> list[Path]:
    """Those that are there: the project's and the user's own."""
    import dlt

    from sources.accounts.values import readable_files

    with readable_files():
        providers = dlt.config.config_providers
    return [
        Path(location).absolute()
        for provider in providers
        if provider.supports_secrets
        for location in getattr(provider, "present_locations", ())
        if Path(location).is_file()
    ]
