"""The work on cases in the browser: each role does its part of chapter four; nothing typed is lost, nothing seen is unlogged."""

from datetime import timedelta

import pytest

from hsdispute_plugin import app as joined
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import Ticket
from tests.casework import FORMS
from tests.console.conftest import PAYER, PHONE, REGISTRATION, STORIES


@pytest.fixture
def story(console, request):
    """A new case of its own for each test, just come from the host."""
    name = request.node.name
    ticket = Ticket(ticket_no=name[:100], title="", content=STORIES["joint"], caller_name=PAYER, caller_phone=PHONE,
                    received_at=joined.clock() - timedelta(hours=1))
    row, _ = console.app.desk.accept("roundup", HostTicket(ticket, "1"), console.app.book, joined.clock())
    console.numbers[name] = row.case_no
    yield name
    del console.numbers[name]


def walk(console, story, *steps):
    forms = {**FORMS, "register": REGISTRATION}
    for act, login in steps:
        console.act(story, act, login, forms.get(act))


def journal(console, story):
    with console.app.store.begin() as tx:
        return tx.journal(console.numbers[story])


def open_act(page, console, story, act):
    page.goto(f"{console.url}/cases/{console.numbers[story]}")
    page.get_by_role("link", name=act, exact=True).click()
    page.get_by_role("heading", name=act, exact=True).wait_for()


def submit(page, act):
    lacking = page.eval_on_selector_all("form[data-keep] :invalid", "found => found.map(f => f.name)")
    assert lacking == []
    with page.expect_navigation():
        page.get_by_role("button", name=act, exact=True).click()
    assert "/acts/" not in page.url, page.get_by_role("alert").all_inner_texts()


def test_a_case_shows_words_reasons_clocks_and_acts_without_the_payer(console, signed_in, axe, shot):
    page = signed_in("first")
    page.goto(f"{console.url}/cases/{console.numbers['joint']}")
    marked = page.locator("mark").all_inner_texts()
    assert "欠缴养老保险" in "".join(marked)
    body = page.inner_text("body")
    assert PAYER not in body and PHONE not in body and "〔姓名略〕" in body
    assert "审核分流" in body and "合政办发〔2025〕30号" in body
    page.get_by_text("办不了的步骤和原因").click()
    assert "依据：" in page.inner_text("body")
    axe(page)
    page.get_by_text("办不了的步骤和原因").click()
    shot(page, "case")


def test_the_payer_is_shown_for_a_reason_that_the_journal_keeps(console, signed_in, story, axe, shot):
    walk(console, story, ("dispatch", "gov"))
    page = signed_in("tax")
    page.goto(f"{console.url}/cases/{console.numbers[story]}")
    assert PHONE not in page.content()
    page.fill("#why", f"要给{PAYER}回电话核实")
    page.get_by_role("button", name="显示缴费人信息").click()
    page.get_by_text(PHONE).first.wait_for()
    axe(page)
    shot(page, "identity")
    line = journal(console, story)[-1]
    assert (line.act, line.who) == ("查看缴费人信息", "赵某（税务局承办人）")
    assert "回电话核实" in line.why and PAYER not in line.why
    page.reload()
    assert PHONE not in page.content()


def test_first_contact_registers_without_having_seen_the_payer(console, signed_in, story, axe, shot):
    walk(console, story, ("dispatch", "gov"), ("sign", "first"))
    page = signed_in("first")
    open_act(page, console, story, "受理登记")
    axe(page)
    shot(page, "register")
    assert page.get_by_label("事项所在辖区").input_value() == "老城镇", "the township that the ticket names"
    page.get_by_label("反映主要事项").fill("单位欠缴养老保险费八个月")
    page.get_by_label("诉求").fill("补缴")
    page.get_by_role("group", name="对方当事人").get_by_label("名称").fill("某砖厂")
    submit(page, "受理登记")
    assert page.get_by_role("status").first.inner_text()
    assert "已登记待审核" in page.inner_text("h1")
    case = console.app.desk.case(console.numbers[story], console.app.book, joined.clock()).case
    assert (case.registration.payer.name, case.registration.payer.phone) == (PAYER, PHONE)
    assert journal(console, story)[-1].who == "张某（税务局首问人员）"


def test_a_refused_act_says_its_clause_and_keeps_what_was_typed(console, signed_in, story):
    walk(console, story, ("dispatch", "gov"), ("sign", "first"))
    page = signed_in("first")
    open_act(page, console, story, "受理登记")
    page.get_by_label("事项所在辖区").fill("")
    page.get_by_label("反映主要事项").fill("写了很久的一段话")
    page.get_by_label("诉求").fill("补缴")
    page.get_by_role("button", name="受理登记").click()  # the browser itself asks for what is missing
    page.get_by_label("事项所在辖区").fill(" ")
    page.evaluate("document.querySelector('form[data-keep]').noValidate = true")
    page.get_by_role("button", name="受理登记").click()
    said = page.get_by_role("alert").inner_text()
    assert "辖区" in said and "依据" in said
    assert page.get_by_label("反映主要事项").input_value() == "写了很久的一段话"


