"""Logs as JSON lines on standard error: events by name, case numbers, never the payer's words or contact."""

from __future__ import annotations

import logging
import sys

import structlog


def configure() -> None:
    """Set up structlog for a served process. Uvicorn's own access log is off: it would show query strings."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
