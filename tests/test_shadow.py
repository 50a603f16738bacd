"""试算: a candidate decides beside the live edition without any effect; 试点 decides some for good; then it is put in force."""

import json
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from hsdispute_plugin import app
from hsdispute_plugin.app_shadow import Scope, ShadowRefused, Shadows
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.desk_shadow import Candidate
from hsdispute_plugin.desk_shadow import chosen as picks
from hsdispute_plugin.entrypoints.shadow_report import as_html, as_json, as_text, kept
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.reception_limit import Limit
from hsdispute_plugin.rules import editions as editions_room
from hsdispute_plugin.rules.editions import EditionRefused, activate, current, history, rollback
from hsdispute_plugin.rules.load import edition_of
from hsdispute_plugin.store import Store, StoreDelayed
from tests.county import FORMS, NOW, SINGLE

#: (number, town, what is said): every one but the last is a case of the tax bureau.
SAID = [(f"T{n}", town, f"我在{town}的砖厂上班，单位欠缴养老保险八个月，请税务局查处")
        for n, town in enumerate(("老城镇", "西华池镇", "板桥镇", "老城镇", "太白镇", "老城镇"))]
DANGER = "单位三年没给我们交社保，再不解决我就从楼上跳下去"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """The shipped configuration in force, and beside it working files of a candidate: one period a day longer."""
    place = tmp_path_factory.mktemp("county") / "county"
    shutil.copytree(app.shipped_config(), place)
    activate(place, NOW, "郑某", "首次")
    edit(place, "deadlines.yaml", "{代号: register, 事项: 受理登记, 数值: 0,", "{代号: register, 事项: 受理登记, 数值: 1,")
    return place


def edit(place, name, old, new):
    text = (place / name).read_text("utf-8")
    assert old in text, (name, old)
    (place / name).write_text(text.replace(old, new, 1), "utf-8")


class World:
    """One gateway's desk over a database, with what administrators do beside it."""

    def __init__(self, place, url, plugins):
        self.place, self.store, self.plugins = place, Store(url), plugins
        self.desk = Desk(self.store, FORMS, candidate=Candidate(lambda e: app.open_candidate(place, e, plugins)))
        self.shadows = Shadows(place, self.store, ())
        self.now, self._books = NOW, {}

    @property
    def book(self):
        edition = current(self.place)
        if edition not in self._books:
            from hsdispute_plugin.rules.editions import in_force
            self._books[edition] = app.open_rulebook(in_force(self.place), self.plugins)
        return self._books[edition]

    def arrives(self, number, said, version="1", town=""):
        self.now += timedelta(minutes=1)
        ticket = Ticket(ticket_no=number, content=said, area=town, caller_name="柳某某", caller_phone="13800000000",
                        received_at=NOW)
        return self.desk.accept("roundup", HostTicket(ticket, version), self.book, self.now)[0]

    def all_arrive(self, version="1"):
        return [self.arrives(number, said, version) for number, _, said in SAID]

    def start(self, **scope):
        return self.shadows.start(self.place, Scope(**scope), self.now, "郑某", "登记改为两天")

    def kept(self):
        number = self.shadows.one(None).id
        with self.store.begin() as tx:
            return list(tx.shadow_tickets(number))

    def journal(self):
        with self.store.begin() as tx:
            return [(line.who, line.act, line.why) for line in tx.journal("规则册")]

    def state(self):
        """All that a person or a host can see of the cases."""
        with self.store.begin() as tx:
            rows = tx.cases()
            return [(replace(r, updated_at=None), tx.clocks(r.case_no), [(j.act, j.why) for j in tx.journal(r.case_no)])
                    for r in rows], [(o.key, o.payload) for o in tx.outbox()]


@pytest.fixture
def place(county, tmp_path):
    return shutil.copytree(county, tmp_path / "county")


@pytest.fixture
def untried(monkeypatch):
    """Candidates are not examined, where that is not the point: a second and a half less for each."""
    monkeypatch.setattr(editions_room, "TRIAL", (sys.executable, "-c", "pass"))


@contextmanager
def opened(place, url):
    made = World(place, url, app.open_plugins())
    yield made
    for book in made._books.values():
        book.close()
    made.store.close()


@pytest.fixture
def world(place, tmp_path, untried):
    with opened(place, f"sqlite:///{tmp_path / 'cases.sqlite3'}") as made:
        yield made


