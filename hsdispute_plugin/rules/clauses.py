"""A message as clauses and sentences: negations bound to their clause, combinations of phrases, what stands in a demand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hsdispute_plugin.rules.lexicon import Combination, Words
from hsdispute_plugin.rules.phrasebook import CLAUSE_END, SENTENCE_END, Phrasebook, Token

NEGATION, REQUEST, INSURED = "否定", "请求", "保险物"  # clues that structure itself asks for
NEGATION_WINDOW = 4  # characters between a negation and what it negates
LAST_SENTENCES = 2  # a demand stands here even without a word of request
SHORT = 60  # characters of a message that is all head
HEAD_LENGTH = 40  # characters of the first words of a message without a title

#: Where the story begins in a message whose title ran into it.
_TITLE = re.compile(r"《[^《》\n]{1,80}》")
_STORY = re.compile(r"[,，。!！?？;；:：\n]|尊敬的|您好|你好|我是|我叫|本人|我们是|我在|我于")


@dataclass(slots=True)
class Reading:
    """What was found: bits of the whole, of the head, of the demands; ``doubtful``: negated but not to be dropped."""

    everywhere: int = 0
    head: int = 0
    demand: int = 0
    doubtful: int = 0
    premium: int = 0  # of the head and the sentences about premiums
    sentences: list[int] = field(default_factory=list)  # bits of each
    tokens: list[Token] = field(default_factory=list)  # those of facts


class Clauses:
    """Reads texts by one phrasebook and its combinations. Immutable once built; safe to share between threads."""

    def __init__(self, words: Words, book: Phrasebook, shown: int) -> None:
        """``shown``: bits whose tokens a reading keeps."""
        self._book, self._shown = book, shown
        self._ends, self._sentence = book.bit[CLAUSE_END] | book.bit[SENTENCE_END], book.bit[SENTENCE_END]
        self._negation, self._request = book.mask((NEGATION,)), book.mask((REQUEST,))
        self._named = book.mask((INSURED,))
        for tag in words.unions.get(INSURED, ()):
            self._named |= book.mask((tag, *words.classes.get(tag, ())))
        self._of_clause = _Combinations([c for c in words.combinations if not c.whole_sentence], book)
        self._of_sentence = _Combinations([c for c in words.combinations if c.whole_sentence], book)

    def read(self, text: str, title_length: int) -> Reading:
        """Read one folded text, whose first ``title_length`` characters are the title."""
        found = Reading()
        head_end = title_length or _head_end(text)
        sentences = found.sentences
        sentence: list[Token] = []
        clause: list[Token] = []
        tokens = self._book.tokens(text)
        if "《" in text:
            tokens = self._outside_titles(text, tokens)
        for token in tokens:
            _, end, bits = token
            if end > head_end:
                sentence += self._closed(clause, found)
                found.head = self._close(sentence, sentences, found)
                sentence, clause, head_end = [], [], len(text)
                for done in sentences:
                    found.head |= done
            if bits & self._ends:
                if clause:
                    sentence += self._closed(clause, found)
                    clause = []
                if bits & self._sentence and sentence:
                    self._close(sentence, sentences, found)
                    sentence = []
            else:
                clause.append(token)
        sentence += self._closed(clause, found)
        self._close(sentence, sentences, found)
        found.demand = found.head
        last = len(sentences) - LAST_SENTENCES
        for n, bits in enumerate(sentences):
            found.everywhere |= bits
            if n >= last or bits & self._request:
                found.demand |= bits
        return found

    def _outside_titles(self, text: str, tokens: list[Token]) -> list[Token]:
        """Drop what stands in the title of a document (《…》), but for the insurances it names."""
        quoted = [m.span() for m in _TITLE.finditer(text)]
        kept = []
        for start, end, bits in tokens:
            if any(s < start and end < e for s, e in quoted):
                bits &= self._named
            if bits:
                kept.append((start, end, bits))
        return kept

    def _closed(self, clause: list[Token], found: Reading) -> list[Token]:
        """Return the tokens of a finished clause: negated ones settled, combinations added."""
        bits = 0
        for token in clause:
            bits |= token[2]
        if bits & self._negation and bits & (self._book.dropped | self._book.doubtful):
            clause, bits = self._negate(clause, found)
        return clause + self._of_clause.met(clause, bits)

    def _negate(self, clause: list[Token], found: Reading) -> tuple[list[Token], int]:
        negations = [t for t in clause if t[2] & self._negation]
        kept: list[Token] = []
        union = 0
        for start, end, bits in clause:
            lost = bits & (self._book.dropped | self._book.doubtful)
            if lost and any(0 <= start - n[1] <= NEGATION_WINDOW for n in negations):
                found.doubtful |= lost & self._book.doubtful
                if lost & self._book.doubtful & self._shown:
                    found.tokens.append((start, end, lost & self._book.doubtful))
                bits &= ~lost
            if bits:
                kept.append((start, end, bits))
                union |= bits
        return kept, union

    def _close(self, sentence: list[Token], sentences: list[int], found: Reading) -> int:
        """Finish a sentence: combinations over its clauses, its bits noted."""
        if not sentence:
            return 0
        bits = 0
        for token in sentence:
            bits |= token[2]
            if token[2] & self._shown:
                found.tokens.append(token)
        for token in self._of_sentence.met(sentence, bits):
            bits |= token[2]
            if token[2] & self._shown:
                found.tokens.append(token)
        sentences.append(bits)
        return bits


class _Combinations:
    """Combinations of one range, in stages: those of words first, then those that need what the first found."""

    def __init__(self, combinations: Sequence[Combination], book: Phrasebook) -> None:
        self._stages: list[list[tuple[int, list[_Try]]]] = []
        rest = list(combinations)
        while rest:
            made = {c.tag for c in rest}
            made |= {name for name, members in book.unions.items() if not made.isdisjoint(members)}
            ready = [c for c in rest if all(made.isdisjoint(step) for step in c.steps)] or rest
            self._stages.append(_grouped([_Row(c, book) for c in ready]))
            rest = [c for c in rest if c not in ready]
        self._any = 0
        for stage in self._stages:
            for shared, _ in stage:
                self._any |= shared

    def met(self, tokens: list[Token], bits: int) -> list[Token]:
        """Return one token for each combination that the tokens (whose bits together are ``bits``) hold."""
        if not bits & self._any:
            return []
        found: list[Token] = []
        for stage in self._stages:
            new = []
            for shared, tries in stage:
                if bits & shared:
                    for a, b, c, d, row in tries:
                        if bits & a and bits & b and bits & c and bits & d and (token := row.first(tokens)):
                            new.append(token)
            if new:
                found += new
                tokens = tokens + new
                for token in new:
                    bits |= token[2]
        return found


class _Row:
    """One combination with its tags as bits."""

    def __init__(self, c: Combination, book: Phrasebook) -> None:
        self.steps = tuple(book.mask(s) for s in c.steps)
        self.result = book.bits_of(c.klass, c.tag)
        self._gap, self._unless = c.gap, book.mask(c.unless)
        self._reach = self._next if c.ordered else self._near

    def first(self, tokens: Sequence[Token]) -> Token | None:
        """Return the first place where it holds, as a token."""
        for start, end, bits in tokens:
            if bits & self.steps[0]:
                span = self._reach(tokens, start, end)
                if span and not (self._unless and self._spoilt(tokens, *span)):
                    return (*span, self.result)
        return None

    def _next(self, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
        for step in self.steps[1:]:
            near = [(s, e) for s, e, b in tokens if b & step and 0 <= s - end <= self._gap]
            if not near:
                return None
            end = min(near)[1]
        return start, end

    def _near(self, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
        first, last = start, end
        for step in self.steps[1:]:
            near = [(max(s - end, start - e, 0), s, e) for s, e, b in tokens if b & step]
            if not near:
                return None
            gap, s, e = min(near)
            if gap > self._gap:
                return None
            first, last = min(first, s), max(last, e)
        return first, last

    def _spoilt(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        return any(b & self._unless and start - NEGATION_WINDOW <= s and e <= end + NEGATION_WINDOW for s, e, b in tokens)


_Try = tuple[int, int, int, int, _Row]  # bits of the first four steps (-1 where there are fewer), to fail early


def _grouped(rows: list[_Row]) -> list[tuple[int, list[_Try]]]:
    """Group rows by the step that most of them share, so that most clauses try none."""
    groups: list[tuple[int, list[_Try]]] = []
    while rows:
        shared = Counter(step for row in rows for step in set(row.steps)).most_common(1)[0][0]
        tries: list[_Try] = []
        for row in rows:
            if shared in row.steps:
                a, b, c, d = (*row.steps, -1, -1)[:4]
                tries.append((a, b, c, d, row))
        groups.append((shared, tries))
        rows = [row for row in rows if shared not in row.steps]
    return groups


def _head_end(text: str) -> int:
    """Where the first words of a message without a title end."""
    if len(text) <= SHORT:
        return len(text)
    story = _STORY.search(text, 4, HEAD_LENGTH)
    return story.start() if story else min(len(text), HEAD_LENGTH)
