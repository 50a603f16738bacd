"""Databases of earlier versions, as each version once wrote them, for SQLite or PostgreSQL."""

import re
from pathlib import Path

import sqlalchemy as sa

HERE = Path(__file__).parent / "old_databases"
VERSIONS = sorted(int(file.stem.removeprefix("version_")) for file in HERE.glob("version_*.sql"))


def lay(url: str, version: int) -> None:
    """Lay a database of a version under a URL where there is none yet."""
    script = (HERE / f"version_{version}.sql").read_text("utf-8")
    engine = sa.create_engine(url)
    plain = engine.raw_connection()
    if url.startswith("sqlite"):
        plain.driver_connection.executescript(script)
    else:
        _lay_on_postgresql(plain, script)
    plain.close()
    engine.dispose()


def _lay_on_postgresql(plain, script: str) -> None:
    # The files are SQLite's; truth values are laid as numbers and turned afterwards, numbering goes on after the last row.
    texts = re.sub(r"\bX'([0-9A-F]*)'", r"'\\x\1'", script.replace("BLOB", "BYTEA"))
    texts = re.sub(r"\bBOOLEAN\b", "INTEGER", texts.replace("id INTEGER NOT NULL", "id SERIAL NOT NULL"))
    cursor = plain.cursor()
    cursor.execute(re.sub(r"^(BEGIN TRANSACTION|COMMIT);$", "", texts, flags=re.MULTILINE))
    table = ""
    for line in script.splitlines():
        if found := re.match(r"CREATE TABLE (\w+)", line):
            table = found[1]
        if found := re.match(r"\s+(\w+) BOOLEAN", line):
            cursor.execute(f"ALTER TABLE {table} ALTER {found[1]} TYPE BOOLEAN USING {found[1]} <> 0")
        if re.match(r"\s+id INTEGER NOT NULL", line):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(max(id), 1)) FROM {table}")
    plain.commit()