@pytest.fixture
def world_of_both(place, url, untried):
    """The same over either kind of database."""
    with opened(place, url) as made:
        yield made


@pytest.fixture
def strict(place, tmp_path):
    """The same with candidates examined as in earnest."""
    with opened(place, f"sqlite:///{tmp_path / 'cases.sqlite3'}") as made:
        yield made


def test_a_candidate_is_tried_beside_the_live_edition_and_nobody_sees_it(world_of_both, place, tmp_path):
    world = world_of_both
    other = World(place, f"sqlite:///{tmp_path / 'without.sqlite3'}", world.plugins)
    begun = world.start()
    assert (begun.candidate, begun.live) == (edition_of(place), current(place))
    world.all_arrive()
    other.all_arrive()
    assert world.state() == other.state()
    other.store.close()
    seen = world.kept()
    assert [(t.live, t.decided_by, t.fault) for t in seen] == [(begun.live, begun.live, None)] * len(SAID)
    assert all("register" in json.loads(t.says)["deadlines"] for t in seen)
    found = world.shadows.report(begun, world.now)
    assert (found.comparison.tickets, found.comparison.changed, found.comparison.changes) == (6, 6, ())
    shift, = found.comparison.shifts
    assert (shift.key, shift.later, shift.earlier, shift.median_days) == ("register", 6, 0, 1.0)
    assert world.journal()[0][:2] == ("郑某", "开始试算")
    assert begun.candidate in world.journal()[0][2] and begun.live in world.journal()[0][2]


def test_nothing_of_the_payer_is_kept_of_it(world):
    world.start()
    world.all_arrive()
    report = world.shadows.report(world.shadows.running(), world.now)
    told = "".join([*(t.live_says + (t.says or "") for t in world.kept()), *as_text(report), as_html(report), kept(report)])
    assert "register" in told and "HS-2026-000001" not in "".join(as_text(report))  # no change but of days: no samples
    for word in ("柳", "13800000000", "砖厂", "查处"):
        assert word not in told


def test_a_ticket_that_comes_again_or_after_a_restart_is_counted_once(world_of_both, place, url):
    world = world_of_both
    world.start()
    world.all_arrive()
    world.all_arrive()  # delivered again
    again = World(place, url, world.plugins)
    again.now = world.now
    again.arrives("T0", SAID[0][2])
    again.arrives("T1", SAID[1][2] + "，要求补缴", version="2")
    again.arrives("T9", SAID[0][2])
    assert again.shadows.running() == world.shadows.running()
    again.store.close()
    with world.store.begin() as tx:
        assert tx.count_shadow(1) == {"seen": len(SAID) + 1, "different": len(SAID) + 1, "failed": 0, "decided": 0}


def test_several_workers_collect_into_one_place(place, url_of_its_own, untried):
    plugins = app.open_plugins()
    worlds = [World(place, url_of_its_own, plugins) for _ in range(2)]
    worlds[0].start(share=50)
    failed = []

    def work(world, mine):
        try:
            for n in mine:
                world.arrives(f"W{n}", SAID[n % len(SAID)][2])
        except Exception as err:  # told below: an error of a thread is nobody's
            failed.append(err)

    threads = [threading.Thread(target=work, args=(w, range(24))) for w in worlds]  # both are told of every ticket
    for w in worlds:
        assert w.book
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [e for e in failed if not isinstance(e, StoreDelayed)] == []
    for n in range(24):  # whoever was too late comes again, as events do
        worlds[1].arrives(f"W{n}", SAID[n % len(SAID)][2])
    with worlds[0].store.begin() as tx:
        counted, rows = tx.count_shadow(1), tx.cases()
        assert counted["seen"] == len(rows) == 24 and counted["failed"] == 0
        assert counted["decided"] == sum(r.edition == worlds[0].shadows.running().candidate for r in rows)
        assert 0 < counted["decided"] < 24
    for w in worlds:
        w.book.close()
        w.store.close()


@pytest.mark.parametrize(("scope", "mine"), [
    ({"towns": ["老城镇"]}, {"T0", "T3", "T5"}), ({"units": ["税务局"]}, {n for n, _, _ in SAID}), ({"units": ["医保局"]}, set()),
    ({"units": ["税务局"], "towns": ["太白镇"]}, {"T4"}), ({"share": 100}, {n for n, _, _ in SAID}), ({}, set())])
