"""What is fed: for each kind of input the good ones it grows from, words to put in, and the reader that must not break.

A reader may raise what is in ``OURS``, the project's own refusals; anything else is a fault.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from openpyxl import Workbook, load_workbook

from hsdispute_plugin import app
from hsdispute_plugin.adapters import built_in
from hsdispute_plugin.adapters.signature import Signing, mark, refusal, sign
from hsdispute_plugin.adapters.spreadsheet_rows import Columns, rows
from hsdispute_plugin.app_platforms import platform_settings
from hsdispute_plugin.entrypoints.tickets import read_tickets
from hsdispute_plugin.errors import CaseRefused, DeliveryRefused, RulebookError, TicketRefused
from hsdispute_plugin.explain import explanation
from hsdispute_plugin.forms_privacy import conceal
from hsdispute_plugin.hooks.manager import Plugins
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import MAX_TEXT, Ticket
from hsdispute_plugin.rules import generated
from hsdispute_plugin.rules.calendar_import import read_table
from hsdispute_plugin.rules.condition_reader import read_condition
from hsdispute_plugin.rules.load import load, parse
from hsdispute_plugin.rules.node import Reading
from hsdispute_plugin.rules.tables import export
from hsdispute_plugin.rules.tables_import import digest, family_file, prepare

OURS = (TicketRefused, DeliveryRefused, RulebookError, CaseRefused)
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SHIPPED, SMALL = app.shipped_config(), Path(__file__).parents[1] / "small_config"
SECRET = "a-secret-of-the-fuzz"
MOST_EDITS = 1 + 6 * 8  # bytes of a program: see grown
JUNK = ("\0", "\ufeff", "\u2028", "\ud7ff", "\U0010ffff", "0531", "1e999", "-0", "null", "NaN", "{", "}", "[", "]", '"',
        "\\u0000", "\\ud800", ":", ",", "[" * 300, '{"a":' * 300, "[" * 5000, "9" * 400, "-" * 50, "\r\n", "\t", "'", "—",
        "9999-12-31", "0001-01-01", "2026-02-30", "\u3000")


@dataclass(frozen=True)
class Kind:
    """``share`` of a thousand inputs; ``seeds`` are good inputs; ``words`` are put into them; ``feed`` reads one."""

    share: float
    seeds: Callable[[], list[bytes]]
    words: Callable[[], list[str]]
    feed: Callable[[bytes], object]


@cache
def platforms():
    """Every host that has webhooks, as its shipped file sets it up, and twice the one that may be pushed in two ways."""
    offers, found = Plugins([built_in], installed=False).platforms, {}
    for name in sorted(p.stem for p in (SHIPPED / "platforms").glob("*.yaml")):
        shipped = platform_settings(name, SHIPPED)
        given = replace(shipped, secret=lambda key: "a-secret")
        pushes = [{}] if name != "http_json" else [{"推送": {"整单": "是", "数据": "data"}}, {"推送": {"工单": "data.orderNum"}}]
        for n, more in enumerate(pushes):
            values = {**given.values, **more}
            if name == "spreadsheet":
                continue
            found[f"{name}{n or ''}"] = offers[str(values["适配器"])].connect(replace(given, values=values))
    return found


def webhook(raw: bytes) -> None:
    """One body, to the reader of every platform."""
    for platform in platforms().values():
        try:
            event = platform.event({"content-type": "application/json"}, raw)
        except TicketRefused as err:
            assert str(err)
            continue
        if event:
            kept = event.event_id + event.ticket_no + (event.ticket.as_text() if event.ticket else "")
            assert "\0" not in kept
            assert kept.encode(), "the database takes it"
        if event and event.ticket:
            kept = event.ticket.as_text()
            assert HostTicket.from_text(kept).as_text() == kept, "kept with the event, it comes back the same"


def bodies() -> list[bytes]:
    order = {"orderNum": "QY-1", "title": "欠缴", "majorContent": "单位欠缴养老保险八个月", "callerName": "缴费人甲",
             "callerPhone": "13800000000", "callTime": "2026年11月2日 8时30分", "deadlineDate": "20261203093000", "orderType": 3}
    given = [{"event": "issue.created", "id": "1", "actor": "rexian", "event_id": "created-1"}, {"data": order},
             {"id": 7, "event_id": "x"}, {"data": {"orderNum": 7}}, {"ticket": "7", "transaction": "12"},
             {"event": "ticket.updated", "id": "7", "actor": "rexian", "event_id": "txn-12"}, order, [order], "x", 7]
    return [json.dumps(g, ensure_ascii=False).encode(e) for g in given for e in ("utf-8", "gb18030")]


def headers(raw: bytes) -> None:
    """Signature, time stamp and body in three lines: whoever has not the secret is refused, in words, and nothing breaks."""
    signature, stamp, body = [*raw.split(b"\n", 2), b"", b""][:3]
    signature, stamp = signature.decode("latin-1"), stamp.decode("latin-1")
    for algorithm in ("HMAC-SHA256", "HMAC-SM3"):
        signing = Signing(algorithm=algorithm)
        why = refusal((SECRET,), stamp, signature, body, NOW, signing)
        try:
            genuine = bytes.fromhex(signature) == bytes.fromhex(sign(SECRET, stamp, body, algorithm))
        except ValueError:
            genuine = False
        assert why or genuine or len(signature) < 64
    assert mark(signature).startswith("signed-")


def signed() -> list[bytes]:
    stamp = str(int(NOW.timestamp()))
    return [b"\n".join([sign(SECRET, stamp, b, a).encode(), stamp.encode(), b])
            for b in bodies()[:4] for a in ("HMAC-SHA256", "HMAC-SM3")]


@cache
def book():
    return app.make_rulebook(load(SHIPPED), generated.compile_generated)


def text(raw: bytes) -> None:
    """A ticket's title and content: read, decided, explained, and concealed as in a paper."""
    title, _, content = raw.decode("utf-8", "ignore")[:MAX_TEXT].partition("\n")
    ticket = Ticket(ticket_no="1", title=title, content=content, area=title[:4], ticket_type=title[:2])
    decision = book().decide(ticket, NOW)
    for reason in decision.reasons:
        assert all(ticket.text[p.start:p.end] == p.text for p in reason.evidence)
    explanation(decision, book().source)
    conceal(ticket.text)


