"""Payer data is sealed wherever the database holds it: in the file, its log and its copies no marked word is found."""

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from hsdispute_plugin import store_schema as schema
from hsdispute_plugin.app import App, open_store
from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.entrypoints.doctor import examine
from hsdispute_plugin.entrypoints.figures import Figures
from hsdispute_plugin.entrypoints.working import Working
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.store import Store, StoreDelayed
from hsdispute_plugin.store_backup import backup
from hsdispute_plugin.store_journal import broken
from hsdispute_plugin.store_keys import AES, SM4, Keys, KeysRefused, SealBroken, add, create, put_to_use, remove, supported
from hsdispute_plugin.store_rows import NewEvent
from tests import old, sealed
from tests.casework import FORMS as GOOD_FORMS
from tests.county import FIRST, HANDLER, LEADING, NOW, REVIEWER, Room
from tests.test_no_leak import CARD, CONTENT, NAME, PHONE, SAID, TICKET

LATER = datetime(2026, 12, 1, tzinfo=UTC)
WORDS = (NAME, PHONE, CARD, SAID[:6], "雪地村", "欠缴养老保险八个月")
#: As a file may hold them: in any encoding, or as JSON writes them in ASCII.
MARKS = [form for w in WORDS for form in {w.encode(), json.dumps(w)[1:-1].encode(), w.encode("utf-16-le"), w.encode("gb18030")}]


@pytest.fixture
def path(tmp_path):
    create(tmp_path / "keys", NOW.date())
    return tmp_path / "keys"


def marks_in(*files):
    return {m for file in files for m in MARKS if m in file.read_bytes()}


def walked(url, book):
    """A case with marks in everything that a person writes, its papers made, events that wait, notices."""
    room = Room(url, book)
    number = room.arrives(CONTENT, title=SAID, caller_name=NAME, caller_phone=PHONE).case_no
    payer = {"name": NAME, "phone": PHONE, "document_no": CARD, "address": "虚构镇雪地村一组九号"}
    registration = {**GOOD_FORMS["register"]["form"], "payer": payer, "matter": CONTENT, "claim": SAID}
    room.does(number, "dispatch", LEADING, f"{NAME}来电", unit="tax")
    room.does(number, "sign", FIRST)
    room.does(number, "register", FIRST, form=registration)
    room.does(number, "review", REVIEWER, summary=CONTENT)
    room.does(number, "classify", REVIEWER, track="joint", co_units=["hr"])
    room.does(number, "dispatch_tasks", HANDLER)
    for paper in room.papers(number):
        room.desk.paper(paper.id)
    room.desk.tick(book, room.now.replace(year=2027))
    with room.store.begin() as tx:
        tx.add_events([NewEvent("mute", "e1", "T2", "created", HostTicket(Ticket.model_validate(TICKET), "1").as_text())], NOW)
        tx.settle(tx.claim("roundup", "w", LATER, 1)[0].id, "w", "done", LATER)
    return room, number


# -- at rest ----------------------------------------------------------------------------------------------------------


