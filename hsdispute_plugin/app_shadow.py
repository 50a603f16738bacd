"""试算 begun, looked at, ended, and put in force: the editions on disk and what the store collected, joined."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hsdispute_plugin.app import fact_defs
from hsdispute_plugin.desk_docket import number_of
from hsdispute_plugin.errors import HsdisputeError
from hsdispute_plugin.hooks.platform import FactExtractor
from hsdispute_plugin.model import SHANGHAI, codes_by_name
from hsdispute_plugin.rules import editions
from hsdispute_plugin.rules.comparison import SAMPLES, Comparison
from hsdispute_plugin.rules.editions import in_force, snapshot
from hsdispute_plugin.rules.load import edition_of, load
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.shadow import Pair, compared
from hsdispute_plugin.store import Store, Transaction
from hsdispute_plugin.store_shadow import ShadowRow

JOURNAL = "规则册"  # in place of a case number: what is done to the rules concerns no one case
CLAUSE = "规则册管理"
ENOUGH = "shadow_tickets"
REMEMBERED = 4  # editions held in memory


class ShadowRefused(HsdisputeError):
    """A 试算 cannot be begun, ended or put in force as asked; says what would be right, and what stays as it is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way in which the candidate failed: where, on how many tickets, some of them."""

    where: str
    count: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What a 试算 found so far. Tickets decided while another edition was in force are counted in ``elsewhere`` alone."""

    shadow: ShadowRow
    comparison: Comparison
    faults: tuple[Fault, ...]
    decided: int  # by the candidate, as 试点
    elsewhere: int
    enough: int  # tickets that must have been seen before it may be put in force
    at: datetime

    @property
    def failed(self) -> int:
        """How many tickets the candidate failed on."""
        return sum(f.count for f in self.faults)


