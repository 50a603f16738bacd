"""``hsdispute`` as it is, but with what a test sets: a clock, and limits of minutes made seconds.

``HSDISPUTE_TEST_OFFSET`` names a file with the seconds that the clock shows more. ``HSDISPUTE_TEST_LIMIT_S`` is how long a ticket
may be thought about, and four times that how long no thread may come to run; ``HSDISPUTE_TEST_TRIES`` tries at one that breaks.
"""

import os
from datetime import timedelta
from pathlib import Path

from hsdispute_plugin import app, reception, reception_limit
from hsdispute_plugin.entrypoints import cli, working

_real, _offset = app.clock, os.environ.get("HSDISPUTE_TEST_OFFSET")


def shown():
    return _real() + timedelta(seconds=float(Path(_offset).read_text()) if _offset else 0.0)


if __name__ == "__main__":
    app.clock = shown
    working.TICK_EVERY_S = 1.0  # the machine's clock moves by days here
    if limit := os.environ.get("HSDISPUTE_TEST_LIMIT_S"):
        reception_limit.LONGEST_S = float(limit)
        working.STUCK_S, working.GUARD_EVERY_S = 4 * float(limit), 0.5
    reception.MAX_FAULTS = int(os.environ.get("HSDISPUTE_TEST_TRIES", reception.MAX_FAULTS))
    cli.main()
