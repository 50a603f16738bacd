"""Hook specifications: what a host or another package may ask of us or give us. Group and project name: ``hsdispute``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pluggy

from hsdispute_plugin.hooks.platform import FactExtractor, Notice, PlatformRegistration
from hsdispute_plugin.model import Decision, Ticket

PROJECT = "hsdispute"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def hsdispute_platforms() -> Iterable[PlatformRegistration]:  # type: ignore[empty-body]
    """Offer host platforms that results can be written back to.

    Called once, at start, before any ticket. Order is of no account: two offers of one name stop the start, naming both
    packages. ``None`` or nothing yielded means no offer. It must not block; connections are made later, by ``connect``,
    once for each file of ``config/platforms`` that names the adapter. If it raises, the start is refused with the name
    of the package.

    Example:
        @hookimpl
        def hsdispute_platforms():
            yield PlatformRegistration(name="qingyang-12345", connect=Qingyang12345)
    """


@hookspec
def hsdispute_fact_extractors() -> Iterable[FactExtractor]:  # type: ignore[empty-body]
    """Offer facts of your own, which rule files may then use by their Chinese label.

    Called once, at start, before any rule file is read. ``None`` or nothing yielded means no offer. Two offers of one
    label or code, or one that is a fact of ours, stop the start, naming the packages. If the hook raises, the start is
    refused with the name of the package.

    Each extractor is asked once for every ticket that is decided, in the order of the packages' names, and perhaps by
    several threads at a time. It sees the frozen ticket only and may not block: a ticket takes well under a millisecond.
    Facts hold no name, phone or address. If it raises, or gives a value of another kind, that ticket alone is set aside
    for a person and the others go on.

    Example:
        @hookimpl
        def hsdispute_fact_extractors():
            yield FactExtractor(label="工单字数", code="words", kind="整数", says="内容的字数",
                                extract=lambda ticket: Facts({"words": len(ticket.content)}))
    """


@hookspec
def hsdispute_decided(ticket: Ticket, decision: Decision) -> None:
    """Learn of a decision after it is saved.

    Called at most once for every accepted version of a ticket, after the commit, in the thread that accepted it, which
    takes no other ticket of that platform meanwhile: keep it short. A crash between the commit and the call is not made
    up for; what must not be lost is in the case. The result may already stand in the host. The order is pluggy's:
    ``tryfirst``, ``trylast``, else the last registered first. What it returns is ignored. If it raises, the error is
    logged with the package's name, and the other observers and the case go on.

    Example:
        @hookimpl
        def hsdispute_decided(ticket, decision):
            COUNTS[decision.track] += 1
    """


@hookspec
def hsdispute_notice(notice: Notice) -> None:
    """Tell people of a case by a way of your own: a text message, the county's office app.

    Called by the outbox after the act or the reminder is saved, in a thread of its own, one notice after another, and for
    danger within about a second. At least once for each ``notice.key``: after a crash, or when a plugin raised, all plugins
    are called again with the same notice, so tell nobody twice for one key. It may block for some seconds. If it raises
    ``DeliveryDelayed`` the notice is tried again later, ``DeliveryRefused`` puts it before a person; anything else is
    logged with the package's name and tried a few times. The order and what it returns are of no account.

    Example:
        @hookimpl
        def hsdispute_notice(notice):
            SENT[notice.key] = (notice.to, notice.says)
    """


@hookspec(firstresult=True)
def hsdispute_decide(ticket: Ticket, now: datetime) -> Decision | None:
    """Decide a ticket inside the host's own process.

    For hosts that hold a PluginManager themselves, add ``hsdispute_plugin.hooks.specs`` to it and load the group
    ``hsdispute``: they call it once for each ticket, in the transaction that creates it. Our own implementation answers;
    in pluggy's order the first answer that is not ``None`` counts. It reads no network and no database. The first call
    opens the rule files and may take a second, each later one well under a millisecond. ``now`` is aware. Threads may
    call at the same time. If it raises, rule files or a plugin are broken: create the ticket undecided.
    ``hsdispute_plugin.entrypoints.plugin`` makes the ticket (``ticket``) and the values of the host's fields (``fields``).

    Example:
        @hookimpl(tryfirst=True)
        def hsdispute_decide(ticket, now):
            return None  # leave it to the rule files
    """
