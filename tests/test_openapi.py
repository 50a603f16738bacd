"""The gateway keeps what its OpenAPI document says, whatever is sent: schemathesis makes the requests, in this process."""

import json
import shutil
import time

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Route

from hsdispute_plugin.adapters.signature import sign
from hsdispute_plugin.app import App, shipped_config
from hsdispute_plugin.entrypoints.gateway import MAX_BATCH, create
from hsdispute_plugin.entrypoints.openapi import document

SECRET, TOKEN = "a-secret-of-the-test", "a-token-of-the-test"
CHECKS = [checks.not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]
CREATED = {"event": "issue.created", "id": "7", "actor": "rexian", "event_id": "e7"}
EXPECTED = {"/api/v1/decide": {200, 422}, "/hooks/{platform}": {202, 400}}
OPERATIONS = [(path, method) for path, of in document(MAX_BATCH)["paths"].items() for method in of]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("gateway")
    shutil.copytree(shipped_config(), home / "config")
    file = home / "config" / "platforms" / "roundup.yaml"
    quiet = file.read_text("utf-8").replace("启用: 否", "启用: 是").replace("轮询秒: 30", "轮询秒: 0")
    file.write_text(quiet.replace("8087", "9"), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ROUNDUP_WEBHOOK_SECRET", SECRET), ("ROUNDUP_PASSWORD", "unused"), ("API_TOKEN", TOKEN)):
            patch.setenv(f"HSDISPUTE_{name}", value)
        app = App(home / "config", f"sqlite:///{home / 'cases.sqlite3'}")
        yield create(app)
        app.close()


@pytest.fixture(scope="module")
def interface(served):
    """The document as served, over the application without its lifespan: nothing works on the side."""
    async def requests_only(scope, receive, send):
        if scope["type"] == "http":
            await served(scope, receive, send)
            return
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", requests_only)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_gets_an_answer_that_the_document_does_not_know(interface, path, method):
    operation, seen = interface[path][method.upper()], set()

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if method == "post" and path.startswith("/hooks"):
            case.path_parameters = {"platform": "roundup"}
            body = CREATED | case.body if isinstance(case.body, dict) else None if case.body is NOT_SET else case.body
            raw, stamp = json.dumps(body).encode(), str(int(time.time()))
            case.body = raw
            headers |= {"X-Hsdispute-Timestamp": stamp, "X-Hsdispute-Signature": sign(SECRET, stamp, raw)}
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    assert seen >= EXPECTED.get(path, {200})


def test_the_document_names_every_route_but_the_console_and_is_one(served):
    routes = {r.path for r in served.routes if isinstance(r, Route) and not r.path.startswith("/console")}
    assert routes == set(document(MAX_BATCH)["paths"])
    for schema in document(MAX_BATCH)["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
