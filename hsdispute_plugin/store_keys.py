"""The keys with which payer data is sealed in the database: in a file of their own, each with its id; one of them writes.

The ciphers are those of OpenSSL: SM4-GCM (RFC 8998) where it offers it, else AES-256-GCM. Nothing here is a cipher of ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hsdispute_plugin.errors import HsdisputeError

SM4, AES = "SM4-GCM", "AES-256-GCM"
_CIPHERS = {SM4: (algorithms.SM4, 16), AES: (algorithms.AES, 32)}
_MAGIC, _NONCE, _TAG = b"\x01", 12, 16
_ID = 4  # bytes
SEPARATOR = "\x1f"  # between the parts of a place: table, column, what names the row
HEAD = len(_MAGIC) + _ID  # what a sealed value begins with: that it is sealed, and by which key
_NOTE = ("封存缴费人信息的密钥。只许运行网关的用户读（chmod 600）；抄一份另存，不要和数据库备份放在一起；"
         "丢了它，已封存的内容就再也读不出。用 hsdispute keys 管理，不要手改。")


class KeysRefused(HsdisputeError):
    """The file of keys is not there, cannot be used, or lacks a key; says what to do."""


class SealBroken(HsdisputeError):
    """What is sealed was changed, or stands in another place than it was written to."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``writes``: new values are sealed with it (the last such key of a file is the one that does)."""

    id: str
    algorithm: str
    made_on: date
    secret: bytes = field(repr=False)
    writes: bool = True


