"""The online engine: durable_rules' C core, kept inside the fence where it was measured to be right.

Outside the fence the core crashes, hangs or is silently wrong (docs/engine.md). Inside: one default sid, one flat
fact with a constant id, assert → drain → retract, under a lock; only ``==``, ``$neq``, ``$lt``, ``$lte``, ``$gt``,
``$gte``, ``$and``, ``$or`` on numbers and booleans; every fixed table of the core is counted before it is filled.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.model import FactValue
from hsdispute_plugin.rules.condition import leaves
from hsdispute_plugin.rules.facts import FactTable
from hsdispute_plugin.rules.flat import FALSE, TRUE, And, Atom, Flat, Flattener, Or, properties
from hsdispute_plugin.rules.generated import GeneratedEngine, compile_generated
from hsdispute_plugin.rules.rulebook import CompileEngine, Engine, Rule

try:
    import durable_rules_engine as core
except ImportError:  # Python 3.13 and later, or no compiler at installation
    core = None

# The core's own tables hold 15 groups, 64 stack entries, 511 children, 126 forwards, 255 equal ends and 128 properties
# of one fact (rete.c, json.c of 2.0.28).
MAX_GROUPS = 15
MAX_STACK = 60
MAX_CHILDREN = 400
MAX_FORWARDS = 100
MAX_EQUAL_ENDS = 200
MAX_PROPERTIES = 100
MAX_PIECES = 64
MAX_RULES = 65_535  # positions serve as priorities
MAX_NUMBER = 1_000_000_000

_SIGNS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_log = structlog.get_logger(__name__)


class _Broken(RuntimeError):
    """The core answered with a code that means its state is not to be trusted."""


def available() -> bool:
    """Tell whether the core is installed."""
    return core is not None


def best_engine() -> CompileEngine:
    """Return ``durable`` where its core is installed, else ``generated`` with a warning. Called once, at start."""
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
        if len(rules) > MAX_RULES:
            raise EngineRefused(rules[MAX_RULES].id, f"一个规则族超过 {MAX_RULES} 条规则", "too many rules", "请拆分或精简规则")
        self._instead = GeneratedEngine(rules, table)
        self._lock = threading.Lock()
        flattener = Flattener(table)
        self._always: list[int] = []
        pieces: list[tuple[str, int, Flat]] = []
        for position, rule in enumerate(rules):
            _check_numbers(rule)
            flat = flattener.condition(rule.condition)
            if flat == TRUE:
                self._always.append(position)
            elif flat != FALSE:
                pieces += [(f"r{position}_{n}", position, part) for n, part in enumerate(pieces_of(flat, rule.id))]
        self._position = {name: position for name, position, _ in pieces}
        self._nets = [_Net(group, flattener.writer(flat for _, _, flat in group)) for group in nets_of(pieces)]
        self._broken = False

    def matching(self, values: Mapping[str, FactValue]) -> list[int]:
        """Return the positions of all rules that hold, ascending. Safe to call from several threads."""
        if not self._nets:
            return self._instead.matching(values) if self._broken else list(self._always)
        fired: list[str] = []
        with self._lock:
            try:
                for net in self._nets:
                    net.run(values, fired)
            except (_Broken, core.error) as err:
                self._nets, self._broken = [], True  # not freed: its state is not to be trusted
                _log.warning("durable_engine_discarded", code=str(err), instead="generated")
        if self._broken:
            return self._instead.matching(values)
        # A set: a 任一 with two true branches fires twice.
        return sorted({self._position[name] for name in fired}.union(self._always))

    def close(self) -> None:
        """Free the core's nets; calling it twice is harmless. A decision under way finishes first."""
        with self._lock:
            for net in self._nets:
                net.close()
            self._nets, self._broken = [], True


def _check_numbers(rule: Rule) -> None:
    for leaf in leaves(rule.condition):
        for value in leaf.value if isinstance(leaf.value, tuple) else (leaf.value,):
            if isinstance(value, int) and abs(value) > MAX_NUMBER:
                raise EngineRefused(rule.id, f"数字 {value} 超出 ±{MAX_NUMBER}", f"number {value} is out of range",
                                    "请用较小的数；金额以元计")


class _Net:
    """One ruleset of the core with its single default sid."""

    def __init__(self, pieces: Sequence[tuple[str, int, Flat]], write: Callable[[Mapping[str, FactValue]], str]) -> None:
        self._write = write
        rules: dict[str, Any] = {
            name: {"pri": position, "all": [{"m": _core_condition(flat)}]} for name, position, flat in pieces
        }
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

    def run(self, values: Mapping[str, FactValue], fired: list[str]) -> None:
        """Assert the facts as one, collect the names of all rules that fire, retract it."""
        code = core.assert_fact(self._handle, self._write(values))[0]
        if code == 1:  # no condition matched to its end; nothing was stored
            return
        if code:
            raise _Broken(str(code))
        started = core.start_action_for_state(self._handle, self._state)
        message = started and started[1]
        while message:
            fired.append(message[2 : message.index('"', 2)])  # {"r3_0":{"m":{…}}}
            message = core.complete_and_start_action(self._handle, self._state)
        core.retract_fact(self._handle, '{"id":"t"}')

    def close(self) -> None:
        """Free the net."""
        core.delete_state(self._handle, "0")
        core.delete_ruleset(self._handle)


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


