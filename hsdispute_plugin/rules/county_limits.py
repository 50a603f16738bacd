"""The county's own numbers: those that run beyond the law, and those that nobody has confirmed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.finding import Finding, Flaw, Severity
from hsdispute_plugin.rules.levels import ALWAYS, Anchor
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.workdays import Deadline

_MORNING = time(9)
_CLAUSE = re.compile("[一二三四五六七八九十](（[一二三四五六七八九十]+）)?[0-9]?")


def place(source: RuleSource, name: str) -> str:
    """Return how findings call a file of the directory the rules came from: ``config/units.yaml``."""
    where = next((r.where for f in source.families for r in f.rules), "")
    return f"{where.partition('/rules/')[0] or 'config'}/{name}"


def late(source: RuleSource, from_day: date | None = None) -> Iterator[Finding]:
    """Yield each county period that, begun on some day of a known year, ends after its 法定上限."""
    days = _days(source, from_day)
    for ours in source.deadlines.values():
        law = source.deadlines.get(ours.cap)
        if law is None:
            continue
        for day in days:
            mine, limit = (_due(d, day, source) for d in (ours, law))
            if mine > limit:
                yield Finding(
                    Flaw.LATE, Severity.ERROR, (place(source, "deadlines.yaml"),), (),
                    f"时限 “{ours.what}” {_length(ours)} 会晚于法定的 “{law.what}” {_length(law)}（{law.basis}）",
                    "later than the statutory period", "请缩短数值；法定期限不能由县里放宽",
                    example=f"{day} 起算，本县到 {mine:%Y-%m-%d %H:%M}，法定到 {limit:%Y-%m-%d %H:%M}",
                )
                break


def unconfirmed(source: RuleSource) -> Iterator[Finding]:
    """Yield every number that neither law nor document gives and no paper has confirmed."""
    numbers: list[tuple[str, tuple[str, ...], str, str]] = [
        (place(source, "deadlines.yaml"), (), f"时限 “{d.what}” {_length(d)}", d.basis)
        for d in source.deadlines.values() if not d.confirmed
    ]
    numbers += [(place(source, "settings.yaml"), (), f"设置 “{s.says}” {s.value}", s.basis)
                for s in source.settings.values() if not s.confirmed]
    numbers += [(r.where, (r.id,), f"规则 “{r.name}”（{r.id}）", r.unconfirmed)
                for f in source.families for r in f.rules if r.unconfirmed]
    numbers += [(level.where, (level.id,), f"级别 “{level.name}”（{level.id}）", level.unconfirmed)
                for level in source.levels if level.unconfirmed]
    for where, rules, what, basis in numbers:
        yield Finding(Flaw.UNCONFIRMED, Severity.NOTE, (where,), rules, f"{what} 未经确认，依据：{basis}", "unconfirmed",
                      "确认后请写 未确认: 否 和确认文号；规则请删去标记")


def miscited(source: RuleSource) -> Iterator[Finding]:
    """Yield each rule whose 依据 names a clause that the document has not, where the settings list its clauses."""
    listed = source.settings.get("policy_clauses")
    document, _, clauses = str(listed.value if listed else "").partition(" ")
    known = clauses.split("、")
    for rule in (r for f in source.families for r in f.rules if clauses):
        for part in rule.clause.split("；"):
            cited = part.strip().removeprefix(document)
            for m in (_CLAUSE.match(c.strip()) for c in cited.split("、") if part.strip().startswith(document)):
                if m and not any(k.startswith(m[0]) for k in known):
                    yield Finding(
                        Flaw.NO_CLAUSE, Severity.WARNING, (rule.where,), (rule.id,),
                        f"规则 “{rule.name}”（{rule.id}）的依据写着 {document} {m[0]}，文件里没有这一条", "no such clause",
                        f"文件有：{clauses}。确实有的，补进 settings.yaml 的 policy_clauses")


def unwatched(source: RuleSource) -> Iterator[Finding]:
    """Yield each period of which nobody is told once it has run out, where levels of reminding are given at all."""
    if not source.levels:
        return
    always = [level for level in source.levels if level.condition == ALWAYS]
    for deadline in source.deadlines.values():
        if not any((not level.periods or deadline.key in level.periods)
                   and (level.anchor is Anchor.AFTER or (level.anchor is Anchor.SHARE and level.amount == 100))
                   for level in always):
            yield Finding(
                Flaw.GAP, Severity.WARNING, (place(source, "levels.yaml"),), (),
                f"时限 “{deadline.what}” 逾期后没有任何一级提醒", f"nobody is told when {deadline.key} has run out",
                "请加一级 时限: 全部 或写上这一时限、份额: 100",
                example=f"任何一件适用“{deadline.what}”的案件，过期后无人得知")


def _length(deadline: Deadline) -> str:
    return f"{deadline.amount:g}{deadline.span}"


def _due(deadline: Deadline, day: date, source: RuleSource) -> datetime:
    return deadline.due(deadline.key, datetime.combine(day, _MORNING, SHANGHAI), source.calendar, source.hours).due_at


def _days(source: RuleSource, from_day: date | None) -> Sequence[date]:
    """Return every day of the years whose holidays are known (else of one year with weekends only)."""
    known = [y for y in range(2000, 2101) if not source.calendar.provisional(date(y, 1, 1), date(y, 1, 1))]
    years = [y for y in known if from_day is None or y >= from_day.year] or [from_day.year if from_day else 2026]
    return [date(y, 1, 1) + timedelta(n) for y in years for n in range((date(y + 1, 1, 1) - date(y, 1, 1)).days)]
