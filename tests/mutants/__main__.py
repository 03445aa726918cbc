"""Changes every SQL file a little, one change at a time, and reports what no test notices.

`make mutants` judges all of them, in two processes. At most 5 % may survive, and each survivor
must stand in survivors.json with the reason why nothing can notice it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.transform.model import TRANSFORMS
from tests.mutants.judge import Judge, Verdict
from tests.mutants.mutations import Mutant, mutants

SURVIVORS = Path(__file__).parent / "survivors.json"
MOST_SURVIVORS = 0.05
PROCESSES = 2
FILES = sorted(path.relative_to(TRANSFORMS).as_posix() for path in TRANSFORMS.rglob("*.sql"))


def every_mutant(files: Sequence[str] = FILES) -> list[Mutant]:
    """All mutants of these files."""
    return [each for file in files for each in mutants(TRANSFORMS, file)]


def judged(chosen: Sequence[Mutant], *, with_tests: bool) -> dict[str, Verdict]:
    """The verdict on each, by its key. The tests aren't asked where the reason is known."""
    verdicts = {}
    reasons = known_survivors()
    with TemporaryDirectory(prefix="mutants-") as folder:
        judge = Judge(Path(folder))
        for each in chosen:
            verdicts[each.key] = judge.verdict(
                each, with_tests=with_tests and each.key not in reasons
            )
            if verdicts[each.key] is Verdict.SURVIVED:
                print(f"survived: {each.key}", file=sys.stderr, flush=True)
    return verdicts


def known_survivors() -> dict[str, str]:
    """The reason of each survivor, by its key."""
    reasons: dict[str, str] = json.loads(SURVIVORS.read_text(encoding="utf-8"))
    return reasons


def problems(verdicts: dict[str, Verdict], reasons: dict[str, str]) -> list[str]:
    """What a run of all mutants must not show."""
    counts = Counter(verdicts.values())
    survived = [key for key, verdict in verdicts.items() if verdict is Verdict.SURVIVED]
    share = len(survived) / max(1, counts[Verdict.KILLED] + len(survived))
    found = [
        f"no reason is known why this survives: {key}" for key in survived if key not in reasons
    ]
    found += [
        f"this no longer survives, or is no mutant any more: {key}"
        for key in reasons
        if verdicts.get(key) is not Verdict.SURVIVED
    ]
    if share > MOST_SURVIVORS:
        found.append(f"{share:.1%} survive; at most {MOST_SURVIVORS:.0%} may")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="some files, as marts/fct_invoices.sql")
    parser.add_argument("--count", type=int, help="so many mutants, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus-only", action="store_true", help="leave the slow tests out")
    arguments = parser.parse_args()
    started = time.monotonic()
    chosen = every_mutant(arguments.files or FILES)
    if arguments.count:
        chosen = random.Random(arguments.seed).sample(chosen, arguments.count)
    # Each process takes every second one, so that both have as much to do.
    parts = [chosen[number::PROCESSES] for number in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        waiting = [
            pool.submit(judged, part, with_tests=not arguments.corpus_only) for part in parts
        ]
        verdicts = {key: each for one in waiting for key, each in one.result().items()}
    chosen_keys = {each.key for each in chosen}
    reasons = {key: why for key, why in known_survivors().items() if key in chosen_keys}
    if not arguments.files and not arguments.count:
        reasons = known_survivors()
    found = problems(verdicts, reasons)
    counts = Counter(verdicts.values())
    minutes = (time.monotonic() - started) / 60
    print(
        f"{len(verdicts)} mutants in {minutes:.1f} minutes: {counts[Verdict.KILLED]} killed,"
        f" {counts[Verdict.SURVIVED]} survived, {counts[Verdict.INVALID]} can't be run"
    )
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
