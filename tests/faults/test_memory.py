"""Events of a mebibyte in little memory: the credit in bytes holds, and nothing is lost."""

from __future__ import annotations

import json
import re
import resource
import unittest

from faults.ledger import Ledger
from support.program import flags, hangar, hangar_running, resident
from support.servers import wait_until
from support.surface import Surface

_LIMIT = 256 << 20
_CREDIT = 14 << 20
_MEBIBYTE = "x" * (1 << 20)
_MESSAGE = re.compile(rb'("validated_state":\{"type":"[A-Z]+","name":"[^"]*","message":)""')


class Memory(Ledger):
    COPIES = 1

    @classmethod
    def setUpClass(cls) -> None:
        """Every third event has a message of a mebibyte, and so has its state."""
        super().setUpClass()
        ids = [json.loads(event)["id"] for event in cls.events]
        # One that is sent twice is the same both times.
        chosen, large = set(ids[::3]), set()
        for number, id_ in enumerate(ids):
            text = b'\\1"%s"' % _MEBIBYTE.encode()
            event, changed = _MESSAGE.subn(text, cls.events[number])
            if changed and id_ in chosen:
                large.add(id_)
                cls.events[number] = event
        for state in cls.rows["task_run_state"]:
            if state["id"] in large:
                state["message"] = _MEBIBYTE
        assert len(large) > 100, "too few were enlarged"

    def idle(self) -> int:
        """What a process takes that has nothing to do."""
        nothing = flags({"services.task_run_recorder.filter_subject": "prefect.events.none"})
        durable = flags({"services.task_run_recorder.durable": "idle"})
        with hangar_running(*self.words(), *nothing, *durable, log=self.log) as process:
            surface = Surface.of(process, self.folder / "data", self.log)
            wait_until(lambda: surface.ask("/readyz")[0] == 200, what="ready", log=self.log)
            return resident(process.pid)

    def test_the_allocator_keeps_little_of_what_is_free(self) -> None:
        """Four arenas a core, each for 10 s, is what jemalloc does by itself."""
        said = hangar("version", env={"MALLOC_CONF": "stats_print:true"}).stderr
        self.assertIn("opt.narenas: 2\n", said)
        self.assertIn("opt.dirty_decay_ms: 1000 ", said)

    def test_events_of_a_mebibyte_are_recorded_within_256_mib(self) -> None:
        self.use_postgres()
        base = self.idle()
        hold = self.folder / "hold"
        with hangar_running(
            *self.words(),
            *flags({"services.task_run_recorder.batch_size": 1_000}),
            # With one lane nothing goes on while it waits.
            *flags({"services.task_run_recorder.lanes": 1}),
            log=self.log,
            env={"HANGAR_TEST_FAILPOINTS": f"before_commit=wait:{hold}"},
        ) as process:
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (_LIMIT, _LIMIT))
            surface = Surface.of(process, self.folder / "data", self.log)
            # Nothing more is taken than the credit while nothing is written.
            wait_until(
                lambda: surface.messages()["held_bytes"] > _CREDIT * 3 // 4 - (2 << 20),
                what="a credit that is used up",
                process=process,
                log=self.log,
            )
            hold.touch()
            most_held = 0

            def recorded() -> bool:
                nonlocal most_held
                most_held = max(most_held, surface.messages()["held_bytes"])
                return self.left() == 0

            wait_until(recorded, what="every ack", process=process, log=self.log, within=120)
            peak = resident(process.pid, "VmHWM")
            self.assertEqual(self.terminate(process), 0)
        self.figure("A7", "MiB idle, at most", f"{base >> 20}, {peak >> 20}")
        self.figure("A7", "MiB held at most", most_held >> 20)
        self.assertLessEqual(most_held, _CREDIT)
        # The messages, what is kept of them and what is sent to the database, each once at most,
        # and what was freed but stays mapped: far less than the events.
        bound = 4 * _CREDIT
        self.assertGreater(sum(map(len, self.events)), 3 * bound)
        self.assertLess(peak, base + bound)
        self.expect_all_recorded()


if __name__ == "__main__":
    unittest.main()
