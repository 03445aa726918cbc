"""Where settings are read: in dlt's configuration, or in what a caller gives instead."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from sources.accounts.standard_files import SECRETS, standard_files
from sources.errors import ConfigurationError

_IN_A_FILE = "_FILE"


class Values(Protocol):
    """Settings by their path, as `sources`, `turso`, `accounts`. Raises ConfigurationError."""

    def get(self, *path: str) -> Any:
        """The value that counts; None where nothing is configured."""

    def keys(self, *path: str) -> Sequence[str]:
        """The names of all that is configured in a section."""


@dataclass(frozen=True)
class GivenValues:
    """Settings of a caller's own, in sections, as a TOML file would hold them."""

    sections: Mapping[str, Any]

    def get(self, *path: str) -> Any:
        found: Any = self.sections
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def keys(self, *path: str) -> Sequence[str]:
        section = self.get(*path)
        return list(section) if isinstance(section, Mapping) else []


class DltValues:
    """The environment, then dlt's other providers in their order: secrets.toml, config.toml.

    The providers are asked themselves, as for a secret, since `dlt.config` would record the value
    in the pipeline's trace, which is written to a file.
    """

    def get(self, *path: str) -> Any:
        # The environment comes first with dlt too.
        variable = "__".join(path).upper()
        if value := _from_environment(variable):
            return value
        for ask in self._places:
            value = ask(*path)
            # A variable that is set to nothing, as an absent secret of a CI is, says nothing.
            if value is not None and (value != "" or variable not in os.environ):
                return value
        return None

    def keys(self, *path: str) -> Sequence[str]:
        found: list[str] = []
        for ask in self._places:
            section = ask(*path)
            if isinstance(section, Mapping):
                found += section
        prefix = f"{'__'.join(path).upper()}__"
        found += [
            name.removeprefix(prefix).removesuffix(_IN_A_FILE).lower()
            for name, value in os.environ.items()
            if name.startswith(prefix) and value
        ]
        return found

    @property
    def secrets_files(self) -> Sequence[Path]:
        """Those secrets.toml that are there: the project's and the user's own."""
        if self._files is not None:
            return [file.absolute() for file in self._files if file.name == SECRETS]
        return [
            Path(location).absolute()
            for provider in _providers()
            if provider.supports_secrets
            for location in getattr(provider, "present_locations", ())
            if Path(location).is_file()
        ]

    @cached_property
    def _files(self) -> Mapping[Path, Mapping[str, Any]] | None:
        return standard_files()

    @cached_property
    def _places(self) -> Sequence[Callable[..., Any]]:
        if self._files is not None:
            return [GivenValues(sections).get for sections in self._files.values()]
        return [partial(_asked, provider) for provider in _providers()]


def _from_environment(variable: str) -> str | None:
    """The variable's value, or what stands in the file that the one with `_FILE` names."""
    value, named = os.environ.get(variable), os.environ.get(f"{variable}{_IN_A_FILE}")
    if not named:
        return value
    if value:
        raise ConfigurationError(f"{variable} and {variable}{_IN_A_FILE} are both set. Keep one")
    try:
        text = Path(named).read_text(encoding="utf-8").strip()
        reason = "" if text else "is empty"
    except OSError as error:
        reason = f"can't be read: {error.strerror}. Let this user read it"
    except UnicodeDecodeError:
        reason = "is not written in UTF-8"
    if reason:
        raise ConfigurationError(f"{variable}{_IN_A_FILE} names {named}, which {reason}")
    return text


def _providers() -> Sequence[Any]:
    import dlt

    with _readable_files():
        providers: Sequence[Any] = dlt.config.config_providers
        # They read their files at the first question.
        for provider in providers:
            _asked(provider, "sources")
    return providers


def _asked(provider: Any, *path: str) -> Any:
    from dlt.common.typing import TSecretStrValue

    *sections, key = path
    value, _ = provider.get_value(key, TSecretStrValue, "", *sections)
    return value


@contextmanager
def _readable_files() -> Iterator[None]:
    """Tell a mistake in the TOML as a `ConfigurationError`."""
    from dlt.common.configuration.providers.toml import TomlProviderReadException

    try:
        yield
    except TomlProviderReadException as error:
        raise ConfigurationError(
            _mistake(error.full_paths) or " ".join(str(error).split())
        ) from None


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
            return f"{file} is not valid TOML: {error}. Fix it there."
    return None
