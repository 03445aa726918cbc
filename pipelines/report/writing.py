"""Fills the template and writes the page: one file, which fetches nothing and runs one script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2

from pipelines.errors import JobError
from pipelines.report import amounts, columns
from pipelines.report.contents import Contents
from pipelines.warehouse.writing import replacing

_FOLDER = Path(__file__).parent


def page(contents: Contents) -> str:
    """The report as HTML. Whatever a vendor wrote is escaped. Links lead out of the page to the
    vendors' invoices alone, by https and without saying from where; some open without a login, so
    a report is for whoever may see the invoices."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": amounts.format_amount,
        "signed": _signed,
        "percent": _percent,
        "scale": _scale,
        "sparkline": columns.sparkline,
    }
    style, script = (
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    return environment.get_template("page.html").render(
        contents=contents,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}",
        columns=columns,
    )


def write(text: str, file: Path) -> None:
    """Put the page in its place in one step.

    Raises:
        JobError: the file can't be written there.
    """
    try:
        with replacing(file) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise JobError(
            f"The report can't be written to {file}: {error.strerror or error}. Name another file"
            " with --output, in a folder that this user may write to."
        ) from error


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _signed(cents: int, decimals: int) -> str:
    return f"{'+' if cents > 0 else ''}{amounts.format_amount(cents, decimals)}"


def _percent(per_mille: int) -> str:
    return f"{'+' if per_mille > 0 else ''}{amounts.format_amount(per_mille, 1)} %"


def _scale(cents: int, decimals: int) -> str:
    """An amount beside a line of the scale: decimals only where the scale needs them."""
    text = amounts.format_amount(cents, decimals)
    return text.removesuffix("." + "0" * decimals)
