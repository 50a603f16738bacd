"""The three OA products that stand in for systems which cannot run here; a test that asks for ``host`` meets each."""

from tests.oa.host import CONTENT, HTML, PAYER, ROBOT, URL
from tests.oa.host_o2oa import O2oaHost
from tests.oa.host_seeyon import SeeyonHost
from tests.oa.host_weaver import WeaverHost

HOSTS = (WeaverHost, SeeyonHost, O2oaHost)
__all__ = ["CONTENT", "HOSTS", "HTML", "PAYER", "ROBOT", "URL", "O2oaHost", "SeeyonHost", "WeaverHost"]
