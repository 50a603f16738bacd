"""A throw-away Request Tracker 5: Debian's package on an SQLite file of its own, served on loopback, with signed webhooks.

Command line: ``python -m tests.hosts.request_tracker.tracker HOME`` serves it until Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hosts.roundup.tracker import free_port

ROBOT, HOTLINE, CLERK = "hsdispute-robot", "rexian", "jingban"
INTAKE, TAX, MEDICAL, ELSEWHERE = "12345受理", "县税务局", "县医保局", "信访"
ROOT = Path("/usr/share/request-tracker5")
HERE, SETUP = Path(__file__).parent, Path(__file__).parents[3] / "docs" / "request_tracker" / "hsdispute_setup.pl"
_INTRANET = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_CONFIG = """
use utf8;
Set($rtname, 'hotline'); Set($Organization, 'county.test');
Set($WebDomain, '127.0.0.1'); Set($WebPort, %(port)d); Set($WebPath, ''); Set($WebBaseURL, 'http://127.0.0.1:%(port)d');
Set($Timezone, 'Asia/Shanghai');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '%(home)s/rt.sqlite3');
Set($MailCommand, 'testfile');  # never send mail
Set($LogToSyslog, undef); Set($LogToSTDERR, 'warning'); Set($StatementLog, undef);
Set($BcryptCost, 4);  # a token costs a third of a second a request with the usual 12
Set($HsdisputeHookURL, '%(hook_url)s'); Set($HsdisputeHookSecret, '%(hook_secret)s');
1;
"""


def missing() -> str:
    """Return why no Request Tracker can run here; empty when one can."""
    if not (ROOT / "libexec" / "rt-server").exists():
        return "Request Tracker 5 is not installed: as root on Debian, `make test-hosts` installs it"
    if absent := [tool for tool in ("perl", "setpriv") if not shutil.which(tool)]:
        return f"{absent[0]} is not installed"
    return ""


class RequestTracker:
    """A tracker in ``home``; ``start`` serves it, ``stop`` ends every process of it and keeps the data."""

    def __init__(self, home: Path, *, hook_url: str = "", hook_secret: str = "", setup: tuple[str, ...] = ()) -> None:
        """Make it, unless ``home`` holds one already. ``setup``: what else the setup script of the docs is told."""
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "RT_SITE_CONFIG": str(home / "RT_SiteConfig.pm"), "LANG": "C.UTF-8",
                             "RT_SITE_CONFIG_DIR": str(home / "conf.d")}
        self._server: subprocess.Popen[bytes] | None = None
        made = (home / ROBOT).exists()
        (home / "conf.d").mkdir(parents=True, exist_ok=True)
        config = _CONFIG % {"port": self.port, "home": home, "hook_url": hook_url, "hook_secret": hook_secret}
        (home / "RT_SiteConfig.pm").write_text(config, "utf-8")
        if not made:
            self._run("/usr/sbin/rt-setup-database-5", "--action", "init", "--skip-create")
            self._run("perl", HERE / "people.pl", home)
            self.setup("--queue", INTAKE, *setup)

    def setup(self, *words: str) -> str:
        """Run the setup script of the docs, as a county does; return what it said."""
        return self._run("perl", SETUP, "--lib", ROOT / "lib", "--token", self.home / ROBOT, *words)

    def perl(self, code: str) -> str:
        """Run Perl inside of RT as its superuser ``$root``: what an administrator does in pages of hers."""
        begin = "use utf8; use RT; RT::LoadConfig(); RT::Init(); my $root = RT->SystemUser; "
        return self._run("perl", f"-I{ROOT / 'lib'}", "-e", begin + code)

    def _run(self, *words: str | Path) -> str:
        done = subprocess.run(words, capture_output=True, env=self._environment, check=False, cwd=self.home)
        if done.returncode:
            raise RuntimeError(f"{words[:3]}: {(done.stdout + done.stderr).decode(errors='replace')[-3000:]}")
        return done.stdout.decode()

    def token(self, user: str = ROBOT) -> str:
        """Return an account's token."""
        return (self.home / user).read_text().strip()

    def start(self) -> RequestTracker:
        """Serve and wait until it answers."""
        with (self.home / "server.log").open("ab") as log:
            # A process group of its own: the server forks workers, which a signal to it alone may leave behind. It ends with
            # the process of the tests, also where that is killed.
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", ROOT / "libexec" / "rt-server", "--server", "Starlet", "--host", "127.0.0.1",
                 "--port", str(self.port), "--max-workers", "3"],
                stdout=log, stderr=log, env=self._environment, start_new_session=True, cwd=self.home)
        deadline = time.monotonic() + 60
        ready = urllib.request.Request(self.url + "/REST/2.0/rt", headers={"Authorization": f"token {self.token()}"})
        while time.monotonic() < deadline and self._server.poll() is None:
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                _INTRANET.open(ready, timeout=10).close()
                return self
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"Request Tracker did not come up:\n{(self.home / 'server.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End the server and all its workers."""
        if self._server is None:
            return
        group, self._server.returncode = self._server.pid, None
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(5)
        with suppress(ProcessLookupError):  # a worker that does not listen
            os.killpg(group, signal.SIGKILL)
        self._server.wait()
        self._server = None

    def __enter__(self) -> RequestTracker:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class Desk:
    """A person or the robot at the tracker, speaking REST as the hotline's own screens do."""

    def __init__(self, tracker: RequestTracker, user: str = HOTLINE) -> None:
        import requests

        self._base = tracker.url + "/REST/2.0"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"token {tracker.token(user)}"

    def call(self, method: str, path: str, **given: Any) -> Any:
        """Send one request; return its JSON."""
        answer = self._session.request(method, self._base + path, timeout=30, **given)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:400]}")
        return answer.json()

    def file_ticket(self, title: str, content: str, queue: str = INTAKE, **values: Any) -> str:
        """File a ticket; ``values`` that are no fields of RT's own are custom fields."""
        own = {key: values.pop(key) for key in list(values) if key.isascii()}
        said = {"Content": content, "ContentType": "text/plain"} if content else {}
        given = {"Queue": queue, "Subject": title, **said, **own, "CustomFields": values}
        return str(self.call("POST", "/ticket", json=given)["id"])

    def change(self, number: str, **values: Any) -> list[str]:
        """Change fields as a person does; return what RT says."""
        own = {key: values.pop(key) for key in list(values) if key.isascii()}
        return self.call("PUT", f"/ticket/{number}", json={**own, "CustomFields": values})

    def say(self, number: str, content: str, subject: str = "", kind: str = "comment") -> None:
        """Comment or, as ``correspond``, answer."""
        self.call("POST", f"/ticket/{number}/{kind}", json={"Subject": subject, "Content": content, "ContentType": "text/plain"})

    def read(self, number: str) -> dict[str, Any]:
        """Return the ticket: custom fields by name (one value: the value itself), times of RT's own, the queue's name."""
        given = self.call("GET", f"/ticket/{number}")
        fields = {f["name"]: [v for v in f["values"] if v is not None] for f in given["CustomFields"]}
        queue = self.call("GET", f"/queue/{given['Queue']['id']}")["Name"]
        return {"Due": given["Due"], "Queue": queue, "Status": given["Status"], "Subject": given["Subject"],
                **{name: values[0] if len(values) == 1 else values for name, values in fields.items()}}

    def acts(self, number: str) -> list[tuple[str, str]]:
        """Return type and creator of all transactions but mails, oldest first."""
        rows = self.call("GET", f"/ticket/{number}/history", params={"fields": "Type,Creator", "per_page": "100"})["items"]
        return [(r["Type"], r["Creator"]["id"]) for r in rows if not r["Type"].endswith("EmailRecord")]

    def _attachments(self, number: str) -> list[dict[str, Any]]:
        fields = {"fields": "ContentType,Filename,Content,Creator,TransactionId", "per_page": "100"}
        return self.call("GET", f"/ticket/{number}/attachments", params=fields)["items"]

    def notes(self, number: str, by: str = ROBOT) -> list[str]:
        """Return the texts that somebody wrote, oldest first."""
        return [a["Content"] for a in self._attachments(number)
                if a["ContentType"] == "text/plain" and not a["Filename"] and a["Creator"]["id"] == by]

    def files(self, number: str) -> dict[str, bytes]:
        """Download the files of a ticket by their names."""
        found = dict[str, bytes]()
        for file in self._attachments(number):
            if name := file["Filename"]:
                assert name not in found, f"{name} hangs there twice"
                found[name] = b64decode(self.call("GET", f"/attachment/{file['id']}")["Content"])
        return found


if __name__ == "__main__":
    with RequestTracker(Path(sys.argv[1]).absolute(), hook_url=os.environ.get("HSDISPUTE_HOOK_URL", ""),
                        hook_secret=os.environ.get("HSDISPUTE_HOOK_SECRET", "")) as served:
        print(served.url, "robot's token:", served.token(), flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
