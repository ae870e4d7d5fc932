"""A second PostgreSQL that follows a first one."""

from __future__ import annotations

from support.servers import PostgresServer


class Standby(PostgresServer):
    """An asynchronous standby of `primary` from a base backup of it, on a port of its own."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary

    def _start_first(self) -> None:
        super()._start_first()
        self.wait_until(lambda: self._receivers() == 1, "a standby that follows")

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
        self.wait_until(lambda: self._receivers() == 0, "a standby that lags")

    def promote(self) -> None:
        """Returns when it takes writes."""
        self.psql("SELECT pg_promote()")
