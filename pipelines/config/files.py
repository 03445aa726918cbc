"""dlt's configuration files, when they can't be read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import UsageError


@contextmanager
def readable_configuration() -> Iterator[None]:
    """Tell a mistake in the TOML, which dlt reads at the first question, as a `UsageError`."""
    from dlt.common.configuration.providers.toml import TomlProviderReadException

    try:
        yield
    except TomlProviderReadException as error:
        mistake = _mistake(error.full_paths) or " ".join(str(error).split())
        raise UsageError(f"The configuration can't be used. {mistake}") from None


def _mistake(paths: Sequence[str]) -> str | None:
    """In which of the files that dlt reads together it is, and where; no value is quoted."""
    for file in (Path(path).absolute() for path in paths):
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{file} can't be read: {error.strerror}. Let this user read it."
        except UnicodeDecodeError:
            return f"{file} is not written in UTF-8. Save it in that encoding."
        except tomllib.TOMLDecodeError as error:
            return f"{file} is not valid TOML: {error}. Mend it there."
    return None
