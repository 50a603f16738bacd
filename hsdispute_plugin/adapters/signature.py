"""Signed webhooks: HMAC-SHA256 or HMAC-SM3 over ``timestamp.body``, refused when old, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.hooks.platform import PlatformSettings

TIMESTAMP_HEADER = "x-hsdispute-timestamp"
SIGNATURE_HEADER = "x-hsdispute-signature"
WINDOW_S, LONGEST_WINDOW_S = 300, 3600
SHA256, SM3 = "HMAC-SHA256", "HMAC-SM3"
ALGORITHMS = (SHA256, SM3)
SHORTEST_SECRET = 16  # characters; doctor warns below it
_KEYS = ("算法", "时间戳头", "签名头", "时间窗秒")


@dataclass(frozen=True, slots=True)
class Signing:
    """How one platform signs its webhooks: 签名 of its file. ``window_s`` is how old, or how far ahead, a timestamp may be."""

    algorithm: str = SHA256
    timestamp_header: str = TIMESTAMP_HEADER
    signature_header: str = SIGNATURE_HEADER
    window_s: float = WINDOW_S

    @classmethod
    def of(cls, settings: PlatformSettings) -> Signing:
        """Read 签名 of a platform file; what is not written is as shipped.

        Raises:
            RulebookError: With every problem of it.
        """
        file = PlatformFile(settings).part("签名", _KEYS)
        read = cls(file.choice("算法", ALGORITHMS), file.text("时间戳头", TIMESTAMP_HEADER).lower(),
                   file.text("签名头", SIGNATURE_HEADER).lower(), file.seconds("时间窗秒", WINDOW_S, LONGEST_WINDOW_S))
        file.done()
        return read


def mac(algorithm: str, key: bytes, message: bytes) -> bytes:
    """Return the 32 bytes of a keyed hash; ``algorithm`` is one of ``ALGORITHMS``."""
    if algorithm == SHA256:
        return hmac.digest(key, message, "sha256")
    if "sm3" in hashlib.algorithms_available:
        return hmac.digest(key, message, "sm3")
    # An OpenSSL built without SM3: `cryptography` brings its own.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.hmac import HMAC

    keyed = HMAC(key, hashes.SM3())
    keyed.update(message)
    return keyed.finalize()


def sign(secret: str, timestamp: str, body: bytes, algorithm: str = SHA256) -> str:
    """Return the signature as lower-case hex; ``timestamp`` is Unix seconds as text."""
    return mac(algorithm, secret.encode(), timestamp.encode() + b"." + body).hex()


def refusal(
    secrets: tuple[str, ...], timestamp: str, signature: str, body: bytes, now: datetime, signing: Signing = Signing()
) -> str:
    """Return why a webhook is refused, as a Chinese sentence; empty when it is genuine and fresh.

    ``secrets`` are those in use, the newest first: while a secret is being changed there are two. The signature may come as
    hex or Base64.
    """
    known = [s for s in secrets if s]
    if not known:
        return "本平台没有配置回调密钥，拒收"
    if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 12:
        return f"缺少时间戳 {signing.timestamp_header}（Unix 秒）"
    given = _bytes(signature)
    right = [hmac.compare_digest(mac(signing.algorithm, s.encode(), timestamp.encode() + b"." + body), given) for s in known]
    if not any(right):
        return "签名不符"
    if abs(now.timestamp() - int(timestamp)) > signing.window_s:
        return f"时间戳与本机相差超过 {signing.window_s:g} 秒，请校准两台机器的时钟"
    return ""


def mark(signature: str) -> str:
    """Return what tells one signed message from another, however its signature is spelt: an event id for hosts without one."""
    return f"signed-{_bytes(signature).hex()}"


def _bytes(signature: str) -> bytes:
    """Return the bytes of a signature in hex or Base64; empty for what is neither."""
    try:
        return bytes.fromhex(signature) if len(signature) == 64 else base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return b""
