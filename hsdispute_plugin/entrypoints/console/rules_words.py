"""The county's words in the draft: find one, add one, take one out, and see which stored tickets it touches before doing so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from hsdispute_plugin.entrypoints.console.pages import Page, Visit
from hsdispute_plugin.entrypoints.console.rules import EDITORS, READERS, TRIERS, draft_of, extra_facts, journal
from hsdispute_plugin.entrypoints.console.rules_edit import EDITED
from hsdispute_plugin.entrypoints.console.rules_errands import Progress, begin, errand
from hsdispute_plugin.entrypoints.tickets import rows_of
from hsdispute_plugin.model import Ticket
from hsdispute_plugin.rules.automaton import fold
from hsdispute_plugin.rules.draft import Draft, DraftChanged, DraftFile, DraftRefused
from hsdispute_plugin.rules.draft_change import with_word, without_word
from hsdispute_plugin.rules.lexicon import MAX_PHRASE
from hsdispute_plugin.rules.load_places import Place, places
from hsdispute_plugin.store import Store
from hsdispute_plugin.store_inbox import WHOLE

TOUCHED, ENTRIES, SAMPLES = "touched", "词条", 10
LISTS = ("词", "不算")  # the words of an entry, and the longer words inside which they do not count


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a lexicon file; ``row`` is its place among those of the file."""

    file: DraftFile
    row: int
    klass: str
    tag: str
    says: str
    words: Mapping[str, tuple[str, ...]]


def entries(draft: Draft) -> Iterator[Entry]:
    """Yield all entries of the draft, file by file; what cannot be read is passed over (the page of the draft names it)."""
    for listed in draft.files():
        if not listed.name.startswith("lexicon/"):
            continue
        yield from _entries(draft.read(listed.name))


@lru_cache(maxsize=64)  # all lexicon files together take a sixth of a second
def _entries(file: DraftFile) -> tuple[Entry, ...]:
    root = places(file.text)
    rows = root.at(ENTRIES) if root else None
    found = []
    for n, row in enumerate(rows.parts if rows else ()):
        words = {key: tuple(p.value for p in listed.parts) for key in LISTS if (listed := row.at(key)) is not None}
        found.append(Entry(file, n, _said(root, "归类"), _said(row, "归入"), _said(row, "说明"), words))
    return tuple(found)


def _said(place: Place | None, key: str) -> str:
    found = place.at(key) if place else None
    return found.value if found else ""


def words(visit: Visit) -> Response:
    """GET /rules/words?q=&class=&tag=: entries whose words hold this, or those of one tag; else what there is."""
    asked, klass, tag = (visit.query.get(key, "").strip()[:MAX_PHRASE] for key in ("q", "class", "tag"))
    every, wanted = list(entries(draft_of(visit))), fold(asked)
    index: dict[tuple[str, str], int] = {}
    for e in every:
        index[e.klass, e.tag] = index.get((e.klass, e.tag), 0) + len(e.words.get("词", ()))
    shown = [e for e in every if (asked and any(wanted in fold(w) for ws in e.words.values() for w in ws))
             or (tag and (e.klass, e.tag) == (klass, tag))]
    return visit.page("rules/word_list.html", index=index, shown=shown, asked=asked, tag=tag, klass=klass,
                      hit=lambda word: bool(asked) and wanted in fold(word), **_may(visit))


def word(visit: Visit) -> Response:
    """GET /rules/words/word?file=&row=&list=&word=: one word, the tickets it touches, and the way to take it out or put it in."""
    query = visit.query
    return _word(visit, query.get("file", ""), query.get("row", ""), query.get("list", ""), query.get("word", "").strip())


def _word(
    visit: Visit, name: str, row: str, key: str, text: str, status: int = 200, *, says: str = "",
) -> Response:
    text = text[:MAX_PHRASE]
    entry = next((e for e in entries(draft_of(visit)) if (e.file.name, str(e.row)) == (name, row)), None)
    there = entry is not None and text in entry.words.get(key, ())
    return visit.page("rules/word.html", status, entry=entry, key=key if key in LISTS else LISTS[0], there=there,
                      says=says, **_touched(visit, text), **_may(visit))


