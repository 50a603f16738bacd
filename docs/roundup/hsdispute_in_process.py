"""Roundup detector that holds the plugin: decides in the transaction that creates an issue. Copy it into ``detectors/``.

``hsdispute-plugin`` must be installed in the tracker's own Python; ``HSDISPUTE_CONFIG`` names the configuration.
"""

from datetime import UTC, datetime

import pluggy
from roundup import date

from hsdispute_plugin.entrypoints import plugin
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.hooks import specs

manager = pluggy.PluginManager("hsdispute")
manager.add_hookspecs(specs)
manager.load_setuptools_entrypoints("hsdispute")


def decide(db, cl, nodeid, newvalues):
    """Fill in the fields of a new issue and add the note; broken rules leave it undecided."""
    messages = list(newvalues.get("messages") or [])
    content = db.msg.get(messages[0], "content") if messages else ""
    ticket = plugin.ticket(ticket_no="new", title=newvalues.get("title") or "", content=content)
    try:
        decision = manager.hook.hsdispute_decide(ticket=ticket, now=datetime.now(UTC))
        fields = plugin.fields(decision, "roundup")
    except HsdisputeError as err:
        db.log_info(f"hsdispute: created undecided: {err}")
        return
    if fields["lead"]:
        newvalues["unit"] = db.unit.lookup(fields["lead"])
    newvalues["helpers"] = [db.unit.lookup(name) for name in fields["helpers"]]
    newvalues["handling"] = db.handling.lookup(fields["handling"])
    newvalues["category"] = db.category.lookup(fields["category"])
    newvalues["basis"] = fields["basis"]
    if fields["due_at"]:
        newvalues["due"] = date.Date(fields["due_at"].astimezone(UTC).strftime("%Y-%m-%d.%H:%M:%S"))
    note = db.msg.create(content=fields["note"], author=db.getuid(), date=date.Date("."), private=True)
    newvalues["messages"] = [*messages, note]


def init(db):
    """Called by Roundup for each database it opens."""
    db.issue.audit("create", decide)
