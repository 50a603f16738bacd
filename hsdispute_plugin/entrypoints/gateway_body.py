"""What the gateway takes at most: how long a body may be, how deep its JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hsdispute_plugin.model import decode

MAX_BODY_BYTES = 1_000_000
MAX_DEPTH = 32  # brackets within brackets; tickets of hosts that we know have four
#: Strings whole (also one that never ends), so that brackets inside do not count; nothing is looked at twice.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


async def body_of(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        HTTPException: 413, as soon as more came than is taken, whatever length was announced.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"内容超过 {MAX_BODY_BYTES} 字节")
    return bytes(body)


def refuse_depth(body: bytes) -> None:
    """Refuse brackets within brackets beyond ``MAX_DEPTH``, before anything is built of them; what is no text passes.

    Raises:
        HTTPException: 400.
    """
    try:
        text = decode(body)
    except UnicodeDecodeError:
        return
    depth = 0
    for piece in _PIECE.finditer(text):
        first = piece[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise HTTPException(400, f"内容嵌套超过 {MAX_DEPTH} 层")
        elif first in "]}":
            depth -= 1


def json_of(body: bytes) -> Any:
    """Return the JSON value of a body, in UTF-8 or GB18030.

    Raises:
        HTTPException: 400: no JSON, or nested too deeply.
    """
    refuse_depth(body)
    try:
        return json.loads(decode(body))
    except (ValueError, RecursionError) as err:
        raise HTTPException(400, "内容不是 JSON") from err
