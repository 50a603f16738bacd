"""Signatures of webhooks: the two algorithms against others' implementations, the window, and a platform file's wording."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from hsdispute_plugin.adapters.signature import ALGORITHMS, SM3, WINDOW_S, Signing, mac, mark, refusal, sign
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.hooks.platform import PlatformSettings

SECRET = "a-secret-of-the-test"
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SHIPPED = Signing()


def refused(signature, *, secrets=(SECRET,), stamp=STAMP, body=b"{}", now=NOW, signing=SHIPPED):
    return refusal(secrets, stamp, signature, body, now, signing)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_is_good_for_its_own_body_time_and_secret_only(algorithm):
    seal, signing = sign(SECRET, STAMP, b"{}", algorithm), Signing(algorithm)
    assert refused(seal, signing=signing) == refused(seal.upper(), signing=signing) == ""
    assert refused(base64.b64encode(bytes.fromhex(seal)).decode(), signing=signing) == ""
    assert refused(seal, body=b"{ }", signing=signing) == "签名不符"
    assert refused(seal, stamp=str(int(STAMP) + 1), signing=signing) == "签名不符"
    assert refused(seal, secrets=("another",), signing=signing) == "签名不符"
    assert refused(seal, signing=Signing(*(a for a in ALGORITHMS if a != algorithm))) == "签名不符"


@pytest.mark.parametrize("seal", ["", "00", "g" * 64, "é" * 64, "０" * 64, "=" * 44, " " * 64, "0" * 63, "0" * 100_000])
def test_what_is_no_signature_is_refused(seal):
    assert refused(seal) == "签名不符"


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1.5", "１７６４", "9" * 13, " 1764000000"])
def test_what_is_no_time_is_refused(stamp):
    assert "缺少时间戳" in refused(sign(SECRET, stamp, b"{}"), stamp=stamp)


@pytest.mark.parametrize("off_s", [WINDOW_S, -WINDOW_S])
def test_a_signature_is_good_for_five_minutes_either_way(off_s):
    seal, later = sign(SECRET, STAMP, b"{}"), NOW + timedelta(seconds=off_s)
    assert refused(seal, now=later) == ""
    assert "校准两台机器的时钟" in refused(seal, now=later + timedelta(seconds=1 if off_s > 0 else -1))


def test_while_a_secret_is_changed_both_are_known():
    seal = sign("the-old-one", STAMP, b"{}")
    assert refused(seal, secrets=(SECRET, "the-old-one")) == ""
    assert refused(seal, secrets=(SECRET, "")) == "签名不符"
    assert "没有配置回调密钥" in refused(sign("", STAMP, b"{}"), secrets=("",))


def test_one_signed_message_has_one_mark_however_its_signature_is_spelt():
    seal = sign(SECRET, STAMP, b"{}")
    assert mark(seal) == mark(seal.upper()) == mark(base64.b64encode(bytes.fromhex(seal)).decode())
    assert mark(seal) != mark(sign(SECRET, STAMP, b"{ }"))


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this OpenSSL has no SM3")
def test_sm3_is_that_of_the_standard():
    """GB/T 32905-2016, annex A.1, and HMAC as RFC 2104 builds it by hand."""
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key = b"k".ljust(64, b"\0")
    inner = hashlib.new("sm3", bytes(b ^ 0x36 for b in key) + b"words").digest()
    assert mac(SM3, b"k", b"words") == hashlib.new("sm3", bytes(b ^ 0x5C for b in key) + inner).digest()


def test_where_openssl_has_no_sm3_the_same_signature_is_made_without_it(monkeypatch):
    by_hand = HMAC(b"k", hashes.SM3())
    by_hand.update(b"words")
    expected = by_hand.finalize()
    assert mac(SM3, b"k", b"words") == expected
    monkeypatch.setattr(hashlib, "algorithms_available", set())
    monkeypatch.setattr(hmac, "digest", None)
    assert mac(SM3, b"k", b"words") == expected


def test_a_platform_file_that_says_nothing_is_signed_as_shipped():
    assert Signing.of(PlatformSettings("oa", "oa", {}, str)) == Signing()


@pytest.mark.parametrize(("given", "sentence"), [
    ({"算法": "HMAC-MD5"}, "platforms/oa.yaml  签名  算法\n       “HMAC-MD5” 不在可用的里面"),
    ({"时间窗秒": "0"}, "请写 0 到 3600 之间的数，如 300"), ({"时间窗": "60"}, "不认识的 “时间窗”"), ("SM3", "这里应是键值"),
    ({"签名头": ""}, "缺少 “签名头”"),
])
def test_a_wrong_word_of_a_platform_file_is_told_with_its_mend(given, sentence):
    with pytest.raises(RulebookError) as refused:
        Signing.of(PlatformSettings("oa", "oa", {"签名": given}, str))
    assert sentence in str(refused.value)
