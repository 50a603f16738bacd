"""The shape of the database: its tables, and the numbered steps that bring an older one up to date."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

VERSION = 11
HEAD = "journal-head"  # in meta: the last line of the journal, so that nobody cuts its end off unseen
CALLER = "caller"  # the kind of trait that is kept as a keyed hash
NOTHING, PLAIN = "", "plain"  # in ``sealed_by``, where no key's id stands: nothing confidential in the row; in clear


class _Utc(sa.types.TypeDecorator[datetime]):
    """An aware moment kept as UTC text of fixed width, which sorts as time does on every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)


def _confidential(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """A column with payers' words: what is written to it is sealed (store_sealing.py), bound to the row as ``info`` names it."""
    return sa.Column(name, sa.LargeBinary, nullable=nullable, info={"confidential": True})


def _sealed_by(usual: str = PLAIN) -> sa.Column[str]:
    return sa.Column("sealed_by", sa.String(8), nullable=False, server_default=usual, index=True)


metadata = sa.MetaData()
meta = sa.Table("meta", metadata, sa.Column("key", sa.String(40), primary_key=True), sa.Column("value", sa.String(400)))
events = sa.Table(
    "events", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("platform", sa.String(60), nullable=False), sa.Column("event_id", sa.String(200), nullable=False),
    sa.Column("ticket_no", sa.String(120), nullable=False), sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("state", sa.String(10), nullable=False), sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _Utc, nullable=False), sa.Column("error", sa.Text), sa.Column("received_at", _Utc, nullable=False),
    sa.Column("lease_owner", sa.String(80)), sa.Column("lease_until", _Utc),
    sa.Column("crashes", sa.Integer, nullable=False, server_default="0"),  # a process died with it in hand: 1; begun alone since
    _confidential("ticket", nullable=True), _sealed_by(NOTHING),  # handed over by the host, until it is done; none: ask it
    sa.UniqueConstraint("platform", "event_id"), sa.Index("events_due", "state", "platform", "id"),
    sa.Index("events_lane", "platform", "ticket_no"), info={"row": ("platform", "event_id")},
)
cases = sa.Table(
    "cases", metadata,
    sa.Column("case_no", sa.String(40), primary_key=True),
    sa.Column("platform", sa.String(60), nullable=False), sa.Column("ticket_no", sa.String(120), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("decision", sa.JSON, nullable=False),  # codes and the rules' words; what it quotes stands in the file
    sa.Column("writes", sa.Integer, nullable=False),  # write-backs queued so far: the number in the next one's key
    sa.Column("edition", sa.String(40), nullable=False),
    sa.Column("host_version", sa.String(120), nullable=False),  # the version last accepted
    sa.Column("changed_at", _Utc),  # when the host last changed that version, by its own clock; none: it does not say
    _confidential("ticket"),  # the payer's words and contact
    sa.Column("opened_at", _Utc, nullable=False), sa.Column("updated_at", _Utc, nullable=False),
    _confidential("file"), _sealed_by(),  # the whole case; empty: from before version 3, not opened yet
    sa.Column("accepting_unit", sa.String(20), nullable=False), sa.Column("track", sa.String(10), nullable=False),
    sa.Column("due_at", _Utc),  # of the whole matter; none: answered
    sa.UniqueConstraint("platform", "ticket_no"), sa.Index("cases_state", "state", "due_at"),
    sa.Index("cases_track", "track", "state"), sa.Index("cases_opened", "opened_at"),  # counted without reading the cases
    info={"row": ("case_no",)},
)
clocks = sa.Table(
    "clocks", metadata,
    sa.Column("case_no", sa.String(40), primary_key=True), sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(40), nullable=False), sa.Column("unit", sa.String(20), nullable=False),
    sa.Column("due_at", _Utc, nullable=False), sa.Column("running", sa.Boolean, nullable=False),
    sa.Column("next_at", _Utc),  # when the tick must look at it; none: never again
    sa.Column("clock", sa.Text, nullable=False),
    sa.Index("clocks_next", "next_at"), sa.Index("clocks_due", "running", "due_at"),
)
papers = sa.Table(
    "papers", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("case_no", sa.String(40), nullable=False, index=True),
    sa.Column("kind", sa.String(40), nullable=False), sa.Column("receiver", sa.String(60), nullable=False),
    sa.Column("made_at", _Utc, nullable=False), sa.Column("name", sa.String(120), nullable=False),
    _confidential("paper_values"), _confidential("content", nullable=True),  # what is printed; the .docx, once asked for
    _sealed_by(), info={"row": ("case_no", "name")},  # a case has no two papers of one name
)
traits = sa.Table(
    "traits", metadata,  # what cases have in common: employer, topic, township, caller, alert
    sa.Column("case_no", sa.String(40), primary_key=True), sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("value", sa.String(200), primary_key=True), sa.Column("at", _Utc, nullable=False),
    sa.Index("traits_common", "kind", "value", "at"),
)
journal = sa.Table(
    "journal", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("case_no", sa.String(40), nullable=False, index=True),
    sa.Column("at", _Utc, nullable=False), sa.Column("who", sa.String(80), nullable=False),
    sa.Column("act", sa.String(60), nullable=False), sa.Column("why", sa.Text, nullable=False),
    sa.Column("clause", sa.String(200), nullable=False),
    sa.Column("previous", sa.String(64), nullable=False), sa.Column("seal", sa.String(64), nullable=False),
)
outbox = sa.Table(
    "outbox", metadata,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("key", sa.String(80), nullable=False, unique=True),
    sa.Column("case_no", sa.String(40), nullable=False), sa.Column("platform", sa.String(60), nullable=False),
    sa.Column("ticket_no", sa.String(120), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False, server_default="result"),  # result, notice
    _confidential("payload"), _sealed_by(),
    sa.Column("state", sa.String(10), nullable=False), sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _Utc, nullable=False), sa.Column("lease_owner", sa.String(80)), sa.Column("lease_until", _Utc),
    sa.Column("error", sa.Text), sa.Column("created_at", _Utc, nullable=False), sa.Column("done_at", _Utc),
    sa.Index("outbox_due", "state", "platform", "next_at", "id"), sa.Index("outbox_lane", "platform", "ticket_no", "id"),
    info={"row": ("key",)},
)
library = sa.Table(
    "library", metadata,  # 处理常例: typical cases without identity
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("case_no", sa.String(40), nullable=False),
    sa.Column("title", sa.String(120), nullable=False), sa.Column("track", sa.String(10), nullable=False),
    sa.Column("topics", sa.String(400), nullable=False), sa.Column("text", sa.Text, nullable=False),
    sa.Column("added_by", sa.String(80), nullable=False), sa.Column("added_at", _Utc, nullable=False),
)
lanes = sa.Table(
    "lanes", metadata,  # how each host is being treated: never faster than it may, and left alone while it is down
    sa.Column("platform", sa.String(60), primary_key=True), sa.Column("paced_to", _Utc, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False), sa.Column("closed_until", _Utc),
)
workers = sa.Table(
    "workers", metadata,  # who is alive: the leases of a process that died are free at once
    sa.Column("owner", sa.String(80), primary_key=True), sa.Column("alive_until", _Utc, nullable=False),
)
cursors = sa.Table(
    "cursors", metadata, sa.Column("platform", sa.String(60), primary_key=True), sa.Column("cursor", sa.String(200)),
)
parts = sa.Table(
    "parts", metadata,  # which units take part in a case, and what each owes next; unit "": whoever owes, the case as a whole
    sa.Column("case_no", sa.String(40), primary_key=True), sa.Column("unit", sa.String(20), primary_key=True),
    sa.Column("due_at", _Utc), sa.Column("yellow_at", _Utc), sa.Column("orange_at", _Utc),
    sa.Index("parts_due", "unit", "due_at"),
)
users = sa.Table(
    "users", metadata,
    sa.Column("login", sa.String(40), primary_key=True), sa.Column("person", sa.String(40), nullable=False),
    sa.Column("unit", sa.String(20), nullable=False), sa.Column("roles", sa.String(200), nullable=False),  # by spaces
    sa.Column("password", sa.String(200), nullable=False),  # argon2; empty: may not sign in by password
    sa.Column("disabled", sa.Boolean, nullable=False), sa.Column("created_at", _Utc, nullable=False),
    sa.Column("changed_at", _Utc, nullable=False),
)
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("token", sa.String(64), primary_key=True),  # hashed: whoever reads the table can not sign in with it
    sa.Column("login", sa.String(40), nullable=False, index=True),
    sa.Column("began_at", _Utc, nullable=False), sa.Column("seen_at", _Utc, nullable=False),
)
tries = sa.Table(
    "tries", metadata,  # failed sign-ins by whom and from where, hashed
    sa.Column("key", sa.String(64), primary_key=True), sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", _Utc, nullable=False),
)
shadows = sa.Table(
    "shadows", metadata,  # 试算: an edition that decides beside the one in force; no payer data here and below
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("running", sa.Boolean, unique=True),  # true or none: one at a time
    sa.Column("candidate", sa.String(40), nullable=False), sa.Column("live", sa.String(40), nullable=False),
    sa.Column("share", sa.Integer, nullable=False),  # 试点: how many tickets of a hundred it really decides
    sa.Column("units", sa.String(400), nullable=False), sa.Column("towns", sa.String(400), nullable=False),  # by spaces
    sa.Column("began_at", _Utc, nullable=False), sa.Column("began_by", sa.String(80), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("ended_at", _Utc), sa.Column("ended_by", sa.String(80)), sa.Column("ended_why", sa.Text),
    sa.Column("outcome", sa.String(10)),  # stopped, promoted
    sa.Column("report", sa.Text),  # what it had found when it ended
)
shadow_tickets = sa.Table(
    "shadow_tickets", metadata,  # what both editions said of a ticket's last version, by codes
    sa.Column("shadow", sa.Integer, primary_key=True), sa.Column("case_no", sa.String(40), primary_key=True),
    sa.Column("at", _Utc, nullable=False),
    sa.Column("live", sa.String(40), nullable=False),  # the edition in force at the time
    sa.Column("decided_by", sa.String(40), nullable=False),
    sa.Column("live_says", sa.Text, nullable=False),
    sa.Column("says", sa.Text),  # of the candidate; none: the same, or it failed
    sa.Column("fault", sa.String(200)),  # where it failed
)

#: The tables with confidential columns. Payer data stands in these alone; callers as keyed hashes among the traits.
SEALED: Mapping[sa.Table, tuple[sa.Column[Any], ...]] = MappingProxyType({
    table: found for table in metadata.sorted_tables if (found := tuple(c for c in table.c if c.info.get("confidential")))})


def make(connection: sa.Connection) -> None:
    """Make all tables of the present version."""
    metadata.create_all(connection)


def _keep_the_last_version(connection: sa.Connection) -> None:
    # Version 1 kept every version ever accepted, so a ticket edited back to its first words was never decided again.
    connection.exec_driver_sql("ALTER TABLE cases ADD COLUMN host_version VARCHAR(120) NOT NULL DEFAULT ''")
    connection.exec_driver_sql(
        "UPDATE cases SET host_version = (SELECT i.host_version FROM intake i WHERE i.case_no = cases.case_no "
        "ORDER BY i.at DESC LIMIT 1)")
    connection.exec_driver_sql("DROP TABLE intake")


def _keep_the_whole_case(connection: sa.Connection) -> None:
    # Version 2 knew a case only as a ticket with a decision; the desk opens its file when it next looks at it.
    connection.exec_driver_sql("ALTER TABLE cases RENAME COLUMN decisions TO writes")
    for column in ("file TEXT NOT NULL DEFAULT ''", "accepting_unit VARCHAR(20) NOT NULL DEFAULT ''",
                   "track VARCHAR(10) NOT NULL DEFAULT ''", "due_at VARCHAR(32)"):
        connection.exec_driver_sql(f"ALTER TABLE cases ADD COLUMN {column}")
    connection.exec_driver_sql("ALTER TABLE outbox ADD COLUMN kind VARCHAR(10) NOT NULL DEFAULT 'result'")
    for column in ("lease_owner VARCHAR(80)", "lease_until VARCHAR(32)", "crashes INTEGER NOT NULL DEFAULT 0"):
        connection.exec_driver_sql(f"ALTER TABLE events ADD COLUMN {column}")
    connection.exec_driver_sql("CREATE INDEX cases_state ON cases (state, due_at)")
    metadata.create_all(connection, [clocks, papers, traits, library, lanes, workers])


def _keep_the_head_of_the_journal(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite holds nobody to the length
        connection.exec_driver_sql("ALTER TABLE meta ALTER COLUMN value TYPE VARCHAR(400)")
    last = connection.exec_driver_sql("SELECT id, case_no, seal FROM journal ORDER BY id DESC LIMIT 1").first()
    connection.execute(meta.insert().values(key=HEAD, value=" ".join(map(str, last)) if last else ""))


def _keep_people_and_parts(connection: sa.Connection) -> None:
    # Who takes part is read off the clocks and the file; when a clock turns yellow the desk notes at its next act.
    metadata.create_all(connection, [parts, users, sessions, tries])
    c, k, files = cases.c, clocks.c, sa.type_coerce(cases.c.file, sa.Text)
    found: dict[tuple[str, str], datetime | None] = {}
    for number, unit, file in connection.execute(sa.select(c.case_no, c.accepting_unit, files)):
        kept = json.loads(file) if file else {}
        units = {unit, (kept.get("first_contact") or {}).get("unit", "")}
        units |= {task["unit"] for task in (kept.get("handling") or {}).get("tasks") or ()}
        found.update(dict.fromkeys(((number, u) for u in units | {""}), None))
    for number, unit, due_at, running in connection.execute(sa.select(k.case_no, k.unit, k.due_at, k.running)):
        for key in ((number, unit), (number, "")):
            before = found.setdefault(key, None)
            if running:
                found[key] = min(due_at, before) if before else due_at
    if found:
        connection.execute(parts.insert(), [{"case_no": n, "unit": u, "due_at": due} for (n, u), due in found.items()])


def _keep_what_was_handed_over(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE events ADD COLUMN ticket TEXT")
    connection.exec_driver_sql("CREATE INDEX events_lane ON events (platform, ticket_no)")


def _keep_what_was_tried_beside(connection: sa.Connection) -> None:
    metadata.create_all(connection, [shadows, shadow_tickets])


def _keep_alerts_apart(connection: sa.Connection) -> None:
    for index in cases.indexes:
        if index.name in ("cases_track", "cases_opened"):
            index.create(connection)
    c = cases.c
    rows = [{"case_no": number, "kind": "alert", "value": alert["key"], "at": at}
            for number, at, decision in connection.execute(sa.select(c.case_no, c.opened_at, c.decision))
            for alert in {a["key"]: a for a in decision.get("alerts") or ()}.values()]
    if rows:
        connection.execute(traits.insert(), rows)


def _make_room_for_seals(connection: sa.Connection) -> None:
    # Confidential columns become bytes, in clear until the gateway or `hsdispute keys rotate` seals them row by row.
    server = connection.dialect.name == "postgresql"
    for table, columns in SEALED.items():
        kinds = {c["name"]: c["type"] for c in sa.inspect(connection).get_columns(table.name)}
        for column in columns:
            if isinstance(kinds[column.name], sa.LargeBinary):
                continue  # was bytes always, or the table was made a moment ago
            if server:
                change = f"ALTER TABLE {table.name} ALTER COLUMN {column.name}"
                connection.exec_driver_sql(f"{change} DROP DEFAULT")
                connection.exec_driver_sql(f"{change} TYPE BYTEA USING convert_to({column.name}::text, 'UTF8')")
            else:
                connection.exec_driver_sql(f"UPDATE {table.name} SET {column.name} = CAST({column.name} AS BLOB)")
        if "sealed_by" not in kinds:
            usual = NOTHING if table is events else PLAIN
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN sealed_by VARCHAR(8) NOT NULL DEFAULT '{usual}'")
            connection.exec_driver_sql(f"CREATE INDEX ix_{table.name}_sealed_by ON {table.name} (sealed_by)")
    connection.execute(events.update().where(events.c.ticket.is_not(None)).values(sealed_by=PLAIN))
    for number, decision in connection.execute(sa.select(cases.c.case_no, cases.c.decision)).all():
        for reason in decision.get("reasons", ()):
            reason["evidence"] = []
        connection.execute(cases.update().where(cases.c.case_no == number).values(decision=decision))


def _keep_when_the_host_changed_it(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE cases ADD COLUMN changed_at VARCHAR(32)")


def _find_what_is_due_in_its_order(connection: sa.Connection) -> None:
    # The next ones were looked for among all that waited: the more there was, the longer each took.
    for table, index in ((events, "events_due"), (outbox, "outbox_due")):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index}")
        next(i for i in table.indexes if i.name == index).create(connection)


#: The step that leads to each version from the one before; each runs in the transaction that opens the database.
STEPS: Mapping[int, Callable[[sa.Connection], None]] = MappingProxyType(
    {2: _keep_the_last_version, 3: _keep_the_whole_case, 4: _keep_the_head_of_the_journal,
     5: _keep_people_and_parts, 6: _keep_what_was_handed_over,
     7: _keep_what_was_tried_beside, 8: _keep_alerts_apart,
     9: _make_room_for_seals, 10: _keep_when_the_host_changed_it, 11: _find_what_is_due_in_its_order})
