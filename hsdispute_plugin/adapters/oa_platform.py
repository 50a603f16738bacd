"""A robot in an OA as a ``Platform``: it reads what waits for it, fills in the form, hands it on where told, moves no flow on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hsdispute_plugin.adapters.json_shape import word
from hsdispute_plugin.adapters.mapping import PlatformFile
from hsdispute_plugin.adapters.oa_form import FILES, NOTE, Form, FormWords, OaHost, SaysOpinions
from hsdispute_plugin.adapters.oa_referral import Plan, Referrals
from hsdispute_plugin.adapters.writing import KEY, changes, noted
from hsdispute_plugin.errors import DeliveryDelayed, DeliveryRefused, TicketRefused
from hsdispute_plugin.hooks.platform import HostEvent, HostTicket, PlatformSettings, WriteBack, mark_of
from hsdispute_plugin.model import decode

OVERLAP = timedelta(seconds=60)  # a row's time is taken before its commit, which may come after our last look
_MOST_NUMBER = 64  # characters of a form's number


class OaPlatform:
    """A connected OA. One thread polls; a ticket is written by one thread at a time."""

    def __init__(
        self, settings: PlatformSettings, connect: Callable[[PlatformFile, PlatformSettings, FormWords], OaHost],
    ) -> None:
        """Read the platform file; connects at the first call.

        Raises:
            RulebookError: The file is wrong.
        """
        file = PlatformFile(settings)
        self.name = settings.name
        self._words, self._start = FormWords(file), file.moment("轮询起始")
        self._host = connect(file, settings, self._words)
        self._referrals = Referrals(file, self._host)
        if NOTE not in self._words.write_at and not isinstance(self._host, SaysOpinions):
            file.note("字段.说明", "没有地方写说明", "no place for the note", "请在表单里加一个多行文本，写上 字段.说明")
        file.done()
        self._polled: tuple[str, frozenset[str]] = ("", frozenset())

    def event(self, headers: Mapping[str, str], body: bytes) -> HostEvent | None:
        """Read a hint ``{"id": form number, "event_id": optional}`` that a node or trigger sends; the form is fetched."""
        try:
            given = json.loads(decode(body))
        except (ValueError, RecursionError):
            raise TicketRefused('回调内容应是 JSON：{"id": "流程或表单编号"}') from None
        number = word(given.get("id")) if isinstance(given, Mapping) else ""
        if not number or len(number) > _MOST_NUMBER or not number.replace("-", "").replace("_", "").isalnum():
            raise TicketRefused('回调内容里没有编号，应是 {"id": "流程或表单编号"}')
        return HostEvent(number, word(given.get("event_id"))[:200], "updated")

    def changed(self, cursor: str) -> tuple[tuple[HostEvent, ...], str]:
        """Poll what waits for the robot, from a minute before the cursor, without what was told when the cursor was given."""
        told = self._polled[1] if cursor == self._polled[0] else frozenset()
        since = cursor.partition(" ")[0]
        begin = datetime.fromisoformat(since) - OVERLAP if since else self._start
        rows = sorted((row for row in self._host.rows(begin) if begin is None or row.changed_at >= begin),
                      key=lambda row: row.changed_at)
        events = {_key(row.number, row.changed_at): HostEvent(row.number, _key(row.number, row.changed_at), "updated")
                  for row in rows}
        newest = max([row.changed_at.isoformat() for row in rows[-1:]] + [since])
        if rows:
            newest += " " + hashlib.sha256("\n".join(sorted(events)).encode()).hexdigest()[:12]
        self._polled = (newest or cursor, frozenset(events))
        return tuple(event for key, event in events.items() if key not in told), newest or cursor

    def fetch(self, ticket_no: str) -> HostTicket:
        """Read one form."""
        return self._words.ticket(self._host.read(ticket_no))

    def write_back(self, ticket_no: str, result: WriteBack, previous: WriteBack | None) -> str:
        """Fill in the fields, attach the papers, leave the note once, read back, then hand the to-do on (转办); the flow stays
        at its node.

        None of these products guards a write by a version. So nothing comes between reading and saving, a person's value is
        left alone, and after an outcome that is unknown the form, and who holds the to-do, are read before anything is done
        again.
        """
        form = self._host.read(ticket_no)
        if self._referrals.over(form, result, previous):
            return ""
        papers = {}
        if FILES in self._words.write_at and (new := {t: c for t, c in result.files.items() if t not in form.files}):
            papers = {title: self._host.upload(form, title, content) for title, content in new.items()}
        plan = self._referrals.plan(form, result, previous)
        if papers or plan.looked:
            form = self._host.read(ticket_no)  # uploading and looking take their time: somebody may have written meanwhile
        wanted, before = self._words.values(result), self._words.values(previous) if previous else {}
        kept = [label for label in wanted if self._words.is_a_persons(form, label, wanted, before)]
        new = changes(wanted, before, kept, partial(self._words.stands, form))
        note = noted("\n\n".join(filter(None, (result.note, plan.says))), (label for label in kept if wanted[label]))
        saved = {self._words.write_at[label]: self._words.spelt(form, label, value) for label, value in new.items()}
        said = self._said(form, result.key)
        if not said and NOTE in self._words.write_at:
            there = form.values.get(self._words.write_at[NOTE], "").rstrip()
            saved[self._words.write_at[NOTE]] = f"{there}\n\n{note}" if there else note
        papers = {title: given for title, given in papers.items() if given}
        if saved or papers:
            self._save(form, saved, papers, plan)
        if not said and NOTE not in self._words.write_at and isinstance(self._host, SaysOpinions):
            self._host.say(form, note)
        if saved or papers or not said:
            self._check_back(form, new, result.key)
        self._referrals.carry_out(plan, form, result.key)
        return ""

    def _check_back(self, form: Form, changes: Mapping[str, Any], key: str) -> None:
        """Read back. A field that shows neither ours nor what stood there before was written since by a person, and stands."""
        after, lost = self._host.read(form.number), list[str]()
        for label, value in changes.items():
            name = self._words.write_at[label]
            there = after.values.get(name, "")
            if self._words.stands(after, label, value):
                continue
            if there and len(there) < len(spelt := self._words.spelt(form, label, value)) and spelt.startswith(there):
                raise DeliveryRefused(f"工单 {form.number} 的 “{name}” 只存下了一部分：字段太短，或只存日期。"
                                      "请放宽字段，把它清空后重发")
            if there == form.values.get(name, ""):
                lost.append(name)
        if not self._said(after, key):
            lost.append(self._words.write_at.get(NOTE, "意见"))
        if lost:
            raise DeliveryDelayed(f"工单 {form.number} 写后读回不一致：{'、'.join(lost)}。"
                                  "请核对这些字段在当前节点能否编辑、长度够不够")

    def _save(self, form: Form, saved: Mapping[str, str], papers: Mapping[str, str], plan: Plan) -> None:
        names = [*saved, *([self._words.write_at[FILES]] if papers else [])]
        closed = [name for name in names if form.editable is not None and name not in form.editable]
        try:
            if closed:
                mend = f"请在{self._host.product}{self._host.rights_at}里给这些字段编辑权限，再重发"
                raise DeliveryRefused(f"工单 {form.number} 里机器人现在不能写：{'、'.join(closed)}。{'' if plan.gone else mend}")
            self._host.save(form, saved, papers)
        except DeliveryRefused as err:
            raise DeliveryRefused(f"{str(err).rstrip('。')}。{plan.gone}" if plan.gone else str(err)) from None

    def _said(self, form: Form, key: str) -> bool:
        places = [form.values.get(self._words.write_at[NOTE], "")] if NOTE in self._words.write_at else form.opinions
        return any(mark_of(key) in text for text in places)

    def steps(self, *, writing: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Try one thing after another, as the doctor does: yield what was tried and what is wrong with it; stop at the first.

        With ``writing`` the last step stores 幂等键 of the newest waiting form with the very value that it has.
        """
        if wrong := self._host.missing():
            yield "密钥", wrong
            return
        yield "密钥", ()
        what = "换令牌"
        try:
            self._host.signed_in()
            yield what, ()
            what = f"读{self._host.listed_in}"
            row = max(self._host.rows(self._start), key=lambda row: row.changed_at, default=None)
            yield (what, ()) if row else (f"{self._host.listed_in}里没有工单，表单没有核对：请放一张试验工单再体检", ())
            if row is None:
                return
            what = f"读表单 {row.number}"
            form = self._host.read(row.number)
            yield what, ()
            yield "核对字段和权限", (wrong := self._wrong_fields(form))
            if writing and not wrong:
                name = self._words.write_at.get(KEY, "")
                what = f"试写：把 {row.number} 的 “{name}” 按原值存一遍" if name else "没有映射 字段.幂等键，没有试写"
                yield what, self._try_write(form, name) if name else ()
            what = "转办"
            yield from self._referrals.steps(form)
        except (DeliveryDelayed, DeliveryRefused) as err:
            yield what, (str(err),)

    def _wrong_fields(self, form: Form) -> tuple[str, ...]:
        file, words, wrong = f"config/platforms/{self.name}.yaml", self._words, list[str]()
        for part, places in (("读取", words.read_at), ("字段", words.write_at)):
            if self._host.keeps_absent_fields and part == "字段":
                continue
            also = "（名称写错了，或这一张还没填过）" if self._host.keeps_absent_fields else ""
            wrong += [f"表单里没有 “{name}”{also}：请改 {file} 的 {part}.{label}，或删去那一行"
                      for label, name in places.items() if not form.has(name)]
        wrong += [f"机器人不能编辑 “{name}”：请在{self._host.rights_at}里给编辑权限，或删去 {file} 的 字段.{label}"
                  for label, name in words.write_at.items()
                  if form.has(name) and form.editable is not None and name not in form.editable]
        for label, values in (("主办", words.hosts.units), ("办理", words.hosts.tracks)):
            options = form.options.get(words.write_at.get(label, ""), {})
            wrong += [f"字段 “{words.write_at[label]}” 没有选项 “{value}”：请在表单里加上，或改 {file}"
                      for value in dict.fromkeys(values.values()) if options and value not in {*options, *options.values()}]
        try:
            words.ticket(form)
        except DeliveryRefused as err:
            wrong.append(str(err))
        return tuple(wrong)

    def _try_write(self, form: Form, name: str) -> tuple[str, ...]:
        value = form.values.get(name, "")
        self._host.save(form, {name: value}, {})
        after = self._host.read(form.number).values.get(name, "")
        return () if after == value else (f"试写后 “{name}” 的值变了，请停用并报告",)

    def check(self) -> tuple[str, ...]:
        """Sign in, read the list and one form, and say in Chinese what is wrong."""
        return tuple(sentence for _, wrong in self.steps(writing=False) for sentence in wrong)

    def close(self) -> None:
        """Close connections."""
        self._host.close()


def _key(number: str, changed_at: datetime) -> str:
    return "todo-" + hashlib.sha256(f"{number}\0{changed_at.isoformat()}".encode()).hexdigest()[:32]
