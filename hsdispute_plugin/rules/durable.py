"""The online engine: durable_rules' C core, kept inside the fence where it was measured to be right.

Outside the fence the core crashes, hangs or is silently wrong (docs/engine.md). Inside: one default sid, one flat
fact with a constant id, assert → drain → retract, under a lock; only ``==``, ``$neq``, ``$lt``, ``$lte``, ``$gt``,
``$gte``, ``$and``, ``$or`` on whole numbers; every fixed table of the core is counted before it is filled (``fence.py``).
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.logger import Logger
from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import Leaf, Op, leaves
from hsdispute_plugin.rules.facts import FactDef, FactTable, Kind
from hsdispute_plugin.rules.fence import MAX_PRIORITY, Piece, nets_of, pieces_of
from hsdispute_plugin.rules.flat import FALSE, LARGEST, TRUE, And, Atom, Flat, Flattener, Or
from hsdispute_plugin.rules.generated import GeneratedEngine, compile_generated
from hsdispute_plugin.rules.rulebook import CompileEngine, Engine, Rule

try:
    import durable_rules_engine as core
except ImportError:  # Python 3.13 and later, or no compiler at installation
    core = None

_SIGNS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_OF_CHOICES = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN)
_log = Logger(__name__)


class _Broken(RuntimeError):
    """The core answered with a code that means its state is not to be trusted."""


def available() -> bool:
    """Tell whether the core is installed."""
    return core is not None


@cache  # one warning in a process, however often an edition is activated
def best_engine() -> CompileEngine:
    """Return ``durable`` where its core is installed, else ``generated`` with a warning."""
    if core is not None:
        return compile_durable
    _log.warning(
        "durable_rules_missing",
        message="未安装 durable-rules（Python 3.13 起无法安装），改用自带的 generated 引擎，结论相同 / "
        "durable-rules is not installed; the generated engine answers instead, with the same results",
    )
    return compile_generated


def compile_durable(rules: Sequence[Rule], table: FactTable) -> Engine:
    """Compile the rules of one family (a ``CompileEngine``).

    Raises:
        EngineRefused: A rule that no static split brings inside the fence.
    """
    return DurableEngine(rules, table)


class DurableEngine:
    """Matches the rules of one family in one or more nets of the core.

    A code of the core that means trouble discards the nets: from then on ``generated`` answers, and a warning is logged.
    """

    name = "durable"

    def __init__(self, rules: Sequence[Rule], table: FactTable) -> None:
        if len(rules) > MAX_PRIORITY + 1:
            raise EngineRefused(rules[MAX_PRIORITY + 1].id, f"一个规则族超过 {MAX_PRIORITY + 1} 条规则",
                                f"more than {MAX_PRIORITY + 1} rules in one family", "请删去已废止的规则，或合并只差一个值的规则")
        flattener = Flattener(table, [r.condition for r in rules])
        pieces: list[Piece] = []
        always: list[int] = []
        for position, rule in enumerate(rules):
            for leaf in leaves(rule.condition):
                _check(leaf, table.by_code[leaf.fact], rule.id)
            flat = flattener.condition(rule.condition)
            if flat == TRUE:
                always.append(position)
            elif flat != FALSE:
                pieces += [Piece(f"r{position}_{n}", position, part) for n, part in enumerate(pieces_of(flat, rule.id))]
        self._instead = GeneratedEngine(rules, table)
        self._lock = threading.Lock()
        self._always = always
        self._position = {piece.name: piece.position for piece in pieces}
        self._nets: list[_Net] = []
        self._discarded = False
        groups = nets_of(pieces)
        self._writes = tuple(flattener.writer(piece.flat for piece in group) for group in groups)
        try:
            for group in groups:
                self._nets.append(_Net(group))
        except (_Broken, core.error) as err:
            self._discard(err)

    @property
    def discarded(self) -> bool:
        """Whether ``generated`` answers instead, after trouble or ``close``."""
        return self._discarded

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules that hold, ascending. Safe to call from several threads."""
        if self._discarded:
            return self._instead.matching(values)
        texts = [write(values) for write in self._writes]
        fired: list[str] = []
        with self._lock:
            try:
                for net, text in zip(self._nets, texts, strict=False):  # no nets any more: discarded meanwhile
                    net.run(text, fired)
            except (_Broken, core.error) as err:
                self._discard(err)
            except BaseException as err:  # a signal between assert and retract leaves the fact behind
                self._discard(err)
                raise
            if self._discarded:
                return self._instead.matching(values)
        # A set: a 任一 with two true branches fires twice.
        return sorted({*self._always, *(self._position[name] for name in fired)})

    def close(self) -> None:
        """Free the core's nets; calling it twice is harmless. A decision under way finishes first, a later one is
        answered by ``generated``.
        """
        with self._lock:
            for net in self._nets:
                net.free()
            self._nets, self._discarded = [], True

    def _discard(self, why: BaseException) -> None:
        for net in self._nets:
            net.abandon()
        self._nets, self._discarded = [], True
        # The core's messages hold a code only; those of others may hold a fact and stay out of the log.
        code = str(why) if isinstance(why, _Broken | core.error) else ""
        _log.warning("durable_engine_discarded", why=type(why).__name__, code=code, instead="generated")


