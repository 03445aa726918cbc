"""`python -m billhouse` and `python -m pipelines.cli`: the command without its script."""

from __future__ import annotations

from pipelines.cli.app import main

if __name__ == "__main__":
    main()
