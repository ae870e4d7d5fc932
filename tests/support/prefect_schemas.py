"""The schemas of Prefect's releases, as their own migrations make them.

    python3 tests/support/prefect_schemas.py [VERSION …]     writes tests/golden/schemas anew

What is committed there lets a test use the schema of a release without installing it.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.prefect_venv import LIBRARIES, PrefectVenv, run
from support.servers import PostgresServer, postgres_bin, psql
from support.temporary import temporary_folder
from support.tool_venv import tool_venv

RECORDED = ("3.4.7", "3.6.29", "3.7.8", "3.8.8", "3.9.1")
"""Releases whose tables Hangar records to: the oldest, the newest, and the last of each minor."""
REFUSED = ("3.4.6",)
"""The last release whose tables cannot be recorded to."""
VERSIONS = (*REFUSED, *RECORDED)

_FOLDER = Path(__file__).resolve().parents[1] / "golden" / "schemas"
STORAGES = ("postgres", "sqlite")
# A newer FastAPI breaks the server of every release here; 3.4 needs the other without saying so.
_BESIDE = [*(pin for pin in LIBRARIES if pin.startswith("fastapi==")), "importlib-metadata==10.2.0"]


def schema_file(version: str, storage: str) -> Path:
    """The committed schema; `storage` is postgres or sqlite."""
    return _FOLDER / f"{version}.{storage}.sql"


def make_schema(version: str, storage: str, server: PostgresServer) -> str:
    """What `prefect server database upgrade -y` of that release makes of an empty database."""
    venv = PrefectVenv(tool_venv(f"prefect-{version}", [f"prefect=={version}", *_BESIDE]))
    if storage == "postgres":
        name = f"schema_{version.replace('.', '_')}"
        url = server.create_database(name)
        venv.upgrade(url)
        dump = run([postgres_bin() / "pg_dump", "--schema-only", "--no-owner", "--no-acl", url])
        server.drop_database(name)
        return _normalised(dump)
    with temporary_folder("schema") as folder:
        file = folder / "prefect.sqlite"
        venv.upgrade(str(file))
        with contextlib.closing(sqlite3.connect(file)) as connection:
            found = connection.execute(
                "SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT LIKE 'sqlite%'"
                " ORDER BY type = 'index', name"
            )
            return _normalised("".join(f"{_in_order(sql)};\n" for (sql,) in found))


def _in_order(statement: str) -> str:
    """With its constraints sorted: migrations that copy a table write them in any order."""
    lines = statement.rstrip().split("\n")
    constraints = [line.rstrip(", ") for line in lines if line.startswith("\tCONSTRAINT ")]
    if not constraints or lines[-1] != ")":
        return statement
    others = [line for line in lines[:-1] if not line.startswith("\tCONSTRAINT ")]
    return "\n".join([*others, ", \n".join(sorted(constraints)), ")"])


def _normalised(dump: str) -> str:
    """Without what tells of the program that dumped it."""
    dump = re.sub(
        r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)\n",
        "",
        dump,
        flags=re.MULTILINE,
    )
    lines = (line.rstrip() for line in dump.split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def load_schema(version: str, database: str) -> None:
    """Makes the tables of that release in an empty database: a PostgreSQL URL or a new file."""
    if database.startswith("postgresql"):
        psql(database, schema_file(version, "postgres").read_text())
    else:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(schema_file(version, "sqlite").read_text())


def main(versions: Sequence[str]) -> None:
    with PostgresServer(fsync=False) as server:
        for version in versions or VERSIONS:
            for storage in STORAGES:
                schema_file(version, storage).write_text(make_schema(version, storage, server))


if __name__ == "__main__":
    main(sys.argv[1:])
