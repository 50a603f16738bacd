"""Says for every clause R01–R41 what carries it, and writes docs/clauses.md: ``python -m hsdispute_plugin.case.clauses``."""

from __future__ import annotations

from dataclasses import dataclass

from hsdispute_plugin.case.acts import ACTS
from hsdispute_plugin.case.periods import PERIODS

_HEAD = """# 逐条落实 / Clause by clause

合政办发〔2025〕30号的每一条要求由什么承担：案件的步骤（连同状态、前提、文书，见 [case.md](case.md)）、时钟、规则和配置、测试。
凡由人办的步骤，都记下谁、何时、为何、依据（`JournalEntry`），系统不代人决定。

本页由程序写成，不要手改：`python -m hsdispute_plugin.case.clauses > docs/clauses.md`。对照表在
`hsdispute_plugin/case/clauses.py`；测试逐条核对：步骤、时钟、规则、文件、测试都确实存在，没有空行。

"""


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement. ``files``: configuration or code, ``path#id`` for one rule; ``gap``: what is still to be built."""

    code: str
    where: str
    demands: str
    acts: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    gap: str = ""


CLAUSES: tuple[Clause, ...] = (
    Clause("R01", "序言", "依据印在文书上", files=("config/settings.yaml#policy_basis", "config/forms/forms.yaml"),
           tests=("test_a_paper_prints_all_that_it_demands",)),
    Clause("R02", "一", "一站受理、联合处理、精细分流、就地解决", ("register", "classify", "dispatch_tasks", "archive"),
           tests=("test_no_field_of_a_case_can_be_changed_from_outside",
                  "test_a_person_decides_the_class_and_another_choice_than_suggested_needs_a_reason",
                  "test_a_general_matter_of_two_units_from_ticket_to_archive",
                  "test_a_month_is_counted_as_its_cases_stand"),
           gap="一站率"),
    Clause("R03", "二（一）", "政府主导、部门协作：各单位只办自己的一步",
           ("dispatch_tasks", "opine", "opine_special", "designate"),
           files=("config/units.yaml",),
           tests=("test_every_co_unit_owes_one_opinion_and_its_own_clock",
                  "test_administrators_and_auditors_act_on_no_case"), gap="各单位共看一案的控制台"),
    Clause("R04", "二（二）", "每条建议有规则和依据，不自动拒绝，由人确认", ("classify", "decline", "recuse", "withdraw"),
           files=("hsdispute_plugin/rules/rulebook.py",),
           tests=("test_the_systems_clock_may_remind_and_nothing_else", "test_a_recused_person_acts_no_more",
                  "test_a_matter_is_declined_only_by_a_person_who_may_on_a_ground_of_the_list_with_the_legal_way")),
    Clause("R05", "二（三）", "属地管理；县外的告知移送；同一材料不要两次", ("inform", "ask_supplement", "merge"),
           files=("config/rules/scope.yaml#scope.outside-county",),
           tests=("test_missing_items_are_asked_for_once_and_all_together",
                  "test_the_same_matter_is_merged_and_the_parent_knows_it")),
    Clause("R06", "三（一）", "只有主任同意专案和重大会商；副主任代行默认关闭",
           ("approve_special", "approve_meeting", "sign_minutes"),
           ("chair_approval",), ("config/settings.yaml#deputy_approval",),
           ("test_only_the_director_approves_a_special_case",
            "test_a_deputy_stands_in_only_where_the_setting_allows_it_and_with_an_uploaded_authorisation"),
           gap="专班成员名单及任期（谁是主任、副主任，自何日至何日）"),
    Clause("R07", "三（一）", "专班办公室设在税务局，收件、报请、会商",
           ("forward", "return_submission", "designate", "call_special_meeting"),
           ("chair_approval", "designate"), tests=("test_the_office_designates_after_a_consultation_and_the_director_without",)),
    Clause("R08", "三（一）", "税务、人社、医保设工作室受理，其他单位主动对接", ("dispatch", "sign", "register"),
           files=("config/units.yaml",),
           tests=("test_only_units_with_a_reception_room_and_the_government_office_take_in_matters",)),
    Clause("R09", "三（二）政府办", "按12345机制及时转交承办单位；不办实体", ("dispatch", "sign", "send_back"),
           ("dispatch", "sign", "return_unit"),
           tests=("test_the_government_office_passes_on_and_does_not_handle",
                  "test_a_ticket_bounces_no_more_than_the_limit_then_the_duty_is_disputed")),
    Clause("R10", "三（二）税务局", "征收；发起县级协作；征收机构申请强制执行", ("submit", "demand_payment", "apply_court"),
           files=("config/rules/duty.yaml#duty.collection",), tests=("test_only_the_tax_office_enforces",)),
    Clause("R11", "三（二）人社局", "养老、失业、工伤的登记环节；发起县级协作", ("classify", "submit"), ("registration_work",),
           ("config/rules/duty.yaml#duty.hr-insurance", "config/rules/duty.yaml#duty.registration"),
           ("test_statutory_periods_of_the_decision_run_until_the_answer", "test_the_shipped_rules_have_no_conflict_and_no_gap")),
    Clause("R12", "三（二）医保局", "医疗、生育的登记环节；发起县级协作", ("classify", "submit"), ("registration_work",),
           ("config/rules/duty.yaml#duty.medical-insurance", "config/rules/duty.yaml#duty.registration-medical"),
           ("test_the_shipped_rules_have_no_conflict_and_no_gap",)),
    Clause("R13", "三（二）法院", "司法确认、强制执行，只走法定期限，不作行政主办", ("apply_court", "record_court"),
           ("confirm_apply", "confirm_decide", "enforce_demand", "enforce_apply", "enforce_accept", "enforce_rule"),
           ("config/rules/duty.yaml#duty.court",),
           ("test_enforcement_is_asked_of_the_court_by_the_collector_after_a_demand_of_ten_working_days",
            "test_an_agreement_of_mediation_may_be_confirmed_by_the_court")),
    Clause("R14", "三（二）司法局", "人民调解；协议三十日内可申请司法确认", ("apply_remedy", "end_remedy"),
           ("mediation", "confirm_apply"),
           ("config/rules/duty.yaml#duty.justice",), ("test_an_agreement_of_mediation_may_be_confirmed_by_the_court",)),
    Clause("R15", "三（二）财政局", "机关事业单位的争议，财政局参加", ("classify", "opine"),
           files=("config/rules/duty.yaml#duty.finance",), tests=("test_every_co_unit_owes_one_opinion_and_its_own_clock",)),
    Clause("R16", "三（二）网信办", "舆情核查；没有主办单位意见不得办结",
           ("raise_public_opinion", "advise_public_opinion", "close_public_opinion"), ("public_opinion",),
           ("config/rules/escalation.yaml#escalation.public-opinion", "config/rules/duty.yaml#duty.cyber"),
           ("test_the_cyber_office_closes_public_opinion_only_upon_the_lead_units_opinion",)),
    Clause("R17", "四、首段", "首问责任：谁先接待谁登记，改变须有交接记录", ("register", "hand_over", "sign"), ("register",),
           ("config/rules/deadline.yaml#deadline.register",),
           ("test_the_first_contact_is_never_blank",
            "test_only_the_first_contact_registers_in_person_or_whoever_the_duty_was_handed_to",
            "test_a_handover_changes_the_person_and_nothing_else_of_the_first_contact")),
    Clause("R18", "四（一）", "属于本单位职责的限时办结", ("classify", "combine", "issue_reply"),
           ("self_total", "consult_reply", "petition_total", "labor_inspection"),
           ("config/rules/triage.yaml#triage.single", "config/rules/deadline.yaml#deadline.single"),
           ("test_the_matters_clock_follows_its_class_and_counts_from_the_tickets_arrival",
            "test_a_consultation_is_answered_sooner")),
    Clause("R19", "四（一）", "不属于本单位的一次告知；投诉举报书面移送", ("inform", "record_feedback", "take_back"),
           ("inform_reply",),
           ("config/rules/deadline.yaml#deadline.inform",),
           ("test_a_payer_told_elsewhere_learns_unit_address_phone_and_papers_at_once",
            "test_a_complaint_is_transferred_in_writing", "test_a_transfer_that_comes_back_is_sorted_again")),
    Clause("R20", "四（一）", "多部门或职责不清的及时登记，五项齐全；缺的一次补正",
           ("register", "ask_supplement", "correct_registration", "dispute_duty", "designate"), ("register", "supplement"),
           ("config/rules/triage.yaml#triage.unclear", "config/settings.yaml#bounce_limit"),
           ("test_registration_names_every_missing_item_at_once", "test_missing_items_are_asked_for_once_and_all_together",
            "test_a_unit_designated_after_a_dispute_may_not_return_the_ticket")),
    Clause("R21", "四（二）", "登记审核后梳理事项和诉求", ("review",), ("triage_review",),
           ("config/settings.yaml#maker_checker",),
           ("test_review_by_another_person_where_the_county_wants_it",)),
    Clause("R22", "四（二）", "分一般和重大疑难；建议由规则给出，由人决定并写理由", ("classify", "widen", "upgrade", "downgrade"),
           ("triage_review",), ("config/rules/triage.yaml#triage.major", "config/rules/triage.yaml#triage.joint"),
           ("test_a_person_decides_the_class_and_another_choice_than_suggested_needs_a_reason",
            "test_a_class_rises_at_any_time_before_the_reply", "test_a_class_falls_only_by_the_directors_decision")),
    Clause("R23", "四（二）", "重大疑难报主任同意后专案；多部门政策性问题必经专班会商",
           ("classify", "submit", "approve_special", "refuse_special"),
           ("major_submit", "chair_approval"), ("config/rules/grounds.yaml#grounds.policy-wide",),
           ("test_a_policy_issue_of_several_units_always_goes_to_the_leading_group",
            "test_what_the_director_does_not_agree_to_is_handled_as_general_or_submitted_again")),
    Clause("R24", "四（三）1（1）", "缴费人提出诉求，给受理回执", ("register",), ("register", "petition_reply"),
           tests=("test_an_anonymous_report_needs_no_name_and_no_phone",
                  "test_a_payer_who_brings_nothing_more_is_registered_with_the_reason_but_never_without_a_matter")),
    Clause("R25", "四（三）1（2）", "受理部门牵头召集联办", ("dispatch_tasks", "sign_task", "release_task", "widen"),
           ("dispatch", "sign"),
           ("config/rules/deadline.yaml#deadline.joint",), ("test_a_class_must_fit_its_units",)),
    Clause("R26", "四（三）1（3）", "各联办单位限时交书面意见；办不完报阶段性情况；逾期催办",
           ("opine", "report_progress", "return_task", "urge"), ("general_opinion",),
           tests=("test_every_co_unit_owes_one_opinion_and_its_own_clock",
                  "test_a_unit_that_cannot_finish_says_how_far_it_is_and_still_owes",
                  "test_a_late_opinion_is_reminded_urged_and_put_before_the_office"), files=("config/levels.yaml",)),
    Clause("R27", "四（三）1（3）", "综合各方意见，总处理意见书面告知", ("combine", "override_opinion", "issue_reply"),
           ("general_total", "notify_after_decision"),
           tests=("test_a_reply_waits_for_every_opinion_or_for_a_reason",
                  "test_even_a_forged_file_is_not_answered_without_its_basis_nor_archived_without_both_feedbacks")),
    Clause("R28", "四（三）2（2）", "报专班办公室，主任同意，会同八部门专案",
           ("submit", "forward", "return_submission", "approve_special",
                                                             "refuse_special"), ("major_submit", "chair_approval", "major_total"),
           ("config/rules/escalation.yaml#escalation.major", "config/rules/deadline.yaml#deadline.major"),
           ("test_a_submission_carries_every_field_of_the_annex",
            "test_all_eight_units_are_asked_and_not_concerned_is_an_answer")),
    Clause("R29", "四（三）2（3）", "各部门限时书面审批意见，可答不涉及", ("opine_special", "override_special", "adjourn"),
           ("major_opinion",),
           tests=("test_all_eight_units_are_asked_and_not_concerned_is_an_answer",
                  "test_a_meeting_may_ask_again_and_then_waits_again")),
    Clause("R30", "四（三）2（3）", "专班会商形成会议纪要，没有纪要不得答复",
           ("call_special_meeting", "record_special_meeting", "sign_minutes"),
           ("major_meeting", "minutes_issue"),
           tests=("test_without_minutes_there_is_no_reply_in_a_special_case",
                  "test_a_special_meeting_needs_the_directors_consent_and_every_answer")),
    Clause("R31", "四（三）2（3）", "由受理部门（不由专班）书面告知缴费人", ("issue_reply", "serve"),
           ("notify_after_decision", "major_total"),
           tests=("test_a_matter_of_several_units_from_notice_to_archive",
                  "test_a_reply_is_the_accepting_units_and_names_remedy_and_period",)),
    Clause("R32", "四（三）3", "一般会商不需批准，重大会商须主任同意",
           ("call_meeting", "record_meeting", "approve_meeting", "call_special_meeting"),
           ("general_meeting", "major_meeting"),
           tests=("test_a_general_consultation_needs_no_approval_but_a_full_record",
                  "test_the_director_may_agree_to_the_meeting_together_with_the_case")),
    Clause("R33", "四（四）", "限期向争议双方反馈，两份内容可不同", ("issue_reply", "serve"), ("notify_after_decision",),
           tests=("test_the_other_party_never_reads_who_complained",
                  "test_both_parties_are_told_before_the_matter_is_settled",
                  "test_the_other_party_must_be_known_before_the_reply", "test_the_respondent_never_reads_who_complained")),
    Clause("R34", "四（四）", "无异议的归档；逾期未提按县定期限", ("record_answer", "follow_up", "archive"),
           ("objection_window",),
           tests=("test_silence_counts_only_after_the_window",)),
    Clause("R35", "四（四）", "有异议的告知调解、复议、仲裁、诉讼及期限",
           ("record_answer", "apply_remedy", "end_remedy", "note_no_remedy", "redo"),
           ("remedy_follow", "mediation", "review_apply", "review_decide", "review_sue", "sue_apply", "sue_decide",
            "arbitration_apply", "arbitration_decide", "award_sue"), ("config/forms/remedies.yaml",),
           ("test_an_objection_is_told_its_ways_and_keeps_the_case_open_until_the_result",
            "test_no_remedy_is_noted_only_when_every_legal_period_that_was_told_has_run_out",
            "test_the_remedy_names_organ_and_period_of_the_respondent",
            "test_an_objection_is_told_the_right_organ_and_period")),
    Clause("R36", "四（五）", "及时归档：材料齐全、事项了结、归档后锁定", ("archive", "reopen"), ("archive_after_close",),
           tests=("test_the_table_of_contents_lists_every_paper_in_the_order_of_a_file",
                  "test_archive_lists_every_missing_paper_and_locks_the_case",
                  "test_a_case_is_reopened_by_the_unit_head_and_keeps_its_first_round")),
    Clause("R37", "五（二）", "风险防控、快速响应：险情、舆情、督办、延期、中止都有人、有时、有因",
           ("raise_danger", "settle_danger", "supervise", "answer_supervision", "extend", "suspend", "resume"),
           ("extreme_words", "supervise_reply"),
           ("config/rules/escalation.yaml#escalation.extreme", "config/rules/grounds.yaml#grounds.group10"),
           ("test_danger_is_a_duty_from_the_first_moment", "test_supervision_is_answered_before_the_archive",
            "test_an_extension_is_limited_in_length_and_number_and_asked_before_the_period_ends",
            "test_danger_is_told_at_once_and_once", "test_danger_is_told_at_night_and_again_until_it_is_dealt_with",
            "test_what_rises_is_named_with_its_cases", "test_the_fifth_matter_of_one_employer_is_suggested_as_a_common_one")),
    Clause("R38", "五（三）", "需提级的分部门上报，县案不断线", ("escalate", "record_upper_answer"),
           tests=("test_a_report_upward_tells_what_was_done_and_what_is_proposed",
                  "test_each_line_unit_reports_upward_and_the_case_goes_on_where_it_stood",)),
    Clause("R39", "五（三）", "总结分析、典型案例：每轮办理、每次重办的结果都留档", ("archive", "redo", "follow_up"),
           tests=("test_new_facts_do_not_lower_a_class", "test_a_case_read_back_from_json_is_the_same_case",
                  "test_an_answered_case_becomes_an_example_without_identity_and_later_tickets_name_it",
                  "test_the_workbook_and_the_document_hold_every_figure_and_no_payer")),
    Clause("R40", "附件", "报送单逐栏照附件；编号〔年〕序号号", ("submit",), ("major_submit",), ("config/forms/forms.yaml",),
           ("test_a_submission_carries_every_field_of_the_annex", "test_the_submission_form_is_the_annex_cell_by_cell",
            "test_a_submission_number_has_full_year_square_brackets_and_no_padding")),
    Clause("R41", "附件备注", "严格保密；结果直接反馈缴费人；按日期反馈受理部门",
           ("submit", "inform", "record_feedback", "restrict"),
           files=("hsdispute_plugin/forms_catalogue.py",),
           tests=("test_a_case_its_registration_and_its_journal_show_no_payer",
                  "test_a_transfer_with_a_feedback_date_waits_for_the_feedback",
                  "test_a_template_that_lost_the_sentence_on_secrecy_is_refused")),
)


