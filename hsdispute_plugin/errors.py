"""Every refusal as a sentence with its mend; one class for each caller that acts differently."""

from __future__ import annotations

from dataclasses import dataclass


def place_of(error: BaseException) -> str:
    """Return ``ValueError at extract.py:88``: all that a log may show of an unforeseen error, whose words may be a payer's."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}" if frame else ""
    return type(error).__name__ + where


def trace_of(error: BaseException) -> str:
    """Return the way to an unforeseen error, outermost first, and its causes, without any of their words."""
    told: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        frames, frame = [], one.__traceback__
        while frame:
            frames.append(f"{frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}")
            frame = frame.tb_next
        told.append(f"{type(one).__name__} at {' > '.join(frames[-12:])}" if frames else type(one).__name__)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return " from ".join(told)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file: where, what, what would be right.

    ``where`` is ``file:line`` (or ``file!cell`` for a workbook); ``what`` and ``mend`` are Chinese
    sentences an administrator reads, ``what_en`` the same in English for the IT person.
    """

    where: str
    subject: str
    what: str
    what_en: str
    mend: str = ""

    def __str__(self) -> str:
        head = f"{self.where}  {self.subject}".rstrip()
        body = f"       {self.what} / {self.what_en}"
        return f"{head}\n{body}\n       {self.mend}" if self.mend else f"{head}\n{body}"


class HsdisputeError(Exception):
    """The root; never raised itself."""


class RulebookError(HsdisputeError):
    """The configuration cannot be used; carries all its problems at once."""

    def __init__(self, problems: tuple[Problem, ...], still: str = "") -> None:
        self.problems = problems
        self.still = still  # what still works, such as the edition that stays in force
        super().__init__("\n".join([*map(str, problems), *([f"       {still}"] if still else [])]))


class EngineRefused(HsdisputeError):
    """A rule lies outside the fence of an engine; the loader turns this into a Problem with file and line."""

    def __init__(self, rule: str, what: str, what_en: str, mend: str) -> None:
        self.rule, self.what, self.what_en, self.mend = rule, what, what_en, mend
        super().__init__(f"{rule}: {what} / {what_en}。{mend}")


class TicketRefused(HsdisputeError):
    """The input is no ticket; says which field and what would be right, never the payer's words."""


class ReplayRefused(HsdisputeError):
    """A history cannot be read, or its facts not kept; what was read before stays."""


class CaseRefused(HsdisputeError):
    """A guard of the document refuses an act on a case; names the clause."""


class CaseChanged(CaseRefused):
    """Somebody else did something to the case since this form was opened: look first, then do it again."""


class DeliveryDelayed(HsdisputeError):
    """The host did not take it now; try again later."""

    def __init__(
        self, message: str, *, outcome_unknown: bool = False, retry_after_s: float | None = None, host_down: bool = False,
    ) -> None:
        super().__init__(message)
        self.host_down = host_down  # not this ticket: the host as a whole does not answer, or not in earnest
        self.outcome_unknown = outcome_unknown  # the host may have acted: query before repeating
        self.retry_after_s = retry_after_s


class DeliveryRefused(HsdisputeError):
    """The host will not take it as it is; a person must look."""


class PluginRefused(HsdisputeError):
    """A third-party plugin is broken or clashes with another; names the package."""
