"""Brings a changed workbook into its rule file: only changed rows change lines, and nothing is written that would not load."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.rules.facts import FactDef, FactTable
from hsdispute_plugin.rules.load import base_of, load
from hsdispute_plugin.rules.rule_text import Block, TextRefused, changed, cut, written
from hsdispute_plugin.rules.rulebook import Rule, RuleSource
from hsdispute_plugin.rules.tables_reader import Imported, read


@dataclass(frozen=True, slots=True)
class Change:
    """A rule file before and after an import, and both rule sources; equal ones mean that there was nothing to do."""

    file: Path
    text: str
    before: RuleSource
    after: RuleSource

    def write(self) -> None:
        """Put the text in place at once: whoever reads the file sees the old one or the new one."""
        fresh = self.file.with_suffix(".yaml.new")
        fresh.write_bytes(self.text.encode())
        fresh.replace(self.file)


def family_file(directory: Path, source: RuleSource, family: str) -> Path:
    """Return the file in which a directory keeps a family.

    Raises:
        RulebookError: It comes from a 基础目录, or has no rules yet.
    """
    label, rules = next((f.label, f.rules) for f in source.families if f.code == family)
    root = directory.resolve().name
    if base_of(directory) is not None:
        raise _refused(f"{root}/settings.yaml", label, "本目录以别的目录为基础，表格写不下停用和次序",
                       "tables do not know overlays", "请直接改 rules/ 里的 YAML；基础目录本身可以用表格改")
    if not rules:
        raise _refused(f"{root}/rules", label, "这个规则族还没有规则", "the family is empty", "请先在 YAML 里写上第一条")
    return directory / rules[0].where.rpartition(":")[0].partition("/")[2]


def digest(file: Path) -> str:
    """Return what tells two states of a file apart."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def prepare(directory: Path, workbook: Path, extra_facts: Sequence[FactDef] = (), *, force: bool = False) -> Change:
    """Return what an import would write, having loaded the whole directory with it. Nothing is written yet.

    ``force``: the workbook wins over what the file has seen since the export.

    Raises:
        RulebookError: The workbook, or the rule book as it would be, has problems.
    """
    before = load(directory, extra_facts)
    given = read(workbook, before)
    file = family_file(directory, before, given.family)
    old = next(f.rules for f in before.families if f.code == given.family)
    if given.origin != digest(file) and not force and not _same_rules(old, given.rules):
        raise _refused(workbook.name, "", f"导出之后 {file.name} 又改过，表里可能没有那些改动",
                       "the rule file changed after the export", "请重新导出，把改动抄过去；确实以表格为准就加 --force")
    raw = file.read_bytes()
    text = raw.decode("utf-8-sig")
    fresh = _rewritten(text.replace("\r\n", "\n"), old, given, before.table, workbook.name)
    if "\r\n" in text:
        fresh = fresh.replace("\n", "\r\n")
    if raw.startswith(b"\xef\xbb\xbf"):
        fresh = "\ufeff" + fresh
    if _same_rules(old, given.rules):
        return Change(file, text, before, before)
    after = load(directory, extra_facts, {file.relative_to(directory).as_posix(): fresh.encode()})
    became = next(f.rules for f in after.families if f.code == given.family)
    if not _same_rules(became, given.rules):  # never seen; a file laid out in a way that our cutting does not know
        raise _refused(workbook.name, "", f"{file.name} 的排版无法逐条修改", "the file cannot be edited rule by rule",
                       "请直接改 YAML")
    return Change(file, fresh, before, after)


def _same_rules(one: Sequence[Rule], other: Sequence[Rule]) -> bool:
    return [replace(r, where="") for r in one] == [replace(r, where="") for r in other]


def _rewritten(text: str, old: Sequence[Rule], given: Imported, table: FactTable, workbook: str) -> str:
    try:
        file = cut(text, old)
    except TextRefused as err:
        raise _refused(workbook, "", str(err), "the file cannot be edited rule by rule", "改好后再导入") from None
    known = {(r.id, r.since): (r, b) for r, b in zip(old, file.blocks, strict=True)}
    indent = len(file.blocks[0].body[0]) - len(file.blocks[0].body[0].lstrip())
    blocks = []
    stay = {(r.id, r.since) for r in given.rules}
    for rule in given.rules:
        redated = next((key for key in known if key[0] == rule.id and key not in stay), None)
        key = (rule.id, rule.since) if (rule.id, rule.since) in known else redated
        before, block = known.pop(key) if key else (None, None)
        if before is None or block is None:
            blocks.append(Block(("",), written(rule, table, indent)))
        else:
            blocks.append(block if _same_rules([before], [rule]) else changed(block, before, rule, table))
    orphans = [line for _, block in known.values() for line in block.lead if line.strip()]  # words about rules now gone
    if blocks and not blocks[0].lead:
        blocks[0] = Block(file.blocks[0].lead, blocks[0].body)
    return replace(file, blocks=tuple(blocks), tail=(*orphans, *file.tail)).text()


def _refused(*problem: str) -> RulebookError:
    return RulebookError((Problem(*problem),))
