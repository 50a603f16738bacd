"""Reads a configuration directory into one rule source, or says everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.node import Node, Reading
from hsdispute_plugin.rules.overlay import BASE, Overlay, laid_over
from hsdispute_plugin.rules.rulebook import RuleSource
from hsdispute_plugin.rules.schema import read_source
from hsdispute_plugin.rules.traps import MAX_DEPTH, first_bad_character, syntax, tabs, turned, wide_colon, wide_indents

MAX_BYTES = 2_000_000

#: Files that can change a decision; their bytes make the edition.
DECIDING = ("rules/*.yaml", "lexicon/*.yaml", "calendar/*.yaml", "units.yaml", "deadlines.yaml", "notices.yaml",
            "settings.yaml", "regions.yaml", "levels.yaml")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is 8 times faster where the wheel has it


def load(directory: Path, extra_facts: Sequence[FactDef] = (), instead: Mapping[str, bytes] | None = None) -> RuleSource:
    """Read and check a configuration directory, laid over its 基础目录 if it names one.

    ``instead``: bytes that stand for files of the directory (``rules/duty.yaml``), to try a change before it is written.

    Raises:
        RulebookError: With all problems of all files; nothing is half-loaded.
    """
    reading = Reading(directory.resolve().name)
    layers = _layers(directory, reading, instead or {})
    source = read_source(layers.overlay.files, extra_facts, edition(layers.bodies), reading) if layers else None
    if reading.problems or source is None:
        raise RulebookError(tuple(sorted(dict.fromkeys(reading.problems), key=_place)))
    return source


@dataclass(frozen=True, slots=True)
class _Layers:
    """A directory with its base below it: the files put together, and the bytes they were read from."""

    overlay: Overlay
    bodies: Mapping[str, bytes]


def _layers(directory: Path, reading: Reading, instead: Mapping[str, bytes], *, is_base: bool = False) -> _Layers | None:
    if not directory.is_dir():
        reading.note(str(directory), "", "没有这个目录", "no such directory", "请先运行 hsdispute init 目录")
        return None
    root = directory.resolve().name
    bodies = {**_bodies(directory, root, reading), **instead}
    files = {name: node for name, raw in bodies.items() if (node := parse(raw, f"{root}/{name}", reading)) is not None}
    reading.unread |= frozenset(_name(directory, path) for path in deciding_files(directory)).difference(files)
    named = _take_base(files)
    if named is None:
        return _Layers(Overlay(files), bodies)
    if is_base:
        reading.note(named.where, BASE, "基础目录自己不能再有基础目录，只能有一层", "a base may not have a base",
                     "请删去这一行，把所需的文件合并到一个基础目录里")
        return None
    if reading.text(named, BASE) is None:
        return None
    base = _base_path(directory, named)
    if base.resolve() == directory.resolve() or not base.is_dir():
        what = "基础目录不能是本目录自己" if base.is_dir() else f"没有基础目录 {named.value}"
        reading.note(named.where, BASE, what, "no such base directory", "请写从本目录出发的路径，如 ../province")
        return None
    below = _layers(base, reading, {}, is_base=True)
    if below is None:
        return None
    overlay = laid_over(below.overlay.files, files, reading)
    return _Layers(overlay, {**{f"{BASE}/{name}": raw for name, raw in below.bodies.items()}, **bodies})


def _take_base(files: dict[str, Node]) -> Node | None:
    """Take 基础目录 out of settings.yaml and return what it names."""
    settings = files.get("settings.yaml")
    if settings is None or not isinstance(settings.value, Mapping) or BASE not in settings.value:
        return None
    rest = {k: v for k, v in settings.value.items() if k != BASE}
    files["settings.yaml"] = Node(settings.where, rest)
    return settings.value[BASE]


def _base_path(directory: Path, named: Node) -> Path:
    kept = directory / BASE  # a snapshot carries its base with it
    return kept if kept.is_dir() else directory / str(named.value).strip()


def base_of(directory: Path) -> Path | None:
    """Return the directory that this one is laid over, ``None`` where it stands alone (or its settings cannot be read)."""
    reading, path = Reading(), directory / "settings.yaml"
    node = read_yaml(path, path.name, reading) if path.is_file() else None
    named = _take_base({"settings.yaml": node}) if node else None
    return _base_path(directory, named) if named and reading.text(named, BASE) else None


def overlay_of(directory: Path) -> Overlay:
    """Return how a directory lies over its base: the rules it takes out, with the reasons, and those it replaces.

    Raises:
        RulebookError: Its files cannot be read.
    """
    reading = Reading(directory.resolve().name)
    layers = _layers(directory, reading, {})
    if reading.problems or layers is None:
        raise RulebookError(tuple(reading.problems))
    return layers.overlay


def deciding_files(directory: Path) -> tuple[Path, ...]:
    """List the files that can change a decision, in a fixed order; those of a 基础目录 are not among them."""
    return tuple(sorted({p for pattern in DECIDING for p in directory.glob(pattern) if p.is_file()}))


def edition_of(directory: Path) -> str:
    """Name the edition of a directory as it stands, without reading what the files say."""
    base = base_of(directory)
    below = {f"{BASE}/{name}": raw for name, raw in _bytes_of(base).items()} if base else {}
    return edition({**below, **_bytes_of(directory)})


def _bytes_of(directory: Path) -> dict[str, bytes]:
    return {_name(directory, path): path.read_bytes() for path in deciding_files(directory)}


def edition(bodies: Mapping[str, bytes]) -> str:
    """Name the edition: 12 hex digits of SHA-256 over the deciding files, the same whatever their order and line ends."""
    digest = hashlib.sha256()
    for name in sorted(bodies):
        body = bodies[name].removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:12]


def read_yaml(path: Path, name: str, reading: Reading) -> Node | None:
    """Read one file that decides nothing itself (examples, platforms); ``name`` is what problems call it."""
    raw = _body(path, name, reading)
    return None if raw is None else parse(raw, name, reading)


def parse(raw: bytes, name: str, reading: Reading) -> Node | None:
    """Read YAML as nodes whose every scalar is the text as written; what YAML would silently turn is refused.

    ``name`` is what problems call the file. ``None`` after a problem that leaves nothing to read.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        reading.note(f"{name}:{raw.count(bytes([10]), 0, err.start) + 1}", "", "文件不是 UTF-8 编码", "file is not UTF-8",
                     "请在编辑器里另存为 UTF-8")
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if bad := first_bad_character(text):
        reading.note(f"{name}:{bad[0]}", "", f"有看不见的控制字符 {bad[1]}", f"control character {bad[1]}", "请删去这个字符")
        return None
    if lines := tabs(text):
        more = f"（全文件共 {len(lines)} 行）" if len(lines) > 1 else ""
        reading.note(f"{name}:{lines[0]}", "", f"这一行有制表符（Tab）{more}", "a tab character", "请把制表符改成空格")
        return None
    if lines := wide_indents(text):
        more = f"（全文件共 {len(lines)} 行）" if len(lines) > 1 else ""
        reading.note(f"{name}:{lines[0]}", "", f"这一行开头有全角空格{more}", "a full-width space at the beginning",
                     "请改成半角空格，个数与上一行对齐")
        return None
    try:
        events = _plain_events(text, name, reading)
    except yaml.YAMLError as err:
        _syntax_problem(err, text, name, reading)
        return None
    if events is None:
        return None
    content = iter(events)
    first = next((e for e in content if isinstance(e, yaml.ScalarEvent | yaml.CollectionStartEvent)), None)
    if first is None:
        reading.note(f"{name}:1", "", "文件是空的", "file is empty", "请写上内容，或删去这个文件")
        return None
    return _node(first, content, name, reading)


