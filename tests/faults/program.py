"""``hsdispute`` as it is, but with a clock that a test sets: seconds to add stand in the file ``HSDISPUTE_TEST_OFFSET`` names."""

import os
from datetime import timedelta
from pathlib import Path

from hsdispute_plugin import app
from hsdispute_plugin.entrypoints import cli, working

_real, _offset = app.clock, Path(os.environ["HSDISPUTE_TEST_OFFSET"])


def shown():
    return _real() + timedelta(seconds=float(_offset.read_text()))


if __name__ == "__main__":
    app.clock = shown
    working.TICK_EVERY_S = 1.0  # the machine's clock moves by days here
    cli.main()
