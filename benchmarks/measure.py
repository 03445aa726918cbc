"""Runs one command and prints what the operating system says it took: `python measure.py COMMAND…`.

It is a program of its own, and imports next to nothing, because Linux counts the memory of the
process that starts a child into the child's peak: started by the benchmark itself, whose pages
fill half a gigabyte, everything would seem to need that much.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    started = time.monotonic()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    result = {
        "exit_code": child.returncode,
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss * 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
