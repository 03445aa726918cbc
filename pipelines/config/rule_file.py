"""A CSV file of rules that people write by hand: its rows, and mistakes told with file and line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.in_vain import meant
from pipelines.errors import UsageError

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class RuleRow:
    """A row by its columns, without blanks around; what isn't written is the empty text."""

    file: Path
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def mistake(self, text: str) -> UsageError:
        """The error: what is wrong with the row, and what to write instead."""
        return _mistake(self.file, self.line, text)

    def month(self, column: str) -> str | None:
        """The first day of the month that stands there; None where none does. Raises UsageError."""
        text = self[column]
        if not text:
            return None
        if not _MONTH.fullmatch(text):
            raise self.mistake(f"{column} {text!r} is no month. Write it like 2026-10.")
        return f"{text}-01"

    def one_of(self, column: str, known: Collection[str]) -> str:
        """The word that stands there, if it is a known one. Raises UsageError."""
        text = self[column]
        if text not in known:
            raise self.mistake(f"{column} {text!r} is none. {meant(text, known)}")
        return text


def read_rows(
    file: Path, section: str, columns: Sequence[str], needed: Sequence[str]
) -> list[RuleRow]:
    """The rows of the file that `[section]` names, under a head with some of the columns.

    Raises:
        UsageError: the file can't be read, or a line of it isn't what its head says.
    """
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{file}, which `file` in [{section}] names, can't be read: {error.strerror}. Write"
            " where it is, from the folder in which billhouse starts, and let this user read it."
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _mistake(file, line, "this isn't UTF-8. Save the file as CSV in UTF-8.") from None
    rows = list(_rows(file, text, columns, needed))
    if not rows:
        raise _mistake(file, 1, f"there is no row. Write one, or take [{section}] out.")
    return rows


def _rows(
    file: Path, text: str, columns: Sequence[str], needed: Sequence[str]
) -> Iterator[RuleRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    head: list[str] = []
    try:
        for cells in ([cell.strip() for cell in row] for row in reader):
            if not any(cells):
                continue
            if not head:
                head = _head(file, reader.line_num, cells, columns, needed)
            elif len(cells) != len(head):
                raise _mistake(
                    file,
                    reader.line_num,
                    f"there are {len(cells)} cells under {len(head)} columns. Put quotes around a"
                    " cell that holds a comma, and leave an empty one where nothing is meant.",
                )
            else:
                yield RuleRow(file, reader.line_num, dict(zip(head, cells, strict=True)))
    except csv.Error as error:
        raise _mistake(
            file, reader.line_num, f"this is no CSV ({error}). Look for a quote that isn't closed."
        ) from None


def _head(
    file: Path, line: int, cells: Sequence[str], columns: Sequence[str], needed: Sequence[str]
) -> list[str]:
    names = [cell.lower() for cell in cells]
    for name in names:
        if name not in columns:
            raise _mistake(file, line, f"there is no column {name!r}. {meant(name, columns)}")
        if names.count(name) > 1:
            raise _mistake(file, line, f"the column {name!r} stands there twice. Keep one.")
    for name in needed:
        if name not in names:
            raise _mistake(file, line, f"the column {name!r} is missing. Add it.")
    return names


def _mistake(file: Path, line: int, text: str) -> UsageError:
    return UsageError(f"{file}, line {line}: {text} Nothing was fetched or built.")
