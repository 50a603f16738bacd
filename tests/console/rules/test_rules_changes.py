"""What a draft would change: in sentences, by tickets, over the stored history; ticket numbers only for those with cases."""

import pytest

from hsdispute_plugin.rules.editions import current
from hsdispute_plugin.rules.load import edition_of
from tests.console.rules.conftest import until
from tests.console.rules.test_rules_editions import change

FINANCE = "结论: {涉及单位: [财政局]}"


@pytest.fixture
def changed(draft):
    """The draft asks the office of the government to take part where it did not, and gives less time."""
    file = draft.read("rules/duty.yaml")
    assert file.text.count(FINANCE) == 1
    draft.save("rules/duty.yaml", file.text.replace(FINANCE, "结论: {涉及单位: [财政局, 政府办]}"), file.mark)
    file = draft.read("rules/triage.yaml")
    rule = file.text.index("编号: triage.lead-recent-arrears")
    at = file.text.index("结论: {主办单位: 税务局}", rule)
    draft.save("rules/triage.yaml", file.text[:at] + file.text[at:].replace("税务局", "人社局", 1), file.mark)
    file = draft.read("lexicon/topic-words.yaml")
    draft.save("lexicon/topic-words.yaml", file.text.replace("重复缴费, ", "", 1), file.mark)
    change(draft, "deadlines.yaml", "时限", ("代号", "general_total"), "数值", "12")
    return edition_of(draft.directory)


def test_changes_are_said_shown_and_replayed(console, signed_in, client, draft, changed, axe, shot):
    page = signed_in("office")
    page.goto(f"{console.url}/rules/changes")
    said = page.inner_text("[aria-labelledby=h-said]")
    assert "规则 duty.finance" in said and "政府办" in said and "general_total（联办办结）期限由 15工作日 改为 12工作日" in said
    page.get_by_role("button", name="找出来").click()
    until(page, "!!document.querySelector('#witnesses strong')")
    shown = page.inner_text("#witnesses")
    assert "多了 政府办（现由 duty.finance（机关事业单位经费） 给出）" in shown and "例：" in shown and "种情形判得不同" in shown
    page.get_by_role("button", name="回放").click()
    until(page, "!!document.querySelector('#replay strong')")
    result = page.inner_text("#replay")
    assert "4 张工单，建议有变的" in result and "联办办结：提前" in result and f"{current(draft.directory)} → {changed}" in result
    assert page.locator("#replay canvas").count() == 2
    axe(page)
    shot(page, "rules-changes")
    page.get_by_text("主办（数）").click()
    assert "合水县" in page.inner_text("#replay details[open]") or "税务局" in page.inner_text("#replay details[open]")
    samples = {"T1", "T2", "T3", "T4"}
    assert samples & set(page.locator("#replay td[data-name=如]").all_inner_texts())
    for_admin = client("admin").get("/rules/changes").text
    assert "建议有变的" in for_admin and 'data-name="如"' not in for_admin
    assert not any(f">{number}<" in for_admin for number in samples)


def test_any_two_editions_are_compared_and_a_day_may_be_given(console, client, draft, changed):
    admin, live = client("admin"), current(draft.directory)
    assert "没有不同" in admin.get(f"/rules/changes?before={live}&after=now").text
    assert "没有版次" in admin.get("/rules/changes?before=ffff").text
    assert "没有版次" in admin.get("/rules/changes?before=/etc&after=work").text
    assert "不是日期" in admin.post("/rules/changes/begin", kind="replay", day="明天").text
    assert "没有版次" in admin.post("/rules/changes/begin", kind="replay", before="..").text


def test_a_replay_that_cannot_be_done_says_why(console, client, draft, monkeypatch):
    from hsdispute_plugin.entrypoints.console import rules_changes

    monkeypatch.setattr(rules_changes, "find_spec", lambda name: None)
    assert "没有安装 polars" in client("admin").post("/rules/changes/begin", kind="replay").text


def test_a_broken_draft_names_its_lines(client, draft):
    file = draft.read("notices.yaml")
    draft.save("notices.yaml", "通报: [", file.mark)
    answer = client("auditor").get("/rules/changes")
    assert answer.status_code == 422 and "notices.yaml" in answer.text


def test_long_work_is_begun_by_those_who_try(client, draft):
    for login in ("auditor", "tax", "head"):
        assert client(login).post("/rules/changes/begin", kind="replay").status_code == 403
    admin = client("admin")
    admin.csrf = "of another session"
    assert admin.post("/rules/changes/begin", kind="replay").status_code == 403
