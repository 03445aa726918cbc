"""The models as they were read last, beside their files, as Python keeps its compiled modules.

Reading and checking all files takes longer than building a thousand invoices. Whatever the result
hangs on is hashed into the name that it goes by: the files, and the code and the parser that read
them. Where nothing can be written, they are read each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from pipelines.transform.model import TRANSFORMS, Model
from pipelines.warehouse.writing import replacing

FILE = TRANSFORMS / "__pycache__" / "models.json"


class _Compiled(msgspec.Struct):
    made_of: str
    models: list[Model]


def found(fingerprint: str) -> list[Model] | None:
    """The models of the files with this fingerprint, if they were read before."""
    try:
        compiled = msgspec.json.decode(FILE.read_bytes(), type=_Compiled)
    except (OSError, msgspec.DecodeError):
        return None
    return compiled.models if compiled.made_of == _made_of(fingerprint) else None


def keep(fingerprint: str, models: Sequence[Model]) -> None:
    """Let the next process find them."""
    text = msgspec.json.encode(_Compiled(_made_of(fingerprint), list(models)))
    try:
        FILE.parent.mkdir(exist_ok=True)
        with replacing(FILE) as beside:
            beside.write_bytes(text)
    except OSError:
        # Installed by somebody else, say: then it is read again.
        return


def _made_of(fingerprint: str) -> str:
    digest = hashlib.sha256(f"{fingerprint} {version('sqlglot')}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
