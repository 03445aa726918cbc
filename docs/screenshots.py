"""Makes the pictures in docs/ from the example: the report, its teams, and the terminal.

python -m docs.screenshots
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from docs import example
from docs.chromium import launched
from pipelines.warehouse.files import Warehouse

FOLDER = Path(__file__).parent
_COLUMNS = 150
_TERMINAL = """\
<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; display: inline-block; background: #14171b; color: #e8e9ea; }}
pre {{ margin: 0; padding: 24px 32px; font: 13px/1.35 "DejaVu Sans Mono", monospace; }}
b {{ color: #86bfe6; font-weight: 400; }}
</style><pre>{}</pre>"""
_TERMINALS: dict[str, Sequence[tuple[str, ...]]] = {
    "status": [("status",)],
    "terminal": [
        ("invoices", "--unpaid", "--vendor", "turso", "--vendor", "northflank"),
        ("show", "SBX01-00002"),
    ],
}


def main() -> None:
    """Load the example, and take the pictures of it."""
    with TemporaryDirectory() as directory, launched() as browser:
        warehouse = example.load(Path(directory, "warehouse"))
        report = Path(directory, "report.html")
        _billhouse(warehouse, "report", "--output", str(report))
        _report(browser, report)
        for name, commands in _TERMINALS.items():
            _terminal(browser, warehouse, name, commands)


def _report(browser: Browser, report: Path) -> None:
    for name, media in {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "print": {"media": "print"},
    }.items():
        page = browser.new_page(viewport={"width": 1440, "height": 1290})
        page.emulate_media(**media)  # type: ignore[arg-type]
        page.goto(report.as_uri())
        page.screenshot(path=FOLDER / f"report-{name}.png")
        if name == "light":
            teams = page.locator("table", has_text="What teams cost").first
            teams.screenshot(path=FOLDER / "report-teams.png")
        page.close()


def _terminal(
    browser: Browser, warehouse: Warehouse, name: str, commands: Sequence[tuple[str, ...]]
) -> None:
    told = "".join(
        f"<b>$ billhouse {' '.join(arguments)}</b>\n{escape(_billhouse(warehouse, *arguments))}\n"
        for arguments in commands
    )
    page = browser.new_page()
    page.set_content(_TERMINAL.format(told))
    page.locator("body").screenshot(path=FOLDER / f"{name}.png")
    page.close()


def _billhouse(warehouse: Warehouse, *arguments: str) -> str:
    finished = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "pipelines.cli", *arguments],
        env={
            **os.environ,
            "WAREHOUSE__DIRECTORY": str(warehouse.directory),
            "COLUMNS": str(_COLUMNS),
        },
        cwd=FOLDER.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout


if __name__ == "__main__":
    main()
