"""Tampering with the journal: whatever is changed, taken out or put in, on either database, is found and named."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hsdispute_plugin.entrypoints.doctor import examine
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_journal import broken
from hsdispute_plugin.store_rows import seal_of
from tests import old

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def store(url):
    """Six lines, of two cases in turn: 1, 3, 5 are of HS-1, 2, 4, 6 of HS-2."""
    opened = Store(url)
    with opened.begin() as tx:
        for n in range(6):
            tx.add_journal(f"HS-{1 + n % 2}", NOW, "规则插件", "受理登记", f"第{n}件", "四（一）")
    yield opened
    opened.close()


def found(store):
    with store.begin() as tx:
        return [b.says for b in broken(tx.journal_lines(), tx.journal_head())]


def tamper(url, *statements):
    with sa.create_engine(url).begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_a_journal_that_nobody_touched_is_whole_and_goes_on_after_a_restart(store, url):
    assert found(store) == []
    again = Store(url)
    with again.begin() as tx:
        tx.add_journal("HS-3", NOW, "规则插件", "受理登记", "又一件", "四（一）")
        head = tx.journal_head()
    assert found(again) == [] and (head.id, head.case_no) == (7, "HS-3")
    again.close()


@pytest.mark.parametrize(("column", "value"), [
    ("case_no", "HS-9"), ("at", "2026-11-20T01:00:00.000001"), ("who", "别人"), ("act", "归档"), ("why", "改过"),
    ("clause", "无"), ("seal", "0" * 64)])
def test_a_line_of_which_anything_was_changed_is_named(store, url, column, value):
    tamper(url, f"update journal set {column} = '{value}' where id = 3")
    assert found(store)[0] == f"第 3 条（{'HS-9' if column == 'case_no' else 'HS-1'}）被改动过"


@pytest.mark.parametrize(("gone", "says"), [
    ("id = 1", ["第 2 条（HS-2）之前的被删去了"]),
    ("id = 3", ["第 3 条不在了：在第 2 条（HS-2）与第 4 条（HS-2）之间"]),
    ("id in (3, 4)", ["第 3 条到第 4 条不在了：在第 2 条（HS-2）与第 5 条（HS-1）之间"]),
    ("id = 6", ["第 5 条（HS-1）之后的被删去了：写到过第 6 条（HS-2）"]),
    ("id > 3", ["第 3 条（HS-1）之后的被删去了：写到过第 6 条（HS-2）"]),
    ("id > 0", ["从头的被删去了：写到过第 6 条（HS-2）"]),
    ("id in (2, 6)", ["第 2 条不在了：在第 1 条（HS-1）与第 3 条（HS-1）之间",
                      "第 5 条（HS-1）之后的被删去了：写到过第 6 条（HS-2）"]),
])
def test_lines_that_were_taken_out_are_named(store, url, gone, says):
    tamper(url, f"delete from journal where {gone}")
    assert found(store) == says


def test_a_line_that_was_taken_out_and_its_number_given_to_another_is_found(store, url):
    tamper(url, "delete from journal where id = 3", "update journal set id = 3 where id = 4")
    assert found(store) == ["第 3 条（HS-2）与前一条（第 2 条，HS-2）接不上：其中一条被改写过，或其间有被删去的"]


def test_lines_that_change_places_are_found(store, url):
    tamper(url, *(f"update journal set id = {to} where id = {old}" for old, to in ((2, 99), (3, 2), (99, 3))))
    assert [s[:3] for s in found(store)] == ["第 2", "第 3", "第 4"]


@pytest.mark.parametrize("column", ["why", "case_no"])
def test_a_last_line_that_was_written_anew_with_a_good_seal_is_found(store, url, column):
    fields = {"case_no": "HS-2", "who": "规则插件", "act": "受理登记", "why": "第5件", "clause": "四（一）"} | {column: "另写的"}
    with store.begin() as tx:
        previous = tx.journal()[-2].seal
    seal = seal_of(previous, fields["case_no"], NOW, fields["who"], fields["act"], fields["why"], fields["clause"])
    tamper(url, f"update journal set {column} = '另写的', seal = '{seal}' where id = 6")
    assert found(store) == [f"最后一条（第 6 条，{fields['case_no']}）被改写过"]


def test_a_line_that_we_did_not_write_is_found(store, url):
    with store.begin() as tx:
        last = tx.journal()[-1].seal
    seal = seal_of(last, "HS-7", NOW, "谁", "归档", "补的", "无")
    tamper(url, "insert into journal values (7, 'HS-7', '2026-11-20T01:00:00.000000', '谁', '归档', '补的', '无', "
                f"'{last}', '{seal}')")
    assert found(store) == ["第 6 条之后的不是本系统写的，到第 7 条（HS-7）"]


def test_a_head_that_was_cleared_is_found(store, url):
    tamper(url, "update meta set value = '' where key = 'journal-head'")
    assert found(store) == ["记着最后一条的地方被清掉了，末尾（第 6 条，HS-2）无从核对"]


def test_the_doctor_names_every_place_and_where_the_journal_ends(store, url):
    told = "\n".join(examine(None, url))
    assert "✓ 办理日志封印完整，到第 6 条（HS-2）：" in told
    tamper(url, "update journal set why = '改过' where id = 2", "delete from journal where id = 6")
    told = "\n".join(examine(None, url))
    assert "✗ 办理日志第 2 条（HS-2）被改动过。请停用并报告" in told
    assert "✗ 办理日志第 5 条（HS-1）之后的被删去了：写到过第 6 条（HS-2）" in told


def test_a_journal_from_before_version_4_goes_on_from_its_last_line(url):
    old.lay(url, 3)
    store = Store(url)
    with store.begin() as tx:
        assert (tx.journal_head().id, tx.journal_head().seal) == (tx.journal()[-1].id, tx.journal()[-1].seal)
        tx.add_journal("HS-2026-000001", NOW, "规则插件", "受理登记", "接着写", "四（一）")
    assert found(store) == []
    store.close()
    tamper(url, "delete from journal where id = (select max(id) from journal)")
    again = Store(url)
    assert len(found(again)) == 1
    again.close()