def test_a_candidate_on_trial_really_decides_the_tickets_chosen(world, scope, mine):
    begun = world.start(**scope)
    rows = world.all_arrive()
    assert {r.ticket_no for r in rows if r.edition == begun.candidate} == mine
    assert {r.edition for r in rows} <= {begun.candidate, begun.live}
    for row in rows:
        days = {c["key"]: c["due_at"] for c in row.decision["due"]}
        assert days["register"][:10] == ("2026-11-03" if row.ticket_no in mine else "2026-11-02")
        with world.store.begin() as tx:
            line, note = tx.journal(row.case_no)[0].why, tx.outbox()[-1].payload["note"]
        assert ("试点" in line) is (row.ticket_no in mine)
        assert row.edition in line
    assert ("试点" in note) is (row.ticket_no in mine)
    assert world.shadows.report(begun, world.now).decided == len(mine)


def test_a_share_is_chosen_by_the_ticket_alone_and_grows(world):
    chosen = {}
    for share in (20, 60):
        begun = world.start(share=share)
        live = world.desk._thought("roundup", Ticket(ticket_no="x", content=SAID[0][2], received_at=NOW), "", world.now,
                                   world.book, world.desk.terms(world.book))
        chosen[share] = {n for n in range(500) if picks(begun, live, f"roundup {n}")}
        world.shadows.stop(world.now, "郑某", "", kept)
    assert chosen[20] < chosen[60]
    assert 70 < len(chosen[20]) < 130 and 250 < len(chosen[60]) < 350


def test_stop_turns_back_at_once_and_what_is_decided_stays(world_of_both):
    world = world_of_both
    begun = world.start(share=100)
    first = world.arrives("T0", SAID[0][2])
    world.shadows.stop(world.now, "冯某", "先停下", kept)
    second = world.arrives("T1", SAID[1][2])
    assert (first.edition, second.edition) == (begun.candidate, begun.live)
    with world.store.begin() as tx:
        assert tx.case_by(first.case_no).edition == begun.candidate
        assert tx.case_by(first.case_no).decision == first.decision
        assert tx.count_shadow(begun.id)["seen"] == 1
    assert [j[:2] for j in world.journal()] == [("郑某", "开始试算"), ("冯某", "停止试算")]
    ended = world.shadows.one(None)
    assert (ended.outcome, ended.ended_by, ended.ended_why) == ("stopped", "冯某", "先停下")
    assert json.loads(ended.report)["data"]["tickets"] == 1


def test_a_trial_that_is_stopped_while_a_ticket_is_thought_about_has_no_say(world, monkeypatch):
    begun = world.start(share=100)
    beside = Candidate.beside

    def slow(self, *given):
        found = beside(self, *given)
        world.shadows.stop(world.now, "冯某", "", kept)
        return found

    monkeypatch.setattr(Candidate, "beside", slow)
    assert world.arrives("T0", SAID[0][2]).edition == begun.live
    assert world.kept() == []


def test_a_case_stays_with_the_edition_that_decided_it_while_the_trial_goes_on(world):
    before = world.arrives("T0", SAID[0][2])
    begun = world.start(towns=["老城镇"])
    assert world.arrives("T0", SAID[0][2] + "！", version="2").edition == before.edition == begun.live
    assert world.arrives("T3", SAID[3][2]).edition == begun.candidate
    moved = world.arrives("T3", SAID[3][2].replace("老城镇", "板桥镇"), version="2")
    assert moved.edition == begun.candidate


def test_a_fault_of_the_candidate_is_counted_and_the_ticket_decided_as_ever(world, monkeypatch):
    begun = world.start(share=100)
    open_ = app.open_candidate

    def broken(*given):
        book = open_(*given)
        def facts(ticket):
            if ticket.ticket_no != "T5":
                raise ValueError(f"{ticket.content}")
            return type(book).facts(book, ticket)
        monkeypatch.setattr(book, "facts", facts)
        return book

    monkeypatch.setattr(app, "open_candidate", broken)
    rows = world.all_arrive()
    assert [r.edition for r in rows] == [begun.live] * 5 + [begun.candidate]
    report = world.shadows.report(begun, world.now)
    assert (report.failed, report.comparison.tickets, report.decided) == (5, 1, 1)
    fault, = report.faults
    assert fault.where.startswith("ValueError at test_shadow.py:") and fault.samples[0] == rows[0].case_no
    told = "\n".join(as_text(report))
    assert "试算出错 5 张（案件不受影响）：ValueError" in told and "砖厂" not in told
    with pytest.raises(ShadowRefused, match="在 5 张工单上出过错"):
        world.shadows.promote(world.now, "冯某", "会议纪要", kept)
    assert current(world.place) == begun.live


