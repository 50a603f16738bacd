"""Chapter four walked from end to end: a ticket in a real Roundup becomes a case, is handled, answered, and archived.

Each test reads in the order of the document: 四（一）受理, 四（二）分类流转, 四（三）办理, 四（四）回复反馈, 四（五）归档.
"""

from datetime import datetime, timedelta

import pytest

from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.app import clock, open_rulebook, shipped_config
from hsdispute_plugin.case import Actor, Role, State
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.forms_docx import all_text
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.outbox import Outbox
from hsdispute_plugin.reception import Reception
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_backup import backup
from hsdispute_plugin.store_journal import broken
from tests import sealed
from tests.hosts.roundup.settings import connect
from tests.hosts.roundup.tracker import Desk as Person
from tests.hosts.roundup.tracker import Tracker

SEAT = Actor("接线员甲", "gov_office", Role.GOV_OFFICE)
TAX_FIRST, TAX_CHECK = Actor("张某", "tax", Role.FIRST_CONTACT), Actor("李某", "tax", Role.REVIEWER)
TAX_DESK, TAX_FILES = Actor("张某", "tax", Role.HANDLER), Actor("档案员乙", "tax", Role.ARCHIVIST)
OFFICE, DIRECTOR = Actor("专班办丙", "tax", Role.OFFICE), Actor("主任丁", "gov_office", Role.DIRECTOR)
REGISTERED = {
    "缴费人": {"名称": "柳某某", "电话": "13800000000"}, "来访时间": "2026-11-25T09:00:00+08:00", "事项所在辖区": "老城镇",
    "反映主要事项": "单位欠缴养老保险费", "诉求": "补缴欠费", "对方当事人": {"名称": "某砖厂", "类别": "用人单位"},
}
MEETING = {"会议时间": "2026-11-25T09:00:00+08:00", "地点": "税务局三楼", "主持": "主任丁", "到会单位": ["税务局", "人社局"],
           "缺席单位": [], "议题": "某砖厂欠缴社会保险费", "议定事项": "由税务局追缴，人社局核定"}
ANSWER = {"诉求": "补缴欠费", "查明事实": "某砖厂欠缴八个月", "答复结论": "支持", "意见": "责令某砖厂限期补缴",
          "依据": "社会保险法 第六十三条", "救济途径和期限": "", "联系方式": ""}


class Words(str):
    """A text that is compared by what stands in it, whatever its lines."""

    def __ge__(self, wanted):
        return all(w in self for w in wanted)

    def __and__(self, unwanted):
        return {w for w in unwanted if w in self}


