"""回复反馈、异议、归档 (四（三）、四（四）、四（五）): reply, service to both parties, objection, archive, reopening."""

from __future__ import annotations

from hsdispute_plugin.case.file import Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.handling import Answer, FollowUp, Objection, RemedyKind, Reply, Service, ServiceMode, Side, TaskKind
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import Archive
from hsdispute_plugin.case.states import State
from hsdispute_plugin.case.triage import TriageActs
from hsdispute_plugin.model import Track


class ReplyActs(TriageActs):
    """From the written reply to the archive, and back where new facts or a supervisor demand it."""

    def issue_reply(self, by: By, reply: Reply) -> Outcome:
        """签发答复 of the accepting unit, with the remedy and its period named; two papers, the respondent's without identity.

        Clause: 四（三）1（3）、2（3）「由受理部门将处理意见以书面形式告知缴费人」.
        """
        row = self._may("issue_reply", by, 诉求=reply.claim, 查明事实=reply.facts, 处理意见=reply.opinion, 依据=reply.basis,
                        救济途径和期限=reply.remedy, 联系方式=reply.contact)
        return self._done(row, by, f"签发答复：{reply.outcome}", to=State.REPLIED, handling=self._round(reply=reply),
                          papers=[("答复意见书", "缴费人"), ("对方当事人反馈函", "对方当事人")])

    def serve(self, by: By, side: Side, mode: ServiceMode, receipt: str) -> Outcome:
        """送达 one party; when both have been reached the objection window opens.

        ``receipt`` names who received it or what proves the attempt. Clause: 四（四）「向争议双方进行反馈」.
        """
        row = self._may("serve", by, 送达回证=receipt)
        if self.handling.served(side):
            self._refuse(row, f"{side}已送达", "请送达另一方")
        services = (*self.handling.services, Service(side, mode, receipt, by.at))
        both = {s.side for s in services} == set(Side)
        return self._done(row, by, f"{mode}：{side}", to=State.OBJECTION if both else State.REPLIED,
                          handling=self._round(services=services), papers=[("送达回证", side)])

    def record_answer(self, by: By, answer: Answer, routes: tuple[RemedyKind, ...] = ()) -> Outcome:
        """登记异议: content, silent after the window, or objecting; with an objection the open ways are told.

        Clause: 四（四）.
        """
        row = self._may("record_answer", by)
        routes = tuple(dict.fromkeys(routes))
        if answer is Answer.OBJECTS and not routes:
            self._refuse(row, "没有写明可走的途径", "请告知调解、行政复议、仲裁、行政诉讼中可走的途径和期限")
        if answer is not Answer.OBJECTS and routes:
            self._refuse(row, "没有异议却写了救济途径", "有异议的请登记为有异议")
        if answer is Answer.NO_REPLY and "objection_window" not in by.lapsed:
            self._refuse(row, "异议期未满", "请等期满，或登记缴费人明确表示的意见")
        handling = self._round(objection=Objection(answer, by.at, by.actor, routes))
        if answer is Answer.OBJECTS:
            return self._done(row, by, f"缴费人有异议，已告知：{'、'.join(routes)}", to=State.REMEDY, handling=handling)
        return self._done(row, by, f"缴费人{answer}", to=State.OBJECTION, handling=handling, papers=[])

    def follow_up(self, by: By, *, satisfied: bool, solved: bool) -> Outcome:
        """回访: is the payer content, is the matter solved."""
        row = self._may("follow_up", by)
        says = f"回访：{'满意' if satisfied else '不满意'}，{'已解决' if solved else '未解决'}"
        return self._done(row, by, says, handling=self._round(follow_up=FollowUp(satisfied, solved, by.at, by.actor)))

    def redo(self, by: By) -> Outcome:
        """新情况重办: new facts, or a remedy that sends the matter back, start another round; the old one is kept."""
        return self._done(self._may("redo", by), by, "因新情况重新办理", to=State.TRIAGE, **self._new_round(by))

    def archive(self, by: By, file_no: str, keep_years: int, contents: tuple[str, ...]) -> Outcome:
        """归档: both parties were told, nothing is owed, and the table of contents holds every paper of this track.

        Clause: 四（五）.
        """
        row = self._may("archive", by, 档号=file_no, 保管年限=keep_years, 卷内目录=contents)
        if lacking := [p for p in self.papers_for_archive() if p not in contents]:
            self._refuse(row, f"案卷缺 {'、'.join(lacking)}", "请补齐后归档", DOC + "四（五）；案卷归档规定")
        done = Archive(file_no, keep_years, contents, by.at, by.actor)
        return self._done(row, by, f"归档 {file_no}", to=State.ARCHIVED, archives=(*self.archives, done))

    def reopen(self, by: By) -> Outcome:
        """重开 an archived case with the approval of the unit head; a new round begins, the archive stays as it was."""
        # A case withdrawn early was not yet taken, registered or reviewed: that duty comes back with it.
        to = State.TRIAGE if self.reviewed else State.REGISTERED if self.registrar else State.NEW
        to = State.DUTY_DISPUTED if self.dispute else to
        return self._done(self._may("reopen", by), by, "重开", to=to, **self._new_round(by))

    def papers_for_archive(self) -> tuple[str, ...]:
        """Name the papers without which the file is not complete, in the order of the file."""
        h = self.handling
        answered = {t.kind for t in h.tasks if t.opinion}
        major = h.track is Track.MAJOR
        wanted: dict[str, object] = {
            "受理登记表": self.registration, "一次性补正告知": self.supplement, "告知单": h.referral,
            "移送函": h.referral and h.referral.written, "不予受理告知书": h.refusal,
        }
        if h.reply:
            wanted |= {"报送单": major, "专案审批表": major, "联办意见书": TaskKind.JOINT in answered,
                       "专案审批意见": TaskKind.SPECIAL in answered, "会商记录": h.consultations, "会议纪要": h.minutes,
                       "答复意见书": True, "对方当事人反馈函": True, "送达回证": True}
        return tuple(kind for kind, needed in wanted.items() if needed)
