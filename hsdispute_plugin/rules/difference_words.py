"""What changed in the county's words between two editions, in sentences a clerk reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hsdispute_plugin.rules.lexicon import Combination, Condition, Presumption, Words, Zone

SHOWN = 12  # phrases named in one sentence

Meaning = tuple[str, str]  # class and tag


def word_differences(old: Words, new: Words) -> Iterator[str]:
    """Yield a sentence for each tag whose phrases differ, and for each combination and presumption that came or went."""
    yield from _phrases("新增词", "删去词", _senses(old), _senses(new))
    yield from _phrases("不算里新增", "不算里删去", _blocks(old), _blocks(new))
    was, now = _negations(old), _negations(new)
    for key, word in now.items():
        if was.get(key, word) != word:
            (klass, tag), phrase = key
            yield f"词表：{klass} “{tag}” 的 “{phrase}” 前面有否定词时，由 {was[key]} 改为 {word}"
    for name in sorted({*old.unions, *new.unions}):
        if old.unions.get(name) != new.unions.get(name):
            yield f"词表：合称 “{name}” 改为 {'、'.join(sorted(new.unions.get(name, ()))) or '无'}"
    yield from _rows("组合", [_combination(c) for c in old.combinations], [_combination(c) for c in new.combinations])
    yield from _rows("推定", [_presumption(p) for p in old.presumptions], [_presumption(p) for p in new.presumptions])


def _senses(words: Words) -> set[tuple[Meaning, str]]:
    return {((s.klass, s.tag), phrase) for phrase, senses in words.phrases.items() for s in senses}


def _negations(words: Words) -> dict[tuple[Meaning, str], str]:
    return {((s.klass, s.tag), phrase): s.negated.value for phrase, senses in words.phrases.items() for s in senses}


def _blocks(words: Words) -> set[tuple[Meaning, str]]:
    meant = {s.entry: (s.klass, s.tag) for senses in words.phrases.values() for s in senses}
    return {(meant[e], phrase) for phrase, entries in words.blocks.items() for e in entries if e in meant}


def _phrases(come: str, gone: str, old: set[tuple[Meaning, str]], new: set[tuple[Meaning, str]]) -> Iterator[str]:
    for verb, found in ((come, new - old), (gone, old - new)):
        by_meaning: dict[Meaning, list[str]] = {}
        for meaning, phrase in sorted(found):
            by_meaning.setdefault(meaning, []).append(phrase)
        for (klass, tag), phrases in by_meaning.items():
            more = f" 等 {len(phrases)} 个" if len(phrases) > SHOWN else ""
            yield f"词表：{klass} “{tag}” {verb} {'、'.join(phrases[:SHOWN])}{more}"


def _rows(kind: str, old: list[str], new: list[str]) -> Iterator[str]:
    yield from (f"词表：新增{kind} {row}" for row in new if row not in old)
    yield from (f"词表：删去{kind} {row}" for row in old if row not in new)
    if sorted(old) == sorted(new) and old != new:
        yield f"词表：{kind}的先后次序有变"


def _combination(c: Combination) -> str:
    steps = " + ".join("或".join(sorted(step)) for step in c.steps)
    how = f"{'依次' if c.ordered else '不论先后'}，{'同一句' if c.whole_sentence else '同一分句'}，间隔 {c.gap} 字以内"
    return f"{steps}（{how}）{_unless(c.unless)}→ {c.klass} “{c.tag}”"


def _unless(tags: Iterable[str]) -> str:
    named = "、".join(sorted(tags))
    return f"，除非有 {named} " if named else " "


def _presumption(p: Presumption) -> str:
    parts = [f"遇 {_met(p.met)}"]
    for label, conditions in (("有", p.any_of), ("都有", p.all_of), ("无", p.none_of)):
        if conditions:
            parts.append(f"{label} {'、'.join(map(_met, conditions))}")
    return f"{'，'.join(parts)} → {p.klass} “{p.tag}”"


def _met(condition: Condition) -> str:
    return condition.tag if condition.zone is Zone.ALL else f"{condition.zone.value}里的 {condition.tag}"
