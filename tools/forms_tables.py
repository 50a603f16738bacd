"""Papers in the shape of a ruled form, the 报送单 of the annex first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tools.forms_page import SIGNED, Cell, Page, inner_borders_off, label, merge_down

SECRET = "本件涉及缴费人个人信息，办理过程中严格保密，不得泄露缴费人信息。"
Row = tuple[float, Sequence[Cell]]


def _pair(name: str, text: str, name2: str, text2: str, height: float = 11) -> Row:
    return height, (label(name), Cell(text), label(name2), Cell(text2))


def _wide(name: str, text: str, height: float = 24) -> Row:
    return height, (label(name), Cell(text, 3))


def _signed(name: str, text: str, signer: str, day: str, height: float = 27) -> Row:
    return height, (label(name), Cell(f"{text}\n{SIGNED}签字（章）：{signer}        {day}  ", 3))


def _form(page: Page, title: str, rows: Sequence[Row], *, note: str = "", size: float = 14,
          keep_last: int = 0) -> None:
    page.title(title, "案件编号：{{ 案件编号 }}")
    page.form((31, 47, 31, 47), rows, size=size, keep_last=keep_last)
    if note:
        page.note(note)


def submission(page: Page) -> None:
    """报送单, cell by cell as the annex of 合政办发〔2025〕30号."""
    page.title("社会保险费征缴争议事项处理报送单", "报送编号 {{ 报送编号 }}")
    table = page.form((20, 14, 24, 14, 34, 16, 34), (
        (14, (label("联系人信息"), label("姓名"), Cell("{{ 联系人姓名 }}", 2, "center"), label("电话"),
              Cell("{{ 联系人电话 }}", 2, "center"))),
        (60, (label("反映\n内容\n摘要"), Cell("{{ 反映内容摘要 }}", 6))),
        (16, (label("受理人信息"), label("姓名"), Cell("{{ 受理人姓名 }}", align="center"), label("电话"),
              Cell("{{ 受理人电话 }}", align="center"), label("受理时间"), Cell("{{ 受理时间 }}", align="center"))),
        (40, (label("报送\n意见"), Cell("{{ 报送意见 }}", 6))),
        (18, (label(""), Cell("单位签章            {{ 落款日期 }}  ", 6, "right"))),
        (32, (Cell("备注：以上反映内容，现予以报送，请按规定程序处理，办理过程中严格保密，不得泄露缴费人信息。"
                   "办理结果直接反馈缴费人，并于{{ 反馈期限.月 }}月{{ 反馈期限.日 }}日将办理情况反馈受理部门。"
                   "\n电话：{{ 反馈电话 }}", 7, "both"),)),
    ))
    merge_down(table, 0, 3, 4)
    inner_borders_off(table, 3, 1, "bottom")
    inner_borders_off(table, 4, 1, "top")


def acceptance(page: Page) -> None:
    """受理登记表: the five things 四（一） wants, then review and triage."""
    _form(page, "社会保险费征缴争议受理登记表", (
        _pair("工单编号", "{{ 工单编号 }}", "受理渠道", "{{ 受理渠道 }}", 9),
        _pair("缴费人", "{{ 联系人姓名 }}", "联系方式", "{{ 联系人电话 }}", 9),
        _pair("证件", "{{ 联系人证件 }}", "住址", "{{ 联系人住址 }}", 9),
        _pair("来访时间", "{{ 来访时间 }}", "事项所在辖区", "{{ 事项所在辖区 }}", 9),
        _pair("被反映单位", "{{ 被反映单位 }}", "工作单位", "{{ 联系人单位 }}", 9),
        _pair("险种", "{{ 险种 }}", "争议环节", "{{ 争议环节 }}", 9),
        _wide("反映主要事项", "{{ 反映主要事项 }}", 26),
        _wide("争议诉求", "{{ 争议诉求 }}", 13),
        _wide("提交材料", "{{ 提交材料 }}", 9),
        _wide("其他途径情况", "{{ 其他途径情况 }}", 9),
        _pair("受理部门", "{{ 受理部门 }}", "受理时间", "{{ 受理时间 }}", 9),
        _pair("首问责任人", "{{ 受理人姓名 }}", "电话", "{{ 受理人电话 }}", 9),
        _signed("审核意见", "{{ 审核意见 }}", "{{ 审核人 }}", "{{ 审核日期 }}", 18),
        _signed("分类意见", "{{ 分类意见 }}", "{{ 分类人 }}", "{{ 分类日期 }}", 18),
    ), note=SECRET, size=12)


def referral(page: Page) -> None:
    """转办单."""
    _form(page, "社会保险费征缴争议事项转办单", (
        _pair("承办单位", "{{ 承办单位 }}", "转办时间", "{{ 转办时间 }}"),
        _pair("工单编号", "{{ 工单编号 }}", "办理期限", "{{ 办理期限 }}"),
        _pair("签收期限", "{{ 签收期限 }}", "退单期限", "{{ 退单期限 }}"),
        _pair("联系人姓名", "{{ 联系人姓名 }}", "联系人电话", "{{ 联系人电话 }}"),
        _wide("反映主要\n事项", "{{ 反映主要事项 }}", 44),
        _wide("争议诉求", "{{ 争议诉求 }}", 18),
        (34, (label("转办意见"), Cell(f"{{{{ 转办意见 }}}}\n{SIGNED}{{{{ 落款单位 }}}}（章）    {{{{ 落款日期 }}}}  ", 3))),
        _pair("经办人", "{{ 经办人姓名 }}", "经办电话", "{{ 经办人电话 }}"),
        _pair("签收人", "{{ 签收人 }}", "签收时间", "{{ 签收时间 }}"),
    ), note="1. 认为不属于本单位职责的，在退单期限前书面说明理由和依据退回；经职责争议程序指定的单位不得再次退回。"
            "2. 办理结果直接反馈缴费人，并按期反馈转办单位。3. " + SECRET)


def joint_opinion(page: Page) -> None:
    """联办意见书."""
    _form(page, "社会保险费征缴争议事项联办意见书", (
        _pair("联办单位", "{{ 落款单位 }}", "受理部门", "{{ 受理部门 }}"),
        _wide("事项", "{{ 事项标题 }}", 11),
        _wide("查明的事实", "{{ 查明事实 }}", 40),
        _wide("办理意见", "{{ 办理意见 }}", 36),
        _wide("依据", "{{ 意见依据 }}", 20),
        _wide("未办结理由\n及阶段性\n情况", "{{ 阶段性情况 }}", 16),
        _pair("承办人", "{{ 承办人姓名 }}", "电话", "{{ 承办人电话 }}"),
        _pair("单位负责人", "{{ 负责人姓名 }}", "意见期限", "{{ 意见期限 }}"),
        (18, (Cell("（单位公章）    {{ 落款日期 }}    ", 4, "right"),)),
    ), note=SECRET)


def special_approval(page: Page) -> None:
    """专案审批表."""
    _form(page, "社会保险费征缴争议重大疑难事项专案审批表", (
        _pair("报送编号", "{{ 报送编号 }}", "受理部门", "{{ 受理部门 }}"),
        _wide("事项", "{{ 事项标题 }}", 11),
        _wide("基本情况", "{{ 反映主要事项 }}", 30),
        _wide("重大疑难\n情形和依据", "{{ 重大疑难情形 }}\n依据：{{ 判定依据 }}", 20),
        _signed("受理部门\n意见", "{{ 受理部门意见 }}", "{{ 负责人姓名 }}", "{{ 落款日期 }}"),
        _signed("专班办公室\n意见", "{{ 专班办公室意见 }}", "{{ 专班办公室签字 }}", "{{ 专班办公室日期 }}"),
        _signed("专班主任\n意见", "{{ 专班主任意见 }}", "{{ 专班主任签字 }}", "{{ 专班主任日期 }}"),
    ), note="专班主任同意后，会同领导专班八个成员单位专案处理。" + SECRET)


def special_opinion(page: Page) -> None:
    """专案书面审批意见: each of the eight units answers, if only with 不涉及."""
    _form(page, "社会保险费征缴争议专案书面审批意见", (
        _pair("成员单位", "{{ 落款单位 }}", "受理部门", "{{ 受理部门 }}"),
        _pair("报送编号", "{{ 报送编号 }}", "是否涉及\n本单位职责", "{{ 是否涉及 }}"),
        _wide("事项", "{{ 事项标题 }}", 11),
        _wide("查明的事实", "{{ 查明事实 }}", 38),
        _wide("审批意见", "{{ 办理意见 }}", 38),
        _wide("依据", "{{ 意见依据 }}", 20),
        _pair("承办人", "{{ 承办人姓名 }}", "电话", "{{ 承办人电话 }}"),
        _pair("单位负责人", "{{ 负责人姓名 }}", "意见期限", "{{ 意见期限 }}"),
        (18, (Cell("（单位公章）    {{ 落款日期 }}    ", 4, "right"),)),
    ), note=SECRET)


def consultation(page: Page) -> None:
    """会商记录."""
    page.title("社会保险费征缴争议会商记录", "案件编号：{{ 案件编号 }}")
    page.form((31, 47, 31, 47), (
        _pair("会商类型", "{{ 会商类型 }}", "会商时间", "{{ 会商时间 }}"),
        _pair("会商地点", "{{ 会商地点 }}", "主持人", "{{ 主持人 }}"),
        _wide("参加人员", "{{ 参加人员 }}", 14),
        _wide("缺席人员", "{{ 缺席人员 }}", 10),
        _wide("会商议题", "{{ 会商议题 }}", 16),
        (9, (label("单位"), Cell("意见", 2, "center"), label("发言人"))),
        (9, (Cell("{%tr for 行 in 各方意见 %}", 4),)),
        (14, (Cell("{{ 行.单位 }}", align="center"), Cell("{{ 行.意见 }}", 2), Cell("{{ 行.发言人 }}", align="center"))),
        (9, (Cell("{%tr endfor %}", 4),)),
        _wide("会商结论", "{{ 会商结论 }}", 34),
        _wide("不同意见", "{{ 不同意见 }}", 14),
        _pair("记录人", "{{ 记录人 }}", "主持人签字", ""),
    ))
    page.note(SECRET)


def extension(page: Page) -> None:
    """延期审批表."""
    _form(page, "社会保险费征缴争议事项延期审批表", (
        _pair("申请单位", "{{ 申请单位 }}", "申请日期", "{{ 申请日期 }}"),
        _wide("事项", "{{ 事项标题 }}", 11),
        _pair("原办理期限", "{{ 原办理期限 }}", "延期后期限", "{{ 延期后期限 }}"),
        _wide("延期理由", "{{ 延期理由 }}", 36),
        _wide("已办情况", "{{ 已办情况 }}", 24),
        _pair("承办人", "{{ 承办人姓名 }}", "电话", "{{ 承办人电话 }}"),
        _signed("单位负责人\n意见", "{{ 单位负责人意见 }}", "{{ 单位负责人签字 }}", "{{ 单位负责人日期 }}"),
        _signed("审批意见", "{{ 审批意见 }}", "{{ 审批人签字 }}", "{{ 审批日期 }}"),
    ), note="延期须在原办理期限届满前申请；批准后将理由和新的期限书面告知缴费人。")


def supervision(page: Page) -> None:
    """督办通知单."""
    _form(page, "社会保险费征缴争议事项督办通知单", (
        _pair("承办单位", "{{ 承办单位 }}", "原办理期限", "{{ 原办理期限 }}"),
        _wide("事项", "{{ 事项标题 }}", 11),
        _wide("督办事由", "{{ 督办事由 }}", 28),
        _wide("已催办情况", "{{ 已催办情况 }}", 16),
        (34, (label("督办要求"), Cell(f"{{{{ 督办要求 }}}}\n{SIGNED}{{{{ 落款单位 }}}}（章）    {{{{ 落款日期 }}}}  ", 3))),
        _pair("回复期限", "{{ 回复期限 }}", "经办人及\n电话", "{{ 经办人姓名 }} {{ 经办人电话 }}"),
        _wide("领导批示", "{{ 批示意见 }}", 18),
        _wide("办理结果", "{{ 办理结果 }}", 30),
        _pair("承办人", "{{ 承办人姓名 }}", "单位负责人", "{{ 负责人姓名 }}"),
        _wide("回复日期", "{{ 回复日期 }}", 11),
    ))


def handling_feedback(page: Page) -> None:
    """办理情况反馈单: what the 备注 of the annex asks back from the handling unit."""
    _form(page, "社会保险费征缴争议事项办理情况反馈单", (
        _pair("承办单位", "{{ 落款单位 }}", "受理部门", "{{ 受理部门 }}"),
        _pair("报送编号", "{{ 报送编号 }}", "反馈期限", "{{ 反馈期限 }}"),
        _wide("办理情况", "{{ 办理情况 }}", 50),
        _wide("反馈缴费人\n情况", "{{ 反馈缴费人情况 }}", 30),
        _wide("未办结原因", "{{ 未办结原因 }}", 20),
        _pair("承办人", "{{ 承办人姓名 }}", "电话", "{{ 承办人电话 }}"),
        _wide("单位负责人", "{{ 负责人姓名 }}", 11),
        (18, (Cell("（单位公章）    {{ 落款日期 }}    ", 4, "right"),)),
    ), note=SECRET)


def service(page: Page) -> None:
    """送达回证."""
    _form(page, "送达回证", (
        _wide("送达文书", "{{ 送达文书 }}", 14),
        _wide("文书编号", "{{ 送达文书号 }}", 11),
        _wide("受送达人", "{{ 受送达人 }}", 12),
        _wide("送达地址", "{{ 送达地址 }}", 14),
        _pair("送达方式", "{{ 送达方式 }}", "送达时间", "{{ 送达时间 }}", 14),
        _pair("签收人", "{{ 签收人 }}", "签收时间", "{{ 签收时间 }}", 16),
        _wide("代收人及\n代收理由", "{{ 代收人及理由 }}", 18),
        _wide("拒收事由", "{{ 拒收事由 }}", 18),
        _pair("见证人", "{{ 见证人 }}", "送达人", "{{ 送达人 }}", 14),
        _wide("送达单位", "{{ 落款单位 }}", 14),
        _wide("备注", "{{ 备注 }}", 24),
    ))


def objection(page: Page) -> None:
    """异议登记和救济途径告知书: the objection, then where it can go."""
    _form(page, "异议登记和救济途径告知书", (
        _pair("异议人", "{{ 联系人姓名 }}", "电话", "{{ 联系人电话 }}", 9),
        _wide("答复文书", "{{ 答复文书 }}", 9),
        _pair("答复日期", "{{ 答复日期 }}", "异议提出时间", "{{ 异议提出时间 }}", 9),
        _wide("异议内容", "{{ 异议内容 }}", 18),
        _wide("救济途径", "{{ 救济途径 }}\n向本单位提出异议不影响上述法定期限的计算。", 60),
        _wide("选择的途径", "{{ 选择途径 }}", 10),
        _pair("异议人签字", "{{ 异议人签字 }}", "签字日期", "{{ 签字日期 }}", 10),
        _pair("受理人", "{{ 受理人姓名 }}", "电话", "{{ 受理人电话 }}", 9),
        (14, (Cell("{{ 落款单位 }}（章）    {{ 落款日期 }}    ", 4, "right"),)),
    ), size=12, keep_last=4)


def follow_up(page: Page) -> None:
    """回访记录."""
    _form(page, "社会保险费征缴争议事项回访记录", (
        _pair("缴费人", "{{ 联系人姓名 }}", "电话", "{{ 联系人电话 }}"),
        _pair("回访时间", "{{ 回访时间 }}", "回访方式", "{{ 回访方式 }}"),
        _pair("是否解决", "{{ 是否解决 }}", "是否满意", "{{ 是否满意 }}"),
        _wide("未解决原因", "{{ 未解决原因 }}", 30),
        _wide("缴费人意见", "{{ 缴费人意见 }}", 44),
        _wide("后续处理", "{{ 后续处理 }}", 36),
        _wide("回访人", "{{ 回访人 }}", 12),
    ), note=SECRET)


def cover(page: Page) -> None:
    """卷宗封面."""
    page.title("社会保险费征缴争议案卷")
    page.form((52, 104), (
        (14, (label("全宗号"), Cell("{{ 全宗号 }}"))), (14, (label("档号"), Cell("{{ 档号 }}"))),
        (14, (label("案件编号"), Cell("{{ 案件编号 }}"))), (28, (label("案卷题名"), Cell("{{ 案卷题名 }}"))),
        (14, (label("受理部门"), Cell("{{ 受理部门 }}"))), (14, (label("受理日期"), Cell("{{ 受理日期 }}"))),
        (14, (label("办结日期"), Cell("{{ 办结日期 }}"))), (14, (label("立卷日期"), Cell("{{ 立卷日期 }}"))),
        (14, (label("保管期限"), Cell("{{ 保管期限说明 }}"))), (14, (label("密级"), Cell("{{ 密级 }}"))),
        (14, (label("卷内件数、页数"), Cell("共 {{ 卷内件数 }} 件，{{ 卷内页数 or '    ' }} 页"))),
    ), size=16)


def catalogue(page: Page) -> None:
    """卷内文件目录."""
    page.title("卷内文件目录", "案件编号：{{ 案件编号 }}{% if 档号 %}    档号：{{ 档号 }}{% endif %}")
    page.form((11, 28, 22, 37, 36, 11, 11), (
        (10, tuple(label(name) for name in ("序号", "文号", "责任者", "题名", "日期", "页号", "备注"))),
        (9, (Cell("{%tr for 行 in 卷内文件 %}", 7),)),
        (10, tuple(Cell(f"{{{{ 行.{name} }}}}", align="left" if name in ("责任者", "题名", "备注") else "center")
                   for name in ("序号", "文号", "责任者", "题名", "日期", "页号", "备注"))),
        (9, (Cell("{%tr endfor %}", 7),)),
    ), size=10.5, repeat_head=True)


def archive_note(page: Page) -> None:
    """备考表."""
    page.title("卷内备考表", "案件编号：{{ 案件编号 }}{% if 档号 %}    档号：{{ 档号 }}{% endif %}")
    page.form((36, 120), (
        (100, (label("本卷情况说明"), Cell("{{ 本卷情况说明 }}"))), (16, (label("立卷人"), Cell("{{ 立卷人 }}"))),
        (16, (label("立卷日期"), Cell("{{ 立卷日期 }}"))), (16, (label("检查人"), Cell("{{ 检查人 }}"))),
        (16, (label("检查日期"), Cell("{{ 检查日期 }}"))),
    ))


TABLES: dict[str, Callable[[Page], None]] = {
    "submission": submission, "acceptance": acceptance, "referral": referral, "joint_opinion": joint_opinion,
    "special_approval": special_approval, "special_opinion": special_opinion, "consultation": consultation,
    "extension": extension, "supervision": supervision, "handling_feedback": handling_feedback, "service": service,
    "objection": objection, "follow_up": follow_up, "cover": cover, "catalogue": catalogue, "archive_note": archive_note,
}