def test_of_two_clerks_the_second_is_told_and_loses_nothing(console, signed_in, story, axe, shot):
    walk(console, story, ("dispatch", "gov"), ("sign", "first"), ("register", "first"))
    one, two = signed_in("tax"), signed_in("head")
    for page, words in ((one, "第一人的摘要"), (two, "第二人写的很长的摘要")):
        open_act(page, console, story, "审核")
        page.get_by_label("内容摘要").fill(words)
    submit(one, "审核")
    two.get_by_role("button", name="审核").click()
    assert "别人已办了这件案件" in two.get_by_role("alert").inner_text()
    assert "赵某" in two.get_by_role("alert").inner_text()
    assert two.get_by_label("内容摘要").input_value() == "第二人写的很长的摘要"
    axe(two)
    shot(two, "conflict")
    two.get_by_role("button", name="审核").click()  # now seen: refused, for it is reviewed already
    assert "已审核待分流" in two.get_by_role("alert").inner_text()
    case = console.app.desk.case(console.numbers[story], console.app.book, joined.clock()).case
    assert case.reviewed.summary == "第一人的摘要"


def test_a_joint_matter_goes_from_review_to_the_archive_in_the_browser(console, signed_in, story, axe, shot):
    walk(console, story, ("dispatch", "gov"), ("sign", "first"), ("register", "first"))
    clerk = signed_in("tax")
    open_act(clerk, console, story, "审核")
    clerk.get_by_label("内容摘要").fill("一项诉求：补缴")
    submit(clerk, "审核")
    open_act(clerk, console, story, "分类流转")
    assert clerk.get_by_label("办理方式").input_value() == "joint"  # as the rules suggest
    assert clerk.get_by_label("人社局").is_checked()
    clerk.get_by_label("理由").fill("涉及两个单位")
    submit(clerk, "分类流转")
    open_act(clerk, console, story, "派发联办")
    submit(clerk, "派发联办")
    unit = signed_in("hr")
    open_act(unit, console, story, "联办意见")
    axe(unit)
    shot(unit, "opinion")
    for label, words in (("查明事实", "属实"), ("处理意见", "应予补缴"), ("依据", "社会保险法 第六十三条"), ("签字人", "李某")):
        unit.get_by_label(label, exact=False).first.fill(words)
    unit.get_by_label("承办人电话").fill("0934-0000000")
    submit(unit, "联办意见")
    open_act(clerk, console, story, "形成总处理意见")
    clerk.get_by_label("正文").fill("责令补缴")
    clerk.get_by_label("依据").fill("社会保险法 第六十三条")
    submit(clerk, "形成总处理意见")
    open_act(clerk, console, story, "签发答复")
    for label, words in (("诉求", "补缴"), ("查明事实", "欠缴属实"), ("依据", "社会保险法 第六十三条")):
        clerk.get_by_label(label).first.fill(words)
    clerk.locator("[name='reply.opinion']").fill("责令补缴")
    clerk.get_by_label("答复结论").select_option("支持")
    clerk.get_by_label("反馈意见").fill("请于十日内补缴")
    submit(clerk, "签发答复")
    for side in ("缴费人", "对方当事人"):
        open_act(clerk, console, story, "送达")
        clerk.get_by_label("送达对象").select_option(side)
        clerk.get_by_label("送达方式").select_option("直接送达")
        clerk.locator("[name=receipt]").fill("签收单")
        clerk.get_by_label("送达地址").fill("老城镇")
        submit(clerk, "送达")
    open_act(clerk, console, story, "登记异议")
    clerk.get_by_label("答复内容").select_option("无异议")
    clerk.get_by_label("异议内容").fill("无")
    submit(clerk, "登记异议")
    keeper = signed_in("archivist")
    open_act(keeper, console, story, "归档")
    submit(keeper, "归档")
    assert "已归档" in keeper.inner_text("h1")
    axe(keeper)
    shot(keeper, "archived")
    who = [line.who for line in journal(console, story)]
    assert {"赵某（税务局承办人）", "李某（人社局联办单位经办人）", "孙某（税务局档案员）"} <= set(who)