@cache
def phrases() -> list[str]:
    found = sorted(book().source.words.phrases)
    return [*found[:: max(1, len(found) // 400)], "八个月", "三十多名职工", "2015年至2018年", "13800000000", "十", "万",
            "，", "。", "不", "请", "元"]


def messages() -> list[bytes]:
    return ["老城镇砖厂欠缴养老保险\n我在砖厂上班，单位欠缴养老保险八个月，三十多名职工都没有交，请税务局查处。".encode(),
            "重复缴费\n2015年至2018年重复缴纳城乡居民医保，共400元，要求退费，电话13800000000".encode(),
            "\n咨询灵活就业人员怎样参保".encode(),
            ("推诿\n" + "税务局说归人社局管，人社局说归医保局管。" * 3).encode()]


@cache
def small():
    """The small configuration, read once: what stands in its files, and its facts."""
    files = {p.relative_to(SMALL).as_posix(): p.read_bytes() for p in sorted(SMALL.rglob("*.yaml"))}
    return files, load(SMALL).table


def condition(raw: bytes) -> None:
    """A condition, as it stands in a rule."""
    reading = Reading()
    node = parse(raw, "config/rules/x.yaml", reading)
    found = read_condition(node, "grounds", small()[1], "规则 x", reading) if node is not None else None
    assert found is not None or reading.problems or (node is not None and node.spoilt)


def conditions() -> list[bytes]:
    return [c.encode() for c in (
        "全部:\n  - 情形: [十人以上, 多人]\n  - 均不:\n      - 辖区: 县外\n",
        "任一:\n  - 情形: [极端]\n  - 涉及人数: {不少于: 50}\n",
        "涉及部门数: {不少于: 2}\n", "有联系电话: 否\n", "均不:\n  - 险种: {包含任一: [失业]}\n")]


def rule_file(raw: bytes) -> None:
    """A file of a configuration (its name, a line end, its text), the others being good: all of it is loaded, or refused."""
    name, _, body = raw.partition(b"\n")
    files = small()[0]
    chosen = sorted(files)[sum(name) % len(files)]
    load(SMALL, instead={chosen: body})


def rule_files() -> list[bytes]:
    files = small()[0]
    names = {sum(n) % len(files): n for n in (bytes([i]) for i in range(11, 250))}
    return [names[place] + b"\n" + files[name] for place, name in enumerate(sorted(files)) if place in names]


def shipped_file(raw: bytes) -> None:
    """A text of any of the shipped files, read as YAML: nodes whose every scalar stands as it was written, or problems."""
    reading = Reading()
    node = parse(raw, "config/x.yaml", reading)
    assert node is not None or reading.problems


def shipped_files() -> list[bytes]:
    return [p.read_bytes()[:3000].rpartition(b"\n")[0] for p in sorted(SHIPPED.rglob("*.yaml"))]


def calendar(raw: bytes) -> None:
    read_table(raw.decode("utf-8", "replace"), "x", "国办发明电〔2026〕7号").text()


def calendars() -> list[bytes]:
    days = [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}, {"name": "元旦", "date": "2027-01-03", "isOffDay": False}]
    return [json.dumps({"year": 2027, "papers": ["x"], "days": days}).encode(),
            "2027-01-01 至 2027-01-03 休\n2027-01-09 班\n".encode()]


def tickets(raw: bytes) -> None:
    """A file of tickets: every line is a ticket, or a refusal."""
    for _, ticket in read_tickets(raw):
        assert isinstance(ticket, Ticket | TicketRefused)


def ticket_files() -> list[bytes]:
    one = {"ticket_no": "1", "title": "欠缴", "content": "单位欠缴", "received_at": "2026/1/5 8:30", "host_due_at": None,
           "extra": {"x": 1}}
    line = json.dumps(one)
    return [json.dumps(one, ensure_ascii=False).encode(), json.dumps([one, one]).encode(), f"{line}\n{line}".encode(),
            json.dumps(one, ensure_ascii=False, indent=1).encode("gb18030")]


@cache
def desk() -> Path:
    """A directory of this process's own for files that are read from disk."""
    return Path(tempfile.mkdtemp(prefix="fuzz"))


def table(raw: bytes) -> None:
    """An exported table, csv or the bytes of a workbook: rows that are tickets or say why not, or a refusal."""
    path = desk() / ("t.xlsx" if raw[:2] == b"PK" else "t.csv")
    path.write_bytes(raw)
    for row in rows(path, Columns({})):
        assert (row.ticket is None) == bool(row.why)


def tables() -> list[bytes]:
    head, one = "工单编号,标题,内容,来电时间,来电号码", "7,欠缴,单位欠缴,2026-01-05 08:30,13800000000"
    book_ = Workbook()
    for line in (head, one):
        book_.active.append(line.split(","))
    book_.save(desk() / "seed.xlsx")
    return [f"{head}\r\n{one}\r\n".encode(e) for e in ("utf-8-sig", "gb18030", "utf-16")] + [
        f"{head}\n{one}\n".replace(",", "\t").encode(), (desk() / "seed.xlsx").read_bytes()]


@cache
def exported() -> tuple[Path, Path]:
    """A copy of the small configuration and a workbook of one of its families."""
    home = desk() / "county"
    shutil.copytree(SMALL, home)
    source = load(home)
    family = next(f for f in source.families if f.rules)
    export(family, source.table, digest(family_file(home, source, family.code)), desk() / "family.xlsx")
    return home, desk() / "family.xlsx"


def workbook(raw: bytes) -> None:
    """What people typed into the cells of an exported family (row, column, text), brought back: read, or refused."""
    home, path = exported()
    sheets = load_workbook(path)
    for typed in raw.decode("utf-8", "ignore").split("\x1f"):
        sheet = sheets.worksheets[0]
        row, column = (ord(c) % 12 + 1 for c in (typed + "ab")[:2])
        value = "".join(c for c in typed[2:] if c.isprintable() or c in "\n\t")
        try:
            sheet.cell(row, column).value = value
        except (ValueError, AttributeError):  # a cell that Excel itself would not take
            continue
    sheets.save(desk() / "typed.xlsx")
    prepare(home, desk() / "typed.xlsx", force=True)


def typed_cells() -> list[bytes]:
    return [t.encode() for t in ("ab不少于 3", "cd是\x1fee否", "fg十人以上；多人", "ha=1+1", "bb",
                                 "ac2025-10-27\x1fad2025-10-26")]


def words_of_rules() -> list[str]:
    table_ = small()[1]
    labels = [fact.label for fact in table_.by_code.values()]
    values = [value for fact in table_.by_code.values() for value in list(fact.values)[:3]]
    return [*labels[::2], *values[::2], "全部", "任一", "均不", "不少于", "不多于", "属于", "包含任一", "等于", "- ", "\n  ",
            ": ", "施行", "停用", "编号", "条件", "结论", "标记", "&a ", "*a", "!!x", "<<", "---\n", "|\n", "是", "否"]


def grown(name: str, program: bytes) -> bytes:
    """Return what grows from a good input by the edits that ``program`` spells: six bytes each, after the one that chooses it.

    Words put in, stretches cut out, tripled or taken from another good input, bytes changed. No bytes: the first good input.
    """
    seeds, words = _material(name)
    data = bytearray(seeds[program[0] % len(seeds)] if program else seeds[0])
    for start in range(1, len(program) - 5, 6):
        what, high, low, size, *which = program[start:start + 6]
        at, chosen = (high << 8 | low) % (len(data) + 1), which[0] << 8 | which[1]
        if what % 6 <= 1:
            data[at:at] = words[chosen % len(words)]
        elif what % 6 == 2:
            del data[at:at + size % 40]
        elif what % 6 == 3:
            data[at:at] = data[at:at + size % 40] * 3
        elif what % 6 == 4:
            other = seeds[chosen % len(seeds)]
            data[at:] = other[min(at, len(other)):]
        elif at < len(data):
            data[at] = chosen % 256
    return bytes(data)


@cache
def _material(name: str) -> tuple[list[bytes], list[bytes]]:
    kind = KINDS[name]
    return kind.seeds(), [word.encode() for word in (*kind.words(), *JUNK)]


KINDS = {
    "webhook": Kind(560, bodies, lambda: ["issue.updated", "event", "id", "data", "orderNum", "callTime", "true"], webhook),
    "headers": Kind(259, signed, lambda: ["sha256=", "=", "0" * 64, "１２"], headers),
    "text": Kind(20, messages, phrases, text),
    "condition": Kind(40, conditions, words_of_rules, condition),
    "shipped_file": Kind(15, shipped_files, words_of_rules, shipped_file),
    "tickets": Kind(60, ticket_files, lambda: ["ticket_no", "received_at", "extra", "2026年1月5日"], tickets),
    "calendar": Kind(40, calendars, lambda: ["休", "班", "isOffDay", "true", "date", "至"], calendar),
    "rule_file": Kind(2.5, rule_files, words_of_rules, rule_file),
    "table": Kind(3, tables, lambda: ["工单编号", "内容", '"', "2026-01-05 08:30", "1E+20"], table),
    "workbook": Kind(0.5, typed_cells, words_of_rules, workbook),
}
