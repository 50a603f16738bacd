"""A desk over a database of its own, and the people who work at it, for tests that drive cases through it."""

from datetime import datetime, timedelta

from hsdispute_plugin.app import shipped_config
from hsdispute_plugin.case import Actor, Role
from hsdispute_plugin.desk import Desk
from hsdispute_plugin.forms import Forms
from hsdispute_plugin.hooks.platform import HostTicket
from hsdispute_plugin.model import SHANGHAI, Ticket
from hsdispute_plugin.store import Store
from tests import sealed
from tests.casework import REGISTRATION

FORMS = Forms(shipped_config() / "forms")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
SINGLE = "我在老城镇的砖厂上班，单位欠缴养老保险八个月，请税务局查处"
LEADING = Actor("王某", "gov_office", Role.GOV_OFFICE)
FIRST, HANDLER = Actor("张某", "tax", Role.FIRST_CONTACT), Actor("张某", "tax", Role.HANDLER)
REVIEWER = Actor("李某", "tax", Role.REVIEWER)


class Room:
    """``now`` goes on ten minutes with every act."""

    def __init__(self, url, book):
        self.store, self.book, self.now = Store(url, sealed.keys()), book, NOW
        self.desk = Desk(self.store, FORMS)

    def arrives(self, content, number="T1", version="1", **more):
        ticket = Ticket(ticket_no=number, content=content, received_at=self.now, **more)
        return self.desk.accept("roundup", HostTicket(ticket, version), self.book, self.now)[0]

    def does(self, case_no, act, actor, why="", **form):
        self.now += timedelta(minutes=10)
        return self.desk.act(case_no, act, actor, form, self.book, self.now, why)

    def taken(self, content=SINGLE, number="T1"):
        """A ticket that is registered and reviewed at the tax office."""
        case_no = self.arrives(content, number).case_no
        self.does(case_no, "dispatch", LEADING, unit="tax")
        self.does(case_no, "sign", FIRST)
        self.does(case_no, "register", FIRST, form=REGISTRATION)
        self.does(case_no, "review", REVIEWER, summary="一项诉求：补缴")
        return case_no

    def docket(self, case_no):
        return self.desk.case(case_no, self.book, self.now)

    def running(self, case_no):
        return {c.key for c in self.docket(case_no).clocks if c.stopped_at is None}

    def outbox(self, kind="result"):
        with self.store.begin() as tx:
            return [row for row in tx.outbox() if row.kind == kind]

    def told(self):
        return [(tuple(n.payload["to"]), n.payload["urgent"]) for n in self.outbox("notice")]

    def journal(self, case_no):
        with self.store.begin() as tx:
            return tx.journal(case_no)

    def papers(self, case_no):
        with self.store.begin() as tx:
            return tx.papers(case_no)
