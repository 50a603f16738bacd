"""What the papers of the archive print (四（五）): cover, table of contents in the order of a file, and the closing note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hsdispute_plugin.case import Side, TaskState
from hsdispute_plugin.paperwork_occasion import GROUP, OFFICE, FiledPaper, Occasion, sentence

#: Papers in the order in which they lie in a file: what was reported and registered, how it was handled, answered, served.
ORDER = (
    "报送单", "受理登记表", "受理回执", "一次性补正告知", "转办单", "告知单", "移送函", "不予受理告知书", "联办通知",
    "联办意见书", "专案审批表", "专案审批意见", "会商记录", "会议纪要", "延期审批表", "延期办理告知书", "催办通知",
    "督办通知", "提级报告", "办理情况反馈单", "答复意见书", "对方当事人反馈函", "送达回证", "异议登记和救济告知", "回访记录",
)
#: Papers about the file, which are not listed in it.
ABOUT = frozenset({"卷宗封面", "卷内目录", "卷内备考表"})
_EVIDENCE_AFTER = ORDER.index("受理回执") + 0.5


def contents(o: Occasion) -> list[dict[str, object]]:
    """Return the rows of 卷内目录: every paper that was made, what the payer handed in, and what the archivist named besides.

    A page number is given as far as the pages of all papers before it are known; else it is left for the pen.
    """
    archive, r = o.case.archives[-1], o.case.registration
    made = [p for p in o.filed if p.kind not in ABOUT]
    listed = [*made, *(FiledPaper(kind, o.day) for kind in archive.contents
                       if kind not in ABOUT | {p.kind for p in made} | set(r.evidence if r else ()))]
    pieces: list[tuple[float, FiledPaper | str]] = [(_place(p.kind), p) for p in listed]
    pieces += [(_EVIDENCE_AFTER, item) for item in (r.evidence if r else ())]
    rows: list[dict[str, object]] = []
    page: int | None = 1
    for n, (_, piece) in enumerate(sorted(pieces, key=lambda p: p[0]), 1):
        rows.append({"序号": n, "页号": page or "", **_row(o, piece, known=piece in made)})
        pages = piece.pages if isinstance(piece, FiledPaper) else None
        page = page + pages if page and pages else None
    return rows


def _place(kind: str) -> float:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _row(o: Occasion, piece: FiledPaper | str, *, known: bool) -> dict[str, object]:
    if isinstance(piece, str):
        return {"文号": "", "责任者": "缴费人", "题名": piece, "日期": "", "备注": "证据"}
    titles = {p.short: p.title for p in o.forms.papers.values()}
    title = titles.get(piece.kind, piece.kind)
    if piece.receiver:
        title += f"（{o.short(piece.receiver)}）"
    return {"文号": piece.number, "责任者": _author(o, piece.author), "题名": title, "备注": "",
            "日期": piece.made_on if known else ""}


def _author(o: Occasion, name: str) -> str:
    """Return the short name of the unit that issued a paper."""
    codes = (*o.source.units, OFFICE, GROUP)
    return next((o.short(code) for code in codes if o.unit(code) == name), name)


def catalogue(o: Occasion) -> Mapping[str, object]:
    """卷内文件目录."""
    return {"档号": o.case.archives[-1].file_no, "卷内文件": contents(o)}


def cover(o: Occasion) -> Mapping[str, object]:
    """卷宗封面; its title names nobody."""
    archive, h = o.case.archives[-1], o.case.handling
    rows = contents(o)
    pages = [p.pages for p in o.filed if p.kind not in ABOUT]
    whole = sum(p or 0 for p in pages) if len(pages) == len(rows) and all(pages) else None
    ended = [s.served_at for s in h.services]
    closed = max(ended) if len(ended) == len(Side) else (h.referral or h.refusal or h.withdrawal or archive).at
    return {"档号": archive.file_no, "案卷题名": o.subject, "立卷日期": archive.at, "保管期限说明": f"定期{archive.keep_years}年",
            "卷内件数": len(rows), "卷内页数": whole, "受理日期": o.received_at, "办结日期": closed}


def archive_note(o: Occasion) -> Mapping[str, object]:
    """卷内备考表: how complete the file is, and what was gone without."""
    lines = [f"本卷共{len(contents(o))}件，已按卷内文件目录排列。", *_gaps(o)]
    return {"档号": o.case.archives[-1].file_no, "本卷情况说明": "\n".join(lines), "立卷人": o.by.actor.name,
            "立卷日期": o.case.archives[-1].at}


def _gaps(o: Occasion) -> Iterator[str]:
    case, h = o.case, o.case.handling
    if case.registration and (missing := case.registration.missing(o.by.policy.registration_extra)):
        yield f"缴费人没有补正：{'、'.join(missing)}，按现有材料办理。"
    for task in h.tasks:
        if task.state is TaskState.OVERRIDDEN:
            yield f"{o.unit(task.unit)}没有提出书面意见：{sentence(task.why)}"
    if case.absorbed:
        yield f"并入本案的案件：{'、'.join(case.absorbed)}。"
    if h.withdrawal:
        yield f"缴费人撤回：{sentence(h.withdrawal.statement)}"
    if case.past:
        yield f"本案先后办理{len(case.past) + 1}轮。"
