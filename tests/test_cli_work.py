"""What waits for a host or a person, as the IT person sees it, and how it is sent again."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from hsdispute_plugin.entrypoints.cli import commands
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_rows import NewEvent

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    store = Store(url)
    with store.begin() as tx:
        tx.add_outbox("HS-1-1", "HS-1", "rt", "7", {"key": "HS-1-1", "lead": "合水县税务局", "helpers": ["合水县财政局"]}, NOW)
        tx.add_outbox("HS-2-1", "HS-2", "rt", "8", {"key": "HS-2-1"}, NOW)
        (row,) = tx.claim("rt", "w", NOW, 1)
        tx.settle(row.id, "w", "dead", NOW, error="没有这张工单")
    store.close()
    return url


def run(database, *words):
    return CliRunner().invoke(commands, ["outbox", *words, "--database", database])


def test_what_waits_and_what_was_refused_is_listed_with_its_reason(database):
    assert run(database, "list").output.splitlines() == [
        "HS-1-1  送不了  rt 7  试过 1 次  没有这张工单", "HS-2-1  待送  rt 8  试过 0 次", "共 2 条。"]
    assert run(database, "list", "--state", "送不了").output.splitlines()[1] == "共 1 条。"
    assert "没有“坏了”这种状态" in run(database, "list", "--state", "坏了").output


def test_one_is_shown_in_full(database):
    assert run(database, "show", "HS-1-1").output == "key：HS-1-1\nlead：合水县税务局\nhelpers：合水县财政局\n"
    assert "没有编号 HS-9" in run(database, "show", "HS-9").output


def test_what_was_refused_is_sent_again_one_or_all(database):
    assert run(database, "resend", "HS-1-1").output == "已排队重发 1 条。\n"
    assert run(database, "list", "--state", "送不了").output == "共 0 条。\n"
    assert run(database, "resend", "--all").output == "已排队重发 0 条。\n"
    again = run(database, "resend", "HS-1-1")
    assert (again.exit_code, again.output) == (1, "HS-1-1 不在送不了、接不了的里面，没有动它\n已排队重发 0 条。\n")
    assert "请写编号，或写 --all" in run(database, "resend").output


def test_a_second_process_on_sqlite_is_refused_with_the_way_out(database):
    done = CliRunner().invoke(commands, ["worker", "--database", database])
    assert done.exit_code == 2
    assert "要多个进程，请用 PostgreSQL" in done.output


def test_a_ticket_that_could_not_be_taken_in_is_listed_and_taken_up_again(database):
    store = Store(database)
    with store.begin() as tx:
        tx.add_events([NewEvent("rt", "e1", "9", "created")], NOW)
        (event,) = tx.claim_events("rt", "w", NOW, 5)
        tx.settle_event(event.id, "w", "failed", NOW, error="程序出错：ZeroDivisionError at extract.py:7")
    assert run(database, "list", "--state", "接不了").output.splitlines() == [
        f"接单-{event.id}  接不了  rt 9  试过 1 次  程序出错：ZeroDivisionError at extract.py:7", "共 1 条。"]
    assert run(database, "list").output.splitlines()[-1] == "共 3 条。"
    assert run(database, "resend", "接单-99").exit_code == 1
    assert run(database, "resend", f"接单-{event.id}").output == "已排队重发 1 条。\n"
    with store.begin() as tx:
        assert (tx.depths()["events"], tx.failed_events()) == (1, [])
    store.close()