def touch(visit: Visit) -> Response:
    """POST /rules/words/touch: count the stored tickets in which a word stands."""
    text = visit.text("word")[:MAX_PHRASE]
    if not text:
        return visit.go("/rules/words", "请写上要找的词。")
    said = begin(visit, TOUCHED, {"word": text}, partial(touched, visit.app.store, text))
    if not visit.partial:
        return visit.go("/rules/words/word?" + urlencode({k: visit.text(k) for k in ("file", "row", "list", "word")}), said)
    return visit.page("rules/touched.html", **_touched(visit, text) | {"says_touched": said})


def touched_so_far(visit: Visit) -> Response:
    """GET /rules/words/touched?word=: how far the counting is."""
    return visit.page("rules/touched.html", **_touched(visit, visit.query.get("word", "")))


def touched(store: Store, text: str, progress: Progress) -> Mapping[str, Any]:
    """Count the tickets in which a word stands, as it is read (traditional, full-width and kindred characters alike)."""
    wanted, count, samples, seen = fold(text), 0, list[str](), 0
    with store.reading() as tx:
        total = tx.count_cases()
    for row in rows_of(store):
        seen += 1
        progress(1, total)
        if wanted in fold(Ticket.model_validate(row.ticket).text):
            count += 1
            samples = [row.case_no, *samples][:SAMPLES]  # the newest first
    return {"word": text, "tickets": seen, "count": count, "samples": samples}


def add(visit: Visit) -> Response:
    """POST /rules/words/add."""
    return _change(visit, visit.text("word"), taken_out=False)


def take_out(visit: Visit) -> Response:
    """POST /rules/words/remove."""
    return _change(visit, visit.text("word"), taken_out=True)


def _change(visit: Visit, text: str, *, taken_out: bool) -> Response:
    name, row, key, seen = (visit.text(k) for k in ("file", "row", "list", "seen"))
    draft = draft_of(visit)
    try:
        if not text or len(text) > MAX_PHRASE or key not in LISTS or not row.isdecimal() or not name.startswith("lexicon/"):
            raise DraftRefused(f"请写上一个不超过 {MAX_PHRASE} 个字的短语")
        file = draft.read(name)
        if file.mark != seen:
            raise DraftChanged(file)
        fresh = (without_word if taken_out else with_word)(file.text, ENTRIES, int(row), key, text)
        before = set(map(str, draft.problems(extra_facts(visit))))
        wrong = [p for p in draft.problems(extra_facts(visit), DraftFile(name, fresh, file.mark)) if str(p) not in before]
        if wrong:
            raise DraftRefused(f"{wrong[0].what}。{wrong[0].mend}")
        draft.save(name, fresh, file.mark)
    except DraftRefused as err:
        status = 409 if isinstance(err, DraftChanged) else 422
        return _word(visit, name, row, key, text, status, says=f"{err}。{'看清后再交一次' if status == 409 else '没有改动'}")
    entry = next(e for e in entries(draft) if (e.file.name, str(e.row)) == (name, row))
    journal(visit, EDITED, f"{name}：{entry.klass} {entry.tag} 的{key} {'删去' if taken_out else '加上'} “{text}”")
    return visit.go("/rules/words?" + urlencode({"class": entry.klass, "tag": entry.tag}),
                    f"已在草稿里{'删去' if taken_out else '加上'} “{text}”，启用以后才生效。")


def _touched(visit: Visit, text: str) -> dict[str, Any]:
    last = errand(visit, TOUCHED)
    mine = last if last.about.get("word") == text and text else type(last)(TOUCHED)
    return {"errand": mine, "word": text, "poll": "/rules/words/touched?" + urlencode({"word": text}),
            "sees_cases": visit.person.cases_of == WHOLE, "says_touched": ""}


def _may(visit: Visit) -> dict[str, Any]:
    closed = draft_of(visit).closed()
    return {"closed": closed, "may_edit": visit.person.holds(*EDITORS) and not closed, "may_try": visit.person.holds(*TRIERS)}


PAGES = (
    Page("/rules/words", words, roles=READERS),
    Page("/rules/words/word", word, roles=READERS),
    Page("/rules/words/touched", touched_so_far, roles=READERS),
    Page("/rules/words/touch", touch, roles=TRIERS, post=True),
    Page("/rules/words/add", add, roles=EDITORS, post=True),
    Page("/rules/words/remove", take_out, roles=EDITORS, post=True),
)
