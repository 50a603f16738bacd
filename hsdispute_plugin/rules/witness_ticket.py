"""Writes the ticket that shows a finding: words of the county's own lexicon from which extraction reads the facts wanted.

Words do more than the facts they are written for (a phrase brings a presumption, two make a combination), so each draft
is read back by the extractor, and only one that shows the finding is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hsdispute_plugin.model import FactValue, Ticket
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.finding import Finding
from hsdispute_plugin.rules.lexicon import Words, Zone
from hsdispute_plugin.rules.rulebook import RuleSource

DRAFTS = 24  # tickets tried for one finding
PHRASES = 4  # phrases tried for one step of a combination
_NEUTRAL = ("以上是大致经过", "有关材料另附")  # the last two sentences count as a demand; these say nothing
_NUMBERS = (("people", "我们{}人"), ("years", "连续{}年"))
_PHONE, _NAME = "13800000000", "张某某"


class Writer:
    """Drafts tickets for the facts of one configuration."""

    def __init__(self, source: RuleSource) -> None:
        self._table = source.table
        self._extract = Extractor(source.words, source.regions, source.settings, source.table)
        self._places = {"inside": sorted(source.regions.inside), "outside": sorted(source.regions.outside)}
        self._says: dict[tuple[str, str], list[tuple[str, frozenset[tuple[str, str]]]]] = defaultdict(list)
        for phrase in sorted({*source.words.phrases, *joined(source.words)}, key=lambda p: (len(p), p)):
            read = self._extract(Ticket(ticket_no="0", content=f"{phrase}。{'。'.join(_NEUTRAL)}。")).values
            told = frozenset(m for m in _members(read) if self._whole(m[0]) == m[0])
            for member in told:
                self._says[member].append((phrase, told))

    def ticket(self, finding: Finding) -> Ticket | None:
        """Return a ticket whose words show the finding; ``None`` when no ticket can, or none of the drafts does."""
        if finding.facts is None or finding.shows is None:
            return None
        return next((t for t in self.drafts(finding.facts) if finding.shows(self._extract(t).values)), None)

    def drafts(self, facts: Mapping[str, FactValue]) -> Iterator[Ticket]:
        """Yield tickets whose words may lead to the facts; whether they do is for the caller to see."""
        wanted = _members(facts)
        in_head, in_demand = (
            {(self._whole(code), member) for code, member in wanted if self._table.by_code[code].label.startswith(zone)}
            for zone in (Zone.HEAD, Zone.DEMAND)
        )
        whole = {(self._whole(code), member) for code, member in wanted}
        for n in range(DRAFTS):
            head, asked, body = (self._phrases(members, whole, n)
                                 for members in (in_head, in_demand - in_head, whole - in_head - in_demand))
            counted = [said.format(facts[code]) for code, said in _NUMBERS if code in facts]
            sentences = [*counted, *body, *_NEUTRAL, *(f"请求处理{phrase}" for phrase in asked)]
            yield Ticket(
                ticket_no="示例", title="，".join(head) or "情况反映", content="".join(f"{s}。" for s in sentences),
                ticket_type=self._label_of("ticket_type", facts), area=self._place(facts, n),
                caller_phone=_PHONE if facts.get("has_phone") else "", caller_name=_NAME if facts.get("has_name") else "",
                repeat_of="T-0" if facts.get("is_repeat") else "",
            )

    def _phrases(self, members: set[tuple[str, str]], whole: set[tuple[str, str]], n: int) -> list[str]:
        """Return few phrases that say all members, those first that say nothing else; ``n`` picks other ones each time."""
        chosen: list[str] = []
        left = set(members)
        while left:
            member = min(left)
            known = sorted(self._says.get(member, ()), key=lambda p: (len(p[1] - whole), -len(p[1] & left)))
            if not known:
                left.discard(member)
                continue
            phrase, told = known[n % len(known)]
            chosen.append(phrase)
            left -= {member, *told}
        return chosen

    def _whole(self, code: str) -> str:
        """Return the fact of which this one is the part in a zone: 主题 for 标题主题; itself when there is none."""
        label = self._table.by_code[code].label
        fact = self._table.by_label.get(label.removeprefix(Zone.HEAD).removeprefix(Zone.DEMAND))
        return fact.code if fact else code

    def _label_of(self, code: str, facts: Mapping[str, FactValue]) -> str:
        return self._table.by_code[code].label_of(str(facts[code])) if code in facts else ""

    def _place(self, facts: Mapping[str, FactValue], n: int) -> str:
        places = self._places.get(str(facts.get("area", "")), [])
        return places[n % len(places)] if places else ""


def joined(words: Words) -> Iterator[str]:
    """Yield what the combinations of the lexicon ask for: a phrase of each step, one after another."""
    by_tag: dict[str, list[str]] = defaultdict(list)
    for phrase, senses in words.phrases.items():
        for sense in senses:
            by_tag[sense.tag].append(phrase)
    for _ in range(2):  # a step may itself be what another combination means
        for combination in words.combinations:
            steps = [[p for name in sorted(step) for tag in sorted(words.unions.get(name, {name}))
                      for p in by_tag.get(tag, ())[:PHRASES]] for step in combination.steps]
            if all(steps):
                made = ["".join(phrases[n % len(phrases)] for phrases in steps) for n in range(PHRASES)]
                by_tag[combination.tag] += made
                yield from made


def _members(values: Mapping[str, FactValue]) -> frozenset[tuple[str, str]]:
    found = {(code, member) for code, value in values.items() if isinstance(value, frozenset) for member in value}
    return frozenset(found | {(code, "是") for code, value in values.items() if value is True})
