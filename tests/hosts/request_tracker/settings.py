"""The adapter as the shipped platform file sets it up, connected to the throw-away tracker."""

from dataclasses import replace

from hsdispute_plugin.adapters.request_tracker import RequestTracker as Adapter
from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.app_platforms import platform_settings
from tests.hosts.request_tracker.tracker import ROBOT, RequestTracker

READ = {"来电人": "来电人", "来电号码": "来电号码", "所在辖区": "所在辖区", "平台时限": "期限"}


def connect(tracker: RequestTracker, *, token: str | None = None, **values: object) -> Adapter:
    """Connect the adapter; ``values`` stand for those of the file."""
    shipped = platform_settings("request_tracker", shipped_config())
    settings = {**shipped.values, "地址": tracker.url, "超时秒": "20", "读取": READ, **values}
    known = tracker.token(ROBOT) if token is None else token
    return Adapter(replace(shipped, values=settings, secret=lambda key: known if key == "TOKEN" else ""))
