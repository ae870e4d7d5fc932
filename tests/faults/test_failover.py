"""A PostgreSQL that fails over to a standby which lags: what it lost comes back by a replay."""

import unittest

from faults.ledger import Ledger
from support.program import hangar
from support.proxy import Proxy
from support.servers import psql, wait_until
from support.standby import Standby


class Failover(Ledger):
    def missing(self) -> int:
        """How many states are not in the database."""
        stored = set(psql(self.database, "SELECT id FROM task_run_state").split())
        return len({row["id"] for row in self.rows["task_run_state"]} - stored)

    def fence(self) -> None:
        """What a failover does first to the server that was primary."""
        self.postgres.psql("ALTER SYSTEM SET default_transaction_read_only = on")
        self.postgres.psql("SELECT pg_reload_conf()")

    def test_what_a_lagging_standby_never_got_is_there_after_a_replay(self) -> None:
        self.use_postgres()
        with Standby(self.postgres) as standby, Proxy(self.postgres.port) as address:
            self.database = self.database.replace(f":{self.postgres.port}/", f":{address.port}/")
            with self.recording() as process:
                self.assertGreater(self.wait_for_progress(process), 0)
                standby.lag()
                enough = self.left() - 500
                wait_until(
                    lambda: self.left() < enough, what="500 acks", process=process, log=self.log
                )
                self.fence()
                self.wait_for_words("SQLSTATE 25006", process)
                standby.promote()
                address.lead_to(standby.port)
                self.end_of(process)
            lost = self.missing()
            self.figure("C5", "rows missing after the failover", lost)
            self.assertGreater(lost, 0, "the standby did not lag")
            done = hangar("replay", "--since", "1h", *self.words())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.figure("C5", "rows missing after `hangar replay`", self.missing())
            self.assertEqual(self.left(), 0, "a replay moved the service's own consumer")
            self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
