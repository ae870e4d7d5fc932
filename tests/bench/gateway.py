"""The event gateway beside one uvicorn process of Prefect's API, with prefect-nats.

Each has a nats-server of its own. Events shaped like those of real clients come over some
WebSockets, one write for each, with a ping every 700; each client waits for its pongs, and the time
ends when all are in the stream. CPU is of the process alone, user and system. Idle sockets are of
clients that have authenticated with deflate. Prints Markdown.
Run from the repository: `PYTHONPATH=tests python3 tests/bench/gateway.py`, where `--only gateway`
or `--only prefect` measures one of the two.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from support.prefect_nats_venv import continue_with_prefect_nats

continue_with_prefect_nats()

from services.event_gateway.peers import EVENTS, Gateway, Peer, PrefectPeer

from bench.client_events import AT_ONCE, client_events
from bench.event_clients import EventClient
from bench.processes import cpu_seconds, resident_kib
from support.children import wait_until
from support.copies import copied_events
from support.jetstream import JetStream

PING_EVERY = 700
PINGS = 3_000
SAMPLED = 300  # Events whose latency is measured.
SECONDS = 5.0  # For so long.
# An idle socket is to be idle.
_SETTINGS = {
    "PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL": "3600",
    "PREFECT_API_EVENTS_STREAM_OUT_ENABLED": "false",
}


class Load(NamedTuple):
    """How much one of the two is given."""

    events: int
    connections: int
    sockets: int


class Bench:
    """One of the two, and events that it has not had."""

    def __init__(self, peer: Peer, load: Load, events: Iterator[bytes]) -> None:
        self.peer, self.load, self._events = peer, load, events
        self._sent = 0

    def _clients(
        self, count: int, opened: contextlib.ExitStack, deflate: bool
    ) -> list[EventClient]:
        return [
            opened.enter_context(EventClient(self.peer.address, deflate=deflate))
            for _ in range(count)
        ]

    def _take(self, count: int) -> list[bytes]:
        self._sent += count
        return list(itertools.islice(self._events, count))

    def _stored(self) -> bool:
        with JetStream(self.peer.nats.url) as jetstream:
            state = jetstream.request(f"STREAM.INFO.{EVENTS}")["state"]
        return int(state["messages"]) >= self._sent

    def _all_stored(self) -> None:
        wait_until(self._stored, what="all events in the stream", within=600)

    @contextlib.contextmanager
    def _micros(self, each: int) -> Iterator[list[float]]:
        """CPU, and what nats-server takes, for `each` of what is done meanwhile."""
        pids = (self.peer.pid, self.peer.nats.pid)
        before = [cpu_seconds(pid) for pid in pids]
        used: list[float] = []
        yield used
        seconds = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        used += [taken / each * 1e6 for taken in seconds]

    def events(self, *, deflate: bool) -> tuple[float, float, float]:
        """CPU an event, of nats-server too, and events a second."""
        count, ways = self.load.events, self.load.connections
        with contextlib.ExitStack() as opened:
            clients = self._clients(ways, opened, deflate)
            shares = [client.frames(self._take(count // ways)) for client in clients]
            threads = [
                threading.Thread(target=client.send_all, args=(share, PING_EVERY))
                for client, share in zip(clients, shares, strict=True)
            ]
            began = time.perf_counter()
            with self._micros(count // ways * ways) as used:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self._all_stored()
            return used[0], used[1], count / (time.perf_counter() - began)

    def ping(self) -> float:
        with EventClient(self.peer.address, deflate=False) as client:
            with self._micros(PINGS) as used:
                for _ in range(PINGS):
                    client.ping()
            return used[0]

    def idle(self) -> float:
        """MiB that the idle sockets take."""
        with contextlib.ExitStack() as opened:
            before = resident_kib(self.peer.pid)[0]
            self._clients(self.load.sockets, opened, deflate=True)
            took = resident_kib(self.peer.pid)[0] - before
        return took / 1024

    def latency(self, rate: float) -> tuple[float, float]:
        """Milliseconds from a frame to the pong behind it, at this rate: the median, and p99."""
        with (
            EventClient(self.peer.address, deflate=False) as steady,
            EventClient(self.peer.address, deflate=False) as sampler,
        ):
            sampled = sampler.frames(self._take(SAMPLED))
            frames = steady.frames(self._take(round(rate * SECONDS)))
            sender = threading.Thread(target=_paced, args=(steady, frames, rate))
            sender.start()
            found = []
            for frame in sampled:
                time.sleep(SECONDS / len(sampled) / 2)
                found.append(sampler.seconds_until_stored(frame) * 1e3)
            sender.join()
        self._all_stored()
        found.sort()
        return found[len(found) // 2], found[len(found) * 99 // 100]


def _paced(client: EventClient, frames: list[bytes], rate: float) -> None:
    began = time.perf_counter()
    for number, frame in enumerate(frames):
        if (ahead := began + number / rate - time.perf_counter()) > 0.001:
            time.sleep(ahead)
        client.send(frame)
    client.ping()


def measure(bench: Bench) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, deflate in (("plain", False), ("deflate", True)):
        own, nats, rate = bench.events(deflate=deflate)
        found |= {
            f"own CPU an event, {name}, µs": own,
            f"nats-server's CPU an event, {name}, µs": nats,
            f"events per CPU second, {name}": 1e6 / own,
            f"events/s, {name}": rate,
        }
    median, p99 = bench.latency(found["events/s, plain"] / 2)
    found |= {"frame to PubAck at half rate, median, ms": median, "the same, p99, ms": p99}
    found["own CPU a ping, µs"] = bench.ping()
    mib = bench.idle()
    sockets = bench.load.sockets
    return found | {
        "idle sockets": sockets,
        "memory of these, MiB": mib,
        "memory of one, KiB": mib / sockets * 1024,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000, help="Prefect has a tenth of them")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--only", choices=("gateway", "prefect"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    golden = client_events()
    columns: dict[str, dict[str, float]] = {}
    servers: dict[str, Callable[[], Peer]] = {
        "gateway": lambda: Gateway(_SETTINGS),
        "prefect": lambda: PrefectPeer(_SETTINGS),
    }
    for name, serve in servers.items():
        if options.only not in (None, name):
            continue
        count = options.events if name == "gateway" else options.events // 10
        copies = count * 5 // len(golden) + 1
        events = iter(copied_events(golden, copies, seed=1, at_once=AT_ONCE))
        # The hundredth socket of Prefect 3.9.1 with prefect-nats waits for ever.
        sockets = options.sockets if name == "gateway" else min(options.sockets, 80)
        with serve() as peer:
            load = Load(count, options.connections, sockets)
            columns[name] = measure(Bench(peer, load, events))
    print(
        f"{os.cpu_count()} cores, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, load "
        f"{os.getloadavg()[0]:.0f}, {options.events:,} events over {options.connections} sockets\n"
    )
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for row in next(iter(columns.values())):
        cells = [f"{column[row]:,.1f}" for column in columns.values()]
        print(f"| {row} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
