"""A message as clauses and sentences: negations bound to their clause, combinations of phrases, what stands in a demand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hsdispute_plugin.rules.combinations import Combinations, rows_of
from hsdispute_plugin.rules.lexicon import Words
from hsdispute_plugin.rules.phrasebook import CLAUSE_END, SENTENCE_END, Phrasebook, Token

NEGATION, REQUEST, INSURED = "否定", "请求", "保险物"  # clues that structure itself asks for
NEGATION_WINDOW = 4  # characters between a negation and what it negates
LAST_SENTENCES = 2  # a demand stands here even without a word of request
SHORT = 60  # characters of a message that is all head
HEAD_LENGTH = 40  # characters of the first words of a message without a title

Span = tuple[int, int]

#: Where the story begins in a message whose title ran into it.
_TITLE = re.compile(r"《[^《》\n]{1,80}》")
_STORY = re.compile(r"[,，。!！?？;；:：\n]|尊敬的|您好|你好|我是|我叫|本人|我们是|我在|我于")


@dataclass(slots=True)
class Reading:
    """What a text says: bits of the whole, of the head, of the demands; ``doubtful``: negated but not to be dropped."""

    everywhere: int = 0
    head: int = 0
    demand: int = 0
    doubtful: int = 0
    premium: int = 0  # of the head and the sentences about premiums
    about_premium: int = 0  # sentences
    about_other: int = 0
    told: Callable[[], list[Token]] = list  # gives the tokens of facts
    counted: list[Token] = field(default_factory=list)  # those of numbers
    said: list[Token] = field(default_factory=list)  # what ``told`` will give, and bits of each sentence, while a text is read
    sentences: list[int] = field(default_factory=list)

    def tokens(self) -> list[Token]:
        """Return where all that is said stands."""
        return [*self.told(), *self.counted]


class Clauses:
    """Reads texts by one phrasebook and its combinations. Immutable once built; safe to share between threads."""

    def __init__(self, words: Words, book: Phrasebook, shown: int, asked: int) -> None:
        """``shown``: bits whose tokens a reading keeps; ``asked``: further bits that presumptions ask for."""
        self.book, self.shown = book, shown
        self.ends, self.sentence = book.bit[CLAUSE_END] | book.bit[SENTENCE_END], book.bit[SENTENCE_END]
        self.negation, self.request = book.mask((NEGATION,)), book.mask((REQUEST,))
        self.named = book.mask((INSURED,))
        for tag in words.unions.get(INSURED, ()):
            self.named |= book.mask((tag, *words.classes.get(tag, ())))
        rows = rows_of(words, book, shown | asked)
        self.of_clause = Combinations([r for r in rows if not r.whole])
        self.of_sentence = Combinations([r for r in rows if r.whole])

    def read(self, text: str, head_end: int, titles: list[Span]) -> Reading:
        """Read one folded text, whose head ends at ``head_end`` and which names documents at ``titles``."""
        found = Reading()
        all_head = head_end >= len(text)
        tokens = self.book.tokens(text)
        if titles:
            tokens = self._outside(titles, tokens)
        ends, sentence_end = self.ends, self.sentence
        clauses: list[list[Token]] = []
        clause: list[Token] = []
        for token in tokens:
            _, end, bits = token
            if end > head_end:
                clauses.append(clause)
                self._finish(clauses, found)
                clauses, clause, head_end = [], [], len(text)
                for done in found.sentences:
                    found.head |= done
            if bits & ends:
                if clause:
                    clauses.append(clause)
                    clause = []
                if bits & sentence_end and clauses:
                    self._finish(clauses, found)
                    clauses = []
            else:
                clause.append(token)
        clauses.append(clause)
        self._finish(clauses, found)
        if all_head:  # a short message without a title, or a title without a message
            for done in found.sentences:
                found.head |= done
        found.demand = found.head
        last = len(found.sentences) - LAST_SENTENCES
        for n, bits in enumerate(found.sentences):
            found.everywhere |= bits
            if n >= last or bits & self.request:
                found.demand |= bits
        return found

    def _outside(self, titles: list[Span], tokens: list[Token]) -> list[Token]:
        """Drop what stands in the title of a document (《…》), but for the insurances it names."""
        kept = []
        for start, end, bits in tokens:
            if any(s < start and end < e for s, e in titles):
                bits &= self.named
            if bits:
                kept.append((start, end, bits))
        return kept

    def _finish(self, clauses: list[list[Token]], found: Reading) -> None:
        """Note a finished sentence: negated phrases settled, what its phrases mean together added."""
        union = 0
        for clause in clauses:
            for token in clause:
                union |= token[2]
        if not union:
            return
        if union & self.negation and union & (self.book.dropped | self.book.doubtful):
            clauses = [self._negate(clause, found) for clause in clauses]
        sentence = [token for clause in clauses for token in clause]
        if union & self.of_clause.worth:
            sentence += self.of_clause.met(clauses, union)
        if union & self.of_sentence.worth:
            for token in sentence:
                union |= token[2]
            sentence += self.of_sentence.met([sentence], union)
        bits, shown = 0, self.shown
        for token in sentence:
            bits |= token[2]
        found.said += [token for token in sentence if token[2] & shown]
        found.sentences.append(bits)

    def _negate(self, clause: list[Token], found: Reading) -> list[Token]:
        ends = [t[1] for t in clause if t[2] & self.negation]
        if not ends:
            return clause
        kept: list[Token] = []
        for start, end, bits in clause:
            lost = bits & (self.book.dropped | self.book.doubtful)
            if lost and any(0 <= start - n <= NEGATION_WINDOW for n in ends):
                doubtful = lost & self.book.doubtful
                found.doubtful |= doubtful
                if doubtful & self.shown:
                    found.said.append((start, end, doubtful))
                bits &= ~lost
            if bits:
                kept.append((start, end, bits))
        return kept


def titles_in(text: str) -> list[Span]:
    """Where documents are named: 《…》."""
    return [m.span() for m in _TITLE.finditer(text)] if "《" in text else []


def head_end(text: str, title_length: int) -> int:
    """Where the title, or the first words of a message without one, end."""
    if title_length or len(text) <= SHORT:
        return title_length or len(text)
    story = _STORY.search(text, 4, HEAD_LENGTH)
    return story.start() if story else min(len(text), HEAD_LENGTH)