def test_a_candidate_that_never_ends_is_stopped_and_after_three_tickets_not_asked_any_more(world, monkeypatch):
    begun, limit, ended = world.start(share=100), Limit(0.05), threading.Event()
    world.desk._candidate._limit = limit.on
    book, _ = world.desk._candidate.of(begun)

    def forever(*_):
        while True:
            pass

    monkeypatch.setattr(book, "facts", forever)

    def guard():
        while not ended.wait(0.01):
            limit.enforce()

    thread = threading.Thread(target=guard)
    thread.start()
    rows = world.all_arrive()
    ended.set()
    thread.join()
    assert {r.edition for r in rows} == {begun.live}
    told = [t.fault for t in world.kept()]
    assert all("还没有读完" in fault for fault in told[:3])
    assert all("3 张工单读不完，已不再试" in fault for fault in told[3:])
    assert len(told) == len(SAID)


def test_a_candidate_that_is_not_on_this_machine_is_a_fault_that_names_it(world):
    begun = world.start(share=100)
    shutil.rmtree(world.place / "editions" / begun.candidate)
    assert world.arrives("T0", SAID[0][2]).edition == begun.live
    assert f"没有版次 “{begun.candidate}”" in world.kept()[0].fault
    ended = world.shadows.stop(world.now, "冯某", "", kept)  # and it can still be stopped
    assert "报告没有做成" in json.loads(ended.report)["text"]


def test_a_candidate_that_would_tell_fewer_of_danger_is_only_tried(world):
    live = world.arrives("T0", DANGER)
    assert live.decision["alerts"]
    begun = world.start(share=100)
    candidate = world.desk._candidate
    book, terms = candidate.of(begun)

    class Deaf:
        def __getattr__(self, name):
            return getattr(book, name)

        def decide_facts(self, *given):
            return replace(book.decide_facts(*given), alerts=())

    candidate._known = begun.id, (Deaf(), terms)
    row = world.arrives("T1", DANGER)
    assert (row.edition, bool(row.decision["alerts"])) == (begun.live, True)
    assert json.loads(world.kept()[0].says)["notices"] == []
    assert world.arrives("T2", SINGLE).edition == begun.candidate


def test_promote_wants_a_reason_and_enough_tickets_and_keeps_its_report(world):
    begun = world.start()
    with pytest.raises(ShadowRefused, match="没有写理由"):
        world.shadows.promote(world.now, "冯某", " ", kept)
    world.arrives("T0", SAID[0][2])
    with pytest.raises(ShadowRefused, match="只试算过 1 张工单，至少要 200 张"):
        world.shadows.promote(world.now, "冯某", "会议纪要", kept)
    monkey = pytest.MonkeyPatch()
    monkey.setattr("hsdispute_plugin.app_shadow.number_of", lambda source, key: 3)
    with monkey.context():
        world.all_arrive()
        ended = world.shadows.promote(world.now, "冯某", "会议纪要〔2026〕3号", kept)
        monkey.undo()
    assert current(world.place) == begun.candidate == world.arrives("T9", SAID[0][2]).edition
    last = history(world.place)[-1]
    assert (last.act, last.who, last.why, last.before) == ("启用", "冯某", "会议纪要〔2026〕3号", begun.live)
    report = json.loads(ended.report)
    assert (ended.outcome, report["data"]["tickets"], report["data"]["after"]) == ("promoted", 6, begun.candidate)
    assert report["html"].startswith("<!doctype html>") and "<script" not in report["html"]
    assert world.journal()[-1][:2] == ("冯某", "试算后启用")
    assert world.shadows.running() is None
    assert rollback(world.place, world.now, "冯某", "还是原来的") == begun.live


