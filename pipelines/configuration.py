"""dlt's configuration files, when they can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.failures import UsageError


@contextmanager
def readable_configuration() -> Iterator[None]:
    """Tell a mistake in the TOML, which dlt reads at the first question, as a `UsageError`."""
    from dlt.common.configuration.providers.toml import TomlProviderReadException

    try:
        yield
    except TomlProviderReadException as error:
        raise UsageError(
            f"The configuration can't be used. {' '.join(str(error).split())}"
        ) from None
