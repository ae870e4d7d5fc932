"""A Prefect of the tests' own: a venv made once, and databases that its migrations made."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from support.servers import PostgresServer, postgres_bin
from support.temporary import temporary_folder

# Prefect decides what is recorded; the libraries below it decide how a value is read and are
# pinned with it, so that a verdict does not change under a release of theirs.
NEWEST = "3.9.1"
RELEASES = (NEWEST, "3.8.8")
"""The releases whose recorder is the reference."""
CLIENTS = (*RELEASES, "3.6.29")
"""The releases whose clients are tried with the newest server."""

LIBRARIES = (
    "fastapi==0.139.0",
    "asyncpg==0.32.0",
    "aiosqlite==0.22.1",
    "orjson==3.13.0",
    "pendulum==3.3.0",
    "pydantic==2.14.3",
    "pydantic-core==2.50.4",
    "pydantic-extra-types==2.11.1",
    "sqlalchemy==2.1.9",
)

BASE_PYTHON = "HANGAR_TEST_BASE_PYTHON"
"""Names the interpreter that venvs are made of, for a test that goes on in one of them."""

_TEMPLATE = "prefect_template"


class PrefectError(RuntimeError):
    """Prefect could not be installed or did not do what was asked; carries its output."""


def cache_folder() -> Path:
    """Where what is dear to make is kept: `HANGAR_TEST_CACHE`, else a user's own cache."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("HANGAR_TEST_CACHE") or users / "hangar-tests").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One maker at a time, over all processes; the kernel releases the lock of a dead one."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _python() -> str:
    """An interpreter whose verdicts are the reference's.

    From 3.13 on Prefect reads times with another library, which takes other forms.
    """
    if sys.version_info < (3, 13):
        return os.environ.get(BASE_PYTHON) or sys.executable
    for name in ("python3.11", "python3.12"):
        if found := shutil.which(name):
            return found
    raise PrefectError(
        "the reference needs Python 3.11 or 3.12: Prefect reads times differently from 3.13 on"
    )


def _key(release: str) -> str:
    seed = "\n".join((f"prefect=={release}", *LIBRARIES, _python(), sys.version))
    return hashlib.sha256(seed.encode()).hexdigest()[:12]


def run(command: list[str | Path], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment) if environment is not None else None,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise PrefectError(f"{' '.join(map(str, command))}\n{output}")
    return output


class PrefectVenv:
    """The paths of a finished venv; get it from `prefect_venv()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.prefect = folder / "bin" / "prefect"

    @staticmethod
    def environment(home: Path, database: str | None = None) -> dict[str, str]:
        """An environment in which Prefect sees only this home and database, and calls nobody."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PG"))}
        kept.pop("PYTHONPATH", None)
        return {
            **kept,
            "PREFECT_HOME": str(home),
            "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLI_COLORS": "false",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "DO_NOT_TRACK": "1",
            "TZ": "UTC",
            **({"PREFECT_SERVER_DATABASE_CONNECTION_URL": database} if database else {}),
        }

    def upgrade(self, database: str) -> None:
        """`prefect server database upgrade -y` on a PostgreSQL URL or an SQLite file's path."""
        with temporary_folder("prefect") as home:
            run(
                [self.prefect, "server", "database", "upgrade", "-y"],
                self.environment(home, prefect_url(database)),
            )


def prefect_url(database: str) -> str:
    """The form in which Prefect takes a libpq URL or the path of an SQLite file."""
    parts = urlsplit(database)
    if parts.scheme in ("postgresql", "postgres"):
        return parts._replace(scheme="postgresql+asyncpg").geturl()
    return f"sqlite+aiosqlite:///{Path(database).resolve()}"


def prefect_venv(release: str = NEWEST) -> PrefectVenv:
    """The venv, made when there is none; callers wait for the one that makes it."""
    folder = cache_folder() / f"prefect-{_key(release)}"
    finished = folder / "finished"
    if not finished.exists():
        with locked("prefect-venv"):
            if not finished.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a maker that was killed
                run([_python(), "-m", "venv", folder])
                pip: list[str | Path] = [
                    folder / "bin" / "python",
                    "-m",
                    "pip",
                    "--disable-pip-version-check",
                ]
                run([*pip, "install", "--no-input", "--quiet", f"prefect=={release}", *LIBRARIES])
                finished.touch()
    return PrefectVenv(folder)


def create_prefect_database(server: PostgresServer, name: str) -> str:
    """A database with Prefect's tables; returns its URL. The first of a server costs most."""
    with locked("prefect-template"):
        found = server.psql(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'")
        if not found:
            _make_template(server)
    return server.create_database(name, template=_TEMPLATE)


def _make_template(server: PostgresServer) -> None:
    major = postgres_bin().parent.name
    dump = cache_folder() / f"prefect-{_key(NEWEST)}-{major}.sql"
    building = _TEMPLATE + "_building"
    server.drop_database(building)
    url = server.create_database(building)
    if dump.exists():
        run([postgres_bin() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-1", "-f", dump, url])
    else:
        prefect_venv().upgrade(url)
        partial = dump.with_suffix(".partial")
        run([postgres_bin() / "pg_dump", "--no-owner", "-f", partial, url])
        partial.rename(dump)
    # The name says that it is whole; a maker that was killed leaves the other name.
    server.psql(f'ALTER DATABASE "{building}" RENAME TO "{_TEMPLATE}"')


def create_prefect_sqlite(path: Path) -> Path:
    """An SQLite file with Prefect's tables at `path`."""
    kept = cache_folder() / f"prefect-{_key(NEWEST)}.sqlite"
    with locked("prefect-sqlite"):
        if not kept.exists():
            partial = kept.with_suffix(".partial")
            for leftover in cache_folder().glob(partial.name + "*"):
                leftover.unlink()
            prefect_venv().upgrade(str(partial))
            with contextlib.closing(sqlite3.connect(partial)) as connection:
                # The copy takes the one file, so the log must be in it.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            partial.rename(kept)
    shutil.copyfile(kept, path)
    return path


if __name__ == "__main__":
    print(prefect_venv().folder)
