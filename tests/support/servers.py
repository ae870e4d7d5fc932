"""Real PostgreSQL and NATS servers on free loopback ports, gone when the test is gone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from support.children import (
    READY_WITHIN,
    ServerError,
    die_with_parent,
    end,
    free_port,
    spawn,
    unprivileged_user,
    wait_until,
)
from support.server import Server

__all__ = [
    "HELD",
    "NatsServer",
    "PostgresServer",
    "ServerError",
    "die_with_parent",
    "end",
    "free_port",
    "held_inserts",
    "in_transaction",
    "postgres_bin",
    "psql",
    "spawn",
    "wait_until",
]


def postgres_bin() -> Path:
    """The newest installed PostgreSQL's programs; Debian keeps them out of PATH."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name),
    )
    if found:
        return found[-1]
    if elsewhere := shutil.which("initdb"):
        return Path(elsewhere).resolve().parent
    raise ServerError("PostgreSQL is not installed: apt-get install postgresql")


class PostgresServer(Server):
    """A cluster of its own; trusts every local connection.

    As root it runs as `postgres` or `nobody`, for PostgreSQL refuses to run as root.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # SIGTERM waits for clients
    kill_signal = signal.SIGQUIT  # SIGKILL leaves the server's own children
    user = "hangar"

    def __init__(self, *, fsync: bool = True, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._bin = postgres_bin()
        self._settings = {"fsync": "on" if fsync else "off", **(settings or {})}

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        return self.folder / "s"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def _start_first(self) -> None:
        self._system_user = unprivileged_user()
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700)
            if self._system_user:
                shutil.chown(folder, self._system_user)
        self.sockets.chmod(0o755)
        self._fill()
        super()._start_first()

    def _fill(self) -> None:
        """Makes the cluster in its empty folder."""
        # What initdb writes goes with the folder; only the server's own writes need to be synced.
        self._run(
            *("initdb", "-D", self.data, "-U", self.user, "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )

    def _run(self, program: str, *words: str | Path) -> None:
        """One of PostgreSQL's programs to its end."""
        if self._spawn_program(program, *words).wait() != 0:
            raise ServerError(f"{program} failed:\n{self.log.read_text(errors='replace')}")

    def _spawn_program(self, program: str, *words: str | Path) -> subprocess.Popen[bytes]:
        return spawn(
            [self._bin / program, *words],
            log=self.log,
            user=self._system_user,
            environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd=Path("/"),
            death_signal=self.kill_signal,
        )

    def start(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                return super().start()
            except ServerError as error:
                # The children of a killed postmaster take a moment to notice.
                leftover = "pre-existing shared memory block" in str(error)
                if not leftover or time.monotonic() > deadline:
                    raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.sockets),
            "shared_buffers": "64MB",
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return self._spawn_program("postgres", "-D", self.data, *options)

    def _ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and lines[0] == str(self.pid)

    def reconfigure(self, settings: Mapping[str, str]) -> None:
        """The same cluster under other settings, beside those that it was made with."""
        self._settings |= settings
        self.restart(self.stop_signal)

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Runs SQL, each statement a transaction of its own; returns unaligned tuples."""
        return psql(self.url(database), sql)

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Creates the database, as a copy when a template is named; returns its URL."""
        clause = f' TEMPLATE "{template}"' if template else ""
        self.psql(f'CREATE DATABASE "{name}"{clause}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def psql(url: str, sql: str) -> str:
    """Runs SQL through PostgreSQL's own client, so that tests need no driver."""
    done = subprocess.run(
        # Standard input and not -c: a statement may be longer than an argument can be.
        [postgres_bin() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-", url],
        input=sql.encode(),
        capture_output=True,
        env={**_without_libpq(os.environ), "PGCLIENTENCODING": "UTF8", "PGTZ": "UTC"},
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"psql: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


@contextlib.contextmanager
def held_inserts(url: str, table: str) -> Iterator[None]:
    """Until the end of this, who inserts into the table waits, though for no lock."""
    psql(
        url,
        "CREATE TABLE hold AS SELECT 1; CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN WHILE EXISTS (SELECT FROM hold) LOOP PERFORM pg_sleep(0.01); END LOOP; "
        "RETURN NEW; END $$; "
        f"CREATE TRIGGER hold BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hold()",
    )
    try:
        yield
    finally:
        psql(url, "DELETE FROM hold")


HELD = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
"""How many wait so."""


@contextlib.contextmanager
def in_transaction(url: str, sql: str) -> Iterator[None]:
    """Somebody has done this in a transaction that stays open inside."""
    command: list[str | Path] = [postgres_bin() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url]
    environment = _without_libpq(os.environ)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as session:
        assert session.stdin is not None and session.stdout is not None
        session.stdin.write(f"BEGIN; {sql};\n\\echo done\n".encode())
        session.stdin.flush()
        if session.stdout.readline() != b"done\n":
            raise ServerError(f"psql: {sql} failed")
        try:
            yield
        finally:
            session.stdin.close()


def _without_libpq(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's PG* variables must not lead a test to another server."""
    return {key: value for key, value in environment.items() if not key.startswith("PG")}


class NatsServer(Server):
    """A nats-server with JetStream on file."""

    name = "nats-server"

    def __init__(
        self,
        binary: str | Path | None = None,
        *,
        settings: str = "",
        jetstream: str = "",
        in_cluster: bool = False,
    ) -> None:
        """One of a cluster is ready only with the others: whoever makes it calls `wait_ready`."""
        super().__init__()
        self._in_cluster = in_cluster
        chosen = str(binary or os.environ.get("HANGAR_TEST_NATS_SERVER") or "nats-server")
        found = shutil.which(chosen)
        if found is None:
            raise ServerError(f"no {chosen}: apt-get install nats-server")
        self.binary = found
        self._settings = settings
        self._jetstream = jetstream
        self.port = self.monitoring_port = -1  # the server chooses

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitoring_url(self) -> str:
        return f"http://127.0.0.1:{self.monitoring_port}"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def version(self) -> str:
        return str(self.monitor("varz")["version"])

    def _start_first(self) -> None:
        self._process = self._spawn()
        if not self._in_cluster:
            self.wait_ready()

    def _spawn(self) -> subprocess.Popen[bytes]:
        # A server that chose its ports does not want to be told them when it is reloaded.
        self._ports = (self.port, self.monitoring_port)
        return spawn([self.binary, "-c", self._configure()], log=self.log)

    def reload(self, settings: str) -> None:
        """Gives the running server other settings; returns when they hold."""
        self._settings = settings
        self._configure()
        before = self.monitor("varz")["config_load_time"]
        os.kill(self.pid, signal.SIGHUP)
        self.wait_until(
            lambda: self.monitor("varz")["config_load_time"] != before, "other settings"
        )

    def _configure(self) -> Path:
        config = self.folder / "nats.conf"
        config.write_text(
            f"listen: 127.0.0.1:{self._ports[0]}\nhttp: 127.0.0.1:{self._ports[1]}\n"
            f'ports_file_dir: "{self.folder}"\n'
            f'server_name: "{self.folder.name}"\n'
            f'max_payload: 8MB\njetstream {{ store_dir: "{self.store}"\n{self._jetstream} }}\n'
            f"{self._settings}\n"
        )
        return config

    def _ready(self) -> bool:
        if self.port == -1 and not self._learn_ports():
            return False
        try:
            return self.monitor("healthz").get("status") == "ok"
        except (OSError, ValueError):
            return False

    def _learn_ports(self) -> bool:
        ports_file = self.folder / f"{Path(self.binary).name}_{self.pid}.ports"
        try:
            ports = json.loads(ports_file.read_text())
            client, monitoring = ports["nats"][0], ports["monitoring"][0]
        except (OSError, ValueError, KeyError, IndexError):
            return False
        self.port = int(client.rpartition(":")[2])
        self.monitoring_port = int(monitoring.rpartition(":")[2])
        return True

    def monitor(self, path: str) -> dict[str, object]:
        """One page of the monitoring port, for example `jsz?streams=true&consumers=true`."""
        with urllib.request.urlopen(f"{self.monitoring_url}/{path}", timeout=5) as answer:
            page: dict[str, object] = json.loads(answer.read())
            return page
