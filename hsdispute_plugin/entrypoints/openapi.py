"""The gateway's routes as an OpenAPI 3.1 document, for programs that call it and for tests that call it at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hsdispute_plugin.adapters.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from hsdispute_plugin.entrypoints.gateway_body import MAX_BODY_BYTES, MAX_DEPTH
from hsdispute_plugin.model import Track

Schema = Mapping[str, Any]

_WORD: Schema = {"type": ["string", "number", "null"], "description": "文字；数字当作文字，null 当作没有"}
_WHEN: Schema = {"type": ["string", "integer", "null"], "description": "如 2026-01-05 08:30:00，或 Unix 秒"}
_LINE: Schema = {"type": "string"}
_LINES: Schema = {"type": "array", "items": _LINE}


def _record(required: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(required), "required": list(required), "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[str, Schema]:
    return {str(status): _answer(_WHY[status], _ref("Error")) for status in statuses}


_WHY = {
    400: "内容读不懂", 401: "没有带对签名或令牌", 404: "没有这个平台",
    413: f"内容超过 {MAX_BODY_BYTES} 字节，或张数太多", 422: "工单缺少什么、哪里写得不对",
    503: "数据库暂时不可用，没有记下，请稍后再发",
}
_SCHEMAS: Mapping[str, Schema] = {
    "Error": {"type": "object", "properties": {"error": {"type": "string", "minLength": 1}}, "required": ["error"]},
    "Ticket": {
        "type": "object", "required": ["ticket_no"], "additionalProperties": True,
        "description": "工单；没有列出的字段也可以带，会留着",
        "properties": {
            "ticket_no": {"type": "string", "minLength": 1, "description": "工单编号"}, "title": _WORD, "content": _WORD,
            "received_at": _WHEN, "ticket_type": _WORD, "channel": _WORD, "area": _WORD, "caller_name": _WORD,
            "caller_phone": _WORD, "respondent": _WORD, "urgency": _WORD, "host_due_at": _WHEN, "repeat_of": _WORD,
            "extra": {"type": "object"},
        },
    },
    "Decision": _record({
        "ticket_no": _LINE, "scope": _LINE, "compound": {"type": "boolean"}, "insurance": _LINES, "topics": _LINES, "lead": _LINE,
        "units": _LINES, "track": {"enum": [t.value for t in Track]}, "matter": {"type": ["string", "null"]},
        "signals": _LINES, "ticket_type": _LINE,
        "due": {"type": "array", "items": _record({
            "key": _LINE, "what": _LINE, "due_at": {"type": "string", "format": "date-time"}, "basis": _LINE,
            "confirmed": {"type": "boolean"}, "provisional": {"type": "boolean"}})},
        "alerts": {"type": "array", "items": _record({"key": _LINE, "what": _LINE, "rule": _LINE})},
        "reasons": {"type": "array", "items": _record({
            "rule": _LINE, "clause": _LINE, "because": _LINE,
            "evidence": {"type": "array", "items": _record({
                "text": _LINE, "start": {"type": "integer", "minimum": 0}, "end": {"type": "integer", "minimum": 0}})}})},
        "edition": _LINE, "engine": _LINE,
    }),
    "Kept": {"type": "object", "required": ["outcome"], "properties": {
        "outcome": {"enum": ["new", "known", "ours"]}, "event": _LINE}},
    "Health": {"type": "object", "required": ["ok"], "properties": {
        "ok": {"const": True}, "edition": _LINE, "engine": _LINE, "platforms": _LINES,
        "queue": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}}},
}


def document(most_tickets: int) -> Schema:
    """Return the document; ``most_tickets`` may be asked of at once."""
    either = {"oneOf": [_ref("Decision"), _ref("Error")]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "社会保险费征缴争议处理规则插件", "version": "1",
                 "description": f"JSON 用 UTF-8 或 GB18030，最长 {MAX_BODY_BYTES} 字节，嵌套不超过 {MAX_DEPTH} 层；"
                                "所有错误都是 {\"error\": \"中文句子\"}。"},
        "paths": {
            "/api/v1/decide": {"post": {
                "operationId": "decide", "summary": "给工单提出处理建议，不存", "security": [{"token": []}, {}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"oneOf": [
                    _ref("Ticket"), {"type": "array", "items": _ref("Ticket"), "maxItems": most_tickets}]}}}},
                "responses": {
                    "200": _answer("一张的建议；给的是列表，逐张是建议或错误",
                                   {"oneOf": [_ref("Decision"), {"type": "array", "items": either}]}),
                    **_refusals(400, 401, 413, 422, 503)}}},
            "/hooks/{platform}": {"post": {
                "operationId": "hook", "summary": "平台报告一件事；202 时已经落盘",
                "security": [{"signature": [], "timestamp": []}],
                "parameters": [{"name": "platform", "in": "path", "required": True, "schema": _LINE}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {
                    "description": "由平台文件规定"}}}},
                "responses": {"202": _answer("记下了，或早已记下，或是本系统自己写的", _ref("Kept")),
                              **_refusals(400, 401, 404, 413, 503)}}},
            "/api/v1/openapi.json": {"get": {
                "operationId": "interface", "summary": "这份文件",
                "responses": {"200": _answer("OpenAPI 3.1", {"type": "object"})}}},
            "/healthz": {"get": {
                "operationId": "health", "summary": "好不好",
                "responses": {"200": _answer("好", _ref("Health")), **_refusals(503)}}},
            "/metrics": {"get": {
                "operationId": "metrics", "summary": "Prometheus 指标",
                "responses": {"200": {"description": "文本", "content": {"text/plain": {"schema": _LINE}}}, **_refusals(503)}}},
        },
        "components": {
            "schemas": dict(_SCHEMAS),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "signature": {"type": "apiKey", "in": "header", "name": SIGNATURE_HEADER},
                "timestamp": {"type": "apiKey", "in": "header", "name": TIMESTAMP_HEADER},
            },
        },
    }
