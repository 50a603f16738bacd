"""受理环节 (四、首段；四（一）): dispatch, signing, return, first-contact duty, registration, supplement, review."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hsdispute_plugin.case.file import CaseFile, Outcome
from hsdispute_plugin.case.guards import DOC
from hsdispute_plugin.case.policy import By
from hsdispute_plugin.case.records import Dispatch, Dispute, FirstContact, Handover, Registration, Return, Review, Supplement
from hsdispute_plugin.case.states import State


class AcceptanceActs(CaseFile):
    """From the first contact to a reviewed registration."""

    def dispatch(self, by: By, unit: str) -> Outcome:
        """转办: the government office sends the ticket to a unit with a reception room, never back to one that returned it.

        Clause: 三（二）县政府办「及时转交承办单位办理」.
        """
        row = self._may("dispatch", by, 承办单位=unit)
        if unit not in by.policy.accepting:
            self._refuse(row, f"{unit} 没有设工作室", f"请转 {'、'.join(by.policy.accepting)} 之一", DOC + "三（一）")
        if unit in {r.unit for r in self.returns}:
            self._refuse(row, f"{unit} 已退过这件工单", "请转别的单位；都退过的由专班办公室会商指定")
        return self._done(row, by, f"政府办转 {unit} 承办", papers=[("转办单", unit)], accepting_unit=unit,
                          dispatched=Dispatch(unit, by.at, by.actor))

    def sign(self, by: By) -> Outcome:
        """签收: who signs takes over the first-contact duty, and the handover is logged."""
        row = self._may("sign", by)
        assert self.dispatched
        return self._done(row, by, f"{by.actor.unit} 签收", dispatched=replace(self.dispatched, signed_at=by.at),
                          **self._taken_over(by, by.actor.name, by.actor.unit, "签收"))

    def send_back(self, by: By, belongs_to: str) -> Outcome:
        """退单 with reason and the unit whose duty it is thought to be; at the limit the duty is disputed instead of bouncing on.

        A designated unit may not return, nor may anyone after the return period.
        """
        row = self._may("send_back", by, 应由何单位承办=belongs_to)
        returns = (*self.returns, Return(by.actor.unit, by.at, by.actor, by.why, belongs_to))
        changes: dict[str, Any] = {"returns": returns, "accepting_unit": "gov_office", "dispatched": None}
        rest = set(by.policy.accepting) - {r.unit for r in returns}
        if len(returns) >= by.policy.bounce_limit or not rest:
            dispute = Dispute(State.NEW, by.at, by.actor, by.why)
            return self._done(row, by, f"{by.actor.unit} 退单，已退 {len(returns)} 次，转为职责待定", to=State.DUTY_DISPUTED,
                              dispute=dispute, **changes)
        return self._done(row, by, f"{by.actor.unit} 退单，认为应由 {belongs_to} 承办", to=State.NEW, **changes)

    def hand_over(self, by: By, person: str) -> Outcome:
        """首问交接 to another person of the accepting unit: the only way in which the first contact changes.

        Clause: 四、首段「第一个接待（受理）矛盾纠纷的人员必须负责」.
        """
        row = self._may("hand_over", by, 接手人=person)
        return self._done(row, by, f"首问责任交给 {by.actor.unit} 另一人", **self._taken_over(by, person, by.actor.unit, by.why))

    def ask_supplement(self, by: By, form: Registration) -> Outcome:
        """一次性补正告知: what is missing is computed, all of it, and asked for once."""
        row = self._may("ask_supplement", by)
        missing = form.missing(by.policy.registration_extra)
        if not missing:
            self._refuse(row, "登记项目已齐", "请直接登记")
        self._been(row, by, "来访时间", form.visited_at)
        return self._done(row, by, f"请缴费人一次补正：{'、'.join(missing)}", to=State.NEW, registration=form,
                          registrar="",
                          supplement=Supplement(missing, by.at))

    def register(self, by: By, form: Registration) -> Outcome:
        """受理登记 by the first contact in person.

        Blank items are refused all at once. After a supplement was asked for and not given, the reason goes into ``why``
        and the case is registered with what there is: a payer is not sent away for a missing paper. The matter itself
        is never blank.

        Clause: 四（一）「准确完整登记缴费人基本情况、来访时间、联系方式、事项所在辖区、反映主要事项等内容」.
        """
        row = self._may("register", by)
        if (by.actor.name, by.actor.unit) != (self.first_contact.person, self.first_contact.unit):
            self._refuse(row, "登记应由首问人员本人办理", "本人不能办理的请先首问交接", DOC + "四、首段（首问责任制）")
        missing = form.missing(by.policy.registration_extra)
        if missing and (not self.awaits_supplement or "反映主要事项" in missing):
            self._refuse(row, f"登记缺 {'、'.join(missing)}", "请补齐，或发一次性补正告知")
        if missing and not by.why.strip():
            self._refuse(row, f"缴费人没有补正 {'、'.join(missing)}", "按现有材料登记请写明原因")
        self._been(row, by, "来访时间", form.visited_at)
        supplement = replace(self.supplement,
                             answered_at=by.at) if self.awaits_supplement and self.supplement else self.supplement
        says = f"按现有材料登记，缺 {'、'.join(missing)}" if missing else "登记完整"
        return self._done(row, by, says, to=State.REGISTERED, registration=form, registrar=by.actor.name, supplement=supplement)

    def correct_registration(self, by: By, form: Registration) -> Outcome:
        """更正登记 with reason, such as naming the other party; nothing already registered may become blank."""
        row = self._may("correct_registration", by)
        before = self.registration.missing(by.policy.registration_extra) if self.registration else ()
        lost = [item for item in form.missing(by.policy.registration_extra) if item not in before]
        if lost:
            self._refuse(row, f"更正后会缺 {'、'.join(lost)}", "请补齐")
        if self.registration and self.registration.respondent and not form.respondent:
            self._refuse(row, "更正后会缺对方当事人", "请补齐")
        self._been(row, by, "来访时间", form.visited_at)
        return self._done(row, by, "更正登记", registration=form)

    def review(self, by: By, summary: str) -> Outcome:
        """审核: sort out matters and claims; where the county wants it, by another person than the registrar.

        Clause: 四（二）「登记审核后，将缴费人反映的争议事项、争议诉求进行梳理整理」.
        """
        row = self._may("review", by, 事项和诉求梳理=summary)
        if by.policy.maker_checker and by.actor.name == self.registrar:
            self._refuse(row, "登记人不能审核自己的登记", "请换人审核", "settings.yaml maker_checker（县级自定）")
        return self._done(row, by, "审核通过", to=State.TRIAGE, reviewed=Review(summary, by.at, by.actor))

    def _taken_over(self, by: By, person: str, unit: str, why: str) -> dict[str, Any]:
        former = self.first_contact
        return {"first_contact": FirstContact(person, unit, former.at, former.channel),
                "handovers": (*self.handovers, Handover(former, person, unit, by.at, by.actor, why))}
