"""What a ticket's history tells of two who wrote at once: whose value our own came over, and what should stand again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from hsdispute_plugin.adapters.request_tracker_rest import NEVER, Act, RtTicket

TOGETHER = timedelta(seconds=3)  # nobody reads a page, changes it and sends it off in less
#: What stands in a field, as its acts tell it: a text, or of a field with several values a list.
Standing = str | list[str]


def of_this_writing(acts: Sequence[Act], robot: str, *, noted: bool) -> list[Act]:
    """Return what was done to fields since the robot's last note but, if the writing is ``noted``, its own; oldest first."""
    notes = [n for n, act in enumerate(acts, 1) if act.kind == "Comment" and act.creator == robot]
    since = (notes[:-1] if noted else notes)[-1:]
    return [act for act in acts[since[0] if since else 0 :] if act.kind in ("Set", "CustomField")]


def of_field(acts: Iterable[Act], field: str, ticket: RtTicket) -> list[Act]:
    """Return the acts on one field."""
    known = {field, ticket.field_ids.get(field, field)}
    return [act for act in acts if act.field in known]


def overtaken(acts: Sequence[Act], robot: str, several: bool, now: object, meant: Callable[[Standing], bool]) -> Standing | None:
    """Return what should stand in a field where a person and the robot wrote at once; ``None`` where they did not.

    ``acts`` are those of this writing on the field, oldest first; ``now`` is what it holds. ``meant``: whether the robot may
    write over a value, as it looks before it writes. But RT checks the ETag before it writes, not as it writes, and writes value
    by value without a transaction: a person's values may come in between, and each one's act be told after the other's.
    """
    theirs, ours = [a for a in acts if a.creator != robot], [a for a in acts if a.creator == robot]
    if not theirs or not ours:
        return None
    stood: Standing = "" if theirs[-1].after == NEVER else theirs[-1].after
    if several:
        late = any(a.number > theirs[0].number for a in ours)
        if not late and not any(abs(a.created_at - b.created_at) <= TOGETHER for a in ours for b in theirs):
            return None  # a person looked at ours, and changed it
        held, gone = [str(v) for v in now] if isinstance(now, list) else [], {a.before for a in theirs}
        for act in reversed(ours):  # undone, from the last one back
            held = [v for v in held if v != act.after] + ([act.before] if act.before and act.before not in gone else [])
        stood = held
    return None if not stood or meant(stood) else stood


def a_persons_last(acts: Sequence[Act], robot: str) -> bool:
    """Tell whether the last act on a field is a person's."""
    return bool(acts) and acts[-1].creator != robot

