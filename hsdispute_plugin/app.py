"""The one place where parts are joined: configuration, engine, store, platforms, clock and environment."""

from __future__ import annotations

import os
from pathlib import Path

from hsdispute_plugin.rules.durable import best_engine
from hsdispute_plugin.rules.extract import Extractor
from hsdispute_plugin.rules.load import load
from hsdispute_plugin.rules.rulebook import CompileEngine, Rulebook, RuleSource


def shipped_config() -> Path:
    """Return the configuration that came with the package, or that of the checkout it runs from."""
    inside = Path(__file__).parent / "_config"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "config"


def config_directory(given: Path | None = None) -> Path:
    """Return the configuration directory: as given, else ``HSDISPUTE_CONFIG``, else the shipped one."""
    if given is not None:
        return given
    named = os.environ.get("HSDISPUTE_CONFIG")
    return Path(named) if named else shipped_config()


def make_rulebook(source: RuleSource, engine: CompileEngine) -> Rulebook:
    """Make the rule book of one source."""
    return Rulebook(source, engine, Extractor(source.words, source.regions, source.settings, source.table))


def open_rulebook(directory: Path | None = None) -> Rulebook:
    """Open the rule book of a configuration directory.

    Raises:
        RulebookError: With every problem of its files.
    """
    return make_rulebook(load(config_directory(directory)), best_engine())
