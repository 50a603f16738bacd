"""A throw-away Roundup tracker: made in a directory, served on loopback by waitress, with signed webhooks.

Command line (the demo): ``python -m tests.hosts.roundup.tracker HOME PORT``.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

ROBOT, ROBOT_PASSWORD = "hsdispute-robot", "robot-pass-1"
HOTLINE, CLERK, PEOPLE_PASSWORD = "rexian", "jingban", "people-pass-1"
ADMIN_PASSWORD = "admin-pass-1"
DOCS = Path(__file__).parents[3] / "docs"
GUIDE, DETECTORS = DOCS / "roundup.md", DOCS / "roundup"  # what a county adds to its schema, and copies into its tracker
_INTRANET = urllib.request.build_opener(urllib.request.ProxyHandler({}))
UNITS = ("合水县税务局", "合水县人力资源和社会保障局", "合水县医疗保障局", "合水县人民法院", "合水县司法局", "合水县财政局",
         "合水县委网信办", "合水县人民政府办公室")
CATEGORIES = ("征缴", "其他")
HANDLINGS = ("一般事项", "重大疑难事项", "不属本机制")

#: Fields of this county's own, beside those of the guide.
_OWN_FIELDS = "    caller=String(), phone=String(), town=String(), expected=Date(),\n"

_SERVER = '''
import sys
from roundup.cgi.wsgi_handler import RequestDispatcher
from waitress import serve
serve(RequestDispatcher(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), threads=4)
'''


def _set(text: str, section: str, key: str, value: str) -> str:
    start = text.index(f"[{section}]")
    head, rest = text[:start], text[start:]
    return head + re.sub(rf"(?m)^#?\s*{key} =.*$", lambda _: f"{key} = {value}", rest, count=1)


def _extended(schema: str) -> str:
    """Return Roundup's classic schema with what the guide adds."""
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    classes, issue_fields, message_fields = re.split(r"# .* 的字段\n", block)
    for old, new in (
        ("issue = IssueClass(db, \"issue\",", f"{classes}issue = IssueClass(db, \"issue\",\n{issue_fields}{_OWN_FIELDS}"),
        ("inreplyto=String())", f"inreplyto=String(), {message_fields})"),
        ("for cl in 'priority', 'status':", "for cl in 'priority', 'status', 'unit', 'category', 'handling':"),
    ):
        assert old in schema, f"the classic schema has changed: {old}"
        schema = schema.replace(old, new, 1)
    return schema


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Tracker:
    """A tracker in ``home``; ``start`` serves it, ``stop`` ends the server and keeps the data."""

    def __init__(
        self, home: Path, *, port: int | None = None, hook_url: str = "", hook_secret: str = "", in_process: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Make it, unless ``home`` holds one already.

        ``hook_url`` and ``hook_secret``: where and how its detector tells of issues; no URL, no webhooks. ``in_process``: a
        detector that holds the plugin instead. ``environment``: more variables for the server.
        """
        self.home, self.port = home / "tracker", port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "HSDISPUTE_HOOK_URL": hook_url, "HSDISPUTE_HOOK_SECRET": hook_secret,
                             **(environment or {})}
        self._log = home / "roundup.log"
        self._server: subprocess.Popen[bytes] | None = None
        if not self.home.exists():
            self._make(in_process)

    def _make(self, in_process: bool) -> None:
        self.home.parent.mkdir(parents=True, exist_ok=True)
        settings = f"tracker_web={self.url}/,admin_email=a@example.invalid,mail_domain=example.invalid,mail_host=127.0.0.1"
        self._admin("install", "classic", "sqlite", settings)
        self._edit("schema.py", _extended)
        people = [(ROBOT, ROBOT_PASSWORD), (HOTLINE, PEOPLE_PASSWORD), (CLERK, PEOPLE_PASSWORD)]
        self._edit("initial_data.py", lambda s: s + f'''
from roundup import password as _password
for kind, names in (("unit", {UNITS!r}), ("category", {CATEGORIES!r}), ("handling", {HANDLINGS!r})):
    for order, name in enumerate(names):
        db.getclass(kind).create(name=name, order=order)
for name, secret in {people!r}:
    db.user.create(username=name, password=_password.Password(secret, config=db.config),
                   address=name + "@example.invalid", roles="User", timezone="8")
''')
        detectors = self.home / "detectors"
        for sends_mail in ("statusauditor.py", "nosyreaction.py"):
            (detectors / sends_mail).unlink(missing_ok=True)
        shutil.copy(DETECTORS / ("hsdispute_in_process.py" if in_process else "hsdispute_webhook.py"), detectors)
        self._edit("config.ini", lambda s: _set(_set(_set(
            s, "mail", "debug", str(self.home.parent / "mail.txt")),  # never send mail
            "main", "timezone", "8"),
            "main", "password_pbkdf2_default_rounds", "1000"))  # the default costs a fifth of a second a request
        self._admin("initialise", ADMIN_PASSWORD)

    def _admin(self, *words: str) -> None:
        tool = Path(sys.executable).with_name("roundup-admin")
        done = subprocess.run([tool, "-i", self.home, *words], capture_output=True, text=True, env=self._environment, check=False)
        if done.returncode:
            raise RuntimeError(f"roundup-admin {words[0]}: {done.stdout} {done.stderr}")

    def _edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.home / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    def start(self) -> Tracker:
        """Serve and wait until it answers."""
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-c", _SERVER, str(self.home), str(self.port)], stdout=log, stderr=log, env=self._environment)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(urllib.error.URLError, ConnectionError):
                _INTRANET.open(self._request("/rest/data/unit", ROBOT, ROBOT_PASSWORD), timeout=5).close()
                return self
            if self._server.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"Roundup did not come up:\n{self._log.read_text()[-2000:]}")

    def _request(self, path: str, user: str, password: str) -> urllib.request.Request:
        token = b64encode(f"{user}:{password}".encode()).decode()
        return urllib.request.Request(self.url + path, headers={
            "Authorization": "Basic " + token, "X-Requested-With": "rest", "Origin": self.url})

    def stop(self) -> None:
        """End the server."""
        if self._server:
            self._server.terminate()
            self._server.wait(10)
            self._server = None

    def __enter__(self) -> Tracker:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class Desk:
    """A person or robot at the tracker, speaking REST as the hotline's own screens do."""

    def __init__(self, tracker: Tracker, user: str = HOTLINE, password: str = PEOPLE_PASSWORD) -> None:
        import requests

        self._base, self._user = tracker.url + "/rest/data", user
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (user, password)
        self._session.headers.update({"X-Requested-With": "rest", "Origin": tracker.url})

    def file_ticket(self, title: str, content: str, **values: object) -> str:
        """File an issue with its first message; return its number."""
        message = self._ok(self._session.post(self._base + "/msg", json={"content": content, "author": self._user, "date": "."}))
        given = {"title": title, "messages": [message["id"]], **values}
        return str(self._ok(self._session.post(self._base + "/issue", json=given))["id"])

    def read(self, number: str) -> dict:
        """Read an issue with names for links."""
        return self._ok(self._session.get(f"{self._base}/issue/{number}", params={"@verbose": "2"}))["attributes"]

    def messages(self, number: str) -> list[dict]:
        """Read all messages of an issue with all their fields, oldest first."""
        ids = sorted((m["id"] for m in self.read(number)["messages"]), key=int)
        return [self._ok(self._session.get(f"{self._base}/msg/{i}", params={"@verbose": "3"}))["attributes"] for i in ids]

    def notes(self, number: str) -> list[str]:
        """Read the contents of all messages of an issue, oldest first."""
        return [m["content"] for m in self.messages(number)]

    def files(self, number: str) -> dict[str, bytes]:
        """Download the files of an issue by their names."""
        found = {}
        for file in self.read(number)["files"]:
            named = self._ok(self._session.get(f"{self._base}/file/{file['id']}"))["attributes"]["name"]
            assert named not in found, f"{named} hangs there twice"
            found[named] = self._session.get(f"{self._base}/file/{file['id']}/binary_content").content
        return found

    def say(self, number: str, content: str) -> None:
        """Add a message."""
        message = self._ok(self._session.post(self._base + "/msg", json={"content": content, "author": self._user, "date": "."}))
        etag = self._session.get(f"{self._base}/issue/{number}").headers["ETag"]
        self._ok(self._session.patch(f"{self._base}/issue/{number}", json={"@op": "add", "messages": [message["id"]]},
                                     headers={"If-Match": etag}))

    def retire(self, number: str) -> None:
        """Retire an issue."""
        etag = self._session.get(f"{self._base}/issue/{number}").headers["ETag"]
        self._ok(self._session.delete(f"{self._base}/issue/{number}", headers={"If-Match": etag}))

    def change(self, number: str, **values: object) -> None:
        """Change fields as a person does."""
        etag = self._session.get(f"{self._base}/issue/{number}").headers["ETag"]
        self._ok(self._session.put(f"{self._base}/issue/{number}", json=values, headers={"If-Match": etag}))

    @staticmethod
    def _ok(answer) -> dict:
        if not answer.ok:
            raise RuntimeError(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:400]}")
        return answer.json()["data"]


if __name__ == "__main__":
    with Tracker(Path(sys.argv[1]), port=int(sys.argv[2]), hook_url=os.environ.get("HSDISPUTE_HOOK_URL", ""),
                 hook_secret=os.environ.get("HSDISPUTE_HOOK_SECRET", "")) as served:
        print(served.url, flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
