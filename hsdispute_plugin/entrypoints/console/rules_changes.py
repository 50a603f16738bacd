"""What a draft would change: said in sentences, shown by tickets decided otherwise, and replayed over all tickets of the past."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.responses import Response

from hsdispute_plugin import app as joined
from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.rules import READERS, TRIERS, extra_facts
from hsdispute_plugin.entrypoints.console.rules_errands import Progress, begin, errand
from hsdispute_plugin.entrypoints.differing import differing_tickets
from hsdispute_plugin.entrypoints.tickets import rows_of
from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.model import SHANGHAI
from hsdispute_plugin.rules.difference import differences
from hsdispute_plugin.rules.draft_reading import read_once
from hsdispute_plugin.rules.editions import EditionRefused, editions, in_force, snapshot
from hsdispute_plugin.rules.load import edition_of, load
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_inbox import WHOLE

NOW, WORK = "now", "work"  # what is in force, and the draft
WITNESSES, REPLAY = "witnesses", "replay"
NO_POLARS = "没有安装 polars，不能回放。请让服务器管理员安装 hsdispute-plugin[replay]；不装它，其余功能照常可用"


def changes(visit: Visit) -> Response:
    """GET /rules/changes?before=&after=: the differences in sentences, and the last tickets and replay."""
    said: dict[str, Any] = {}
    try:
        names, places = _pair(visit, visit.query.get)
        old, new = (read_once(place, extra_facts(visit)) for place in places)
    except EditionRefused as err:
        said = {"says": str(err), "problems": ()}
    except RulebookError as err:
        said = {"says": "有一版里有错，读不出来", "problems": err.problems}
    if said:
        return visit.page("rules/changes.html", 422, **said, **_values(visit, (NOW, WORK)))
    return visit.page("rules/changes.html", says="", problems=(), sentences=list(differences(old, new)), old=old.edition,
                      new=new.edition, **_values(visit, names))


def state(visit: Visit) -> Response:
    """GET /rules/changes/{kind}: how far the tickets or the replay are; asked by htmx."""
    kind = WITNESSES if visit.params["kind"] == WITNESSES else REPLAY
    return visit.page(f"rules/{kind}.html", **_values(visit, (NOW, WORK)))


def start(visit: Visit) -> Response:
    """POST /rules/changes/begin: look for the tickets, or replay the history."""
    kind = WITNESSES if visit.text("kind") == WITNESSES else REPLAY
    try:
        names, (old, new) = _pair(visit, lambda name, _: visit.text(name))
    except EditionRefused as err:
        return visit.go("/rules/changes", str(err))
    back = f"/rules/changes?before={names[0]}&after={names[1]}#h-{kind}"
    at = visit.now
    if kind == REPLAY:
        if find_spec("polars") is None:
            return visit.go(back, NO_POLARS)
        if (given := visit.text("day")) and given != f"{at.astimezone(SHANGHAI):%Y-%m-%d}":
            try:
                at = datetime.combine(date.fromisoformat(given), time(9), SHANGHAI)
            except ValueError:
                return visit.go(back, f"“{given[:20]}” 不是日期，请写成 2027-02-01。")
    about = {"before": edition_of(old), "after": edition_of(new), "day": f"{at.astimezone(SHANGHAI):%Y-%m-%d}"}
    work: Callable[[Progress], Mapping[str, Any]] = partial(_witnesses, old, new, visit.app.plugins.extractors, at)
    if kind == REPLAY:
        work = partial(_replay, old, new, visit.app.store, at)
    return visit.go(back, begin(visit, kind, about, work))


def _pair(visit: Visit, given: Callable[[str, str], str]) -> tuple[tuple[str, str], tuple[Path, Path]]:
    directory = visit.app.directory
    names = given("before", NOW) or NOW, given("after", WORK) or WORK

    def place(name: str) -> Path:
        return in_force(directory) if name == NOW else directory if name == WORK else snapshot(directory, name)

    return names, (place(names[0]), place(names[1]))


def _values(visit: Visit, names: tuple[str, str]) -> dict[str, Any]:
    directory = visit.app.directory
    done = {kind: errand(visit, kind) for kind in (WITNESSES, REPLAY)}
    known = [(NOW, "生效的"), (WORK, "草稿"), *((e, f"{e}（{at[:10]} 启用）") for e, at in reversed(editions(directory)))]
    return {"before": names[0], "after": names[1], "known": known, "done": done, "planned": edition_of(directory),
            "may_try": visit.person.holds(*TRIERS), "sees_cases": visit.person.cases_of == WHOLE,
            "today": f"{visit.now.astimezone(SHANGHAI):%Y-%m-%d}", "charts": _charts(done[REPLAY].result)}


def _witnesses(old: Path, new: Path, extractors: Any, at: datetime, progress: Progress) -> Mapping[str, Any]:
    extra = joined.fact_defs(extractors)
    found: list[list[str]] = []
    for line in differing_tickets(load(old, extra), load(new, extra), at):
        progress(1, None)
        if line.startswith(" ") and found:
            found[-1].append(line.strip())
        else:
            found.append([line])
    return {"found": found[:-1], "sum": found[-1][0]}


def _replay(old: Path, new: Path, store: Store, at: datetime, progress: Progress) -> Mapping[str, Any]:
    # Here: polars is an extra, and the pages of rules must open without it.
    from hsdispute_plugin.entrypoints.replay_report import as_json
    from hsdispute_plugin.entrypoints.replay_run import Run
    from hsdispute_plugin.rules.replay_gather import Chunk
    from hsdispute_plugin.rules.replay_history import chunks_of

    with store.reading() as tx:
        count = tx.count_cases()
    def chunks() -> tuple[Iterator[Chunk], int | None]:
        return chunks_of(row.ticket for row in rows_of(store)), None

    def told(done: int, _: int | None) -> None:
        progress(done, 2 * count)

    processes = max(1, (os.cpu_count() or 1) - 1)  # a core is left to the gateway
    with Run(joined.cache_directory(), processes, at) as run:
        return as_json(run.report(run.side(old, chunks, told), run.side(new, chunks, told)))


def _charts(result: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(key, title, _bars(result[key])) for key, title in (("leads", "主办"), ("units", "参与")) if result.get(key)]


def _bars(rows: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    names = [row["name"] for row in rows][::-1]
    return {
        "grid": {"left": 8, "right": 40, "top": 28, "bottom": 8, "containLabel": True}, "tooltip": {"trigger": "axis"},
        "legend": {"data": ["改前", "改后"], "top": 0}, "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": names},
        "series": [{"name": name, "type": "bar", "barMaxWidth": 22, "itemStyle": {"color": colour},
                    "data": [row[key] for row in rows][::-1]}
                   for name, key, colour in (("改前", "before", "#9fb4c7"), ("改后", "after", "#0b4f8a"))]}


PAGES = (
    Page("/rules/changes", changes, roles=READERS),
    Page("/rules/changes/begin", start, roles=TRIERS, post=True),
    Page("/rules/changes/{kind}", state, roles=READERS),
)