def page() -> str:
    """Return docs/clauses.md."""
    lines = ["| 条 | 出处 | 要求 | 步骤（到何状态） | 前提 | 文书 | 时钟 | 规则和配置 | 测试 |", "|" + " --- |" * 9]
    lines += [f"| {' | '.join(_cells(clause))} |" for clause in CLAUSES]
    gaps = [f"- {c.code}（{c.where}）：{c.gap}" for c in CLAUSES if c.gap]
    return _HEAD + "\n".join([*lines, "", "## 尚待建成", "", *gaps]) + "\n"


def _cells(clause: Clause) -> tuple[str, ...]:
    rows = [ACTS[code] for code in clause.acts]
    says = {p.key: p.says for p in PERIODS}
    return (
        clause.code, clause.where, clause.demands,
        "；".join(row.label + (f"（{'、'.join(s.label for s in row.targets)}）" if row.targets else "") for row in rows),
        "；".join(dict.fromkeys(g.says for row in rows for g in row.guards)),
        "、".join(dict.fromkeys(paper for row in rows for paper in row.papers)),
        "；".join(f"`{key}` {says[key]}" for key in clause.periods),
        "、".join(f"`{name}`" for name in clause.files),
        "、".join(f"`{name}`" for name in clause.tests),
    )


if __name__ == "__main__":
    print(page(), end="")
