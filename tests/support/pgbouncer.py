"""A PgBouncer in transaction mode before a PostgreSQL server."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from types import TracebackType
from typing import Self

from support.children import ServerError, end, free_port, spawn, unprivileged_user, wait_until
from support.servers import PostgresServer
from support.temporary import temporary_folder


class PgBouncer:
    """Every database of `server` on a port of its own, over at most `pool` connections each."""

    def __init__(self, server: PostgresServer, *, pool: int) -> None:
        self._server, self._pool = server, pool
        self._exit = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        # Debian keeps it where only root's PATH leads.
        self._binary = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if self._binary is None:
            raise ServerError("no pgbouncer: apt-get install pgbouncer")

    def __enter__(self) -> Self:
        folder = self._exit.enter_context(temporary_folder("pgbouncer"))
        self._exit.callback(self._stop)
        self.log = folder / "pgbouncer.log"
        settings = folder / "pgbouncer.ini"
        user = unprivileged_user()
        try:
            self.port = free_port()
            settings.write_text(
                "[databases]\n"
                f"* = host=127.0.0.1 port={self._server.port} user={self._server.user}\n"
                "[pgbouncer]\n"
                f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
                f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {self._pool}\n"
                f"admin_users = {self._server.user}\n"
            )
            folder.chmod(0o755)  # it runs as another user
            settings.chmod(0o644)
            self._process = spawn([str(self._binary), settings], log=self.log, user=user)
            wait_until(self._ready, what="PgBouncer", process=self._process, log=self.log)
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def url(self, database: str = "postgres") -> str:
        return self._server.url(database).replace(f":{self._server.port}/", f":{self.port}/")

    def _ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def _stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
