"""`python -m pipelines.cli`: the command line without its installed entry point."""

from __future__ import annotations

from pipelines.cli.app import main

if __name__ == "__main__":
    main()