class County:
    """The county's desk over one real tracker. Time goes on by an hour with every act, from one working day to the next."""

    platform, connected, person = "roundup", staticmethod(connect), Person

    def __init__(self, tracker, directory):
        self.tracker, self.book, self.now = tracker, open_rulebook(), clock()
        self.directory, self.store = directory, Store(f"sqlite:///{directory / 'cases.sqlite3'}", sealed.keys())
        self.desk = Desk(self.store, Forms(shipped_config() / "forms"))
        platforms, plugins = {self.platform: self.connected(tracker)}, Plugins([built_in], installed=False)
        self.reception = Reception(self.store, platforms, self.desk, lambda: self.book, plugins, lambda: self.now)
        self.outbox = Outbox(self.store, platforms, lambda: self.now, lambda: 0.5, self.desk.paper, plugins.notify)
        self.hotline = self.person(tracker)
        self.case_no = self.issue = ""

    def receives(self, title, content):
        self.issue = self.hotline.file_ticket(title, content)
        self.now = clock()
        self.reception.poll(self.platform, "w")
        self.reception.work_off(self.platform, "w", 50)
        with self.store.begin() as tx:
            self.case_no = tx.case_of(self.platform, self.issue).case_no
        self.deliver()

    def does(self, act, who, why="", **form):
        self.now += timedelta(hours=1)
        done = self.desk.act(self.case_no, act, who, form, self.book, self.now, why)
        self.deliver()
        return done

    def waits(self, workdays):
        """So many working days, until the offices have been open for an hour: what came late is told by then."""
        clocks, today = self.desk.terms(self.book).clocks, self.now.astimezone(SHANGHAI)
        morning = datetime.combine(clocks.calendar.add_workdays(today.date(), workdays), clocks.hours.opens, SHANGHAI)
        self.now = morning + timedelta(hours=1)
        self.desk.tick(self.book, self.now)
        self.deliver()

    def reads(self, kind):
        """The words of a paper as it hangs at the ticket, opened as .docx."""
        (content,) = [body for name, body in self.hotline.files(self.issue).items() if name.startswith(kind)]
        return Words(all_text(content))

    def deliver(self):
        while self.outbox.deliver_due(self.platform, "w", 20):
            pass

    @property
    def docket(self):
        return self.desk.case(self.case_no, self.book, self.now)

    @property
    def state(self):
        return self.docket.case.state

    def host(self):
        """What a clerk sees in the tracker: lead, helpers, handling, and the last note."""
        issue = self.hotline.read(self.issue)
        return (issue["unit"]["name"], sorted(u["name"] for u in issue["helpers"]), issue["handling"]["name"],
                self.hotline.notes(self.issue)[-1])

    def number(self):
        """The number of the submission, as it stands in the tracker."""
        return self.hotline.read(self.issue)["serial"]

    def clocks(self):
        return {c.key for c in self.docket.clocks if c.stopped_at is None}

    def takes_and_sorts(self, track, co_units):
        """四（一）、四（二）: to the tax office, signed for, registered by the first contact, reviewed, classified."""
        self.does("dispatch", SEAT, 单位="税务局")
        self.does("sign", TAX_FIRST)
        self.does("register", TAX_FIRST, 表单=REGISTERED)
        self.does("review", TAX_CHECK, 内容摘要="诉求一项：补缴欠费")
        self.does("classify", TAX_CHECK, 办理方式=track, 联办单位=co_units, why="经审核确定")

    def answers_and_archives(self):
        """四（三）末、四（四）、四（五）: written reply, both parties told, no objection, archived."""
        self.does("issue_reply", TAX_DESK, 答复=ANSWER,
                  文书={"对方当事人反馈函": {"反馈意见": "请于收到后十五日内补缴所欠社会保险费。"}})
        assert self.clocks() >= {"notify_after_decision"}
        self.does("serve", TAX_DESK, 送达对象="缴费人", 送达方式="直接送达", 送达回证="本人签收",
                  文书={"送达回证": {"送达地址": "税务局办税厅"}})
        self.does("serve", TAX_DESK, 送达对象="对方当事人", 送达方式="邮寄送达", 送达回证="挂号信回执",
                  文书={"送达回证": {"送达地址": "老城镇某砖厂"}})
        assert (self.state, self.clocks()) == (State.OBJECTION, {"objection_window"})
        self.does("record_answer", TAX_DESK, 答复内容="无异议")
        assert self.clocks() == {"archive_after_close"}
        self.does("archive", TAX_FILES)
        assert (self.state, self.clocks()) == (State.ARCHIVED, set())


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    with Tracker(tmp_path_factory.mktemp("roundup")) as served:
        yield served


@pytest.fixture
def county(tracker, tmp_path):
    made = County(tracker, tmp_path)
    yield made
    made.store.close()
    made.book.close()


