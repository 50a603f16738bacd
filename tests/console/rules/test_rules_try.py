"""A pasted ticket is decided before one's eyes, in force and in the draft; it is neither kept nor logged."""

import json
import logging

from tests.console.conftest import PAYER, PHONE

SAID = f"四名职工反映：我们4名职工都在老城镇砖厂上班，单位欠缴养老保险八个月，要求补缴。{PAYER}，{PHONE}"


def test_a_ticket_is_decided_with_reasons_and_the_words_behind_them(console, signed_in, draft, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/rules/try")
    axe(page)
    page.get_by_label("内容").fill(SAID)
    page.get_by_role("button", name="看建议").click()
    assert "欠缴养老保险" in "".join(page.locator("mark").all_inner_texts())
    text = page.inner_text("main")
    for said in ("属于本机制", "主题有 欠费、补缴", "涉及人数是 4", "合政办发〔2025〕30号", "办结"):
        assert said in text, said
    page.get_by_text("只差一个条件的规则").click()
    assert "要求" in page.locator("details pre").inner_text()
    assert page.get_by_label("内容").input_value() == SAID
    axe(page)
    shot(page, "rules-try")


def test_both_editions_are_held_side_by_side(console, signed_in, draft, axe, shot):
    file = draft.read("settings.yaml")
    draft.save("settings.yaml", file.text.replace("值: 5\n    说明: 共同反映", "值: 4\n    说明: 共同反映"), file.mark)
    page = signed_in("admin")
    page.goto(f"{console.url}/rules/try?book=both")
    page.get_by_label("内容").fill(SAID)
    page.get_by_role("button", name="看建议").click()
    assert page.get_by_role("heading", name="的建议").count() == 2
    assert "情形有 多人" in page.locator("section", has_text="草稿（").last.inner_text()
    axe(page)
    shot(page, "rules-try-both")


def done(tx):
    return [line.act for line in tx.journal() if line.act != "登录"]


def test_what_is_pasted_is_neither_kept_nor_logged(console, client, draft, lines, caplog):
    caplog.set_level(logging.DEBUG)
    with console.app.store.begin() as tx:
        cases, written = tx.count_cases(), done(tx)
    for login in ("admin", "office"):
        answer = client(login).post("/rules/try/answer", content=SAID, book="both")
        assert answer.status_code == 200 and PHONE in answer.text and answer.headers["cache-control"] == "no-store"
        assert client(login).post("/rules/try/answer", content=SAID, received_at="某天").status_code == 422
    with console.app.store.begin() as tx:
        assert (tx.count_cases(), done(tx)) == (cases, written)
    assert PAYER not in caplog.text and PHONE not in caplog.text and "砖厂" not in caplog.text


def test_a_json_ticket_may_be_pasted_and_what_is_none_is_refused(client, draft):
    office = client("office")
    ticket = json.dumps({"ticket_no": "1", "content": SAID, "received_at": "2026-11-02 09:00:00"}, ensure_ascii=False)
    answer = office.post("/rules/try/answer", content=ticket, book="live")
    assert answer.status_code == 200 and "2026年11月2日" in answer.text
    refused = office.post("/rules/try/answer", content='{"content": "' + PAYER + '"}')
    assert refused.status_code == 422 and "缺少工单编号" in refused.text
    assert office.post("/rules/try/answer", content="{").status_code == 422
    assert office.post("/rules/try/answer", content=" ").status_code == 422


def test_a_broken_draft_is_named_beside_what_is_in_force(client, draft):
    file = draft.read("notices.yaml")
    draft.save("notices.yaml", "通报: [", file.mark)
    answer = client("admin").post("/rules/try/answer", content=SAID, book="both")
    assert answer.status_code == 422 and "notices.yaml" in answer.text and "生效的（" in answer.text


def test_trying_is_for_those_who_answer_for_the_rules(client, draft):
    for login in ("auditor", "tax", "head", "gov"):
        assert client(login).get("/rules/try").status_code == 403
        assert client(login).post("/rules/try/answer", content=SAID).status_code == 403
    office = client("office")
    office.csrf = "of another session"
    assert office.post("/rules/try/answer", content=SAID).status_code == 403