Render = Callable[[ShadowReport], str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which new tickets a candidate really decides: a share of those led by these units, in these townships; empty: any."""

    share: int = 0
    units: Sequence[str] = ()
    towns: Sequence[str] = ()


class Shadows:
    """What administrators do with 试算, over one configuration directory and one store. Every time comes in as ``now``.

    ``render`` writes the report of what ends as JSON of ``text`` and whatever else is kept of it for good.
    """

    def __init__(self, directory: Path, store: Store, extractors: Sequence[FactExtractor]) -> None:
        self._directory, self._store, self._extra = directory, store, fact_defs(extractors)
        self._read: dict[str, RuleSource] = {}

    def start(self, files: Path, scope: Scope, now: datetime, who: str, why: str) -> ShadowRow:
        """Check, test, try and keep the candidate, then let it decide beside the edition in force.

        Raises:
            ShadowRefused: Another one goes on, the candidate is in force already, or the scope names what is not there.
            EditionRefused: The candidate does not pass.
        """
        self._none_runs()
        source = self.live()
        units, towns = _units(scope.units, source), _towns(scope.towns, source)
        if (candidate := edition_of(files)) == source.edition:
            mend = ("请先改好规则，或指明要试的版次" if editions.current(self._directory)
                    else "还没有启用过版次，目录里的文件直接生效：请先启用，再改规则，再试算")
            raise ShadowRefused(f"{candidate} 版正在生效，没有什么可试算的。{mend}")
        editions.prepare(self._directory, files)
        share = scope.share or (100 if units or towns else 0)
        begun = ShadowRow(0, candidate, source.edition, share, " ".join(units), " ".join(towns), now, who, why)
        with self._store.begin() as tx:
            self._none_runs(tx)
            number = tx.begin_shadow(begun)
            told = f"{candidate} 版与生效的 {source.edition} 版并行试算；{pilot(begun, source)}{_because(why)}"
            tx.add_journal(JOURNAL, now, who, "开始试算", told, CLAUSE)
            found = tx.shadow(number)
        assert found
        return found

    def live(self) -> RuleSource:
        """Return the source of the edition in force."""
        return self._source(in_force(self._directory))

    def _source(self, files: Path) -> RuleSource:
        """Read an edition's files once."""
        edition = edition_of(files)
        if edition not in self._read:
            while len(self._read) >= REMEMBERED:
                self._read.pop(next(iter(self._read)), None)
            self._read[edition] = load(files, self._extra)
        return self._read[edition]

    def counts(self, shadow: ShadowRow) -> Mapping[str, int]:
        """Count its tickets: ``seen``, ``different``, ``failed``, ``decided``."""
        with self._store.reading() as tx:
            return tx.count_shadow(shadow.id)

    def running(self) -> ShadowRow | None:
        """Return the one that goes on."""
        with self._store.reading() as tx:
            return tx.running_shadow()

    def all(self) -> list[ShadowRow]:
        """Return all, newest first, without their reports."""
        with self._store.reading() as tx:
            return tx.shadows()

    def one(self, number: int | None) -> ShadowRow:
        """Return the one of a number, or else the one that goes on, or else the last.

        Raises:
            ShadowRefused: There is none.
        """
        with self._store.reading() as tx:
            last = next(iter(tx.shadows()), None)
            found = tx.shadow(number) if number is not None else tx.running_shadow() or (last and tx.shadow(last.id))
        if found is None:
            raise ShadowRefused("还没有试算过" if number is None else f"没有第 {number} 次试算")
        return found

    def report(self, shadow: ShadowRow, now: datetime) -> ShadowReport:
        """Say what a 试算 found so far, against the edition now in force.

        Raises:
            EditionRefused, RulebookError: The files of an edition are not there or not as they were.
        """
        before, after = self.live(), self._source(snapshot(self._directory, shadow.candidate))
        if before.edition == after.edition:  # it was put in force meanwhile: what it was tried against still tells
            before = self._source_of(shadow.live) or before
        faults, elsewhere, decided = dict[str, list[str]](), Counter[str](), 0

        def pairs(tx: Transaction) -> Iterator[Pair]:
            nonlocal decided
            for row in tx.shadow_tickets(shadow.id):
                decided += row.decided_by == shadow.candidate
                if row.live != before.edition:
                    elsewhere[row.live] += 1
                elif row.fault:
                    faults.setdefault(row.fault, []).append(row.case_no)
                else:
                    yield Pair(row.case_no, row.live_says, row.says)

        with self._store.reading() as tx:
            found = compared(pairs(tx), before, after, now.astimezone(SHANGHAI).date())
        told = [Fault(where, len(numbers), tuple(numbers[:SAMPLES])) for where, numbers in faults.items()]
        return ShadowReport(shadow, found, tuple(sorted(told, key=lambda f: -f.count)), decided, elsewhere.total(),
                            number_of(before, ENOUGH), now)

    def stop(self, now: datetime, who: str, why: str, render: Render) -> ShadowRow:
        """End the 试算 that goes on; from now on the edition in force alone decides, and cases that are decided stay so.

        Raises:
            ShadowRefused: None goes on.
        """
        shadow = self._that_runs()
        return self._end(shadow, "stopped", "停止试算", f"{shadow.candidate} 版停止试算", now, who, why,
                         self._kept(shadow, now, render))

    def promote(self, now: datetime, who: str, why: str, render: Render) -> ShadowRow:
        """Put the candidate in force, its report kept, and end the 试算.

        Raises:
            ShadowRefused: No reason, too few tickets, or the candidate failed on some.
            EditionRefused: It does not pass its check or examples any more.
        """
        if not why.strip():
            raise ShadowRefused("没有写理由，没有启用。请用 --why 写明依据，如会议纪要的文号")
        shadow = self._that_runs()
        report = self.report(shadow, now)
        stays = f"没有启用，{report.comparison.before} 版仍在生效，试算照常进行"
        if editions.current(self._directory) != shadow.candidate:  # else only the end was not noted the last time
            if report.failed:
                raise ShadowRefused(f"{shadow.candidate} 版在 {report.failed} 张工单上出过错，如 {report.faults[0].samples[0]}："
                                    f"{report.faults[0].where}。请先查明，改好后停止并重新试算。{stays}")
            if report.comparison.tickets < report.enough:
                raise ShadowRefused(
                    f"对照 {report.comparison.before} 版只试算过 {report.comparison.tickets} 张工单，至少要 {report.enough} 张"
                    f"（settings.yaml 的 {ENOUGH}，可由专班办公室确认）。{stays}")
            editions.promote(self._directory, shadow.candidate, now, who, why)
        told = f"{shadow.candidate} 版试算 {report.comparison.tickets} 张，建议有变 {report.comparison.changed} 张，启用"
        return self._end(shadow, "promoted", "试算后启用", told, now, who, why, render(report))

    def _end(
        self, shadow: ShadowRow, outcome: str, act: str, told: str, now: datetime, who: str, why: str, kept: str
    ) -> ShadowRow:
        with self._store.begin() as tx:
            if not tx.end_shadow(shadow.id, outcome, now, who, why, kept):
                raise ShadowRefused(f"{shadow.candidate} 版的试算刚刚由别人结束了，没有改动")
            tx.add_journal(JOURNAL, now, who, act, told + _because(why), CLAUSE)
            ended = tx.shadow(shadow.id)
        assert ended
        return ended

    def _kept(self, shadow: ShadowRow, now: datetime, render: Render) -> str:
        """Write the report of what is being stopped; stopping never fails because its files are gone."""
        try:
            return render(self.report(shadow, now))
        except HsdisputeError as err:
            return json.dumps({"text": f"报告没有做成：{err}"}, ensure_ascii=False)

    def _that_runs(self) -> ShadowRow:
        if (found := self.running()) is None:
            raise ShadowRefused("没有正在试算的版次。用 hsdispute shadow start 开始")
        return found

    def _none_runs(self, tx: Transaction | None = None) -> None:
        found = tx.running_shadow() if tx else self.running()
        if found:
            raise ShadowRefused(f"{found.candidate} 版正在试算，一次只试一版。先用 hsdispute shadow stop 停下")

    def _source_of(self, edition: str) -> RuleSource | None:
        try:
            return self._source(snapshot(self._directory, edition))
        except HsdisputeError:
            return None


def _because(why: str) -> str:
    return f"；理由：{why}" if why else ""


def pilot(shadow: ShadowRow, source: RuleSource) -> str:
    """Say of which tickets a candidate really decides."""
    if not shadow.share:
        return "只试算，不影响任何案件"
    units = "、".join(source.units[u].short if u in source.units else u for u in shadow.units.split())
    whose = "、".join(filter(None, (units and f"{units}主办的", shadow.towns and f"{'、'.join(shadow.towns.split())}的")))
    return f"试点：{whose}新工单{f'的 {shadow.share}%' if shadow.share < 100 else ''}按试算的版次给出建议"


def _units(given: Sequence[str], source: RuleSource) -> list[str]:
    known = codes_by_name(source.units.values())
    if unknown := [u for u in given if u not in known]:
        raise ShadowRefused(f"没有单位“{'、'.join(unknown)}”。可用：{'、'.join(u.short for u in source.units.values())}")
    return list(dict.fromkeys(known[u] for u in given))


def _towns(given: Sequence[str], source: RuleSource) -> list[str]:
    known = set(source.regions.towns.values())
    if unknown := [t for t in given if t not in known]:
        raise ShadowRefused(f"没有乡镇“{'、'.join(unknown)}”。可用：{'、'.join(sorted(known))}")
    return list(dict.fromkeys(given))
