"""The skeleton of the tests' own servers keeps what it says."""

from __future__ import annotations

import contextlib
import socket
import unittest
from unittest import mock

from support.children import free_port
from support.owner import Owner
from support.pgbouncer import PgBouncer
from support.servers import NatsServer, PostgresServer


class _Broken(Owner):
    """Opens two things and then fails."""

    def __init__(self, closed: list[str]) -> None:
        self._closed = closed

    def _open(self, opened: contextlib.ExitStack) -> None:
        opened.callback(self._closed.append, "first")
        opened.callback(self._closed.append, "second")
        raise OSError


class Owners(unittest.TestCase):
    def test_what_was_open_before_a_failure_is_closed_the_last_first(self) -> None:
        closed: list[str] = []
        with self.assertRaises(OSError), _Broken(closed):
            self.fail("it was entered")
        self.assertEqual(closed, ["second", "first"])


class Servers(unittest.TestCase):
    def test_one_whose_port_is_taken_is_started_on_another(self) -> None:
        other = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        taken = other.getsockname()[1]
        with PostgresServer(fsync=False) as postgres:
            for one in (PostgresServer(fsync=False), PgBouncer(postgres, pool=1)):
                with (
                    self.subTest(one.name),
                    mock.patch("support.server.free_port", side_effect=(taken, free_port())),
                    one,
                ):
                    self.assertNotEqual(one.port, taken)

    def test_port_and_folder_stay_the_same_over_stop_and_start(self) -> None:
        for one in (PostgresServer(fsync=False), NatsServer()):
            with self.subTest(one.name), one:
                before = one.port, one.folder, one.pid
                one.restart()
                self.assertEqual((one.port, one.folder), before[:2])
                self.assertNotEqual(one.pid, before[2])
            self.assertFalse(before[1].exists())


if __name__ == "__main__":
    unittest.main()