def test_after_a_trip_no_marked_word_is_in_the_files_of_the_database_or_in_its_backup(tmp_path, book):
    room, number = walked(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    files = sorted(tmp_path.glob("cases.sqlite3*"))
    assert [f.name for f in files] == ["cases.sqlite3", "cases.sqlite3-shm", "cases.sqlite3-wal"]
    assert marks_in(*files) == set()
    backup(f"sqlite:///{tmp_path / 'cases.sqlite3'}", tmp_path / "one.backup")
    assert marks_in(tmp_path / "one.backup") == set()
    assert room.docket(number).case.registration.payer.name == NAME  # and those who may still read it
    with room.store.begin() as tx:
        assert tx.paper(tx.papers(number)[0].id).content.startswith(b"PK")
        assert json.loads(tx.claim_events("mute", "w", LATER, 1)[0].ticket)["ticket"]["caller_phone"] == PHONE
        assert tx.last_done("roundup", "T1")["note"]
    room.store.close()


def test_without_keys_the_same_search_finds_them(tmp_path, book, monkeypatch):
    monkeypatch.setattr(sealed, "keys", lambda: None)
    room, _ = walked(f"sqlite:///{tmp_path / 'cases.sqlite3'}", book)
    room.store.close()
    assert {w.encode() for w in WORDS} <= marks_in(tmp_path / "cases.sqlite3")


def test_every_column_that_is_marked_confidential_is_sealed_on_either_database(url, book):
    room, _ = walked(url, book)
    writer = room.store.keys.writer.id
    assert {t.name for t in schema.SEALED} == {"events", "cases", "papers", "outbox"}
    with room.store._engine.connect() as connection:
        for column in (c for columns in schema.SEALED.values() for c in columns):
            found = [v for v in connection.scalars(sa.select(column)) if v is not None]
            assert found and all(v[:5] == b"\x01" + bytes.fromhex(writer) for v in found), column
        tables = sa.MetaData()
        tables.reflect(connection)
        unsealed = {c.name for t in tables.tables.values() for c in t.c if isinstance(c.type, sa.LargeBinary)}
        assert unsealed == {c.name for columns in schema.SEALED.values() for c in columns}
    room.store.close()


def test_what_is_moved_to_another_row_column_or_place_or_changed_is_not_taken(url, book):
    room = Room(url, book)
    one, two = (room.arrives(CONTENT, number).case_no for number in ("T1", "T2"))
    for change in (f"ticket = (select ticket from cases where case_no = '{two}')", "ticket = file", "file = ticket"):
        with room.store._engine.connect() as connection:
            connection.exec_driver_sql(f"update cases set {change} where case_no = '{one}'")
            connection.commit()
        with pytest.raises(SealBroken, match="被改动过，或被挪了地方"), room.store.begin() as tx:
            tx.case_by(one)
    room.store.close()


def test_what_waits_and_was_tampered_with_is_put_before_a_person_and_holds_up_nobody(url, book):
    room = Room(url, book)
    numbers = [room.arrives(CONTENT, f"T{n}").case_no for n in range(3)]
    with room.store.begin() as tx:
        for n in range(3):
            tx.add_events([NewEvent("mute", f"e{n}", f"T{n}", "created", f"工单{n}")], NOW)
    with room.store._engine.connect() as connection:
        o, e = schema.outbox.c, schema.events.c
        connection.execute(schema.outbox.update().where(o.ticket_no == "T1", o.kind == "result").values(
            payload=b"\x01" + bytes.fromhex(room.store.keys.writer.id) + b"x" * 60))
        connection.execute(schema.events.update().where(e.event_id == "e1").values(
            ticket=b"\x01" + bytes.fromhex(room.store.keys.writer.id) + b"x" * 60))
        connection.commit()
    with room.store.begin() as tx:
        assert [r.ticket_no for r in tx.claim("roundup", "w", LATER, 9)] == ["T0", "T2"]
        assert [r.ticket for r in tx.claim_events("mute", "w", LATER, 9)] == ["工单0", "工单2"]
        (dead,), (failed,) = tx.outbox(("dead",), words=False), tx.failed_events()
    assert f"（outbox payload {numbers[1]}-1）被改动过，或被挪了地方" in dead.error
    assert "（events ticket mute e1）被改动过，或被挪了地方" in failed.error
    assert [s.partition("）")[0] for s in room.store.broken_seals(limit=2)] == [
        "数据库里封存的内容（events ticket mute e1", f"数据库里封存的内容（outbox payload {numbers[1]}-1"]
    room.store.close()


def test_callers_are_found_again_by_a_hash_whose_key_is_not_in_the_database(url, book):
    room = Room(url, book)
    room.arrives(CONTENT, "T1", caller_phone=PHONE)
    room.arrives("另一件：我缴了两次养老保险费，请问怎么退", "T2", caller_phone=PHONE)
    assert "可能与 HS-2026-000001 是同一事项" in room.outbox()[-1].payload["note"]
    with room.store._engine.connect() as connection:
        hashes = set(connection.scalars(sa.select(schema.traits.c.value).where(schema.traits.c.kind == schema.CALLER)))
    assert len(hashes) == 1 and hashes.pop().startswith("hmac:")
    room.store.close()


# -- keys -------------------------------------------------------------------------------------------------------------


def test_sm4_gcm_is_that_of_rfc_8998():
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if SM4 not in supported():
        pytest.skip("this OpenSSL has no SM4-GCM")
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    given = "".join(c * 16 for c in "abcdefea")
    body = cipher.update(bytes.fromhex(given)) + cipher.finalize()
    assert body.hex() == ("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                          "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d")
    assert cipher.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


@pytest.mark.parametrize("algorithm", [SM4, AES])
def test_a_value_opens_in_its_place_alone_and_no_two_seals_are_alike(tmp_path, algorithm):
    if algorithm not in supported():
        pytest.skip(f"this OpenSSL has no {algorithm}")
    create(tmp_path / "k", NOW.date(), algorithm)
    keys = Keys(tmp_path / "k")
    one, other = (keys.seal("cases\x1fticket\x1fHS-1", SAID.encode()) for _ in range(2))
    assert one != other and keys.open("cases\x1fticket\x1fHS-1", one).decode() == SAID
    for place, value in (("cases\x1fticket\x1fHS-2", one), ("cases\x1fticket\x1fHS-1", one[:-1] + bytes([one[-1] ^ 1])),
                         ("cases\x1fticket\x1fHS-1", one[:20])):
        with pytest.raises(SealBroken):
            keys.open(place, value)
    assert keys.hashed("caller", PHONE) != keys.hashed("card", PHONE)


def test_a_cipher_that_openssl_lacks_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("hsdispute_plugin.store_keys._works", lambda name: name == AES)
    assert create(tmp_path / "k", NOW.date()).algorithm == AES
    with pytest.raises(KeysRefused, match="不支持 SM4-GCM。可用：AES-256-GCM"):
        create(tmp_path / "other", NOW.date(), SM4)


def test_a_key_file_is_the_owners_alone_and_one_that_is_not_is_refused(path):
    assert path.stat().st_mode & 0o777 == 0o600
    for mode in (0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(KeysRefused, match="别人也能读或改，没有使用。请执行 chmod 600"):
            Keys(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "不是密钥", '{"keys": [], "index": ""}',
                                  '{"keys": [{"id": "x", "algorithm": "ROT13", "made_on": "2026-11-01", "key": ""}]}'])
def test_a_key_file_that_is_none_is_refused_and_never_overwritten(path, text):
    good = Keys(path)
    path.write_text(text, "utf-8")
    with pytest.raises(KeysRefused, match="看不懂，没有使用。请放回原来的那份"):
        Keys(path)
    with pytest.raises(KeysRefused, match="已经存在，没有动它"):
        create(path, NOW.date())
    assert good.writer.id and path.read_text("utf-8") == text
    path.unlink()
    with pytest.raises(KeysRefused, match="没有密钥文件"):
        Keys(path)


def test_no_key_shows_in_any_representation(path):
    keys = Keys(path)
    stored = json.loads(path.read_text("utf-8"))["keys"][0]["key"]
    assert stored not in f"{keys.all!r} {keys.writer!s}" and repr(keys.writer.secret)[2:-1] not in repr(keys.writer)


# -- other keys -------------------------------------------------------------------------------------------------------


def test_keys_change_while_others_work_and_what_was_begun_is_gone_on_with(url, book, path, monkeypatch):
    monkeypatch.setattr(sealed, "keys", lambda: Keys(path))
    room = Room(url, book)
    numbers = [room.arrives(CONTENT, f"T{n}").case_no for n in range(7)]
    old, admin = room.store.keys.writer.id, Store(url, Keys(path))  # another process
    new = add(admin.keys, NOW.date(), writes=True).id
    half = admin.reseal(limit=2)
    assert [next(half) for _ in range(2)] == [2, 2]
    half.close()  # killed
    with room.store.begin() as tx:
        before = tx.seals()
        assert before[old] and before[new] and sum(before.values()) == 14
    assert [room.docket(n).row.ticket["content"] for n in numbers] == [CONTENT] * 7  # of either key
    assert room.store.keys.writer.id == new, "the gateway writes with the new key without being told"
    room.does(numbers[6], "dispatch", LEADING, unit="tax")
    assert sum(admin.reseal(limit=3)) > 0
    with room.store.begin() as tx:
        assert set(tx.seals()) == {new}
    remove(admin.keys, old)
    assert [room.docket(n).row.ticket["content"] for n in numbers] == [CONTENT] * 7
    assert len(room.outbox()) == 8
    room.store.close()
    admin.close()


def test_a_key_that_lies_ready_opens_and_does_not_seal(path):
    keys, other = Keys(path), Keys(path)
    ready = add(keys, NOW.date(), writes=False)
    assert keys.writer.id != ready.id
    with pytest.raises(KeysRefused, match="正在使用，不能退役"):
        remove(keys, keys.writer.id)
    put_to_use(keys, ready.id)
    assert other.open("x", keys.seal("x", b"y")) == b"y", "an unknown key is looked for in the file"


def test_a_row_that_was_tampered_with_is_left_and_the_others_go_on(url, book, path, monkeypatch):
    monkeypatch.setattr(sealed, "keys", lambda: Keys(path))
    room = Room(url, book)
    for n in range(3):
        room.arrives(CONTENT, f"T{n}")
    with room.store._engine.connect() as connection:
        connection.execute(schema.cases.update().where(schema.cases.c.ticket_no == "T1").values(file=schema.cases.c.ticket))
        connection.commit()
    old, new = room.store.keys.writer.id, add(room.store.keys, NOW.date(), writes=True).id
    while sum(room.store.reseal()):
        pass
    with room.store.begin() as tx:
        assert tx.seals() == {old: 1, new: 5}
    room.store.close()


def test_whoever_lacks_the_key_is_told_which_and_changes_nothing(url, book, path, monkeypatch):
    monkeypatch.setattr(sealed, "keys", lambda: Keys(path))
    room = Room(url, book)
    number = room.arrives(CONTENT).case_no
    create(path.with_name("others"), NOW.date())
    for keys in (None, Keys(path.with_name("others"))):
        store = Store(url, keys)
        assert room.store.keys.writer.id in store.missing_keys()
        with pytest.raises(StoreDelayed, match=f"用密钥 {room.store.keys.writer.id} 封存的"), store.begin() as tx:
            tx.case_by(number)
        with store.begin() as tx:
            assert [line.case_no for line in tx.inbox(NOW)] == [number]
        store.close()
    assert room.store.missing_keys() == ()
    room.store.close()


# -- from before ------------------------------------------------------------------------------------------------------


def everything(url):
    """What whoever reads all tables finds, as one text."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        told = [b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
                for name in sa.inspect(engine).get_table_names() for row in connection.exec_driver_sql(f"select * from {name}")]
    engine.dispose()
    return b"\n".join(told)


def test_a_database_of_version_8_is_sealed_row_by_row_and_its_free_pages_wiped(url, tmp_path, book):
    old.lay(url, 8)
    assert [m for m in MARKS if m in everything(url)]
    store = Store(url, sealed.keys())
    with store.begin() as tx:
        assert set(tx.seals()) == {schema.PLAIN}
        assert tx.case_of("roundup", "T1").ticket["caller_name"] == NAME, "in clear, and worked with, until it is sealed"
        decision = json.dumps(tx.case_of("roundup", "T1").decision, ensure_ascii=False)
        assert "evidence" in decision and not [w for w in WORDS if w in decision]
    half = store.reseal(limit=1)
    next(half)
    half.close()
    store.close()
    store = Store(url, sealed.keys())
    while sum(store.reseal(limit=2)):
        pass
    assert store.scrub() and not store.scrub()
    assert [m for m in MARKS if m in everything(url)] == []
    assert marks_in(*tmp_path.glob("cases.sqlite3*")) == set()
    with store.begin() as tx:
        assert set(tx.seals()) == {store.keys.writer.id}
        row = tx.case_of("roundup", "T1")
        assert (row.ticket["caller_name"], json.loads(row.file)["registration"]["payer"]["document_no"]) == (NAME, CARD)
        assert SAID.encode() in tx.paper(1).content
        assert [bool(e.ticket) for e in tx.claim_events("mute", "w", LATER, 5)] == [True, False]
        assert list(broken(tx.journal_lines(), tx.journal_head())) == []
    room = Room(url, book)
    room.now = LATER
    room.arrives("又一件：我缴了两次养老保险费，请问怎么退", "T9", caller_phone=PHONE)
    assert "可能与 HS-2026-000002、HS-2026-000001 是同一事项" in room.outbox()[-1].payload["note"], "callers are still known"
    room.store.close()
    store.close()


def test_the_gateway_seals_what_it_finds_in_clear_while_it_works(tmp_path, path, monkeypatch):
    old.lay(f"sqlite:///{tmp_path / 'cases.sqlite3'}", 8)
    monkeypatch.setenv("HSDISPUTE_KEYS", str(path))
    app = App(None, f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    working = Working(app, Figures())
    for _ in range(30):
        working._seal()
    with app.store.begin() as tx:
        assert (set(tx.seals()), tx.scrub_is_due()) == ({app.store.keys.writer.id}, False)
    assert marks_in(*tmp_path.glob("cases.sqlite3*")) == set()
    new = add(Keys(path), NOW.date(), writes=True).id
    for _ in range(30):
        working._seal()
        with app.store.begin() as tx:
            tx.depths()
    with app.store.begin() as tx:
        assert set(tx.seals()) == {new}
    path.unlink()
    with app.store.begin() as tx:
        assert tx.case_of("roundup", "T1").ticket["caller_name"] == NAME, "a file that is lost stops nobody until the restart"
    app.close()
    with pytest.raises(KeysRefused, match=r"是用密钥 .*密钥文件 .*不在了，所以读不出。请放回原来的密钥文件"):
        App(None, f"sqlite:///{tmp_path / 'cases.sqlite3'}")


# -- commands ---------------------------------------------------------------------------------------------------------


def run(*words, code=0):
    done = CliRunner().invoke(commands, [str(w) for w in words])
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.output


def test_init_makes_a_key_file_beside_the_configuration_and_the_commands_keep_it(tmp_path, book, monkeypatch):
    monkeypatch.delenv("HSDISPUTE_KEYS")
    config, file = tmp_path / "config", tmp_path / "config.keys"
    place = ["--config", config, "--database", f"sqlite:///{tmp_path / 'cases.sqlite3'}"]
    assert f"已建立密钥文件 {file}（{supported()[0]}，密钥 " in run("init", config)
    assert file.stat().st_mode & 0o777 == 0o600 and not [p for p in config.rglob("*") if "keys" in p.name]
    monkeypatch.setattr(sealed, "keys", lambda: Keys(file))
    room = Room(place[3], book)
    room.arrives(CONTENT)
    room.store.close()
    first = Keys(file).writer.id
    assert f"{first}  {supported()[0]}" in run("keys", "list", *place) and "写入  2 行" in run("keys", "list", *place)
    assert "备用" in run("keys", "rotate", "--prepare", *place)
    second = next(k.id for k in Keys(file).all if not k.writes)
    assert f"改封了 2 行，全部是用密钥 {second} 封存的了" in run("keys", "rotate", *place)
    assert "改封了 0 行" in run("keys", "seal", *place)
    assert "没有被改动过的" in run("keys", "check", *place)
    assert f"密钥 {first} 已从" in run("keys", "retire", first, *place)
    assert [k.id for k in Keys(file).all] == [second]
    store = Store(place[3])
    with store.begin() as tx:
        assert [line.act for line in tx.journal("密钥")] == ["更换密钥", "密钥退役"]
    store.close()
    told = "\n".join(examine(config, place[3]))
    assert f"✓ 封存：用密钥 {second}（{supported()[0]}，" in told and "封存了 2 行" in told
    file.chmod(0o644)
    with pytest.raises(KeysRefused, match="别人也能读或改，没有使用"), open_store(place[3], config, sealed=True):
        pass  # it has the key: that it lacks one would send people searching
    file.chmod(0o600)
    file.rename(tmp_path / "away")
    told = "\n".join(examine(config, place[3]))
    assert f"✗ 封存：缴费人信息是用密钥 {second} 封存的，密钥文件 {file} 不在了" in told
    assert "没有密钥文件" in "\n".join(examine(config, f"sqlite:///{tmp_path / 'new.sqlite3'}")), "nothing is sealed there yet"
    create(file, NOW.date())
    assert f"✗ 封存：缴费人信息是用密钥 {second} 封存的" in "\n".join(examine(config, place[3]))
    monkeypatch.setenv("HSDISPUTE_KEYS", "none")
    told = "\n".join(examine(config, place[3]))
    assert "! 封存：设了 HSDISPUTE_KEYS=none，数据库和备份里的缴费人信息是明文" in told


def test_a_backup_comes_back_and_says_which_key_it_needs(tmp_path, book, monkeypatch):
    here = f"sqlite:///{tmp_path / 'a.sqlite3'}"
    room = Room(here, book)
    room.arrives(CONTENT)
    room.store.close()
    assert "已备份" in run("backup", tmp_path / "one", "--database", here)
    assert "已恢复，共 1 件案件" in run("restore", tmp_path / "one", "--database", f"sqlite:///{tmp_path / 'b.sqlite3'}")
    needed = sealed.keys().writer.id
    monkeypatch.setenv("HSDISPUTE_KEYS", str(sealed.make(tmp_path)))
    told = run("restore", tmp_path / "one", "--database", f"sqlite:///{tmp_path / 'c.sqlite3'}", code=2)
    assert "已恢复，共 1 件案件" in told
    assert f"但现在还不能用：缴费人信息是用密钥 {needed} 封存的" in told and "请放回原来的密钥文件" in told
