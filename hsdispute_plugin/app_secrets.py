"""Secrets, which stand in the environment or in a file that it names, never in a configuration file."""

from __future__ import annotations

import os
from pathlib import Path

from hsdispute_plugin.errors import PluginRefused


def secret(platform: str, key: str) -> str:
    """Return a secret of a platform: ``HSDISPUTE_<PLATFORM>_<KEY>``, or the content of the file that ``…_FILE`` names.

    Raises:
        PluginRefused: The named file cannot be read.
    """
    return _secret(f"HSDISPUTE_{platform}_{key}".upper().replace("-", "_"))


def webhook_secrets(platform: str) -> tuple[str, ...]:
    """Return the secrets with which a platform may sign now: the present one, and while it is being changed the one before.

    Raises:
        PluginRefused: A named file cannot be read.
    """
    return tuple(s for key in ("WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS") if (s := secret(platform, key)))


def api_token() -> str:
    """Return the token that ``/api/v1`` asks for (``HSDISPUTE_API_TOKEN`` or ``…_FILE``); empty: none is set.

    Raises:
        PluginRefused: The named file cannot be read.
    """
    return _secret("HSDISPUTE_API_TOKEN")


def _secret(name: str) -> str:
    if file := os.environ.get(name + "_FILE"):
        try:
            return Path(file).read_text("utf-8").strip()
        except OSError as err:
            raise PluginRefused(f"读不了 {name}_FILE 指的文件：{err.strerror}") from err
    return os.environ.get(name, "")
