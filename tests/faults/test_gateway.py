"""The event gateway, nats-server and the links between them killed again and again, while clients
count pongs: what a pong confirmed is in the stream, once, and in the tables, once."""

import asyncio
import os
import random
import sqlite3
import time
import unittest
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.counting import CountingClient, event
from services.event_gateway.peers import EVENTS, Gateway, PrefectPeer

from faults.ledger import LONG, Ledger
from support.children import wait_until
from support.jetstream import JetStream
from support.proxy import Proxy
from support.servers import NatsServer
from support.temporary import temporary_folder

_TIMES = 100 if LONG else 10  # Each of the three.
_CLIENTS = 3
_ROUNDS = 5  # In which Prefect's own server is killed.
_BETWEEN = 50  # New events of each client that are confirmed before the next fault.


class Faults(unittest.IsolatedAsyncioTestCase):
    """The gateway and the persister in one host, between two links."""

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)  # It tells of every wait under load.
        seed = int(os.environ.get("HANGAR_TEST_SEED") or random.randrange(2**32))
        print(f"HANGAR_TEST_SEED={seed}")
        self.chance = random.Random(seed)
        folder = self.enterContext(temporary_folder("gateway-faults"))
        self.database = folder / "hangar.sqlite"
        self.nats = self.enterContext(NatsServer())
        self.behind = self.enterContext(Proxy(self.nats.port))
        settings = {
            "HANGAR_STORAGE_URL": str(self.database),
            "HANGAR_STORAGE_CREATE_TABLES": "true",
        }
        self.gateway = self.enterContext(
            Gateway(
                settings,
                self.nats,
                ("event_gateway", "event_persister"),
                f"nats://127.0.0.1:{self.behind.port}",
            )
        )
        self.redeliver_soon()
        self.front = self.enterContext(Proxy(self.port()))
        peer = self.gateway.at(f"127.0.0.1:{self.front.port}")
        self.clients = [CountingClient(peer) for _ in range(_CLIENTS)]

    def redeliver_soon(self) -> None:
        """What a killed persister had comes again without much delay."""
        name = "events-event-persister"
        consumer = f"{EVENTS}.{name}"
        with JetStream(self.nats.url) as stream:

            def reads() -> bool:
                names = stream.request(f"CONSUMER.NAMES.{EVENTS}")["consumers"] or []
                return name in names

            wait_until(reads, what="the persister", log=self.gateway.log)
            config = stream.request(f"CONSUMER.INFO.{consumer}")["config"]
            config["ack_wait"] = 2 * 10**9
            stream.request(f"CONSUMER.DURABLE.CREATE.{consumer}", stream_name=EVENTS, config=config)

    def port(self) -> int:
        return int(self.gateway.address.rpartition(":")[2])

    def kill_gateway(self) -> None:
        self.gateway.kill()
        self.gateway.start()
        self.front.lead_to(self.port())

    def break_links(self) -> None:
        """How and for how long is the input of this test, not a wait for something."""
        link = self.chance.choice((self.front, self.behind))
        breaks = [(link.refuse, link.accept), (link.clog, link.unclog)]
        if link is self.behind:
            breaks.append((lambda: link.drop(True), lambda: link.drop(False)))
            if LONG:
                breaks.append((link.freeze, lambda: None))
        begin, end = self.chance.choice(breaks)
        begin()
        time.sleep(self.chance.uniform(0, 0.3))
        end()

    async def wait_confirmed(self) -> None:
        """Until each client knows that more of its events are stored."""
        wanted = [len(client.confirmed) + _BETWEEN for client in self.clients]
        async with asyncio.timeout(60):
            while any(
                len(client.confirmed) < count
                for client, count in zip(self.clients, wanted, strict=True)
            ):
                await asyncio.sleep(0.001)

    async def test_what_a_pong_confirmed_is_stored_once_whatever_is_killed(self) -> None:
        faults: list[Callable[[], None]] = [self.kill_gateway, self.nats.restart, self.break_links]
        faults *= _TIMES
        self.chance.shuffle(faults)
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as sending:
            for client in self.clients:
                sending.create_task(client.run(enough))
            lost = 0
            for fault in faults:
                await self.wait_confirmed()
                await asyncio.sleep(self.chance.uniform(0, 0.05))
                lost += sum(len(client.unconfirmed) for client in self.clients)
                await asyncio.to_thread(fault)
            enough.set()
        self.assertGreater(lost, len(faults), "nothing was on its way when things broke")
        self.expect_stored([each for client in self.clients for each in client.confirmed])

    def expect_stored(self, confirmed: Sequence[str]) -> None:
        stored = Counter(ids_in(self.nats))
        missing, doubled = set(confirmed) - set(stored), stored.total() - len(stored)
        Ledger.figure("H1", "confirmed events", len(confirmed))
        Ledger.figure("H1", "missing, doubled in the stream", f"{len(missing)}, {doubled}")
        self.assertEqual((len(missing), doubled), (0, 0))
        rows: list[tuple[str, int]] = []

        def persisted() -> bool:
            rows[:] = rows_in(self.database)
            return len(rows) >= len(stored)

        what = "every event in the tables"
        wait_until(persisted, what=what, log=self.gateway.log, within=120)
        self.assertEqual({identity for identity, _ in rows}, set(stored))
        self.assertEqual({count for _, count in rows}, {1}, "rows of resources")


def ids_in(nats: NatsServer) -> list[str]:
    """Of the events in the stream, whose ids are those of their messages."""
    with JetStream(nats.url) as stream:
        return [message.headers["Nats-Msg-Id"] for message in stream.messages(EVENTS)]


def rows_in(database: Path) -> list[tuple[str, int]]:
    """Each event, with how many rows of resources it has."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(
            "SELECT events.id, count(event_resources.id) FROM events LEFT JOIN event_resources"
            " ON event_resources.event_id = events.id GROUP BY events.id"
        ).fetchall()


if LONG:

    class Prefect(unittest.IsolatedAsyncioTestCase):
        """Prefect's own server beside it."""

        async def test_prefects_own_server_loses_what_a_pong_confirmed(self) -> None:
            asyncio.get_running_loop().set_debug(False)
            peer = self.enterContext(PrefectPeer({}))
            confirmed: list[str] = []
            for round_ in range(_ROUNDS):
                new = [f"0190a3b2-0000-7000-8000-{round_:04}{n:08}" for n in range(700)]
                async with peer.authenticated() as socket, asyncio.timeout(120):
                    for each in new:
                        await socket.send(event(each, 2000))
                    await (await socket.ping())
                    peer.kill()
                confirmed += new
                await asyncio.to_thread(peer.start)
            lost = set(confirmed) - set(ids_in(peer.nats))
            Ledger.figure("H2", "confirmed by Prefect's own server", len(confirmed))
            Ledger.figure("H2", "of them lost", len(lost))
            self.assertGreater(len(lost), 0)


if __name__ == "__main__":
    unittest.main()
