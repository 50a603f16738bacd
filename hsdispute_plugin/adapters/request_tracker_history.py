"""What a ticket's history tells of two who wrote at once: whose value our own came over, and what should stand again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hsdispute_plugin.adapters.request_tracker_rest import NEVER, Act, RtTicket

#: What stands in a field, as its acts tell it: a text, or of a field with several values a list.
Standing = str | list[str]


def of_this_writing(acts: Sequence[Act], robot: str) -> list[Act]:
    """Return what was done since the robot's last note, oldest first: each writing ends with its note."""
    since = max((n for n, act in enumerate(acts, 1) if act.kind == "Comment" and act.creator == robot), default=0)
    return [act for act in acts[since:] if act.kind in ("Set", "CustomField")]


def of_field(acts: Iterable[Act], field: str, ticket: RtTicket) -> list[Act]:
    """Return the acts on one field."""
    known = {field, ticket.field_ids.get(field, field)}
    return [act for act in acts if act.field in known]


def overtaken(acts: Sequence[Act], robot: str, several: bool, now: object, meant: Callable[[Standing], bool]) -> Standing | None:
    """Return what a person wrote into a field and the robot's later act came over; ``None`` for nothing of the kind.

    ``acts`` are those on the field, oldest first; ``now`` is what it holds. ``meant``: whether the robot may write over a value,
    as it looks before it writes; but RT checks the ETag before it writes, not as it writes, so a person may come in between.
    """
    theirs = [n for n, act in enumerate(acts) if act.creator != robot]
    ours = [act for act in acts[theirs[0] :] if act.creator == robot] if theirs else []
    if not ours:
        return None
    stood: Standing
    if several:
        stood = [str(v) for v in now] if isinstance(now, list) else []
        for act in reversed(ours):  # undone, from the last one back
            stood = [v for v in stood if v != act.after] + ([act.before] if act.before else [])
    elif acts[-1].creator != robot:
        return None  # the last word is a person's
    else:
        last = acts[theirs[-1]].after
        stood = "" if last == NEVER else last
    return None if not stood or meant(stood) else stood


def a_persons_last(acts: Sequence[Act], robot: str) -> bool:
    """Tell whether the last act on a field is a person's."""
    return bool(acts) and acts[-1].creator != robot