def test_a_special_case_goes_through_office_and_director(console, signed_in, story, axe, shot):
    walk(console, story, ("dispatch", "gov"), ("sign", "first"), ("register", "first"), ("review", "tax"))
    clerk = signed_in("tax")
    open_act(clerk, console, story, "分类流转")
    clerk.get_by_label("办理方式").select_option("major")
    clerk.get_by_label("理由").fill("政策性问题")
    submit(clerk, "分类流转")
    open_act(clerk, console, story, "报送专班办公室")
    clerk.get_by_label("内容摘要").fill("欠缴养老保险费")
    clerk.locator("[name='form.opinion']").fill("建议专案办理")
    clerk.get_by_label("联系电话").fill("0934-0000000")
    clerk.get_by_label("反馈日期").fill("2099-01-15")
    clerk.get_by_role("button", name="报送专班办公室").click()
    assert "反馈日期 2099-01-15 在一年以后。请核对年月日" in clerk.get_by_role("alert").inner_text()
    shot(clerk, "far-date")
    clerk.get_by_label("反馈日期").fill(f"{joined.clock() + timedelta(days=30):%Y-%m-%d}")
    submit(clerk, "报送专班办公室")
    office = signed_in("office")
    open_act(office, console, story, "报请主任")
    office.get_by_label("理由").fill("材料齐全")
    office.locator("textarea:visible, input[type=text]:visible").first.fill("材料齐全，报请审批")
    submit(office, "报请主任")
    director = signed_in("director")
    open_act(director, console, story, "主任同意专案")
    axe(director)
    shot(director, "approve")
    submit(director, "主任同意专案")
    assert "专案待书面意见" in director.inner_text("h1")
    assert "冯某（政府办专班主任）" in [line.who for line in journal(console, story)]
    cyber = signed_in("cyber")
    open_act(cyber, console, story, "专案书面意见")
    assert cyber.get_by_label("涉及本单位").count() == 1


def test_a_danger_that_was_dealt_with_alarms_no_more_and_stays_on_record(console, signed_in, axe, shot):
    ticket = Ticket(ticket_no="settled", title="", content=STORIES["danger"], caller_name=PAYER, received_at=joined.clock())
    number = console.app.desk.accept("roundup", HostTicket(ticket, "1"), console.app.book, joined.clock())[0].case_no
    page = signed_in("gov")
    line = page.locator("tbody tr", has_text=number)
    page.goto(f"{console.url}/inbox?q={number}")
    assert "通报110" in line.inner_text()
    page.goto(f"{console.url}/cases/{number}/acts/settle_danger")
    page.get_by_label("处置情况").fill(f"110已到场，{PAYER}已劝离")
    submit(page, "险情处置")
    assert not [told for told in page.locator(".note.bad").all_inner_texts() if "110" in told or "专班主任" in told]
    assert "110已到场" in page.locator(".note.good:not([role])").inner_text() and PAYER not in page.inner_text("main")
    axe(page)
    shot(page, "danger-over")
    page.goto(f"{console.url}/inbox?q={number}")
    assert "险情已处置" in line.inner_text() and "通报" not in line.inner_text()
    shot(page, "inbox-danger-over")
    board = signed_in("director")
    board.goto(f"{console.url}/board")
    alarm = board.locator(".alarm").inner_text()
    assert number not in alarm and console.numbers["danger"] in alarm
    again = ticket.model_copy(update={"content": STORIES["danger"] + "，请尽快"})
    console.app.desk.accept("roundup", HostTicket(again, "2"), console.app.book, joined.clock())
    page.reload()
    assert "险情已处置" in line.inner_text() and "通报" not in line.inner_text(), "the words are those that were dealt with"
    console.app.desk.act(number, "raise_danger", Actor("王某", "gov_office", Role.GOV_OFFICE), {}, console.app.book,
                         joined.clock(), "又扬言跳楼")
    page.reload()
    assert "通报110" in line.inner_text() and "险情已处置" not in line.inner_text()


@pytest.mark.parametrize(("words", "office", "phone"), [
    ("母亲在县医院住院花了八千，居民医保才报了三千，请核实。", "合水县医疗保障局", "12393"),
    ("工地干了五个月，老板拖欠工资两万三不给。", "合水县人力资源和社会保障局", "12333"),
    ("公司不交住房公积金，找谁投诉？", "", ""),  # no unit of the county
    ("老人在外地，待遇资格认证认不过去。", "", ""),  # one of two, as the insurance may be
    ("老城镇的路坑坑洼洼，请尽快修。", "", ""),  # whoever looks after roads
])
def test_the_form_begins_with_the_office_that_the_rule_names(console, signed_in, words, office, phone, shot):
    now, desk, book = joined.clock(), console.app.desk, console.app.book
    came = Ticket(ticket_no=words, title="", content=words, caller_name=PAYER, caller_phone=PHONE, received_at=now)
    console.numbers[words] = desk.accept("roundup", HostTicket(came, "1"), book, now)[0].case_no
    walk(console, words, ("dispatch", "gov"), ("sign", "first"), ("register", "first"), ("review", "tax"))
    page = signed_in("tax")
    open_act(page, console, words, "告知移送")
    assert [page.get_by_label(label).first.input_value() for label in ("接收单位", "电话")] == [office, phone]
    if words.startswith("母亲"):
        shot(page, "inform")
        for label, typed in (("接收单位", "医保经办中心"), ("地址", "某路1号"), ("所需材料", "身份证"), ("告知方式", "当面")):
            page.get_by_label(label).first.fill(typed)
        page.get_by_label("书面移送").check()
        submit(page, "告知移送")
        assert "告知缴费人前往 医保经办中心" in page.inner_text("main"), "what the clerk wrote"
    del console.numbers[words]


