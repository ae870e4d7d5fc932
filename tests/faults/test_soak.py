"""A fault at random every few seconds, for long when asked: nothing is lost and nothing grows."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from faults.ledger import LONG, SUBJECT, Ledger
from support.children import freeze
from support.jetstream import JetStream, JetStreamError
from support.program import flags, hangar_running, resident
from support.proxy import Proxy
from support.servers import wait_until
from support.surface import Surface

# `HANGAR_TEST_SOAK_SECONDS=86400 HANGAR_TEST_LONG=1 ctest -R faults.soak` lasts a day.
_SECONDS = float(os.environ.get("HANGAR_TEST_SOAK_SECONDS") or (3_600 if LONG else 20))
_PERIOD = 30.0 if LONG else 1.5
_CHUNK_EVERY = 0.1
_CREDIT = 14 << 20


class _Sample(NamedTuple):
    at: float
    resident: int
    threads: int
    descriptors: int


def _count(pid: int, what: str) -> int:
    return len(list(Path(f"/proc/{pid}/{what}").iterdir()))


class Soak(Ledger):
    """One replica meets what its links and servers do and is measured; another one is killed."""

    COPIES = 200 if LONG else 12

    def fill(self, stream: JetStream) -> None:
        """Nothing is in the stream at first."""

    def test_faults_again_and_again_lose_nothing_and_nothing_grows(self) -> None:
        self.use_postgres()
        self.chosen = random.Random(self.seed)
        self.nats_link = self.enterContext(Proxy(self.nats.port))
        self.postgres_link = self.enterContext(Proxy(self.postgres.port))
        port = f":{self.postgres.port}/"
        links = flags(
            {
                "nats.url": f"nats://127.0.0.1:{self.nats_link.port}",
                "storage.url": self.database.replace(port, f":{self.postgres_link.port}/"),
            }
        )
        with hangar_running(*self.words(), *links, log=self.log) as process:
            self.surface = Surface.of(process, self.folder / "data", self.log)
            self._wait_ready(process)
            # Between two faults a connection and its threads may be away.
            rest = self._sample(process, 0)
            with self._other():
                samples = self._disturb(process)
                began = time.monotonic()
                wait_until(lambda: self.left() == 0, what="every ack", log=self.log, within=120)
                self._wait_ready(process)
                self.figure("G10", "s from the last fault to rest", round(time.monotonic() - began))
            self._expect_nothing_grew(process, rest, samples)
            self._expect_every_message_in_one_account()
            self.assertEqual(self.terminate(process), 0)
        self.expect_all_recorded()

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        wait_until(
            lambda: self.surface.ask("/readyz")[0] == 200,
            what="readiness",
            process=process,
            log=self.log,
        )

    def _disturb(self, process: subprocess.Popen[bytes]) -> list[_Sample]:
        """Publishes all events over the time, with a fault every period; how the process looked."""
        began = time.monotonic()
        samples, faults, waiting = [], 0, self._shuffled_faults()
        size = max(1, round(len(self.events) / (_SECONDS / _CHUNK_EVERY)))
        for first in range(0, len(self.events), size):
            self._publish(self.events[first : first + size])
            now = time.monotonic() - began
            if now > (faults + 1) * _PERIOD:
                next(waiting)()
                faults += 1
                samples.append(self._sample(process, now))
            due = first / size * _CHUNK_EVERY
            # The pace of the events is the input of this test, not a wait for something.
            time.sleep(max(0.0, due - (time.monotonic() - began)))
        self.figure("G10", "faults", faults)
        self.figure("G10", "seconds", round(time.monotonic() - began))
        self.assertGreater(faults, 5)
        return samples

    @staticmethod
    def _sample(process: subprocess.Popen[bytes], at: float) -> _Sample:
        pid = process.pid
        return _Sample(at, resident(pid), _count(pid, "task"), _count(pid, "fd"))

    def _publish(self, events: list[bytes]) -> None:
        """Until all are acked; what was in doubt is there twice."""

        def acked() -> bool:
            try:
                with JetStream(self.nats.url, timeout=5) as stream:
                    stream.publish(SUBJECT, events)
            except (OSError, JetStreamError, ValueError):
                return False
            return True

        wait_until(acked, what="a broker that stores", log=self.nats.log)

    def _shuffled_faults(self) -> Iterator[Callable[[], None]]:
        faults = [
            self._kill_other,
            self._end_other,
            self._hold_other,
            self.nats_link.freeze,
            self._lose_acks,
            self._cut_links,
            self.nats.restart,
            self._terminate_backends,
            lambda: self.postgres.restart(signal.SIGINT),
        ]
        while True:
            yield from self.chosen.sample(faults, len(faults))

    @contextlib.contextmanager
    def _other(self) -> Iterator[None]:
        with contextlib.ExitStack() as self.others:
            self._start_other()
            yield

    def _start_other(self) -> None:
        self.other = self.others.enter_context(
            hangar_running(*self.words(), log=self.folder / "other.log")
        )

    def _kill_other(self) -> None:
        self.other.kill()
        self.other.wait()
        self._start_other()

    def _end_other(self) -> None:
        # Before it has begun to run, a signal just ends it.
        Surface.of(self.other, self.folder / "data", self.folder / "other.log")
        self.assertEqual(self.terminate(self.other), 0)
        self._start_other()

    def _hold_other(self) -> None:
        freeze(self.other.pid)
        # How long, a bit more than ack_wait, is the input of this test.
        time.sleep(self.ACK_WAIT + 0.5)
        self.other.send_signal(signal.SIGCONT)

    def _lose_acks(self) -> None:
        self.nats_link.drop(True)
        time.sleep(0.1)  # as above
        self.nats_link.drop(False)

    def _cut_links(self) -> None:
        for link in (self.nats_link, self.postgres_link):
            link.refuse()
            link.accept()

    def _terminate_backends(self) -> None:
        self.postgres.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = 'faults' AND pid <> pg_backend_pid()"
        )

    def _expect_nothing_grew(
        self, process: subprocess.Popen[bytes], rest: _Sample, samples: list[_Sample]
    ) -> None:
        # What a process takes at first is no growth.
        settled = samples[len(samples) // 3 :]
        last = self._sample(process, samples[-1].at + _PERIOD)
        half = len(settled) // 2
        before, after = (
            sum(sample.resident for sample in part) / len(part)
            for part in (settled[:half], settled[half:])
        )
        hours = (last.at - settled[0].at) / 2 / 3_600
        self.figure("G10", "MiB an hour", round((after - before) / (1 << 20) / hours, 2))
        self.figure("G10", "MiB at most", max(sample.resident for sample in settled) >> 20)
        self.assertLess(last.resident, rest.resident + 2 * _CREDIT)
        if LONG:
            self.assertLess(after - before, (1 << 20) * max(1.0, hours))
        most = max(sample.threads for sample in samples)
        self.figure("G10", "threads at most, at the end", f"{most}, {last.threads}")
        self.assertLessEqual(last.threads, most)
        self.assertLess(last.descriptors, rest.descriptors + 8)
        self.assertLess(last.threads, rest.threads + 4)

    def _expect_every_message_in_one_account(self) -> None:
        now = self.surface.messages()
        accounts = ("acked", "nacked", "terminated", "abandoned", "held")
        self.assertEqual(now["received"], sum(now[account] for account in accounts))


if __name__ == "__main__":
    unittest.main()