def test_promote_refuses_a_candidate_whose_examples_do_not_hold_any_more(strict, monkeypatch):
    world = strict
    monkeypatch.setattr("hsdispute_plugin.app_shadow.number_of", lambda source, key: 1)
    begun = world.start()
    world.arrives("T0", SAID[0][2])
    (world.place / "examples" / "new.yaml").write_text(
        "示例:\n  - 名称: 新加的\n    工单: {标题: 路灯不亮, 内容: 路灯坏了半个月}\n    结果: {受理范围: 属于本机制}\n", "utf-8")
    with pytest.raises(EditionRefused, match="新加的"):
        world.shadows.promote(world.now, "冯某", "会议纪要", kept)
    assert current(world.place) == begun.live
    assert world.shadows.running() == begun


def test_what_was_tried_against_another_live_edition_is_not_mixed_in(world, monkeypatch):
    begun = world.start()
    world.all_arrive()
    edit(world.place, "settings.yaml", "    值: 30\n", "    值: 31\n")
    third = activate(world.place, world.now, "郑某", "另一处改动")
    world.arrives("T8", SAID[0][2])
    report = world.shadows.report(begun, world.now)
    assert (report.comparison.before, report.comparison.tickets, report.elsewhere) == (third, 1, 6)
    monkeypatch.setattr("hsdispute_plugin.app_shadow.number_of", lambda source, key: 3)
    with pytest.raises(ShadowRefused, match=f"对照 {third} 版只试算过 1 张"):
        world.shadows.promote(world.now, "冯某", "会议纪要", kept)


@pytest.mark.parametrize(("scope", "says"), [
    ({"units": ["交通局"]}, "没有单位“交通局”"), ({"towns": ["月亮镇"]}, "没有乡镇“月亮镇”")])
def test_a_trial_of_what_is_not_there_is_refused(world, scope, says):
    with pytest.raises(ShadowRefused, match=says):
        world.start(**scope)
    assert world.shadows.running() is None


def test_one_at_a_time_and_never_the_live_edition_itself(world, county):
    begun = world.start()
    with pytest.raises(ShadowRefused, match=f"{begun.candidate} 版正在试算，一次只试一版"):
        world.start()
    world.shadows.stop(world.now, "郑某", "", kept)
    with pytest.raises(ShadowRefused, match="正在生效，没有什么可试算的"):
        world.shadows.start(world.place / "editions" / begun.live / "county", Scope(), world.now, "郑某", "")
    with pytest.raises(ShadowRefused, match="没有正在试算的版次"):
        world.shadows.stop(world.now, "郑某", "", kept)
    with pytest.raises(EditionRefused, match="只试算过，从没启用过"):
        rollback(world.place, world.now, "郑某", "", begun.candidate)


def test_a_candidate_that_does_not_hold_is_not_begun(strict):
    world = strict
    edit(world.place, "rules/duty.yaml", "[财政局]", "[财政所]")
    with pytest.raises(EditionRefused, match="财政所"):
        world.start()
    assert world.shadows.all() == []


def test_a_report_names_what_changes_with_cases_and_rules(world):
    edit(world.place, "rules/duty.yaml", "规则:\n", """规则:
  - 编号: duty.tried
    名称: 欠费请司法局参加
    依据: 县级自定
    施行: 2025-10-27
    条件: {全部: [{受理范围: 属于本机制}, {主题: [欠费]}]}
    结论: {涉及单位: [司法局]}
    理由: 试一试
""")
    (world.place / "examples" / "tried.yaml").write_text("""示例:
  - 规则: duty.tried
    成立: [{受理范围: 属于本机制, 主题: [欠费]}]
    不成立: [{受理范围: 属于本机制, 主题: [退费]}, {受理范围: 存疑, 主题: [欠费]}]
""", "utf-8")
    begun = world.start()
    rows = world.all_arrive()
    report = world.shadows.report(begun, world.now)
    change = next(c for c in report.comparison.changes if c.fact == "涉及单位")
    assert (change.what, change.count, change.samples, change.rules) == (
        "加 司法局", 6, tuple(r.case_no for r in rows[:5]), (("duty.tried", 6),))
    told = "\n".join(as_text(report))
    assert "加 司法局  6 张（duty.tried 6），如 HS-2026-000001" in told
    assert "启用之前至少要试算 200 张，还差 194 张" in told
    assert next(m for m in report.comparison.units if m.name == "司法局").before == 0
    data = as_json(report)
    assert data["shadow"]["candidate"] == begun.candidate and data["flows"]["scope"][0]["tickets"] == 6
    assert not any(s["rule"] == "duty.tried" for s in data["silent_after"])