def _bodies(directory: Path, root: str, reading: Reading) -> dict[str, bytes]:
    """Read the bytes of all deciding files once, so that what is checked is what the edition names."""
    folders = ("", "rules", "lexicon", "calendar")
    for path in sorted(p for folder in folders for kind in ("*.yml", "*.yaml.txt") for p in (directory / folder).glob(kind)):
        reading.note(f"{root}/{_name(directory, path)}:1", "", "只读取扩展名为 .yaml 的文件，这个文件不起作用",
                     "only files named .yaml are read", "请把扩展名改成 .yaml，或删去这个文件")
    found = {}
    for path in deciding_files(directory):
        name = _name(directory, path)
        if (raw := _body(path, f"{root}/{name}", reading)) is not None:
            found[name] = raw
    return found


def _body(path: Path, name: str, reading: Reading) -> bytes | None:
    try:
        if (size := path.stat().st_size) <= MAX_BYTES:
            return path.read_bytes()
    except OSError as err:
        reading.note(f"{name}:1", "", "文件打不开", f"cannot open: {err.strerror}", "请检查文件是否存在、权限是否允许读取")
        return None
    reading.note(f"{name}:1", "", f"文件有 {size} 字节，超过上限 {MAX_BYTES}", "file is too large", "请拆成几个文件")
    return None


