"""Makes the default templates of config/forms. ``python -m tools.make_forms [DIRECTORY] [CODE …]``

Run once to create them; from then on they are edited in Word or WPS. Running it again restores the named ones (all, when
none is named) to the default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from hsdispute_plugin.forms_docx import sealed
from tools.forms_letters import LETTERS
from tools.forms_page import Page
from tools.forms_tables import TABLES

MAKERS: dict[str, Callable[[Page], None]] = {**TABLES, **LETTERS}


def template(code: str) -> bytes:
    """Return the default template of one paper; the same bytes each time."""
    page = Page()
    MAKERS[code](page)
    out = BytesIO()
    page.document.save(out)
    return sealed(out.getvalue(), "", {}, None)


def main(arguments: list[str]) -> None:
    """Write the templates."""
    directory = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "config" / "forms"
    directory.mkdir(parents=True, exist_ok=True)
    for code in arguments[1:] or MAKERS:
        (directory / f"{code}.docx").write_bytes(template(code))


if __name__ == "__main__":
    main(sys.argv[1:])
