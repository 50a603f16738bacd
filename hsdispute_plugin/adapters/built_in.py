"""Our own platforms, offered through the same hook as anybody's."""

from __future__ import annotations

from collections.abc import Iterable

from hsdispute_plugin.adapters.roundup import Roundup
from hsdispute_plugin.hooks.platform import PlatformRegistration
from hsdispute_plugin.hooks.specs import hookimpl


@hookimpl
def hsdispute_platforms() -> Iterable[PlatformRegistration]:
    """Offer the adapters of this package."""
    yield PlatformRegistration("roundup", Roundup)
