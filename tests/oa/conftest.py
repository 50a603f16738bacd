from dataclasses import replace

import pytest
import responses

from hsdispute_plugin.app import open_plugins, shipped_config
from hsdispute_plugin.app_platforms import platform_settings
from tests.oa.hosts import HOSTS, URL


def connected(host, secrets=None, **changed):
    """Connect the adapter of a host by its shipped platform file; ``with_files`` adds its attachments, ``referring`` 转办."""
    shipped = platform_settings(host.adapter, shipped_config())
    referring = {**host.referring, "接收人": dict(host.persons)} if changed.pop("referring", False) else {}
    values = {**shipped.values, "地址": URL, "超时秒": "5", **referring, **changed}
    if values.pop("with_files", False):
        values |= {"字段": {**values["字段"], **host.with_files}, **host.also}
    given = host.secrets if secrets is None else secrets
    settings = replace(shipped, values=values, secret=lambda key: given.get(key, ""))
    return open_plugins().platforms[host.adapter].connect(settings)


@pytest.fixture
def mocked():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture(params=HOSTS, ids=lambda kind: kind.adapter)
def host(request, mocked):
    return request.param(mocked)


@pytest.fixture
def connect(host):
    made = []

    def make(**changed):
        made.append(connected(host, **changed))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


@pytest.fixture
def platform(connect):
    return connect()
