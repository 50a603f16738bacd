"""Which papers there are and which remedies they name: ``forms.yaml`` and ``remedies.yaml`` as read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.facts import UNITS
from hsdispute_plugin.rules.load import read_yaml
from hsdispute_plugin.rules.node import Node, Reading

#: 报送单备注, word for word. No template may lose it, no administrator switch it off.
SECRECY = "办理过程中严格保密，不得泄露缴费人信息"
SUBMISSION = "submission"
RESPONDENT_FEEDBACK = "respondent_feedback"

#: Fields that say who complained. A copy without identity prints none of them.
IDENTITY = frozenset({"联系人姓名", "联系人电话", "联系人证件", "联系人住址", "联系人单位", "共同反映人", "代理人姓名",
                      "代理人电话"})
#: Our own numbers, which name nobody; masks leave them alone.
NUMBERS = frozenset({"案件编号", "工单编号", "报送编号", "文号", "档号"})


_PAPER_KEYS = ("代号", "文种", "简称", "模板", "触发", "接收", "保密", "去标识", "依据", "必填")
_REMEDY_KEYS = ("代号", "对象", "情形", "途径", "机关", "期限", "依据", "告知")


class Ground(StrEnum):
    """What a party is not content with; decides together with the respondent which remedy is told."""

    ACT = "行政行为"
    OMISSION = "不履行职责"
    LABOUR = "劳动争议"
    MEDIATION = "愿意调解"
    PETITION = "信访意见"


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper. ``rows`` maps the name of a table in the template to its columns.

    ``acts`` are the labels of the acts of a case that call for it; ``secret`` papers carry the sentence ``SECRECY``;
    ``deidentified`` ones never show who complained.
    """

    code: str
    title: str
    short: str
    template: str
    acts: tuple[str, ...]
    receivers: tuple[str, ...]
    secret: bool
    deidentified: bool
    basis: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields of its own, required ones first."""
        return tuple(dict.fromkeys((*self.required, *self.optional, *self.rows)))


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to object: where to, within which period, and the sentence a party reads."""

    key: str
    respondents: frozenset[str]  # unit codes, or "employer"
    ground: Ground
    way: str
    organ: str
    period: str
    basis: str
    says: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the two files say."""

    papers: Mapping[str, Paper]
    remedies: tuple[Remedy, ...]
    common: tuple[str, ...]
    prefixes: Mapping[str, str]  # unit code -> prefix of its submission numbers
    fonts: Mapping[str, tuple[str, ...]]  # wanted font -> stand-ins, best first
    stems: Mapping[str, str]  # unit code or "office" -> first part of the 字 of its 文号
    series: Mapping[str, str]  # short name of a paper that bears a 文号 -> last part of the 字


def read_catalogue(directory: Path) -> Catalogue:
    """Read ``forms.yaml`` and ``remedies.yaml`` of a forms directory.

    Raises:
        RulebookError: With all problems of both files.
    """
    reading = Reading()
    nodes: dict[str, Node | None] = {}
    for name in ("forms.yaml", "remedies.yaml"):
        path = directory / name
        if path.is_file():
            nodes[name] = read_yaml(path, f"{directory.name}/{name}", reading)
        else:
            reading.note(f"{directory.name}/{name}:1", "", f"缺少文件 {name}", f"{name} is missing",
                         "请从随附的 config/forms 复制一份")
    top = reading.mapping(nodes.get("forms.yaml"), "", ("字体", "报送编号", "通用字段", "文书"), ("文号",))
    remedies = _remedies(nodes.get("remedies.yaml"), reading)
    catalogue = Catalogue({}, remedies, (), {}, {}, {}, {})
    if top:
        papers = _papers(top["文书"], reading)
        catalogue = Catalogue(papers, remedies, _names(top["通用字段"], "通用字段", reading),
                              _prefixes(top["报送编号"], reading), _fonts(top["字体"], reading),
                              *_numbering(top.get("文号"), papers, reading))
    if reading.problems:
        raise RulebookError(tuple(reading.problems), "文书没有更换 / papers were not changed")
    return catalogue


def _names(node: Node | None, subject: str, reading: Reading) -> tuple[str, ...]:
    found: list[str] = []
    for item in reading.items(node, subject):
        word = reading.text(item, subject)
        if word is None:
            continue
        if not word.isidentifier():
            reading.note(item.where, subject, f"“{word}” 不能作字段名", f"{word!r} is no field name",
                         "请只用汉字、字母、数字和下划线，不以数字开头")
        elif word in found:
            reading.note(item.where, subject, f"“{word}” 写了两次", f"{word!r} is given twice", "请删去一处")
        else:
            found.append(word)
    return tuple(found)


def _texts(node: Node | None, subject: str, reading: Reading) -> tuple[str, ...]:
    return tuple(t for item in reading.items(node, subject) if (t := reading.text(item, subject)))


def _papers(node: Node, reading: Reading) -> dict[str, Paper]:
    papers: dict[str, Paper] = {}
    for row in reading.items(node, "文书"):
        top = reading.mapping(row, "文书", _PAPER_KEYS, ("选填", "表格"))
        if top is None:
            continue
        subject = f"文书 {top['代号'].value}"
        code, title, short, template, basis = (reading.text(top[k], subject) for k in ("代号", "文种", "简称", "模板", "依据"))
        secret, deidentified = (bool(reading.yes(top[k], f"{subject}  {k}")) for k in ("保密", "去标识"))
        required, optional = (_names(top.get(k), f"{subject}  {k}", reading) for k in ("必填", "选填"))
        rows = _rows(top.get("表格"), subject, reading)
        if code == SUBMISSION and not secret:
            reading.note(top["保密"].where, subject, "报送单的保密要求不能关", "the submission form stays secret",
                         f"请写 保密: 是（附件备注“{SECRECY}”）")
        if code == RESPONDENT_FEEDBACK and not deidentified:
            reading.note(top["去标识"].where, subject, "给对方当事人的函必须去标识",
                         "the respondent's copy must not show the complainant",
                         "请写 去标识: 是（报送单备注；信访工作条例 第三十条）")
        if code in papers:
            reading.note(top["代号"].where, subject, f"代号 “{code}” 重复", f"repeated code {code!r}", "请换一个代号")
        if short in {p.short for p in papers.values()}:
            reading.note(top["简称"].where, subject, f"简称 “{short}” 重复", f"repeated short name {short!r}", "请换一个简称")
        if template and (not template.endswith(".docx") or "/" in template or "\\" in template):
            reading.note(top["模板"].where, subject, f"模板 “{template}” 不是本目录的 .docx 文件",
                         "template must be a .docx file name", f"请写成 {code}.docx")
        if code and title and short and template and basis:
            papers[code] = Paper(code, title, short, template, _texts(top["触发"], subject, reading),
                                 _texts(top["接收"], subject, reading), secret, deidentified, basis, required, optional, rows)
    for code in (SUBMISSION, RESPONDENT_FEEDBACK):
        if code not in papers:
            reading.note(node.where, "文书", f"缺少文书 {code}", f"paper {code} is missing", "请从随附的 forms.yaml 复制这一项")
    return papers


def _rows(node: Node | None, subject: str, reading: Reading) -> dict[str, tuple[str, ...]]:
    if node is None or not isinstance(node.value, Mapping):
        if node is not None:
            reading.note(node.where, subject, "表格应写成 名称: [列, 列]", "rows must be a mapping",
                         "如 表格: {卷内文件: [序号, 题名]}")
        return {}
    return {name: _names(columns, f"{subject}  表格 {name}", reading) for name, columns in node.value.items()}


def _prefixes(node: Node, reading: Reading) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in reading.items(node, "报送编号"):
        top = reading.mapping(row, "报送编号", ("单位", "字", "依据", "未确认"), ("确认文号",))
        if top is None:
            continue
        code = reading.choice(top["单位"], "报送编号", UNITS, "单位")
        prefix = reading.text(top["字"], "报送编号", empty=True)
        reading.text(top["依据"], "报送编号")
        if reading.yes(top["未确认"], "报送编号") is False and "确认文号" not in top:
            reading.note(top["未确认"].where, "报送编号", "写了“未确认: 否”，却没有确认文号", "confirmed by what?",
                         "请写 确认文号: …")
        if prefix and prefix in found.values():
            reading.note(top["字"].where, "报送编号", f"“{prefix}” 已有别的单位在用", "prefix is used twice",
                         "每个单位各用各的字")
        if code and prefix is not None:
            found[code] = prefix
    return found


def _numbering(
    node: Node | None, papers: Mapping[str, Paper], reading: Reading
) -> tuple[dict[str, str], dict[str, str]]:
    """Read which papers bear a 文号: the 字 of the unit and the 字 of the paper make the 字 of the number."""
    top = reading.mapping(node, "文号", ("单位", "文书", "依据", "未确认"), ("确认文号",)) if node else None
    if top is None:
        return {}, {}
    reading.text(top["依据"], "文号")
    if reading.yes(top["未确认"], "文号") is False and "确认文号" not in top:
        reading.note(top["未确认"].where, "文号", "写了“未确认: 否”，却没有确认文号", "confirmed by what?", "请写 确认文号: …")
    shorts = {p.short: p.short for p in papers.values()}
    return (_words(top["单位"], "单位", {**UNITS, "专班办公室": "office"}, reading), _words(top["文书"], "文书", shorts, reading))


def _words(node: Node, key: str, known: Mapping[str, str], reading: Reading) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in reading.items(node, f"文号 {key}"):
        item = reading.mapping(row, f"文号 {key}", (key, "字"))
        if item is None:
            continue
        code, word = reading.choice(item[key], f"文号 {key}", known, key), reading.text(item["字"], f"文号 {key}")
        if word and word in found.values():
            reading.note(item["字"].where, f"文号 {key}", f"“{word}” 已有别的在用", "used twice", "各用各的字，编号才不会重")
        if code and word:
            found[code] = word
    return found


def _fonts(node: Node, reading: Reading) -> dict[str, tuple[str, ...]]:
    if not isinstance(node.value, Mapping):
        reading.note(node.where, "字体", "字体应写成 字体名: [替代, 替代]", "fonts must be a mapping",
                     "如 仿宋_GB2312: [仿宋, FangSong]")
        return {}
    return {name: _texts(stand_ins, f"字体 {name}", reading) for name, stand_ins in node.value.items()}


def _remedies(node: Node | None, reading: Reading) -> tuple[Remedy, ...]:
    known = {**UNITS, "用人单位": "employer"}
    found: dict[str, Remedy] = {}
    top = reading.mapping(node, "", ("救济",))
    for row in reading.items(top["救济"], "救济") if top else ():
        item = reading.mapping(row, "救济", _REMEDY_KEYS)
        if item is None:
            continue
        subject = f"救济 {item['代号'].value}"
        key, way, organ, period, basis, says = (
            reading.text(item[k], subject) for k in ("代号", "途径", "机关", "期限", "依据", "告知"))
        ground = reading.choice(item["情形"], subject, {g.value: g for g in Ground}, "情形")
        whom = frozenset(c for n in reading.items(item["对象"], subject) if (c := reading.choice(n, subject, known, "对象")))
        for label, part in (("机关", organ), ("期限", period)):
            if part and says and part not in says:
                reading.note(item["告知"].where, subject, f"告知里没有写到{label}“{part}”", f"the sentence lacks its {label}",
                             f"告知应一字不差地写出{label}，缴费人才知道向谁、几时提出")
        if key in found:
            reading.note(item["代号"].where, subject, f"代号 “{key}” 重复", f"repeated code {key!r}", "请换一个代号")
        if key and way and organ and period and basis and says and ground and whom:
            found[key] = Remedy(key, whom, ground, way, organ, period, basis, says)
    return tuple(found.values())
