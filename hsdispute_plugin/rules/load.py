"""Reads a configuration directory into one rule source, or says everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hsdispute_plugin.errors import RulebookError
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.schema import read_source

MAX_BYTES = 2_000_000
MAX_DEPTH = 30

#: Files that can change a decision; their bytes make the edition.
DECIDING = ("rules/*.yaml", "lexicon/*.yaml", "calendar/*.yaml", "units.yaml", "deadlines.yaml", "notices.yaml",
            "settings.yaml", "regions.yaml")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is 8 times faster where the wheel has it
_TAG = "tag:yaml.org,2002:"


def load(directory: Path, extra_facts: Sequence[FactDef] = ()) -> RuleSource:
    """Read and check a configuration directory.

    Raises:
        RulebookError: With all problems of all files; nothing is half-loaded.
    """
    reading = Reading()
    if not directory.is_dir():
        reading.note(str(directory), "", "没有这个目录", "no such directory", "请先运行 hsdispute init 目录")
        raise RulebookError(tuple(reading.problems))
    files = read_directory(directory, reading)
    source = read_source(files, extra_facts, edition_of(directory), reading)
    if reading.problems or source is None:
        raise RulebookError(tuple(sorted(reading.problems, key=_place)))
    return source


def read_directory(directory: Path, reading: Reading) -> Mapping[str, Node]:
    """Read every deciding file, keyed by its path inside the directory (``rules/duty.yaml``)."""
    found = {}
    for path in deciding_files(directory):
        node = read_yaml(path, f"{directory.name}/{path.relative_to(directory).as_posix()}", reading)
        if node is not None:
            found[path.relative_to(directory).as_posix()] = node
    return found


def deciding_files(directory: Path) -> tuple[Path, ...]:
    """List the files that can change a decision, in a fixed order."""
    return tuple(sorted({p for pattern in DECIDING for p in directory.glob(pattern) if p.is_file()}))


def edition_of(directory: Path) -> str:
    """Name the edition: 12 hex digits of SHA-256 over the deciding files, the same whatever their line ends."""
    digest = hashlib.sha256()
    for path in deciding_files(directory):
        body = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(directory).as_posix()}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:12]


def read_yaml(path: Path, name: str, reading: Reading) -> Node | None:
    """Read one file as nodes whose every scalar is the text as written; what YAML would silently turn is refused.

    ``name`` is how the file is called in problems. ``None`` after a problem that leaves nothing to read.
    """
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        reading.note(f"{name}:1", "", f"文件有 {len(raw)} 字节，超过上限 {MAX_BYTES}", "file is too large", "请拆成几个文件")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw[: err.start].count(b"\n") + 1
        reading.note(f"{name}:{line}", "", "文件不是 UTF-8 编码", "file is not UTF-8", "请在编辑器里另存为 UTF-8")
        return None
    try:
        if not _plain_events(text, name, reading):
            return None
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as err:
        reading.note(f"{name}:{_line(err)}", "", f"YAML 写法有误：{_problem(err)}", f"YAML syntax: {_problem(err)}",
                     _syntax_mend(text, err))
        return None
    if root is None:
        reading.note(f"{name}:1", "", "文件是空的", "file is empty", "请写上内容，或删去这个文件")
        return None
    return _node(root, name, reading)


def _plain_events(text: str, name: str, reading: Reading) -> bool:
    """Refuse what lets one place of a file change another (anchors, aliases, tags), several documents and deep nesting."""
    depth = documents = 0
    good = True
    for event in yaml.parse(text, Loader=_LOADER):
        where = f"{name}:{_mark(event)}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            reading.note(where, "", "不能用 & 和 * 引用", "anchors and aliases are not allowed", "请把内容写全")
            good = False
        elif (tag := getattr(event, "tag", None)) and tag != "!":
            reading.note(where, "", f"不能用标签 {tag}", f"tag {tag} is not allowed", "请删去以 ! 开头的标签")
            good = False
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                reading.note(where, "", "一个文件只能有一份内容（出现了 ---）", "more than one document", "请拆成几个文件")
                return False
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                reading.note(where, "", f"嵌套超过 {MAX_DEPTH} 层", "nested too deeply", "请减少嵌套")
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return good


def _node(node: yaml.Node, name: str, reading: Reading) -> Node:
    where = f"{name}:{_mark(node)}"
    if isinstance(node, yaml.SequenceNode):
        return Node(where, tuple(_node(n, name, reading) for n in node.value))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key, value in node.value:
            key_where = f"{name}:{_mark(key)}"
            if not isinstance(key, yaml.ScalarNode):
                reading.note(key_where, "", "键应是文字", "key must be a text", "请写成 键: 值")
                continue
            word = _scalar(key, key_where, reading)
            if word in found:
                reading.note(key_where, "", f"键 “{word}” 重复，先出现在 {found[word].where}", f"repeated key {word!r}",
                             "请删去一处")
                continue
            child = _node(value, name, reading)
            found[word] = Node(key_where, child.value) if isinstance(child.value, str) else child
        return Node(where, found)
    return Node(where, _scalar(node, where, reading))


_KEPT = {
    "int": re.compile(r"-?(0|[1-9][0-9]*)"),
    "float": re.compile(r"-?[0-9]+\.[0-9]+"),
    "timestamp": re.compile(r"\d{4}-\d\d-\d\d"),
}


def _scalar(node: Any, where: str, reading: Reading) -> str:
    text: str = node.value
    if node.style is not None or node.tag == _TAG + "str":
        return text
    kind = node.tag.removeprefix(_TAG)
    if kind in _KEPT and _KEPT[kind].fullmatch(text):
        return text
    if kind == "null" and text == "":
        reading.note(where, "", "冒号后面空着", "no value after the colon", '请写上值；确实要留空就写 ""')
    else:
        mend = f'请写成 "{text}"' + ("；要写真假请用 是 或 否" if kind == "bool" else "")
        reading.note(where, "", f"{text} 没有加引号，YAML 会把它当作{_KINDS.get(kind, '别的值')}",
                     f"unquoted {text} is read as {kind}", mend)
    return text


_KINDS = {"int": "另一个数（八进制、十六进制或六十进制）", "float": "小数或科学计数", "bool": "真假值", "null": "空值",
          "timestamp": "带时间的日期", "merge": "合并"}


def _mark(part: Any) -> int:
    return int(part.start_mark.line) + 1


def _line(err: yaml.YAMLError) -> int:
    mark = getattr(err, "problem_mark", None)
    return mark.line + 1 if mark else 1


def _problem(err: yaml.YAMLError) -> str:
    return str(getattr(err, "problem", None) or err).split("\n")[0]


def _syntax_mend(text: str, err: yaml.YAMLError) -> str:
    lines = text.split("\n")
    n = _line(err)
    if any("\t" in line for line in lines[max(0, n - 2) : n]):
        return "这一行有制表符（Tab），请改成空格"
    if any("：" in line for line in lines[max(0, n - 2) : n]):
        return "键后面要用半角冒号加一个空格（: ），不是全角冒号（：）"
    return "请检查这一行和上一行的缩进、冒号后的空格、引号和括号是否成对"


def _place(problem: Any) -> tuple[str, int]:
    name, _, line = problem.where.rpartition(":")
    return name, int(line) if line.isdigit() else 0