def _plain_events(text: str, name: str, reading: Reading) -> list[Any] | None:
    """Return the events of a file without what lets one place change another (anchors, tags), several documents, deep nesting."""
    depth = documents = 0
    good, events = True, []
    for event in yaml.parse(text, Loader=_LOADER):
        events.append(event)
        where = f"{name}:{_line(event)}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            reading.note(where, "", "不能用 & 和 * 引用", "anchors and aliases are not allowed", "请把内容写全")
            good = False
        elif tag := getattr(event, "tag", None):
            reading.note(where, "", f"不能用标签 {tag}", f"tag {tag} is not allowed", "请删去以 ! 开头的标签")
            good = False
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                reading.note(where, "", "一个文件只能有一份内容（出现了 ---）", "more than one document", "请拆成几个文件")
                return None
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                reading.note(where, "", f"嵌套超过 {MAX_DEPTH} 层", "nested too deeply", "请减少嵌套")
                return None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return events if good else None


def _node(event: Any, rest: Iterator[Any], name: str, reading: Reading) -> Node:
    """Make the node that begins with an event, taking from ``rest`` what belongs to it."""
    where = f"{name}:{_line(event)}"
    if isinstance(event, yaml.ScalarEvent):
        return Node(where, *_scalar(event, where, reading))
    inner = iter(lambda: next(rest), None)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(where, tuple(_node(e, rest, name, reading)
                                 for e in takewhile(lambda e: not isinstance(e, yaml.SequenceEndEvent), inner)))
    found: dict[str, Node] = {}
    for key in takewhile(lambda e: not isinstance(e, yaml.MappingEndEvent), inner):
        key_where = f"{name}:{_line(key)}"
        if not isinstance(key, yaml.ScalarEvent):
            for passed in (key, None):  # read past what is not taken: key and value
                _node(passed or next(rest), rest, name, Reading())
            reading.note(key_where, "", "键应是文字", "key must be a text", "请写成 键: 值；以 { 或 [ 开头的文字要加引号")
            continue
        word, spoilt = _scalar(key, key_where, reading)
        if spoilt or word in found:
            _node(next(rest), rest, name, Reading())
            if not spoilt:
                reading.note(key_where, "", f"键 “{word}” 重复，先出现在 {found[word].where}", f"repeated key {word!r}",
                             "请删去一处")
            continue
        child = _node(next(rest), rest, name, reading)
        found[word] = Node(key_where, child.value, child.spoilt) if isinstance(child.value, str) else child
    return Node(where, found)


def _scalar(node: Any, where: str, reading: Reading) -> tuple[str, bool]:
    """Return the text as written and whether a problem was noted."""
    text: str = node.value
    if node.style:  # quoted or a block: YAML leaves it alone (libyaml gives plain scalars the style '', Python None)
        return text, False
    becomes = turned(text)
    if text == "":
        reading.note(where, "", "冒号或短横后面空着", "no value", '请写上值；确实要留空就写 ""')
    elif becomes:
        mend = _MENDS.get(becomes[0], f'要原样照写请加引号："{text}"；要写数请写十进制，如 10 或 0.5')
        reading.note(where, "", f"{text} 没有加引号，会被当作{becomes[0]}", f"unquoted {text} is read as {becomes[1]}", mend)
    return text, text == "" or becomes is not None


_MENDS = {"真假值": "要写真假请用 是 或 否；确实是这个词就加上引号", "空值": "请写上值，或删去这一行",
          "合并键": "请把内容写全，不要并入别处", "带时间的日期": "日期请只写到日，如 2025-10-27；要原样照写请加引号",
          "六十进制数": "时刻请加引号，写成 \"08:30\""}


def _line(part: Any) -> int:
    return int(part.start_mark.line) + 1


def _syntax_problem(err: yaml.YAMLError, text: str, name: str, reading: Reading) -> None:
    what, what_en, mend, begin = syntax(str(getattr(err, "problem", err)))
    began, gave_up = getattr(err, "context_mark", None), getattr(err, "problem_mark", None)
    mark: Any = (began or gave_up) if begin else (gave_up or began)
    line = min(0 if mark is None else mark.line, text.rstrip("\n").count("\n")) + 1
    if wide := wide_colon(text, line):
        line, what, what_en = wide, "键后面用了全角冒号（：）", "a full-width colon after a key"
        mend = "请改成半角冒号加一个空格（: ）"
    reading.note(f"{name}:{line}", "", what, f"YAML syntax: {what_en}", mend)


def _name(directory: Path, path: Path) -> str:
    return path.relative_to(directory).as_posix()


def _place(problem: Problem) -> tuple[str, int]:
    name, _, line = problem.where.rpartition(":")
    return name, int(line) if line.isdigit() else 0
