"""kill -9, again and again under load: nothing is lost, nothing is doubled."""

import random
import signal
import time
import unittest

from faults.ledger import LONG, Ledger
from support.program import hangar_running
from support.servers import wait_until

_KILLS = 100 if LONG else 20


class Kill(Ledger):
    COPIES = 2 * _KILLS

    def test_killed_under_load_loses_and_doubles_nothing_on_postgres(self) -> None:
        self.use_postgres()
        self._kill_and_finish()

    def test_killed_under_load_loses_and_doubles_nothing_on_sqlite(self) -> None:
        self.use_sqlite()
        self._kill_and_finish()

    def _kill_and_finish(self) -> None:
        moment = random.Random(self.seed)
        for _ in range(_KILLS):
            self._kill_once(moment.uniform(0, 0.1))
        with self.recording() as process:
            self.end_of(process)
        self.expect_all_recorded()

    def _kill_once(self, delay: float) -> None:
        """Kills `delay` seconds after the process began to ack, with much left to do."""
        before = self.left()
        with hangar_running(*self.words(), log=self.log) as process:
            wait_until(lambda: self.left() < before, what="an ack", process=process, log=self.log)
            # The moment of the kill is the input of this test, not a wait for something.
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertGreater(self.left(), 0, "everything was recorded before: more events needed")


if __name__ == "__main__":
    unittest.main()