def test_a_general_matter_of_two_units_from_ticket_to_archive(county):
    county.receives("砖厂欠缴养老保险", "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处")
    assert county.state is State.NEW
    assert county.host()[:3] == ("合水县税务局", ["合水县人力资源和社会保障局"], "一般事项")

    county.takes_and_sorts("联办", ["人社局"])
    assert county.state is State.JOINT_DISPATCH
    assert county.reads("受理登记表") >= {"柳某某", "老城镇", "补缴欠费"}
    # 四（三）1（2）（3）: tasks to the co-units, their written opinions, the combined opinion of the accepting unit
    county.does("dispatch_tasks", TAX_DESK)
    assert county.clocks() == {"general_total", "general_opinion", "sign"}
    hr = Actor("赵某", "hr", Role.CO_UNIT)
    county.does("sign_task", hr)
    county.waits(7)  # the opinion is late: the clock reminds and urges, the host's ticket says so
    assert "已逾期：人社局的“联办单位书面意见”" in county.host()[3]
    assert county.reads("催办通知") >= {"合水县人力资源和社会保障局"}
    county.does("opine", hr, 查明事实="欠缴八个月属实", 处理意见="应补缴", 依据="社会保险法 第六十条", 签字人="赵某")
    county.does("combine", TAX_DESK, 正文="责令某砖厂限期补缴", 依据="社会保险法 第六十三条")
    assert county.state is State.DRAFTING

    county.answers_and_archives()
    assert "归档" in county.host()[3]
    assert county.reads("答复意见书") >= {"责令某砖厂限期补缴", "柳某某"}
    assert not county.reads("对方当事人反馈函") & {"柳某某", "13800000000"}
    with county.store.begin() as tx:
        journal, head, left = tx.journal(), tx.journal_head(), [r for r in tx.outbox() if r.kind == "result"]
    assert (list(broken(journal, head)), left) == ([], [])
    backup(f"sqlite:///{county.directory / 'cases.sqlite3'}", county.directory / "cases.backup")
    for file in county.directory.glob("cases*"):  # the database, its log, its backup: the payer and what was said is sealed
        assert [w for w in ("柳某某", "13800000000", "砖厂上班", "欠缴八个月属实") if w.encode() in file.read_bytes()] == [], file
    people = [line for line in journal if not line.who.startswith("系统时钟")]
    assert [line.act for line in people] == [
        "收到工单", "转办", "签收", "受理登记", "审核", "分类流转", "派发联办", "签收任务", "联办意见", "形成总处理意见",
        "签发答复", "送达", "送达", "登记异议", "归档"]


def test_a_major_matter_goes_through_the_leading_group_and_comes_back(county):
    county.receives("砖厂三十多名职工联名反映欠缴社保",
                    "我们是板桥镇砖厂的三十多名职工，单位欠缴养老保险六年，多次反映没人管，联名要求税务局和人社局追缴")
    assert county.host()[2] == "重大疑难事项"

    county.takes_and_sorts("重大疑难", [])
    assert (county.state, county.clocks()) == (State.SUBMISSION, {"major_total", "major_submit", "petition_total"})
    # 四（三）2（2）: the submission form to the office, the director's consent
    feedback_on = (county.now.astimezone(SHANGHAI) + timedelta(days=40)).date()
    county.does("submit", TAX_DESK, 表单={"内容摘要": "三十余名职工反映欠缴", "意见": "请专案处理", "联系电话": "0934-0000000",
                                          "反馈日期": feedback_on.isoformat()})
    assert county.reads("报送单") >= {"三十余名职工反映欠缴", "请专案处理", "办理过程中严格保密，不得泄露缴费人信息"}
    number = county.docket.case.handling.submission.submission_no
    assert number == f"合税社争报〔{county.now.astimezone(SHANGHAI).year}〕1号"
    assert county.number() == number
    county.does("forward", OFFICE, why="材料齐全，拟请专案办理")
    county.does("approve_special", DIRECTOR, 会商=True)
    # 四（三）2（3）: all eight units answer in writing, the leading group confers, minutes are signed
    assert len(county.docket.case.handling.open_tasks()) == 8
    for unit in county.desk.terms(county.book).policy.members:
        role = {"tax": Role.HANDLER, "gov_office": Role.GOV_OFFICE}.get(unit, Role.CO_UNIT)
        county.does("opine_special", Actor(f"{unit}经办", unit, role), 处理意见="同意追缴", 签字人="负责人",
                    查明事实="欠缴属实", 依据="社会保险法 第六十三条", 涉及本单位=True,
                    文书={"专案审批意见": {"承办人电话": "0934-0000000"}})
    county.does("call_special_meeting", OFFICE)
    county.does("record_special_meeting", OFFICE, 会商={**MEETING, "专题会议": True})
    county.does("sign_minutes", DIRECTOR, 正文="议定由税务局追缴")
    assert county.docket.case.handling.minutes.minutes_no.endswith("1号")
    assert county.state is State.DRAFTING

    county.answers_and_archives()
    assert county.host()[2] == "重大疑难事项"
