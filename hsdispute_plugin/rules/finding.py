"""One finding of ``verify``: what is wrong with rules that each look right, in sentences, with a ticket that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from hsdispute_plugin.model import FactValue


class Flaw(StrEnum):
    """Kind of a finding."""

    DEAD = "永不成立"
    SHADOWED = "永远轮不到"
    OVERLAP = "次序决定结论"
    CONFLICT = "结论冲突"
    GAP = "有缺口"
    UNREACHED = "没有规则用到"
    LATE = "超过法定期限"
    UNCONFIRMED = "未确认"
    NO_CLAUSE = "没有这一条"


class Severity(StrEnum):
    """错误 must be mended before an edition goes live; 提醒 should be looked at; 备查 is for the record."""

    ERROR = "错误"
    WARNING = "提醒"
    NOTE = "备查"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``rules`` are the ids concerned, ``where`` the files and lines; ``since`` the day from which it is so.

    ``facts`` are those of a ticket that shows it, by code, and ``example`` the same in words; ``None`` and empty where
    no ticket can show it, as for a rule that never holds; ``shows`` tells whether the facts of another ticket show it too.
    """

    flaw: Flaw
    severity: Severity
    where: tuple[str, ...]
    rules: tuple[str, ...]
    what: str
    what_en: str
    mend: str
    facts: Mapping[str, FactValue] | None = None
    example: str = ""
    since: date | None = None
    shows: Callable[[Mapping[str, FactValue]], bool] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        lines = [f"{self.where[0]}  {self.severity}  {self.flaw}", f"       {self.what} / {self.what_en}", f"       {self.mend}"]
        return "\n".join([*lines, *([f"       例如 / example: {self.example}"] if self.example else [])])
