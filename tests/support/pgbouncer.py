"""A PgBouncer in transaction mode before a PostgreSQL server."""

from __future__ import annotations

import shutil
import subprocess

from support.children import ServerError, spawn, unprivileged_user
from support.server import Server
from support.servers import PostgresServer


class PgBouncer(Server):
    """Every database of `server` on a port of its own, over at most `pool` connections each."""

    name = "pgbouncer"

    def __init__(self, server: PostgresServer, *, pool: int) -> None:
        super().__init__()
        self._server, self._pool = server, pool
        # Debian keeps it where only root's PATH leads.
        found = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if found is None:
            raise ServerError("no pgbouncer: apt-get install pgbouncer")
        self._binary = found

    def url(self, database: str = "postgres") -> str:
        return self._server.url(database).replace(f":{self._server.port}/", f":{self.port}/")

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            "[databases]\n"
            f"* = host=127.0.0.1 port={self._server.port} user={self._server.user}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {self._pool}\n"
            f"admin_users = {self._server.user}\n"
        )
        self.folder.chmod(0o755)  # it runs as another user
        settings.chmod(0o644)
        return spawn([self._binary, settings], log=self.log, user=unprivileged_user())

    def _ready(self) -> bool:
        # That somebody takes connections on the port does not say that it is this one.
        return f"[{self.pid}] LOG listening on 127.0.0.1:{self.port}\n" in self.log.read_text()
