"""What the facts of a ticket depend on, as keys: the ticket's own words, the county's words, and everything else that reads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hsdispute_plugin.model import PastTicket, Ticket
from hsdispute_plugin.rules.chain import NUMBER_SIGNALS
from hsdispute_plugin.rules.lexicon import Negated, Sense, Words
from hsdispute_plugin.rules.rulebook import RuleSource

Key = bytes  # a 128-bit hash
ROOTS = ("extract", "replay_packing")  # the rooms whose code makes facts, with all rooms of ours that they import
#: Parts of ``Words`` that belong to single phrases; every other part is the frame, which concerns all texts.
_OF_PHRASES = ("phrases", "blocks", "wholes", "entries")


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads tickets, by its hashes: ``phrases`` one by one, ``frame`` the rest of the lexicon, ``extractor`` all else."""

    extractor: str
    frame: str
    phrases: Mapping[str, str]

    @property
    def lexicon(self) -> str:
        """The hash of the whole lexicon."""
        return _hash([self.frame, self.phrases])

    def changed(self, other: Reader) -> frozenset[str] | None:
        """Return the phrases that mean something else to another reader; ``None`` where more than phrases differs."""
        if (self.extractor, self.frame) != (other.extractor, other.frame):
            return None
        return frozenset(p for p in {*self.phrases, *other.phrases} if self.phrases.get(p) != other.phrases.get(p))


def reader_of(source: RuleSource, plugins: Sequence[str] = ()) -> Reader:
    """Return what reads tickets under one configuration; ``plugins`` names the code of each extractor that is not ours."""
    facts = [d for d in source.table.by_code.values() if d.source != "family"]
    settings = [(key, source.settings[key].value) for limits in NUMBER_SIGNALS.values() for _, key in limits
                if key in source.settings]
    rest = [_code(), _plain(facts), settings, _plain(source.regions), list(plugins)]
    return Reader(_hash(rest), _frame(source.words), _phrases(source.words))


def key_of(ticket: Ticket | PastTicket, plugins: bool = False) -> Key:
    """Return the hash of all that extraction reads of a ticket; with plugins, of the whole ticket."""
    if plugins and isinstance(ticket, Ticket):
        text = ticket.model_dump_json()
    else:  # no text of a ticket holds NUL, so that no two sets of fields run together alike
        given = f"{'p' if ticket.caller_phone else ''}{'n' if ticket.caller_name else ''}{'r' if ticket.repeat_of else ''}"
        text = f"{ticket.title}\0{ticket.content}\0{ticket.ticket_type}\0{ticket.area}\0{given}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def code_of(function: Callable[..., Any]) -> str:
    """Return a hash of the file that a function stands in, empty where it stands in none."""
    place = getattr(getattr(function, "__code__", None), "co_filename", "")
    return hashlib.sha256(Path(place).read_bytes()).hexdigest()[:16] if place and Path(place).is_file() else ""


def _phrases(words: Words) -> dict[str, str]:
    """Return for each phrase a hash of what it does to a text in which it stands.

    A phrase acts by its senses, by being a whole word, and by the phrases inside it that do not count there. Numbers of
    entries are no part of it: they shift when a row is put in.
    """
    asked = [f.name for f in fields(Sense) if f.name != "entry"]
    hashes: dict[Any, str] = {}  # many phrases do the same
    found = {}
    for phrase in {*words.phrases, *words.blocks, *words.wholes}:
        senses = tuple(sorted(tuple(str(getattr(s, name)) for name in asked) for s in words.phrases.get(phrase, ())))
        entries = words.blocks.get(phrase, set())
        inside = {phrase[a:b] for a in range(len(phrase)) for b in range(a + 1, len(phrase) + 1)} if entries else set()
        hidden = tuple(sorted((inner, s.klass, s.tag) for inner in inside for s in words.phrases.get(inner, ())
                              if s.entry in entries))
        does = senses, phrase in words.wholes, hidden
        if does not in hashes:
            hashes[does] = _hash(does)
        found[phrase] = hashes[does]
    return found


def _frame(words: Words) -> str:
    """Hash what of a lexicon concerns every text: combinations, presumptions, 合称, and which tags a negation can drop."""
    senses = [s for of in words.phrases.values() for s in of]
    negated = [sorted({(s.klass, s.tag) for s in senses if s.negated is n}) for n in (Negated.DROPPED, Negated.DOUBTFUL)]
    return _hash([negated, *(_plain(getattr(words, f.name)) for f in fields(words) if f.name not in _OF_PHRASES)])


@cache
def _code() -> str:
    """Hash the code that reads: the rooms named, and every room of ours they import, directly or not."""
    package = Path(__file__).parents[1]
    waiting, seen = [package / "rules" / f"{name}.py" for name in ROOTS], dict[str, str]()
    while waiting:
        file = waiting.pop()
        name = file.relative_to(package).as_posix()
        if name in seen or not file.is_file():
            continue
        text = file.read_text("utf-8")
        seen[name] = hashlib.sha256(text.encode()).hexdigest()
        rooms = re.findall(r"from hsdispute_plugin\.([\w.]+) import(?: (_\w+))?", text)  # a room, or what is compiled in one
        waiting += [package / (f"{room.replace('.', '/')}/{made}.c" if made else f"{room.replace('.', '/')}.py")
                    for room, made in rooms]
    return _hash(sorted(seen.items()))


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it, sets in a fixed order."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True, ensure_ascii=False))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
