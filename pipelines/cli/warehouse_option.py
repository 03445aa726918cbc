"""`--warehouse DIR`, before a command or behind it; it stands above all that is configured."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

WarehouseOption = Annotated[
    str | None,
    typer.Option(
        "--warehouse", metavar="DIR", help="Where the warehouse lies, whatever is configured."
    ),
]


def choose(directory: str | None) -> None:
    """Make it the warehouse of this process; None leaves the configured one."""
    if directory is None:
        return
    if not directory.strip():
        raise typer.BadParameter("--warehouse is empty: write the folder of the warehouse.")
    os.environ["WAREHOUSE__DIRECTORY"] = directory


def with_warehouse(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the option among its own."""

    @wraps(command)
    def chosen(*, warehouse: str | None = None, **given: Any) -> None:
        choose(warehouse)
        command(**given)

    # Typer reads the signature, and the types of a function that it can look into.
    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(
        "warehouse", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=WarehouseOption
    )
    signature = signature.replace(parameters=[*signature.parameters.values(), option])
    chosen.__signature__ = signature  # type: ignore[attr-defined]
    chosen.__annotations__ = {**command.__annotations__, "warehouse": WarehouseOption}
    return chosen
