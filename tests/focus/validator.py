"""`focus-validator`, the FinOps Foundation's, also on Python 3.11.

One line of it has a backslash inside an f-string, which only Python 3.12 reads: it is read here as
what it means. Nothing else of it is changed.
"""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

_IN_NEW_PYTHON = rb"""f"'{k.replace('\"', '\"\"')}'" for k"""
_IN_ANY = rb"""f"'{_doubled(k)}'" for k"""
_DOUBLED = b"\n\ndef _doubled(text):\n    return text.replace('\"', '\"\"')\n"
_compiled = SourceFileLoader.source_to_code


def _source_to_code(loader: SourceFileLoader, data: Any, path: Any, **options: Any) -> CodeType:
    if _IN_NEW_PYTHON in data:
        data = data.replace(_IN_NEW_PYTHON, _IN_ANY) + _DOUBLED
    code: CodeType = _compiled(loader, data, path, **options)
    return code


if __name__ == "__main__":
    SourceFileLoader.source_to_code = _source_to_code  # type: ignore[method-assign,assignment]
    from focus_validator.main import main  # type: ignore[import-not-found]

    sys.exit(main())
