"""A second PostgreSQL that follows a first one."""

from __future__ import annotations

from typing import Self

from support.servers import PostgresServer, wait_until


class Standby(PostgresServer):
    """An asynchronous standby of `primary` from a base backup of it, on a port of its own."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary

    def __enter__(self) -> Self:
        super().__enter__()
        wait_until(lambda: self._receivers() == 1, what="a standby that follows", log=self.log)
        return self

    def _fill(self) -> None:
        self._run(
            *("pg_basebackup", "-D", self.data, "-d", self._primary.url()),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )

    def _receivers(self) -> int:
        return int(self.psql("SELECT count(*) FROM pg_stat_wal_receiver"))

    def lag(self) -> None:
        """From now on nothing of what the primary commits comes here."""
        self.psql("ALTER SYSTEM SET primary_conninfo = ''")
        self.psql("SELECT pg_reload_conf()")
        wait_until(lambda: self._receivers() == 0, what="a standby that lags", log=self.log)

    def promote(self) -> None:
        """Returns when it takes writes."""
        self.psql("SELECT pg_promote()")
