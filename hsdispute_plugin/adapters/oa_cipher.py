"""What two OA products want encrypted when a caller signs in: RSA for 泛微, DES for O2OA; their choice, not ours."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_public_key

_DES_BYTES = 8


def rsa_key(text: str) -> RSAPublicKey | None:
    """Read a public key as 泛微's ``spk`` spells it: Base64 with or without the PEM lines; ``None``: it is none."""
    body = "".join(line for line in text.split() if line).replace("-----BEGINPUBLICKEY-----", "")
    body = body.replace("-----ENDPUBLICKEY-----", "")
    try:
        key = load_der_public_key(base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def rsa_sealed(key: RSAPublicKey, text: str) -> str:
    """Return a short text encrypted to a key (PKCS#1 v1.5), as Base64; other each time.

    Raises:
        ValueError: The text is too long for the key.
    """
    return base64.b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()


def des_sealed(key: str, text: str) -> str:
    """Return a text encrypted with DES (ECB, PKCS#5), as URL-safe Base64 without padding, as O2OA's SSO reads it.

    DES takes the first eight bytes of ``key``. Weak by today's standard: it hides a user name and a time that is good for a
    minute, and is used because O2OA offers nothing else here. 3DES with one key three times is DES.

    Raises:
        ValueError: The key has fewer than eight bytes.
    """
    first = key.encode()[:_DES_BYTES]
    if len(first) < _DES_BYTES:
        raise ValueError("a DES key has eight bytes")
    padder = PKCS7(_DES_BYTES * 8).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(TripleDES(first * 3), modes.ECB()).encryptor()
    return base64.urlsafe_b64encode(encryptor.update(padded) + encryptor.finalize()).decode().rstrip("=")
