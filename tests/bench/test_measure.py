"""Every part of the bench works, at a size that says nothing of speed."""

import subprocess
import sys
import unittest

from support.tree import ROOT


class Measure(unittest.TestCase):
    def measure(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, "--events", "300", "--runs", "1", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_every_part_is_measured_and_leaves_the_references_rows(self) -> None:
        table = self.measure("bench.measure", "--full")
        for line in (
            "| Hangar on PostgreSQL |",
            "| ready rows by copy |",
            "| ready rows by staging |",
            "| ready rows by unnest |",
            "| Hangar on SQLite |",
            "| ready rows by a C loop |",
            "| Hangar, events that are not ours |",
            "| bare pull and ack, C |",
            "| Hangar without a setting |",
            "| batches of 10,000, lanes 4 |",
            "| Prefect's recorder, batches of 1 |",
            "| Prefect's recorder, batches of 100 |",
            "| a lone event, two a second |",
            "| events in the backlog |",
            "| rows stored before |",
            "| bytes of an event |",
            "| replicas |",
            "| events of a batch at most |",
            "| lanes |",
            "| and wal_compression |",
            "| two subjects, a Hangar each |",
            "| a cluster of three that all hold the stream |",
            "| refused by the decoder |",
            "| refused by a CHECK of a table |",
            "| refused by a trigger, P0001 |",
            "| its flow run is missing |",
            "| its run is locked by an idle session |",
        ):
            self.assertIn(line, table)

    def test_persisters_are_measured_and_leave_every_row(self) -> None:
        table = self.measure("bench.persister")
        for line in (
            "| Hangar on PostgreSQL |",
            "| ready rows by copy |",
            "| ready rows by staging |",
            "| ready rows by unnest |",
            "| with the recorder, on PostgreSQL |",
            "| Hangar on SQLite |",
            "| ready rows by a C loop, on SQLite |",
            "| Prefect's persister, batches of 100 |",
            "| resident, alone |",
        ):
            self.assertIn(line, table)

    def test_deletes_of_both_storages_are_measured(self) -> None:
        arguments = ("--stored", "700", "--storage")
        for storage in ("postgres", "sqlite"):
            done = subprocess.run(
                [sys.executable, "-m", "bench.retention_cost", *arguments, storage],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f"| {storage} | 700 | 350 with ", done.stdout)


if __name__ == "__main__":
    unittest.main()
