"""转办 in an OA: the robot hands its own to-do to the person who stands for a unit; once, and never over a person's head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_form import Form, OaHost, Whereabouts
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused
from hsdispute_plugin.hooks.platform import WriteBack
from hsdispute_plugin.logger import Logger

AFTER = "转走以后"  # of the platform file: what becomes of later results that the robot cannot write
PERSONS = "接收人"  # of the platform file: our unit → the person in the OA who takes its to-dos; empty: nothing is handed on
_log = Logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be handed on, found out before anything is written.

    ``says`` goes into the note, ``gone`` tells why the robot may not be able to write any more.
    """

    unit: str = ""
    person: str = ""
    found: Whereabouts | None = None
    says: str = ""
    gone: str = ""
    refused: str = ""

    @property
    def due(self) -> bool:
        """Tell whether the to-do is the robot's and has to be handed on."""
        return self.found is not None and self.found.mine and not self.found.theirs

    @property
    def looked(self) -> bool:
        """Tell whether the OA was asked, which takes its time."""
        return self.found is not None or bool(self.refused)


_NOTHING = Plan()


class Referrals:
    """转办 as one platform file wants it. Without 接收人 it does nothing."""

    def __init__(self, file: PlatformFile, host: OaHost) -> None:
        """Read 接收人; problems are noted in the file."""
        self._host, self._persons = host, file.words(PERSONS)
        self._lets_be = file.choice(AFTER, ("转人工", "不再写")) == "不再写" and host.writes_by_todo
        if self._persons and host.no_todos:
            file.note(PERSONS, "这样接没有待办可转", "there is no to-do to hand on", host.no_todos)
        for unit, person in self._persons.items():
            if not host.person_shape.fullmatch(person):
                file.note(f"{PERSONS}.{unit}", f"“{person}” 不是{host.person_words}", "not a person of this host",
                          f"请写{host.person_words}，或删去这个单位")

    def over(self, form: Form, result: WriteBack, previous: WriteBack | None) -> bool:
        """Tell whether a result is no more written: the to-do was handed on before, is not the robot's, and 转走以后 says so."""
        before = previous.refer_to if previous else ""
        if not self._lets_be or before != result.refer_to or before not in self._persons:
            return False
        if self._host.whereabouts(form, self._persons[before]).mine:
            return False
        _log.info("result_passed_over", key=result.key)
        return True

    def plan(self, form: Form, result: WriteBack, previous: WriteBack | None) -> Plan:
        """Look where the to-do is, when this result hands the matter to a unit and the one before did not.

        Raises:
            DeliveryDelayed: The OA did not tell; nothing was written yet.
        """
        unit, person = result.refer_to, self._persons.get(result.refer_to, "")
        if not unit or not self._persons:
            return _NOTHING
        before = previous.refer_to if previous else ""
        gone = f"这件待办早先已转给{before}，机器人可能不再是操作者；后来的变化请在控制台看" if before in self._persons else ""
        if before == unit:
            return Plan(gone=gone)
        if not person:
            return Plan(says=f"平台文件的“{PERSONS}”里没有{unit}，机器人没有转办，请人工转办。", gone=gone)
        try:
            found = self._host.whereabouts(form, person)
        except DeliveryRefused as err:  # what was decided must stand anyhow
            return Plan(unit, person, refused=str(err))
        if found.mine or found.theirs:
            return Plan(unit, person, found)
        told = f"这件待办不在机器人手里（已由别人转走或办理，或还没有流转到机器人），没有再转给{unit}，请在平台里核对"
        return Plan(unit, person, found, f"{told}。", told)

    def carry_out(self, plan: Plan, form: Form, key: str) -> None:
        """Hand the to-do on, and look whether it arrived. What stands already is not done again: ``plan`` has looked.

        Raises:
            DeliveryDelayed: ``outcome_unknown`` when the OA may have done it; the next try looks first.
            DeliveryRefused: It will not, and a person must look; the fields stand.
        """
        try:
            if plan.refused:
                raise DeliveryRefused(plan.refused)
            if plan.found is None or not plan.due:
                return
            self._host.hand_on(form, plan.person, plan.found, f"转{plan.unit}承办（社保费争议插件 {key}）")
            after = self._host.whereabouts(form, plan.person)
        except DeliveryRefused as err:
            raise DeliveryRefused(f"工单 {form.number} 的建议已写好，转给{plan.unit}没有办成：{err}。"
                                  "还请核对这个节点许不许转办") from None
        if after.mine and not after.theirs:
            raise DeliveryDelayed(f"工单 {form.number} 转给{plan.unit}以后，待办还在机器人手里。"
                                  f"请核对这个节点许不许转办、{PERSONS} 写得对不对")
        if not after.theirs:
            raise DeliveryRefused(f"工单 {form.number} 转给{plan.unit}以后，待办不在机器人手里，也没看到在接收人手里。"
                                  f"请在平台里找到它，核对 {PERSONS} 写得对不对，再关掉这一条")

    def steps(self, form: Form) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Try what 转办 needs, without handing on anything: yield what was tried and what is wrong with it."""
        host = self._host
        if not self._persons:
            yield f"转办：没有写 {PERSONS}，由经办人自己转" + (f"（{host.no_todos}）" if host.no_todos else ""), ()
            return
        found = host.whereabouts(form, next(iter(self._persons.values())))
        yield f"转办：看 {form.number} 的待办在谁手里", () if found.mine else (host.not_mine,)
        known = {unit: host.knows(person) for unit, person in self._persons.items()}
        sure, unsure = ("、".join(u for u, there in known.items() if (there is None) is silent) for silent in (False, True))
        what = f"转办：核对 {PERSONS}（{sure}）" if sure else "转办"
        what += f"，接口查不到{unsure}的 {PERSONS}，请用试验工单各转一次" if unsure else ""
        yield what, tuple(f"{host.product}里没有 “{self._persons[unit]}”，或已停用：请改 {PERSONS}.{unit}"
                          for unit, there in known.items() if there is False)
