"""The adapter as the shipped platform file sets it up, connected to the throw-away tracker."""

from dataclasses import replace
from typing import Protocol

from hsdispute_plugin.adapters.roundup import Roundup
from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.app_platforms import platform_settings
from tests.hosts.roundup.tracker import ROBOT_PASSWORD

READ = {"来电人": "caller", "来电号码": "phone", "所在辖区": "town", "平台时限": "expected"}


class Served(Protocol):
    url: str


def connect(tracker: Served, *, password: str = ROBOT_PASSWORD, **values: object) -> Roundup:
    """Connect the adapter; ``values`` stand for those of the file."""
    shipped = platform_settings("roundup", shipped_config())
    settings = {**shipped.values, "地址": tracker.url, "超时秒": "5", "读取": READ, **values}
    return Roundup(replace(shipped, values=settings, secret=lambda key: password if key == "PASSWORD" else ""))