def groups(flat: Flat) -> int:
    """Count the and/or groups of a condition, which the core keeps in a table of 15."""
    return 0 if isinstance(flat, Atom) else 1 + sum(groups(p) for p in flat.parts)


def pieces_of(flat: Flat, rule_id: str) -> list[Flat]:
    """Split a condition too wide for the core at its 任一 groups into pieces that together mean the same.

    Raises:
        EngineRefused: It cannot be split into at most ``MAX_PIECES`` pieces.
    """
    done: list[Flat] = []
    waiting = [flat]
    while waiting:
        piece = waiting.pop()
        if groups(piece) <= MAX_GROUPS and _Tree().add(piece):
            done.append(piece)
            continue
        halves = _halved(piece)
        if halves is None or len(done) + len(waiting) + 2 > MAX_PIECES:
            raise EngineRefused(rule_id, "条件太宽，引擎装不下", "condition is too wide for the engine",
                                "请把这条规则拆成几条，各写一部分条件，结论和理由照抄")
        waiting += halves
    return done


def _halved(flat: Flat) -> list[Flat] | None:
    if isinstance(flat, Or):
        middle = len(flat.parts) // 2
        return [_or(flat.parts[:middle]), _or(flat.parts[middle:])]
    if isinstance(flat, And):
        widest = max((p for p in flat.parts if isinstance(p, Or)), key=lambda p: (groups(p), len(p.parts)), default=None)
        if widest is not None:
            rest = tuple(p for p in flat.parts if p is not widest)
            return [_and((*rest, half)) for half in _halved(widest) or ()]
    return None


def _or(parts: tuple[Flat, ...]) -> Flat:
    return parts[0] if len(parts) == 1 else Or(parts)


def _and(parts: tuple[Flat, ...]) -> Flat:
    return And(tuple(p for part in parts for p in (part.parts if isinstance(part, And) else (part,))))


def nets_of(pieces: Sequence[tuple[str, int, Flat]]) -> list[list[tuple[str, int, Flat]]]:
    """Pack rules in order into nets whose fixed tables can never be overrun. Linear in the number of rules."""
    nets: list[list[tuple[str, int, Flat]]] = []
    tree = _Tree()
    for piece in pieces:
        if not nets or not tree.add(piece[2]):
            tree = _Tree()
            tree.add(piece[2])
            nets.append([])
        nets[-1].append(piece)
    return nets


class _Place:
    """A node of the core's alpha network: children by test, forwards to the join after a 任一, rules that end here."""

    __slots__ = ("children", "ends", "equal_props", "forwards", "other_tests", "peak")

    def __init__(self) -> None:
        self.children: dict[Atom, _Place] = {}
        self.forwards: list[_Place] = []
        self.equal_props: set[str] = set()
        self.other_tests = 0
        self.ends = 0
        self.peak = 0


class _Tree:
    """Counts what a net would put into the core's fixed tables, as rules are added one by one."""

    def __init__(self) -> None:
        self._root = _Place()
        self._properties: set[str] = set()

    def add(self, flat: Flat) -> bool:
        """Add a rule; tell whether the net still fits. After a False the tree is spent."""
        touched = [self._root]
        end = self._walk(self._root, flat, touched)
        end.ends += 1
        # Children come after their parents in `touched`, and every place above a touched one is touched.
        for place in reversed(touched):
            pushed = len(place.equal_props) + place.other_tests + len(place.forwards)
            below = max((p.peak for p in (*place.children.values(), *place.forwards)), default=0) if pushed else 0
            place.peak = max(pushed, pushed - 1 + below)
            if len(place.children) > MAX_CHILDREN or len(place.forwards) > MAX_FORWARDS or place.ends > MAX_EQUAL_ENDS:
                return False
        self._properties |= properties(flat)
        return self._root.peak <= MAX_STACK and len(self._properties) <= MAX_PROPERTIES

    def _walk(self, place: _Place, flat: Flat, touched: list[_Place]) -> _Place:
        if isinstance(flat, And):
            for part in flat.parts:
                place = self._walk(place, part, touched)
            return place
        if isinstance(flat, Or):
            join = _Place()
            for part in flat.parts:
                self._walk(place, part, touched).forwards.append(join)
            touched.append(join)
            return join
        child = place.children.get(flat)
        if child is None:
            child = place.children[flat] = _Place()
            if flat.op == "==":
                place.equal_props.add(flat.prop)
            else:
                place.other_tests += 1
        touched.append(child)
        return child

