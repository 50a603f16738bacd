"""The fixed tables of the C core of durable_rules 2.0.28, counted in advance: what is too wide is split, or refused by name.

The core checks some of these tables and overruns others. Nothing here touches the core: it is arithmetic on conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hsdispute_plugin.errors import EngineRefused
from hsdispute_plugin.rules.flat import And, Atom, Flat, Or, atoms, properties

MAX_PRIORITY = 65_535  # an unsigned short; positions serve as priorities
MAX_GROUPS = 15  # 32 expressions of a sequence, two for each group (rete.h)
MAX_STACK = 60  # 64 nodes waiting in handleAlpha (events.c)
MAX_CHILDREN = 400  # 512 buckets of a node (rules.h); a search in a full one never ends
MAX_FORWARDS = 100  # joins behind one test; a list of 128 (rules.h)
MAX_EQUAL_ENDS = 200  # rules that end at one node; a list of 256 whose end is not checked (rules.h)
MAX_PROPERTIES = 200  # 254 of one fact, with id and sid (state.h)
MAX_RULES = 2_000  # 4096 actions of a ruleset (rete.c)
MAX_PIECES = 64  # ours: a rule split further would slow every ticket


@dataclass(frozen=True, slots=True)
class Piece:
    """A rule, or the part of a rule that fits the core: its name there, its position in the family, its condition."""

    name: str
    position: int
    flat: Flat


def groups(flat: Flat) -> int:
    """Count the and/or groups of a condition."""
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


def nets_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pack rules into nets whose fixed tables can never be overrun. Linear in the number of rules, but for a sort.

    Rules that begin with the same property go together, so that fewer tests meet at the root of a net; the order in which
    rules fire is of no account.
    """
    nets: list[list[Piece]] = []
    tree = _Tree()
    for piece in sorted(pieces, key=lambda p: next(atoms(p.flat)).prop):
        if not nets or not tree.add(piece.flat):
            tree = _Tree()
            tree.add(piece.flat)
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
        self._rules = 0

    def add(self, flat: Flat) -> bool:
        """Add a rule; tell whether the net still fits. After a False the tree is spent."""
        touched = [self._root]
        end = self._walk(self._root, flat, touched)
        end.ends += 1
        self._rules += 1
        # Children come after their parents in `touched`, and every place above a touched one is touched.
        for place in reversed(touched):
            # Of the tests `==` on one property a fact satisfies one at most.
            pushed = len(place.equal_props) + place.other_tests + len(place.forwards)
            below = max((p.peak for p in (*place.children.values(), *place.forwards)), default=0) if pushed else 0
            place.peak = max(pushed, pushed - 1 + below)
            if len(place.children) > MAX_CHILDREN or len(place.forwards) > MAX_FORWARDS or place.ends > MAX_EQUAL_ENDS:
                return False
        self._properties |= properties(flat)
        return self._root.peak <= MAX_STACK and len(self._properties) <= MAX_PROPERTIES and self._rules <= MAX_RULES

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
