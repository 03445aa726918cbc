from __future__ import annotations

import re

from docs import dictionary
from pipelines.warehouse.files import Warehouse


def test_the_page_is_what_the_comments_say(example: Warehouse, altered: Warehouse) -> None:
    made = dictionary.text(altered)
    assert dictionary.FILE.read_text(encoding="utf-8") == made, "run `make dictionary`"
    tables = re.findall(r"^### `(\w+)`\n\n(.+)$", made, re.MULTILINE)
    assert {"fct_invoices", "invoice_changes", "load_results"} <= {name for name, _ in tables}
    assert len(tables) == len(list(example.parquet.glob("*.parquet")))
    undescribed = re.findall(r"^\| `\w+` \| [^|]+ \|  \|$", made, re.MULTILINE)
    assert undescribed == []


def test_dbts_sources_are_what_the_comments_say(altered: Warehouse) -> None:
    made = dictionary.dbt_sources(altered)
    assert dictionary.SOURCES.read_text(encoding="utf-8") == made, "run `make dictionary`"
