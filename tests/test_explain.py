"""What a clerk reads in the host's ticket: alerts first, then what, who, by when and why, and that a person decides."""

from datetime import UTC, datetime

from hsdispute_plugin.desk_standing import write_back
from hsdispute_plugin.explain import decision_json, explanation
from hsdispute_plugin.model import Ticket, Track

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
JOINT = "老城镇砖厂欠缴养老保险八个月，请税务局查处。"
THREAT = "单位欠缴养老保险八个月，再不解决我就从楼上跳下去。"


def decided(book, content, **more):
    return book.decide(Ticket(ticket_no="1", content=content, **more), NOW)


def note(book, content, **more):
    return explanation(decided(book, content, **more), book.source).split("\n")


def test_a_threat_to_life_stands_before_everything_else(book):
    lines = note(book, THREAT)
    verdict = next(n for n, line in enumerate(lines) if line.startswith("建议："))
    assert verdict > 0 and all(line.startswith("【通报】") for line in lines[:verdict])
    assert any("110" in line for line in lines[:verdict])


def test_the_verdict_names_scope_track_lead_and_who_takes_part(book):
    assert note(book, JOINT)[:2] == [
        "建议：属于本机制，联办（一般事项）。", "主办：合水县税务局。参加：合水县人力资源和社会保障局。"]


def test_each_reason_carries_its_clause_the_words_behind_it_and_its_rule(book):
    decision = decided(book, JOINT)
    text = explanation(decision, book.source)
    for reason in decision.reasons:
        if reason.family != "时限":
            assert f"{reason.because}（{reason.clause}）" in text and f"[{reason.rule}]" in text
    assert "——原文：“欠缴养老保险”" in text


def test_a_number_that_nobody_confirmed_says_so_and_the_hosts_own_does_not(book):
    lines = note(book, JOINT, host_due_at="2026-11-24 12:00:00")
    periods = [line for line in lines if line.startswith("  · ")]
    assert "  · 平台工单时限：2026年11月24日（周二）12:00前（平台随工单给出的时限）" in periods
    assert all("，未确认" in p for p in periods if "平台工单时限" not in p)


def test_a_period_into_a_year_without_a_notice_is_called_provisional(book):
    assert any("2027年" in line and "暂定" in line for line in note(book, THREAT))


def test_the_last_line_says_that_a_person_decides_and_by_which_edition(book):
    assert note(book, JOINT)[-1] == f"以上由规则册 {book.edition} 版给出，是否采纳由受理人决定。"


def test_what_is_told_elsewhere_has_no_lead_and_nobody_takes_part(book):
    decision = decided(book, "肖咀镇街道的路灯坏了，请维修。")
    result = write_back("HS-2026-000001-1", decision, book.source)
    assert (result.track, result.lead, result.helpers, result.category) == (Track.INFORM, "", (), "其他")
    assert "主办" not in result.note


def test_the_write_back_says_in_the_countys_words_what_the_codes_say(book):
    result = write_back("HS-2026-000001-1", decided(book, JOINT), book.source)
    assert result.note.startswith("〔hsdispute:HS-2026-000001-1〕\n")
    assert (result.lead, result.helpers) == ("合水县税务局", ("合水县人力资源和社会保障局",))
    assert (result.category, result.handling) == ("征缴", "联办")
    documents = [d.partition(" ") for d in result.basis.split("；")]
    assert documents[0][0] == "合政办发〔2025〕30号" and "四（三）1" in documents[0][2].split("，")
    assert len({d for d, _, _ in documents}) == len(documents), "each document once"
    assert all(len(set(c.split("，"))) == len(c.split("，")) for _, _, c in documents), "each clause once"


def test_programs_get_codes_and_county_time(book):
    told = decision_json(decided(book, JOINT))
    assert (told["scope"], told["lead"], told["units"], told["track"]) == ("in", "tax", ["hr", "tax"], "joint")
    assert all(d["due_at"].endswith("+08:00") and d["basis"] for d in told["due"])
