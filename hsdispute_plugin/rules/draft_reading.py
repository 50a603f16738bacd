"""Reads the files of a draft again only when they changed: pages ask at every turn, and reading takes a fifth of a second."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from hsdispute_plugin.errors import Problem, RulebookError
from hsdispute_plugin.rules.examples import read_examples
from hsdispute_plugin.rules.facts import FactDef
from hsdispute_plugin.rules.load import DECIDING, edition_of, load
from hsdispute_plugin.rules.rulebook import RuleSource

#: What may be changed in a draft: what decides, and the examples that watch over it.
CHANGEABLE = (*DECIDING, "examples/*.yaml")


@dataclass(frozen=True, slots=True)
class _Asked:
    directory: Path
    state: str  # tells one state of the files from another
    codes: tuple[str, ...]
    extra: Sequence[FactDef] = field(compare=False)


def read_once(directory: Path, extra: Sequence[FactDef] = ()) -> RuleSource:
    """Read a configuration directory as ``load`` does, or return what the same files gave shortly before.

    Raises:
        RulebookError: With every problem of its files.
    """
    asked = _Asked(directory, edition_of(directory), tuple(d.code for d in extra), extra)
    found = _read(asked)
    return found if found.edition == asked.state else load(directory, extra)  # somebody wrote while it was read


def wrong_once(directory: Path, extra: Sequence[FactDef] = ()) -> tuple[Problem, ...]:
    """Return what is wrong with a directory and its examples, anew only when a file changed."""
    digest = hashlib.sha256(edition_of(directory).encode())
    for name in sorted(changeable(directory)):
        digest.update(f"\0{name}\0".encode() + (directory / name).read_bytes())
    return _wrong(_Asked(directory, digest.hexdigest(), tuple(d.code for d in extra), extra))


def problems_of(reading: Callable[[], object]) -> tuple[Problem, ...]:
    """Return the problems that reading something tells of."""
    try:
        reading()
    except RulebookError as err:
        return err.problems
    return ()


def changeable(directory: Path) -> Iterator[str]:
    """Yield the files of a directory that a draft may change."""
    for pattern in CHANGEABLE:
        yield from (p.relative_to(directory).as_posix() for p in directory.glob(pattern) if p.is_file())


@lru_cache(maxsize=3)
def _read(asked: _Asked) -> RuleSource:
    return load(asked.directory, asked.extra)


@lru_cache(maxsize=2)
def _wrong(asked: _Asked) -> tuple[Problem, ...]:
    return problems_of(lambda: read_examples(asked.directory, read_once(asked.directory, asked.extra)))
