"""`billhouse alerts`."""

from __future__ import annotations

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.streams import whole_output

alerts = typer.Typer(
    name="alerts", no_args_is_help=True, help="Try the ways by which alerts are sent."
)


@alerts.callback()
def _group() -> None:
    """Try the ways by which alerts are sent."""


@alerts.command()
def test() -> None:
    """Send a test message by each channel of [alerts], and ask success_url.

    Ends with 1 if one of them doesn't take it. docs/scheduling.md says what can be configured.

    \b
    Example:
      billhouse alerts test
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli.tables import print_table
        from pipelines.config.configuration import Configuration
        from pipelines.errors import UsageError
        from pipelines.job.alerts_channels import try_all

        answers = try_all(Configuration().alerts())
        if not answers:
            raise UsageError(
                "Nothing is configured that alerts could be sent to: set webhook_url, teams_url or"
                " smtp_url and email_to in [alerts] of .dlt/secrets.toml (ALERTS__WEBHOOK_URL, …)."
            )
        print_table(["channel", "answer"], [[name, why or "ok"] for name, why in answers.items()])
        if any(answers.values()):
            raise typer.Exit(1)
