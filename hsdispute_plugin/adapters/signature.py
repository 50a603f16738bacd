"""Signed webhooks: HMAC-SHA256 over ``timestamp.body``, refused when old, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

TIMESTAMP_HEADER = "x-hsdispute-timestamp"
SIGNATURE_HEADER = "x-hsdispute-signature"
WINDOW_S = 300


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature as lower-case hex; ``timestamp`` is Unix seconds as text."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def refusal(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> str:
    """Return why a webhook is refused, as a Chinese sentence; empty when it is genuine and fresh."""
    if not secret:
        return "本平台没有配置回调密钥，拒收"
    if not timestamp.isdecimal() or len(timestamp) > 12:
        return f"缺少时间戳 {TIMESTAMP_HEADER}（Unix 秒）"
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.lower().encode()):
        return "签名不符"
    if abs(now.timestamp() - int(timestamp)) > WINDOW_S:
        return f"时间戳与本机相差超过 {WINDOW_S} 秒，请校准两台机器的时钟"
    return ""
