"""A proxy before a real host that misbehaves on demand: it refuses, hangs, lies, or lets the host act and cuts the answer."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: What each fault answers: status, headers, body. ``refuse``, ``hang``, ``cut`` and ``half`` answer nothing, or not all.
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "500": (500, {}, b"<html>Internal Server Error</html>"),
    "503": (503, {"Retry-After": "1"}, b""),
    "429": (429, {"Retry-After": "1"}, b'{"error": {"status": 429, "msg": "slow down"}}'),
    "200-with-error": (200, {}, b'{"error": {"status": 400, "msg": "not done"}}'),
    "garbage": (200, {}, b"\x00\xff<html>\xe8\xaf\xb7" * 200),
}
FAULTS = ("refuse", "hang", *ANSWERS, "cut", "half")
HANG_S = 30


class Proxy:
    """``fault`` is what happens now, empty: nothing; ``writes_only`` lets reads pass. ``seen`` counts what was done to whom."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.host, self.upstream_port = upstream, urlsplit(upstream).hostname, urlsplit(upstream).port
        self.fault, self.writes_only, self.seen = "", False, Counter[str]()
        self.slow_s = 0.0  # before every answer
        self._ended, self._server = threading.Event(), None
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._listen()

    def _listen(self) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                proxy._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def misbehave(self, fault: str, *, writes_only: bool = False) -> None:
        """Do this from now on; empty: behave."""
        assert fault in ("", *FAULTS)
        before, self.writes_only, self.fault = self.fault, writes_only, fault
        if fault == "refuse" and self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        elif before == "refuse" and self._server is None:
            self._listen()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        request.raw_requestline = request.rfile.readline(65_537)
        if not request.raw_requestline or not request.parse_request():
            return
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self._ended.wait(self.slow_s)
        fault = self.fault if not self.writes_only or request.command not in ("GET", "HEAD") else ""
        self.seen[fault] += 1
        if fault == "refuse":  # a connection from before
            return
        if fault == "hang":
            until = time.monotonic() + HANG_S
            while self.fault == "hang" and time.monotonic() < until and not self._ended.wait(0.05):
                pass
            return
        if fault in ANSWERS:
            return self._answer(request, *ANSWERS[fault])
        status, headers, answer = self._upstream(request, body)
        if fault == "cut":  # done, and nobody hears of it
            return
        self._answer(request, status, headers, answer, half=fault == "half")

    def _upstream(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.upstream_port, timeout=60)
        try:
            sent = {k: v.replace(self.url, self.upstream) for k, v in request.headers.items()  # Roundup looks at Origin
                    if k.lower() not in ("connection", "content-length", "host")}
            connection.request(request.command, request.path, body, sent)
            given = connection.getresponse()
            kept = {k: v for k, v in given.getheaders() if k.lower() not in ("connection", "transfer-encoding", "content-length")}
            return given.status, kept, given.read()
        finally:
            connection.close()

    @staticmethod
    def _answer(
        request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, *, half: bool = False
    ) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Connection", "close")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body[: len(body) // 2] if half else body)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
