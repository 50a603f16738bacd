"""What the county may choose for the life of a case, and the occasion of an act: who, when, why, under which choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hsdispute_plugin.case.states import Actor
from hsdispute_plugin.model import Unit

#: 中止 needs a ground that law or the county names (民法典 has none of its own for us).
SUSPEND_GROUNDS = ("等待法院或仲裁结论", "鉴定或审计", "等待上级批复")


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of units.yaml and settings.yaml; the defaults are the shipped ones, all of them 未确认.

    ``members`` are the eight units of the leading group, ``accepting`` those with a reception room (三（一）),
    ``leads`` those that may lead; a township is in none of them.
    """

    members: tuple[str, ...] = ("gov_office", "court", "justice", "finance", "hr", "medical", "tax", "cyber")
    accepting: tuple[str, ...] = ("tax", "hr", "medical")
    leads: tuple[str, ...] = ("tax", "hr", "medical")
    bounce_limit: int = 2
    extension_times: int = 1
    extension_workdays: int = 10
    deputy_approval: bool = False  # R06: the document knows no deputising
    office_may_downgrade: bool = False
    maker_checker: bool = False  # the reviewer is another person than the registrar
    registration_extra: tuple[str, ...] = ()
    suspend_grounds: tuple[str, ...] = SUSPEND_GROUNDS
    keep_years: int = 10  # of an archived file, where nobody says otherwise

    @classmethod
    def of(cls, units: Iterable[Unit], settings: Mapping[str, str | int | bool]) -> Policy:
        """Read the choices; a setting that is absent keeps its default."""
        units = tuple(units)
        words = {k: tuple(w for w in str(settings.get(k, "")).split("、") if w) for k in ("registration_extra",
                                                                                          "suspend_grounds")}
        counted = ("bounce_limit", "extension_times", "extension_workdays", "keep_years")
        numbers = {k: int(settings[k]) for k in counted if k in settings}
        switches = {k: settings[k] is True for k in ("deputy_approval", "office_may_downgrade", "maker_checker") if k in settings}
        return cls(
            members=tuple(u.code for u in units), accepting=tuple(u.code for u in units if u.accepts),
            leads=tuple(u.code for u in units if u.leads), registration_extra=words["registration_extra"],
            suspend_grounds=words["suspend_grounds"] or SUSPEND_GROUNDS, **numbers, **switches,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class By:
    """The occasion of an act. ``lapsed`` are the keys of this case's clocks that had run out ``at`` that moment."""

    actor: Actor
    at: datetime
    why: str = ""
    policy: Policy = Policy()
    lapsed: frozenset[str] = frozenset()