def test_papers_are_read_and_downloaded_with_a_line_in_the_journal(console, signed_in, axe, shot):
    page = signed_in("first")
    page.goto(f"{console.url}/cases/{console.numbers['joint']}")
    page.get_by_role("link", name="受理登记表", exact=True).click()
    assert page.locator(".paper").inner_text().count("登记") > 0
    axe(page)
    shot(page, "paper")
    with page.expect_download() as got:
        page.get_by_role("link", name="下载 .docx").click()
    assert got.value.suggested_filename.endswith(".docx")
    assert [line.why for line in journal(console, "joint") if line.act == "调阅文书"][-2:] == [
        "网页阅读《受理登记表》", "下载《受理登记表》"]


def test_a_unit_that_takes_no_part_finds_no_case_no_act_and_no_paper(console, signed_in):
    page, number = signed_in("cyber"), console.numbers["joint"]
    with console.app.store.begin() as tx:
        paper = tx.papers(number)[0].id
    for path in ("", "/acts/review", f"/papers/{paper}", f"/papers/{paper}/docx", "/pulse?seen=1"):
        answer = page.request.get(f"{console.url}/cases/{number}{path}")
        assert answer.status == 404, path
    other = console.numbers["danger"]
    assert signed_in("office").request.get(f"{console.url}/cases/{other}/papers/{paper}").status == 404


def test_an_open_page_hears_what_others_do(console, signed_in, story):
    walk(console, story, ("dispatch", "gov"))
    page = signed_in("tax")
    page.goto(f"{console.url}/cases/{console.numbers[story]}")
    pulse = page.locator("[hx-get*=pulse]")
    assert page.request.get(f"{console.url}{pulse.get_attribute('hx-get').removeprefix('/console')}").status == 204
    console.act(story, "sign", "first")
    page.evaluate("const p = document.querySelector('[hx-get*=pulse]');"  # what the page does by itself every 15 seconds
                  "htmx.ajax('GET', p.getAttribute('hx-get'), {target: p, swap: 'innerHTML'})")
    page.get_by_text("案件刚有变动：签收").wait_for()


def test_a_visitor_is_taken_in_and_whoever_took_them_is_the_first_contact(console, signed_in, axe, shot):
    page = signed_in("first")
    page.goto(f"{console.url}/inbox")
    page.get_by_role("link", name="来访登记").click()
    axe(page)
    shot(page, "visit")
    page.fill("#caller_name", PAYER)
    page.fill("#caller_phone", PHONE)
    page.fill("#content", "单位欠缴养老保险八个月，请查处")
    with page.expect_navigation():
        page.get_by_role("button", name="立案").click()
    number = page.url.rpartition("/")[2]
    case = console.app.desk.case(number, console.app.book, joined.clock()).case
    assert (case.first_contact.person, case.first_contact.unit, case.platform) == ("张某", "tax", "visit")
    decided = page.locator("section[aria-labelledby=decided]").inner_text()
    assert "险种" in decided and "企业职工养老" in decided and "主题" in decided and "欠费" in decided
    assert page.get_by_role("link", name="受理登记", exact=True).is_visible()
    assert PHONE not in page.content()


def test_a_unit_without_a_reception_room_is_refused_with_the_clause(console, signed_in):
    from hsdispute_plugin import accounts
    from hsdispute_plugin.case import Role
    from tests.console.conftest import PASSWORD, PEOPLE

    accounts.Accounts(console.app.store).add("judge", "沈某", "court", [Role.HANDLER], PASSWORD, joined.clock())
    assert "judge" not in PEOPLE
    page = signed_in("judge")
    page.goto(f"{console.url}/visits/new")
    page.fill("#content", "单位欠缴养老保险")
    page.get_by_role("button", name="立案").click()
    assert "三（一）" in page.get_by_role("alert").inner_text()
    assert page.input_value("#content") == "单位欠缴养老保险"
