"""Our own platforms, offered through the same hook as anybody's."""

from __future__ import annotations

from collections.abc import Iterable

from hsdispute_plugin.hooks.platform import Platform, PlatformRegistration, PlatformSettings
from hsdispute_plugin.hooks.specs import hookimpl


@hookimpl
def hsdispute_platforms() -> Iterable[PlatformRegistration]:
    """Offer the adapters of this package."""
    yield PlatformRegistration("roundup", _roundup)
    yield PlatformRegistration("request_tracker", _request_tracker)
    yield PlatformRegistration("http_json", _http_json)
    yield PlatformRegistration("spreadsheet", _spreadsheet, pushes=False)
    yield PlatformRegistration("weaver", _weaver)
    yield PlatformRegistration("seeyon", _seeyon)
    yield PlatformRegistration("o2oa", _o2oa)


def _roundup(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.roundup import Roundup  # imported when one is connected: deciding needs no HTTP client

    return Roundup(settings)


def _request_tracker(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.request_tracker import RequestTracker

    return RequestTracker(settings)


def _http_json(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.http_json import HttpJson

    return HttpJson(settings)


def _spreadsheet(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.spreadsheet import Spreadsheet

    return Spreadsheet(settings)


def _weaver(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.weaver import weaver

    return weaver(settings)


def _seeyon(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.seeyon import seeyon

    return seeyon(settings)


def _o2oa(settings: PlatformSettings) -> Platform:
    from hsdispute_plugin.adapters.o2oa import o2oa

    return o2oa(settings)