class Keys:
    """The keys of one file, read anew when the file changes: another process may have added one."""

    def __init__(self, path: Path) -> None:
        """Read them.

        Raises:
            KeysRefused: The file is not there, others may read it, or it is no such file.
        """
        self.path = path
        self._stamp = (0, 0, 0)
        self._known: dict[str, Key] = {}
        self._index = b""
        self.refresh()

    @property
    def all(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        return tuple(self._known.values())

    @property
    def writer(self) -> Key:
        """The key that seals what is written now."""
        return next(k for k in reversed(self.all) if k.writes)

    def refresh(self) -> None:
        """Read the file again where it changed.

        Raises:
            KeysRefused: It cannot be used any more.
        """
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return
            if found.st_mode & 0o037:
                raise KeysRefused(f"密钥文件 {self.path} 别人也能读或改，没有使用。请执行 chmod 600 {self.path} / "
                                  f"the key file is open to others")
            keys, index = _read(self.path.read_bytes())
        except FileNotFoundError as err:
            raise KeysRefused(f"没有密钥文件 {self.path} / no key file") from err
        except OSError as err:
            raise KeysRefused(f"读不了密钥文件 {self.path}：{err.strerror}。它应归运行网关的用户所有（chown） / "
                              f"cannot read the key file") from err
        except (ValueError, KeyError, TypeError, UnicodeError) as err:
            raise KeysRefused(f"密钥文件 {self.path} 看不懂，没有使用。请放回原来的那份 / the key file is broken") from err
        self._known, self._index, self._stamp = {k.id: k for k in keys}, index, stamp

    def seal(self, place: str, plain: bytes) -> bytes:
        """Seal a value for one place (table, column and row): only there it can be opened again."""
        key, nonce = self.writer, os.urandom(_NONCE)
        cipher = _cipher(key, modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(place.encode("utf-8", "surrogatepass"))
        body = cipher.update(plain) + cipher.finalize()
        return prefix(key) + nonce + body + cipher.tag

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return what was sealed for a place; a value that is not sealed as it is.

        Raises:
            KeysRefused: The key is not in the file.
            SealBroken: It was changed or moved.
        """
        if not sealed.startswith(_MAGIC):
            return sealed
        key = self._known.get(key_id(sealed))
        if key is None:
            self.refresh()
            key = self._known.get(key_id(sealed))
        if key is None:
            raise KeysRefused(lacks(self.path, [key_id(sealed)]))
        cipher = _cipher(key, modes.GCM(sealed[HEAD : HEAD + _NONCE], sealed[-_TAG:])).decryptor()
        cipher.authenticate_additional_data(place.encode("utf-8", "surrogatepass"))
        try:
            return cipher.update(sealed[HEAD + _NONCE : -_TAG]) + cipher.finalize()
        except (InvalidTag, ValueError) as err:
            raise SealBroken(f"数据库里封存的内容（{' '.join(place.split(SEPARATOR))}）被改动过，或被挪了地方，没有使用。"
                             f"请停用并报告 / a sealed value was changed") from err

    def hashed(self, kind: str, value: str) -> str:
        """Return by what a value is found again without being kept: HMAC-SHA256 under a key that no rotation changes."""
        return hmac.new(self._index, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


def supported() -> tuple[str, ...]:
    """Return the ciphers that OpenSSL offers here, the one to prefer first."""
    return tuple(name for name in (SM4, AES) if _works(name))


def create(path: Path, on: date, algorithm: str = "") -> Key:
    """Make a file with a first key.

    Raises:
        KeysRefused: There is a file already, or it cannot be written.
    """
    if path.exists():
        raise KeysRefused(f"密钥文件 {path} 已经存在，没有动它。换密钥用 hsdispute keys rotate / the key file exists")
    key = _new(on, algorithm or supported()[0])
    _write(path, (key,), secrets.token_bytes(32))
    return key


def add(keys: Keys, on: date, *, writes: bool, algorithm: str = "") -> Key:
    """Add a key to the file; with ``writes`` it seals from now on, else it only lies ready."""
    key = replace(_new(on, algorithm or keys.writer.algorithm), writes=writes)
    _write(keys.path, (*keys.all, key), keys._index)
    keys.refresh()
    return key


def put_to_use(keys: Keys, key_id: str) -> None:
    """Let a key that lay ready seal from now on."""
    _write(keys.path, tuple(replace(k, writes=True) if k.id == key_id else k for k in keys.all), keys._index)
    keys.refresh()


def remove(keys: Keys, key_id: str) -> None:
    """Take a key out of the file; whoever calls has made sure that nothing is sealed with it.

    Raises:
        KeysRefused: No such key, or the one that writes.
    """
    if key_id not in {k.id for k in keys.all}:
        raise KeysRefused(f"没有密钥 {key_id}。用 hsdispute keys list 查看 / no such key")
    if key_id == keys.writer.id:
        raise KeysRefused(f"密钥 {key_id} 正在使用，不能退役。请先 hsdispute keys rotate / this key is in use")
    _write(keys.path, tuple(k for k in keys.all if k.id != key_id), keys._index)
    keys.refresh()


def prefix(key: Key) -> bytes:
    """Return what every value begins with that this key sealed."""
    return _MAGIC + bytes.fromhex(key.id)


def key_id(sealed: bytes) -> str:
    """Return the id of the key that sealed a value; empty: it is not sealed."""
    return sealed[len(_MAGIC) : HEAD].hex() if sealed.startswith(_MAGIC) else ""


def lacks(path: Path | None, ids: Iterable[str]) -> str:
    """Return the sentence that says which keys are missing."""
    where = "这里没有密钥文件" if path is None else f"密钥文件 {path} {'里没有它' if path.exists() else '不在了'}"
    return (f"缴费人信息是用密钥 {'、'.join(ids)} 封存的，{where}，所以读不出。请放回原来的密钥文件"
            f"（HSDISPUTE_KEYS 指出它在哪里） / a key is missing")


def _cipher(key: Key, mode: modes.GCM) -> Cipher[modes.GCM]:
    return Cipher(_CIPHERS[key.algorithm][0](key.secret), mode)


def _works(algorithm: str) -> bool:
    make, size = _CIPHERS[algorithm]
    try:
        Cipher(make(bytes(size)), modes.GCM(bytes(_NONCE))).encryptor().finalize()
    except UnsupportedAlgorithm:
        return False
    return True


def _new(on: date, algorithm: str) -> Key:
    if algorithm not in supported():
        raise KeysRefused(f"这台机器的 OpenSSL 不支持 {algorithm}。可用：{'、'.join(supported())} / cipher not supported")
    return Key(secrets.token_hex(_ID), algorithm, on, secrets.token_bytes(_CIPHERS[algorithm][1]))


def _read(given: bytes) -> tuple[tuple[Key, ...], bytes]:
    told = json.loads(given)
    keys = tuple(Key(k["id"], k["algorithm"], date.fromisoformat(k["made_on"]), base64.b64decode(k["key"]), k["writes"])
                 for k in told["keys"])
    index = base64.b64decode(told["index"])
    right = [len(bytes.fromhex(k.id)) == _ID and len(k.secret) == _CIPHERS[k.algorithm][1] for k in keys]
    if not all(right) or not any(k.writes for k in keys) or len(index) != 32 or len({k.id for k in keys}) < len(keys):
        raise ValueError
    if missing := sorted({k.algorithm for k in keys} - set(supported())):
        raise KeysRefused(f"这台机器的 OpenSSL 不支持 {'、'.join(missing)}，用不了这个密钥文件 / cipher not supported")
    return keys, index


def _write(path: Path, keys: Iterable[Key], index: bytes) -> None:
    told = {"note": _NOTE, "keys": [
        {"id": k.id, "algorithm": k.algorithm, "made_on": k.made_on.isoformat(), "writes": k.writes,
         "key": base64.b64encode(k.secret).decode()} for k in keys], "index": base64.b64encode(index).decode()}
    half = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(told, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # made by root, used by the gateway's user
            found = path.stat()
            os.chown(half, found.st_uid, found.st_gid)
        half.rename(path)
        directory = os.open(path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
    except OSError as err:
        half.unlink(missing_ok=True)
        raise KeysRefused(f"写不了密钥文件 {path}：{err.strerror} / cannot write the key file") from err