def _check(leaf: Leaf, fact: FactDef, rule_id: str) -> None:
    kinds: dict[Kind, type] = {Kind.INT: int, Kind.BOOL: int}
    for value in leaf.value if isinstance(leaf.value, tuple) else (leaf.value,):
        if not isinstance(value, kinds.get(fact.kind, str)):
            raise EngineRefused(rule_id, f"“{fact.label}” 是{fact.kind.value}，不能与 {value} 比较",
                                f"{fact.code} cannot be compared with {value!r}", "请改用这个事实自己的值")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise EngineRefused(rule_id, f"数字 {value} 超出 ±{LARGEST}", f"number {value} is out of range",
                                "请用较小的数；金额以元计")
    if (leaf.op is Op.HAS_ANY) != (fact.kind is Kind.SET) or (fact.kind is Kind.CHOICE and leaf.op not in _OF_CHOICES):
        raise EngineRefused(rule_id, f"“{fact.label}” 是{fact.kind.value}，不能用 “{leaf.op}”",
                            f"{leaf.op.name} does not fit {fact.code}", "多选用 包含任一，单选用 等于、不等于、属于、不属于")


class _Net:
    """One ruleset of the core with its single default sid."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        rules: dict[str, Any] = {p.name: {"pri": p.position, "all": [{"m": _core_condition(p.flat)}]} for p in pieces}
        # The warm-up makes the sid, its state and its action context exist before any real fact:
        # delete_state on a sid that never ran an action frees memory that was never set.
        rules["_warm"] = {"pri": 0, "all": [{"m": {"_warm": 1}}]}
        self._handle = core.create_ruleset("r", json.dumps(rules, allow_nan=False))
        code, self._state = core.assert_fact(self._handle, '{"id":"w","_warm":1}')
        if code:
            raise _Broken(f"warm-up {code}")
        message = core.start_action_for_state(self._handle, self._state)
        while message:
            message = core.complete_and_start_action(self._handle, self._state)
        core.retract_fact(self._handle, '{"id":"w"}')
        self._finalizer = weakref.finalize(self, _free, self._handle)
        self._finalizer.atexit = False

    def run(self, text: str, fired: list[str]) -> None:
        """Assert the facts as one, collect the names of all rules that fire, retract it."""
        code = core.assert_fact(self._handle, text)[0]
        if code == 1:  # no condition matched to its end; nothing was stored
            return
        if code:
            raise _Broken(f"assert {code}")
        started = core.start_action_for_state(self._handle, self._state)
        message = started and started[1]
        while message:
            fired.append(message[2 : message.index('"', 2)])  # {"r3_0":{"m":{…}}}
            message = core.complete_and_start_action(self._handle, self._state)
        code = core.retract_fact(self._handle, '{"id":"t"}')[0]
        if code:
            raise _Broken(f"retract {code}")

    def free(self) -> None:
        """Give the net back to the core; it is also given back when the last reference to it goes."""
        self._finalizer()

    def abandon(self) -> None:
        """Leave the net's memory alone for good: freeing what cannot be trusted may crash the process."""
        self._finalizer.detach()


def _free(handle: int) -> None:
    core.delete_state(handle, "0")
    core.delete_ruleset(handle)


def _core_condition(flat: Flat) -> dict[str, Any]:
    match flat:
        case Atom(prop, "==", value):
            return {prop: value}
        case Atom(prop, op, value):
            return {_SIGNS[op]: {prop: value}}
        case And(parts):
            return {"$and": [_core_condition(p) for p in parts]}
        case Or(parts):
            return {"$or": [_core_condition(p) for p in parts]}
