"""Settings for the adapter that fit the throw-away tracker."""

from hsdispute_plugin.adapters.roundup import Roundup
from hsdispute_plugin.hooks.platform import PlatformSettings
from tests.hosts.roundup.tracker import ROBOT, ROBOT_PASSWORD, Tracker

FIELDS = {"主办": "unit", "协办": "helpers", "类别": "category", "办理": "handling", "时限": "due", "依据": "basis",
          "报送编号": "serial", "幂等键": "extkey"}
HANDLINGS = {"告知移送": "不属本机制", "单办": "一般事项", "联办": "一般事项", "重大疑难": "重大疑难事项"}


def connect(tracker: Tracker, *, password: str = ROBOT_PASSWORD, **values: object) -> Roundup:
    """Connect the adapter to a tracker."""
    settings = {"地址": tracker.url, "账号": ROBOT, "超时秒": "5", "字段": FIELDS, "办理类型": HANDLINGS, **values}
    return Roundup(PlatformSettings("roundup", "roundup", settings, lambda key: password if key == "PASSWORD" else ""))
