"""Hook specifications: what a host or another package may ask of us or give us. Group and project name: ``hsdispute``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pluggy

from hsdispute_plugin.hooks.platform import FactExtractor, PlatformRegistration
from hsdispute_plugin.model import Decision, Ticket

PROJECT = "hsdispute"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def hsdispute_platforms() -> Iterable[PlatformRegistration]:  # type: ignore[empty-body]
    """Offer host platforms that results can be written back to.

    Called once, at start, before any ticket. Order is of no account: two offers of one name stop the start, naming both
    packages. ``None`` or nothing yielded means no offer. It must not block; connections are made later, by ``connect``.
    If it raises, the start is refused with the name of the package.

    Example:
        @hookimpl
        def hsdispute_platforms():
            yield PlatformRegistration(name="qingyang-12345", connect=Qingyang12345)
    """


@hookspec
def hsdispute_fact_extractors() -> Iterable[FactExtractor]:  # type: ignore[empty-body]
    """Offer facts of your own, which rule files may then use by their Chinese label.

    Called once, at start and at each reload of the rules. Each extractor is asked once for every ticket, in the order of
    the packages' names; it may not block and sees the frozen ticket only. Facts hold no name, phone or address. A fact
    that is already defined stops the start, naming the package. If ``extract`` raises, that ticket alone is set aside
    for a person and the others go on.

    Example:
        @hookimpl
        def hsdispute_fact_extractors():
            yield FactExtractor(label="工单字数", code="words", kind="整数", says="内容的字数",
                                extract=lambda ticket: Facts({"words": len(ticket.content)}))
    """


@hookspec
def hsdispute_decided(ticket: Ticket, decision: Decision) -> None:
    """Learn of a decision after it is saved, and before it is written back to the host.

    Called once for every accepted version of a ticket, after the commit, in the thread that accepted it: keep it short.
    What it returns is ignored. If it raises, the error is logged with the package's name and the case goes on.

    Example:
        @hookimpl
        def hsdispute_decided(ticket, decision):
            COUNTS[decision.track] += 1
    """


@hookspec(firstresult=True)
def hsdispute_decide(ticket: Ticket, now: datetime) -> Decision | None:
    """Decide a ticket inside the host's own process.

    For hosts that hold a PluginManager themselves and load the group ``hsdispute``: they call it in the transaction that
    creates the ticket. Our own implementation answers; the first answer that is not ``None`` counts. It reads no network
    and no database, and takes well under a millisecond; ``now`` is aware. If it raises ``RulebookError``, the
    configuration is broken: create the ticket undecided.

    Example:
        @hookimpl(tryfirst=True)
        def hsdispute_decide(ticket, now):
            return None  # leave it to the rule files
    """
